//! `berth user`: who may log in, and what they are.

use berth_api::people::{
    AddPerson, AddPersonArg, LinkAnswer, ListPeople, LoginLink, LoginLinkArg, PeopleAnswer,
    PersonView, SetRole, SetRoleArg,
};
use berth_domain::Role;
use clap::Subcommand;

use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth user list
  berth user invite ana.berg
  berth user role ana.berg lead

A viewer sees everything and changes nothing; a member runs jobs; a lead may also act on others' jobs
and use class critical; an admin runs the cluster.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Everybody who may log in.
    List,
    /// Add somebody, and print the link that logs them in once.
    Invite {
        name: String,
        #[arg(long, value_parser = role, default_value = "member")]
        role: Role,
    },
    /// Another link for somebody who was added before.
    Link { name: String },
    /// Make somebody something else.
    Role {
        name: String,
        #[arg(value_parser = role)]
        role: Role,
    },
}

/// For a flag.
pub fn role(text: &str) -> Result<Role, String> {
    Role::named(text).ok_or_else(|| {
        let all = Role::ALL.map(Role::as_str).join(", ");
        format!("'{text}' is no role: say one of {all}")
    })
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    match &args.verb {
        Verb::List => {
            let people = session.repeat(|| session.berth.call(ListPeople {})).await?;
            session.show(&people, listed)
        }
        Verb::Invite { name, role } => {
            let body = AddPersonArg {
                name: name.clone(),
                role: *role,
            };
            // Not repeated: whom it added the first time would be there already.
            let made = session.once(session.berth.call(AddPerson { body })).await?;
            session.show(&made, told)
        }
        Verb::Link { name } => {
            let body = LoginLinkArg { name: name.clone() };
            let made = session.once(session.berth.call(LoginLink { body })).await?;
            session.show(&made, told)
        }
        Verb::Role { name, role } => {
            let body = SetRoleArg {
                name: name.clone(),
                role: *role,
            };
            let call = || session.berth.call(SetRole { body: body.clone() });
            let people = session.repeat(call).await?;
            session.show(&people, |_| format!("{name} is {role} now."))
        }
    }
}

fn told(made: &LinkAnswer) -> String {
    format!(
        "Send this to {}: it logs one browser in, once, until {}, and is not shown again.\n{}",
        made.name,
        time::local(made.until),
        made.link
    )
}

fn listed(people: &PeopleAnswer) -> String {
    let row = |one: &PersonView| {
        vec![
            one.name.to_string(),
            one.role.to_string(),
            one.running.to_string(),
            one.waiting.to_string(),
            one.gpus.to_string(),
            one.last_seen.map_or_else(|| "-".to_owned(), time::local),
        ]
    };
    let rows = people.people.iter().map(row);
    table::plain(
        &["NAME", "ROLE", "RUNNING", "WAITING", "GPUS", "LAST SEEN"],
        &[2, 3, 4],
        rows.collect(),
        Width::here(),
    )
}
