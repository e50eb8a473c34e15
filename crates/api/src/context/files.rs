//! The files of run folders.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use berth_domain::{Job, JobId, Lease, NodeSource, Timestamp};
use berth_executors::files::{self, FilesError, Kind, Opened};
use berth_executors::layout;

use super::Context;
use crate::files::{FileEntry, FileKind, FileText, FilesAnswer};
use crate::{ApiError, ErrorCode};

const MOST_ENTRIES: usize = 1000;
/// Of a text so much is shown.
const SHOWN: u64 = 256 * 1024;
const LONGEST_PATH: usize = 4096;

/// A file for a download, as it is.
#[derive(Debug)]
pub struct RawFile {
    pub file: File,
    pub bytes: u64,
    pub name: String,
}

impl Context {
    pub(crate) async fn job_files(&self, id: JobId, path: &str) -> Result<FilesAnswer, ApiError> {
        let folder = match self.run_folder(id).await? {
            Ok(folder) => folder,
            Err(why) => return Ok(FilesAnswer::Nowhere { why }),
        };
        let opened = look(folder, path.to_owned()).await?;
        Ok(match opened {
            Opened::Folder(entries, left_out) => FilesAnswer::Folder {
                entries: entries.into_iter().map(entry).collect(),
                left_out,
            },
            Opened::File(file, bytes) => {
                let read = tokio::task::spawn_blocking(move || beginning(file));
                let begins = read.await.map_err(|_| unreadable())?;
                let begins = begins.map_err(|_| unreadable())?;
                FilesAnswer::File(FileText {
                    bytes,
                    cut: begins.len() as u64 > SHOWN,
                    text: text(begins),
                })
            }
        })
    }

    /// A file to be sent whole.
    ///
    /// # Errors
    /// When there is none, or it is not for whoever asks.
    pub async fn raw_file(&self, id: JobId, path: &str) -> Result<RawFile, ApiError> {
        let not_found = |why: String| ApiError::new(ErrorCode::NotFound, why);
        let folder = self.run_folder(id).await?.map_err(not_found)?;
        match look(folder, path.to_owned()).await? {
            Opened::File(file, bytes) => Ok(RawFile {
                file,
                bytes,
                name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            }),
            Opened::Folder(..) => Err(not_found(format!("{} is a folder.", shown(path)))),
        }
    }

    /// Where the files of a job are, or why they cannot be seen from here.
    async fn run_folder(&self, id: JobId) -> Result<Result<PathBuf, String>, ApiError> {
        let job = self.job(id).await?;
        if !self.may_see_secrets(&job) {
            let sentence = format!("The files of job {id} are for {} and admins.", job.owner);
            return Err(ApiError::new(ErrorCode::Forbidden, sentence));
        }
        let Some(lease) = last_lease(&job) else {
            let why = "The run folder is made when the job starts.";
            return Ok(Err(why.to_owned()));
        };
        let view = self.view();
        let away = lease.0.iter().find(|part| {
            let node = view.nodes.iter().find(|node| node.name == part.node);
            node.is_some_and(|node| node.source == NodeSource::Ssh)
        });
        if let Some(part) = away {
            let node = &part.node;
            return Ok(Err(format!(
                "The run folder is on {node}, which shares no folder with the server. Look there: \
                 ssh {node}, and in the job $BERTH_RUN_DIR."
            )));
        }
        let folder = layout::files_dir(&self.state.data_dir, id);
        if !folder.is_dir() {
            let why = "There is no run folder on the server any more: somebody removed it.";
            return Ok(Err(why.to_owned()));
        }
        Ok(Ok(folder))
    }
}

fn last_lease(job: &Job) -> Option<&Lease> {
    let live = job.attempt().map(|attempt| &attempt.lease);
    live.or_else(|| job.past.last().map(|past| &past.lease))
}

async fn look(folder: PathBuf, path: String) -> Result<Opened, ApiError> {
    if path.len() > LONGEST_PATH {
        return Err(ApiError::invalid("path", "The path is too long."));
    }
    let name = shown(&path);
    let looked = tokio::task::spawn_blocking(move || files::look(&folder, &path, MOST_ENTRIES));
    looked.await.map_err(|_| unreadable())?.map_err(|error| {
        let code = match error {
            FilesError::Outside => ErrorCode::Forbidden,
            FilesError::Missing => ErrorCode::NotFound,
            FilesError::Odd => ErrorCode::Invalid,
            FilesError::Io(_) => ErrorCode::Internal,
        };
        let why = match error {
            FilesError::Io(_) => "it cannot be read".to_owned(),
            other => other.to_string(),
        };
        ApiError::new(code, format!("{name} is not shown: {why}."))
    })
}

fn shown(path: &str) -> String {
    format!("'{}'", path.escape_debug())
}

fn unreadable() -> ApiError {
    ApiError::new(ErrorCode::Internal, "The file cannot be read.")
}

fn beginning(file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(SHOWN + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text that a file begins with, if it is one: UTF-8 without zeros, but for a character that the
/// end cuts in two.
fn text(mut bytes: Vec<u8>) -> Option<String> {
    if bytes.len() as u64 > SHOWN {
        bytes.pop();
        bytes.truncate(berth_executors::logs::whole_characters(&bytes));
    }
    if bytes.contains(&0) {
        return None;
    }
    String::from_utf8(bytes).ok()
}

fn entry(entry: files::Entry) -> FileEntry {
    FileEntry {
        name: entry.name,
        kind: match entry.kind {
            Kind::Folder => FileKind::Folder,
            Kind::File => FileKind::File,
            Kind::Link => FileKind::Link,
            Kind::Other => FileKind::Other,
        },
        bytes: entry.bytes,
        modified: Timestamp::from_second(entry.modified_s).unwrap_or(Timestamp::UNIX_EPOCH),
        target: entry.target,
    }
}
