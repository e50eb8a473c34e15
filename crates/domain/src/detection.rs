//! What a server stands on, as it found out: the signals, and what follows from them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// On the nodes of a Ray cluster.
    Ray,
    /// On hosts reached over SSH.
    Ssh,
    /// On the server's own host and its GPUs.
    Local,
    /// On the server's own host; the GPUs are made up.
    Simulated,
}

impl ClusterKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ClusterKind::Ray => "ray",
            ClusterKind::Ssh => "ssh",
            ClusterKind::Local => "local",
            ClusterKind::Simulated => "simulated",
        }
    }
}

impl fmt::Display for ClusterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignalName {
    /// `ray`, `ssh`, `local` or `simulate`, set by hand.
    Configuration,
    /// The variable `RAY_ADDRESS`.
    RayAddress,
    /// A Ray head that answers on this host.
    RayHead,
    /// GPUs of this host.
    LocalGpus,
    /// Hosts named in `~/.ssh/config`.
    SshConfig,
    Slurm,
    Kubernetes,
}

impl SignalName {
    pub const ALL: [SignalName; 7] = [
        SignalName::Configuration,
        SignalName::RayAddress,
        SignalName::RayHead,
        SignalName::LocalGpus,
        SignalName::SshConfig,
        SignalName::Slurm,
        SignalName::Kubernetes,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SignalName::Configuration => "configuration",
            SignalName::RayAddress => "ray_address",
            SignalName::RayHead => "ray_head",
            SignalName::LocalGpus => "local_gpus",
            SignalName::SshConfig => "ssh_config",
            SignalName::Slurm => "slurm",
            SignalName::Kubernetes => "kubernetes",
        }
    }

    /// What it is, within a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            SignalName::Configuration => "a choice in the configuration",
            SignalName::RayAddress => "RAY_ADDRESS",
            SignalName::RayHead => "a Ray head on this host",
            SignalName::LocalGpus => "GPUs of this host",
            SignalName::SshConfig => "hosts in ~/.ssh/config",
            SignalName::Slurm => "Slurm",
            SignalName::Kubernetes => "Kubernetes",
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signal {
    pub name: SignalName,
    /// What was found, in a few words.
    pub found: String,
    /// What it means, and what to do about it.
    pub sentence: String,
    /// How much it speaks for [`points_to`](Self::points_to), 0 to 1; below 0 it speaks against
    /// running Berth here.
    pub weight: f64,
    pub points_to: Option<ClusterKind>,
}

/// The choice, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub kind: ClusterKind,
    /// 0 to 1.
    pub confidence: f64,
    /// Why this kind.
    pub sentence: String,
    pub signals: Vec<Signal>,
    /// What was looked for and is not there.
    pub absent: Vec<SignalName>,
}

/// How to choose by hand.
pub const OVERRULE: &str = "To choose by hand, start berth-server with --ray http://HEAD:8265, \
    --ssh HOST,HOST, --local or --simulate 2x8, or set ray, ssh, local or simulate in berth.toml.";
