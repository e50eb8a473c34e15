//! What differs between the places where ranks run: how they are started, how one knows that they
//! live, and how they hear that they are to end. Everything else is common: see
//! [`crate::watch`].

use std::path::PathBuf;
use std::time::Duration;

use berth_domain::{AttemptId, Exit};

use crate::layout;
use crate::nudge::Nudge;
use crate::order::LaunchOrder;
use crate::prepare::RunConfig;
use crate::record::Meta;

/// One rank of an attempt, and its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub attempt: AttemptId,
    pub rank: u32,
    pub folder: PathBuf,
}

impl Place {
    pub(crate) fn new(config: &RunConfig, attempt: AttemptId, rank: u32) -> Self {
        Place {
            attempt,
            rank,
            folder: layout::rank_dir(&config.data_dir, attempt, rank),
        }
    }
}

/// What a launcher says by itself. The folders say the rest.
#[derive(Debug)]
pub(crate) enum Told {
    /// An attempt cannot be launched.
    Failed { attempt: AttemptId, exit: Exit },
    /// Whether launching works at all, and why not.
    Health(Result<(), String>),
    /// A rank is said to be gone. If its folder does not show its end soon, it is lost.
    Gone {
        attempt: AttemptId,
        rank: u32,
        why: String,
    },
    /// Something happened in a rank's folder.
    Nudge(Nudge),
}

/// Starts ranks in one kind of place. None of its methods blocks for long.
pub(crate) trait Launcher: Send + 'static {
    /// Folders are looked at this often without being asked to.
    const LOOK_EVERY: Duration;
    /// After this long without a sign of a shim that was asked for, it is asked for again.
    const ASK_AGAIN: Option<Duration>;
    /// Whether the shims can tell us that something happened. If not, we look at their logs too.
    const NUDGED: bool;
    /// Whether the folders here are copies of what another host has: they may be behind it, so that
    /// what they do not show may have happened all the same, and only a record of the end is the end.
    const COPIES: bool;

    /// Starts every rank of an attempt that has not begun; the result is [`Told`].
    fn launch(&mut self, order: &LaunchOrder);

    /// Takes up an attempt, which may have been launched before. If it was not and may be, then it
    /// is launched next.
    fn adopt(&mut self, order: &LaunchOrder, may_launch: bool);

    /// Why a rank that began and recorded no end no longer lives, if that can be seen from here.
    fn is_gone(&self, place: &Place, meta: &Meta) -> Option<String>;

    /// Tells a rank that there is a last call in its folder.
    fn tell_to_save(&mut self, place: &Place);

    /// Tells a rank that there is a stop record in its folder, after which it has all of `grace` to
    /// end. Called again until it ended.
    fn tell_to_stop(&mut self, place: &Place, grace: Duration);

    /// Ends what a lost rank left behind.
    fn bury(&mut self, place: &Place, meta: &Meta);

    /// An attempt ended; nothing more is asked about it.
    fn forget(&mut self, attempt: AttemptId);

    /// Whether launching works again after it did not.
    fn works_again(&mut self) -> bool;
}
