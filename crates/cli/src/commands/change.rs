//! `berth cancel | hold | release | requeue`: one verb for one or more jobs.

use std::process::ExitCode;

use berth_api::ApiError;
use berth_api::jobs::{CancelJob, HoldJob, JobAnswer, JobArg, ReleaseJob, RequeueJob};
use berth_domain::{JobId, StateName};

use crate::failure::Failure;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Job numbers.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<JobId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Cancel,
    Hold,
    Release,
    Requeue,
}

impl Change {
    async fn call(self, session: &Session, id: JobId) -> Result<JobAnswer, ApiError> {
        let body = JobArg { id };
        match self {
            Change::Cancel => session.berth.call(CancelJob { body }).await,
            Change::Hold => session.berth.call(HoldJob { body }).await,
            Change::Release => session.berth.call(ReleaseJob { body }).await,
            Change::Requeue => session.berth.call(RequeueJob { body }).await,
        }
    }

    fn done(self, answer: &JobAnswer) -> String {
        let id = answer.job.id;
        match (self, answer.job.state) {
            (Change::Cancel, StateName::Finished) => format!("Cancelled job {id}"),
            (Change::Cancel, _) => format!("Cancelling job {id}: it is being stopped"),
            (Change::Hold, _) => format!("Held job {id}"),
            (Change::Release, _) => format!("Released job {id}"),
            (Change::Requeue, StateName::Stopping) => {
                format!("Requeueing job {id}: it is being stopped first")
            }
            (Change::Requeue, _) => format!("Requeued job {id}"),
        }
    }
}

/// Goes through all of them; the exit code is that of the last one that was refused.
pub async fn run(session: &Session, change: Change, args: &Args) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for id in &args.ids {
        let result = match session.once(change.call(session, *id)).await {
            Ok(answer) => session.show(&answer, |answer| change.done(answer)),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = result {
            let stop = matches!(failure, Failure::Unreachable { .. } | Failure::OutputClosed);
            code = failure.report(session.json);
            if stop {
                break;
            }
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::row;

    #[test]
    fn what_takes_time_is_said_so() {
        let answer = |state| JobAnswer {
            job: row(17, state),
            tasks: vec![],
            repeated: false,
        };
        assert_eq!(
            Change::Cancel.done(&answer(StateName::Finished)),
            "Cancelled job 17"
        );
        assert_eq!(
            Change::Cancel.done(&answer(StateName::Stopping)),
            "Cancelling job 17: it is being stopped"
        );
        assert_eq!(
            Change::Requeue.done(&answer(StateName::Queued)),
            "Requeued job 17"
        );
    }
}
