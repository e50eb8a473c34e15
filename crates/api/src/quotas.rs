//! What users and projects may hold and use: GPUs at once, GPU-hours in a period, and their shares.

use berth_domain::{Budget, Period, Timestamp};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// How many GPUs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limit {
    pub gpus: u32,
    /// A cap, also while nobody else waits.
    pub hard: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotasAnswer {
    /// Of everybody who is not named; `null`: no limit.
    pub user: Option<Limit>,
    pub project: Option<Limit>,
    pub user_budget: Option<Budget>,
    pub project_budget: Option<Budget>,
    pub user_shares: u32,
    pub project_shares: u32,
    /// Who is named, holds GPUs, or has used some of a budget, by name.
    pub users: Vec<QuotaView>,
    pub projects: Vec<QuotaView>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotaView {
    pub name: String,
    /// `null`: no limit.
    pub limit: Option<Limit>,
    /// It is set for this one, and not for everybody.
    pub named: bool,
    /// GPUs now.
    pub held: u32,
    /// `null`: as many GPU-hours as they like.
    pub budget: Option<Budget>,
    pub budget_named: bool,
    /// How it stands with the budget, where there is one.
    pub spent: Option<HoursView>,
    /// For fair share: who has twice as many is to get twice as much.
    pub shares: u32,
    pub shares_named: bool,
}

impl QuotasAnswer {
    /// How it stands with a user; who is not listed has what everybody has.
    #[must_use]
    pub fn of_user(&self, name: &str) -> QuotaView {
        let found = self.users.iter().find(|one| one.name == name);
        found.cloned().unwrap_or_else(|| QuotaView {
            name: name.to_owned(),
            limit: self.user,
            budget: self.user_budget,
            shares: self.user_shares,
            ..QuotaView::default()
        })
    }

    /// How it stands with a project.
    #[must_use]
    pub fn of_project(&self, name: &str) -> QuotaView {
        let found = self.projects.iter().find(|one| one.name == name);
        found.cloned().unwrap_or_else(|| QuotaView {
            name: name.to_owned(),
            limit: self.project,
            budget: self.project_budget,
            shares: self.project_shares,
            ..QuotaView::default()
        })
    }
}

/// What is used of the GPU-hours of a period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HoursView {
    pub used_gpu_hours: f64,
    /// What running jobs are expected to use yet in this period.
    pub coming_gpu_hours: f64,
    /// What the period comes to at its pace so far; `null` in its first hour.
    pub at_end_gpu_hours: Option<f64>,
    /// When it is used up at that pace; `null`: not in this period.
    pub runs_out_at: Option<Timestamp>,
    /// When the period began, and when the next one does.
    pub since: Timestamp,
    pub until: Timestamp,
    /// Nothing more starts with it.
    pub is_spent: bool,
}

/// Whose quota to set, and to what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotaArg {
    /// One of these three: this user, this project, or every `user` or `project` that is not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// One of these five: so many GPUs at once, so many GPU-hours in each `period`, so many shares, as
    /// many as they like, or what everybody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_hours: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<i64>,
    #[serde(default)]
    pub unlimited: bool,
    #[serde(default)]
    pub reset: bool,
    /// Of what there is no limit, or what is reset: `gpus`, where nothing is said, `gpu_hours` or
    /// `shares`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<LimitKind>,
    /// Of `gpu_hours`: `month` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// A cap, also while nobody else waits.
    #[serde(default)]
    pub hard: bool,
}

/// What can be limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    #[default]
    Gpus,
    GpuHours,
    Shares,
}

impl LimitKind {
    pub const ALL: [LimitKind; 3] = [LimitKind::Gpus, LimitKind::GpuHours, LimitKind::Shares];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LimitKind::Gpus => "gpus",
            LimitKind::GpuHours => "gpu_hours",
            LimitKind::Shares => "shares",
        }
    }
}

impl QuotaArg {
    /// What a form says: whose, by one of `user`, `project` and `every`; of what, by one of `gpus`,
    /// `gpu_hours` and `shares`; `verb` is the button that was pressed, `set`, `unlimited` or `reset`.
    ///
    /// # Errors
    /// When it is to be set to what is no number.
    pub fn from_form<'a>(
        fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ApiError> {
        let mut arg = QuotaArg::default();
        let (mut kind, mut amount, mut verb) = (LimitKind::Gpus, "", "");
        for (field, value) in fields {
            let text = || Some(value.trim().to_owned());
            match field {
                "user" => arg.user = text(),
                "project" => arg.project = text(),
                "every" => arg.every = text(),
                "period" => arg.period = Period::named(value),
                "hard" => arg.hard = true,
                "verb" => verb = value,
                _ => {
                    if let Some(named) =
                        LimitKind::ALL.into_iter().find(|one| one.as_str() == field)
                    {
                        (kind, amount) = (named, value.trim());
                    }
                }
            }
        }
        match verb {
            "unlimited" => (arg.unlimited, arg.of) = (true, Some(kind)),
            "reset" => (arg.reset, arg.of) = (true, Some(kind)),
            _ => {
                let what = match kind {
                    LimitKind::Gpus => "GPUs at once? Write a number, 0 or more.",
                    LimitKind::GpuHours => "GPU-hours? Write a number, 0 or more.",
                    LimitKind::Shares => "shares? Write a number, 1 or more.",
                };
                let number = amount
                    .parse()
                    .map_err(|_| ApiError::invalid(kind.as_str(), format!("How many {what}")))?;
                match kind {
                    LimitKind::Gpus => arg.gpus = Some(number),
                    LimitKind::GpuHours => arg.gpu_hours = Some(number),
                    LimitKind::Shares => arg.shares = Some(number),
                }
            }
        }
        if arg.gpu_hours.is_none() {
            arg.period = None;
        }
        Ok(arg)
    }
}

/// `GET /api/get_quotas`: how many GPUs users and projects may hold, and hold.
#[server(prefix = "/api", endpoint = "get_quotas", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn get_quotas() -> Result<QuotasAnswer, ApiError> {
    Ok(crate::context::Context::here()?.quotas().await)
}

/// `POST /api/set_quota`: admins only.
#[server(prefix = "/api", endpoint = "set_quota", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_quota(body: QuotaArg) -> Result<QuotasAnswer, ApiError> {
    crate::context::Context::here()?.set_quota(body).await
}
