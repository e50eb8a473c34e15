//! Nodes and single GPUs that get no new job for now, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{NodeName, UserName};
use crate::node::Node;

/// A whole node, or one of its GPUs: `node-1`, `node-1:3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Place {
    pub node: NodeName,
    /// Index in PCI order; `None`: all of the node.
    pub gpu: Option<u32>,
}

impl Place {
    /// Whether the inventory has it.
    pub fn is_in<'a>(&self, nodes: impl IntoIterator<Item = &'a Node>) -> bool {
        nodes.into_iter().any(|node| {
            let has = |index: u32| node.gpus.iter().any(|gpu| gpu.index == index);
            node.name == self.node && self.gpu.is_none_or(has)
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.gpu {
            None => write!(f, "{}", self.node),
            Some(gpu) => write!(f, "{}:{gpu}", self.node),
        }
    }
}

impl FromStr for Place {
    type Err = String;
    /// `NODE` or `NODE:GPU`. A node's name may hold colons itself; what follows the last one is a
    /// GPU if it is a number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Say which node, as NODE, or which of its GPUs, as NODE:INDEX.".to_owned());
        }
        let gpu = text.rsplit_once(':').and_then(|(node, index)| {
            let index = index.parse().ok()?;
            (!node.is_empty()).then_some((node, index))
        });
        let (node, gpu) = gpu.map_or((text, None), |(node, index)| (node, Some(index)));
        Ok(Place {
            node: NodeName(node.to_owned()),
            gpu,
        })
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl TryFrom<String> for Place {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Why a place gets no new job. What runs there goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cordon {
    pub reason: String,
    pub by: UserName,
    pub at: Timestamp,
    /// Somebody waits for what runs there to end.
    #[serde(default)]
    pub drain: bool,
}

/// Every place that is cordoned.
pub type Cordons = BTreeMap<Place, Cordon>;

/// What keeps a GPU from getting a new job: its own cordon, or its node's.
#[must_use]
pub fn of_gpu<'a>(cordons: &'a Cordons, node: &NodeName, index: u32) -> Option<&'a Cordon> {
    let at = |gpu| {
        let node = node.clone();
        cordons.get(&Place { node, gpu })
    };
    at(Some(index)).or_else(|| at(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_they_are_read() {
        for (text, node, gpu) in [
            ("node-1", "node-1", None),
            ("node-1:0", "node-1", Some(0)),
            (" gpu7 ", "gpu7", None),
            ("a:b", "a:b", None),
            ("fe80::1:7", "fe80::1", Some(7)),
            (":3", ":3", None),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!((place.node.as_str(), place.gpu), (node, gpu), "{text}");
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert!("".parse::<Place>().is_err());
    }
}
