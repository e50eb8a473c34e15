//! Who held which GPUs when, who holds them, who gets some and what is promised: one time of the
//! cluster as a picture needs it.

use berth_domain::{JobId, NodeName, ReserveRequest, StateName, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::reservations::ReservationView;
use crate::views::LeasePart;
use crate::{Answer, ApiError, AppClient, Described};

/// Into how many equal parts the time is cut for [`TimelineNode::held`].
pub const SLOTS: usize = 96;

/// A time of the cluster. Under a megabyte, whatever happened: what did not fit is counted in
/// `left_out`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimelineAnswer {
    pub now: Timestamp,
    pub from: Timestamp,
    pub to: Timestamp,
    /// By name; also those that are gone and held something in this time.
    pub nodes: Vec<TimelineNode>,
    /// Attempts that ended and held GPUs of an open node in this time, oldest first. Where there are
    /// too many the smallest are in the nodes' `many` instead.
    pub attempts: Vec<PastView>,
    /// Attempts that hold GPUs now, by job, on whatever node.
    pub active: Vec<ActiveView>,
    /// Waiting jobs whose start is forecast before `to`, next one first.
    pub waiting: Vec<WaitingView>,
    /// Those with an occurrence in this time, the next to begin first.
    pub reservations: Vec<PromiseView>,
    pub left_out: LeftOut,
    /// The same in sentences; empty when nothing was left out.
    pub left_out_text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimelineNode {
    pub name: NodeName,
    /// How many it has, or, once it is gone, as far as is known from what was held.
    pub gpus: u32,
    pub present: bool,
    /// Its attempts are told one by one.
    pub open: bool,
    /// How many of its GPUs were held by attempts that have ended, as the mean of each of [`SLOTS`]
    /// equal parts of the time, to a tenth; empty when none was.
    pub held: Vec<f32>,
    /// Attempts that are not told one by one, by GPU and beginning; of open nodes only.
    pub many: Vec<ManyView>,
}

/// Attempts that ended and held a GPU one after the other, with little between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManyView {
    /// Its index.
    pub gpu: u32,
    /// From the beginning of the first to the end of the last, as far as that is in this time.
    pub from: Timestamp,
    pub to: Timestamp,
    /// How many they are.
    pub attempts: u32,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PastView {
    pub job: JobId,
    /// Which of the job's, from 1.
    pub attempt: u32,
    /// At most 60 characters of it.
    pub name: String,
    pub user: UserName,
    /// In all.
    pub gpus: u32,
    /// What it held on open nodes.
    pub lease: Vec<LeasePart>,
    /// It held its GPUs from then to `to`.
    pub from: Timestamp,
    pub to: Timestamp,
    /// `Succeeded`, `Failed`, `OutOfMemory`, `TimedOut`, `Cancelled`, `LaunchFailed`, `NodeLost`, and
    /// of those that were queued again `Preempted`, `Requeued`, `GpuFault`, `Idle`.
    pub outcome: String,
    /// Why and how it ended, in words, at most 120 characters.
    pub end: String,
}

/// An attempt that holds GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActiveView {
    pub job: JobId,
    pub attempt: u32,
    pub name: String,
    pub user: UserName,
    pub state: StateName,
    pub lease: Vec<LeasePart>,
    /// When it got its GPUs, and when its command began to run.
    pub from: Timestamp,
    pub started_at: Option<Timestamp>,
    /// When its time limit ends it.
    pub limit_at: Timestamp,
    /// When it is expected to end; absent as long as nothing is known of such jobs.
    pub expected_at: Option<Timestamp>,
}

/// A job that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingView {
    pub job: JobId,
    pub name: String,
    pub user: UserName,
    pub gpus: u32,
    /// As likely before as after; nine times of ten by the second.
    pub start_p50: Timestamp,
    pub start_p90: Timestamp,
    pub time_limit_s: u64,
}

/// A reservation, and what a form shows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PromiseView {
    pub reservation: ReservationView,
    /// As it would be asked for, with local times in its zone.
    pub request: ReserveRequest,
    /// Which GPUs, where it names them.
    pub exact: Vec<LeasePart>,
    /// Whether the caller may change, cancel and end it.
    pub may_change: bool,
}

/// What is reserved in a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CalendarAnswer {
    pub now: Timestamp,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Those with an occurrence in this time, the next to begin first.
    pub reservations: Vec<PromiseView>,
    /// How many occurrences did not fit.
    pub left_out: usize,
    /// The same in a sentence; empty when nothing was left out.
    pub left_out_text: String,
}

/// What did not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeftOut {
    /// The smallest attempts, by GPU-time in view: they are told together, as `many`.
    pub attempts: usize,
    /// Attempts that hold GPUs now.
    pub active: usize,
    /// Of jobs that ended before this nothing is told, not even in `held`.
    pub before: Option<Timestamp>,
    /// Waiting jobs with a forecast in this time.
    pub waiting: usize,
    pub occurrences: usize,
    /// Nodes that were asked for and are not told one by one.
    pub nodes: usize,
}

/// `GET /api/timeline?from=2026-11-30T00:00:00Z&to=2026-12-01T00:00:00Z&nodes=node-1,node-2`: RFC
/// 3339, from 6 hours ago to 18 hours ahead unless said otherwise, 100 days at most. `nodes` are those
/// whose attempts are told one by one, 16 at most: all of them where it is left out and there are at
/// most 4, otherwise none; `none` is none.
#[server(name = GetTimeline, prefix = "/api", endpoint = "timeline", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn timeline(
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] nodes: Option<String>,
) -> Result<TimelineAnswer, ApiError> {
    let here = crate::context::Context::here()?;
    here.timeline((from.as_deref(), to.as_deref()), nodes.as_deref())
        .await
}

/// `GET /api/calendar?from=2026-11-30T00:00:00Z&to=2026-12-07T00:00:00Z`: what is reserved in a time, RFC
/// 3339, 100 days at most, and nothing else of the timeline.
#[server(name = GetCalendar, prefix = "/api", endpoint = "calendar", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn calendar(from: String, to: String) -> Result<CalendarAnswer, ApiError> {
    crate::context::Context::here()?.calendar(&from, &to).await
}
