//! Nodes and GPUs.

use berth_api::cluster::ClusterAnswer;
use berth_api::views::{GpuView, NodeState, NodeView, ranges};
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::words::{counted, gpus, lines, moment, unknown};

/// The cluster now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClusterSeen {
    /// Whether any hardware is made up.
    pub simulated: bool,
    pub gpus: u32,
    /// Held by jobs.
    pub held: u32,
    /// What a new job could get now.
    pub free: u32,
    /// Mean of the driver's utilisation over all GPUs that report it.
    #[serde(skip_serializing_if = "unknown")]
    pub busy_percent: Option<f32>,
    /// Mean share of multiprocessors that had work.
    #[serde(skip_serializing_if = "unknown")]
    pub working_percent: Option<f32>,
    pub jobs_queued: u32,
    pub jobs_held: u32,
    /// Starting, running or stopping.
    pub jobs_active: u32,
    /// Why no job can be started at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot_start: Option<String>,
    /// When so many GPUs would be free together if every running job used its whole time limit and
    /// nobody waited.
    pub free_at: Vec<FreeAtSeen>,
    pub nodes: Vec<NodeSeen>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FreeAtSeen {
    pub gpus: u32,
    pub nodes: u32,
    /// Absent: the cluster does not have that many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NodeSeen {
    pub name: String,
    pub state: NodeStateSeen,
    /// Why it gets no new job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_new_jobs: Option<String>,
    /// The models of its GPUs, each once.
    pub models: Vec<String>,
    /// Of its largest GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_memory_bytes: Option<u64>,
    pub gpus: u32,
    /// Which GPUs a new job could get, such as 0-3,6.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub free: String,
    /// Which GPUs no job holds and none can get: cordoned, or used outside the queue.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub blocked: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<HolderSeen>,
    #[serde(skip_serializing_if = "unknown")]
    pub busy_percent: Option<f32>,
}

/// Whether a node takes jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum NodeStateSeen {
    Up,
    Cordoned,
    Draining,
    Drained,
    Absent,
}

impl NodeStateSeen {
    fn as_str(self) -> &'static str {
        match self {
            NodeStateSeen::Up => "up",
            NodeStateSeen::Cordoned => "cordoned",
            NodeStateSeen::Draining => "draining",
            NodeStateSeen::Drained => "drained",
            NodeStateSeen::Absent => "absent",
        }
    }
}

impl From<NodeState> for NodeStateSeen {
    fn from(state: NodeState) -> Self {
        match state {
            NodeState::Up => NodeStateSeen::Up,
            NodeState::Cordoned => NodeStateSeen::Cordoned,
            NodeState::Draining => NodeStateSeen::Draining,
            NodeState::Drained => NodeStateSeen::Drained,
            NodeState::Absent => NodeStateSeen::Absent,
        }
    }
}

/// A job on a node.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HolderSeen {
    pub job: u64,
    pub name: String,
    pub user: String,
    /// Which GPUs of the node it holds, such as 0-3,6.
    pub gpus: String,
}

impl ClusterSeen {
    /// With all nodes, or only the one of that name.
    pub fn new(answer: &ClusterAnswer, only: Option<&str>) -> Self {
        let totals = &answer.cluster.totals;
        let nodes = answer.cluster.nodes.iter();
        let nodes = nodes.filter(|node| only.is_none_or(|only| node.name.as_str() == only));
        ClusterSeen {
            simulated: answer.cluster.simulated,
            gpus: totals.gpus,
            held: totals.allocated,
            free: totals.free,
            busy_percent: totals.busy_pct,
            working_percent: totals.working_pct,
            jobs_queued: answer.counts.queued,
            jobs_held: answer.counts.held,
            jobs_active: answer.counts.active,
            cannot_start: answer.cluster.executor_down.clone(),
            free_at: answer
                .free_at
                .iter()
                .map(|free| FreeAtSeen {
                    gpus: free.gpus,
                    nodes: free.nodes,
                    at: free.at.map(moment),
                })
                .collect(),
            nodes: nodes.map(NodeSeen::new).collect(),
        }
    }

    pub fn text(&self) -> String {
        let count = counted(self.nodes.len(), "node");
        let what = if self.simulated {
            ", of which some are simulated"
        } else {
            ""
        };
        let first = format!(
            "{} on {count}{what}: {} held, {} free. {} running, {} waiting, {} held back by somebody.",
            gpus(self.gpus),
            self.held,
            self.free,
            counted(self.jobs_active as usize, "job"),
            self.jobs_queued,
            self.jobs_held
        );
        let down = self.cannot_start.iter();
        let down = down.map(|why| format!("No job can be started at the moment: {why}"));
        let nodes = self.nodes.iter().map(NodeSeen::text);
        lines([first].into_iter().chain(down).chain(nodes))
    }
}

impl NodeSeen {
    fn new(node: &NodeView) -> Self {
        let mut models: Vec<String> = node.gpus.iter().map(|gpu| gpu.model.clone()).collect();
        models.sort();
        models.dedup();
        let which = |wanted: &dyn Fn(&GpuView) -> bool| {
            let found = node.gpus.iter().filter(|gpu| wanted(gpu));
            let found: Vec<u32> = found.map(|gpu| gpu.index).collect();
            ranges(&found)
        };
        let takes = node.present && node.cordon.is_none();
        let memory = node.gpus.iter().map(|gpu| gpu.mem_total_bytes).max();
        let busy: Vec<f32> = node.gpus.iter().filter_map(|gpu| gpu.busy_pct).collect();
        #[expect(clippy::cast_precision_loss, reason = "a node has no million of GPUs")]
        let mean = (!busy.is_empty()).then(|| busy.iter().sum::<f32>() / busy.len() as f32);
        NodeSeen {
            name: node.name.to_string(),
            state: node.state.into(),
            no_new_jobs: node.cordon.as_ref().map(|cordon| cordon.reason.clone()),
            models,
            gpu_memory_bytes: memory.filter(|bytes| *bytes > 0),
            gpus: u32::try_from(node.gpus.len()).unwrap_or(u32::MAX),
            free: which(&|gpu| takes && gpu.is_free()),
            blocked: which(&|gpu| gpu.job.is_none() && !(takes && gpu.is_free())),
            jobs: holders(node),
            busy_percent: mean,
        }
    }

    fn text(&self) -> String {
        let state = match (self.state, &self.no_new_jobs) {
            (NodeStateSeen::Up, _) => String::new(),
            (state, Some(why)) => format!(" ({}: {why})", state.as_str()),
            (state, None) => format!(" ({})", state.as_str()),
        };
        let free = match self.free.as_str() {
            "" => "nothing free".to_owned(),
            free => format!("free: {free}"),
        };
        let jobs = self.jobs.iter().map(|one| {
            let HolderSeen {
                job,
                name,
                user,
                gpus,
            } = one;
            format!("job {job} ({name}, of {user}) on {gpus}")
        });
        let jobs: Vec<String> = jobs.collect();
        let (name, models) = (&self.name, self.models.join(", "));
        let all = [format!("{} x {models}", self.gpus), free];
        let all: Vec<String> = all.into_iter().chain(jobs).collect();
        format!("{name}{state}: {}", all.join("; "))
    }
}

/// Who holds which GPUs, in the order of the first.
fn holders(node: &NodeView) -> Vec<HolderSeen> {
    let mut found: Vec<(HolderSeen, Vec<u32>)> = vec![];
    for gpu in &node.gpus {
        let Some(job) = &gpu.job else { continue };
        match found.iter_mut().find(|(seen, _)| seen.job == job.id.0) {
            Some((_, held)) => held.push(gpu.index),
            None => found.push((
                HolderSeen {
                    job: job.id.0,
                    name: job.name.clone(),
                    user: job.user.to_string(),
                    gpus: String::new(),
                },
                vec![gpu.index],
            )),
        }
    }
    let with = |(seen, held): (HolderSeen, Vec<u32>)| HolderSeen {
        gpus: ranges(&held),
        ..seen
    };
    found.into_iter().map(with).collect()
}
