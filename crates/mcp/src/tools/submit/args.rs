//! What can be said of a job that is submitted.

use std::collections::BTreeMap;

use berth_domain::SubmitRequest;
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;

use crate::seen::words::Class;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct SubmitArgs {
    /// Program and arguments, each by itself: ["python", "train.py", "--lr", "3e-4"]. No shell
    /// reads them; for a line of shell: ["sh", "-c", "…"].
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// What people see. Default: the program's file name.
    pub name: Option<String>,
    /// The project that its use counts for.
    pub project: Option<String>,
    /// An absolute path on the nodes. Default: the job's own run folder.
    pub workdir: Option<String>,
    /// Run in a copy of a folder that was uploaded before (berth submit --upload does that): its
    /// sha256.
    pub package: Option<String>,
    /// Environment variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// GPUs on each node when nodes is given; without nodes, GPUs in all, and more than a node has
    /// are spread over as few nodes as hold them. 0 for none. Default 1.
    #[schemars(range(min = 0))]
    pub gpus: Option<i64>,
    /// How many nodes; the command runs once on each.
    #[schemars(range(min = 1))]
    pub nodes: Option<i64>,
    /// It is stopped after so long: 90m, 6h, 1-12:00:00. Default 24h. What is short starts sooner.
    pub time_limit: Option<String>,
    /// Default normal. Only a lead or an admin can use critical.
    pub class: Option<Class>,
    /// It may be stopped, and queued again, when a more urgent job needs its GPUs.
    #[serde(default)]
    pub preemptible: bool,
    /// How often it is tried again when it fails. Default 0.
    #[schemars(range(min = 0, max = 100))]
    pub max_retries: Option<i64>,
    /// It starts when these have ended well: job numbers. afterany:17 is however job 17 ended,
    /// afternotok:17 if it failed.
    #[serde(default)]
    pub after: Vec<String>,
    /// Not before this time, RFC 3339.
    pub begin: Option<String>,
    /// When it is to be done, RFC 3339: it rises in its class while it can still make it.
    pub deadline: Option<String>,
    /// Only on GPUs of one of these models, each by a word or more of its name: H100.
    #[serde(default)]
    pub gpu_model: Vec<String>,
    /// Only on GPUs with at least this much memory: 80G, 40GiB.
    pub gpu_mem: Option<String>,
    /// Only on these nodes; not, as in Slurm, on each of them.
    #[serde(default)]
    pub nodelist: Vec<String>,
    /// Not on these nodes.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// All its GPUs on a node from one NVLink island.
    #[serde(default)]
    pub nvlink: bool,
    /// The signal that it gets before it is stopped: USR1 (the default) or TERM; TERM@60 is 60
    /// seconds before the time limit.
    pub signal: Option<String>,
    /// One process of the command for each GPU, with RANK and LOCAL_RANK.
    #[serde(default)]
    pub per_gpu: bool,
    /// One job for each number: 0-9, 1,3,5, 0-9:2; with %4 at most four at once. The number is in
    /// BERTH_ARRAY_TASK_ID.
    pub array: Option<String>,
    /// Submitted, but not queued until it is released (see hold).
    #[serde(default)]
    pub hold: bool,
    /// Any text of up to 200 characters: submitted again with the same key it is the same job.
    /// Default: a new one, which the answer tells.
    pub idempotency_key: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepArgs {
    /// Each job, as in submit_job, without array.
    pub job: SubmitArgs,
    /// Each a name and its values: lr=1e-3,1e-4, or seed=0..4 with both ends. All combinations are
    /// run, 1000 at most. {lr} in command, name, workdir and env stands for the value; so does the
    /// variable BERTH_PARAM_LR.
    #[schemars(length(min = 1))]
    pub parameters: Vec<String>,
    /// How many of its jobs may run at once. Default: all.
    #[schemars(range(min = 1))]
    pub at_once: Option<i64>,
}

impl From<SubmitArgs> for SubmitRequest {
    fn from(args: SubmitArgs) -> Self {
        SubmitRequest {
            command: args.command,
            name: args.name,
            project: args.project,
            workdir: args.workdir,
            package: args.package,
            env: args.env,
            gpus: args.gpus,
            nodes: args.nodes,
            time_limit: args.time_limit,
            class: args.class.map(|class| class.as_str().to_owned()),
            preemptible: args.preemptible,
            max_retries: args.max_retries,
            after: args.after,
            begin: args.begin,
            deadline: args.deadline,
            gpu_model: args.gpu_model,
            gpu_mem: args.gpu_mem,
            nodelist: args.nodelist,
            exclude: args.exclude,
            nvlink: args.nvlink,
            signal: args.signal,
            per_gpu: args.per_gpu,
            interactive: false,
            array: args.array,
            sweep: vec![],
            at_once: None,
            hold: args.hold,
            idempotency_key: args.idempotency_key,
        }
    }
}

impl From<SweepArgs> for SubmitRequest {
    fn from(args: SweepArgs) -> Self {
        SubmitRequest {
            sweep: args.parameters,
            at_once: args.at_once,
            ..args.job.into()
        }
    }
}
