//! What a person asks for, and the checks that turn it into a [`JobSpec`]. The same checks run as
//! the form is typed, in the CLI, and in the server.

mod array;
pub mod asks;
pub mod form;
mod size;
mod start;
mod sweep;
mod turn;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::array::ArrayRequest;
pub(crate) use self::size::{check_time_limit, retries, size};
pub(crate) use self::start::check_notice;
pub use self::sweep::Sweep;
pub(crate) use self::sweep::{is_parameter, is_plain_parameter, with_values};
pub use self::words::is_package;
pub(crate) use self::words::label;
use crate::node::Capacity;
use crate::refusal::Refusal;
use crate::spec::JobSpec;

pub const MAX_COMMAND_BYTES: usize = 64 * 1024;
pub const MAX_ENV_BYTES: usize = 64 * 1024;
pub const MAX_NAME_CHARS: usize = 200;
pub const MAX_RETRIES: i64 = 100;
pub const MAX_TIME_LIMIT: Duration = Duration::from_secs(366 * 86_400);
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(86_400);
pub const DEFAULT_SHELL_LIMIT: Duration = Duration::from_secs(8 * 3600);
pub const MAX_ARRAY_TASKS: usize = 1000;
pub const MAX_DEPENDENCIES: usize = 100;

/// A submission as it is written. Everything but the command may be left out. Numbers are wide
/// and signed here, so that a wrong one is refused with a sentence and not by a parser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// Program and arguments: `["python", "train.py"]`. For a line of shell: `["sh", "-c", "…"]`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["python", "train.py"]])))]
    pub command: Vec<String>,
    /// Default: the program's file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// An absolute path on the nodes. Default: the job's own run folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Run in a copy of a folder that was uploaded with `PUT /api/packages/SHA256`: its sha256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// GPUs on each node when `nodes` is given. Without `nodes`: GPUs in all; more than a node has
    /// are spread evenly over as few nodes as hold them. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [4])))]
    pub gpus: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<i64>,
    /// `6h`, `90m`, `1-12:00:00`, a bare number of minutes. Default 24 h, for an interactive job 8 h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["6h"])))]
    pub time_limit: Option<String>,
    /// `low`, `normal`, `high`, `critical`. Default `normal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(default)]
    pub preemptible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<i64>,
    /// Job numbers, each with an optional kind: `17`, `afterany:18`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
    /// RFC 3339: when it is to be done. It rises in its class while it can still make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Only on GPUs of one of these models, each by a word or more of its name: `H100`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu_model: Vec<String>,
    /// Only on GPUs with at least this much memory: `80G` (10⁹ bytes each), `40GiB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_mem: Option<String>,
    /// Only on these nodes; not, as in Slurm, on each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodelist: Vec<String>,
    /// Not on these nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// All its GPUs on a node from one NVLink island.
    #[serde(default)]
    pub nvlink: bool,
    /// The signal that it gets before it is stopped for its time limit or for another job: `USR1`
    /// (the default), `TERM`; with `@60` 60 seconds before the limit. Those of its processes that
    /// catch it get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// One process of the command for each GPU, with `RANK` and `LOCAL_RANK`.
    #[serde(default)]
    pub per_gpu: bool,
    /// It has a terminal that `berth attach` shows. On one node.
    #[serde(default)]
    pub interactive: bool,
    /// `0-9`, `1,3,5`, `0-9:2`, each with an optional `%4` for at most four at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<String>,
    /// One job for each combination of parameters: `lr=1e-3,1e-4`, `seed=0..4` (both ends included).
    /// `{lr}` in command, name, workdir and env stands for the value; so does `$BERTH_PARAM_LR`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweep: Vec<String>,
    /// How many jobs of the sweep may run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<i64>,
    /// Submitted but not queued until released.
    #[serde(default)]
    pub hold: bool,
    /// Any text of up to 200 characters: the same key returns the same job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// A request that passed its checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub spec: JobSpec,
    pub array: Option<ArrayRequest>,
    pub sweep: Option<Sweep>,
}

impl SubmitRequest {
    /// Checks everything that can be checked without looking at other jobs or at single nodes, and
    /// fills in defaults.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, cluster: Capacity) -> Result<Checked, Refusal> {
        let mut found = self.problems(cluster);
        if !found.is_empty() {
            return Err(found.remove(0));
        }
        let (nodes, gpus_per_node) = size(self.nodes, self.gpus, cluster)?;
        let spec = JobSpec {
            name: self
                .name
                .clone()
                .unwrap_or_else(|| words::default_name(&self.command)),
            project: self.project.clone(),
            command: self.command.clone(),
            workdir: self.workdir.clone(),
            package: self.package.clone(),
            env: self.env.clone(),
            nodes,
            gpus_per_node,
            time_limit: self.limit()?,
            class: turn::class(self.class.as_deref())?,
            preemptible: self.preemptible,
            max_retries: retries(self.max_retries)?,
            dependencies: turn::dependencies(&self.after)?,
            begin: turn::begin(self.begin.as_deref())?,
            deadline: self.deadline.as_deref().map(asks::deadline).transpose()?,
            constraints: asks::constraints(self)?,
            notice: start::notice(self.signal.as_deref())?,
            per_gpu: self.per_gpu,
            interactive: self.interactive,
            adopted: None,
            array: None,
        };
        let array = self.array.as_deref().map(array::array).transpose()?;
        let sweep = sweep::sweep(&self.sweep, self.at_once)?;
        if array.is_some() && sweep.is_some() {
            return Err(Refusal::invalid(
                "sweep",
                "A job is either an array or a sweep: make the array's numbers a parameter.",
            ));
        }
        Ok(Checked { spec, array, sweep })
    }

    fn limit(&self) -> Result<Duration, Refusal> {
        let default = if self.interactive {
            DEFAULT_SHELL_LIMIT
        } else {
            DEFAULT_TIME_LIMIT
        };
        size::time_limit(self.time_limit.as_deref(), default)
    }

    /// Everything that is wrong, for a form that marks each field.
    #[must_use]
    pub fn problems(&self, cluster: Capacity) -> Vec<Refusal> {
        let checks = [
            words::command(&self.command),
            self.name
                .as_deref()
                .map_or(Ok(()), |name| label("name", name)),
            self.project
                .as_deref()
                .map_or(Ok(()), |project| label("project", project)),
            self.workdir.as_deref().map_or(Ok(()), words::workdir),
            words::package(self.package.as_deref(), self.workdir.as_deref()),
            words::env(&self.env),
            size(self.nodes, self.gpus, cluster).map(drop),
            self.limit().map(drop),
            turn::class(self.class.as_deref()).map(drop),
            retries(self.max_retries).map(drop),
            turn::dependencies(&self.after).map(drop),
            turn::begin(self.begin.as_deref()).map(drop),
            self.deadline
                .as_deref()
                .map_or(Ok(()), |text| asks::deadline(text).map(drop)),
            asks::constraints(self).map(drop),
            start::start(self, cluster),
            self.array
                .as_deref()
                .map_or(Ok(()), |text| array::array(text).map(drop)),
            sweep::sweep(&self.sweep, self.at_once).map(drop),
            self.idempotency_key
                .as_deref()
                .map_or(Ok(()), |key| label("idempotency_key", key)),
        ];
        checks.into_iter().filter_map(Result::err).collect()
    }
}
