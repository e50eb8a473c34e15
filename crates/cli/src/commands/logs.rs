//! `berth logs`: what a job's command wrote.

use berth_api::logs::LogText;
use berth_domain::JobId;

use crate::failure::Failure;
use crate::follow::{self, Place};
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth logs 17
  berth logs -f 17
  berth logs --tail 4096 17
  berth logs --rank 1 --attempt 2 17";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[arg(value_name = "ID", value_parser = super::id::job)]
    id: JobId,
    /// Go on until the job ends.
    #[arg(short, long)]
    follow: bool,
    /// Of a job on several nodes, the log of this one, from 0. Default 0.
    #[arg(long, value_name = "R")]
    rank: Option<u32>,
    /// Of a job that was tried several times, this try, from 1. Default: the last.
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,
    /// Only the last so many bytes.
    #[arg(long, value_name = "BYTES")]
    tail: Option<u32>,
}

impl Args {
    fn place(&self) -> Place {
        Place {
            job: self.id,
            attempt: self.attempt,
            rank: self.rank,
            offset: self.tail.map_or(0, |bytes| -i64::from(bytes)),
        }
    }
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    // `-0` would be the whole log.
    if args.tail == Some(0) && !args.follow {
        return Ok(());
    }
    let print = |piece: &LogText| {
        if session.json {
            output::json(piece)
        } else {
            output::raw(&piece.text)
        }
    };
    match (args.follow, args.attempt) {
        (false, _) => follow::what_is_there(session, args.place(), print).await,
        (true, Some(_)) => follow::until_attempt_ends(session, args.place(), print)
            .await
            .map(drop),
        (true, None) => follow::until_job_ends(session, args.place(), print).await,
    }
}
