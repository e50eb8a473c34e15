//! `berth update`: change a job after it was submitted.

use berth_api::jobs::{UpdateArg, UpdateJob};
use berth_domain::JobId;
use jiff::Zoned;

use crate::failure::Failure;
use crate::session::Session;
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth update 17 -t 12h
  berth update 17 -p high -g 2
  berth update 17 --after none --begin none";

/// What removes a list or a time.
const NONE: &str = "none";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[arg(value_name = "ID")]
    id: JobId,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Time limit: 90s, 30m, 6h, 2d, 1-12:00:00, or a number of minutes.
    #[arg(
        short = 't',
        long = "time",
        value_name = "TIME",
        allow_hyphen_values = true
    )]
    time_limit: Option<String>,
    #[arg(short = 'J', long, value_name = "NAME")]
    name: Option<String>,
    /// Priority class: low, normal, high, critical.
    #[arg(
        short = 'p',
        long = "priority",
        visible_alias = "class",
        value_name = "CLASS"
    )]
    class: Option<String>,
    /// GPUs, while it waits.
    #[arg(short = 'g', long, value_name = "N", allow_negative_numbers = true)]
    gpus: Option<i64>,
    /// Nodes, while it waits.
    #[arg(short = 'N', long, value_name = "N", allow_negative_numbers = true)]
    nodes: Option<i64>,
    /// Tries after a failed first one.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    retries: Option<i64>,
    /// Whether it may be stopped and queued again when others need the GPUs.
    #[arg(long, value_name = "true|false")]
    preemptible: Option<bool>,
    /// Start only after these jobs; replaces all. `none` for no job.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    after: Option<Vec<String>>,
    /// Not before this time. `none` for as soon as possible.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    begin: Option<String>,
}

impl Args {
    fn body(self, now: &Zoned) -> Result<UpdateArg, Failure> {
        let Changes {
            time_limit,
            name,
            class,
            gpus,
            nodes,
            retries,
            preemptible,
            after,
            begin,
        } = self.changes;
        let begin = match begin {
            Some(text) if text == NONE => Some(String::new()),
            Some(text) => Some(
                time::begin(&text, now)
                    .map_err(|why| Failure::Usage(format!("--begin: {why}.")))?,
            ),
            None => None,
        };
        let after = after.map(|after| if after == [NONE] { vec![] } else { after });
        Ok(UpdateArg {
            name,
            time_limit,
            class,
            max_retries: retries,
            preemptible,
            nodes,
            gpus,
            after,
            begin,
            ..UpdateArg::of(self.id)
        })
    }
}

pub async fn run(session: &Session, args: Args) -> Result<(), Failure> {
    let body = args.body(&Zoned::now())?;
    let answer = session.once(session.berth.call(UpdateJob { body })).await?;
    session.show(&answer, |answer| format!("Updated job {}", answer.job.id))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Verb};

    fn body(line: &[&str]) -> Option<UpdateArg> {
        let cli = Cli::try_parse_from(["berth", "update", "17"].iter().chain(line)).ok()?;
        let Verb::Update(args) = cli.verb else {
            return None;
        };
        let now = "2026-11-24T12:00:00+00:00[UTC]".parse().ok()?;
        args.body(&now).ok()
    }

    #[test]
    fn what_is_not_named_stays() {
        let expected = UpdateArg {
            time_limit: Some("12h".into()),
            ..UpdateArg::of(JobId(17))
        };
        assert_eq!(body(&["-t", "12h"]), Some(expected));
        assert_eq!(body(&[]), None);
    }

    #[test]
    fn none_removes() {
        let expected = UpdateArg {
            after: Some(vec![]),
            begin: Some(String::new()),
            preemptible: Some(false),
            ..UpdateArg::of(JobId(17))
        };
        let line = [
            "--after",
            "none",
            "--begin",
            "none",
            "--preemptible",
            "false",
        ];
        assert_eq!(body(&line), Some(expected));
    }
}
