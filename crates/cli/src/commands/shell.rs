//! `berth shell`: a terminal on leased GPUs.

use std::process::ExitCode;

use berth_domain::SubmitRequest;

use super::attach;
use super::job_args::{self, SettingArgs};
use super::run::{follow_state, interrupts};
use crate::failure::Failure;
use crate::output::note;
use crate::session::Session;
use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  berth shell -g 1
  berth shell -g 2 -t 2h -- ipython

It waits in the queue like every job, for 8 hours at most unless -t says otherwise. Leaving the shell
(exit) ends the job and frees its GPUs. Ctrl-b d leaves the job running; `berth attach ID` takes it
up again, also after a lost connection. Ctrl-C while it waits cancels it.";

/// Whoever runs jobs on the node has a shell; if not, there is always this one.
const SHELL: [&str; 3] = ["sh", "-c", "exec \"${SHELL:-/bin/sh}\""];

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    setting: SettingArgs,
    /// What to run instead of a shell.
    #[arg(trailing_var_arg = true, value_name = "CMD")]
    command: Vec<String>,
}

impl Args {
    #[cfg(test)]
    fn complete(self, request: SubmitRequest) -> SubmitRequest {
        interactive(request, self.command)
    }
}

fn interactive(request: SubmitRequest, command: Vec<String>) -> SubmitRequest {
    let is_shell = command.is_empty();
    SubmitRequest {
        name: request.name.or(is_shell.then(|| "shell".to_owned())),
        command: if is_shell {
            SHELL.map(str::to_owned).to_vec()
        } else {
            command
        },
        interactive: true,
        ..request
    }
}

pub async fn run(session: &Session, args: Args) -> Result<ExitCode, Failure> {
    terminal::need("shell", "berth run -g 1 -- COMMAND")?;
    let setting = job_args::setting(session, args.setting).await?;
    open(session, setting, args.command).await
}

/// Submits it with a terminal, and shows that as soon as it runs.
pub async fn open(
    session: &Session,
    request: SubmitRequest,
    command: Vec<String>,
) -> Result<ExitCode, Failure> {
    terminal::need("shell", "berth run -g 1 -- COMMAND")?;
    let request = interactive(request, command);
    let answer = job_args::submit(session, &request).await?;
    let id = answer.job.id;
    note(&format!("submitted job {id}."));
    let job = tokio::select! {
        job = attach::until_running(session, id) => job?,
        () = follow_state(session, id) => return Err(attach::lost_sight(id)),
        left = interrupts(session, id) => return left,
    };
    attach::show(session, &job, 0).await
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Verb};

    fn parse(line: &[&str]) -> SubmitRequest {
        let cli = Cli::try_parse_from(["berth", "shell"].iter().chain(line)).unwrap();
        let Verb::Shell(args) = cli.verb else {
            panic!("another verb");
        };
        args.complete(SubmitRequest::default())
    }

    #[test]
    fn a_shell_unless_something_else_is_said() {
        let shell = parse(&["-g", "1"]);
        assert!(shell.interactive);
        assert_eq!(shell.name.as_deref(), Some("shell"));
        assert_eq!(shell.command, SHELL);
        let other = parse(&["-g", "2", "--", "ipython", "-i"]);
        assert_eq!((other.name, other.interactive), (None, true));
        assert_eq!(other.command, ["ipython", "-i"]);
    }
}
