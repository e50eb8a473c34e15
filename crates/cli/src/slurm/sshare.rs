//! `sshare`: who used how much of late.

use std::process::ExitCode;

use berth_api::history::GetUsage;
use jiff::{Timestamp, ToSpan};

use super::{format, submit};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;

/// As far back as is looked.
const HOURS: i64 = 7 * 24;

/// Who used how much in the last 7 days.
#[derive(Debug, clap::Parser)]
#[command(
    name = "sshare",
    version,
    infer_long_args = true,
    disable_help_flag = true
)]
pub struct Args {
    /// Everybody, which is what is shown anyway unless somebody is named.
    #[arg(short, long)]
    all: bool,
    /// Only these people.
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    users: Vec<String>,
    /// Without the first two lines.
    #[arg(short = 'n', long, visible_short_alias = 'h')]
    noheader: bool,
    /// Fields between bars.
    #[arg(short = 'P', long, visible_short_alias = 'p')]
    parsable2: bool,
    #[arg(short, long, hide = true)]
    long: bool,
    #[arg(short = 'U', long = "Users", hide = true)]
    only_users: bool,
    #[arg(short = 'A', long, hide = true)]
    accounts: Option<String>,
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

const COLUMNS: [(&str, usize, bool); 5] = [
    ("Account", 20, false),
    ("User", 10, true),
    ("RawShares", 10, true),
    ("RawUsage", 11, true),
    ("EffectvUsage", 13, true),
];

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("sshare", &words);
    let since = Timestamp::now() - HOURS.hours();
    let call = || GetUsage {
        by: Some("user".to_owned()),
        since: Some(since.to_string()),
        until: None,
        limit: None,
    };
    let answer = session.repeat(|| session.berth.call(call())).await?;
    let all = answer.total.gpu_hours_allocated;
    let line = |cells: &[String]| {
        if args.parsable2 {
            return cells.join("|") + "\n";
        }
        let cells = cells.iter().zip(COLUMNS);
        let cells = cells.map(|(cell, (_, width, right))| format::fitted(cell, width, right));
        cells.collect::<Vec<_>>().join(" ").trim_end().to_owned() + "\n"
    };
    let mut text = String::new();
    if !args.noheader {
        text += &line(&COLUMNS.map(|(name, ..)| name.to_owned()));
        if !args.parsable2 {
            text += &line(&COLUMNS.map(|(_, width, _)| "-".repeat(width)));
        }
    }
    for row in &answer.rows {
        let name = row.name.clone().unwrap_or_default();
        if !args.users.is_empty() && !args.users.contains(&name) {
            continue;
        }
        let share = if all > 0.0 {
            row.gpu_hours_allocated / all
        } else {
            0.0
        };
        text += &line(&[
            "berth".to_owned(),
            name,
            "1".to_owned(),
            // GPU-seconds.
            format!("{:.0}", row.gpu_hours_allocated * 3600.0),
            format!("{share:.6}"),
        ]);
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
