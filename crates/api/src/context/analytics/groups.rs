//! Who used how much, and the same of everybody.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use berth_domain::Timestamp;
use berth_store::{AttemptRow, HourUse};

use super::Rows;
use super::numbers::whole;
use super::window::{Window, seconds};
use crate::analytics::{GroupUse, Groups};

/// So many are told apart.
const SHOWN: usize = 15;

type Name = Option<Arc<str>>;

/// Of one group, in GPU-seconds.
#[derive(Clone, Debug, Default)]
struct Sum {
    held_s: f64,
    observed_s: f64,
    busy_s: f64,
    working_known_s: f64,
    working_s: f64,
    power_known_s: f64,
    energy_j: f64,
    jobs: HashSet<u64>,
}

impl Sum {
    fn merge(&mut self, other: Sum) {
        self.held_s += other.held_s;
        self.observed_s += other.observed_s;
        self.busy_s += other.busy_s;
        self.working_known_s += other.working_known_s;
        self.working_s += other.working_s;
        self.power_known_s += other.power_known_s;
        self.energy_j += other.energy_j;
        self.jobs.extend(other.jobs);
    }

    fn row(&self, name: Option<String>) -> GroupUse {
        let hours = |seconds: f64| seconds / 3600.0;
        let known = |value: f64, known_s: f64| Some(value).filter(|_| known_s > 0.0);
        GroupUse {
            name,
            jobs: whole(self.jobs.len()),
            allocated_h: hours(self.held_s),
            busy_h: known(hours(self.busy_s), self.observed_s),
            wasted_h: known(
                hours((self.observed_s - self.busy_s).max(0.0)),
                self.observed_s,
            ),
            unobserved_h: hours((self.held_s - self.observed_s).max(0.0)),
            working_h: known(hours(self.working_s), self.working_known_s),
            energy_kwh: known(self.energy_j / 3.6e6, self.power_known_s),
        }
    }
}

/// Everybody in a window.
pub(super) fn everybody(rows: &Rows, window: Window, now: Timestamp) -> GroupUse {
    let mut sums = sums(rows, window, now, |_| None, |_| None);
    sums.remove(&None).unwrap_or_default().row(None)
}

pub(super) fn by_user(rows: &Rows, window: Window, now: Timestamp) -> Groups {
    let owner = |row: &AttemptRow| Some(row.owner.clone());
    groups(sums(rows, window, now, owner, |one| {
        Some(one.owner.clone())
    }))
}

pub(super) fn by_project(rows: &Rows, window: Window, now: Timestamp) -> Groups {
    let project = |row: &AttemptRow| row.project.clone();
    groups(sums(rows, window, now, project, |one| one.project.clone()))
}

fn sums(
    rows: &Rows,
    window: Window,
    now: Timestamp,
    of_held: impl Fn(&AttemptRow) -> Name,
    of_use: impl Fn(&HourUse) -> Name,
) -> BTreeMap<Name, Sum> {
    let mut sums: BTreeMap<Name, Sum> = BTreeMap::new();
    for row in &rows.stored.attempts {
        let from = row.granted.max(window.since());
        let to = row.ended.unwrap_or(now).min(window.until());
        if row.gpus > 0 && from < to {
            let sum = sums.entry(of_held(row)).or_default();
            sum.held_s += f64::from(row.gpus) * seconds(from, to);
            sum.jobs.insert(row.job);
        }
    }
    let inside = |one: &&HourUse| (window.since_s..window.until_s).contains(&one.hour_s);
    for one in rows.stored.uses.iter().filter(inside) {
        let sum = sums.entry(of_use(one)).or_default();
        sum.observed_s += one.observed_s;
        sum.busy_s += one.busy_s;
        sum.working_known_s += one.working_known_s;
        sum.working_s += one.working_s;
        sum.power_known_s += one.power_known_s;
        sum.energy_j += one.energy_j;
    }
    sums
}

fn groups(sums: BTreeMap<Name, Sum>) -> Groups {
    let mut all: Vec<(Name, Sum)> = sums.into_iter().collect();
    // By name where they held the same.
    all.sort_by(|(_, a), (_, b)| b.held_s.total_cmp(&a.held_s));
    let others = all.split_off(all.len().min(SHOWN));
    let row = |(name, sum): &(Name, Sum)| sum.row(name.as_deref().map(str::to_owned));
    let mut rest = Sum::default();
    let count = whole(others.len());
    others.into_iter().for_each(|(_, sum)| rest.merge(sum));
    Groups {
        rows: all.iter().map(row).collect(),
        others: count,
        rest: rest.row(None),
    }
}
