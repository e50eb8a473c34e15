//! The files that a job keeps in its run folder.

use berth_domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Described};

/// What a path in a run folder leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FilesAnswer {
    /// The server cannot see the folder, or there is none yet: why, as a sentence.
    Nowhere {
        why: String,
    },
    Folder {
        /// Folders first, then by name.
        entries: Vec<FileEntry>,
        /// How many more there are.
        left_out: usize,
    },
    File(FileText),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileEntry {
    pub name: String,
    pub kind: FileKind,
    pub bytes: u64,
    pub modified: Timestamp,
    /// Where a link leads. One that leads out of the folder is of kind `link` and is not followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Folder,
    File,
    Link,
    /// A pipe, a socket, a device.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileText {
    pub bytes: u64,
    /// Its beginning; `None` when it is no text.
    pub text: Option<String>,
    /// Whether there is more than `text` shows.
    pub cut: bool,
}

/// `GET /api/job_files?id=17&path=checkpoints`: what is in the run folder, or a file of it if it is a
/// text (the first 256 KiB). For the job's owner and admins. A path leads nowhere but inside, also by
/// links. Whole files come from `/api/job_files/raw?id=17&path=…`.
#[server(prefix = "/api", endpoint = "job_files", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn job_files(
    id: JobId,
    #[server(default)] path: Option<String>,
) -> Result<FilesAnswer, ApiError> {
    let path = path.unwrap_or_default();
    crate::context::Context::here()?.job_files(id, &path).await
}
