//! `berth attach`: the terminal of a job, now or as soon as it runs.

use std::process::ExitCode;
use std::time::Duration;

use berth_api::jobs::GetJob;
use berth_api::views::JobDetail;
use berth_domain::{JobId, StateName};

use super::run::{end, follow_state};
use crate::failure::Failure;
use crate::follow;
use crate::output::note;
use crate::session::Session;
use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  berth attach 17
  berth attach 17 --rank 1

Of a job from `berth shell` it is the terminal to work in; of any other what it writes, to look at.
Ctrl-b d leaves it, and the job goes on.";

/// Between two looks at a job that is about to run.
const LOOK: Duration = Duration::from_millis(300);
/// So long the end of a job may take to be known after its terminal has gone.
const LAST_LOOKS: u32 = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[arg(value_name = "ID", value_parser = super::id::job)]
    id: JobId,
    /// Of a job on several nodes, the terminal of this one, from 0.
    #[arg(long, value_name = "R", default_value_t = 0)]
    rank: u32,
}

pub async fn run(session: &Session, args: &Args) -> Result<ExitCode, Failure> {
    terminal::need("attach", &format!("berth logs -f {}", args.id))?;
    let job = tokio::select! {
        job = until_running(session, args.id) => job?,
        () = follow_state(session, args.id) => return Err(lost_sight(args.id)),
    };
    show(session, &job, args.rank).await
}

pub fn lost_sight(id: JobId) -> Failure {
    Failure::Other(format!("Lost sight of job {id}."))
}

/// Waits until a job runs or will not run any more.
pub async fn until_running(session: &Session, id: JobId) -> Result<JobDetail, Failure> {
    loop {
        let answer = follow::patient(session, || session.berth.call(GetJob { id }));
        let job = answer.await?.job;
        if matches!(job.row.state, StateName::Running | StateName::Finished) {
            return Ok(job);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Shows a rank's terminal, and says how it was left.
pub async fn show(session: &Session, job: &JobDetail, rank: u32) -> Result<ExitCode, Failure> {
    let id = job.row.id;
    if job.row.state == StateName::Finished {
        return Ok(ended(job));
    }
    let Some(of_rank) = job.terminals.iter().find(|one| one.rank == rank) else {
        let why = match job.terminals.len() {
            0 => "has no terminal".to_owned(),
            count => format!("has terminals 0 to {}", count - 1),
        };
        return Err(Failure::Other(format!(
            "Job {id} {why}. `berth logs -f {id}` follows what it writes."
        )));
    };
    let shown = terminal::show(of_rank);
    for _ in 0..LAST_LOOKS {
        let answer = follow::patient(session, || session.berth.call(GetJob { id }));
        let now = answer.await?.job;
        if now.row.state == StateName::Finished {
            return Ok(ended(&now));
        }
        tokio::time::sleep(LOOK / 6).await;
    }
    shown?;
    note(&format!(
        "left job {id}, which goes on; `berth attach {id}` takes it up again, `berth cancel {id}` \
         ends it."
    ));
    Ok(ExitCode::SUCCESS)
}

fn ended(job: &JobDetail) -> ExitCode {
    let (code, sentence) = end(&job.row);
    note(&sentence);
    ExitCode::from(code)
}
