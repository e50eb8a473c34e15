//! What becomes of a job.

use std::time::Duration;

use berth_domain::{JobId, StateName};
use futures::Stream;

use super::Berth;
use crate::ApiError;
use crate::jobs::GetJob;
use crate::logs::{JobLog, LogText};
use crate::views::JobRow;

/// How much of a log is asked for at once: the most that the server gives.
const PIECE: u32 = 1024 * 1024;
/// How long the server waits for something new of a job that runs, and of one that does not yet.
const RUNNING_S: u32 = 5;
const WAITING_S: u32 = 1;
/// Between the end of an attempt and what comes then.
const PAUSE: Duration = Duration::from_millis(500);

/// Something that became of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// It is in another state than before. The first is the one in which it is found; one that is over in a
    /// moment may be left out.
    State(Box<JobRow>),
    /// What its command wrote on its first node. When the job is tried again the new attempt's log follows.
    Log(LogText),
}

/// A job that is followed until its end; see [`Berth::follow`].
///
/// Connections may be lost and the server may restart: it goes on where it was, and leaves nothing out and
/// says nothing twice.
#[derive(Debug)]
pub struct Follow {
    berth: Berth,
    job: JobId,
    /// What was said last: the state, and of which attempt.
    said: Option<(StateName, u32)>,
    /// Which attempt's log is read, and from where; 0: none yet.
    attempt: u32,
    offset: u64,
    log_ended: bool,
    /// There is more of the log than was read.
    behind: bool,
    over: bool,
}

impl Follow {
    pub(super) fn new(berth: Berth, job: JobId) -> Self {
        Follow {
            berth,
            job,
            said: None,
            attempt: 0,
            offset: 0,
            log_ended: false,
            behind: false,
            over: false,
        }
    }

    /// What happens next; `None` after the job's end. May be given up while it waits, and called again.
    ///
    /// # Errors
    /// The server's refusal, or that it was not reached for longer than the client is patient. It may be
    /// called again then.
    pub async fn next(&mut self) -> Result<Option<Happening>, ApiError> {
        while !self.over {
            let wait_s = if self.behind {
                0
            } else {
                match self.look().await? {
                    Looked::Said(row) => return Ok(Some(Happening::State(row))),
                    Looked::Wait => {
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                    Looked::Read { wait_s } => wait_s,
                }
            };
            let piece = self.read(wait_s).await?;
            if !piece.text.is_empty() {
                return Ok(Some(Happening::Log(piece)));
            }
        }
        Ok(None)
    }

    /// The same as a stream. It ends with the job, or with the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Happening, ApiError>> + Send {
        futures::stream::try_unfold(self, |mut follow| async move {
            let next = follow.next().await?;
            Ok(next.map(|next| (next, follow)))
        })
    }

    async fn look(&mut self) -> Result<Looked, ApiError> {
        let job = self.berth.call(GetJob { id: self.job }).await?.job;
        let latest = job.attempts.last().map_or(0, |attempt| attempt.number);
        if self.log_ended && latest > self.attempt {
            (self.attempt, self.offset, self.log_ended) = (self.attempt + 1, 0, false);
        }
        let finished = job.row.state == StateName::Finished;
        let now = (job.row.state, latest);
        // The end is said after all that was written.
        if self.said != Some(now) && (!finished || self.log_ended) {
            self.said = Some(now);
            self.over = finished;
            return Ok(Looked::Said(Box::new(job.row)));
        }
        Ok(match job.row.state {
            _ if self.log_ended => Looked::Wait,
            StateName::Finished => Looked::Read { wait_s: 0 },
            StateName::Running => Looked::Read { wait_s: RUNNING_S },
            _ => Looked::Read { wait_s: WAITING_S },
        })
    }

    async fn read(&mut self, wait_s: u32) -> Result<LogText, ApiError> {
        let call = JobLog {
            id: self.job,
            attempt: Some(self.attempt).filter(|attempt| *attempt > 0),
            rank: None,
            offset: i64::try_from(self.offset).ok(),
            limit: Some(PIECE),
            wait_s: Some(wait_s),
        };
        let piece = self.berth.call(call).await?;
        if piece.attempt > 0 {
            (self.attempt, self.offset) = (piece.attempt, piece.next);
        }
        self.behind = piece.next < piece.total && !piece.text.is_empty();
        self.log_ended = piece.ended;
        Ok(piece)
    }
}

enum Looked {
    Said(Box<JobRow>),
    /// Its log from where it was read; so long for something new.
    Read {
        wait_s: u32,
    },
    /// Nothing is to be read until another attempt begins.
    Wait,
}
