//! Quotas, as they are set and shown.

use std::collections::BTreeMap;

use berth_domain::quota::{Allow, Budget, Period, Quota, SetTo, Whose};
use berth_domain::{Command, UserName};
use berth_scheduler::{Standing, budget_of_project, budget_of_user};

use super::{Context, command_error};
use crate::ApiError;
use crate::quotas::{HoursView, Limit, LimitKind, QuotaArg, QuotaView, QuotasAnswer};

impl Context {
    pub(crate) async fn quotas(&self) -> QuotasAnswer {
        let view = self.state.handle.current().await;
        let now = self.state.clock.now();
        let snapshot = &view.planning.snapshot;
        let policy = view.planning.policy.quota;
        let soft = |gpus: Option<u32>| gpus.map(|gpus| Quota { gpus, hard: false });
        let (user, project) = (soft(policy.user_gpus), soft(policy.project_gpus));
        let quotas = &view.quotas;
        let mut users: BTreeMap<UserName, u32> = BTreeMap::new();
        let mut projects: BTreeMap<String, u32> = BTreeMap::new();
        users.extend(quotas.named_users().map(|user| (user.clone(), 0)));
        projects.extend(quotas.named_projects().map(|one| (one.to_owned(), 0)));
        if quotas.hours.user.is_some() {
            users.extend(snapshot.spent.users().map(|user| (user.clone(), 0)));
        }
        if quotas.hours.project.is_some() {
            let spent = snapshot.spent.projects();
            projects.extend(spent.map(|project| (project.to_owned(), 0)));
        }
        for job in view.active.iter().filter(|job| job.spec.gpus() > 0) {
            *users.entry(job.owner.clone()).or_default() += job.spec.gpus();
            if let Some(name) = &job.spec.project {
                *projects.entry(name.clone()).or_default() += job.spec.gpus();
            }
        }
        let limit = |quota: Quota| Limit {
            gpus: quota.gpus,
            hard: quota.hard,
        };
        let spent = |standing: Standing| HoursView {
            used_gpu_hours: hours(standing.used_s),
            coming_gpu_hours: hours(standing.coming_s),
            at_end_gpu_hours: standing.at_end_s(now).map(hours),
            runs_out_at: standing.runs_out_at(now),
            since: standing.from,
            until: standing.to,
            is_spent: standing.is_spent(),
        };
        let of_user = |(name, held): (UserName, u32)| QuotaView {
            limit: quotas.gpus.of_user(&name, user).map(limit),
            named: quotas.gpus.users.contains_key(&name),
            held,
            budget: quotas.hours.of_user(&name, None),
            budget_named: quotas.hours.users.contains_key(&name),
            spent: budget_of_user(snapshot, &name, now).map(spent),
            shares: quotas.shares_of_user(&name),
            shares_named: quotas.shares.users.contains_key(&name),
            name: name.0,
        };
        let of_project = |(name, held): (String, u32)| QuotaView {
            limit: quotas.gpus.of_project(&name, project).map(limit),
            named: quotas.gpus.projects.contains_key(&name),
            held,
            budget: quotas.hours.of_project(&name, None),
            budget_named: quotas.hours.projects.contains_key(&name),
            spent: budget_of_project(snapshot, &name, now).map(spent),
            shares: quotas.shares_of_project(&name),
            shares_named: quotas.shares.projects.contains_key(&name),
            name,
        };
        QuotasAnswer {
            user: quotas.gpus.user.or(user).map(limit),
            project: quotas.gpus.project.or(project).map(limit),
            user_budget: quotas.hours.user,
            project_budget: quotas.hours.project,
            user_shares: quotas.shares.user.unwrap_or(1),
            project_shares: quotas.shares.project.unwrap_or(1),
            users: users.into_iter().map(of_user).collect(),
            projects: projects.into_iter().map(of_project).collect(),
        }
    }

    /// # Errors
    /// When it is not said whose it is or what to make of it, or the caller is no admin.
    pub async fn set_quota(&self, arg: QuotaArg) -> Result<QuotasAnswer, ApiError> {
        let to = set_to(&arg)?;
        let command = Command::SetQuota(whose(arg)?, to);
        let sent = self.send(command).await;
        sent.map_err(command_error)?;
        Ok(self.quotas().await)
    }
}

fn hours(gpu_s: f64) -> f64 {
    (gpu_s / 36.0).round() / 100.0
}

fn whose(arg: QuotaArg) -> Result<Whose, ApiError> {
    match (arg.user, arg.project, arg.every.as_deref()) {
        (Some(user), None, None) => Ok(Whose::User(UserName(user))),
        (None, Some(project), None) => Ok(Whose::Project(project)),
        (None, None, Some("user")) => Ok(Whose::EveryUser),
        (None, None, Some("project")) => Ok(Whose::EveryProject),
        (None, None, Some(other)) => Err(ApiError::invalid(
            "every",
            format!("'{}' is neither user nor project.", other.escape_debug()),
        )),
        _ => Err(ApiError::invalid(
            "user",
            "Say whose quota it is: one of user, project and every.",
        )),
    }
}

fn set_to(arg: &QuotaArg) -> Result<SetTo, ApiError> {
    let number = |field, amount: Option<i64>, what| {
        let number = amount.map(|amount| {
            u32::try_from(amount).map_err(|_| {
                let why = format!("{amount} {what} is not possible: use 0 or more.");
                ApiError::invalid(field, why)
            })
        });
        number.transpose()
    };
    let gpus = number("gpus", arg.gpus, "GPUs")?;
    let gpu_hours = number("gpu_hours", arg.gpu_hours, "GPU-hours")?;
    let shares = number("shares", arg.shares, "shares")?;
    if arg.period.is_some() && gpu_hours.is_none() {
        let why = "A period is that of GPU-hours: say how many, in gpu_hours.";
        return Err(ApiError::invalid("period", why));
    }
    let hard = arg.hard;
    let amounts = (gpus, gpu_hours, shares);
    match (amounts, arg.unlimited, arg.reset) {
        ((Some(gpus), None, None), false, false) => {
            Ok(SetTo::Gpus(Allow::This(Quota { gpus, hard })))
        }
        ((None, Some(gpu_hours), None), false, false) => {
            let period = arg.period.unwrap_or(Period::Month);
            Ok(SetTo::Hours(Allow::This(Budget {
                gpu_hours,
                period,
                hard,
            })))
        }
        ((None, None, Some(shares)), false, false) => Ok(SetTo::Shares(Some(shares))),
        ((None, None, None), true, false) => match arg.of.unwrap_or_default() {
            LimitKind::Gpus => Ok(SetTo::Gpus(Allow::Unlimited)),
            LimitKind::GpuHours => Ok(SetTo::Hours(Allow::Unlimited)),
            LimitKind::Shares => Err(ApiError::invalid(
                "of",
                "Shares have no limit to take away: say how many, or reset.",
            )),
        },
        ((None, None, None), false, true) => Ok(match arg.of.unwrap_or_default() {
            LimitKind::Gpus => SetTo::Gpus(Allow::Default),
            LimitKind::GpuHours => SetTo::Hours(Allow::Default),
            LimitKind::Shares => SetTo::Shares(None),
        }),
        _ => Err(ApiError::invalid(
            "gpus",
            "Say one of gpus, gpu_hours, shares, unlimited and reset.",
        )),
    }
}
