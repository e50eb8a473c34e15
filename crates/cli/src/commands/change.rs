//! `berth cancel | hold | release | requeue`: one verb for one or more jobs.

use std::process::ExitCode;

use berth_api::ApiError;
use berth_api::jobs::{
    ArrayAnswer, ArrayArg, CancelJob, ChangeArray, HoldJob, JobAnswer, JobArg, ReleaseJob,
    RequeueJob,
};
use berth_domain::{ArrayChange, JobId, StateName};

use crate::failure::Failure;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Job numbers.
    #[arg(required = true, value_name = "ID", value_parser = super::id::job)]
    ids: Vec<JobId>,
    /// All tasks of the array or sweep that each belongs to. Of a requeue: those that failed.
    #[arg(long)]
    array: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Cancel,
    Hold,
    Release,
    Requeue,
}

impl Change {
    pub async fn call(self, session: &Session, id: JobId) -> Result<JobAnswer, ApiError> {
        let body = JobArg { id };
        match self {
            Change::Cancel => session.berth.call(CancelJob { body }).await,
            Change::Hold => session.berth.call(HoldJob { body }).await,
            Change::Release => session.berth.call(ReleaseJob { body }).await,
            Change::Requeue => session.berth.call(RequeueJob { body }).await,
        }
    }

    pub fn of_array(self) -> ArrayChange {
        match self {
            Change::Cancel => ArrayChange::Cancel,
            Change::Hold => ArrayChange::Hold,
            Change::Release => ArrayChange::Release,
            Change::Requeue => ArrayChange::RetryFailed,
        }
    }

    fn done_to_array(self, answer: &ArrayAnswer) -> String {
        let (array, total) = (answer.array.array, answer.array.tasks.total());
        let count = answer.tasks.len();
        match self {
            Change::Cancel => format!("Cancelled {count} of the {total} tasks of array {array}"),
            Change::Hold => format!("Held {count} of the {total} tasks of array {array}"),
            Change::Release => format!("Released {count} of the {total} tasks of array {array}"),
            Change::Requeue => {
                format!("Queued {count} failed of the {total} tasks of array {array} again")
            }
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
        let result = one(session, change, *id, args.array).await;
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

async fn one(session: &Session, change: Change, id: JobId, array: bool) -> Result<(), Failure> {
    if array {
        let change_of = change.of_array();
        let body = ArrayArg {
            id,
            change: change_of,
        };
        let call = session.berth.call(ChangeArray { body });
        let answer = session.once(call).await?;
        return session.show(&answer, |answer| change.done_to_array(answer));
    }
    let answer = session.once(change.call(session, id)).await?;
    session.show(&answer, |answer| change.done(answer))
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
