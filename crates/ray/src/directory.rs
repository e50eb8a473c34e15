//! Nodes by the names that people know. Ray lists them by id and address; a node's host name and
//! its GPUs are asked for once, when it joined.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::Ray;
use crate::error::RayError;
use crate::nodes::{RayGpu, RayNode};

/// A living node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedNode {
    /// Its host name or, if that belongs to a node that joined earlier, its address.
    pub name: String,
    pub node: RayNode,
    /// What the driver says of its GPUs; nothing where it does not answer.
    pub hardware: Vec<RayGpu>,
}

/// All nodes at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// By name.
    pub alive: Vec<NamedNode>,
    pub dead: Vec<RayNode>,
}

impl Nodes {
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&NamedNode> {
        self.alive.iter().find(|node| node.name == name)
    }

    #[must_use]
    pub fn is_alive(&self, id: &str) -> bool {
        self.alive.iter().any(|node| node.node.id == id)
    }

    /// Why a node that was there is no more.
    #[must_use]
    pub fn why_gone(&self, id: &str) -> String {
        let dead = self.dead.iter().find(|node| node.id == id);
        match dead.and_then(|node| node.message.as_deref()) {
            Some(message) => format!("its node left the Ray cluster ({message})"),
            None => "its node is no longer part of the Ray cluster".to_owned(),
        }
    }
}

/// What is remembered of nodes. Two of the same cluster call every node the same.
#[derive(Clone, Debug)]
pub struct Directory {
    ray: Ray,
    known: BTreeMap<String, (String, Vec<RayGpu>)>,
}

impl Directory {
    #[must_use]
    pub fn new(ray: Ray) -> Self {
        let known = BTreeMap::new();
        Directory { ray, known }
    }

    /// All nodes now. One that joined just now and has not told its name is left out until it did.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn look(&mut self) -> Result<Nodes, RayError> {
        let (alive, dead): (Vec<RayNode>, Vec<RayNode>) =
            self.ray.nodes().await?.into_iter().partition(|n| n.alive);
        self.known
            .retain(|id, _| alive.iter().any(|node| node.id == *id));
        for node in &alive {
            if !self.known.contains_key(&node.id) {
                match self.ray.hardware(&node.id).await {
                    Ok(found) => {
                        self.known.insert(node.id.clone(), found);
                    }
                    Err(error) if error.is_down() => return Err(error),
                    Err(error) => tracing::debug!(node = node.ip, %error, "no name yet"),
                }
            }
        }
        let alive = name(alive, &self.known);
        Ok(Nodes { alive, dead })
    }
}

fn name(
    mut nodes: Vec<RayNode>,
    known: &BTreeMap<String, (String, Vec<RayGpu>)>,
) -> Vec<NamedNode> {
    nodes.sort_by(|a, b| (a.started_ms, &a.id).cmp(&(b.started_ms, &b.id)));
    let mut taken = BTreeSet::new();
    let named = nodes.into_iter().filter_map(|node| {
        let (host, hardware) = known.get(&node.id)?;
        let first = taken.insert(host);
        Some(NamedNode {
            name: if first { host.clone() } else { node.ip.clone() },
            hardware: hardware.clone(),
            node,
        })
    });
    let mut named: Vec<NamedNode> = named.collect();
    named.sort_by(|a, b| a.name.cmp(&b.name));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hosts_of_one_name_are_told_apart() {
        let node = |id: &str, ip: &str, started_ms| RayNode {
            id: id.into(),
            ip: ip.into(),
            alive: true,
            message: None,
            gpus: 8,
            started_ms,
        };
        let nodes = vec![
            node("c", "10.0.0.3", 3),
            node("b", "10.0.0.2", 2),
            node("d", "10.0.0.4", 4),
        ];
        let known = BTreeMap::from(["b", "c"].map(|id| (id.into(), ("gpu".into(), vec![]))));
        let named: Vec<_> = name(nodes, &known)
            .into_iter()
            .map(|node| (node.node.id, node.name))
            .collect();
        let expected = [("c", "10.0.0.3"), ("b", "gpu")];
        let expected = expected.map(|(id, name)| (id.to_owned(), name.to_owned()));
        assert_eq!(named, expected);
    }
}
