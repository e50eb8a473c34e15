//! The planner beside the page: what a move would change, told by a worker that runs the server's own
//! planner (`crates/preview`). One question at a time; of those that come meanwhile, the last.

#[cfg(feature = "hydrate")]
mod worker;

use berth_domain::{JobId, MoveTo};
use berth_preview::Moved;
use leptos::prelude::*;

/// A move, and what it would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub job: JobId,
    pub to: MoveTo,
    pub moved: Moved,
}

/// What the worker does at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only browsers have workers")
)]
enum Busy {
    #[default]
    No,
    Refreshing,
    Asked(JobId, MoveTo),
}

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Planner {
    /// The last answer; nothing while none is known of the snapshot.
    pub told: RwSignal<Option<Told>>,
    /// Why there is none, in a sentence.
    pub problem: RwSignal<Option<String>>,
    work: StoredValue<Work>,
    #[cfg(feature = "hydrate")]
    worker: StoredValue<Option<worker::Beside>, LocalStorage>,
}

#[derive(Debug, Default)]
struct Work {
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers have workers")
    )]
    busy: Busy,
    /// The snapshot is old.
    stale: bool,
    /// It was taken a moment ago: a question goes before the next.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "only browsers have workers")
    )]
    fresh: bool,
    next: Option<(JobId, MoveTo)>,
}

impl Planner {
    pub fn new() -> Self {
        Planner {
            told: RwSignal::new(None),
            problem: RwSignal::new(None),
            work: StoredValue::new(Work::default()),
            #[cfg(feature = "hydrate")]
            worker: StoredValue::new_local(None),
        }
    }

    /// Takes a new snapshot before the next answer, and starts the worker if there is none.
    pub fn refresh(self) {
        self.work.update_value(|work| work.stale = true);
        self.go_on();
    }

    /// Asks what a move would change; [`told`](Self::told) has it when it is known.
    pub fn ask(self, job: JobId, to: MoveTo) {
        self.work.update_value(|work| work.next = Some((job, to)));
        self.go_on();
    }

    /// Nobody wants to know any more.
    pub fn forget(self) {
        self.work.update_value(|work| work.next = None);
        self.told.set(None);
    }

    /// Gives the worker what is next, if it has nothing to do.
    fn go_on(self) {
        #[cfg(feature = "hydrate")]
        {
            let next = self.work.try_update_value(|work| {
                if work.busy != Busy::No {
                    return Busy::No;
                }
                // Where the queue changes all the time, every other answer would never come.
                let asks_first = work.fresh && work.next.is_some();
                work.busy = if work.stale && !asks_first {
                    work.stale = false;
                    Busy::Refreshing
                } else {
                    work.next
                        .take()
                        .map_or(Busy::No, |(job, to)| Busy::Asked(job, to))
                };
                work.fresh = work.busy == Busy::Refreshing;
                work.busy
            });
            if let Some(next) = next.filter(|next| *next != Busy::No) {
                worker::send(self, next);
            }
        }
    }
}
