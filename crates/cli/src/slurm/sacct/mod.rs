//! `sacct`: jobs of some time, also those that are over. A job of Berth has no steps, so each is one line.

mod fields;

use std::process::ExitCode;

use berth_api::jobs::JobList;
use berth_api::views::{JobDetail, JobRow};
use berth_domain::Timestamp;
use jiff::Zoned;

use self::fields::Field;
pub use self::fields::tres;
use super::format::{self, Column, Piece};
use super::rows::{self, Query};
use super::states::States;
use super::{hostlist, ids, submit, times};
use crate::failure::Failure;
use crate::output::{self, note};
use crate::session::Session;

const USUAL: &str = "JobID,JobName,Partition,Account,AllocTRES%20,State,ExitCode";
const BRIEF: &str = "JobID,State,ExitCode";
const LONG: &str = "JobID,JobIDRaw,JobName,User,Partition,Account,QOS,State,ExitCode,Submit,Start,End,\
                    Elapsed,Timelimit,NNodes,AllocTRES%20,NodeList%20";
/// Longer than any field.
const WIDEST: usize = 500;
/// So far back the list is looked through.
const MOST: usize = 20_000;

/// List jobs, yours of today unless asked otherwise.
#[derive(Debug, clap::Parser)]
#[command(
    name = "sacct",
    version,
    infer_long_args = true,
    args_override_self = true,
    disable_help_flag = true
)]
pub struct Args {
    /// These jobs: 17, 17_3.
    #[arg(short, long = "jobs", value_name = "IDS")]
    jobs: Option<String>,
    /// The jobs of these people.
    #[arg(
        short,
        long,
        visible_alias = "uid",
        value_name = "NAMES",
        value_delimiter = ','
    )]
    user: Vec<String>,
    /// Everybody's.
    #[arg(short, long)]
    allusers: bool,
    /// Not before this time: 2026-11-01, now-7days. Default: midnight.
    #[arg(short = 'S', long, value_name = "TIME")]
    starttime: Option<String>,
    /// Not after this time. Default: now.
    #[arg(short = 'E', long, value_name = "TIME")]
    endtime: Option<String>,
    /// Jobs in these states: CD, F, CA, TO, NF, OOM, R, PD.
    #[arg(short, long, value_name = "STATES")]
    state: Option<String>,
    /// Jobs with these names.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    name: Vec<String>,
    /// Jobs of this project.
    #[arg(short = 'A', long, visible_alias = "accounts", value_name = "NAME")]
    account: Option<String>,
    /// Jobs on these nodes.
    #[arg(short = 'N', long, value_name = "NODES")]
    nodelist: Option<String>,
    /// Which fields: JobID,JobName%30,State,Elapsed.
    #[arg(short = 'o', long, value_name = "FIELDS")]
    format: Option<String>,
    /// Job, state and code only.
    #[arg(short, long)]
    brief: bool,
    /// Many fields.
    #[arg(short, long)]
    long: bool,
    /// Fields between bars, one at the end too.
    #[arg(short, long)]
    parsable: bool,
    /// Fields between bars.
    #[arg(short = 'P', long)]
    parsable2: bool,
    /// What stands between fields instead of a bar.
    #[arg(long, value_name = "TEXT")]
    delimiter: Option<String>,
    /// Without the first two lines.
    #[arg(short = 'n', long)]
    noheader: bool,
    /// Which fields there are.
    #[arg(short = 'e', long)]
    helpformat: bool,
    /// As Berth's JSON; see docs/cli.md.
    #[arg(long, num_args = 0..=1, require_equals = true)]
    json: Option<Option<String>>,
    #[arg(short = 'X', long, hide = true)]
    allocations: bool,
    #[arg(short = 'D', long, hide = true)]
    duplicates: bool,
    #[arg(short = 'L', long, hide = true)]
    allclusters: bool,
    #[arg(short = 'r', long, hide = true)]
    partition: Option<String>,
    #[arg(long, hide = true)]
    units: Option<String>,
    #[arg(long, hide = true)]
    array: bool,
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[arg(short = 'h', long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("sacct", &words);
    if args.helpformat {
        output::print(&fields::names().join("\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let pieces = pieces(&args).map_err(Failure::Usage)?;
    let now = Zoned::now();
    let rows = select(session, &args, &now).await?;
    if args.json.is_some() {
        output::json(&JobList {
            jobs: rows,
            ..JobList::default()
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let detailed = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Field(column) if fields::of_detail(column.field)));
    let mut jobs = vec![];
    for row in rows {
        let detail = if detailed {
            Some(session.job(row.id).await?.job)
        } else {
            None
        };
        jobs.push((row, detail));
    }
    output::print(&text(&args, &pieces, &jobs, now.timestamp()))?;
    Ok(ExitCode::SUCCESS)
}

/// `JobID%20,State`: a width after a percent sign, on the left side with a minus.
fn pieces(args: &Args) -> Result<Vec<Piece<Field>>, String> {
    let of_env = std::env::var("SACCT_FORMAT").ok();
    let usual = match (args.brief, args.long) {
        (true, _) => BRIEF,
        (_, true) => LONG,
        _ => of_env.as_deref().unwrap_or(USUAL),
    };
    let format = args.format.as_deref().unwrap_or(usual);
    let parts = format
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let one = |part: &str| {
        let (name, width) = part.split_once('%').unwrap_or((part, ""));
        let (field, usual) = fields::by_name(name)?;
        let number = width.trim_start_matches('-');
        let right = !width.starts_with('-') && field != Field::JobId;
        let width = if number.is_empty() {
            usual
        } else {
            let number = number.parse();
            number.map_err(|_| format!("'{part}': '{width}' is not a width."))?
        };
        Ok(Piece::Field(Column {
            field,
            width: Some(width),
            right,
        }))
    };
    parts.map(one).collect()
}

fn text(
    args: &Args,
    pieces: &[Piece<Field>],
    jobs: &[(JobRow, Option<JobDetail>)],
    now: Timestamp,
) -> String {
    let bars = args.parsable || args.parsable2;
    let between = args.delimiter.as_deref().unwrap_or("|");
    let line = |value: &dyn Fn(Field) -> String| {
        let fields = pieces.iter().filter_map(|piece| match piece {
            Piece::Field(column) => Some(column),
            Piece::Text(_) => None,
        });
        if bars {
            let values: Vec<String> = fields.map(|column| value(column.field)).collect();
            let end = if args.parsable2 { "" } else { between };
            return format!("{}{end}\n", values.join(between));
        }
        let one = |column: &Column<Field>| {
            let width = column.width.unwrap_or(10);
            let text = value(column.field);
            // Slurm marks what was cut.
            let text = if text.chars().count() > width && width > 1 {
                let kept: String = text.chars().take(width - 1).collect();
                format!("{kept}+")
            } else {
                text
            };
            format::fitted(&text, width, column.right)
        };
        let values: Vec<String> = fields.map(one).collect();
        format!("{}\n", values.join(" ").trim_end())
    };
    let mut text = String::new();
    if !args.noheader {
        text += &line(&|field| fields::header(field).to_owned());
        if !bars {
            text += &line(&|_| "-".repeat(WIDEST)).replace('+', "-");
        }
    }
    for (row, detail) in jobs {
        text += &line(&|field| fields::value(field, row, detail.as_ref(), now));
    }
    text
}

/// The jobs that are asked for, the oldest first.
async fn select(session: &Session, args: &Args, now: &Zoned) -> Result<Vec<JobRow>, Failure> {
    let read = |flag: &str, text: &str| {
        let at = times::past(text, now).map_err(|why| format!("{flag}: {why}."))?;
        at.parse::<Timestamp>()
            .map_err(|error| format!("{flag}: {error}."))
    };
    // Named jobs are shown whenever they were.
    let usual = if args.jobs.is_some() {
        "1970-01-02"
    } else {
        "midnight"
    };
    let from = read("--starttime", args.starttime.as_deref().unwrap_or(usual));
    let from = from.map_err(Failure::Usage)?;
    let to = args.endtime.as_deref().map(|text| read("--endtime", text));
    let to = to.transpose().map_err(Failure::Usage)?;
    let states = args.state.as_deref().map(States::read).transpose();
    let states = states.map_err(Failure::Usage)?;
    let nodes = args.nodelist.as_deref().map(hostlist::expand).transpose();
    let nodes = nodes.map_err(|why| Failure::Usage(format!("--nodelist: {why}.")))?;
    let mut found = vec![];
    if let Some(list) = &args.jobs {
        for task in ids::list(list).map_err(Failure::Usage)? {
            found.extend(ids::rows(session, task).await?);
        }
    } else {
        let user = match args.user.as_slice() {
            _ if args.allusers => None,
            [] => Some("me".to_owned()),
            [one] => Some(one.clone()),
            _ => None,
        };
        let query = Query {
            user,
            project: args.account.clone(),
            state: None,
        };
        found = rows::fetch(session, &query, MOST).await?;
        if found.len() == MOST {
            note(&format!("older jobs than the last {MOST} are left out."));
        }
    }
    found.retain(|row| {
        let begins = row.started_at.unwrap_or(row.submitted_at);
        let on = |nodes: &Vec<String>| {
            let lease = row.lease.iter().flatten();
            lease.into_iter().any(|part| nodes.contains(&part.node.0))
        };
        let any =
            |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        row.finished_at.is_none_or(|at| at >= from)
            && to.is_none_or(|to| begins <= to)
            && states.as_ref().is_none_or(|states| states.has(row))
            && (args.user.len() < 2 || args.allusers || any(&args.user, row.user.as_str()))
            && any(&args.name, &row.name)
            && nodes.as_ref().is_none_or(on)
    });
    found.sort_by_key(|row| row.id);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use berth_domain::StateName;
    use clap::Parser;

    use super::*;
    use crate::table::tests::row;

    fn shown(line: &str) -> String {
        let words = ["sacct"].into_iter().chain(line.split_whitespace());
        let args = Args::try_parse_from(words).unwrap();
        let mut failed = row(7, StateName::Finished);
        failed.code = "F".into();
        failed.exit_code = Some(3);
        failed.name = "a name that is long".into();
        failed.started_at = Some("2026-11-24T12:00:00Z".parse().unwrap());
        failed.finished_at = Some("2026-11-24T13:02:03Z".parse().unwrap());
        let jobs = [(failed, None)];
        text(&args, &pieces(&args).unwrap(), &jobs, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn it_looks_as_slurms_does() {
        let expected = "\
JobID           JobName  Partition    Account            AllocTRES      State ExitCode
------------ ---------- ---------- ---------- -------------------- ---------- --------
7            a name th+      berth               gres/gpu=4,node=1     FAILED      3:0
";
        assert_eq!(shown(""), expected);
    }

    #[test]
    fn scripts_get_bars() {
        assert_eq!(
            shown("-X -n -P -o JobID,JobName,State,Elapsed,ElapsedRaw,ExitCode,User,NNodes"),
            "7|a name that is long|FAILED|01:02:03|3723|3:0|ana|1\n"
        );
        assert_eq!(shown("-p -o jobid,state"), "JobID|State|\n7|FAILED|\n");
        assert_eq!(shown("-n -o jobname%-6,state%7"), "a nam+  FAILED\n");
        let wrong = Args::try_parse_from(["sacct", "-o", "Nothing"]).unwrap();
        assert!(pieces(&wrong).unwrap_err().contains("JobID"));
    }
}
