//! `salloc`: work on GPUs in a terminal. The shell is on the node, where Slurm's may be on this machine.

use std::process::ExitCode;

use berth_domain::SubmitRequest;

use super::flags::JobFlags;
use super::submit;
use crate::commands::shell;
use crate::failure::Failure;
use crate::output::note;
use crate::session::Session;

/// Get GPUs and a shell on them.
#[derive(Debug, clap::Parser)]
#[command(
    name = "salloc",
    version,
    infer_long_args = true,
    args_override_self = true
)]
pub struct Args {
    #[command(flatten)]
    flags: JobFlags,
    #[arg(long, hide = true)]
    no_shell: bool,
    #[arg(long, hide = true)]
    bell: bool,
    #[arg(long, hide = true)]
    no_bell: bool,
    #[arg(short = 'K', long, num_args = 0..=1, require_equals = true, default_missing_value = "TERM", hide = true)]
    kill_command: Option<String>,
    /// What to run there instead of a shell.
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("salloc", &words);
    if args.no_shell {
        return Err(Failure::Usage(
            "--no-shell: GPUs are held by what runs on them; keep them for a time with `berth reserve`."
                .to_owned(),
        ));
    }
    let (request, _) = submit::request(session, &args.flags).await?;
    if !args.command.is_empty() && !args.flags.quiet {
        note("the command runs on the node, not on this machine.");
    }
    open(session, request, args.command).await
}

/// Opens a terminal there.
pub async fn open(
    session: &Session,
    request: SubmitRequest,
    command: Vec<String>,
) -> Result<ExitCode, Failure> {
    let name = request.name.clone().or(Some("interactive".to_owned()));
    let request = SubmitRequest { name, ..request };
    shell::open(session, request, command).await
}
