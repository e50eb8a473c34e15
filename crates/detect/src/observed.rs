//! What was observed, before anything is made of it.

/// Everything that was looked for. The default is a host with nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub by_hand: Option<ByHand>,
    /// The variable `RAY_ADDRESS`, and the head that it names.
    pub ray_address: Option<(String, RayHead)>,
    /// Ray's usual place on this host.
    pub ray_head: Option<RayHead>,
    pub gpus: Gpus,
    /// Of `~/.ssh/config`.
    pub ssh_hosts: Vec<String>,
    /// What shows that Slurm is here, in a few words each.
    pub slurm: Vec<String>,
    pub kubernetes: Vec<String>,
}

/// The choice that a person made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByHand {
    Ray(String),
    Ssh(Vec<String>),
    Local,
    /// `2x8`
    Simulate(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RayHead {
    /// Of its HTTP API: `http://127.0.0.1:8265`.
    pub address: String,
    pub head: Head,
}

/// What a head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    Answers {
        version: String,
        nodes: usize,
        gpus: u32,
    },
    /// It is Ray, and wants another token than ours, or one at all.
    Locked(String),
    /// Something answers that is not Ray, or not in time.
    Strange(String),
    Nobody,
}

/// This host's GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Gpus {
    /// Neither the driver's library nor `nvidia-smi` is here, or they know of no GPU.
    #[default]
    None,
    Some {
        count: usize,
        model: String,
        /// `NVML` or `nvidia-smi`.
        through: &'static str,
        driver: Option<String>,
    },
    /// There is a driver, and it does not answer as it should.
    Broken(String),
}
