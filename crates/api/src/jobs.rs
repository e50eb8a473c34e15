//! Jobs: submit, list, look, change.

use berth_domain::{ArrayChange, JobId, MoveTo, SubmitRequest};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::views::{ArrayView, EventView, JobDetail, JobRow};
use crate::{Answer, ApiError, AppClient, Body, Described};

/// The answer to a submission or a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobAnswer {
    /// The job; of an array its first task.
    pub job: JobRow,
    /// All tasks of a submitted array.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<JobId>,
    /// The idempotency key was known: nothing new was submitted.
    #[serde(default)]
    pub repeated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobDetailAnswer {
    pub job: JobDetail,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobList {
    pub jobs: Vec<JobRow>,
    /// Of a grouped list: the arrays and sweeps of which it has a task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrays: Vec<ArrayView>,
    /// Pass as `cursor` for the next page.
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventList {
    pub events: Vec<EventView>,
    /// Pass as `after` for the next page.
    pub next: Option<u64>,
}

/// A job by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JobArg {
    pub id: JobId,
}

/// What to do to an array or sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArrayArg {
    /// Any of its tasks.
    pub id: JobId,
    /// `cancel`, `hold`, `release` or `retry_failed`.
    pub change: ArrayChange,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArrayAnswer {
    pub array: ArrayView,
    /// The tasks that were changed.
    pub tasks: Vec<JobId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveArg {
    pub id: JobId,
    /// `"top"`, `"bottom"`, `{"before": 17}`, `{"after": 17}`: among the waiting jobs of its class.
    pub to: MoveTo,
}

/// What to change; what is left out stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateArg {
    pub id: JobId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As in [`SubmitRequest::time_limit`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preemptible: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<i64>,
    /// Replaces all; `[]` removes all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<String>>,
    /// RFC 3339; `""` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
    /// RFC 3339; `""` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Replaces all; `[]` allows any. So do the other lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_model: Option<Vec<String>>,
    /// As in [`SubmitRequest::gpu_mem`]; `""` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_mem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodelist: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink: Option<bool>,
    /// As in [`SubmitRequest::signal`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_gpu: Option<bool>,
}

impl UpdateArg {
    /// A change of nothing.
    #[must_use]
    pub fn of(id: JobId) -> Self {
        UpdateArg {
            id,
            name: None,
            time_limit: None,
            class: None,
            max_retries: None,
            preemptible: None,
            nodes: None,
            gpus: None,
            after: None,
            begin: None,
            deadline: None,
            gpu_model: None,
            gpu_mem: None,
            nodelist: None,
            exclude: None,
            nvlink: None,
            signal: None,
            per_gpu: None,
        }
    }
}

/// `POST /api/submit_job`: queues a command, or with `array` or `sweep` many of them. Asked again with the
/// same `idempotency_key` it submits nothing, and answers with the job that has it.
#[server(prefix = "/api", endpoint = "submit_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn submit_job(body: SubmitRequest) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?.submit(body).await
}

/// `GET /api/list_jobs`: newest first, `limit` (100, 500 at most) a page. `user` may be `me`;
/// `state` is a list such as `Queued,Running`, or `live`; `text` is part of a name or a number;
/// `array` asks for the tasks of one. `grouped` gives each array one row, that of its last task that
/// fits, and says in `arrays` how all its tasks stand.
#[server(prefix = "/api", endpoint = "list_jobs", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_jobs(
    #[server(default)] user: Option<String>,
    #[server(default)] state: Option<String>,
    #[server(default)] outcome: Option<String>,
    #[server(default)] project: Option<String>,
    #[server(default)] text: Option<String>,
    #[server(default)] array: Option<JobId>,
    #[server(default)] grouped: Option<bool>,
    #[server(default)] limit: Option<u32>,
    #[server(default)] cursor: Option<String>,
) -> Result<JobList, ApiError> {
    let filter = crate::context::ListArgs {
        user,
        state,
        outcome,
        project,
        text,
        array,
        grouped,
        limit,
        cursor,
    };
    crate::context::Context::here()?.list_jobs(filter).await
}

/// `GET /api/get_job?id=17`: a job with all that is known of it.
#[server(prefix = "/api", endpoint = "get_job", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn get_job(id: JobId) -> Result<JobDetailAnswer, ApiError> {
    crate::context::Context::here()?.get_job(id).await
}

/// `GET /api/job_events?id=17`: oldest first; `after` is a sequence number.
#[server(prefix = "/api", endpoint = "job_events", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn job_events(
    id: JobId,
    #[server(default)] after: Option<u64>,
) -> Result<EventList, ApiError> {
    crate::context::Context::here()?.job_events(id, after).await
}

/// `POST /api/cancel_job`: ends it wherever it is. A running one gets SIGTERM, a grace, SIGKILL.
#[server(prefix = "/api", endpoint = "cancel_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn cancel_job(body: JobArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?
        .command(berth_domain::Command::Cancel(body.id))
        .await
}

/// `POST /api/hold_job`: keeps a queued job from starting.
#[server(prefix = "/api", endpoint = "hold_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn hold_job(body: JobArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?
        .command(berth_domain::Command::Hold(body.id))
        .await
}

/// `POST /api/release_job`: queues a held job.
#[server(prefix = "/api", endpoint = "release_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn release_job(body: JobArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?
        .command(berth_domain::Command::Release(body.id))
        .await
}

/// `POST /api/move_job`: people pass their own jobs only; admins put any job anywhere.
#[server(prefix = "/api", endpoint = "move_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn move_job(body: MoveArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?
        .command(berth_domain::Command::Move(body.id, body.to))
        .await
}

/// `POST /api/undo_move`: back to where it was before you moved it last, while it waits.
#[server(prefix = "/api", endpoint = "undo_move", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn undo_move(body: JobArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?
        .command(berth_domain::Command::UndoMove(body.id))
        .await
}

/// `POST /api/update_job`: changes a job; its size, and what it asks of nodes, only while it waits.
#[server(prefix = "/api", endpoint = "update_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn update_job(body: UpdateArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?.update(body).await
}

/// `POST /api/change_array`: cancels, holds, releases or retries all tasks of an array or sweep to
/// which that can be done, at once. `tasks` of the answer are those that were changed.
#[server(prefix = "/api", endpoint = "change_array", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn change_array(body: ArrayArg) -> Result<ArrayAnswer, ApiError> {
    crate::context::Context::here()?.change_array(body).await
}

/// `POST /api/requeue_job`: stops a running job and queues it again, or queues a finished one.
#[server(prefix = "/api", endpoint = "requeue_job", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn requeue_job(body: JobArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?
        .command(berth_domain::Command::Requeue(body.id))
        .await
}
