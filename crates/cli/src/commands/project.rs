//! `berth project`: who is in a project, and as what.

use berth_api::projects::{
    ListProjects, MemberArg, ProjectArg, ProjectNameArg, ProjectView, ProjectsAnswer,
    RemoveProject, SetMember, SetProject,
};
use berth_domain::Role;
use clap::Subcommand;

use super::user::role;
use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};

const EXAMPLES: &str = "\
Examples:
  berth project set vision --about 'the paper for May' --closed
  berth project add vision ana --role lead
  berth project drop vision bo

Whoever leads a project may act on its jobs and say who is in it. Only members run jobs in a closed one.
A project that nobody set up is but a word on jobs.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Those that were set up, or whose jobs run.
    List,
    /// Set one up (admins only), or change it.
    Set(Set),
    /// It is but a word on jobs again (admins only).
    Remove { project: String },
    /// Let somebody in, or make them something else.
    Add {
        project: String,
        user: String,
        #[arg(long, value_parser = role, default_value = "member")]
        role: Role,
    },
    /// Let somebody out.
    Drop { project: String, user: String },
}

#[derive(Debug, clap::Args)]
struct Set {
    project: String,
    /// What it is about.
    #[arg(long)]
    about: Option<String>,
    /// Only its members run jobs in it.
    #[arg(long, conflicts_with = "open")]
    closed: bool,
    /// Everybody may run jobs in it.
    #[arg(long)]
    open: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let berth = &session.berth;
    let member = |project: &str, user: &str, role| MemberArg {
        project: project.to_owned(),
        user: user.to_owned(),
        role,
    };
    let answer = match &args.verb {
        Verb::List => session.repeat(|| berth.call(ListProjects {})).await?,
        Verb::Set(set) => {
            let body = || ProjectArg {
                name: set.project.clone(),
                about: set.about.clone(),
                closed: (set.closed || set.open).then_some(set.closed),
            };
            session
                .repeat(|| berth.call(SetProject { body: body() }))
                .await?
        }
        Verb::Remove { project } => {
            let body = || ProjectNameArg {
                name: project.clone(),
            };
            session
                .repeat(|| berth.call(RemoveProject { body: body() }))
                .await?
        }
        Verb::Add {
            project,
            user,
            role,
        } => {
            let body = || member(project, user, Some(*role));
            session
                .repeat(|| berth.call(SetMember { body: body() }))
                .await?
        }
        Verb::Drop { project, user } => {
            let body = || member(project, user, None);
            session
                .repeat(|| berth.call(SetMember { body: body() }))
                .await?
        }
    };
    session.show(&answer, |answer| shown(answer, Width::here()))
}

fn shown(answer: &ProjectsAnswer, width: Width) -> String {
    let row = |one: &ProjectView| {
        let members = one.members.iter();
        let members: Vec<String> = members
            .map(|(name, role)| match role {
                Role::Member => name.to_string(),
                role => format!("{name} ({role})"),
            })
            .collect();
        let who = match (one.set_up, one.closed) {
            (false, _) => "not set up",
            (true, true) => "its members",
            (true, false) => "everybody",
        };
        vec![
            table::printable(&one.name),
            one.gpus.to_string(),
            who.to_owned(),
            members.join(", "),
            table::printable(&one.about),
        ]
    };
    let rows = answer.projects.iter().map(row).collect();
    let header = ["PROJECT", "GPUS", "WHO MAY RUN IN IT", "MEMBERS", "ABOUT"];
    table::plain(&header, &[1], rows, width)
}
