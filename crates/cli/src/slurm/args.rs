//! Which of Slurm's commands is meant.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{Name, links, sacct, salloc, sbatch, scancel, scontrol, sinfo, squeue, srun, sshare};
use crate::failure::Failure;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth slurm links ~/bin          then sbatch, squeue and the others are there
  berth slurm sbatch --gres=gpu:1 train.sh
  berth slurm squeue --me

What is the same as in Slurm and what is not: docs/slurm.md.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put links into a folder, so that sbatch, squeue and the others are commands.
    Links {
        /// A folder of your PATH.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Also where Slurm's own commands are found, which the links would hide.
        #[arg(long)]
        force: bool,
    },
    /// Queue a script.
    #[command(disable_help_flag = true)]
    Sbatch(Words),
    /// Run a command on GPUs and wait for it.
    #[command(disable_help_flag = true)]
    Srun(Words),
    /// Work on GPUs in a terminal.
    #[command(disable_help_flag = true)]
    Salloc(Words),
    /// List jobs that wait or run.
    #[command(disable_help_flag = true)]
    Squeue(Words),
    /// End jobs.
    #[command(disable_help_flag = true)]
    Scancel(Words),
    /// List nodes.
    #[command(disable_help_flag = true)]
    Sinfo(Words),
    /// List jobs of some time, also those that are over.
    #[command(disable_help_flag = true)]
    Sacct(Words),
    /// Look at jobs and nodes closely, and change them.
    #[command(disable_help_flag = true)]
    Scontrol(Words),
    /// Who used how much of late.
    #[command(disable_help_flag = true)]
    Sshare(Words),
}

/// Everything after the command's name is for the command.
#[derive(Debug, clap::Args)]
pub struct Words {
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    words: Vec<String>,
}

impl Args {
    /// What this program was called as, with its words.
    pub fn called(name: Name, words: Vec<String>) -> Self {
        let words = Words { words };
        let command = match name {
            Name::Sbatch => Command::Sbatch(words),
            Name::Srun => Command::Srun(words),
            Name::Salloc => Command::Salloc(words),
            Name::Squeue => Command::Squeue(words),
            Name::Scancel => Command::Scancel(words),
            Name::Sinfo => Command::Sinfo(words),
            Name::Sacct => Command::Sacct(words),
            Name::Scontrol => Command::Scontrol(words),
            Name::Sshare => Command::Sshare(words),
        };
        Args { command }
    }
}

pub async fn run(session: &Session, args: Args) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Links { folder, force } => links::run(&folder, force),
        Command::Sbatch(one) => sbatch::run(session, one.words).await,
        Command::Srun(one) => srun::run(session, one.words).await,
        Command::Salloc(one) => salloc::run(session, one.words).await,
        Command::Squeue(one) => squeue::run(session, one.words).await,
        Command::Scancel(one) => scancel::run(session, one.words).await,
        Command::Sinfo(one) => sinfo::run(session, one.words).await,
        Command::Sacct(one) => sacct::run(session, one.words).await,
        Command::Scontrol(one) => scontrol::run(session, one.words).await,
        Command::Sshare(one) => sshare::run(session, one.words).await,
    }
}
