//! Which user and which GPUs of this cluster a sheet's words mean.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{Node, ReserveRequest, UserName};
use berth_spreadsheet::{Gpus, Place, plain_name, user_name};

/// The user of this name: as it was said, one that is there, or one to add.
pub(super) fn user(
    written: &str,
    said: &BTreeMap<String, String>,
    users: &BTreeSet<UserName>,
) -> Result<UserName, String> {
    if let Some(name) = said.get(written) {
        // What no user can be called would be refused when they are added.
        return match user_name(name) {
            Some(plain) if plain == name.trim() => Ok(UserName(plain)),
            _ => Err(format!(
                "'{name}' is no user name: use a-z, 0-9, '.', '_' and '-', such as ana.mueller."
            )),
        };
    }
    let same = users.iter().find(|user| user.as_str() == written.trim());
    if let Some(user) = same {
        return Ok(user.clone());
    }
    user_name(written).map(UserName).ok_or_else(|| {
        format!("'{written}' has no letters of a user name: say who that is, {written}=NAME.")
    })
}

/// The part of a request that says which GPUs.
pub(super) fn gpus(
    places: &[Place],
    said: &BTreeMap<String, String>,
    nodes: &[&Node],
) -> Result<ReserveRequest, String> {
    let mut request = ReserveRequest::default();
    let only = match nodes {
        [node] => Some(node.name.to_string()),
        _ => None,
    };
    let name = |place: &Place| match &place.node {
        Some(written) => Some(node(written, said, nodes)),
        None => only.clone(),
    };
    match places {
        [
            Place {
                node: None,
                gpus: Gpus::Count(count),
            },
        ] => {
            request.gpus = Some(i64::from(*count));
        }
        [
            Place {
                node: None,
                gpus: Gpus::All,
            },
        ] if only.is_none() => {
            request.exact = nodes.iter().map(|node| whole(node)).collect();
        }
        [
            place @ Place {
                gpus: Gpus::Count(count),
                ..
            },
        ] => {
            request.gpus = Some(i64::from(*count));
            request.node = name(place);
        }
        places => {
            for place in places {
                let node = name(place).ok_or_else(|| {
                    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
                    format!(
                        "It names GPUs and no node, and there are {}: add a column that says which, \
                         or write {}:0-3.",
                        names.join(", "),
                        names.first().copied().unwrap_or("node-1")
                    )
                })?;
                request.exact.push(exact(&node, &place.gpus, nodes)?);
            }
        }
    }
    Ok(request)
}

/// `Node 1` is `node-1`; what is none of ours stays as it is, to be refused with what there is.
fn node(written: &str, said: &BTreeMap<String, String>, nodes: &[&Node]) -> String {
    if let Some(name) = said.get(written) {
        return name.clone();
    }
    let plain = plain_name(written);
    let mut same = nodes
        .iter()
        .filter(|node| node.name.as_str() == written || plain_name(node.name.as_str()) == plain);
    match (same.next(), same.next()) {
        (Some(node), None) => node.name.to_string(),
        _ => written.to_owned(),
    }
}

fn whole(node: &Node) -> String {
    let indices: Vec<String> = node.gpus.iter().map(|gpu| gpu.index.to_string()).collect();
    format!("{}:{}", node.name, indices.join(","))
}

fn exact(node: &str, gpus: &Gpus, nodes: &[&Node]) -> Result<String, String> {
    match gpus {
        Gpus::Indices(indices) => {
            let indices: Vec<String> = indices.iter().map(u32::to_string).collect();
            Ok(format!("{node}:{}", indices.join(",")))
        }
        Gpus::All => {
            let known = nodes.iter().find(|one| one.name.as_str() == node);
            Ok(known.map_or_else(|| format!("{node}:0"), |node| whole(node)))
        }
        Gpus::Count(count) => Err(format!(
            "It asks for {count} GPUs of {node} beside others: write which, such as {node}:0-3."
        )),
    }
}
