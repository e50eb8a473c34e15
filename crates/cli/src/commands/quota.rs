//! `berth quota`: how many GPUs users and projects may hold at once.

use berth_api::quotas::{GetQuotas, Limit, QuotaArg, QuotaView, QuotasAnswer, SetQuota};
use clap::Subcommand;

use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};

const EXAMPLES: &str = "\
Examples:
  berth quota show
  berth quota set --default -g 8
  berth quota set --user ana -g 16
  berth quota set --project vision -g 4 --hard

A quota binds while somebody else waits; what is left over may be borrowed. A hard one binds always.";

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
    /// A cap: nothing beyond it, even while GPUs idle.
    #[arg(long, conflicts_with_all = ["unlimited", "reset"])]
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
    /// As many as they like.
    #[arg(long)]
    unlimited: bool,
    /// What everybody has; with --default: no quota.
    #[arg(long)]
    reset: bool,
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
            unlimited: self.limit.unlimited,
            reset: self.limit.reset,
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
    let everybody = |name: &str, limit: Option<Limit>| {
        vec![name.to_owned(), String::new(), words(limit), String::new()]
    };
    let one = |kind: &str, one: &QuotaView| {
        vec![
            table::printable(&format!("{kind}{}", one.name)),
            one.held.to_string(),
            words(one.limit),
            if one.named { "set" } else { "" }.to_owned(),
        ]
    };
    let mut rows = vec![
        everybody("every user", answer.user),
        everybody("every project", answer.project),
    ];
    rows.extend(answer.users.iter().map(|user| one("", user)));
    rows.extend(
        answer
            .projects
            .iter()
            .map(|project| one("project ", project)),
    );
    table::plain(&["WHO", "HOLDS", "MAY HOLD", ""], &[1], rows, width)
}

fn words(limit: Option<Limit>) -> String {
    match limit {
        None => "any number".to_owned(),
        Some(Limit { gpus, hard: true }) => format!("{gpus}, never more"),
        Some(Limit { gpus, hard: false }) => format!("{gpus}, more while nobody waits"),
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
    fn the_table_says_who_may_hold_what() {
        let limit = |gpus, hard| Some(Limit { gpus, hard });
        let ana = QuotaView {
            name: "ana".to_owned(),
            limit: limit(16, true),
            named: true,
            held: 3,
        };
        let answer = QuotasAnswer {
            user: limit(8, false),
            project: None,
            users: vec![ana],
            projects: vec![],
        };
        let expected = "\
WHO            HOLDS  MAY HOLD
every user            8, more while nobody waits
every project         any number
ana                3  16, never more              set
";
        assert_eq!(shown(&answer, Width::Whole), expected);
    }
}
