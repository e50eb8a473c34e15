//! `berth import`: the sheet in which GPUs were booked becomes reservations.

mod show;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::ExitCode;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use berth_api::imports::{ImportAnswer, ImportApply, ImportArg, ImportPreview};
use jiff::tz::TimeZone;

use crate::failure::Failure;
use crate::session::Session;
use crate::table::Width;

const EXAMPLES: &str = "\
Examples:
  berth import bookings.csv --dry-run
  berth import bookings.csv
  berth import bookings.csv --column who=Name --column gpus=3 --dates dmy --time-zone Europe/Berlin
  berth import bookings.csv --person \"Ana M.=ana\" --node \"Server A=node-1\"

Rows become reservations, and people that there are none of are added. What is there already stays as
it is: the same file again makes nothing again. Exit code 1: some rows were refused or are in conflict.
Only admins import.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The sheet, as CSV; - is stdin.
    #[arg(value_name = "FILE.csv")]
    file: String,
    /// Only say what would become of each row.
    #[arg(long)]
    dry_run: bool,
    /// Which column says what: who, node, gpus, date, from, end-date, until, duration, note, project or
    /// status, each with a heading or a number from 1; may be given several times.
    #[arg(long = "column", value_name = "WHAT=HEADING", value_parser = pair)]
    columns: Vec<(String, String)>,
    /// What comes first in dates that are only numbers: dmy, mdy or ymd.
    #[arg(long, value_name = "ORDER")]
    dates: Option<String>,
    /// The time zone of the sheet's times, for example Europe/Berlin. Default: this machine's.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// The year of dates without one. Default: the one that makes them nearest to today.
    #[arg(long, value_name = "YEAR")]
    year: Option<i64>,
    /// What a bare number of GPUs is: count or index.
    #[arg(long, value_name = "WHAT")]
    numbers: Option<String>,
    /// The user name of somebody whom the sheet writes differently; may be given several times.
    #[arg(long = "person", value_name = "WRITTEN=NAME", value_parser = pair)]
    people: Vec<(String, String)>,
    /// A node that the sheet writes differently; may be given several times.
    #[arg(long = "node", value_name = "WRITTEN=NODE", value_parser = pair)]
    nodes: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .rsplit_once('=')
        .ok_or_else(|| format!("'{text}' has no '='"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl Args {
    fn body(&self, file: &[u8]) -> ImportArg {
        let map = |pairs: &[(String, String)]| -> BTreeMap<String, String> {
            pairs.iter().cloned().collect()
        };
        ImportArg {
            text: None,
            base64: Some(BASE64_STANDARD.encode(file)),
            columns: map(&self.columns),
            dates: self.dates.clone(),
            time_zone: self.time_zone.clone().or_else(here),
            year: self.year,
            numbers: self.numbers.clone(),
            people: map(&self.people),
            nodes: map(&self.nodes),
        }
    }
}

/// The name of this machine's time zone, if it says one.
fn here() -> Option<String> {
    let zone = TimeZone::system();
    let name = zone.iana_name().filter(|_| !zone.is_unknown());
    name.map(str::to_owned)
}

pub async fn run(session: &Session, args: &Args) -> Result<ExitCode, Failure> {
    let body = args.body(&read(&args.file)?);
    // What was done before an answer was lost is there already the next time.
    let answer: ImportAnswer = if args.dry_run {
        let call = || session.berth.call(ImportPreview { body: body.clone() });
        session.repeat(call).await?
    } else {
        let call = || session.berth.call(ImportApply { body: body.clone() });
        session.once(call()).await?
    };
    session.show(&answer, |answer| show::text(answer, Width::here()))?;
    let left = answer.counts.conflicts + answer.counts.refused;
    Ok(match answer.applied && left > 0 {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let read = match file {
        "-" => {
            let mut bytes = Vec::new();
            let done = std::io::stdin().lock().read_to_end(&mut bytes);
            done.map(|_| bytes)
        }
        path => std::fs::read(path),
    };
    read.map_err(|error| Failure::Other(format!("Cannot read {file}: {error}.")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::{self, Cli};

    #[test]
    fn a_line_becomes_a_request() {
        let line = [
            "berth",
            "import",
            "bookings.csv",
            "--dry-run",
            "--column",
            "who=Booked by",
            "--column",
            "gpus=3",
            "--dates",
            "dmy",
            "--time-zone",
            "Europe/Berlin",
            "--year",
            "2026",
            "--person",
            "Ana = M.=ana",
        ];
        let Ok(Cli {
            verb: args::Verb::Import(args),
            ..
        }) = Cli::try_parse_from(line)
        else {
            panic!("no import");
        };
        let body = args.body(b"Who,GPU\n");
        assert_eq!(body.base64.as_deref(), Some("V2hvLEdQVQo="));
        assert_eq!(body.columns["who"], "Booked by");
        assert_eq!(body.columns["gpus"], "3");
        assert_eq!(body.people["Ana = M."], "ana");
        assert_eq!(
            (body.year, body.dates.as_deref()),
            (Some(2026), Some("dmy"))
        );
        assert!(Cli::try_parse_from(["berth", "import", "a.csv", "--column", "who"]).is_err());
        assert!(Cli::try_parse_from(["berth", "import"]).is_err());
    }
}
