//! Budgets: what was used of the GPU-hours of a period, what will be, and who has used up theirs.

use std::collections::BTreeMap;

use berth_domain::{Budget, Period, Quotas, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::dispatch::{run_s, seconds_until};
use crate::snapshot::{Active, Facts, Snapshot};

/// GPU-seconds that ended in the period that is under way, of each kind of period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    users: BTreeMap<UserName, [Sum; 3]>,
    projects: BTreeMap<String, [Sum; 3]>,
}

/// What was used since a period began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    since: Timestamp,
    gpu_s: f64,
}

/// Use from one moment to another, by so many GPUs.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub gpus: u32,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Use {
    /// What of it lies in a time, in GPU-seconds.
    fn within(self, (from, to): (Timestamp, Timestamp)) -> f64 {
        let (from, to) = (self.from.max(from), self.to.min(to));
        seconds_until(from, to).max(0.0) * f64::from(self.gpus)
    }
}

impl Spent {
    /// Adds what ended.
    pub fn charge(&mut self, user: &UserName, project: Option<&str>, used: Use) {
        if used.gpus == 0 {
            return;
        }
        add(self.users.entry(user.clone()).or_default(), used);
        if let Some(project) = project {
            add(self.projects.entry(project.to_owned()).or_default(), used);
        }
    }

    /// Who used anything.
    pub fn users(&self) -> impl Iterator<Item = &UserName> {
        self.users.keys()
    }

    pub fn projects(&self) -> impl Iterator<Item = &str> {
        self.projects.keys().map(String::as_str)
    }

    fn of_user(&self, user: &UserName, period: Period, now: Timestamp) -> f64 {
        self.users
            .get(user)
            .map_or(0.0, |sums| read(sums, period, now))
    }

    fn of_project(&self, project: &str, period: Period, now: Timestamp) -> f64 {
        let sums = self.projects.get(project);
        sums.map_or(0.0, |sums| read(sums, period, now))
    }
}

fn add(sums: &mut [Sum; 3], used: Use) {
    for (sum, period) in sums.iter_mut().zip(Period::ALL) {
        let around = period.around(used.to);
        if around.0 > sum.since {
            *sum = Sum {
                since: around.0,
                gpu_s: 0.0,
            };
        }
        // What ended before that period began is of another one.
        if around.0 == sum.since {
            sum.gpu_s += used.within(around);
        }
    }
}

fn read(sums: &[Sum; 3], period: Period, now: Timestamp) -> f64 {
    let sum = sums[period as usize];
    let current = sum.since == period.around(now).0;
    if current { sum.gpu_s } else { 0.0 }
}

/// How it stands with one budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub budget: Budget,
    /// When the period began, and when the next one does.
    pub from: Timestamp,
    pub to: Timestamp,
    /// GPU-seconds so far.
    pub used_s: f64,
    /// GPU-seconds that running jobs are expected to use yet, up to the end of the period.
    pub coming_s: f64,
}

impl Standing {
    fn new(budget: Budget, now: Timestamp, ended_s: f64) -> Self {
        let (from, to) = budget.period.around(now);
        Standing {
            budget,
            from,
            to,
            used_s: ended_s,
            coming_s: 0.0,
        }
    }

    /// Adds what a running job used, and is expected to use.
    fn add(&mut self, active: &Active, now: Timestamp) {
        let gpus = active.job.gpus();
        let since = active.since.unwrap_or(now);
        let ran = Use {
            gpus,
            from: since,
            to: now,
        };
        self.used_s += ran.within((self.from, self.to));
        self.expect(gpus, active.expected_left_s(now), now);
    }

    /// Adds what so many GPUs use for so many seconds from now on.
    fn expect(&mut self, gpus: u32, seconds: f64, now: Timestamp) {
        let seconds = seconds.min(seconds_until(now, self.to)).max(0.0);
        self.coming_s += seconds * f64::from(gpus);
    }

    /// What is used, with what is expected of what runs.
    #[must_use]
    pub fn counted_s(&self) -> f64 {
        self.used_s + self.coming_s
    }

    #[must_use]
    pub fn allowed_s(&self) -> f64 {
        f64::from(self.budget.gpu_hours) * 3600.0
    }

    /// Nothing is left to start anything with.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.counted_s() >= self.allowed_s()
    }

    /// What the period comes to if it goes on at the pace that it had so far, in GPU-seconds; `None` in
    /// its first hour, when nobody can tell.
    #[must_use]
    pub fn at_end_s(&self, now: Timestamp) -> Option<f64> {
        let (gone, length) = (
            seconds_until(self.from, now),
            seconds_until(self.from, self.to),
        );
        (gone >= 3600.0).then(|| self.used_s / gone * length)
    }

    /// When it is used up at that pace; `None`: not in this period. The past where it is already.
    #[must_use]
    pub fn runs_out_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.used_s >= self.allowed_s() {
            return Some(now);
        }
        let gone = seconds_until(self.from, now);
        if gone < 3600.0 || self.used_s <= 0.0 {
            return None;
        }
        let left = (self.allowed_s() - self.used_s) / (self.used_s / gone);
        let at = crate::plan::later(now, left);
        (at < self.to).then_some(at)
    }
}

/// The budgets that are set, as jobs start.
pub(crate) struct Budgets<'a> {
    quotas: &'a Quotas,
    now: Timestamp,
    spent: &'a Spent,
    active: &'a [Active],
    /// Of whom somebody asked. What starts meanwhile is in it.
    users: BTreeMap<&'a UserName, Option<Standing>>,
    projects: BTreeMap<&'a str, Option<Standing>>,
}

impl<'a> Budgets<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, now: Timestamp) -> Self {
        Budgets {
            quotas: &snapshot.quotas,
            now,
            spent: &snapshot.spent,
            active: &snapshot.active,
            users: BTreeMap::new(),
            projects: BTreeMap::new(),
        }
    }

    pub(crate) fn none(&self) -> bool {
        self.quotas.hours.is_empty()
    }

    /// Of the owner, and of the project.
    pub(crate) fn standing(&mut self, job: &'a Facts) -> [Option<Standing>; 2] {
        if self.none() {
            return [None, None];
        }
        let (quotas, spent, now, active) = (self.quotas, self.spent, self.now, self.active);
        let with_running = |mut standing: Standing, counts: &dyn Fn(&Facts) -> bool| {
            for one in active.iter().filter(|one| counts(&one.job)) {
                standing.add(one, now);
            }
            standing
        };
        let owner = &job.owner;
        let user = *self.users.entry(owner).or_insert_with(|| {
            let budget = quotas.hours.of_user(owner, None)?;
            let ended_s = spent.of_user(owner, budget.period, now);
            let counts = |one: &Facts| one.owner == *owner;
            Some(with_running(Standing::new(budget, now, ended_s), &counts))
        });
        let project = job.project.as_deref().and_then(|project| {
            *self.projects.entry(project).or_insert_with(|| {
                let budget = quotas.hours.of_project(project, None)?;
                let ended_s = spent.of_project(project, budget.period, now);
                let counts = |one: &Facts| one.project.as_deref() == Some(project);
                Some(with_running(Standing::new(budget, now, ended_s), &counts))
            })
        });
        [user, project]
    }

    /// A job starts.
    pub(crate) fn start(&mut self, job: &'a Facts) {
        if self.none() {
            return;
        }
        // Those of whom nobody asked yet are counted first.
        let _ = self.standing(job);
        let (gpus, length, now) = (
            job.gpus(),
            run_s(job, job.service.as_secs_f64()).0,
            self.now,
        );
        let user = self.users.get_mut(&job.owner);
        let project = job.project.as_deref();
        let project = project.and_then(|project| self.projects.get_mut(project));
        for standing in [user, project].into_iter().flatten().flatten() {
            standing.expect(gpus, length, now);
        }
    }
}

/// How it stands with a user's budget, if they have one.
#[must_use]
pub fn budget_of_user(snapshot: &Snapshot, user: &UserName, now: Timestamp) -> Option<Standing> {
    let job = Facts {
        owner: user.clone(),
        ..Facts::new(berth_domain::JobId(0))
    };
    let [standing, _] = Budgets::of(snapshot, now).standing(&job);
    standing
}

/// How it stands with a project's budget, if it has one.
#[must_use]
pub fn budget_of_project(snapshot: &Snapshot, project: &str, now: Timestamp) -> Option<Standing> {
    let job = Facts {
        project: Some(project.to_owned()),
        ..Facts::new(berth_domain::JobId(0))
    };
    let [_, standing] = Budgets::of(snapshot, now).standing(&job);
    standing
}
