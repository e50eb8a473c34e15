//! The filter of the jobs page, as its address holds it.

use berth_api::views::JobRow;
use berth_domain::{JobId, StateName, UserName};
use leptos_router::params::ParamsMap;

use crate::address::with_query;
use crate::texts::{common, jobs as t};

/// What the state field offers: the address's word, the API's states, and what it says.
pub const STATES: [(&str, &str, &str); 7] = [
    ("", "", t::ANY_STATE),
    ("live", "live", t::NOT_FINISHED),
    ("waiting", "Queued,Held", common::WAITING),
    ("Queued", "Queued", t::QUEUED),
    ("Held", "Held", common::HELD),
    ("Running", "Starting,Running,Stopping", common::RUNNING),
    ("Finished", "Finished", common::FINISHED),
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `me`, `all`, or a name.
    pub user: String,
    /// One of [`STATES`].
    pub state: String,
    pub text: String,
    /// The tasks of this array or sweep.
    pub array: Option<JobId>,
    pub cursor: String,
}

impl Filter {
    pub fn from_query(query: &ParamsMap) -> Self {
        let text = |name| query.get(name).unwrap_or_default();
        let user = text("user");
        Filter {
            user: if user.is_empty() {
                "me".to_owned()
            } else {
                user
            },
            state: text("state"),
            text: text("text"),
            array: text("array").parse().ok(),
            cursor: text("cursor"),
        }
    }

    /// The address of the list.
    pub fn href(&self) -> String {
        let mut query = ParamsMap::new();
        let parts = [
            ("user", &self.user, "me"),
            ("state", &self.state, ""),
            ("text", &self.text, ""),
            ("cursor", &self.cursor, ""),
        ];
        for (name, value, default) in parts {
            if value != default {
                query.insert(name, value.clone());
            }
        }
        if let Some(array) = self.array {
            query.insert("array", array.to_string());
        }
        with_query("/jobs", &query)
    }

    pub fn with_cursor(&self, cursor: String) -> Self {
        Filter {
            cursor,
            ..self.clone()
        }
    }

    pub fn with_user(&self, user: &str) -> Self {
        let user = user.to_owned();
        Filter {
            user,
            cursor: String::new(),
            ..self.clone()
        }
    }

    pub fn with_state(&self, state: String) -> Self {
        Filter {
            state,
            cursor: String::new(),
            ..self.clone()
        }
    }

    pub fn with_text(&self, text: String) -> Self {
        Filter {
            text,
            cursor: String::new(),
            ..self.clone()
        }
    }

    /// The states as the API takes them; what is unknown is left to its judgement.
    pub fn states(&self) -> &str {
        let known = STATES.iter().find(|(word, _, _)| *word == self.state);
        known.map_or(&self.state, |(_, states, _)| states)
    }

    pub fn state_fits(&self, state: StateName) -> bool {
        match self.states() {
            "" => true,
            "live" => state != StateName::Finished,
            states => states.split(',').any(|name| name.parse() == Ok(state)),
        }
    }

    /// Whether a job belongs to the list apart from its state.
    pub fn is_about(&self, row: &JobRow, me: Option<&UserName>) -> bool {
        let owner = match self.user.as_str() {
            "all" => true,
            "me" => me == Some(&row.user),
            name => row.user.as_str() == name,
        };
        let text = self.text.trim().to_lowercase();
        let array = row.array.map(|place| place.array);
        owner
            && self.array.is_none_or(|id| array == Some(id))
            && (text.is_empty()
                || row.name.to_lowercase().contains(&text)
                || row.id.to_string() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_is_not_the_default() {
        let mine = Filter {
            user: "me".into(),
            ..Filter::default()
        };
        assert_eq!(mine.href(), "/jobs");
        assert_eq!(
            mine.with_user("all").with_text("a b".into()).href(),
            "/jobs?user=all&text=a%20b"
        );
    }

    #[test]
    fn states_are_matched_as_the_api_does() {
        let waiting = Filter {
            state: "waiting".into(),
            ..Filter::default()
        };
        assert!(waiting.state_fits(StateName::Held) && !waiting.state_fits(StateName::Running));
        let live = Filter {
            state: "live".into(),
            ..Filter::default()
        };
        assert!(live.state_fits(StateName::Running) && !live.state_fits(StateName::Finished));
    }
}
