//! What the API shows: flat, stable JSON. Times are RFC 3339 in UTC, sizes bytes, durations
//! seconds.

use std::collections::BTreeMap;

use berth_domain::{
    Constraints, Cordon, Figure, ForeignProcess, GpuProcess, JobId, NodeName, NodeSource, Notice,
    Of, PriorityClass, Right, Role, SampleSource, StateName, SubmitRequest, Tasks, Throttle,
    Timestamp, UserName, Versions,
};
use serde::{Deserialize, Serialize};

use crate::history::JobUse;

/// A job as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobRow {
    pub id: JobId,
    pub name: String,
    pub user: UserName,
    pub project: Option<String>,
    /// `Held`, `Queued`, `Starting`, `Running`, `Stopping`, `Finished`.
    pub state: StateName,
    /// Slurm's two letters.
    pub code: String,
    /// Why it waits: the token, and the sentence.
    pub reason: Option<String>,
    pub reason_text: Option<String>,
    /// When it starts, as far as anybody can tell: as likely before as after, and nine times of ten
    /// by then. To the minute; absent when it does not wait its turn.
    #[serde(default)]
    pub start_p50: Option<Timestamp>,
    #[serde(default)]
    pub start_p90: Option<Timestamp>,
    /// In all.
    pub gpus: u32,
    pub nodes: u32,
    pub gpus_per_node: u32,
    pub class: PriorityClass,
    pub time_limit_s: u64,
    pub submitted_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// `Succeeded`, `Failed`, `OutOfMemory`, `TimedOut`, `Cancelled`, `LaunchFailed`, `NodeLost`.
    pub outcome: Option<String>,
    pub outcome_text: Option<String>,
    /// 128 + n for signal n.
    pub exit_code: Option<i32>,
    /// What it holds, or held last.
    pub lease: Option<Vec<LeasePart>>,
    pub array: Option<ArrayPlace>,
}

impl JobRow {
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.state != StateName::Finished
    }

    /// Held or queued.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, StateName::Held | StateName::Queued)
    }

    /// Starting, running or stopping: it holds GPUs.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(
            self.state,
            StateName::Starting | StateName::Running | StateName::Stopping
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeasePart {
    pub node: NodeName,
    /// Indices in PCI order.
    pub gpus: Vec<u32>,
}

impl LeasePart {
    /// `node-1[0-3,6]`, as Slurm writes it; a node alone where it holds no GPU.
    #[must_use]
    pub fn words(&self) -> String {
        match self.gpus.as_slice() {
            [] => self.node.to_string(),
            gpus => format!("{}[{}]", self.node, ranges(gpus)),
        }
    }
}

/// `0-3,6` for 0, 1, 2, 3, 6.
#[must_use]
pub fn ranges(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = vec![];
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(first, last): &(u32, u32)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArrayPlace {
    pub array: JobId,
    pub index: u32,
}

/// An array or sweep as lists show it: one row for all its tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArrayView {
    /// The number of its first task.
    pub array: JobId,
    pub name: String,
    pub user: UserName,
    /// How many tasks there are, by what became of them.
    pub tasks: Tasks,
}

/// A job with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobDetail {
    #[serde(flatten)]
    pub row: JobRow,
    pub command: Vec<String>,
    pub workdir: Option<String>,
    pub env: BTreeMap<String, String>,
    pub preemptible: bool,
    pub max_retries: u32,
    /// `afterok:17`.
    pub after: Vec<String>,
    pub begin: Option<Timestamp>,
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// What it asks of nodes and GPUs.
    #[serde(default)]
    pub constraints: Constraints,
    /// The signal that it hears before it is stopped.
    #[serde(default)]
    pub notice: Notice,
    /// One process for each GPU.
    #[serde(default)]
    pub per_gpu: bool,
    /// It has a terminal of its own.
    #[serde(default)]
    pub interactive: bool,
    /// Who released or may release it: `user` or `admin` while it is held.
    pub held_by: Option<String>,
    /// Oldest first; the last one is live if the job is active.
    pub attempts: Vec<AttemptView>,
    /// What to type on the node to look at its terminal, while it runs.
    pub attach: Option<String>,
    /// The terminals of its ranks, while it runs and they have some.
    #[serde(default)]
    pub terminals: Vec<TerminalView>,
    /// On the nodes; the same for each attempt.
    pub run_dir: String,
    /// The job as a request, for submitting it again.
    pub request: SubmitRequest,
    /// What it did with its GPUs, if it ever held some.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<JobUse>,
}

/// Where a rank's terminal is, and how one gets to it from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TerminalView {
    pub rank: u32,
    /// The host's own name.
    pub host: String,
    /// Program and arguments to run there. Only the terminal of an interactive job takes what is
    /// typed.
    pub command: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttemptView {
    pub number: u32,
    pub lease: Vec<LeasePart>,
    pub granted_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub exit_code: Option<i32>,
    /// How it ended, in words.
    pub end: Option<String>,
    /// What it did with its GPUs, if it held some.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<JobUse>,
}

/// An entry of a job's timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventView {
    pub seq: u64,
    pub at: Timestamp,
    pub actor: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterView {
    /// Whether any hardware is made up; pages say so in words.
    pub simulated: bool,
    pub nodes: Vec<NodeView>,
    pub totals: Totals,
    /// Why jobs cannot be launched at the moment.
    pub executor_down: Option<String>,
    /// Daemons that report GPUs of which this cluster knows none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_daemons: Vec<UnknownDaemon>,
}

/// A node's daemon that is connected although the node is not part of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnknownDaemon {
    pub name: NodeName,
    pub gpus: u32,
    /// Of Berth there.
    pub version: String,
}

/// How what a node's GPUs do is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TelemetryView {
    pub source: SampleSource,
    /// When they were looked at last. The live picture has it only of nodes that are silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Nothing was heard for longer than a source needs.
    #[serde(default)]
    pub silent: bool,
    /// Berth's version of the node's daemon, if one was connected since the server's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daemon: Option<String>,
    /// Whether it is connected.
    #[serde(default)]
    pub connected: bool,
    /// How many looks the daemon gave up because its buffer was full.
    #[serde(default)]
    pub dropped: u64,
    /// How long the last look took to get here. Not in the live picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeView {
    pub name: NodeName,
    /// Where the server reaches it, if that is known.
    #[serde(default)]
    pub address: Option<String>,
    pub source: NodeSource,
    pub present: bool,
    /// `up`, `cordoned` (no new jobs), `draining` (and somebody waits for what runs to end),
    /// `drained` (nothing runs any more) or `absent`.
    #[serde(default)]
    pub state: NodeState,
    /// Why it gets no new job, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cordon: Option<Cordon>,
    /// How many of its GPUs others use outside the queue.
    #[serde(default)]
    pub foreign: u32,
    #[serde(default)]
    pub versions: Versions,
    /// What could not be read of its hardware, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// When it was heard of last. The live picture has it only of nodes that are absent.
    #[serde(default)]
    pub last_seen: Option<Timestamp>,
    /// Absent as long as nothing was heard of its GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<TelemetryView>,
    pub gpus: Vec<GpuView>,
}

/// Whether a node takes jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    #[default]
    Up,
    Cordoned,
    Draining,
    Drained,
    Absent,
}

impl NodeState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            NodeState::Up => "up",
            NodeState::Cordoned => "cordoned",
            NodeState::Draining => "draining",
            NodeState::Drained => "drained",
            NodeState::Absent => "absent",
        }
    }
}

/// A GPU, who holds it, and what it does. Figures are rounded to what can be told apart in a picture;
/// absent ones are unknown, never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GpuView {
    pub index: u32,
    pub uuid: String,
    pub model: String,
    /// 0: unknown.
    pub mem_total_bytes: u64,
    /// GPUs of one number are joined by NVLink; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_island: Option<u32>,
    /// Who holds it.
    pub job: Option<JobRef>,
    /// Why it gets no new job, if it does not: its own cordon or its node's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cordon: Option<Cordon>,
    /// The processes that use it outside its lease.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignProcess>,
    /// Where the figures come from; absent while there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SampleSource>,
    /// The driver's utilisation: the share of time in which any kernel ran, 0 to 100.
    pub busy_pct: Option<f32>,
    /// *Working*: the share of multiprocessors that had work, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_active_pct: Option<f32>,
    /// How many warps were resident of those that could be, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_occupancy_pct: Option<f32>,
    /// The share of time in which tensor cores worked, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tensor_active_pct: Option<f32>,
    pub mem_used_bytes: Option<u64>,
    pub power_w: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit_w: Option<f32>,
    pub temp_c: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_clock_mhz: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem_clock_mhz: Option<u32>,
    /// Why it does not run at full clock; an empty list where nothing holds it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Vec<Throttle>>,
    /// To the GPU, a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pcie_rx_bytes: Option<u64>,
    /// From the GPU, a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pcie_tx_bytes: Option<u64>,
    /// Over all links, a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_rx_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_tx_bytes: Option<u64>,
    /// Memory errors since the driver was loaded that were mended, and that were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc_corrected: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc_uncorrected: Option<u64>,
    /// The errors that the driver told of in the last few seconds, in the live picture the last ones:
    /// NVIDIA's Xid numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xids: Vec<u32>,
    /// Who has memory or work there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Vec<GpuProcess>>,
    /// Why what is absent is not known, as its source says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub why: BTreeMap<Figure, String>,
}

impl GpuView {
    /// All reasons in one line.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        berth_domain::sample::unknown(&self.why)
    }

    /// Whether a new job could get it, as far as this GPU goes.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.job.is_none() && self.cordon.is_none() && used_outside(&self.foreign).is_none()
    }
}

/// Which of a GPU's foreign processes keeps it from getting a new job.
#[must_use]
pub fn used_outside(foreign: &[ForeignProcess]) -> Option<&ForeignProcess> {
    foreign.iter().find(|process| !process.ignored)
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobRef {
    pub id: JobId,
    pub name: String,
    pub user: UserName,
    pub state: StateName,
}

/// The cluster in four numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Totals {
    pub nodes: u32,
    pub gpus: u32,
    /// Held by a lease.
    pub allocated: u32,
    /// What new jobs could get: not held, cordoned, or used by others.
    #[serde(default)]
    pub free: u32,
    /// Mean of the driver's utilisation over all GPUs that report it, 0 to 100.
    pub busy_pct: Option<f32>,
    /// Mean share of multiprocessors that had work, over all GPUs that report it, 0 to 100.
    #[serde(default)]
    pub working_pct: Option<f32>,
}

/// Live jobs by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    pub held: u32,
    pub queued: u32,
    /// Starting, running or stopping.
    pub active: u32,
}

/// When a number of GPUs would be free, if every running job used its whole time limit and
/// nobody was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FreeAt {
    pub gpus: u32,
    pub nodes: u32,
    /// `None`: the cluster does not have that many.
    pub at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Whoami {
    pub user: UserName,
    /// Whether their role is admin.
    pub admin: bool,
    #[serde(default)]
    pub role: Role,
    /// What they are in projects, where that was said.
    #[serde(default)]
    pub projects: BTreeMap<String, Role>,
    pub version: String,
}

impl Whoami {
    /// Whether they may do something to what is this person's, in a project if it is in one: what the
    /// server will say, by the same table.
    #[must_use]
    pub fn may(&self, right: Right, owner: &UserName, project: Option<&str>) -> bool {
        let inside = project.and_then(|name| self.projects.get(name));
        let role = inside.map_or(self.role, |inside| self.role.max(*inside));
        let of = if *owner == self.user {
            Of::Own
        } else {
            Of::Others
        };
        right.allows(role, of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_of_a_node_are_written_short() {
        let held = LeasePart {
            node: "node-1".into(),
            gpus: vec![0, 1, 2, 3, 6],
        };
        assert_eq!(held.words(), "node-1[0-3,6]");
        for (numbers, text) in [
            (&[][..], ""),
            (&[4], "4"),
            (&[0, 1, 2, 3, 4, 5, 6, 7], "0-7"),
        ] {
            assert_eq!(ranges(numbers), text);
        }
    }
}
