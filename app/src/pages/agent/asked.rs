//! What the address asks of the form of a mandate: which one is open, and what was typed, for who has no
//! script.

use berth_api::agents::form::{ACTIONS, CHECKS, TEXTS};
use leptos_router::params::ParamsMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whose mandate is changed; `None`: another agent is made.
    pub of: Option<String>,
    /// What was typed; nothing where the form was just opened.
    pub typed: Vec<(&'static str, String)>,
    /// Which field was refused, and why.
    pub refused: Option<(String, String)>,
}

impl Asked {
    /// `None` where no form is open.
    pub fn from_query(query: &ParamsMap) -> Option<Self> {
        let of = query.get("edit").filter(|name| !name.is_empty());
        if of.is_none() && query.get("new").is_none() {
            return None;
        }
        let names = TEXTS.iter().chain(&ACTIONS).chain(&CHECKS);
        let typed = names.flat_map(|name| {
            let values = query.get_all(name).unwrap_or_default();
            values.into_iter().map(|value| (*name, value))
        });
        let why = query.get("error");
        Some(Asked {
            of,
            typed: typed.collect(),
            refused: why.map(|why| (query.get("field").unwrap_or_default(), why)),
        })
    }
}
