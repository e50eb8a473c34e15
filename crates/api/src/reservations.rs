//! GPUs promised to somebody for a time.

use berth_domain::reservation::OccurrenceState;
use berth_domain::{ReservationId, ReserveRequest, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::planner::ChangeView;
use crate::{Answer, ApiError, AppClient, Body, Described};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReservationView {
    pub id: ReservationId,
    pub note: Option<String>,
    /// Whom it is for: a user or a project.
    pub user: Option<UserName>,
    pub project: Option<String>,
    /// `8 GPUs`, `4 GPUs on each of 2 nodes`, `node-1:0,1,2`.
    pub what: String,
    /// At once.
    pub gpus: u32,
    /// Of the first occurrence.
    pub start: Timestamp,
    pub end: Timestamp,
    /// Where it comes again: days of the week, or `day`.
    pub every: Vec<String>,
    pub zone: Option<String>,
    /// The last date, `2026-12-31`.
    pub until: Option<String>,
    pub no_show_s: Option<u64>,
    pub created_by: UserName,
    pub created_at: Timestamp,
    /// The one that is under way, or else the next.
    pub next: Option<OccurrenceView>,
    /// Those in the time that was asked for, in order.
    pub occurrences: Vec<OccurrenceView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OccurrenceView {
    pub start: Timestamp,
    pub end: Timestamp,
    pub state: OccurrenceState,
    /// A job of its holder runs or ran in it.
    pub used: bool,
    /// When it was over, if it is; before its end where it was released or given back.
    pub over_at: Option<Timestamp>,
    /// Kept and not used by its holder up to then: what fair share charges.
    pub idle_gpu_seconds: Option<u64>,
}

/// The next to begin first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReservationList {
    pub reservations: Vec<ReservationView>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReserveArg {
    pub reservation: ReserveRequest,
    /// Only say what it would be and whose start it would change.
    #[serde(default)]
    pub preview: bool,
    /// Changes this one instead of making another.
    #[serde(default)]
    pub replace: Option<ReservationId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReserveAnswer {
    pub reservation: ReservationView,
    /// Nothing was reserved.
    pub preview: bool,
    /// Whose start it changes, as forecast; of a preview only.
    pub changes: Vec<ChangeView>,
    /// Waiting jobs whose start is forecast, changed or not.
    pub waiting: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReservationArg {
    pub id: ReservationId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReservationAnswer {
    pub reservation: ReservationView,
}

/// `GET /api/list_reservations?from=2026-12-01T00:00:00Z`: those that are not over, and those that
/// were under way between `from` and `to`, with their occurrences in that time; RFC 3339, now and 31
/// days later unless said otherwise.
#[server(prefix = "/api", endpoint = "list_reservations", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_reservations(
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
) -> Result<ReservationList, ApiError> {
    let here = crate::context::Context::here()?;
    here.reservations(from.as_deref(), to.as_deref()).await
}

/// `POST /api/create_reservation`: for oneself or a project; admins for anybody. With `preview`
/// nothing is reserved.
#[server(prefix = "/api", endpoint = "create_reservation", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn create_reservation(body: ReserveArg) -> Result<ReserveAnswer, ApiError> {
    crate::context::Context::here()?.reserve(body).await
}

/// `POST /api/cancel_reservation`: it does not come any more; what is under way is given back.
#[server(prefix = "/api", endpoint = "cancel_reservation", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn cancel_reservation(body: ReservationArg) -> Result<ReservationAnswer, ApiError> {
    let here = crate::context::Context::here()?;
    here.cancel_reservation(body.id).await
}

/// `POST /api/end_reservation`: gives back what is left of the occurrence that is under way.
#[server(prefix = "/api", endpoint = "end_reservation", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn end_reservation(body: ReservationArg) -> Result<ReservationAnswer, ApiError> {
    crate::context::Context::here()?
        .end_reservation(body.id)
        .await
}
