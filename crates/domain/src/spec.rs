//! What a job is: the checked form of what was asked, complete with every default.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::constraints::Constraints;
use crate::foreign::Adopted;
use crate::ids::JobId;
use crate::notice::Notice;

/// Everything needed to run a job, except where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    pub name: String,
    pub project: Option<String>,
    /// Program and arguments; never empty. No shell is involved unless it is named here.
    pub command: Vec<String>,
    /// Absolute. `None`: the job's own run folder.
    pub workdir: Option<String>,
    /// The folder that was uploaded for it, in a copy of which it runs; by its sha256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    pub env: BTreeMap<String, String>,
    /// At least 1. Each node runs one rank.
    pub nodes: u32,
    /// On each node; 0 for a job that needs no GPU.
    pub gpus_per_node: u32,
    #[serde(with = "seconds")]
    pub time_limit: Duration,
    pub class: PriorityClass,
    pub preemptible: bool,
    /// Tries after the first.
    pub max_retries: u32,
    pub dependencies: Vec<Dependency>,
    /// Not before this time.
    pub begin: Option<Timestamp>,
    /// When its owner wants it to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub constraints: Constraints,
    /// What it hears before it is stopped.
    #[serde(default, skip_serializing_if = "Notice::is_default")]
    pub notice: Notice,
    /// One process of the command for each GPU instead of one for each node.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_gpu: bool,
    /// It has a terminal, for a person to work in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// It was started by somebody outside the queue: only its end is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adopted>,
    pub array: Option<ArrayTask>,
}

impl JobSpec {
    #[must_use]
    pub fn gpus(&self) -> u32 {
        self.nodes * self.gpus_per_node
    }

    /// GPU time that one try can use at most.
    #[must_use]
    pub fn gpu_seconds(&self) -> u64 {
        u64::from(self.gpus()).saturating_mul(self.time_limit.as_secs())
    }
}

/// Which of two waiting jobs goes first, whatever their order in the queue.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriorityClass {
    Low,
    #[default]
    Normal,
    High,
    Critical,
}

impl PriorityClass {
    pub const ALL: [PriorityClass; 4] = [
        PriorityClass::Low,
        PriorityClass::Normal,
        PriorityClass::High,
        PriorityClass::Critical,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PriorityClass::Low => "low",
            PriorityClass::Normal => "normal",
            PriorityClass::High => "high",
            PriorityClass::Critical => "critical",
        }
    }
}

impl fmt::Display for PriorityClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PriorityClass {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PriorityClass::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| format!("'{text}' is not a class: low, normal, high or critical"))
    }
}

/// A job that must end before this one may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dependency {
    pub job: JobId,
    pub kind: DependencyKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// It must succeed (Slurm's `afterok`).
    #[default]
    AfterOk,
    /// It must not succeed (`afternotok`).
    AfterNotOk,
    /// It must end, however (`afterany`).
    AfterAny,
}

impl DependencyKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DependencyKind::AfterOk => "afterok",
            DependencyKind::AfterNotOk => "afternotok",
            DependencyKind::AfterAny => "afterany",
        }
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.job)
    }
}

impl FromStr for Dependency {
    type Err = String;
    /// `17` or `afterany:17`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, job) = match text.split_once(':') {
            None => (DependencyKind::AfterOk, text),
            Some(("afterok", job)) => (DependencyKind::AfterOk, job),
            Some(("afternotok", job)) => (DependencyKind::AfterNotOk, job),
            Some(("afterany", job)) => (DependencyKind::AfterAny, job),
            Some((kind, _)) => {
                return Err(format!(
                    "'{kind}' is not a dependency: write afterok:ID, afterany:ID or afternotok:ID"
                ));
            }
        };
        let job = job
            .parse()
            .map_err(|_| format!("'{job}' is not a job number"))?;
        Ok(Dependency { job, kind })
    }
}

/// This job's place in an array: one job a task, submitted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayTask {
    /// The array's first job; its number names the array.
    pub array: JobId,
    /// The value of `BERTH_ARRAY_TASK_ID`.
    pub index: u32,
    /// How many tasks of the array may run at once.
    pub limit: Option<u32>,
}

/// A `Duration` as a number of whole seconds.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.as_secs())
    }

    /// # Errors
    /// When the value is not a whole number that is not negative.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_from_before_what_was_added_reads() {
        let old = r#"{"name": "n", "project": null, "command": ["true"], "workdir": null, "env": {},
            "nodes": 1, "gpus_per_node": 1, "time_limit": 60, "class": "normal",
            "preemptible": false, "max_retries": 0, "dependencies": [], "begin": null,
            "array": null}"#;
        let spec: JobSpec = serde_json::from_str(old).unwrap();
        assert!(spec.constraints.is_empty() && spec.deadline.is_none());
        assert!(spec.notice.is_default() && !spec.per_gpu && !spec.interactive);
        // And what asks nothing is written as it was then.
        let written = serde_json::to_value(&spec).unwrap();
        let old: serde_json::Value = serde_json::from_str(old).unwrap();
        assert_eq!(written, old);
    }
}
