//! Looking back over days and months: how full and how busy the cluster was, who used and who wasted
//! how much, how long jobs waited, how good forecasts were, what failed, and what it cost.

use berth_domain::Timestamp;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Described};

/// A range of time and the one before it. What was never known is absent, not zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Analytics {
    /// On the hour.
    pub since: Timestamp,
    /// On the hour: the end of the one under way at the latest.
    pub until: Timestamp,
    pub now: Timestamp,
    /// How many days before it the range lies that it is compared with.
    pub compared_days: u32,
    /// Hours of the day and days are those of this many hours east of UTC.
    pub utc_offset: i32,
    pub user: Option<String>,
    pub project: Option<String>,
    pub node: Option<String>,
    /// Of whom there is something to tell, by name; 500 at most.
    pub users: Vec<String>,
    pub projects: Vec<String>,
    pub nodes: Vec<String>,
    /// When the journal begins; `None` while nothing has happened.
    pub began: Option<Timestamp>,
    pub scoreboard: Vec<Score>,
    pub totals: Totals,
    /// `None`: nothing is known of that time.
    pub before: Option<Totals>,
    /// How wide each part of `over_time` is, in seconds.
    pub step_s: i64,
    /// Oldest first, without gaps.
    pub over_time: Vec<TimedShare>,
    /// From midnight on: 24.
    pub by_hour: Vec<Share>,
    /// From Monday on: 7.
    pub by_weekday: Vec<Share>,
    pub by_user: Groups,
    pub by_project: Groups,
    pub waits_by_size: Vec<Waits>,
    pub waits_by_class: Vec<Waits>,
    /// How wide each of `periods` is, in seconds: an hour, a day or a week.
    pub period_s: i64,
    /// Oldest first, without gaps.
    pub periods: Vec<Period>,
    pub prices: Prices,
}

/// One number that says whether Berth does what it is there for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Score {
    /// `busy_at_peak`, `by_hand`, `at_once`, `wait`, `submit` or `visible`.
    pub name: String,
    pub title: String,
    /// In the unit of `text`; `None` when it is not known.
    pub value: Option<f64>,
    /// `96%`; `—` when it is not known.
    pub text: String,
    /// `at least 95%`
    pub goal: String,
    /// `None` when it is not known.
    pub met: Option<bool>,
    /// What is measured, as a sentence.
    pub definition: String,
}

/// How full and how busy, in percent of all GPUs that were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// Held by leases; `None` when there was no GPU.
    pub allocated_pct: Option<f64>,
    /// The time in which a kernel ran.
    pub busy_pct: Option<f64>,
    /// SM active.
    pub working_pct: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimedShare {
    /// When it begins.
    pub at: Timestamp,
    pub share: Share,
}

/// Use of GPUs by a user or a project, in GPU-hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupUse {
    /// `None`: of jobs without a project.
    pub name: Option<String>,
    /// How many jobs held something.
    pub jobs: u32,
    /// Held by leases.
    pub allocated_h: f64,
    /// Of these: a kernel ran.
    pub busy_h: Option<f64>,
    /// Of these: seen, and no kernel ran.
    pub wasted_h: Option<f64>,
    /// Of these: nobody saw what they did.
    pub unobserved_h: f64,
    /// SM active.
    pub working_h: Option<f64>,
    pub energy_kwh: Option<f64>,
}

/// Who held most first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Groups {
    /// The first 15.
    pub rows: Vec<GroupUse>,
    /// How many more there are, and what they come to.
    pub others: u32,
    pub rest: GroupUse,
}

/// How long jobs waited for their first GPUs, in minutes: from when nothing else was missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waits {
    pub name: String,
    pub jobs: u32,
    /// `None` when there is no job.
    pub mean_min: Option<f64>,
    pub p50_min: Option<f64>,
    pub p90_min: Option<f64>,
    pub p99_min: Option<f64>,
}

/// Forecasts that were answered by a start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Forecasts {
    pub starts: u32,
    /// How many of them, in percent, started by the p50 (50 is right) and by the p90 (90 is right).
    pub p50_pct: Option<f64>,
    pub p90_pct: Option<f64>,
    /// Median of |p50 - start|, in minutes.
    pub median_error_min: Option<f64>,
}

/// How an attempt can end: its token in [`Period::ends`], in words, and whether something is to be
/// mended. The last four are queued again.
pub const ENDS: [(&str, &str, bool); 11] = [
    ("Succeeded", "Succeeded", false),
    ("Cancelled", "Cancelled", false),
    ("TimedOut", "Timed out", true),
    ("Failed", "Failed", true),
    ("OutOfMemory", "Out of memory", true),
    ("LaunchFailed", "Not launched", true),
    ("NodeLost", "Node lost", true),
    ("GpuFault", "GPU broke", true),
    ("Preempted", "Preempted", false),
    ("Requeued", "Requeued", false),
    ("Idle", "Stopped idle", false),
];

/// An hour, a day or a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Period {
    /// When it begins.
    pub at: Timestamp,
    /// Attempts that got their GPUs.
    pub starts: u32,
    /// Attempts that ended, in the order of [`ENDS`].
    pub ends: [u32; ENDS.len()],
    pub forecasts: Forecasts,
    pub allocated_h: f64,
    /// Of all GPUs; about a user or project of those that they held.
    pub energy_kwh: Option<f64>,
}

/// All of a range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AnalyticsTotals")
)]
pub struct Totals {
    pub share: Share,
    /// What there was to hold, in GPU-hours.
    pub capacity_h: f64,
    /// Of everybody. Its name is empty.
    pub used: GroupUse,
    pub waits: Waits,
    pub forecasts: Forecasts,
    pub starts: u32,
    pub ends: u32,
    /// Of the ends.
    pub failures: u32,
    /// The most jobs that held GPUs at once.
    pub at_once: u32,
    pub energy_kwh: Option<f64>,
}

/// What things cost, as `[prices]` in `berth.toml` says; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// Of a kilowatt-hour.
    pub kwh: Option<f64>,
    /// Of a GPU held for an hour.
    pub gpu_hour: Option<f64>,
    /// Written before an amount: `€`, `$`, `CHF `.
    pub currency: String,
}

/// What is asked for; what is absent is everything, of the last 7 days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnalyticsArg {
    /// `24h`, `7d`, `28d` or `90d`, up to now. Days count from midnight, with today as the last.
    pub range: Option<String>,
    /// In place of a range: a day, `2026-11-01`, or RFC 3339.
    pub from: Option<String>,
    /// A day that is still part of it, or RFC 3339; now unless said.
    pub to: Option<String>,
    pub user: Option<String>,
    pub project: Option<String>,
    pub node: Option<String>,
    /// Hours east of UTC by which days and hours of the day go: -12 to 14.
    pub utc_offset: Option<i32>,
}

/// `GET /api/analytics?range=28d&project=vision`: what was, in numbers, and in the range before it.
/// [`AnalyticsArg`] says what can be asked for. `GET /api/analytics/FIGURE.csv` and `….svg` with the
/// same query are the figures of the page `/history`.
#[server(name = GetAnalytics, prefix = "/api", endpoint = "analytics", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn analytics(
    #[server(default)] range: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] user: Option<String>,
    #[server(default)] project: Option<String>,
    #[server(default)] node: Option<String>,
    #[server(default)] utc_offset: Option<i32>,
) -> Result<Analytics, ApiError> {
    let asked = AnalyticsArg {
        range,
        from,
        to,
        user,
        project,
        node,
        utc_offset,
    };
    crate::context::Context::here()?.analytics(asked).await
}

/// `GET /api/scoreboard`: whether Berth did what it is there for in the last 7 days.
#[server(name = GetScoreboard, prefix = "/api", endpoint = "scoreboard", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn scoreboard() -> Result<Vec<Score>, ApiError> {
    let asked = AnalyticsArg {
        range: Some("7d".to_owned()),
        ..AnalyticsArg::default()
    };
    let told = crate::context::Context::here()?.analytics(asked).await?;
    Ok(told.scoreboard)
}
