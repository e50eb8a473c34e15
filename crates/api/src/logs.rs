//! Logs: ranges of what a command wrote.

use berth_domain::JobId;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient};

/// A piece of a log, as readable text: bytes that are no UTF-8 are replaced, and of a line that
/// was overwritten with `\r` (a progress bar) only what was written last is kept. A text that
/// begins with `\r` overwrites the line that the piece before ended in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogText {
    pub job: u64,
    pub attempt: u32,
    pub rank: u32,
    /// Offset of the first byte. Above the one asked for when the middle of a long log was dropped.
    pub start: u64,
    /// Ask for this offset next.
    pub next: u64,
    /// Bytes written so far.
    pub total: u64,
    pub text: String,
    /// The attempt ended: nothing more will come after `total`.
    pub ended: bool,
}

/// `GET /api/job_log`: up to `limit` bytes (1 MiB at most) from `offset`; a negative offset counts
/// from the end. With `wait_s`, waits up to that long (30 s at most) for something new.
#[server(prefix = "/api", endpoint = "job_log", input = GetUrl, output = Answer, client = AppClient)]
pub async fn job_log(
    id: JobId,
    #[server(default)] attempt: Option<u32>,
    #[server(default)] rank: Option<u32>,
    #[server(default)] offset: Option<i64>,
    #[server(default)] limit: Option<u32>,
    #[server(default)] wait_s: Option<u32>,
) -> Result<LogText, ApiError> {
    crate::context::Context::here()?
        .job_log(id, attempt, rank, offset, limit, wait_s)
        .await
}
