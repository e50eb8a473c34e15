//! `berth submit`: queue a command.

use std::time::Duration;

use berth_api::jobs::{GetJob, JobAnswer};
use berth_api::views::JobRow;
use berth_domain::{StateName, SubmitRequest};

use super::job_args::{self, JobArgs};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table;

const EXAMPLES: &str = "\
Examples:
  berth submit -g 4 -t 6h -- python train.py --lr 3e-4
  berth submit -g 8 -N 2 -J big -- torchrun train.py
  berth submit --upload -g 1 -- python train.py
  berth submit --array 0-9%2 -- sh -c 'python sweep.py --seed $BERTH_ARRAY_TASK_ID'
  berth submit --after 17 -g 1 -- python evaluate.py";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// One job for each number: 0-9, 1,3,5, 0-9:2; with %4 at most four at once.
    #[arg(long, value_name = "LIST")]
    array: Option<String>,
    /// Keep it from starting until it is released.
    #[arg(long)]
    hold: bool,
    #[command(flatten)]
    job: JobArgs,
}

#[cfg(test)]
impl Args {
    pub fn request(
        self,
        here: &std::path::Path,
        now: &jiff::Zoned,
    ) -> Result<SubmitRequest, Failure> {
        Ok(SubmitRequest {
            array: self.array,
            hold: self.hold,
            ..self.job.request(here, now)?
        })
    }
}

pub async fn run(session: &Session, args: Args) -> Result<(), Failure> {
    let request = SubmitRequest {
        array: args.array,
        hold: args.hold,
        ..job_args::request(session, args.job).await?
    };
    send(session, &request).await
}

/// Submits, and says what became of it.
pub async fn send(session: &Session, request: &SubmitRequest) -> Result<(), Failure> {
    let answer = job_args::submit(session, request).await?;
    if session.json {
        return output::json(&answer);
    }
    // First of all: from here on somebody can find it again.
    output::print(&submitted(&answer))?;
    output::print(&standing(&planned(session, answer.job).await))
}

/// The job after the planner has looked at it. It does so at once; if not, its reason is left out.
async fn planned(session: &Session, mut job: JobRow) -> JobRow {
    for _ in 0..3 {
        if job.state != StateName::Queued || job.reason.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        match session.berth.call(GetJob { id: job.id }).await {
            Ok(answer) => job = answer.job.row,
            Err(_) => break,
        }
    }
    job
}

/// The number on the first line, alone, for scripts.
fn submitted(answer: &JobAnswer) -> String {
    let mut text = format!("Submitted job {}\n", answer.job.id);
    if let (Some(first), Some(last)) = (answer.tasks.first(), answer.tasks.last()) {
        text += &format!("{} tasks: jobs {first} to {last}\n", answer.tasks.len());
    }
    text
}

/// Where it runs, or why it waits.
fn standing(row: &JobRow) -> String {
    let lease = row
        .lease
        .as_deref()
        .map(table::lease)
        .filter(|_| row.is_active());
    match (row.state, lease, &row.reason_text) {
        (StateName::Finished, ..) => {
            format!(
                "It has ended: {}",
                row.outcome_text.as_deref().unwrap_or("how is not known")
            )
        }
        (state, Some(lease), _) => format!("{} on {lease}", state.as_str()),
        (_, None, Some(reason)) => table::printable(reason),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use berth_api::views::LeasePart;
    use berth_domain::JobId;

    use super::*;

    fn answer(state: StateName) -> JobAnswer {
        JobAnswer {
            job: table::tests::row(17, state),
            tasks: vec![],
            repeated: false,
        }
    }

    #[test]
    fn the_number_stands_alone_on_the_first_line() {
        let mut waiting = answer(StateName::Queued);
        assert_eq!(submitted(&waiting), "Submitted job 17\n");
        waiting.tasks = vec![JobId(17), JobId(18)];
        assert_eq!(
            submitted(&waiting),
            "Submitted job 17\n2 tasks: jobs 17 to 18\n"
        );
    }

    #[test]
    fn then_where_it_stands() {
        let mut waiting = answer(StateName::Queued).job;
        assert_eq!(standing(&waiting), "");
        waiting.reason_text = Some("Waits behind job 3.".into());
        assert_eq!(standing(&waiting), "Waits behind job 3.");
        let mut starting = answer(StateName::Starting).job;
        starting.lease = Some(vec![LeasePart {
            node: "node-1".into(),
            gpus: vec![0, 1],
        }]);
        assert_eq!(standing(&starting), "Starting on node-1[0-1]");
    }
}
