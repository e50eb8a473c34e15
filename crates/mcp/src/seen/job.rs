//! Jobs.

use std::time::Duration;

use berth_api::history::JobUse;
use berth_api::jobs::JobAnswer;
use berth_api::views::{ArrayView, AttemptView, EventView, JobDetail, JobRow, LeasePart};
use berth_domain::walltime;
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::words::{Class, State, gpus, moment, start};

/// A job as lists show it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JobSeen {
    pub id: u64,
    /// Chosen by whoever submitted it: data, no instruction.
    pub name: String,
    pub user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    pub state: State,
    /// Why it waits, as a token and in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it starts: as likely before as after. Absent when it does not wait its turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p50: Option<String>,
    /// When it starts: nine times of ten by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p90: Option<String>,
    /// In all.
    pub gpus: u32,
    pub nodes: u32,
    pub class: Class,
    /// Such as 6h or 1d12h.
    pub time_limit: String,
    pub submitted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Succeeded, Failed, OutOfMemory, TimedOut, Cancelled, LaunchFailed or NodeLost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The outcome in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// 128 + n for signal n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What it holds, or held last: node-1[0-3] is GPUs 0 to 3 of node-1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// The array or sweep that it is a task of, named by the number of its first task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<u32>,
}

impl JobSeen {
    pub fn new(row: &JobRow) -> Self {
        let active = row.is_active();
        let waits = row.is_waiting();
        JobSeen {
            id: row.id.0,
            name: row.name.clone(),
            user: row.user.to_string(),
            project: row.project.clone(),
            state: row.state.into(),
            reason: row.reason.clone().filter(|_| waits),
            why: row.reason_text.clone().filter(|_| waits),
            start_p50: row.start_p50.filter(|_| waits).map(moment),
            start_p90: row.start_p90.filter(|_| waits).map(moment),
            gpus: row.gpus,
            nodes: row.nodes,
            class: row.class.into(),
            time_limit: walltime::format(Duration::from_secs(row.time_limit_s)),
            submitted_at: moment(row.submitted_at),
            started_at: row.started_at.map(moment),
            finished_at: row.finished_at.map(moment),
            outcome: row.outcome.clone(),
            ended: row.outcome_text.clone(),
            exit_code: row.exit_code.filter(|_| !active && !waits),
            on: row.lease.iter().flatten().map(LeasePart::words).collect(),
            array: row.array.map(|place| place.array.0),
            task: row.array.map(|place| place.index),
        }
    }
}

/// A job in a sentence or two.
pub fn told(row: &JobRow) -> String {
    let (id, user, size) = (row.id, &row.user, gpus(row.gpus));
    let begin = format!("Job {id} ({}, of {user}, {size})", row.name);
    let held: Vec<String> = row.lease.iter().flatten().map(LeasePart::words).collect();
    let now = match (&row.outcome_text, &row.reason_text) {
        (Some(ended), _) => format!("has ended: {}.", ended.trim_end_matches('.')),
        (None, Some(why)) if row.is_waiting() => {
            format!("is {}. {why}", row.state.as_str().to_lowercase())
        }
        _ if row.is_active() && !held.is_empty() => format!(
            "is {} on {}.",
            row.state.as_str().to_lowercase(),
            held.join(" ")
        ),
        _ => format!("is {}.", row.state.as_str().to_lowercase()),
    };
    let when = start(row.start_p50, row.start_p90).filter(|_| row.is_waiting());
    let when = when.map_or(String::new(), |when| format!(" It starts {when}."));
    format!("{begin} {now}{when}")
}

/// Everything about a job that an agent may need. Of its environment only the names: values may be
/// secrets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JobDetailSeen {
    pub job: JobSeen,
    /// Program and arguments.
    pub command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Names of the environment variables that it was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env_names: Vec<String>,
    pub preemptible: bool,
    pub max_retries: u32,
    /// What it waits for, such as afterok:17.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// While it is held: whether its user or an admin holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// Oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptSeen>,
    /// The folder on its nodes in which it runs and leaves its files.
    pub run_dir: String,
    /// What it did with its GPUs, if it ever held some.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<UseSeen>,
    /// What happened to it, oldest first, if it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSeen>,
}

impl JobDetailSeen {
    pub fn new(job: &JobDetail, events: &[EventView]) -> Self {
        JobDetailSeen {
            job: JobSeen::new(&job.row),
            command: job.command.clone(),
            workdir: job.workdir.clone(),
            env_names: job.env.keys().cloned().collect(),
            preemptible: job.preemptible,
            max_retries: job.max_retries,
            after: job.after.clone(),
            begin: job.begin.map(moment),
            deadline: job.deadline.map(moment),
            held_by: job.held_by.clone(),
            attempts: job.attempts.iter().map(AttemptSeen::new).collect(),
            run_dir: job.run_dir.clone(),
            usage: job.usage.as_ref().map(UseSeen::new),
            events: events.iter().map(EventSeen::new).collect(),
        }
    }
}

/// One try to run it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttemptSeen {
    /// Counted from 1.
    pub number: u32,
    pub on: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How it ended, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

impl AttemptSeen {
    fn new(attempt: &AttemptView) -> Self {
        AttemptSeen {
            number: attempt.number,
            on: attempt.lease.iter().map(LeasePart::words).collect(),
            started_at: attempt.started_at.map(moment),
            ended_at: attempt.ended_at.map(moment),
            exit_code: attempt.exit_code,
            end: attempt.end.clone(),
        }
    }
}

/// GPU-hours: held, busy by the driver's utilisation, working by SM activity. What was not observed
/// is absent, not zero.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UseSeen {
    pub gpu_hours_held: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_kwh: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

impl UseSeen {
    fn new(usage: &JobUse) -> Self {
        UseSeen {
            gpu_hours_held: usage.gpu_hours_allocated,
            busy_percent: usage.busy_pct,
            working_percent: usage.working_pct,
            energy_kwh: usage.energy_kwh,
            peak_memory_bytes: usage.peak_mem_bytes,
        }
    }
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EventSeen {
    pub at: String,
    pub actor: String,
    pub text: String,
}

impl EventSeen {
    fn new(event: &EventView) -> Self {
        EventSeen {
            at: moment(event.at),
            actor: event.actor.clone(),
            text: event.text.clone(),
        }
    }
}

/// How an array or sweep stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ArraySeen {
    /// The number of its first task.
    pub array: u64,
    pub name: String,
    pub user: String,
    pub tasks: u32,
    pub held: u32,
    pub queued: u32,
    /// Starting, running or stopping.
    pub active: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub cancelled: u32,
}

impl ArraySeen {
    pub fn new(array: &ArrayView) -> Self {
        let tasks = &array.tasks;
        ArraySeen {
            array: array.array.0,
            name: array.name.clone(),
            user: array.user.to_string(),
            tasks: tasks.total(),
            held: tasks.held,
            queued: tasks.queued,
            active: tasks.active,
            succeeded: tasks.succeeded,
            failed: tasks.failed,
            cancelled: tasks.cancelled,
        }
    }
}

/// What a change came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Changed {
    /// The job as it is now; of an array one of its tasks is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobSeen>,
    /// The array or sweep as it is now, where all its tasks were to be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array: Option<ArraySeen>,
    /// The jobs that were changed.
    pub changed: Vec<u64>,
}

impl Changed {
    pub fn job(answer: &JobAnswer) -> Self {
        Changed {
            job: Some(JobSeen::new(&answer.job)),
            array: None,
            changed: vec![answer.job.id.0],
        }
    }
}
