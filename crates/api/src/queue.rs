//! The whole queue, where it is longer than what a picture holds.

use berth_domain::{JobId, PriorityClass, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::views::JobRow;
use crate::{Answer, ApiError, AppClient, Described};

/// What `queue_rows` tells of at once.
pub const MOST_ROWS: usize = 100;

/// Everything that waits, next one first; those that stand aside last. Of an array or sweep only the
/// first few.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueOrder {
    /// Whose they are; jobs name them by their place here.
    pub owners: Vec<UserName>,
    /// Number, owner, class, and whether it is held.
    pub jobs: Vec<(JobId, usize, PriorityClass, bool)>,
}

/// Rows of the queue, by number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueRows {
    pub jobs: Vec<JobRow>,
}

/// `GET /api/queue_order`: who stands where, without the rows.
#[server(name = GetQueueOrder, prefix = "/api", endpoint = "queue_order", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn queue_order() -> Result<QueueOrder, ApiError> {
    crate::context::Context::here()?.queue_order().await
}

/// `GET /api/queue_rows?ids=5,6,7`: the rows of these jobs, 100 at most, without those that are
/// not known.
#[server(name = GetQueueRows, prefix = "/api", endpoint = "queue_rows", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn queue_rows(ids: String) -> Result<QueueRows, ApiError> {
    crate::context::Context::here()?.queue_rows(&ids).await
}
