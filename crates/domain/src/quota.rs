//! What users and projects may hold and use: GPUs at once, GPU-hours in a period, and how large their
//! shares are.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::ids::UserName;

/// GPUs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub gpus: u32,
    /// A cap: nothing beyond it, even while GPUs idle. Otherwise more may be borrowed while nobody
    /// else waits.
    #[serde(default)]
    pub hard: bool,
}

/// GPU-hours in a period. Nothing more starts when they are used; what runs then runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "HourBudget"))]
pub struct Budget {
    pub gpu_hours: u32,
    pub period: Period,
    /// Nothing beyond it, even while GPUs idle. Otherwise more may be borrowed while nobody else
    /// waits.
    #[serde(default)]
    pub hard: bool,
}

/// Over what time a budget is used up. Each begins at 00:00 UTC: a week on Monday, a month on its
/// first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "QuotaPeriod"))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    pub const ALL: [Period; 3] = [Period::Day, Period::Week, Period::Month];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// From when to when the one is in which this moment lies.
    #[must_use]
    pub fn around(self, at: Timestamp) -> (Timestamp, Timestamp) {
        self.civil(at).unwrap_or((Timestamp::MIN, Timestamp::MAX))
    }

    /// `None` at the ends of time.
    fn civil(self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let day = at.to_zoned(TimeZone::UTC).date();
        let (first, length) = match self {
            Period::Day => (day, 1.day()),
            Period::Week => {
                let since = i64::from(day.weekday().to_monday_zero_offset());
                (day.checked_sub(since.days()).ok()?, 7.days())
            }
            Period::Month => (day.first_of_month(), 1.month()),
        };
        let begins = |day: jiff::civil::Date| {
            let zoned = day.to_zoned(TimeZone::UTC).ok()?;
            Some(zoned.timestamp())
        };
        Some((begins(first)?, begins(first.checked_add(length).ok()?)?))
    }
}

/// The most that one can be set to.
pub const MOST_GPU_HOURS: u32 = 100_000_000;
pub const MOST_SHARES: u32 = 10_000;

/// What is set of one kind: what holds for all, and for whom something else does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Each<T> {
    /// Of each user that is not named below.
    pub user: Option<T>,
    /// Of each project that is not named below.
    pub project: Option<T>,
    /// `None`: as much as they like.
    pub users: BTreeMap<UserName, Option<T>>,
    pub projects: BTreeMap<String, Option<T>>,
}

impl<T> Default for Each<T> {
    fn default() -> Self {
        Each {
            user: None,
            project: None,
            users: BTreeMap::new(),
            projects: BTreeMap::new(),
        }
    }
}

/// All that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {
    /// GPUs at once.
    #[serde(flatten)]
    pub gpus: Each<Quota>,
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub hours: Each<Budget>,
    /// Parts of what all have together, for fair share. Who has none has one.
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub shares: Each<u32>,
}

/// Whose quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    EveryUser,
    EveryProject,
    User(UserName),
    Project(String),
}

/// What to make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allow<T> {
    This(T),
    Unlimited,
    /// What holds for everybody.
    Default,
}

/// A kind of limit, and what it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetTo {
    Gpus(Allow<Quota>),
    Hours(Allow<Budget>),
    /// `None`: what everybody has.
    Shares(Option<u32>),
}

impl<T: Copy> Each<T> {
    /// Of one user; `fallback` where nothing was set.
    #[must_use]
    pub fn of_user(&self, user: &UserName, fallback: Option<T>) -> Option<T> {
        match self.users.get(user) {
            Some(named) => *named,
            None => self.user.or(fallback),
        }
    }

    /// Of one project; `fallback` where nothing was set.
    #[must_use]
    pub fn of_project(&self, project: &str, fallback: Option<T>) -> Option<T> {
        match self.projects.get(project) {
            Some(named) => *named,
            None => self.project.or(fallback),
        }
    }

    fn set(&mut self, whose: Whose, allow: Allow<T>) {
        let (named, limit) = match allow {
            Allow::This(limit) => (true, Some(limit)),
            Allow::Unlimited => (true, None),
            Allow::Default => (false, None),
        };
        match whose {
            Whose::EveryUser => self.user = limit,
            Whose::EveryProject => self.project = limit,
            Whose::User(user) if named => {
                self.users.insert(user, limit);
            }
            Whose::User(user) => {
                self.users.remove(&user);
            }
            Whose::Project(project) if named => {
                self.projects.insert(project, limit);
            }
            Whose::Project(project) => {
                self.projects.remove(&project);
            }
        }
    }
}

impl<T> Each<T> {
    /// Nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.user.is_none()
            && self.project.is_none()
            && self.users.is_empty()
            && self.projects.is_empty()
    }
}

impl Quotas {
    /// As they are after a change.
    #[must_use]
    pub fn with(&self, whose: Whose, to: SetTo) -> Self {
        let mut changed = self.clone();
        match to {
            SetTo::Gpus(allow) => changed.gpus.set(whose, allow),
            SetTo::Hours(allow) => changed.hours.set(whose, allow),
            SetTo::Shares(Some(shares)) => changed.shares.set(whose, Allow::This(shares)),
            SetTo::Shares(None) => changed.shares.set(whose, Allow::Default),
        }
        changed
    }

    /// For whom something of their own is set, of whatever kind; some come twice.
    pub fn named_users(&self) -> impl Iterator<Item = &UserName> {
        let (gpus, hours) = (self.gpus.users.keys(), self.hours.users.keys());
        gpus.chain(hours).chain(self.shares.users.keys())
    }

    pub fn named_projects(&self) -> impl Iterator<Item = &str> {
        let (gpus, hours) = (self.gpus.projects.keys(), self.hours.projects.keys());
        let all = gpus.chain(hours).chain(self.shares.projects.keys());
        all.map(String::as_str)
    }

    /// How many shares a user has.
    #[must_use]
    pub fn shares_of_user(&self, user: &UserName) -> u32 {
        self.shares.of_user(user, None).unwrap_or(1).max(1)
    }

    /// How many shares a project has.
    #[must_use]
    pub fn shares_of_project(&self, project: &str) -> u32 {
        self.shares.of_project(project, None).unwrap_or(1).max(1)
    }

    /// Projects are told apart by their shares, and not only users by theirs.
    #[must_use]
    pub fn projects_share(&self) -> bool {
        self.shares.project.is_some() || !self.shares.projects.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_where_people_think_they_do() {
        let around = |period: Period, at: &str| {
            let (from, to) = period.around(at.parse().unwrap());
            format!("{from} {to}")
        };
        // A Saturday.
        let at = "2026-02-28T23:59:59Z";
        assert_eq!(
            around(Period::Day, at),
            "2026-02-28T00:00:00Z 2026-03-01T00:00:00Z"
        );
        assert_eq!(
            around(Period::Week, at),
            "2026-02-23T00:00:00Z 2026-03-02T00:00:00Z"
        );
        assert_eq!(
            around(Period::Month, at),
            "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z"
        );
        // Its first moment is in it.
        let first = "2026-03-01T00:00:00Z";
        assert_eq!(
            around(Period::Month, first),
            "2026-03-01T00:00:00Z 2026-04-01T00:00:00Z"
        );
        for period in Period::ALL {
            assert_eq!(Period::named(period.as_str()), Some(period));
            let (from, to) = period.around(Timestamp::MAX);
            assert!(from < to);
            let (from, to) = period.around(Timestamp::MIN);
            assert!(from < to);
        }
    }

    #[test]
    fn what_was_set_before_there_were_budgets_is_read() {
        let old =
            r#"{"user":{"gpus":8,"hard":false},"project":null,"users":{"ana":null},"projects":{}}"#;
        let read: Quotas = serde_json::from_str(old).unwrap();
        assert_eq!(
            read.gpus.user,
            Some(Quota {
                gpus: 8,
                hard: false
            })
        );
        assert_eq!(read.gpus.users.get(&UserName::from("ana")), Some(&None));
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
    }

    #[test]
    fn each_kind_is_set_by_itself() {
        let ana = || Whose::User(UserName::from("ana"));
        let budget = Budget {
            gpu_hours: 500,
            period: Period::Month,
            hard: true,
        };
        let set = Quotas::default()
            .with(ana(), SetTo::Hours(Allow::This(budget)))
            .with(Whose::Project("vision".into()), SetTo::Shares(Some(3)));
        assert!(set.gpus.is_empty());
        assert_eq!(
            set.hours.of_user(&UserName::from("ana"), None),
            Some(budget)
        );
        assert_eq!(
            (
                set.shares_of_project("vision"),
                set.shares_of_project("audio")
            ),
            (3, 1)
        );
        assert!(set.projects_share());
        let back: Quotas = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
        assert_eq!(back, set);
        let none = set
            .with(ana(), SetTo::Hours(Allow::Default))
            .with(Whose::Project("vision".into()), SetTo::Shares(None));
        assert_eq!(none, Quotas::default());
    }
}
