//! Quotas, as they are set and shown.

use std::collections::BTreeMap;

use berth_domain::quota::{Allow, Quota, Whose};
use berth_domain::{Command, UserName};

use super::{Context, command_error};
use crate::ApiError;
use crate::quotas::{Limit, QuotaArg, QuotaView, QuotasAnswer};

impl Context {
    pub(crate) async fn quotas(&self) -> QuotasAnswer {
        let view = self.state.handle.current().await;
        let policy = view.planning.policy.quota;
        let soft = |gpus: Option<u32>| gpus.map(|gpus| Quota { gpus, hard: false });
        let (user, project) = (soft(policy.user_gpus), soft(policy.project_gpus));
        let quotas = &view.quotas;
        let mut users: BTreeMap<&str, u32> = BTreeMap::new();
        let mut projects: BTreeMap<&str, u32> = BTreeMap::new();
        users.extend(quotas.users.keys().map(|name| (name.as_str(), 0)));
        projects.extend(quotas.projects.keys().map(|name| (name.as_str(), 0)));
        for job in view.active.iter().filter(|job| job.spec.gpus() > 0) {
            *users.entry(job.owner.as_str()).or_default() += job.spec.gpus();
            if let Some(name) = job.spec.project.as_deref() {
                *projects.entry(name).or_default() += job.spec.gpus();
            }
        }
        let limit = |quota: Quota| Limit {
            gpus: quota.gpus,
            hard: quota.hard,
        };
        let of_user = |(name, held): (&str, u32)| {
            let user_name = UserName::from(name);
            QuotaView {
                name: name.to_owned(),
                limit: quotas.of_user(&user_name, user).map(limit),
                named: quotas.users.contains_key(&user_name),
                held,
            }
        };
        let of_project = |(name, held): (&str, u32)| QuotaView {
            name: name.to_owned(),
            limit: quotas.of_project(name, project).map(limit),
            named: quotas.projects.contains_key(name),
            held,
        };
        QuotasAnswer {
            user: quotas.user.or(user).map(limit),
            project: quotas.project.or(project).map(limit),
            users: users.into_iter().map(of_user).collect(),
            projects: projects.into_iter().map(of_project).collect(),
        }
    }

    /// # Errors
    /// When it is not said whose it is or what to make of it, or the caller is no admin.
    pub async fn set_quota(&self, arg: QuotaArg) -> Result<QuotasAnswer, ApiError> {
        let allow = allow(&arg)?;
        let command = Command::SetQuota(whose(arg)?, allow);
        let sent = self.send(command).await;
        sent.map_err(command_error)?;
        Ok(self.quotas().await)
    }
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

fn allow(arg: &QuotaArg) -> Result<Allow, ApiError> {
    let gpus = arg.gpus.map(|gpus| {
        u32::try_from(gpus).map_err(|_| {
            ApiError::invalid(
                "gpus",
                format!("{gpus} GPUs is not possible: use 0 or more."),
            )
        })
    });
    match (gpus.transpose()?, arg.unlimited, arg.reset) {
        (Some(gpus), false, false) => Ok(Allow::AtMost(Quota {
            gpus,
            hard: arg.hard,
        })),
        (None, true, false) => Ok(Allow::Unlimited),
        (None, false, true) => Ok(Allow::Default),
        _ => Err(ApiError::invalid(
            "gpus",
            "Say one of gpus, unlimited and reset.",
        )),
    }
}
