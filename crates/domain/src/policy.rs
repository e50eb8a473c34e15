//! Which policy the planner follows, as it was chosen: a name and the knobs that differ from it.
//! What they mean is the scheduler's to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A built-in policy and what was changed of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyChoice {
    pub name: String,
    #[serde(default)]
    pub knobs: BTreeMap<String, String>,
}

impl Default for PolicyChoice {
    fn default() -> Self {
        PolicyChoice {
            name: "berth".to_owned(),
            knobs: BTreeMap::new(),
        }
    }
}
