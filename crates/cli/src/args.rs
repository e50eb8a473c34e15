//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    adopt, agent, alerts, ask, at, attach, audit, campaign, change, completions, cordon, export,
    history, import, login, logs, man, r#move, nodes, notify, policy, project, queue, quota,
    reserve, run, shell, show, submit, sweep, token, top, update, usage, user, why,
};
use crate::{connect, slurm};

const EXAMPLES: &str = "\
Examples:
  berth submit -g 4 -t 6h -- python train.py --lr 3e-4
  berth run -g 1 -- nvidia-smi
  berth shell -g 1
  berth queue --all
  berth logs -f 17
  berth move 17 --top

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 server unreachable; `berth run` ends with the job's own.
The server is found by --url, BERTH_URL, or what the server on this host wrote into its data folder;
the token by --token-file, BERTH_TOKEN, or the same folder.";

/// Submit jobs to the GPUs you share, and watch them.
#[derive(Debug, Parser)]
#[command(name = "berth", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub connection: connect::Flags,
    /// Print the server's answer as JSON.
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// One of Slurm's commands, whose words it reads itself.
    pub fn slurm(name: slurm::Name, words: Vec<String>) -> Self {
        Cli {
            connection: connect::Flags::from_env(),
            json: false,
            verb: Verb::Slurm(slurm::Args::called(name, words)),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Queue a command and print its job number.
    Submit(Box<submit::Args>),
    /// Queue a command once for each combination of parameters.
    Sweep(Box<sweep::Args>),
    /// Submit, follow the log, and exit with the job's code.
    Run(Box<run::Args>),
    /// Work on GPUs in a terminal, which `berth attach` takes up again.
    Shell(Box<shell::Args>),
    /// Look at the terminal of a running job.
    Attach(attach::Args),
    /// List jobs: yours that are waiting or running, unless asked otherwise.
    Queue(queue::Args),
    /// Jobs that are over, and what came of them.
    History(history::Args),
    /// Everything about a job.
    Show(show::Args),
    /// Say why a job waits, when it should start, and what would let it start sooner.
    Why(why::Args),
    /// Print what a job's command wrote.
    Logs(logs::Args),
    /// End jobs: a running one gets SIGTERM, some seconds, SIGKILL.
    Cancel(change::Args),
    /// Keep queued jobs from starting.
    Hold(change::Args),
    /// Queue held jobs.
    Release(change::Args),
    /// Change a waiting job's place in the queue.
    Move(r#move::Args),
    /// Change a job's limits, name or size.
    Update(Box<update::Args>),
    /// Stop running jobs and queue them again, or queue finished ones again.
    Requeue(change::Args),
    /// The nodes, their GPUs, and who holds them.
    Nodes(nodes::Args),
    /// The GPUs and the queue on a live page of the terminal.
    Top(top::Args),
    /// Give a node or a GPU no new jobs (admins only).
    Cordon(cordon::Args),
    /// The same, to wait for what runs there to end.
    Drain(cordon::Args),
    /// Give it jobs again.
    Uncordon(cordon::Uncordoned),
    /// Have Berth find the best values of a job's parameters within a budget.
    Campaign(Box<campaign::Args>),
    /// What is wrong: with a job, a GPU, a node, the queue.
    Alerts(alerts::Args),
    /// Answer an alert.
    Alert(alerts::One),
    /// Make a process that runs outside the queue a job.
    Adopt(adopt::Args),
    /// Programs that act for people, the rules that Berth follows by itself, and what they did.
    Agent(agent::Args),
    /// What you are told, and where: by mail, Slack, or a webhook.
    Notify(notify::Args),
    /// How many GPU-hours were held, busy and working, by user, project, node or job.
    Usage(usage::Args),
    /// Who did what, by which door, and what was before and after.
    Audit(audit::Args),
    /// The cluster and its queue at a time that is over: who held what, and why others waited.
    At(at::Args),
    /// Which policy orders the queue, what another would do, and changing it.
    Policy(policy::Args),
    /// Keep GPUs for somebody for a time.
    Reserve(reserve::Args),
    /// What users and projects may hold and use: GPUs at once, GPU-hours, shares.
    Quota(quota::Args),
    /// Who is in a project, and as what.
    Project(project::Args),
    /// Who may log in, and what they are.
    User(user::Args),
    /// Keep a token for a server elsewhere.
    Login(login::Args),
    /// Forget it here.
    Logout,
    /// Your API tokens.
    Token(token::Args),
    /// Make reservations of the sheet in which GPUs were booked (admins only).
    Import(import::Args),
    /// Write everything that Berth knows into files: CSV or JSON Lines.
    Export(export::Args),
    /// Ask the assistant, which looks, answers and, with your leave, acts.
    Ask(ask::Args),
    /// Who you are for the server.
    Whoami,
    /// Serve an AI agent that starts this command: the Model Context Protocol on stdin and stdout.
    Mcp,
    /// Slurm's commands, for scripts and habits from there.
    Slurm(slurm::Args),
    /// Write a manual page for each verb into a folder.
    Man(man::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_whole() {
        // With all that completions and manual pages look at.
        Cli::command().debug_assert();
        let dir = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(Cli::command(), dir.path()).unwrap();
        assert!(dir.path().join("berth-submit.1").is_file());
    }
}
