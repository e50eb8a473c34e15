//! `berth adopt`: a process that somebody started outside the queue becomes a job.

use berth_api::alerts::{Adopt, AdoptArg};

use crate::failure::Failure;
use crate::session::Session;
use crate::table;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where it runs, and its process id there: `berth nodes --foreign` lists them.
    #[arg(value_name = "NODE:PID", value_parser = process)]
    process: (String, u32),
    /// What to call the job. Default: its program.
    #[arg(short = 'J', long)]
    name: Option<String>,
    #[arg(short = 'A', long)]
    project: Option<String>,
    /// From now on. Default: 24 hours.
    #[arg(short, long = "time", value_name = "TIME")]
    time_limit: Option<String>,
}

fn process(text: &str) -> Result<(String, u32), String> {
    let parse = || {
        let (node, pid) = text.rsplit_once(':')?;
        Some((node.to_owned(), pid.parse().ok()?)).filter(|(node, _)| !node.is_empty())
    };
    parse().ok_or_else(|| format!("'{text}' is not NODE:PID, for example node-1:4711"))
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let (node, pid) = args.process.clone();
    let body = AdoptArg {
        node,
        pid,
        name: args.name.clone(),
        project: args.project.clone(),
        time_limit: args.time_limit.clone(),
    };
    let answer = session.once(session.berth.call(Adopt { body })).await?;
    session.show(&answer, |answer| {
        let job = &answer.job;
        format!(
            "Process {pid} is job {} ({}) of {} now.\n",
            job.id,
            table::printable(&job.name),
            job.user
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_a_node_and_a_number() {
        assert_eq!(process("node-1:17"), Ok(("node-1".to_owned(), 17)));
        assert_eq!(process("fe80::1:17"), Ok(("fe80::1".to_owned(), 17)));
        for wrong in ["17", "node-1", "node-1:", ":17", "node-1:-3"] {
            assert!(process(wrong).is_err(), "{wrong}");
        }
    }
}
