//! `squeue`: the queue as Slurm shows it.

mod fields;
mod shown;

use std::process::ExitCode;
use std::time::Duration;

use berth_api::cluster::GetPicture;
use berth_api::jobs::JobList;
use berth_domain::Timestamp;
use jiff::Zoned;

use self::fields::Field;
use self::shown::{Place, Shown};
use super::format::{self, Piece};
use super::rows::{self, Query};
use super::states::States;
use super::{ids, submit};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;

const USUAL: &str = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
const LONG: &str = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";
const START: &str = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
/// Of finished jobs there is no end.
const MOST_FINISHED: usize = 500;
const MOST: usize = 100_000;

/// List jobs that wait or run, everybody's unless asked otherwise.
#[derive(Debug, clap::Parser)]
#[command(
    name = "squeue",
    version,
    infer_long_args = true,
    args_override_self = true,
    disable_help_flag = true
)]
pub struct Args {
    /// The jobs of these people.
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    user: Vec<String>,
    /// Your jobs.
    #[arg(long)]
    me: bool,
    /// These jobs: 17, 17_3.
    #[arg(short, long = "jobs", visible_alias = "job", value_name = "IDS", num_args = 0..=1)]
    jobs: Option<Option<String>>,
    /// Jobs in these states: PD, R, CG, CD, F, CA, TO, NF, OOM, or all.
    #[arg(short = 't', long, visible_alias = "state", value_name = "STATES")]
    states: Option<String>,
    /// Jobs with these names.
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    name: Vec<String>,
    /// Jobs of these projects.
    #[arg(short = 'A', long, value_name = "NAMES", value_delimiter = ',')]
    account: Vec<String>,
    /// Jobs of these classes.
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    qos: Vec<String>,
    /// Jobs on these nodes.
    #[arg(short = 'w', long, value_name = "NODES")]
    nodelist: Option<String>,
    /// Which fields: %.18i %.8j %T %M %R and so on.
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        conflicts_with = "long_format"
    )]
    format: Option<String>,
    /// Which fields, by name: jobid,name:30,state.
    #[arg(short = 'O', long = "Format", value_name = "FIELDS")]
    long_format: Option<String>,
    /// By these fields: i, j, u, t, M, S, V, p, each with - before it for downwards.
    #[arg(short = 'S', long, value_name = "FIELDS", allow_hyphen_values = true)]
    sort: Option<String>,
    /// Without the first line.
    #[arg(short = 'h', long)]
    noheader: bool,
    /// With states in full and time limits.
    #[arg(short, long)]
    long: bool,
    /// What waits, with when it should start.
    #[arg(long)]
    start: bool,
    /// A line for each task of an array, also where several wait for the same.
    #[arg(short = 'r', long)]
    array: bool,
    /// Again and again, with so many seconds between.
    #[arg(short, long, value_name = "SECONDS")]
    iterate: Option<u64>,
    /// As Berth's JSON; see docs/cli.md.
    #[arg(long, num_args = 0..=1, require_equals = true)]
    json: Option<Option<String>>,
    #[arg(short, long, hide = true)]
    all: bool,
    #[arg(short, long, hide = true)]
    partition: Option<String>,
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[arg(long, hide = true)]
    local: bool,
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("squeue", &words);
    let pieces = pieces(&args).map_err(Failure::Usage)?;
    loop {
        if args.iterate.is_some() {
            output::print(&Zoned::now().strftime("%a %b %d %H:%M:%S %Y").to_string())?;
        }
        once(session, &args, &pieces).await?;
        let Some(seconds) = args.iterate else {
            return Ok(ExitCode::SUCCESS);
        };
        output::print("\n")?;
        tokio::time::sleep(Duration::from_secs(seconds.max(1))).await;
    }
}

fn pieces(args: &Args) -> Result<Vec<Piece<Field>>, String> {
    if let Some(format) = &args.long_format {
        return format::named(format, fields::by_name);
    }
    let of_env = std::env::var("SQUEUE_FORMAT").ok();
    let usual = match (args.start, args.long) {
        (true, _) => START,
        (_, true) => LONG,
        _ => of_env.as_deref().unwrap_or(USUAL),
    };
    format::percent(args.format.as_deref().unwrap_or(usual), fields::by_letter)
}

async fn once(session: &Session, args: &Args, pieces: &[Piece<Field>]) -> Result<(), Failure> {
    let states = args.states.as_deref().map(States::read).transpose();
    let states = states.map_err(Failure::Usage)?;
    let rows = select(session, args, states.as_ref()).await?;
    if args.json.is_some() {
        return output::json(&JobList {
            jobs: rows,
            ..JobList::default()
        });
    }
    let picture = session.repeat(|| session.berth.call(GetPicture {})).await?;
    let place = Place::of(&picture);
    let mut shown = shown::together(rows, &place, !args.array);
    shown::sort(&mut shown, args.sort.as_deref()).map_err(Failure::Usage)?;
    let wants = |field: &Field| fields::of_detail(*field);
    let detailed = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Field(column) if wants(&column.field)));
    if detailed {
        for one in &mut shown {
            one.detail = Some(session.job(one.row.id).await?.job);
        }
    }
    output::print(&text(&shown, pieces, !args.noheader, Timestamp::now()))
}

fn text(shown: &[Shown], pieces: &[Piece<Field>], header: bool, now: Timestamp) -> String {
    let first = header.then(|| format::line(pieces, |field| fields::header(*field).to_owned()));
    let lines = shown
        .iter()
        .map(|one| format::line(pieces, |field| fields::value(*field, one, now)));
    first
        .into_iter()
        .chain(lines)
        .map(|line| line + "\n")
        .collect()
}

/// The jobs that are asked for.
async fn select(
    session: &Session,
    args: &Args,
    states: Option<&States>,
) -> Result<Vec<berth_api::views::JobRow>, Failure> {
    let usual = States::live();
    let states = states.unwrap_or(&usual);
    let users = users(args);
    let mut found = vec![];
    if let Some(list) = args.jobs.clone().flatten() {
        for task in ids::list(&list).map_err(Failure::Usage)? {
            found.extend(ids::rows(session, task).await?);
        }
    } else {
        let one = (users.len() == 1).then(|| users[0].clone());
        found = rows::fetch(session, &Query::live(one.clone()), MOST).await?;
        if states.any_over() {
            found.extend(rows::fetch(session, &Query::finished(one), MOST_FINISHED).await?);
        }
    }
    let me = users.iter().any(|user| user == "me");
    let nodes = args
        .nodelist
        .as_deref()
        .map(super::hostlist::expand)
        .transpose();
    let nodes = nodes.map_err(|why| Failure::Usage(format!("--nodelist: {why}.")))?;
    let any = |list: &[String], value: Option<&str>| {
        list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value))
    };
    found.retain(|row| {
        let on = |nodes: &Vec<String>| {
            let lease = row.lease.iter().flatten();
            row.is_active() && lease.into_iter().any(|part| nodes.contains(&part.node.0))
        };
        states.has(row)
            && (me || any(&users, Some(row.user.as_str())))
            && any(&args.name, Some(&row.name))
            && any(&args.account, row.project.as_deref())
            && any(&args.qos, Some(row.class.as_str()))
            && nodes.as_ref().is_none_or(on)
            && (!args.start || row.is_waiting())
    });
    Ok(found)
}

/// Whose jobs; nobody named is everybody.
fn users(args: &Args) -> Vec<String> {
    if args.me {
        vec!["me".to_owned()]
    } else {
        args.user.clone()
    }
}

#[cfg(test)]
mod tests {
    use berth_api::views::LeasePart;
    use berth_domain::{JobId, StateName};
    use clap::Parser;

    use super::*;
    use crate::table::tests::row;

    fn args(line: &str) -> Args {
        let words = ["squeue"].into_iter().chain(line.split_whitespace());
        Args::try_parse_from(words).unwrap()
    }

    fn jobs() -> Vec<Shown> {
        let mut running = row(7, StateName::Running);
        running.code = "R".into();
        running.started_at = Some("2026-11-24T12:00:01Z".parse().unwrap());
        running.lease = Some(vec![LeasePart {
            node: "node-1".into(),
            gpus: vec![0, 1, 2, 3],
        }]);
        let mut waiting = row(12, StateName::Queued);
        waiting.name = "a long name".into();
        waiting.reason = Some("Priority".into());
        let task = |id: u64, index| {
            let mut task = row(id, StateName::Queued);
            task.array = Some(berth_api::views::ArrayPlace {
                array: JobId(20),
                index,
            });
            task.reason = Some("Resources".into());
            task
        };
        let rows = vec![running, waiting, task(20, 0), task(21, 1), task(23, 3)];
        shown::together(rows, &Place::default(), true)
    }

    fn shown(line: &str) -> String {
        let args = args(line);
        let now = "2026-11-24T13:00:01Z".parse().unwrap();
        text(&jobs(), &pieces(&args).unwrap(), !args.noheader, now)
    }

    #[test]
    fn it_looks_as_slurms_does() {
        let lines = [
            "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)",
            "                12     berth a long n      ana PD       0:00      1 (Priority)",
            "        20_[0-1,3]     berth    train      ana PD       0:00      1 (Resources)",
            "                 7     berth    train      ana  R    1:00:00      1 node-1",
        ];
        let text = shown("");
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn fields_can_be_chosen() {
        assert_eq!(
            shown("-h -o %i|%T|%l|%D|%b|%q|%a"),
            "\
12|PENDING|1:00:00|1|gres/gpu:4|normal|(null)
20_[0-1,3]|PENDING|1:00:00|1|gres/gpu:4|normal|(null)
7|RUNNING|1:00:00|1|gres/gpu:4|normal|(null)
"
        );
        let named = shown("-h -O jobid:6,state:10,username");
        assert!(
            named.starts_with("12    PENDING   ana\n20    PENDING   ana\n"),
            "{named}"
        );
        assert!(pieces(&args("-o %!")).unwrap_err().contains("%i"));
        assert!(pieces(&args("-O nothing")).unwrap_err().contains("jobid"));
    }

    #[test]
    fn whose_jobs() {
        assert_eq!(users(&args("--me")), ["me"]);
        assert_eq!(users(&args("-u ana,bo")), ["ana", "bo"]);
        assert!(users(&args("")).is_empty());
    }
}
