//! `berth quota`: what users and projects may hold and use: GPUs at once, GPU-hours in a period, shares.

use berth_api::quotas::{
    GetQuotas, HoursView, Limit, LimitKind, QuotaArg, QuotaView, QuotasAnswer, SetQuota,
};
use berth_domain::{Budget, Period};
use clap::{Subcommand, ValueEnum};

use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};

const EXAMPLES: &str = "\
Examples:
  berth quota show
  berth quota set --default -g 8
  berth quota set --user ana -g 16
  berth quota set --project vision -g 4 --hard
  berth quota set --project vision --gpu-hours 2000 --per month
  berth quota set --user ana --unlimited --of gpu-hours
  berth quota set --project vision --shares 3
  berth audit --act set_quota --all                  # who changed which

A quota binds while somebody else waits; what is left over may be borrowed. A hard one binds always. Days,
weeks and months begin at 00:00 UTC.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Who may hold how much, and does.
    Show,
    /// Set a quota (admins only).
    Set(Set),
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    limit: Allow,
    /// The period of --gpu-hours.
    #[arg(
        long,
        value_name = "PERIOD",
        default_value = "month",
        conflicts_with_all = ["gpus", "shares", "unlimited", "reset"]
    )]
    per: Per,
    /// What there is no limit of, or what is reset.
    #[arg(long, value_name = "WHAT", default_value = "gpus", conflicts_with_all = ["gpus", "gpu_hours", "shares"])]
    of: Kind,
    /// A cap: nothing beyond it, even while GPUs idle.
    #[arg(long, conflicts_with_all = ["unlimited", "reset", "shares"])]
    hard: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// Of this user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Of every user that is not named.
    #[arg(long)]
    default: bool,
    /// Of every project that is not named.
    #[arg(long)]
    default_project: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Allow {
    /// So many GPUs at once.
    #[arg(short = 'g', long, value_name = "N", allow_negative_numbers = true)]
    gpus: Option<i64>,
    /// So many GPU-hours in each period.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    gpu_hours: Option<i64>,
    /// So many parts of what all have together, for fair share; 1 where nothing is set.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    shares: Option<i64>,
    /// As many as they like.
    #[arg(long)]
    unlimited: bool,
    /// What everybody has; with --default: no quota.
    #[arg(long)]
    reset: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Per {
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Gpus,
    GpuHours,
    Shares,
}

impl Set {
    fn body(&self) -> QuotaArg {
        let every = match (self.whose.default, self.whose.default_project) {
            (true, _) => Some("user".to_owned()),
            (_, true) => Some("project".to_owned()),
            _ => None,
        };
        QuotaArg {
            user: self.whose.user.clone(),
            project: self.whose.project.clone(),
            every,
            gpus: self.limit.gpus,
            gpu_hours: self.limit.gpu_hours,
            shares: self.limit.shares,
            unlimited: self.limit.unlimited,
            reset: self.limit.reset,
            of: (self.limit.unlimited || self.limit.reset).then_some(match self.of {
                Kind::Gpus => LimitKind::Gpus,
                Kind::GpuHours => LimitKind::GpuHours,
                Kind::Shares => LimitKind::Shares,
            }),
            period: self.limit.gpu_hours.map(|_| match self.per {
                Per::Day => Period::Day,
                Per::Week => Period::Week,
                Per::Month => Period::Month,
            }),
            hard: self.hard,
        }
    }
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let answer = match &args.verb {
        Verb::Show => session.repeat(|| session.berth.call(GetQuotas {})).await?,
        Verb::Set(set) => {
            let call = || session.berth.call(SetQuota { body: set.body() });
            session.repeat(call).await?
        }
    };
    session.show(&answer, |answer| shown(answer, Width::here()))
}

fn shown(answer: &QuotasAnswer, width: Width) -> String {
    let everybody = |name: &str, limit, budget, shares: u32| QuotaView {
        name: name.to_owned(),
        limit,
        budget,
        shares,
        ..QuotaView::default()
    };
    let every = [
        everybody(
            "every user",
            answer.user,
            answer.user_budget,
            answer.user_shares,
        ),
        everybody(
            "every project",
            answer.project,
            answer.project_budget,
            answer.project_shares,
        ),
    ];
    let row = |name: String, one: &QuotaView, held: String| {
        let set = one.named || one.budget_named || one.shares_named;
        vec![
            table::printable(&name),
            held,
            words(one.limit),
            one.budget
                .map_or_else(|| "any number".to_owned(), of_period),
            one.spent.map_or_else(String::new, used),
            one.spent.map_or_else(String::new, outlook),
            one.shares.to_string(),
            if set { "set" } else { "" }.to_owned(),
        ]
    };
    let users = answer.users.iter().map(|one| (one.name.clone(), one));
    let projects = answer.projects.iter();
    let projects = projects.map(|one| (format!("project {}", one.name), one));
    let named = users
        .chain(projects)
        .map(|(name, one)| row(name, one, one.held.to_string()));
    let every = every
        .iter()
        .map(|one| row(one.name.clone(), one, String::new()));
    let rows: Vec<Vec<String>> = every.chain(named).collect();
    let heads = [
        "WHO",
        "HOLDS",
        "MAY HOLD",
        "GPU-HOURS",
        "USED",
        "AT THIS PACE",
        "SHARES",
        "",
    ];
    table::plain(&heads, &[1, 4, 6], rows, width)
}

fn words(limit: Option<Limit>) -> String {
    match limit {
        None => "any number".to_owned(),
        Some(Limit { gpus, hard: true }) => format!("{gpus}, never more"),
        Some(Limit { gpus, hard: false }) => format!("{gpus}, more while nobody waits"),
    }
}

/// `2000 a month, never more`.
fn of_period(budget: Budget) -> String {
    let more = if budget.hard {
        "never more"
    } else {
        "more while nobody waits"
    };
    format!("{} a {}, {more}", budget.gpu_hours, budget.period.as_str())
}

fn used(spent: HoursView) -> String {
    format!("{:.1}", spent.used_gpu_hours)
}

/// When it is used up, or what the period comes to.
fn outlook(spent: HoursView) -> String {
    let at = |at: berth_domain::Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    match (spent.is_spent, spent.runs_out_at, spent.at_end_gpu_hours) {
        (true, _, _) => format!("used up until {}", at(spent.until)),
        (false, Some(out), _) => format!("used up {}", at(out)),
        (false, None, Some(end)) => format!("{end:.0} by {}", at(spent.until)),
        (false, None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{self, Cli};

    fn body(line: &[&str]) -> Option<QuotaArg> {
        let words = ["berth", "quota", "set"].iter().chain(line);
        let cli = Cli::try_parse_from(words).ok()?;
        match cli.verb {
            args::Verb::Quota(Args {
                verb: Verb::Set(set),
            }) => Some(set.body()),
            _ => None,
        }
    }

    #[test]
    fn whose_and_how_much() {
        let hard = body(&["--user", "ana", "-g", "8", "--hard"]).unwrap();
        assert_eq!(
            (hard.user.as_deref(), hard.gpus, hard.hard),
            (Some("ana"), Some(8), true)
        );
        assert_eq!(
            body(&["--default", "-g", "8"]).unwrap().every.as_deref(),
            Some("user")
        );
        assert!(body(&["--default-project", "--reset"]).unwrap().reset);
        for wrong in [
            &["-g", "8"][..],
            &["--user", "ana"],
            &["--user", "ana", "--default", "-g", "8"],
            &["--user", "ana", "-g", "8", "--unlimited"],
            &["--user", "ana", "--unlimited", "--hard"],
        ] {
            assert_eq!(body(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn hours_and_shares() {
        let hours = body(&[
            "--project",
            "vision",
            "--gpu-hours",
            "2000",
            "--per",
            "week",
        ])
        .unwrap();
        assert_eq!(
            (hours.gpu_hours, hours.period, hours.gpus, hours.of),
            (Some(2000), Some(Period::Week), None, None)
        );
        let month = body(&["--default", "--gpu-hours", "5", "--hard"]).unwrap();
        assert_eq!((month.period, month.hard), (Some(Period::Month), true));
        let shares = body(&["--project", "vision", "--shares", "3"]).unwrap();
        assert_eq!((shares.shares, shares.period), (Some(3), None));
        let none = body(&["--user", "ana", "--unlimited", "--of", "gpu-hours"]).unwrap();
        assert_eq!((none.unlimited, none.of), (true, Some(LimitKind::GpuHours)));
        for wrong in [
            &["--user", "ana", "--per", "day", "-g", "8"][..],
            &["--user", "ana", "--gpu-hours", "8", "-g", "8"],
            &["--user", "ana", "--shares", "8", "--hard"],
            &["--user", "ana", "-g", "8", "--of", "shares"],
            &["--user", "ana", "--gpu-hours", "8", "--per", "year"],
        ] {
            assert_eq!(body(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_table_says_who_may_hold_what() {
        let limit = |gpus, hard| Some(Limit { gpus, hard });
        let at = |text: &str| text.parse().unwrap();
        let ana = QuotaView {
            name: "ana".to_owned(),
            limit: limit(16, true),
            named: true,
            held: 3,
            budget: Some(Budget {
                gpu_hours: 500,
                period: Period::Month,
                hard: false,
            }),
            spent: Some(HoursView {
                used_gpu_hours: 250.0,
                coming_gpu_hours: 3.0,
                at_end_gpu_hours: Some(750.0),
                runs_out_at: Some(at("2026-11-21T00:00:00Z")),
                since: at("2026-11-01T00:00:00Z"),
                until: at("2026-12-01T00:00:00Z"),
                is_spent: false,
            }),
            shares: 2,
            ..QuotaView::default()
        };
        let answer = QuotasAnswer {
            user: limit(8, false),
            user_shares: 1,
            project_shares: 1,
            users: vec![ana],
            ..QuotasAnswer::default()
        };
        let expected = "\
WHO            HOLDS  MAY HOLD                    GPU-HOURS                              USED  AT THIS PACE                  SHARES
every user            8, more while nobody waits  any number                                                                      1
every project         any number                  any number                                                                      1
ana                3  16, never more              500 a month, more while nobody waits  250.0  used up 2026-11-21 00:00 UTC       2  set
";
        assert_eq!(shown(&answer, Width::Whole), expected);
    }
}
