//! `berth token`: your API tokens.

use berth_api::tokens::{
    CreateToken, ListTokens, NewTokenArg, RevokeToken, TokenArg, TokenView, TokensAnswer,
};
use berth_domain::Role;
use clap::Subcommand;

use super::user::role;
use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth token create notebook --lasts 90d
  berth token create grafana --role viewer      # one that only reads
  berth token list
  berth token revoke 3f9c01ab22de";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Yours, with when each was used last.
    List {
        /// Everybody's (admins only).
        #[arg(long)]
        all: bool,
    },
    /// Make one. It is printed once: only its hash is kept.
    Create {
        /// What it is for.
        label: String,
        /// How long it is good: 90d. Default: until it is revoked.
        #[arg(long, value_name = "TIME")]
        lasts: Option<String>,
        /// What whoever shows it may be at most.
        #[arg(long, value_parser = role)]
        role: Option<Role>,
    },
    /// End one, at once.
    Revoke { id: String },
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    match &args.verb {
        Verb::List { all } => {
            let call = || session.berth.call(ListTokens { all: Some(*all) });
            let answer = session.repeat(call).await?;
            session.show(&answer, listed)
        }
        Verb::Create { label, lasts, role } => {
            let body = NewTokenArg {
                label: label.clone(),
                lasts: lasts.clone(),
                role: *role,
            };
            // Not repeated: each try would make another.
            let made = session
                .once(session.berth.call(CreateToken { body }))
                .await?;
            session.show(&made, |made| made.token.clone())
        }
        Verb::Revoke { id } => {
            let body = TokenArg { id: id.clone() };
            let answer = session
                .once(session.berth.call(RevokeToken { body }))
                .await?;
            session.show(&answer, |_| format!("Revoked {id}."))
        }
    }
}

fn listed(answer: &TokensAnswer) -> String {
    let moment = |at: Option<_>, none: &str| at.map_or_else(|| none.to_owned(), time::local);
    let row = |one: &TokenView| {
        vec![
            one.id.clone(),
            one.user.to_string(),
            table::printable(&one.label),
            one.role.map_or("all", Role::as_str).to_owned(),
            time::local(one.created),
            moment(one.expires, "never"),
            moment(one.used, "never"),
        ]
    };
    let header = ["ID", "USER", "FOR", "MAY", "MADE", "EXPIRES", "USED"];
    let rows = answer.tokens.iter().map(row).collect();
    table::plain(&header, &[], rows, Width::here())
}
