//! The fields of `sinfo`: their letters, names and headings, and what stands there.

use super::super::states;
use super::nodes::Group;
use crate::table::printable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Partition,
    PartitionName,
    Available,
    Limit,
    Nodes,
    Code,
    State,
    NodeList,
    Host,
    Address,
    Gres,
    GresUsed,
    Features,
    Reason,
    User,
    Timestamp,
    AllocIdle,
    AllocIdleOther,
    Version,
    Nothing(&'static str),
}

/// Letter of `-o`, names of `-O`, heading.
const FIELDS: [(Field, char, &str, &str); 28] = [
    (Field::Partition, 'P', "partition", "PARTITION"),
    (Field::PartitionName, 'R', "partitionname", "PARTITION"),
    (Field::Available, 'a', "available", "AVAIL"),
    (Field::Limit, 'l', "time", "TIMELIMIT"),
    (Field::Nodes, 'D', "nodes", "NODES"),
    (Field::Code, 't', "statecompact", "STATE"),
    (Field::State, 'T', "statelong state", "STATE"),
    (Field::NodeList, 'N', "nodelist", "NODELIST"),
    (Field::Host, 'n', "nodehost", "HOSTNAMES"),
    (Field::Address, 'o', "nodeaddr", "NODE_ADDR"),
    (Field::Gres, 'G', "gres", "GRES"),
    (Field::GresUsed, '\0', "gresused", "GRES_USED"),
    (Field::Features, 'f', "features", "AVAIL_FEATURES"),
    (Field::Features, 'b', "features_act", "ACTIVE_FEATURES"),
    (Field::Reason, 'E', "reason", "REASON"),
    (Field::User, 'u', "user", "USER"),
    (Field::Timestamp, 'H', "timestamp", "TIMESTAMP"),
    (Field::AllocIdle, 'A', "nodeai", "NODES(A/I)"),
    (Field::AllocIdleOther, 'F', "nodeaiot", "NODES(A/I/O/T)"),
    (Field::Version, 'v', "version", "VERSION"),
    (Field::Nothing("N/A"), 'c', "cpus", "CPUS"),
    (Field::Nothing("N/A"), 'C', "cpusstate", "CPUS(A/I/O/T)"),
    (Field::Nothing("N/A"), 'm', "memory", "MEMORY"),
    (Field::Nothing("N/A"), 'e', "freemem", "FREE_MEM"),
    (Field::Nothing("N/A"), 'O', "cpusload", "CPU_LOAD"),
    (Field::Nothing("N/A"), 'd', "disk", "TMP_DISK"),
    (Field::Nothing("1"), 'w', "weight", "WEIGHT"),
    (Field::Nothing("NO"), 'h', "oversubscribe", "OVERSUBS"),
];

pub fn by_letter(letter: char) -> Result<Field, String> {
    let found = FIELDS.iter().find(|(_, known, _, _)| *known == letter);
    found.map(|(field, ..)| *field).ok_or_else(|| {
        let known = FIELDS.iter().filter(|(_, letter, _, _)| *letter != '\0');
        let known: Vec<String> = known
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
    let found = FIELDS
        .iter()
        .find(|(_, _, names, _)| names.split(' ').any(|known| known == lower));
    found.map(|(field, ..)| *field).ok_or_else(|| {
        let known: Vec<&str> = FIELDS.iter().map(|(_, _, names, _)| *names).collect();
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

pub fn value(field: Field, group: &Group) -> String {
    let [busy, idle, other] = group.counts;
    let reason = group.reason.as_ref();
    match field {
        Field::Partition => "berth*".to_owned(),
        Field::PartitionName => "berth".to_owned(),
        Field::Available => "up".to_owned(),
        // The longest limit that a job may have.
        Field::Limit => "366-00:00:00".to_owned(),
        Field::Nodes => group.count.to_string(),
        Field::Code => group.state.code().to_owned(),
        Field::State => group.state.long().to_owned(),
        Field::NodeList | Field::Host => group.names.clone(),
        Field::Address => group.address.clone(),
        Field::Gres => group.gres.clone(),
        Field::GresUsed => group.used.clone(),
        Field::Features => group.models.clone(),
        Field::Reason => reason.map_or_else(|| "none".to_owned(), |one| printable(&one.reason)),
        Field::User => reason.map_or_else(|| "Unknown".to_owned(), |one| one.by.to_string()),
        Field::Timestamp => {
            states::moment(reason.map(|one| one.at)).unwrap_or_else(|| "Unknown".to_owned())
        }
        Field::AllocIdle => format!("{busy}/{idle}"),
        Field::AllocIdleOther => format!("{busy}/{idle}/{other}/{}", busy + idle + other),
        Field::Version => group.version.clone(),
        Field::Nothing(text) => text.to_owned(),
    }
}
