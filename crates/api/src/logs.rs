//! Logs: ranges of what a command wrote.

use berth_domain::JobId;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Described};

/// A piece of a log, as readable text: bytes that are no UTF-8 are replaced, and of a line that
/// was overwritten with `\r` (a progress bar) only what was written last is kept. A text that
/// begins with `\r` overwrites the line that the piece before ended in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// How many bytes of the log each line of `text` is, with its line break. What is overwritten
    /// counts, so this is not the length of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u32>,
    /// The attempt ended: nothing more will come after `total`.
    pub ended: bool,
}

/// Where a line of a log begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinePlace {
    /// Of its first byte.
    pub offset: u64,
    /// Counted from 1; not known behind the gap of a log of which the middle is not kept.
    pub line: Option<u64>,
}

/// Where a text stands in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogHits {
    /// Offsets of the lines that hold it, rising.
    pub lines: Vec<u64>,
    /// Everything before this offset was looked at: ask from here for more.
    pub next: u64,
    /// Bytes written so far.
    pub total: u64,
}

/// `GET /api/job_log`: up to `limit` bytes (1 MiB at most) from `offset`; a negative offset counts
/// from the end. With `wait_s`, waits up to that long (30 s at most) for something new.
#[server(prefix = "/api", endpoint = "job_log", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
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

/// `GET /api/log_place?id=17&line=1200`: where a line begins, by its number from 1 or by an offset
/// within it. Of a line beyond the last that can be counted, that one.
#[server(prefix = "/api", endpoint = "log_place", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn log_place(
    id: JobId,
    #[server(default)] attempt: Option<u32>,
    #[server(default)] rank: Option<u32>,
    #[server(default)] line: Option<u64>,
    #[server(default)] offset: Option<u64>,
) -> Result<LinePlace, ApiError> {
    crate::context::Context::here()?
        .log_place(id, attempt, rank, line, offset)
        .await
}

/// `GET /api/search_log?id=17&text=error`: the lines that hold a text as people see them, whatever
/// the case of its letters. Begins at offset `from`, which must be that of a line, and looks at 64 MiB
/// or up to 500 lines at a time: ask again from `next` until it is `total`.
#[server(prefix = "/api", endpoint = "search_log", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn search_log(
    id: JobId,
    text: String,
    #[server(default)] attempt: Option<u32>,
    #[server(default)] rank: Option<u32>,
    #[server(default)] from: Option<u64>,
) -> Result<LogHits, ApiError> {
    crate::context::Context::here()?
        .search_log(id, &text, attempt, rank, from)
        .await
}
