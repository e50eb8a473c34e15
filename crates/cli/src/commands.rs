//! One file a verb.

pub mod adopt;
pub mod agent;
pub mod alerts;
pub mod ask;
pub mod at;
pub mod attach;
pub mod audit;
pub mod campaign;
pub mod change;
pub mod completions;
pub mod cordon;
mod detect;
pub mod export;
pub mod history;
mod id;
pub mod import;
pub mod job_args;
pub mod login;
pub mod logs;
pub mod man;
pub mod mcp;
pub mod r#move;
pub mod nodes;
pub mod notify;
pub mod policy;
pub mod project;
pub mod queue;
pub mod quota;
pub mod reserve;
pub mod run;
pub mod shell;
pub mod show;
pub mod spec_args;
pub mod submit;
pub mod sweep;
pub mod token;
pub mod top;
mod unknown;
pub mod update;
pub mod usage;
pub mod user;
pub mod whoami;
pub mod why;

use std::process::ExitCode;

use crate::args::Verb;
use crate::failure::Failure;
use crate::session::Session;

pub async fn run(verb: Verb, session: &Session) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Submit(args) => submit::run(session, *args).await?,
        Verb::Sweep(args) => sweep::run(session, *args).await?,
        Verb::Run(args) => return run::run(session, *args).await,
        Verb::Shell(args) => return shell::run(session, *args).await,
        Verb::Attach(args) => return attach::run(session, &args).await,
        Verb::Queue(args) => queue::run(session, args).await?,
        Verb::History(args) => history::run(session, &args).await?,
        Verb::Show(args) => show::run(session, &args).await?,
        Verb::Why(args) => why::run(session, &args).await?,
        Verb::Logs(args) => logs::run(session, &args).await?,
        Verb::Cancel(args) => return Ok(change::run(session, change::Change::Cancel, &args).await),
        Verb::Hold(args) => return Ok(change::run(session, change::Change::Hold, &args).await),
        Verb::Release(args) => {
            return Ok(change::run(session, change::Change::Release, &args).await);
        }
        Verb::Requeue(args) => {
            return Ok(change::run(session, change::Change::Requeue, &args).await);
        }
        Verb::Move(args) => r#move::run(session, &args).await?,
        Verb::Update(args) => update::run(session, *args).await?,
        Verb::Nodes(args) => nodes::run(session, &args).await?,
        Verb::Top(args) => top::run(session, &args).await?,
        Verb::Cordon(args) => cordon::cordon(session, &args, false).await?,
        Verb::Drain(args) => cordon::cordon(session, &args, true).await?,
        Verb::Uncordon(args) => cordon::uncordon(session, &args).await?,
        Verb::Campaign(args) => campaign::run(session, &args).await?,
        Verb::Alerts(args) => alerts::list(session, &args).await?,
        Verb::Alert(args) => alerts::one(session, &args).await?,
        Verb::Adopt(args) => adopt::run(session, &args).await?,
        Verb::Agent(args) => agent::run(session, &args).await?,
        Verb::Notify(args) => notify::run(session, &args).await?,
        Verb::Audit(args) => audit::run(session, &args).await?,
        Verb::Usage(args) => usage::run(session, &args).await?,
        Verb::At(args) => at::run(session, &args).await?,
        Verb::Policy(args) => policy::run(session, &args).await?,
        Verb::Reserve(args) => reserve::run(session, &args).await?,
        Verb::Quota(args) => quota::run(session, &args).await?,
        Verb::Project(args) => project::run(session, &args).await?,
        Verb::User(args) => user::run(session, &args).await?,
        Verb::Token(args) => token::run(session, &args).await?,
        Verb::Import(args) => return import::run(session, &args).await,
        Verb::Export(args) => export::run(session, &args).await?,
        Verb::Ask(args) => return ask::run(session, &args).await,
        Verb::Whoami => whoami::run(session).await?,
        Verb::Mcp => mcp::run(session).await?,
        // Before there is a session.
        Verb::Login(_) | Verb::Logout => {}
        Verb::Slurm(args) => return crate::slurm::run(session, args).await,
        Verb::Man(args) => man::run(&args)?,
        Verb::Completions(args) => return Ok(completions::run(&args)),
    }
    Ok(ExitCode::SUCCESS)
}
