//! `berth reserve`: GPUs kept for somebody for a time.

mod show;

use berth_api::reservations::{
    CancelReservation, CreateReservation, EndReservation, ListReservations, ReservationArg,
    ReserveArg,
};
use berth_domain::{ReservationId, ReserveRequest};
use clap::Subcommand;
use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::failure::Failure;
use crate::session::Session;
use crate::table::Width;
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth reserve create -g 8 --from \"2026-12-01 09:00\" --for 8h --note demo
  berth reserve create -g 4 --from 18:00 --for 2h --every mon,wed --until 2026-12-31 --no-show 15m
  berth reserve create --gpus node-1:0-3 --for 1h --project vision --preview
  berth reserve list
  berth reserve end 3

Until it begins others may use the GPUs if their time limit ends before. While it lasts, jobs of its
user or project run in it; there is nothing to say in `berth submit`.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Reserve GPUs for yourself or a project; admins for anybody.
    Create(Box<Create>),
    /// What is reserved, the next first.
    List(List),
    /// It does not come any more; what is under way is given back.
    Cancel(One),
    /// Give back what is left of the one that is under way.
    End(One),
}

#[derive(Debug, clap::Args)]
struct One {
    #[arg(value_name = "ID")]
    id: ReservationId,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Each time in the days to come, also what became of those that are over.
    #[arg(long)]
    times: bool,
    /// From when on. Default: now.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Up to when. Default: 31 days later.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Create {
    /// How many GPUs: in all, or on each of -N nodes.
    #[arg(short = 'g', value_name = "N", required_unless_present = "exact")]
    gpus: Option<i64>,
    /// On so many nodes.
    #[arg(short = 'N', long, value_name = "N")]
    nodes: Option<i64>,
    /// All on this node.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Exactly these GPUs, for example node-1:0-3,6; once for each node.
    #[arg(long = "gpus", value_name = "NODE:INDICES", conflicts_with = "gpus")]
    exact: Vec<String>,
    /// When it begins: +2h, 18:00, \"2026-12-01 09:00\". Default: now.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// How long it lasts: 8h, 90m, 2d.
    #[arg(long = "for", value_name = "TIME", required_unless_present = "to")]
    length: Option<String>,
    /// When it ends, instead of --for.
    #[arg(long, value_name = "TIME", conflicts_with = "length")]
    to: Option<String>,
    /// For this user.
    #[arg(long, value_name = "NAME", conflicts_with = "project")]
    user: Option<String>,
    /// For the jobs of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Again every `day`, or on days of the week: mon,wed.
    #[arg(long, value_name = "DAYS", value_delimiter = ',')]
    every: Vec<String>,
    /// The last date on which it comes again.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// The time zone whose clock it follows, for example Europe/Berlin. Default: this machine's.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Release it when nobody came so long after its start.
    #[arg(long, value_name = "TIME")]
    no_show: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Change this reservation instead of making another.
    #[arg(long, value_name = "ID")]
    replace: Option<ReservationId>,
    /// Only say whose start it would change.
    #[arg(long)]
    preview: bool,
}

impl Create {
    fn body(&self, now: &Zoned) -> Result<ReserveArg, Failure> {
        let at = |text: &Option<String>| {
            let read = text.as_deref().map(|text| time::moment(text, now));
            read.transpose().map_err(Failure::Usage)
        };
        let zone = match (&self.zone, self.every.is_empty()) {
            (None, false) => Some(zone_of(now)?),
            (zone, _) => zone.clone(),
        };
        let reservation = ReserveRequest {
            user: self.user.clone(),
            project: self.project.clone(),
            gpus: self.gpus,
            nodes: self.nodes,
            node: self.node.clone(),
            exact: self.exact.clone(),
            start: at(&self.from)?,
            end: at(&self.to)?,
            length: self.length.clone(),
            every: self.every.clone(),
            zone,
            until: self.until.clone(),
            no_show: self.no_show.clone(),
            note: self.note.clone(),
        };
        Ok(ReserveArg {
            reservation,
            preview: self.preview,
            replace: self.replace,
        })
    }
}

/// The name of this machine's time zone.
fn zone_of(now: &Zoned) -> Result<String, Failure> {
    let zone = now.time_zone();
    if *zone == TimeZone::UTC {
        return Ok("UTC".to_owned());
    }
    let name = zone.iana_name().filter(|_| !zone.is_unknown());
    name.map(str::to_owned).ok_or_else(|| {
        let why = "this machine does not say its time zone: add --zone, for example \
                   --zone Europe/Berlin";
        Failure::Usage(why.to_owned())
    })
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let now = Zoned::now();
    match &args.verb {
        Verb::Create(create) => {
            let body = create.body(&now)?;
            let answer = session
                .once(session.berth.call(CreateReservation { body }))
                .await?;
            session.show(&answer, |answer| show::created(answer, now.timestamp()))
        }
        Verb::List(list) => {
            let at = |text: &Option<String>| {
                let read = text.as_deref().map(|text| time::moment(text, &now));
                read.transpose().map_err(Failure::Usage)
            };
            let (from, to) = (at(&list.from)?, at(&list.to)?);
            let call = || {
                session.berth.call(ListReservations {
                    from: from.clone(),
                    to: to.clone(),
                })
            };
            let answer = session.repeat(call).await?;
            session.show(&answer, |answer| {
                show::listed(answer, list.times, now.timestamp(), Width::here())
            })
        }
        Verb::Cancel(one) => {
            let body = ReservationArg { id: one.id };
            let call = session.berth.call(CancelReservation { body });
            let answer = session.once(call).await?;
            session.show(&answer, |answer| {
                format!("Cancelled reservation {}", answer.reservation.id)
            })
        }
        Verb::End(one) => {
            let body = ReservationArg { id: one.id };
            let call = session.berth.call(EndReservation { body });
            let answer = session.once(call).await?;
            session.show(&answer, |answer| {
                format!(
                    "Gave back what was left of reservation {}",
                    answer.reservation.id
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{self, Cli};

    fn body(line: &[&str]) -> Result<ReserveArg, String> {
        let words = ["berth", "reserve", "create"].iter().chain(line);
        let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
        let args::Verb::Reserve(Args {
            verb: Verb::Create(create),
        }) = cli.verb
        else {
            return Err("another verb".to_owned());
        };
        let now: Zoned = "2026-11-24T12:00:00+00:00[UTC]".parse().unwrap();
        create.body(&now).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_line_becomes_a_request() {
        let line = [
            "-g",
            "8",
            "--from",
            "2026-12-01 09:00",
            "--for",
            "8h",
            "--every",
            "mon,wed",
            "--no-show",
            "15m",
            "--preview",
        ];
        let arg = body(&line).unwrap();
        assert!(arg.preview);
        let request = arg.reservation;
        assert_eq!(request.start.as_deref(), Some("2026-12-01T09:00:00Z"));
        assert_eq!(request.every, ["mon", "wed"]);
        assert_eq!(request.zone.as_deref(), Some("UTC"));
        assert_eq!(
            (request.gpus, request.length.as_deref()),
            (Some(8), Some("8h"))
        );
        let exact = body(&[
            "--gpus",
            "node-1:0-3",
            "--gpus",
            "node-2:0",
            "--to",
            "18:00",
        ]);
        let exact = exact.unwrap().reservation;
        assert_eq!(exact.exact, ["node-1:0-3", "node-2:0"]);
        assert_eq!((exact.zone, exact.start), (None, None));
    }

    #[test]
    fn what_is_missing_or_too_much_is_said() {
        for line in [
            &["--for", "1h"][..],
            &["-g", "1"],
            &["-g", "1", "--for", "1h", "--to", "18:00"],
            &["-g", "1", "--gpus", "node-1:0", "--for", "1h"],
            &["-g", "1", "--for", "1h", "--user", "a", "--project", "b"],
            &["-g", "1", "--for", "1h", "--from", "tomorrow"],
        ] {
            assert!(body(line).is_err(), "{line:?}");
        }
    }
}
