//! `scontrol`: look at jobs and nodes closely, and change them.

mod show;
mod update;

use std::process::ExitCode;

use berth_api::cluster::GetPicture;
use berth_api::jobs::{MoveArg, MoveJob};
use berth_domain::MoveTo;

use super::{change, hostlist, ids, submit};
use crate::commands::change::Change;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
  scontrol show job 17                    scontrol hold 17
  scontrol show node node-1               scontrol release 17
  scontrol show hostnames node-[1-2]      scontrol requeue 17
  scontrol show partition                 scontrol top 17
  scontrol update JobId=17 TimeLimit=2:00:00
  scontrol update NodeName=node-1 State=DRAIN Reason='new fans'
  scontrol ping";

/// Look at jobs and nodes closely, and change them.
#[derive(Debug, clap::Parser)]
#[command(name = "scontrol", version, infer_long_args = true, after_help = EXAMPLES)]
pub struct Args {
    /// One line for each job or node.
    #[arg(short, long)]
    oneliner: bool,
    /// As Berth's JSON; see docs/cli.md.
    #[arg(long, num_args = 0..=1, require_equals = true)]
    json: Option<Option<String>>,
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    details: u8,
    #[arg(short, long, hide = true)]
    all: bool,
    #[arg(short = 'Q', long, hide = true)]
    quiet: bool,
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// What to do, and to what.
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("scontrol", &words);
    let Some((verb, rest)) = args.words.split_first() else {
        return Err(Failure::Usage(
            "scontrol: say what to do, such as show.".to_owned(),
        ));
    };
    match verb.to_lowercase().as_str() {
        "show" | "sho" | "sh" => show::run(session, &args, rest).await?,
        "hold" | "uhold" => return jobs(session, Change::Hold, rest).await,
        "release" => return jobs(session, Change::Release, rest).await,
        "requeue" => return jobs(session, Change::Requeue, rest).await,
        "requeuehold" => {
            // What waits can be held; what is stopped first is held as soon as it waits.
            let code = jobs(session, Change::Requeue, rest).await?;
            if code != ExitCode::SUCCESS {
                return Ok(code);
            }
            return jobs(session, Change::Hold, rest).await;
        }
        "top" => {
            for id in tasks(rest)? {
                let body = MoveArg {
                    id: id.job,
                    to: MoveTo::Top,
                };
                session.once(session.berth.call(MoveJob { body })).await?;
            }
        }
        "update" => update::run(session, rest).await?,
        "ping" => {
            session.repeat(|| session.berth.call(GetPicture {})).await?;
            output::print(&format!("Slurmctld(primary) at {} is UP", session.url()))?;
        }
        "version" => output::print(concat!("berth ", env!("CARGO_PKG_VERSION")))?,
        other => return Err(unknown(other)),
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(verb: &str) -> Failure {
    let why = match verb {
        "suspend" | "resume" => {
            "a job that is stopped gives its GPUs back; `scontrol requeue` stops it and queues it again"
        }
        "create" | "delete" => "reservations are made and ended with `berth reserve`",
        "reboot" | "reboot_nodes" | "shutdown" | "reconfigure" | "takeover" => {
            "Berth does not rule over its nodes; `berth drain` empties one"
        }
        _ => "there are show, hold, release, requeue, top, update and ping",
    };
    Failure::Usage(format!("scontrol {verb}: {why}."))
}

fn tasks(words: &[String]) -> Result<Vec<ids::Task>, Failure> {
    if words.is_empty() {
        return Err(Failure::Usage(
            "No job was named: write its number.".to_owned(),
        ));
    }
    let mut tasks = vec![];
    for word in words {
        // `scontrol release JobId=17`.
        let word = word.split_once('=').map_or(word.as_str(), |(_, ids)| ids);
        tasks.extend(ids::list(word).map_err(Failure::Usage)?);
    }
    Ok(tasks)
}

/// Goes through all of them; the code is that of the last one that was refused.
async fn jobs(session: &Session, change: Change, words: &[String]) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for task in tasks(words)? {
        if let Err(failure) = change::apply(session, change, task).await {
            if matches!(failure, Failure::Unreachable { .. }) {
                return Err(failure);
            }
            code = failure.report(false);
        }
    }
    Ok(code)
}

/// The hosts of a list, a line each.
fn hostnames(words: &[String]) -> Result<String, Failure> {
    let of_job = || {
        let names = ["SLURM_JOB_NODELIST", "BERTH_NODELIST"];
        names.iter().find_map(|name| std::env::var(name).ok())
    };
    let list = words.first().cloned().or_else(of_job).ok_or_else(|| {
        Failure::Usage(
            "scontrol show hostnames LIST: outside of a job the list is needed.".to_owned(),
        )
    })?;
    let hosts = hostlist::expand(&list);
    let hosts = hosts.map_err(|why| Failure::Usage(format!("{why}.")))?;
    Ok(hosts.join("\n"))
}
