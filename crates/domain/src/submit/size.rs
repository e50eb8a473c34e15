//! How much is asked for: nodes, GPUs, time, tries.

use std::time::Duration;

use super::{MAX_RETRIES, MAX_TIME_LIMIT};
use crate::node::Capacity;
use crate::refusal::Refusal;
use crate::walltime;

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

pub(crate) fn time_limit(text: Option<&str>, default: Duration) -> Result<Duration, Refusal> {
    let Some(text) = text else {
        return Ok(default);
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
