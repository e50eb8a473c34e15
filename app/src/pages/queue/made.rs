//! A move that was made: sending it, taking it back, and saying so where it came out otherwise than was
//! shown before the drop.

use std::time::Duration;

use berth_api::ApiError;
use berth_api::jobs::{JobArg, MoveArg, move_job, undo_move};
use berth_domain::{JobId, MoveTo, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::board::Board;
use crate::clock::Clock;
use crate::components::start_range::words;
use crate::live::Live;
use crate::notice::Notices;
use crate::texts::queue as t;

/// How long a move can be taken back from its message.
const UNDO: Duration = Duration::from_secs(10);
/// By then the server's order has come.
const SETTLES: Duration = Duration::from_millis(1500);
/// By then its forecasts have come too.
const FORECAST: Duration = Duration::from_secs(4);

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    board: Board,
    live: Live,
    clock: Clock,
    pub notices: Notices,
    /// The start that was shown of the move made last, until it is compared or taken back.
    shown: StoredValue<Option<(JobId, i64)>>,
}

impl Made {
    pub fn here(board: Board) -> Self {
        Made {
            board,
            live: Live::here(),
            clock: Clock::here(),
            notices: Notices::here(),
            shown: StoredValue::new(None),
        }
    }

    /// `expected`: the start that was shown, in minutes since 1970.
    pub fn send(self, job: JobId, to: MoveTo, expected: Option<i64>) {
        let (board, notices) = (self.board, self.notices);
        spawn_local(async move {
            match move_job(MoveArg { id: job, to }).await {
                Ok(_) => {
                    let undo = Callback::new(move |()| self.undo(job));
                    notices.offer(t::moved(job), (t::UNDO, undo), UNDO);
                    set_timeout(move || let_go(board), SETTLES);
                    let shown = expected.map(|expected| (job, expected));
                    self.shown.try_set_value(shown);
                    set_timeout(move || self.compare(shown), FORECAST);
                }
                Err(error) => {
                    let_go(board);
                    notices.refuse(&in_words(error, job));
                }
            }
        });
    }

    fn undo(self, job: JobId) {
        let notices = self.notices;
        self.shown.try_set_value(None);
        spawn_local(async move {
            match undo_move(JobArg { id: job }).await {
                Ok(_) => notices.say(t::moved_back(job)),
                Err(error) => notices.refuse(&error),
            }
        });
    }

    /// Says so where the server's forecast is another than what was shown before the drop.
    fn compare(self, shown: Option<(JobId, i64)>) {
        let (Some((job, expected)), true) = (shown, self.shown.try_get_value() == Some(shown))
        else {
            return;
        };
        let row = self.live.row(job);
        let start = row.and_then(|row| row.with_untracked(|row| row.start_p50));
        let Some(start) = start else { return };
        // A minute more or less is the time that passed meanwhile.
        if (start.as_second() / 60 - expected).abs() <= 1 {
            return;
        }
        let told = |at| words(at, at, self.clock).unwrap_or_default();
        self.notices.say(t::starts_otherwise(
            job,
            &told(Some(start)),
            &told(Timestamp::from_second(expected * 60).ok()),
        ));
    }
}

/// The server's order from now on.
fn let_go(board: Board) {
    if board.drag.try_get_untracked() == Some(None) {
        board.kept.set(None);
    }
}

/// What was in the way is gone: that is no mistake of whoever dragged.
fn in_words(error: ApiError, job: JobId) -> ApiError {
    if error.field() == Some("to") {
        return ApiError::new(error.code(), t::stays_because(job, &error.to_string()));
    }
    error
}
