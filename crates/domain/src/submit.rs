//! What a person asks for, and the checks that turn it into a [`JobSpec`]. The same checks run as
//! the form is typed, in the CLI, and in the server.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::node::Capacity;
use crate::refusal::Refusal;
use crate::spec::{Dependency, JobSpec, PriorityClass};
use crate::walltime;

pub const MAX_COMMAND_BYTES: usize = 64 * 1024;
pub const MAX_ENV_BYTES: usize = 64 * 1024;
pub const MAX_NAME_CHARS: usize = 200;
pub const MAX_RETRIES: i64 = 100;
pub const MAX_TIME_LIMIT: Duration = Duration::from_secs(366 * 86_400);
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(86_400);
pub const MAX_ARRAY_TASKS: usize = 1000;
pub const MAX_DEPENDENCIES: usize = 100;

/// A submission as it is written. Everything but the command may be left out. Numbers are wide
/// and signed here, so that a wrong one is refused with a sentence and not by a parser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// Program and arguments: `["python", "train.py"]`. For a line of shell: `["sh", "-c", "…"]`.
    #[serde(default)]
    pub command: Vec<String>,
    /// Default: the program's file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// An absolute path on the nodes. Default: the job's own run folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// GPUs on each node when `nodes` is given. Without `nodes`: GPUs in all; more than a node has
    /// are spread evenly over as few nodes as hold them. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<i64>,
    /// `6h`, `90m`, `1-12:00:00`, a bare number of minutes. Default 24 h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// `0-9`, `1,3,5`, `0-9:2`, each with an optional `%4` for at most four at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<String>,
    /// Submitted but not queued until released.
    #[serde(default)]
    pub hold: bool,
    /// Any text of up to 200 characters: the same key returns the same job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The tasks of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayRequest {
    /// Rising, without repeats, not empty.
    pub indices: Vec<u32>,
    pub limit: Option<u32>,
}

/// A request that passed its checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub spec: JobSpec,
    pub array: Option<ArrayRequest>,
}

impl SubmitRequest {
    /// Checks everything that can be checked without looking at other jobs, and fills in defaults.
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
                .unwrap_or_else(|| default_name(&self.command)),
            project: self.project.clone(),
            command: self.command.clone(),
            workdir: self.workdir.clone(),
            env: self.env.clone(),
            nodes,
            gpus_per_node,
            time_limit: time_limit(self.time_limit.as_deref())?,
            class: class(self.class.as_deref())?,
            preemptible: self.preemptible,
            max_retries: retries(self.max_retries)?,
            dependencies: dependencies(&self.after)?,
            begin: begin(self.begin.as_deref())?,
            array: None,
        };
        let array = self.array.as_deref().map(array).transpose()?;
        Ok(Checked { spec, array })
    }

    /// Everything that is wrong, for a form that marks each field.
    #[must_use]
    pub fn problems(&self, cluster: Capacity) -> Vec<Refusal> {
        let checks = [
            command(&self.command),
            self.name
                .as_deref()
                .map_or(Ok(()), |name| label("name", name)),
            self.project
                .as_deref()
                .map_or(Ok(()), |project| label("project", project)),
            self.workdir.as_deref().map_or(Ok(()), workdir),
            env(&self.env),
            size(self.nodes, self.gpus, cluster).map(drop),
            time_limit(self.time_limit.as_deref()).map(drop),
            class(self.class.as_deref()).map(drop),
            retries(self.max_retries).map(drop),
            dependencies(&self.after).map(drop),
            begin(self.begin.as_deref()).map(drop),
            self.array
                .as_deref()
                .map_or(Ok(()), |text| array(text).map(drop)),
            self.idempotency_key
                .as_deref()
                .map_or(Ok(()), |key| label("idempotency_key", key)),
        ];
        checks.into_iter().filter_map(Result::err).collect()
    }
}

/// The program's file name: `python` for `/usr/bin/python train.py`.
fn default_name(command: &[String]) -> String {
    let program = command.first().map_or("job", String::as_str);
    let file = program.rsplit('/').next().unwrap_or(program);
    let name: String = file
        .chars()
        .filter(|ch| !ch.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    if name.trim().is_empty() {
        "job".to_owned()
    } else {
        name
    }
}

fn command(words: &[String]) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal::invalid("command", message));
    if words
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        return refuse(
            "The command is empty: write what to run, for example `python train.py`.".into(),
        );
    }
    if words.iter().any(|word| word.contains('\0')) {
        return refuse("The command holds a NUL byte, which no program can receive.".into());
    }
    let bytes: usize = words.iter().map(|word| word.len() + 1).sum();
    if bytes > MAX_COMMAND_BYTES {
        return refuse(format!(
            "The command is {bytes} bytes long; at most {MAX_COMMAND_BYTES} are accepted. Put it \
             into a script and run that."
        ));
    }
    Ok(())
}

pub(crate) fn label(field: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(
            field,
            format!("The {field} is empty: leave it out or fill it in."),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(
            field,
            format!("The {field} holds a control character such as a line break; use plain text."),
        ));
    }
    let length = text.chars().count();
    if length > MAX_NAME_CHARS {
        return Err(Refusal::invalid(
            field,
            format!("The {field} has {length} characters; at most {MAX_NAME_CHARS} are accepted."),
        ));
    }
    Ok(())
}

fn workdir(path: &str) -> Result<(), Refusal> {
    if path.contains('\0') {
        return Err(Refusal::invalid("workdir", "The workdir holds a NUL byte."));
    }
    if !path.starts_with('/') {
        return Err(Refusal::invalid(
            "workdir",
            format!("The workdir '{path}' is not absolute: begin it with '/'."),
        ));
    }
    if path.len() > 4096 {
        return Err(Refusal::invalid(
            "workdir",
            "The workdir is longer than 4,096 bytes.",
        ));
    }
    Ok(())
}

fn env(variables: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let mut bytes = 0;
    for (name, value) in variables {
        let mut chars = name.chars();
        let starts_well = chars
            .next()
            .is_some_and(|ch| ch.is_ascii_alphabetic() || ch == '_');
        if !starts_well || !chars.all(|ch| ch.is_ascii_alphanumeric() || ch == '_') {
            return Err(Refusal::invalid(
                "env",
                format!(
                    "'{}' is not a variable name: use letters, digits and _, not beginning with a \
                     digit.",
                    name.escape_debug()
                ),
            ));
        }
        if value.contains('\0') {
            return Err(Refusal::invalid(
                "env",
                format!("The value of {name} holds a NUL byte."),
            ));
        }
        bytes += name.len() + value.len() + 2;
    }
    if bytes > MAX_ENV_BYTES {
        return Err(Refusal::invalid(
            "env",
            format!("The environment is {bytes} bytes long; at most {MAX_ENV_BYTES} are accepted."),
        ));
    }
    Ok(())
}

/// Nodes and GPUs on each, from what was asked and what there is.
pub(crate) fn size(
    nodes: Option<i64>,
    gpus: Option<i64>,
    cluster: Capacity,
) -> Result<(u32, u32), Refusal> {
    let largest = cluster.largest_node as i64;
    let asked = gpus.unwrap_or(1);
    if asked < 0 {
        return Err(Refusal::invalid(
            "gpus",
            format!("{asked} GPUs is not possible: use 0 or more."),
        ));
    }
    if let Some(nodes) = nodes
        && nodes < 1
    {
        return Err(Refusal::invalid(
            "nodes",
            format!("{nodes} nodes is not possible: use 1 or more."),
        ));
    }
    if let Some(nodes) = nodes
        && nodes > cluster.nodes as i64
    {
        return Err(Refusal::invalid(
            "nodes",
            format!(
                "{nodes} nodes were asked for; the cluster has {}.",
                cluster.nodes
            ),
        ));
    }
    if asked > cluster.gpus as i64 {
        return Err(Refusal::invalid(
            "gpus",
            format!(
                "{asked} GPUs were asked for; the cluster has {}.",
                cluster.gpus
            ),
        ));
    }
    let (nodes, per_node) = match nodes {
        Some(nodes) => (nodes, asked),
        None if asked <= largest => (1, asked),
        None => {
            let nodes = (asked + largest - 1) / largest;
            if asked % nodes != 0 {
                return Err(Refusal::invalid(
                    "gpus",
                    format!(
                        "{asked} GPUs do not divide evenly over the {nodes} nodes that they need; \
                         ask for {} or say the nodes yourself.",
                        nodes * (asked / nodes + 1).min(largest)
                    ),
                ));
            }
            (nodes, asked / nodes)
        }
    };
    if per_node > largest {
        return Err(Refusal::invalid(
            "gpus",
            format!("{per_node} GPUs on each node were asked for; the largest node has {largest}."),
        ));
    }
    let narrow = |value: i64| u32::try_from(value).expect("bounded by the cluster's size");
    Ok((narrow(nodes), narrow(per_node)))
}

pub(crate) fn time_limit(text: Option<&str>) -> Result<Duration, Refusal> {
    let Some(text) = text else {
        return Ok(DEFAULT_TIME_LIMIT);
    };
    let limit = walltime::parse(text)
        .map_err(|error| Refusal::invalid("time_limit", format!("{error}.")))?;
    check_time_limit(limit)?;
    Ok(limit)
}

pub(crate) fn check_time_limit(limit: Duration) -> Result<(), Refusal> {
    if limit.is_zero() {
        return Err(Refusal::invalid(
            "time_limit",
            "A time limit of 0 leaves no time to run.",
        ));
    }
    if limit > MAX_TIME_LIMIT {
        return Err(Refusal::invalid(
            "time_limit",
            "A time limit over 366 days is not accepted.",
        ));
    }
    Ok(())
}

fn class(text: Option<&str>) -> Result<PriorityClass, Refusal> {
    text.map_or(Ok(PriorityClass::default()), |text| {
        text.parse()
            .map_err(|message: String| Refusal::invalid("class", format!("{message}.")))
    })
}

pub(crate) fn retries(count: Option<i64>) -> Result<u32, Refusal> {
    let count = count.unwrap_or(0);
    if !(0..=MAX_RETRIES).contains(&count) {
        return Err(Refusal::invalid(
            "max_retries",
            format!("{count} retries is not possible: use 0 to {MAX_RETRIES}."),
        ));
    }
    Ok(u32::try_from(count).expect("checked against 0..=100"))
}

fn dependencies(texts: &[String]) -> Result<Vec<Dependency>, Refusal> {
    if texts.len() > MAX_DEPENDENCIES {
        return Err(Refusal::invalid(
            "after",
            format!(
                "{} dependencies; at most {MAX_DEPENDENCIES} are accepted.",
                texts.len()
            ),
        ));
    }
    let parse = |text: &String| {
        text.parse()
            .map_err(|message: String| Refusal::invalid("after", format!("{message}.")))
    };
    texts.iter().map(parse).collect()
}

fn begin(text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    let parse = |text: &str| {
        text.trim().parse::<Timestamp>().map_err(|_| {
            Refusal::invalid(
                "begin",
                format!(
                    "'{}' is not a time such as 2026-11-30T18:00:00Z.",
                    text.escape_debug()
                ),
            )
        })
    };
    text.map(parse).transpose()
}

fn array(text: &str) -> Result<ArrayRequest, Refusal> {
    let refuse = || {
        Refusal::invalid(
            "array",
            format!(
                "'{}' is not an array: write 0-9, 1,3,5 or 0-9:2, and %4 for four at once.",
                text.escape_debug()
            ),
        )
    };
    let (list, limit) = match text.split_once('%') {
        None => (text, None),
        Some((list, limit)) => {
            let limit: u32 = limit.parse().ok().filter(|n| *n > 0).ok_or_else(refuse)?;
            (list, Some(limit))
        }
    };
    let mut indices = std::collections::BTreeSet::new();
    for part in list.split(',') {
        let (range, step) = match part.split_once(':') {
            None => (part, 1),
            Some((range, step)) => (range, step.parse::<usize>().map_err(|_| refuse())?),
        };
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let from: u32 = from.trim().parse().map_err(|_| refuse())?;
        let to: u32 = to.trim().parse().map_err(|_| refuse())?;
        if to < from || step == 0 {
            return Err(refuse());
        }
        indices.extend((from..=to).step_by(step).take(MAX_ARRAY_TASKS + 1));
        if indices.len() > MAX_ARRAY_TASKS {
            return Err(Refusal::invalid(
                "array",
                format!("An array has at most {MAX_ARRAY_TASKS} tasks; split this one."),
            ));
        }
    }
    Ok(ArrayRequest {
        indices: indices.into_iter().collect(),
        limit,
    })
}
