//! What users and projects hold and have used as jobs start, and which quota or budget a job would pass.

use std::collections::HashMap;

use berth_domain::{Quota, Timestamp, UserName};

use super::Why;
use crate::policy::Policy;
use crate::snapshot::{Facts, Snapshot};
use crate::spent::{Budgets, Standing};

/// GPUs held by each user and project, and GPU-hours used, if there is a quota.
pub(super) struct Quotas<'a> {
    set: &'a berth_domain::quota::Each<Quota>,
    policy: crate::policy::Quota,
    /// Nobody waits whom soft ones protect.
    lifted: bool,
    users: HashMap<&'a UserName, u32>,
    projects: HashMap<&'a str, u32>,
    budgets: Budgets<'a>,
}

impl<'a> Quotas<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, policy: &Policy, now: Timestamp) -> Self {
        let mut quotas = Quotas {
            set: &snapshot.quotas.gpus,
            policy: policy.quota,
            lifted: false,
            users: HashMap::new(),
            projects: HashMap::new(),
            budgets: Budgets::of(snapshot, now),
        };
        for active in &snapshot.active {
            quotas.hold(&active.job);
        }
        quotas
    }

    fn none(&self) -> bool {
        let policy = self.policy;
        policy.user_gpus.is_none() && policy.project_gpus.is_none() && self.set.is_empty()
    }

    pub(super) fn start(&mut self, job: &'a Facts) {
        self.budgets.start(job);
        self.hold(job);
    }

    fn hold(&mut self, job: &'a Facts) {
        if self.none() {
            return;
        }
        *self.users.entry(&job.owner).or_default() += job.gpus();
        if let Some(project) = job.project.as_deref() {
            *self.projects.entry(project).or_default() += job.gpus();
        }
    }

    /// Which quota the job would pass, or which budget is used up, and whether that is a cap; caps
    /// first.
    pub(super) fn over(&mut self, job: &'a Facts) -> Option<(Why, bool)> {
        let [user, project] = self.gpus_over(job);
        let [user_hours, project_hours] = self.hours_over(job);
        let all = [user, project, user_hours, project_hours];
        let mut found = all.into_iter().flatten();
        let first = found.next()?;
        match first {
            (_, true) => Some(first),
            (_, false) => Some(found.find(|(_, hard)| *hard).unwrap_or(first)),
        }
    }

    /// Of the owner, and of the project.
    fn gpus_over(&self, job: &Facts) -> [Option<(Why, bool)>; 2] {
        if self.none() {
            return [None, None];
        }
        let soft = |gpus: Option<u32>| gpus.map(|gpus| Quota { gpus, hard: false });
        let passes = |quota: &Quota, held: u32| {
            held.saturating_add(job.gpus()) > quota.gpus && (quota.hard || !self.lifted)
        };
        let user = self.set.of_user(&job.owner, soft(self.policy.user_gpus));
        let held = self.users.get(&job.owner).copied().unwrap_or(0);
        let user = user.filter(|quota| passes(quota, held)).map(|quota| {
            let (limit, hard) = (quota.gpus, quota.hard);
            (Why::QuotaUser { held, limit, hard }, hard)
        });
        let project = job.project.as_deref().and_then(|project| {
            let quota = self
                .set
                .of_project(project, soft(self.policy.project_gpus))?;
            let held = self.projects.get(project).copied().unwrap_or(0);
            let (limit, hard) = (quota.gpus, quota.hard);
            passes(&quota, held).then_some((Why::QuotaProject { held, limit, hard }, hard))
        });
        [user, project]
    }

    /// Of the owner, and of the project.
    fn hours_over(&mut self, job: &'a Facts) -> [Option<(Why, bool)>; 2] {
        let lifted = self.lifted;
        let [user, project] = self.budgets.standing(job).map(|standing| {
            let standing = standing.filter(|one| one.budget.hard || !lifted)?;
            standing.is_spent().then_some(standing)
        });
        let hours = |standing: &Standing| crate::plan::whole(standing.counted_s() / 3600.0);
        let user = user.map(|standing| {
            let why = Why::BudgetUser {
                used: hours(&standing),
                budget: standing.budget,
                until: standing.to,
            };
            (why, standing.budget.hard)
        });
        let project = project.map(|standing| {
            let why = Why::BudgetProject {
                used: hours(&standing),
                budget: standing.budget,
                until: standing.to,
            };
            (why, standing.budget.hard)
        });
        [user, project]
    }

    pub(super) fn lift(&mut self) {
        self.lifted = true;
    }
}
