//! What the keeper knows of an attempt and its ranks, and what it concludes from it.

use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit};

use super::RayConfig;
use super::job::{Seen, Verdict};
use super::launch::job_id;
use crate::launch::{Place, Told};
use crate::layout;
use crate::order::LaunchOrder;
use crate::rank;
use crate::record::{self, RayRecord};

/// A rank that has not begun, or should have ended, is asked about this often.
pub(super) const SOON: Duration = Duration::from_secs(1);
/// One that Ray was just given, for the first time: Ray takes more than a second to begin a job, and
/// longer if it has to answer meanwhile; that it began is seen in its folder.
pub(super) const AT_FIRST: Duration = Duration::from_secs(3);
/// One that runs.
pub(super) const RARELY: Duration = Duration::from_secs(10);
/// Past its grace, a rank that did not end is given this long before Ray ends it.
const STOP_SLACK: Duration = Duration::from_secs(5);
/// And this long, while Ray does not answer, before it is taken for lost.
const GIVE_UP: Duration = Duration::from_secs(30);

pub(super) struct Attempt {
    pub(super) order: Box<LaunchOrder>,
    pub(super) launch: Launch,
    pub(super) not_before: Instant,
    /// Since when a node of it is not there.
    pub(super) lacks_node: Option<Instant>,
    pub(super) ranks: Vec<Rank>,
}

#[derive(PartialEq)]
pub(super) enum Launch {
    /// By somebody before us, or never.
    Not,
    /// As soon as Ray can be asked.
    Due,
    UnderWay,
    Done,
}

pub(super) struct Rank {
    pub(super) place: Place,
    pub(super) id: String,
    /// Where it runs, once that is known.
    pub(super) node_id: Option<String>,
    pub(super) seen: Seen,
    pub(super) ask_at: Instant,
    pub(super) asking: bool,
    /// How often it was submitted under another name.
    pub(super) submission: u32,
    /// Its job was there before it was submitted; how often that was found to be a dead one.
    pub(super) known: Option<u32>,
    /// When it should have ended by.
    pub(super) stop_by: Option<Instant>,
    pub(super) ray_told: bool,
    pub(super) said: bool,
}

impl Attempt {
    pub(super) fn new(config: &RayConfig, prefix: &str, order: Box<LaunchOrder>) -> Self {
        let now = Instant::now();
        let attempt = order.attempt;
        let ranks = (0..).zip(&order.lease.0).map(|(rank, _)| Rank {
            place: Place::new(&config.run, attempt, rank),
            id: job_id(prefix, attempt, rank, 1),
            node_id: None,
            seen: Seen::default(),
            ask_at: now + SOON,
            asking: false,
            submission: 1,
            known: None,
            stop_by: None,
            ray_told: false,
            said: false,
        });
        Attempt {
            ranks: ranks.collect(),
            launch: Launch::Not,
            not_before: now,
            lacks_node: None,
            order,
        }
    }
}

impl Rank {
    /// It has a stop record, with this grace.
    pub(super) fn is_to_stop(&mut self, grace: Duration) {
        if self.stop_by.is_none() {
            let by = Instant::now() + grace + STOP_SLACK;
            self.stop_by = Some(by);
            self.ask_at = self.ask_at.min(by);
        }
    }

    /// Takes in whether its node is there, and if not, why.
    pub(super) fn node_is_gone(&mut self, gone: Option<String>, now: Instant) {
        if gone.is_some() && self.seen.has_node() {
            // Ray may know already what that means for its job.
            self.ask_at = now;
        }
        self.seen.node(gone, now);
    }

    /// What is to be said of it, once.
    pub(super) fn verdict(
        &mut self,
        config: &RayConfig,
        attempt: AttemptId,
        silent: Option<Duration>,
        now: Instant,
    ) -> Option<Told> {
        if self.said {
            return None;
        }
        let rank = self.place.rank;
        let given_up = silent.is_some_and(|silent| silent >= GIVE_UP)
            && self.stop_by.is_some_and(|by| now >= by + GIVE_UP);
        let found = self
            .seen
            .verdict(now, config.start_patience, config.node_grace);
        if found.is_some() && has(&self.place, layout::EXIT) {
            return None;
        }
        let told = match found {
            Some(Verdict::Gone(why)) if begun(&self.place) => Told::Gone { attempt, rank, why },
            Some(Verdict::Gone(why)) => Told::Failed {
                attempt,
                exit: not_launched(why),
            },
            Some(Verdict::StillPending) => Told::Failed {
                attempt,
                exit: not_launched(format!(
                    "Ray did not begin it within {} s: others use GPUs of its node through Ray",
                    config.start_patience.as_secs()
                )),
            },
            None if given_up => {
                let why = "it was told to end, and neither its node nor Ray answers".to_owned();
                Told::Gone { attempt, rank, why }
            }
            None => return None,
        };
        self.said = true;
        Some(told)
    }
}

fn not_launched(why: String) -> Exit {
    Exit {
        ended: Ended::NotLaunched { why },
        out_of_memory: false,
    }
}

pub(super) fn passed(since: Option<Instant>, wait: Duration, now: Instant) -> bool {
    since.is_some_and(|since| now.saturating_duration_since(since) >= wait)
}

/// Whether a shim began.
pub(super) fn begun(place: &Place) -> bool {
    has(place, layout::META)
}

fn has(place: &Place, file: &str) -> bool {
    rank::refresh(&place.folder);
    place.folder.join(file).exists()
}

pub(super) fn node_of(place: &Place) -> Option<String> {
    let record = record::read::<RayRecord>(&place.folder, layout::RAY);
    Some(record.ok()??.node_id)
}
