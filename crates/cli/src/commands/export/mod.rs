//! `berth export`: everything that Berth knows, as files that other programs read.

mod lists;
mod write;

use clap::ValueEnum;

use crate::failure::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth export --all -o backup/
  berth export --what reservations --format jsonl -o -
  berth export --what jobs,usage -o october/

One file for each list: jobs.csv, reservations.csv, ... JSON Lines have everything, one object a line; a
CSV's cells that hold more than one value hold it as JSON. Never exported: tokens, links, and the
environment of jobs.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Every list.
    #[arg(long, conflicts_with = "what", required_unless_present = "what")]
    all: bool,
    /// These lists.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LISTS")]
    what: Vec<What>,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// The folder to write to; - is stdout, for one list.
    #[arg(short, long, value_name = "DIR", default_value = "berth-export")]
    output: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// Everybody's, newest first, with their attempts.
    Jobs,
    /// What happened to each job.
    Events,
    /// Who did what, by which door, and what was before and after (everybody's for admins).
    Audit,
    /// GPU-hours of the last 400 days, by user, project and node.
    Usage,
    /// Those that are ahead, and the times of the last 400 days.
    Reservations,
    /// Who may log in (admins only).
    People,
    Quotas,
    /// Open ones, and the last that are over.
    Alerts,
    /// What agents and rules decided.
    Ledger,
    Campaigns,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Csv,
    Jsonl,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Jobs => "jobs",
            What::Events => "events",
            What::Audit => "audit",
            What::Usage => "usage",
            What::Reservations => "reservations",
            What::People => "people",
            What::Quotas => "quotas",
            What::Alerts => "alerts",
            What::Ledger => "ledger",
            What::Campaigns => "campaigns",
        }
    }
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let whats = match args.all {
        true => What::value_variants(),
        false => &args.what[..],
    };
    let to_stdout = args.output == "-";
    if to_stdout && whats.len() != 1 {
        let why =
            "several lists do not fit into one stream: name one with --what, or a folder with -o";
        return Err(Failure::Usage(why.to_owned()));
    }
    let mut left_out = Vec::new();
    for what in whats {
        let mut sink = match to_stdout {
            true => write::Sink::stdout(args.format, lists::columns(*what)),
            false => write::Sink::file(
                &args.output,
                what.name(),
                args.format,
                lists::columns(*what),
            )?,
        };
        match lists::write(session, *what, &mut sink).await {
            Ok(()) => {}
            // Everything is everything that one may see.
            Err(Failure::Refused(error)) if args.all => {
                sink.drop_file();
                left_out.push(format!("{} ({error})", what.name()));
                continue;
            }
            Err(failure) => {
                sink.drop_file();
                return Err(failure);
            }
        }
        let written = sink.finish()?;
        if let Some(path) = written.path {
            output::note(&format!("{path}: {} {}", written.rows, what.name()));
        }
    }
    match left_out.is_empty() {
        true => Ok(()),
        false => Err(Failure::Other(format!(
            "Left out: {}. Everything else was written.",
            left_out.join("; ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Cli;

    #[test]
    fn it_says_what_is_exported() {
        let parse = |words: &[&str]| {
            let words = ["berth", "export"].iter().chain(words);
            Cli::try_parse_from(words).is_ok()
        };
        assert!(parse(&["--all"]));
        assert!(parse(&[
            "--what",
            "jobs,usage",
            "--format",
            "jsonl",
            "-o",
            "-"
        ]));
        assert!(!parse(&[]));
        assert!(!parse(&["--all", "--what", "jobs"]));
        assert!(!parse(&["--what", "tokens"]));
    }
}
