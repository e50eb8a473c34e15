//! Why a job waited, as the planner sees it looking back.

use berth_domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Described};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitsAnswer {
    /// Oldest first. Of a job that never waited longer than a few seconds there are none.
    pub waits: Vec<WaitView>,
}

/// A time in which a job waited for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitView {
    /// Both are as exact as the looks are near each other, but for the first and the last of a wait.
    pub from: Timestamp,
    pub until: Timestamp,
    /// The token, and the sentence as of the last look.
    pub reason: String,
    pub text: String,
}

/// `GET /api/job_waits?id=17`: the reasons for which a job waited, from its submission or requeue to
/// its start. Each wait is looked at eight times by the planner on the cluster as it was then, the
/// last four waits of a job at most. Takes up to seconds.
#[server(prefix = "/api", endpoint = "job_waits", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn job_waits(id: JobId) -> Result<WaitsAnswer, ApiError> {
    crate::context::Context::here()?.job_waits(id).await
}
