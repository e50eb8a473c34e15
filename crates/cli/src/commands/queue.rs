//! `berth queue`: the list of jobs.

use std::collections::HashMap;

use berth_api::cluster::GetPicture;
use berth_api::jobs::{JobList, ListJobs};
use berth_api::views::JobRow;
use berth_domain::{JobId, Timestamp};

use super::unknown;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::watch::Watch;

/// The largest page that the server gives.
const PAGE: u32 = 500;
/// Of finished jobs there is no end.
const DEFAULT_FINISHED: u32 = 50;

const EXAMPLES: &str = "\
Examples:
  berth queue                      mine that wait or run
  berth queue --all                everybody's
  berth queue --finished --limit 20
  berth queue --array 17           the tasks of an array or sweep, which otherwise has one row
  berth queue --all --state queued,held --json";

#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Everybody's jobs, not only yours.
    #[arg(short, long, conflicts_with = "user")]
    all: bool,
    /// The jobs of this person.
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// Jobs in these states: held, queued, starting, running, stopping, finished, live, all.
    #[arg(short, long, value_name = "LIST", conflicts_with = "finished")]
    state: Option<String>,
    /// Finished jobs, the newest first.
    #[arg(long)]
    finished: bool,
    /// Finished jobs with this outcome: Succeeded, Failed, OutOfMemory, TimedOut, Cancelled…
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// The jobs of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Jobs with this in their name or number.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// The tasks of the array or sweep that begins with this job.
    #[arg(long, value_name = "ID")]
    array: Option<JobId>,
    /// A row for each task of an array or sweep. So it always is in --json.
    #[arg(long)]
    tasks: bool,
    /// At most so many. Default: all that are live, 50 that are finished.
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<u32>,
    /// Where a list of --json stopped (its `next`).
    #[arg(long, value_name = "NEXT")]
    cursor: Option<String>,
    #[command(flatten)]
    watch: Watch,
}

impl Args {
    fn only_live(&self) -> bool {
        !self.finished
            && self.outcome.is_none()
            && self.array.is_none()
            && self.state.as_deref().is_none_or(|state| state == "live")
    }

    fn query(&self, json: bool, cursor: Option<String>, limit: u32) -> ListJobs {
        let state = match &self.state {
            Some(state) => Some(state.clone()).filter(|state| state != "all"),
            None if self.finished || self.outcome.is_some() => Some("Finished".to_owned()),
            None if self.array.is_some() => None,
            None => Some("live".to_owned()),
        };
        let user = if self.all || (self.array.is_some() && self.user.is_none()) {
            None
        } else {
            Some(self.user.clone().unwrap_or_else(|| "me".to_owned()))
        };
        ListJobs {
            user,
            state,
            outcome: self.outcome.clone(),
            project: self.project.clone(),
            text: self.text.clone(),
            array: self.array,
            grouped: (!json && !self.tasks && self.array.is_none()).then_some(true),
            limit: Some(limit),
            cursor,
        }
    }
}

pub async fn run(session: &Session, args: Args) -> Result<(), Failure> {
    args.watch.show(async || shown(session, &args).await).await
}

async fn shown(session: &Session, args: &Args) -> Result<String, Failure> {
    let most = args.limit.unwrap_or(if args.only_live() {
        u32::MAX
    } else {
        DEFAULT_FINISHED
    });
    let mut list = JobList {
        jobs: vec![],
        arrays: vec![],
        next: args.cursor.clone(),
    };
    loop {
        let have = u32::try_from(list.jobs.len()).unwrap_or(u32::MAX);
        let query = || args.query(session.json, list.next.clone(), PAGE.min(most - have));
        if have >= most {
            break;
        }
        let page = session.repeat(|| session.berth.call(query())).await?;
        list.jobs.extend(page.jobs);
        list.arrays.extend(page.arrays);
        list.next = page.next;
        if list.next.is_none() {
            break;
        }
    }
    if session.json {
        return output::line(&list);
    }
    if list.jobs.is_empty() {
        unknown::say(session, args.user.as_deref(), args.project.as_deref()).await;
    }
    if args.only_live() {
        in_planned_order(session, &mut list.jobs).await?;
    }
    Ok(text(&list, args.array, Timestamp::now(), Width::here()))
}

/// What runs first, then what waits in the order in which it is planned, held ones last.
async fn in_planned_order(session: &Session, jobs: &mut [JobRow]) -> Result<(), Failure> {
    let picture = session.repeat(|| session.berth.call(GetPicture {})).await?;
    order(jobs, picture.queue_rows());
    Ok(())
}

fn order<'a>(jobs: &mut [JobRow], queue: impl Iterator<Item = &'a JobRow>) {
    let whole = |row: &JobRow| row.array.map_or(row.id, |place| place.array);
    let queue: Vec<&JobRow> = queue.collect();
    // An array is where the first of its tasks is.
    let places: HashMap<JobId, usize> = queue
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(place, row)| [(whole(row), place), (row.id, place)])
        .collect();
    // Beyond the window of the picture, the older first.
    jobs.sort_by_key(|row| {
        let place = places.get(&row.id).or_else(|| places.get(&whole(row)));
        let place = place.copied().unwrap_or(usize::MAX);
        (
            !row.is_active(),
            if row.is_active() { 0 } else { place },
            row.id,
        )
    });
}

fn text(list: &JobList, tasks_of: Option<JobId>, now: Timestamp, width: Width) -> String {
    let arrays = if tasks_of.is_some() {
        &[]
    } else {
        list.arrays.as_slice()
    };
    let mut text = table::jobs(&list.jobs, arrays, now, width);
    if let (Some(_), Some(array)) = (tasks_of, list.arrays.first()) {
        let (tasks, id) = (&array.tasks, array.array);
        text += &format!(
            "Array {id}, {} tasks: {}.\n",
            tasks.total(),
            table::counts(tasks)
        );
    }
    if list.next.is_some() {
        text += "There are more: raise --limit.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use berth_domain::StateName;
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Verb};

    fn query(line: &[&str]) -> (Option<String>, Option<String>) {
        let cli = Cli::try_parse_from(["berth", "queue"].iter().chain(line)).unwrap();
        let Verb::Queue(args) = cli.verb else {
            panic!("another verb")
        };
        let query = args.query(false, None, 10);
        (query.user, query.state)
    }

    #[test]
    fn mine_and_live_unless_asked_otherwise() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(query(&[]), (some("me"), some("live")));
        assert_eq!(query(&["--all"]), (None, some("live")));
        assert_eq!(
            query(&["--user", "bo", "--finished"]),
            (some("bo"), some("Finished"))
        );
        assert_eq!(query(&["-a", "--state", "all"]), (None, None));
        assert_eq!(
            query(&["--state", "held,queued"]),
            (some("me"), some("held,queued"))
        );
        assert_eq!(
            query(&["--outcome", "Failed"]),
            (some("me"), some("Finished"))
        );
    }

    #[test]
    fn the_table_has_the_planned_order() {
        let mut jobs: Vec<JobRow> = [9, 8, 7, 6, 5, 4]
            .map(|id| table::tests::row(id, StateName::Queued))
            .to_vec();
        jobs[1].state = StateName::Running;
        let queue = [7, 4, 9].map(|id| table::tests::row(id, StateName::Queued));
        order(&mut jobs, queue.iter());
        let ids: Vec<u64> = jobs.iter().map(|row| row.id.0).collect();
        assert_eq!(ids, [8, 7, 4, 9, 5, 6]);
    }
}
