//! What waits behind those that the live store holds: the order of all is asked when it changes, their
//! rows when somebody scrolls to them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use berth_api::queue::{MOST_ROWS, QueueOrder, queue_order, queue_rows};
use berth_api::views::JobRow;
use berth_domain::JobId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::board::Place;
use crate::live::Live;

/// The order is not asked for more often.
const EVERY: Duration = Duration::from_secs(3);

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    live: Live,
    /// All that waits, in order; nothing while the store holds all of it.
    pub places: RwSignal<Vec<Place>>,
    /// Rows that the store does not hold.
    rows: RwSignal<HashMap<JobId, JobRow>>,
    /// Being asked for.
    asked: StoredValue<BTreeSet<JobId>>,
    pace: StoredValue<Pace>,
}

/// Whether the order was asked for a moment ago, and changed since.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    resting: bool,
    changed: bool,
}

impl Tail {
    pub fn new(live: Live) -> Self {
        let tail = Tail {
            live,
            places: RwSignal::new(vec![]),
            rows: RwSignal::new(HashMap::new()),
            asked: StoredValue::new(BTreeSet::new()),
            pace: StoredValue::new(Pace::default()),
        };
        Effect::new(move |_| {
            let held = live.queue.with(Vec::len) as u64;
            live.resynced.track();
            let counts = live.counts.get();
            if u64::from(counts.queued + counts.held) > held {
                tail.ask_order();
            } else if tail.places.with_untracked(|places| !places.is_empty()) {
                tail.places.set(vec![]);
            }
        });
        tail
    }

    fn ask_order(self) {
        let resting = self.pace.try_update_value(|pace| {
            pace.changed = pace.resting;
            std::mem::replace(&mut pace.resting, true)
        });
        if resting != Some(false) {
            return;
        }
        spawn_local(async move {
            // Nothing is shown of what went wrong: what the store holds is shown, and it is asked again.
            if let Ok(order) = queue_order().await {
                self.places.try_set(places(order));
                self.forget_old_rows();
            }
        });
        set_timeout(
            move || {
                let pace = self.pace.try_update_value(std::mem::take);
                if pace.is_some_and(|pace| pace.changed) {
                    self.ask_order();
                }
            },
            EVERY,
        );
    }

    /// Who left the queue needs no row; who is in it may have changed.
    fn forget_old_rows(self) {
        let waits: Option<HashSet<JobId>> = self
            .places
            .try_with_untracked(|places| places.iter().map(|place| place.id).collect());
        let Some(waits) = waits else { return };
        self.rows
            .try_update(|rows| rows.retain(|id, _| waits.contains(id)));
    }

    /// The row of a job that waits, as far as it is known. Follows what is asked for.
    pub fn row(self, id: JobId) -> Option<JobRow> {
        let listed = self.live.row(id).map(|row| row.get_untracked());
        listed.or_else(|| self.rows.with(|rows| rows.get(&id).cloned()))
    }

    /// Asks for the rows of these jobs that the store does not hold; those that are known, anew.
    pub fn show(self, ids: &[JobId]) {
        let listed: HashSet<JobId> = self
            .live
            .queue
            .with_untracked(|queue| queue.iter().copied().collect());
        let wanted = self.asked.try_update_value(|asked| {
            let new = |id: &&JobId| !listed.contains(id) && asked.insert(**id);
            ids.iter().filter(new).copied().collect::<Vec<JobId>>()
        });
        for some in wanted.unwrap_or_default().chunks(MOST_ROWS) {
            spawn_local(self.ask_rows(some.to_vec()));
        }
    }

    async fn ask_rows(self, wanted: Vec<JobId>) {
        let list: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let told = queue_rows(list.join(",")).await;
        self.asked
            .try_update_value(|asked| asked.retain(|id| !wanted.contains(id)));
        // They are asked for again when the queue changes.
        let Ok(told) = told else { return };
        self.live.tell(&told.jobs);
        self.rows
            .try_update(|rows| rows.extend(told.jobs.into_iter().map(|row| (row.id, row))));
    }
}

fn places(order: QueueOrder) -> Vec<Place> {
    let QueueOrder { owners, jobs } = order;
    let place = |(id, owner, class, held): (JobId, usize, _, bool)| {
        let owner = owners.get(owner)?.clone();
        Some(Place {
            id,
            owner,
            class,
            held,
        })
    };
    jobs.into_iter().filter_map(place).collect()
}
