//! Reading logs. The files are the truth; the control loop only says when one grew.

use std::path::PathBuf;
use std::time::Duration;

use berth_domain::{AttemptId, Job, JobId};
use berth_executors::{layout, logs};

use super::Context;
use crate::logs::{LinePlace, LogHits, LogText};
use crate::{ApiError, ErrorCode, ansi};

const DEFAULT_LIMIT: u32 = 64 * 1024;
const LARGEST_LIMIT: u32 = 1024 * 1024;
const LONGEST_WAIT_S: u32 = 30;
/// A search looks at this much, and finds so many lines, before it answers.
const SEARCHED: u64 = 64 * 1024 * 1024;
const MOST_HITS: usize = 500;
const LONGEST_TEXT: usize = 1000;

/// A rank's log, for reading it as it is.
#[derive(Clone, Debug)]
pub struct RawLog {
    /// The rank's folder; see `berth_executors::logs`.
    pub folder: PathBuf,
    /// For the download's file name.
    pub name: String,
}

impl Context {
    pub(crate) async fn job_log(
        &self,
        id: JobId,
        attempt: Option<u32>,
        rank: Option<u32>,
        offset: Option<i64>,
        limit: Option<u32>,
        wait_s: Option<u32>,
    ) -> Result<LogText, ApiError> {
        let wait = Duration::from_secs(u64::from(wait_s.unwrap_or(0).min(LONGEST_WAIT_S)));
        let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, LARGEST_LIMIT);
        let rank = rank.unwrap_or(0);
        // Subscribed before the first look, so that nothing falls between.
        let mut grew = self.state.handle.watch_logs();
        let mut view = self.state.handle.watch_view();
        let look = async {
            loop {
                view.borrow_and_update();
                let text = self.log_text(id, attempt, rank, offset, limit).await?;
                if !text.text.is_empty() || text.ended || wait.is_zero() {
                    return Ok(text);
                }
                tokio::select! {
                    _ = grew.recv() => {}
                    changed = view.changed() => if changed.is_err() { return Ok(text) },
                }
            }
        };
        if wait.is_zero() {
            return look.await;
        }
        match tokio::time::timeout(wait, look).await {
            Ok(answer) => answer,
            Err(_) => self.log_text(id, attempt, rank, offset, limit).await,
        }
    }

    /// A piece of a log as it is now.
    ///
    /// # Errors
    /// When there is no such job, attempt or rank.
    pub async fn log_text(
        &self,
        id: JobId,
        attempt: Option<u32>,
        rank: u32,
        offset: Option<i64>,
        limit: u32,
    ) -> Result<LogText, ApiError> {
        let job = self.job(id).await?;
        let Some(attempt) = chosen(&job, attempt, rank)? else {
            // It never ran: an empty log, which ends with the job.
            let ended = job.is_finished();
            return Ok(LogText {
                job: id.0,
                rank,
                ended,
                ..LogText::default()
            });
        };
        // Asked before the file is read: what an ended attempt wrote is all there.
        let ended = job.attempt_id() != Some(attempt);
        let folder = layout::rank_dir(&self.state.data_dir, attempt, rank);
        let read = tokio::task::spawn_blocking(move || {
            let offset = match offset.unwrap_or(0) {
                from_end if from_end < 0 => {
                    logs::total(&folder)?.saturating_sub(from_end.unsigned_abs())
                }
                offset => offset.unsigned_abs(),
            };
            logs::read(&folder, offset, limit as usize)
        });
        let chunk = answered(read.await)?;
        let all = ended && chunk.next >= chunk.total;
        let (bytes, next) = if all {
            (&chunk.bytes[..], chunk.next)
        } else {
            whole(&chunk)
        };
        Ok(LogText {
            job: id.0,
            attempt: attempt.number,
            rank,
            start: chunk.start,
            next,
            total: chunk.total,
            text: logs::readable(
                bytes,
                offset == Some(chunk.start.cast_signed()) && chunk.start > 0,
            ),
            lines: logs::line_bytes(bytes),
            ended: all,
        })
    }

    pub(crate) async fn log_place(
        &self,
        id: JobId,
        attempt: Option<u32>,
        rank: Option<u32>,
        line: Option<u64>,
        offset: Option<u64>,
    ) -> Result<LinePlace, ApiError> {
        let Some(folder) = self.log_folder(id, attempt, rank).await? else {
            return Ok(LinePlace::default());
        };
        let find = tokio::task::spawn_blocking(move || match line {
            Some(line) => logs::find::line(&folder, line),
            None => logs::find::line_of(&folder, offset.unwrap_or(0)),
        });
        let place = answered(find.await)?;
        Ok(LinePlace {
            offset: place.offset,
            line: place.line,
        })
    }

    pub(crate) async fn search_log(
        &self,
        id: JobId,
        text: &str,
        attempt: Option<u32>,
        rank: Option<u32>,
        from: Option<u64>,
    ) -> Result<LogHits, ApiError> {
        if text.is_empty() || text.len() > LONGEST_TEXT {
            let sentence = format!("Search for a text of 1 to {LONGEST_TEXT} bytes.");
            return Err(ApiError::invalid("text", sentence));
        }
        let Some(folder) = self.log_folder(id, attempt, rank).await? else {
            return Ok(LogHits::default());
        };
        let wanted = text.to_lowercase();
        let look = tokio::task::spawn_blocking(move || {
            let holds = |line: &str| ansi::holds(line, &wanted);
            logs::find::search(&folder, from.unwrap_or(0), SEARCHED, MOST_HITS, holds)
        });
        let found = answered(look.await)?;
        Ok(LogHits {
            lines: found.lines,
            next: found.next,
            total: found.total,
        })
    }

    /// Where a rank's log lies; `None` when it never ran.
    async fn log_folder(
        &self,
        id: JobId,
        attempt: Option<u32>,
        rank: Option<u32>,
    ) -> Result<Option<PathBuf>, ApiError> {
        let (job, rank) = (self.job(id).await?, rank.unwrap_or(0));
        let attempt = chosen(&job, attempt, rank)?;
        Ok(attempt.map(|attempt| layout::rank_dir(&self.state.data_dir, attempt, rank)))
    }

    /// Where a log lies, for a download.
    ///
    /// # Errors
    /// When there is no such job, attempt or rank, or it never ran.
    pub async fn raw_log(
        &self,
        id: JobId,
        attempt: Option<u32>,
        rank: u32,
    ) -> Result<RawLog, ApiError> {
        let job = self.job(id).await?;
        let attempt = chosen(&job, attempt, rank)?.ok_or_else(|| {
            ApiError::new(
                ErrorCode::NotFound,
                format!("Job {id} has not run, so it has no log."),
            )
        })?;
        let folder = layout::rank_dir(&self.state.data_dir, attempt, rank);
        Ok(RawLog {
            folder,
            name: format!("berth-{attempt}-rank{rank}.log"),
        })
    }
}

/// What was read of a log; nothing where nothing was written.
fn answered<T: Default>(
    read: Result<std::io::Result<T>, tokio::task::JoinError>,
) -> Result<T, ApiError> {
    match read {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Ok(Err(_)) | Err(_) => Err(ApiError::new(
            ErrorCode::Internal,
            "The log cannot be read.",
        )),
    }
}

/// A piece that more follows after: without a character that is cut in two, or a `\r` of which it
/// is not known yet what it overwrites.
fn whole(chunk: &logs::LogChunk) -> (&[u8], u64) {
    let mut length = logs::whole_characters(&chunk.bytes);
    while length > 0 && chunk.bytes[length - 1] == b'\r' {
        length -= 1;
    }
    if length == 0 {
        // Nothing but such: taken as it is, to get on.
        length = chunk.bytes.len();
    }
    (
        &chunk.bytes[..length],
        chunk.next - (chunk.bytes.len() - length) as u64,
    )
}

/// The attempt that is meant: the one named, or the last one; `None` when there was none yet.
fn chosen(job: &Job, attempt: Option<u32>, rank: u32) -> Result<Option<AttemptId>, ApiError> {
    if rank >= job.spec.nodes {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            format!(
                "Job {} has {} ranks, counted from 0; there is no rank {rank}.",
                job.id, job.spec.nodes
            ),
        ));
    }
    let last = job
        .attempt()
        .map(|a| a.number)
        .or_else(|| job.past.last().map(|p| p.number));
    let number = match (attempt, last) {
        (Some(asked), Some(last)) if (1..=last).contains(&asked) => Some(asked),
        (None, last) => last,
        (Some(asked), _) => {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("Job {} has no attempt {asked}.", job.id),
            ));
        }
    };
    Ok(number.map(|number| AttemptId {
        job: job.id,
        number,
    }))
}
