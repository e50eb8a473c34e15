//! `berth history`: jobs that are over, and what came of them.

use berth_api::jobs::{JobList, ListJobs};
use berth_api::views::JobRow;
use berth_domain::Timestamp;
use jiff::Zoned;

use super::unknown;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

/// The largest page that the server gives.
const PAGE: u32 = 500;

const EXAMPLES: &str = "\
Examples:
  berth history                       your last jobs, the newest first
  berth history --since 7d --all
  berth history --outcome OutOfMemory --limit 10
  berth usage --by job                what they did with their GPUs";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Everybody's jobs, not only yours.
    #[arg(short, long, conflicts_with = "user")]
    all: bool,
    /// The jobs of this person.
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// The jobs of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Jobs with this outcome: Succeeded, Failed, OutOfMemory, TimedOut, Cancelled…
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// Jobs with this in their name or number.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Those that ended since then: 7d, 12h, 18:00, 2026-11-01.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 30)]
    limit: usize,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let now = Zoned::now();
    let since = args.since.as_deref().map(|text| {
        let at = time::past(text, &now)?;
        at.parse::<Timestamp>().map_err(|error| error.to_string())
    });
    let since = since.transpose();
    let since = since.map_err(|why| Failure::Usage(format!("--since: {why}.")))?;
    let mut jobs: Vec<JobRow> = vec![];
    let mut next = None;
    loop {
        let query = || ListJobs {
            user: match (&args.user, args.all) {
                (Some(user), _) => Some(user.clone()),
                (None, true) => None,
                (None, false) => Some("me".to_owned()),
            },
            state: Some("Finished".to_owned()),
            outcome: args.outcome.clone(),
            project: args.project.clone(),
            text: args.text.clone(),
            array: None,
            grouped: None,
            limit: Some(PAGE),
            cursor: next.clone(),
        };
        let page = session.repeat(|| session.berth.call(query())).await?;
        let ended = |row: &JobRow| since.is_none_or(|since| row.finished_at >= Some(since));
        jobs.extend(page.jobs.into_iter().filter(ended));
        next = page.next;
        if next.is_none() || jobs.len() >= args.limit {
            break;
        }
    }
    let more = jobs.len() > args.limit || next.is_some();
    jobs.truncate(args.limit);
    if session.json {
        return output::json(&JobList {
            jobs,
            ..JobList::default()
        });
    }
    if jobs.is_empty() {
        unknown::say(session, args.user.as_deref(), args.project.as_deref()).await;
        return output::print("No job ended.");
    }
    output::print(&text(&jobs, more, now.timestamp(), Width::here()))
}

fn text(jobs: &[JobRow], more: bool, now: Timestamp, width: Width) -> String {
    let header = [
        "JOBID", "NAME", "USER", "ST", "CODE", "TIME", "GPUS", "ENDED", "NODES", "OUTCOME",
    ];
    let cells = |row: &JobRow| {
        let ran = row.started_at.zip(row.finished_at);
        let nodes = row.lease.iter().flatten().map(|part| part.node.to_string());
        vec![
            row.id.to_string(),
            table::printable(&row.name),
            row.user.to_string(),
            row.code.clone(),
            row.exit_code
                .map(|code| code.to_string())
                .unwrap_or_default(),
            time::clock(
                ran.map(|(from, to)| time::between(from, to))
                    .unwrap_or_default(),
            ),
            row.gpus.to_string(),
            row.finished_at
                .map(|at| time::age(at, now))
                .unwrap_or_default(),
            nodes.collect::<Vec<_>>().join(","),
            table::printable(row.outcome_text.as_deref().unwrap_or_default()),
        ]
    };
    let rows = jobs.iter().map(cells).collect();
    let mut text = table::plain(&header, &[0, 4, 5, 6], rows, width);
    if more {
        text += "There are more: raise --limit.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use berth_domain::StateName;

    use super::*;

    #[test]
    fn what_became_of_a_job_is_on_one_line() {
        let mut row = table::tests::row(17, StateName::Finished);
        row.code = "F".into();
        row.exit_code = Some(3);
        row.started_at = Some("2026-11-24T12:00:00Z".parse().unwrap());
        row.finished_at = Some("2026-11-24T12:00:07Z".parse().unwrap());
        row.outcome_text = Some("Failed".into());
        let now = "2026-11-24T12:05:07Z".parse().unwrap();
        let text = text(&[row], true, now, Width::Whole);
        assert_eq!(
            text,
            "\
JOBID  NAME   USER  ST  CODE  TIME  GPUS  ENDED   NODES  OUTCOME
   17  train  ana   F      3  0:07     4  5m ago         Failed
There are more: raise --limit.
"
        );
    }
}
