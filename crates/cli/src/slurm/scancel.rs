//! `scancel`: end jobs.

use std::process::ExitCode;

use berth_api::views::JobRow;
use berth_domain::StateName;

use super::rows::{self, Query};
use super::states::States;
use super::{change, hostlist, ids, submit};
use crate::commands::change::Change;
use crate::failure::Failure;
use crate::output::note;
use crate::session::Session;

const MOST: usize = 100_000;

/// End jobs, named by number or by what they have in common.
#[derive(Debug, clap::Parser)]
#[command(
    name = "scancel",
    version,
    infer_long_args = true,
    args_override_self = true
)]
pub struct Args {
    /// Jobs, arrays and tasks: 17, 17_3, 17_[1-3].
    #[arg(value_name = "IDS")]
    ids: Vec<String>,
    /// Those of this person.
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// Yours.
    #[arg(long)]
    me: bool,
    /// Those with this name.
    #[arg(short, long, visible_alias = "jobname", value_name = "NAME")]
    name: Option<String>,
    /// Those in this state: PENDING, RUNNING.
    #[arg(short = 't', long, value_name = "STATE")]
    state: Option<String>,
    /// Those of this project.
    #[arg(short = 'A', long, value_name = "NAME")]
    account: Option<String>,
    /// Those of this class.
    #[arg(short, long, value_name = "NAME")]
    qos: Option<String>,
    /// Those on these nodes.
    #[arg(short = 'w', long, value_name = "NODES")]
    nodelist: Option<String>,
    /// TERM or KILL, which is what a cancelled job gets anyway.
    #[arg(short, long, value_name = "SIGNAL")]
    signal: Option<String>,
    #[arg(short, long, hide = true)]
    batch: bool,
    #[arg(short, long, hide = true)]
    full: bool,
    #[arg(short = 'H', long, hide = true)]
    hurry: bool,
    #[arg(short, long, hide = true)]
    partition: Option<String>,
    #[arg(short = 'Q', long, hide = true)]
    quiet: bool,
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Args {
    fn chooses(&self) -> bool {
        let texts = [
            &self.user,
            &self.name,
            &self.state,
            &self.account,
            &self.qos,
            &self.nodelist,
        ];
        self.me || texts.iter().any(|text| text.is_some())
    }

    fn matches(&self, row: &JobRow) -> Result<bool, String> {
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| value == Some(wanted))
        };
        let states = self.state.as_deref().map(States::read).transpose()?;
        let nodes = self.nodelist.as_deref().map(hostlist::expand).transpose()?;
        let on = |nodes: Vec<String>| {
            let lease = row.lease.iter().flatten();
            row.is_active() && lease.into_iter().any(|part| nodes.contains(&part.node.0))
        };
        Ok(states.is_none_or(|states| states.has(row))
            && is(&self.name, Some(&row.name))
            && is(&self.account, row.project.as_deref())
            && is(&self.qos, Some(row.class.as_str()))
            && (self.me || is(&self.user, Some(row.user.as_str())))
            && nodes.is_none_or(on))
    }
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("scancel", &words);
    if let Some(signal) = &args.signal {
        let plain = signal.to_uppercase();
        let plain = plain.trim_start_matches("SIG");
        if !matches!(plain, "TERM" | "KILL" | "15" | "9") {
            return Err(Failure::Usage(format!(
                "--signal={signal}: Berth sends signals before a job's end only (sbatch \
                 --signal={plain}@60); without --signal the job is cancelled."
            )));
        }
    }
    if args.ids.is_empty() && !args.chooses() {
        return Err(Failure::Usage(
            "Nothing to cancel was named: scancel ID, or --user, --name, --state.".to_owned(),
        ));
    }
    if args.ids.is_empty() {
        return chosen(session, &args).await;
    }
    let mut code = ExitCode::SUCCESS;
    for text in &args.ids {
        for task in ids::list(text).map_err(Failure::Usage)? {
            if let Err(failure) = named(session, &args, task).await {
                if matches!(failure, Failure::Unreachable { .. }) {
                    return Err(failure);
                }
                code = failure.report(false);
            }
        }
    }
    Ok(code)
}

async fn named(session: &Session, args: &Args, task: ids::Task) -> Result<(), Failure> {
    let rows = ids::rows(session, task).await?;
    if rows.iter().all(|row| row.state == StateName::Finished) {
        if !args.quiet {
            note(&format!("job {task} is over already."));
        }
        return Ok(());
    }
    if !args.chooses() {
        return change::apply(session, Change::Cancel, task).await;
    }
    for row in rows.iter().filter(|row| row.is_live()) {
        if args.matches(row).map_err(Failure::Usage)? {
            change::one(session, Change::Cancel, row.id).await?;
        }
    }
    Ok(())
}

/// All that have in common what was named.
async fn chosen(session: &Session, args: &Args) -> Result<ExitCode, Failure> {
    let user = if args.me {
        Some("me".to_owned())
    } else {
        args.user.clone()
    };
    // Without a name they are one's own: others' would be refused one by one.
    let user = user.or_else(|| Some("me".to_owned()));
    let mut code = ExitCode::SUCCESS;
    for row in rows::fetch(session, &Query::live(user), MOST).await? {
        if row.state == StateName::Stopping || !args.matches(&row).map_err(Failure::Usage)? {
            continue;
        }
        if let Err(failure) = change::one(session, Change::Cancel, row.id).await {
            if matches!(failure, Failure::Unreachable { .. }) {
                return Err(failure);
            }
            code = failure.report(false);
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::table::tests::row;

    #[test]
    fn jobs_are_chosen_by_what_they_have_in_common() {
        let args = |line: &str| {
            let words = ["scancel"].into_iter().chain(line.split_whitespace());
            Args::try_parse_from(words).unwrap()
        };
        let job = row(7, StateName::Queued);
        let matches = |line: &str| args(line).matches(&job).unwrap();
        assert!(matches("--me -t PENDING -n train"));
        assert!(matches("-u ana"));
        assert!(!matches("-u bo") && !matches("-t R") && !matches("-A llm"));
        assert!(args("-t nothing").matches(&job).is_err());
        assert!(!args("17").chooses() && args("-n x").chooses());
    }
}
