//! What was: the figures of GPUs and of whatever they belong to, who used how much, and the cluster
//! at a time that is over.

use std::collections::BTreeMap;

use berth_domain::Timestamp;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::live::Picture;
use crate::reservations::ReservationView;
use crate::{Answer, ApiError, AppClient, Described};

/// A metric of a series over a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeriesAnswer {
    pub since: Timestamp,
    pub until: Timestamp,
    /// How wide each bucket is.
    pub step_s: i64,
    /// Oldest first. Times of which nothing is known have none.
    pub buckets: Vec<BucketView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BucketView {
    /// When it begins.
    pub at: Timestamp,
    /// In how many of its seconds the metric was known.
    pub count: u32,
    pub min: f32,
    pub avg: f64,
    pub max: f32,
    pub last: f32,
}

/// By what use is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    #[default]
    User,
    Project,
    Node,
    Job,
}

impl UsageBy {
    pub const ALL: [UsageBy; 4] = [UsageBy::User, UsageBy::Project, UsageBy::Node, UsageBy::Job];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            UsageBy::User => "user",
            UsageBy::Project => "project",
            UsageBy::Node => "node",
            UsageBy::Job => "job",
        }
    }
}

impl std::str::FromStr for UsageBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = UsageBy::ALL.into_iter().find(|by| by.as_str() == text);
        found.ok_or_else(|| {
            let text = text.escape_debug();
            format!("'{text}' is none of user, project, node and job.")
        })
    }
}

/// Who used how much; who held most first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsageAnswer {
    pub since: Timestamp,
    pub until: Timestamp,
    pub by: UsageBy,
    pub rows: Vec<UsageRow>,
    /// How many more there are.
    pub left_out: usize,
    /// Of all, also of those left out.
    pub total: UsageRow,
}

/// Use of GPUs. What was never observed is absent, not zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsageRow {
    /// A user, project, node or job number; none of jobs without a project, and of the total.
    pub name: Option<String>,
    /// Held by a lease.
    pub gpu_hours_allocated: f64,
    /// The integral of busy.
    pub gpu_hours_busy: Option<f64>,
    /// The integral of SM active, of those GPUs that tell it.
    pub gpu_hours_working: Option<f64>,
    /// Held, and not known how busy: neither busy nor idle.
    pub gpu_hours_unobserved: f64,
    pub energy_kwh: Option<f64>,
    /// How many jobs held something.
    pub jobs: usize,
}

/// What a job did with its GPUs, in all its attempts so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobUse {
    /// Of the last attempt.
    pub gpus: u32,
    /// How long it held GPUs, all attempts together.
    pub held_s: f64,
    pub gpu_hours_allocated: f64,
    pub gpu_hours_busy: Option<f64>,
    pub gpu_hours_working: Option<f64>,
    pub gpu_hours_unobserved: f64,
    /// Means over the time in which it was known.
    pub busy_pct: Option<f64>,
    pub working_pct: Option<f64>,
    pub energy_kwh: Option<f64>,
    /// The most that one of its GPUs had in use.
    pub peak_mem_bytes: Option<u64>,
}

/// How wide a step of a sparkline is, in seconds, and how many there are.
pub const SPARK_STEP_S: u32 = 30;
pub const SPARK_STEPS: usize = 30;

/// A share as sparklines have it.
#[must_use]
pub fn whole_percent(share: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 100"
    )]
    let whole = share.round().clamp(0.0, 100.0) as u8;
    whole
}

/// What each GPU did in the last quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SparklinesAnswer {
    /// When the first step begins.
    pub since: Timestamp,
    pub step_s: u32,
    /// By `node-1:0`, in each step how busy it was, in whole percent; `null` where nothing is known.
    /// A GPU of which nothing at all is known is left out.
    pub busy: BTreeMap<String, Vec<Option<u8>>>,
}

/// The cluster at a time that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PastAnswer {
    pub at: Timestamp,
    /// As the live picture was then: who held what, what the GPUs did, and in which order and why
    /// others waited. Of finished jobs it shows few; it knows no forecasts.
    pub picture: Picture,
    /// Those under way then, and those to come.
    pub reservations: Vec<ReservationView>,
}

/// `GET /api/series?kind=gpu&name=GPU-…&metric=busy`: a metric of a `gpu` (by UUID), `node`, `job`,
/// `user`, `project` or the `cluster` (without a name). Metrics are `busy`, `working`, `occupancy`,
/// `tensor` (percent), `memory` (bytes), `power` (W), `temperature` (C), `pcie`, `nvlink` (bytes a
/// second) and `allocated` (GPUs). `since` and `until` are RFC 3339, the last hour unless said
/// otherwise; `points` is how many buckets at most (500, 5000 at most): as fine as it is kept.
#[server(name = GetSeries, prefix = "/api", endpoint = "series", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn series(
    kind: String,
    #[server(default)] name: Option<String>,
    metric: String,
    #[server(default)] since: Option<String>,
    #[server(default)] until: Option<String>,
    #[server(default)] points: Option<u32>,
) -> Result<SeriesAnswer, ApiError> {
    let here = crate::context::Context::here()?;
    let range = (since.as_deref(), until.as_deref());
    here.series(&kind, name.as_deref(), &metric, range, points)
        .await
}

/// `GET /api/usage?by=user`: GPU-hours by `user`, `project`, `node` or `job`, of attempts cut to the
/// time from `since` to `until`: RFC 3339, the last 7 days unless said otherwise. Of running attempts
/// up to now. `limit` rows (500, 5000 at most).
#[server(name = GetUsage, prefix = "/api", endpoint = "usage", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn usage(
    #[server(default)] by: Option<String>,
    #[server(default)] since: Option<String>,
    #[server(default)] until: Option<String>,
    #[server(default)] limit: Option<u32>,
) -> Result<UsageAnswer, ApiError> {
    let here = crate::context::Context::here()?;
    let range = (since.as_deref(), until.as_deref());
    here.usage(by.as_deref(), range, limit).await
}

/// `GET /api/sparklines`: how busy each GPU was in the last quarter of an hour, in steps of half a
/// minute, the one that is under way included.
#[server(name = GetSparklines, prefix = "/api", endpoint = "sparklines", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn sparklines() -> Result<SparklinesAnswer, ApiError> {
    crate::context::Context::here()?.sparklines().await
}

/// `GET /api/cluster_at?at=2026-11-30T18:00:00Z`: the cluster and its queue as they were then.
#[server(prefix = "/api", endpoint = "cluster_at", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn cluster_at(at: String) -> Result<PastAnswer, ApiError> {
    crate::context::Context::here()?.cluster_at(&at).await
}
