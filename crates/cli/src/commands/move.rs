//! `berth move`: another place in the queue.

use berth_api::jobs::{JobArg, MoveArg, MoveJob, UndoMove};
use berth_domain::{JobId, MoveTo};

use crate::failure::Failure;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth move 17 --top
  berth move 17 --before 12

A job moves among the waiting jobs of its class; `berth update -p` changes the class. Your own jobs may
pass each other; only an admin puts one before somebody else's.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[arg(value_name = "ID", value_parser = super::id::job)]
    id: JobId,
    #[command(flatten)]
    to: To,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// To the front.
    #[arg(long)]
    top: bool,
    /// To the end.
    #[arg(long)]
    bottom: bool,
    /// Just before this job.
    #[arg(long, value_name = "ID")]
    before: Option<JobId>,
    /// Just after this job.
    #[arg(long, value_name = "ID")]
    after: Option<JobId>,
    /// Back to where it was before you moved it.
    #[arg(long)]
    undo: bool,
}

impl To {
    fn place(&self) -> MoveTo {
        match (self.before, self.after) {
            (Some(job), _) => MoveTo::Before(job),
            (_, Some(job)) => MoveTo::After(job),
            _ if self.top => MoveTo::Top,
            _ => MoveTo::Bottom,
        }
    }
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let (id, to) = (args.id, args.to.place());
    let berth = &session.berth;
    let answer = if args.to.undo {
        let body = JobArg { id };
        session.once(berth.call(UndoMove { body })).await?
    } else {
        let body = MoveArg { id, to };
        session.once(berth.call(MoveJob { body })).await?
    };
    session.show(&answer, |answer| format!("Moved job {}", answer.job.id))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Verb};

    fn place(line: &[&str]) -> Option<MoveTo> {
        let cli = Cli::try_parse_from(["berth", "move", "17"].iter().chain(line)).ok()?;
        let Verb::Move(args) = cli.verb else {
            return None;
        };
        Some(args.to.place())
    }

    #[test]
    fn exactly_one_place_is_named() {
        assert_eq!(place(&["--top"]), Some(MoveTo::Top));
        assert_eq!(place(&["--bottom"]), Some(MoveTo::Bottom));
        assert_eq!(place(&["--before", "3"]), Some(MoveTo::Before(JobId(3))));
        assert_eq!(place(&["--after", "3"]), Some(MoveTo::After(JobId(3))));
        assert_eq!(place(&[]), None);
        assert_eq!(place(&["--top", "--after", "3"]), None);
    }
}
