//! What the past says: what other policies would have done with it, and how good forecasts were.

use berth_domain::Timestamp;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::planner::PolicyArg;
use crate::{Answer, ApiError, AppClient, Body, Described};

/// Which part of the past to run again, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplayArg {
    /// Jobs that were submitted in the last so many days; 1 to 90.
    #[serde(default = "four_weeks")]
    pub days: u32,
    /// None: the policy in force.
    #[serde(default)]
    pub policies: Vec<PolicyArg>,
}

fn four_weeks() -> u32 {
    28
}

/// What happened, and what would have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayAnswer {
    pub since: Timestamp,
    /// How many jobs were run again.
    pub jobs: usize,
    pub left_out: LeftOutView,
    /// The same as a sentence; empty when nothing was left out.
    pub left_out_text: String,
    pub what_happened: ReplayRow,
    /// In the order asked for.
    pub policies: Vec<ReplayRow>,
}

/// How many jobs were not run again, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeftOutView {
    pub running: u32,
    pub waiting: u32,
    /// Cancelled while they waited, or never launched.
    pub never_ran: u32,
    pub without_gpus: u32,
    /// They fit on no present nodes.
    pub too_large: u32,
}

/// How one policy did; `docs/scheduler.md` says what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayRow {
    pub policy: String,
    pub wait_mean_min: f64,
    pub wait_p50_min: f64,
    pub wait_p95_min: f64,
    pub wait_p99_min: f64,
    /// Mean delay until ten minutes of service.
    pub d10_mean_min: f64,
    /// Allocated of what the jobs present could fill, while some job waits.
    pub pack_pct: f64,
    pub alloc_pct: f64,
    pub slowdown_mean: f64,
    pub worst_user_slowdown: f64,
    pub jain: f64,
    pub preemptions: u64,
}

/// How good the forecasts were of jobs that started lately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForecastScoreAnswer {
    /// Over the last 7 and the last 28 days.
    pub windows: Vec<ScoreView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScoreView {
    pub days: u32,
    /// Jobs that waited, had a forecast, and started.
    pub jobs: u32,
    /// How many of them, in percent, started by the p50 (50 is right) and the p90 (90 is right).
    pub p50_pct: f64,
    pub p90_pct: f64,
    /// Median of |p50 - start|, in minutes.
    pub median_error_min: f64,
    /// Median of p90 - p50, in minutes.
    pub median_width_min: f64,
}

/// `POST /api/replay_history`: runs the last days again under other policies. Changes nothing.
#[server(prefix = "/api", endpoint = "replay_history", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn replay_history(body: ReplayArg) -> Result<ReplayAnswer, ApiError> {
    crate::context::Context::here()?.replay(body).await
}

/// `GET /api/forecast_score`: how good forecasts were, over the last 7 and 28 days.
#[server(prefix = "/api", endpoint = "forecast_score", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn forecast_score() -> Result<ForecastScoreAnswer, ApiError> {
    crate::context::Context::here()?.forecast_score().await
}
