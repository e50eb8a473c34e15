//! Through which door a call came.

use std::net::IpAddr;

use berth_domain::Timestamp;
use berth_domain::audit::Origin;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use berth_domain::audit::DoorKind;

/// How somebody came in, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Door {
    pub kind: DoorKind,
    /// `None`: from within this host.
    pub address: Option<IpAddr>,
    /// How a browser was let in.
    pub entered: Option<Entered>,
}

impl Door {
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            door: self.kind,
            address: self.address,
        }
    }
}

/// What let a browser in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A link that an admin made.
    Link,
    Password,
    /// A token, pasted.
    Token,
    /// A provider of single sign-on.
    Sso,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub by: Entry,
    pub at: Timestamp,
}

/// So long after a login link was opened it stands for the old password.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

impl Entered {
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.at + FRESH >= now
    }
}
