//! The fields of `sacct`: their names and widths, and what stands there.

use berth_api::views::{JobDetail, JobRow};
use berth_domain::Timestamp;

use super::super::{hostlist, ids, states};
use crate::table::printable;
use crate::time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    JobId,
    JobIdRaw,
    JobName,
    User,
    Account,
    Partition,
    Qos,
    State,
    ExitCode,
    Submit,
    Start,
    End,
    Eligible,
    Elapsed,
    ElapsedRaw,
    Timelimit,
    TimelimitRaw,
    Nodes,
    NodeList,
    Tres,
    Gpus,
    Reason,
    WorkDir,
    Command,
    Restarts,
    Cluster,
    /// Berth does not count it.
    Nothing,
}

/// Name, width, field.
const FIELDS: [(&str, usize, Field); 51] = [
    ("JobID", 12, Field::JobId),
    ("JobIDRaw", 12, Field::JobIdRaw),
    ("JobName", 10, Field::JobName),
    ("User", 9, Field::User),
    ("Account", 10, Field::Account),
    ("Partition", 10, Field::Partition),
    ("QOS", 10, Field::Qos),
    ("State", 10, Field::State),
    ("ExitCode", 8, Field::ExitCode),
    ("DerivedExitCode", 15, Field::ExitCode),
    ("Submit", 19, Field::Submit),
    ("Start", 19, Field::Start),
    ("End", 19, Field::End),
    ("Eligible", 19, Field::Eligible),
    ("Elapsed", 10, Field::Elapsed),
    ("ElapsedRaw", 10, Field::ElapsedRaw),
    ("Timelimit", 10, Field::Timelimit),
    ("TimelimitRaw", 12, Field::TimelimitRaw),
    ("NNodes", 8, Field::Nodes),
    ("AllocNodes", 10, Field::Nodes),
    ("ReqNodes", 8, Field::Nodes),
    ("NTasks", 8, Field::Nodes),
    ("NodeList", 15, Field::NodeList),
    ("AllocTRES", 10, Field::Tres),
    ("ReqTRES", 10, Field::Tres),
    ("AllocGRES", 12, Field::Gpus),
    ("ReqGRES", 12, Field::Gpus),
    ("Reason", 22, Field::Reason),
    ("WorkDir", 20, Field::WorkDir),
    ("SubmitLine", 20, Field::Command),
    ("Restarts", 8, Field::Restarts),
    ("Cluster", 10, Field::Cluster),
    ("AllocCPUS", 10, Field::Nothing),
    ("ReqCPUS", 8, Field::Nothing),
    ("NCPUS", 10, Field::Nothing),
    ("CPUTime", 10, Field::Nothing),
    ("CPUTimeRAW", 10, Field::Nothing),
    ("TotalCPU", 10, Field::Nothing),
    ("UserCPU", 10, Field::Nothing),
    ("SystemCPU", 10, Field::Nothing),
    ("ReqMem", 10, Field::Nothing),
    ("MaxRSS", 10, Field::Nothing),
    ("AveRSS", 10, Field::Nothing),
    ("MaxVMSize", 10, Field::Nothing),
    ("AveCPU", 10, Field::Nothing),
    ("Comment", 14, Field::Nothing),
    ("Group", 9, Field::Nothing),
    ("UID", 6, Field::Nothing),
    ("Priority", 10, Field::Nothing),
    ("Layout", 9, Field::Nothing),
    ("TRESUsageInMax", 14, Field::Nothing),
];

pub fn names() -> Vec<&'static str> {
    FIELDS.iter().map(|(name, _, _)| *name).collect()
}

/// A field, and its usual width.
pub fn by_name(name: &str) -> Result<(Field, usize), String> {
    let found = FIELDS
        .iter()
        .find(|(known, _, _)| known.eq_ignore_ascii_case(name));
    found
        .map(|(_, width, field)| (*field, *width))
        .ok_or_else(|| {
            format!(
                "'{name}' is not a field here; there are: {}.",
                names().join(", ")
            )
        })
}

pub fn header(field: Field) -> &'static str {
    let found = FIELDS.iter().find(|(_, _, known)| *known == field);
    found.map_or("", |(name, _, _)| name)
}

/// Whether only the job's own page tells it.
pub fn of_detail(field: Field) -> bool {
    matches!(field, Field::WorkDir | Field::Command | Field::Restarts)
}

/// `gres/gpu=4,node=1`.
pub fn tres(row: &JobRow) -> String {
    let nodes = format!("node={}", row.nodes);
    match row.gpus {
        0 => nodes,
        gpus => format!("gres/gpu={gpus},{nodes}"),
    }
}

pub fn value(field: Field, row: &JobRow, detail: Option<&JobDetail>, now: Timestamp) -> String {
    let ran = row.started_at.map(|from| {
        let to = row.finished_at.unwrap_or(now);
        time::between(from, to)
    });
    let ran = ran.unwrap_or_default();
    let limit = std::time::Duration::from_secs(row.time_limit_s);
    let or_unknown = |at| states::moment(at).unwrap_or_else(|| "Unknown".to_owned());
    match field {
        Field::JobId => ids::name(row),
        Field::JobIdRaw => row.id.to_string(),
        Field::JobName => printable(&row.name),
        Field::User => row.user.to_string(),
        Field::Account => row.project.clone().unwrap_or_default(),
        Field::Partition => "berth".to_owned(),
        Field::Qos => row.class.as_str().to_owned(),
        Field::State => states::long(row).to_owned(),
        Field::ExitCode => states::exit_code(row),
        Field::Submit | Field::Eligible => or_unknown(Some(row.submitted_at)),
        Field::Start => or_unknown(row.started_at),
        Field::End => or_unknown(row.finished_at),
        Field::Elapsed => states::length(ran),
        Field::ElapsedRaw => ran.as_secs().to_string(),
        Field::Timelimit => states::length(limit),
        Field::TimelimitRaw => (row.time_limit_s / 60).to_string(),
        Field::Nodes => row.nodes.to_string(),
        Field::NodeList => {
            let nodes = row.lease.iter().flatten().map(|part| part.node.as_str());
            Some(hostlist::compress(nodes))
                .filter(|list| !list.is_empty())
                .unwrap_or_else(|| "None assigned".to_owned())
        }
        Field::Tres => tres(row),
        Field::Gpus if row.gpus == 0 => String::new(),
        Field::Gpus => format!("gpu:{}", row.gpus),
        Field::Reason => states::reason(row),
        Field::WorkDir => detail
            .and_then(|one| one.workdir.clone())
            .unwrap_or_default(),
        Field::Command => detail
            .map(|one| printable(&berth_domain::commandline::format(&one.command)))
            .unwrap_or_default(),
        Field::Restarts => detail
            .map(|one| one.attempts.len().saturating_sub(1).to_string())
            .unwrap_or_default(),
        Field::Cluster => "berth".to_owned(),
        Field::Nothing => String::new(),
    }
}
