//! The fields of `squeue`: their letters, names and headings, and what stands there.

use berth_domain::Timestamp;

use super::super::{hostlist, states};
use super::shown::Shown;
use crate::table::printable;
use crate::time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Id,
    Number,
    ArrayId,
    ArrayTask,
    Name,
    User,
    Code,
    State,
    Used,
    Limit,
    Left,
    Nodes,
    NodeList,
    NodeListOrReason,
    Reason,
    Partition,
    Qos,
    Account,
    Gres,
    Start,
    End,
    Submit,
    Priority,
    Command,
    WorkDir,
    Dependency,
    BatchHost,
    ReqNodes,
    ExcNodes,
    SchedNodes,
    Features,
    ExitCode,
    Nothing(&'static str),
}

/// Letter of `-o`, names of `-O`, heading.
const FIELDS: [(Field, char, &str, &str); 37] = [
    (Field::Id, 'i', "jobarrayid", "JOBID"),
    (Field::Number, 'A', "jobid", "JOBID"),
    (Field::ArrayId, 'F', "arrayjobid", "ARRAY_JOB_ID"),
    (Field::ArrayTask, 'K', "arraytaskid", "ARRAY_TASK_ID"),
    (Field::Name, 'j', "name", "NAME"),
    (Field::User, 'u', "username user", "USER"),
    (Field::Code, 't', "statecompact", "ST"),
    (Field::State, 'T', "state", "STATE"),
    (Field::Used, 'M', "timeused", "TIME"),
    (Field::Limit, 'l', "timelimit", "TIME_LIMIT"),
    (Field::Left, 'L', "timeleft", "TIME_LEFT"),
    (Field::Nodes, 'D', "numnodes", "NODES"),
    (Field::NodeList, 'N', "nodelist", "NODELIST"),
    (
        Field::NodeListOrReason,
        'R',
        "reasonlist",
        "NODELIST(REASON)",
    ),
    (Field::Reason, 'r', "reason", "REASON"),
    (Field::Partition, 'P', "partition", "PARTITION"),
    (Field::Qos, 'q', "qos", "QOS"),
    (Field::Account, 'a', "account", "ACCOUNT"),
    (Field::Gres, 'b', "tres-per-node gres", "TRES_PER_NODE"),
    (Field::Start, 'S', "starttime", "START_TIME"),
    (Field::End, 'e', "endtime", "END_TIME"),
    (Field::Submit, 'V', "submittime", "SUBMIT_TIME"),
    (Field::Priority, 'Q', "prioritylong priority", "PRIORITY"),
    (Field::Priority, 'p', "", "PRIORITY"),
    (Field::Command, 'o', "command", "COMMAND"),
    (Field::WorkDir, 'Z', "workdir", "WORK_DIR"),
    (Field::Dependency, 'E', "dependency", "DEPENDENCY"),
    (Field::BatchHost, 'B', "batchhost", "EXEC_HOST"),
    (Field::ReqNodes, 'n', "reqnodes", "REQ_NODES"),
    (Field::ExcNodes, 'x', "excnodes", "EXC_NODES"),
    (Field::SchedNodes, 'Y', "schednodes", "SCHEDNODES"),
    (Field::Features, 'f', "feature", "FEATURES"),
    (Field::ExitCode, '\0', "exit_code", "EXIT_CODE"),
    (Field::Nothing("N/A"), 'C', "numcpus", "CPUS"),
    (Field::Nothing("N/A"), 'm', "minmemory", "MIN_MEMORY"),
    (Field::Nothing("N/A"), 'c', "mincpus", "MIN_CPUS"),
    (Field::Nothing("(null)"), 'k', "comment", "COMMENT"),
];

pub fn by_letter(letter: char) -> Result<Field, String> {
    let found = FIELDS.iter().find(|(_, known, _, _)| *known == letter);
    found.map(|(field, ..)| *field).ok_or_else(|| {
        let known: Vec<String> = FIELDS
            .iter()
            .filter(|(_, letter, _, _)| *letter != '\0')
            .map(|(_, letter, _, heading)| format!("%{letter} {heading}"))
            .collect();
        format!(
            "%{letter} is not a field here; there are: {}.",
            known.join(", ")
        )
    })
}

pub fn by_name(name: &str) -> Result<Field, String> {
    let lower = name.to_lowercase();
    let found = FIELDS.iter().find(|(_, _, names, _)| {
        names
            .split(' ')
            .any(|known| known == lower && !known.is_empty())
    });
    found.map(|(field, ..)| *field).ok_or_else(|| {
        let known = FIELDS.iter().flat_map(|(_, _, names, _)| names.split(' '));
        let known: Vec<&str> = known.filter(|name| !name.is_empty()).collect();
        format!(
            "'{name}' is not a field here; there are: {}.",
            known.join(", ")
        )
    })
}

pub fn header(field: Field) -> &'static str {
    let found = FIELDS.iter().find(|(known, ..)| *known == field);
    found.map_or("", |(_, _, _, heading)| heading)
}

/// Whether only the job's own page tells it.
pub fn of_detail(field: Field) -> bool {
    matches!(
        field,
        Field::Command
            | Field::WorkDir
            | Field::Dependency
            | Field::ReqNodes
            | Field::ExcNodes
            | Field::Features
    )
}

pub fn value(field: Field, one: &Shown, now: Timestamp) -> String {
    let row = &one.row;
    let ran = row.started_at.map(|from| {
        let to = row.finished_at.unwrap_or(now);
        time::between(from, to)
    });
    let limit = std::time::Duration::from_secs(row.time_limit_s);
    let or = |value: Option<String>, other: &str| value.unwrap_or_else(|| other.to_owned());
    let held = row.is_active() || !row.is_live();
    let nodes = row.lease.iter().flatten().filter(|_| held);
    let nodes = hostlist::compress(nodes.map(|part| part.node.as_str()));
    let asks = one.detail.as_ref().map(|detail| &detail.constraints);
    let named = |list: Option<&Vec<berth_domain::NodeName>>| {
        let list = list.filter(|list| !list.is_empty());
        or(
            list.map(|list| hostlist::compress(list.iter().map(|name| name.as_str()))),
            "(null)",
        )
    };
    match field {
        Field::Id => one.name.clone(),
        Field::Number => row.id.to_string(),
        Field::ArrayId => row.array.map_or(row.id, |place| place.array).to_string(),
        Field::ArrayTask => or(row.array.map(|place| place.index.to_string()), "N/A"),
        Field::Name => printable(&row.name),
        Field::User => row.user.to_string(),
        Field::Code => row.code.clone(),
        Field::State => states::long(row).to_owned(),
        Field::Used => time::clock(ran.unwrap_or_default()),
        Field::Limit => time::clock(limit),
        Field::Left => time::clock(limit.saturating_sub(ran.unwrap_or_default())),
        Field::Nodes => row.nodes.to_string(),
        Field::NodeList => nodes,
        Field::NodeListOrReason if row.is_waiting() => format!("({})", states::reason(row)),
        Field::NodeListOrReason => nodes,
        Field::Reason => states::reason(row),
        Field::Partition => "berth".to_owned(),
        Field::Qos => row.class.as_str().to_owned(),
        Field::Account => or(row.project.clone(), "(null)"),
        Field::Gres if row.gpus == 0 => "N/A".to_owned(),
        Field::Gres => format!("gres/gpu:{}", row.gpus_per_node),
        Field::Start => or(states::moment(row.started_at.or(row.start_p50)), "N/A"),
        Field::End => {
            let end = row.started_at.and_then(|from| from.checked_add(limit).ok());
            or(states::moment(row.finished_at.or(end)), "N/A")
        }
        Field::Submit => or(states::moment(Some(row.submitted_at)), "N/A"),
        Field::Priority => or(
            one.place
                .map(|place| (1_000_000 - place.min(999_999)).to_string()),
            "0",
        ),
        Field::Command => or(
            one.detail
                .as_ref()
                .map(|detail| printable(&berth_domain::commandline::format(&detail.command))),
            "",
        ),
        Field::WorkDir => or(
            one.detail
                .as_ref()
                .and_then(|detail| detail.workdir.clone()),
            "",
        ),
        Field::Dependency => {
            let after = one.detail.as_ref().map(|detail| detail.after.join(","));
            or(after.filter(|after| !after.is_empty()), "(null)")
        }
        Field::BatchHost => {
            let first = row.lease.iter().flatten().next();
            or(
                first.filter(|_| held).map(|part| part.node.to_string()),
                "n/a",
            )
        }
        Field::ReqNodes => named(asks.map(|asks| &asks.nodes)),
        Field::ExcNodes => named(asks.map(|asks| &asks.exclude)),
        Field::Features => or(
            asks.map(|asks| asks.gpu_models.join("|"))
                .filter(|models| !models.is_empty()),
            "(null)",
        ),
        Field::SchedNodes => "(null)".to_owned(),
        Field::ExitCode => states::exit_code(row),
        Field::Nothing(text) => text.to_owned(),
    }
}
