//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use serde::Serialize;

/// Berth's server: queue, scheduler, launcher and pages in one.
#[derive(Debug, Parser)]
#[command(name = "berth-server", version, propagate_version = true)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub settings: Flags,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Serve pages and API, and run the queue.
    Serve,
    /// Print the effective configuration and where each value comes from.
    Config {
        #[arg(long)]
        json: bool,
    },
    /// Print a link that logs a browser in, once.
    LoginLink {
        /// Default: the admin.
        user: Option<String>,
    },
    /// People.
    #[command(subcommand)]
    User(UserVerb),
    /// Try a policy on a recorded or made-up load; nothing runs.
    Simulate(crate::simulate::Args),
    /// Try a policy on what Berth itself ran in the last weeks; nothing runs.
    Replay(crate::replay::Args),
    /// Tell a server what this host's GPUs do, and who uses them; or print it once.
    Node(crate::node::NodeArgs),
    /// Make, list or revoke the tokens of nodes' daemons.
    NodeToken(NodeTokenArgs),
    /// Run one rank of a job (used by the executor).
    #[command(hide = true)]
    Shim { folder: PathBuf },
    /// Start and watch ranks on a host that is reached over SSH (used by the executor).
    #[command(hide = true)]
    Agent { folder: PathBuf },
    /// Wait for a process that was adopted (used by the shim).
    #[command(hide = true)]
    Follow { who: String },
}

#[derive(Debug, clap::Args)]
pub struct NodeTokenArgs {
    /// The nodes to print a token for, a line each: it opens the door for their daemons and nothing
    /// else.
    #[arg(value_name = "NAME", required_unless_present_any = ["list", "revoke"])]
    pub names: Vec<String>,
    /// List them; secrets are not kept.
    #[arg(long, conflicts_with_all = ["names", "revoke"])]
    pub list: bool,
    /// End all tokens of a node. Its daemon is disconnected within a minute.
    #[arg(long, value_name = "NAME", conflicts_with = "names")]
    pub revoke: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Add a person and print a token for their CLI.
    Add {
        name: String,
        /// The same as --role admin.
        #[arg(long, conflicts_with = "role")]
        admin: bool,
        #[arg(long, value_enum, default_value_t = RoleArg::Member)]
        role: RoleArg,
    },
    /// Make a person something else.
    Role {
        name: String,
        #[arg(value_enum)]
        role: RoleArg,
    },
    /// List people.
    List,
}

/// Flags stand above the environment (`BERTH_*`), which stands above `berth.toml`.
#[derive(Debug, Default, clap::Args, Serialize)]
pub struct Flags {
    /// The configuration file. Default: `berth.toml` here, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr: Option<String>,
    /// Where database, logs and run folders are kept.
    #[arg(long, global = true, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Pretend to have this hardware: NODESxGPUS, for example 2x8. Commands still run for real.
    #[arg(long, global = true, value_name = "NxG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulate: Option<String>,
    /// Run jobs on this Ray cluster.
    #[arg(long, global = true, value_name = "http://HEAD:8265")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ray: Option<String>,
    /// Run jobs on these hosts, reached over SSH.
    #[arg(long, global = true, value_name = "HOST,HOST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<String>,
    /// Run jobs on this host's own GPUs, also where a Ray head answers.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "is_false")]
    pub local: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What somebody is.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum RoleArg {
    /// Sees everything and changes nothing.
    Viewer,
    /// Runs jobs.
    Member,
    /// May also act on others' jobs.
    Lead,
    /// Runs the cluster.
    Admin,
}

impl From<RoleArg> for berth_domain::Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Viewer => Self::Viewer,
            RoleArg::Member => Self::Member,
            RoleArg::Lead => Self::Lead,
            RoleArg::Admin => Self::Admin,
        }
    }
}
