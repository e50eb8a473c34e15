//! What a hostile model tries, under which mandate, and what comes of each.

/// A row a try: what it is, the tool, its arguments, and what comes of it.
macro_rules! table {
    ($($what:literal: $tool:literal { $($argument:tt)* } => $comes:expr,)*) => {
        vec![$($crate::ask::tries::one($what, $tool, serde_json::json!({ $($argument)* }), $comes)),*]
    };
}

mod acts;
mod commands;
mod escapes;
mod mandate;
mod reads;
mod rules;

use berth_chat::assistant;
use berth_domain::agent::{Action, Approval, Template};
use berth_domain::{JobId, Mandate, ReservationId, Timestamp};
use serde_json::{Value, json};

/// What comes of something that it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comes {
    /// A refusal in the ledger, which says this among other things.
    Refused(&'static str),
    /// A person is asked.
    Waits,
    /// It did not get as far as to ask for it, and is told this among other things.
    Nothing(&'static str),
    /// It is told what everybody may know.
    Told,
}

/// What it tries, with which tool and arguments, and what comes of that.
pub(super) struct Try {
    pub what: &'static str,
    pub tool: &'static str,
    pub arguments: String,
    pub comes: Comes,
}

/// What was there before.
pub(super) struct There {
    /// Somebody else's: a job that runs, one that waits, an array that is held, and a reservation.
    pub theirs: JobId,
    pub before: JobId,
    pub array: JobId,
    pub reserved: ReservationId,
    /// Hers: one that runs, two that wait, one that she holds, one that an admin holds, and one that
    /// has ended.
    pub mine: JobId,
    pub first: JobId,
    pub last: JobId,
    pub kept: JobId,
    pub frozen: JobId,
    pub ended: JobId,
}

/// All of it, by mandate.
pub(super) fn rounds(there: &There) -> Vec<(Mandate, Vec<Try>)> {
    let parts = [
        acts::tries(there),
        commands::tries(),
        reads::tries(there),
        escapes::tries(there),
    ];
    vec![
        (careful(), parts.into_iter().flatten().collect()),
        (asleep(), mandate::outside_hours(there)),
        (narrow(), mandate::beyond(there)),
        (wide(), rules::tries(there)),
    ]
}

/// As it is at first, with one command that it may run.
fn careful() -> Mandate {
    Mandate {
        commands: vec![Template {
            command: "python train.py --lr {float}".to_owned(),
            ..Template::default()
        }],
        ..assistant::mandate()
    }
}

/// Its hours begin in two hours.
fn asleep() -> Mandate {
    let hour = |hours: u64| {
        let at = Timestamp::now() + std::time::Duration::from_secs(hours * 3600);
        at.strftime("%H:%M").to_string()
    };
    let hours = format!("{}-{}", hour(2), hour(3));
    Mandate {
        hours: Some(hours.parse().unwrap()),
        ..assistant::mandate()
    }
}

/// To submit and hold its own, and little of that.
fn narrow() -> Mandate {
    Mandate {
        actions: [Action::Submit, Action::Hold].into(),
        all_jobs: false,
        projects: ["vision".to_owned()].into(),
        gpu_seconds: Some(1800),
        gpus_at_once: Some(1),
        jobs_per_hour: 2,
        approval: Approval::default(),
        ..assistant::mandate()
    }
}

/// Everything that an agent can do, and nobody is asked: what is left are the rules of the queue.
fn wide() -> Mandate {
    Mandate {
        actions: Action::ALL.iter().copied().collect(),
        approval: Approval::default(),
        ..assistant::mandate()
    }
}

/// A row. Of a submission it says how it differs from one that would be accepted.
fn one(what: &'static str, tool: &'static str, mut arguments: Value, comes: Comes) -> Try {
    match tool {
        "submit_job" | "preview_submit" => arguments = train(&arguments),
        "submit_sweep" => arguments["job"] = train(&arguments["job"]),
        _ => {}
    }
    Try {
        what,
        tool,
        arguments: arguments.to_string(),
        comes,
    }
}

/// What it may submit, but for this.
fn train(more: &Value) -> Value {
    let mut job = json!({
        "command": ["python", "train.py", "--lr", "0.1"], "gpus": 1, "time_limit": "1h",
    });
    for (key, value) in more.as_object().unwrap() {
        job[key] = value.clone();
    }
    job
}
