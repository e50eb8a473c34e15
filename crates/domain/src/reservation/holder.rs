//! Whom something is promised to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::UserName;

/// A person or a project.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    User(UserName),
    Project(String),
}

impl Holder {
    /// Whether a job of this owner and project is theirs.
    #[must_use]
    pub fn includes(&self, owner: &UserName, project: Option<&str>) -> bool {
        match self {
            Holder::User(user) => user == owner,
            Holder::Project(name) => Some(name.as_str()) == project,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::User(user) => user.fmt(f),
            Holder::Project(name) => write!(f, "project {name}"),
        }
    }
}
