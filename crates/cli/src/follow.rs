//! Following a log until its end, over lost connections and retries of the job.

use std::time::{Duration, Instant};

use berth_api::ApiError;
use berth_api::jobs::GetJob;
use berth_api::logs::{JobLog, LogText};
use berth_domain::{JobId, StateName};

use crate::failure::{Failure, is_transient};
use crate::output::note;
use crate::session::Session;

/// How much is asked for at once: the most that the server gives.
const PIECE: u32 = 1024 * 1024;
/// How long the server waits for something new. Short enough for any proxy between.
const WAIT_S: u32 = 20;
/// For so long a server that does not answer is waited for: a restart takes seconds.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(500);

/// Which log, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub job: JobId,
    /// `None`: the last one, and with [`until_job_ends`] the ones after it.
    pub attempt: Option<u32>,
    pub rank: Option<u32>,
    /// Negative: from the end.
    pub offset: i64,
}

impl Place {
    fn call(self, wait_s: Option<u32>) -> JobLog {
        JobLog {
            id: self.job,
            attempt: self.attempt,
            rank: self.rank,
            offset: Some(self.offset),
            limit: Some(PIECE),
            wait_s,
        }
    }

    /// Where the next piece begins.
    fn moved(&mut self, piece: &LogText) {
        if piece.attempt > 0 {
            self.attempt = Some(piece.attempt);
            self.offset = i64::try_from(piece.next).unwrap_or(i64::MAX);
        }
    }

    /// How much the server no longer has of what was asked for.
    fn gap(self, piece: &LogText) -> Option<u64> {
        let asked = u64::try_from(self.offset).ok()?;
        piece
            .start
            .checked_sub(asked)
            .filter(|gap| *gap > 0 && piece.attempt > 0)
    }
}

/// Prints what is there now.
pub async fn what_is_there(
    session: &Session,
    mut place: Place,
    print: impl Fn(&LogText) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let piece = session
            .repeat(|| session.berth.call(place.call(None)))
            .await?;
        let done = piece.next >= piece.total
            || piece.next == u64::try_from(place.offset).unwrap_or(u64::MAX);
        say_gap(place, &piece);
        print(&piece)?;
        if done {
            return Ok(());
        }
        place.moved(&piece);
    }
}

/// Prints an attempt's log as it grows, until the attempt ends. Gives its number; 0 if the job
/// ended without one.
pub async fn until_attempt_ends(
    session: &Session,
    mut place: Place,
    print: impl Fn(&LogText) -> Result<(), Failure>,
) -> Result<u32, Failure> {
    loop {
        let piece = patient(session, || session.berth.call(place.call(Some(WAIT_S)))).await?;
        say_gap(place, &piece);
        if !piece.text.is_empty() {
            print(&piece)?;
        }
        place.moved(&piece);
        if piece.ended {
            return Ok(piece.attempt);
        }
    }
}

/// Prints the logs of this and all further attempts, until the job ends.
pub async fn until_job_ends(
    session: &Session,
    mut place: Place,
    print: impl Fn(&LogText) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let seen = until_attempt_ends(session, place, &print).await?;
        loop {
            let answer = patient(session, || session.berth.call(GetJob { id: place.job }));
            let job = answer.await?.job;
            // A requeued job may be finished and yet have attempts that we did not show.
            let latest = job.attempts.last().map_or(0, |attempt| attempt.number);
            if latest > seen {
                place = Place {
                    attempt: Some(seen + 1),
                    offset: 0,
                    ..place
                };
                break;
            }
            if job.row.state == StateName::Finished {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Repeats a read for as long as a restart of the server may take, and longer.
pub async fn patient<T, F>(session: &Session, call: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let mut since: Option<Instant> = None;
    let mut told = false;
    loop {
        let error = match call().await {
            Ok(answer) => {
                if told {
                    note("the server answers again.");
                }
                return Ok(answer);
            }
            Err(error) => error,
        };
        let waited = since.get_or_insert_with(Instant::now).elapsed();
        if !is_transient(&error) || waited > PATIENCE {
            return Err(session.failure(error));
        }
        if !told && waited > Duration::from_secs(2) {
            note("the server does not answer; the job goes on, waiting for it.");
            told = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn say_gap(place: Place, piece: &LogText) {
    if let Some(gap) = place.gap(piece) {
        note(&format!(
            "{gap} bytes in the middle of this long log were not kept."
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: i64) -> Place {
        Place {
            job: JobId(1),
            attempt: None,
            rank: None,
            offset,
        }
    }

    #[test]
    fn an_attempt_is_kept_to_once_there_is_one() {
        let mut here = place(0);
        here.moved(&LogText::default());
        assert_eq!((here.attempt, here.offset), (None, 0));
        here.moved(&LogText {
            attempt: 2,
            next: 10,
            ..LogText::default()
        });
        assert_eq!((here.attempt, here.offset), (Some(2), 10));
    }

    #[test]
    fn only_a_dropped_middle_is_a_gap() {
        let piece = LogText {
            attempt: 1,
            start: 50,
            ..LogText::default()
        };
        assert_eq!(place(0).gap(&piece), Some(50));
        assert_eq!(place(50).gap(&piece), None);
        assert_eq!(place(-10).gap(&piece), None);
    }
}
