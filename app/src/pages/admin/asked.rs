//! What the address asks of the policy: what was typed, for who has no script.

use berth_api::planner::PolicyArg;
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub arg: PolicyArg,
    /// It was asked what would come of it; else it was refused.
    pub preview: bool,
}

impl Asked {
    /// `None` where nothing was typed.
    pub fn from_query(query: &ParamsMap) -> Option<Self> {
        let fields = query.latest_values();
        let fields = fields.map(|(field, value)| (&**field, value));
        Some(Asked {
            arg: PolicyArg::from_form(fields)?,
            preview: query.get("preview").is_some(),
        })
    }
}
