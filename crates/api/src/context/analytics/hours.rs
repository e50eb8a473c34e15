//! A range hour by hour: what there was, what was held, and what the GPUs did; and the same gathered
//! into wider parts, hours of the day, and days of the week.

use std::collections::HashMap;

use berth_domain::Timestamp;
use berth_store::{HourUse, NodeChange};

use super::Rows;
use super::numbers::Mean;
use super::window::{DAY_S, HOUR_S, Window, seconds};
use crate::analytics::{Share, TimedShare};

/// One hour, or several together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// GPU-seconds.
    pub there_s: f64,
    pub held_s: f64,
    /// Percent.
    pub busy: Mean,
    pub working: Mean,
    /// `None`: no power was known.
    pub energy_j: Option<f64>,
}

impl Cell {
    fn merge(&mut self, other: &Cell) {
        self.there_s += other.there_s;
        self.held_s += other.held_s;
        self.busy.merge(other.busy);
        self.working.merge(other.working);
        if let Some(energy) = other.energy_j {
            *self.energy_j.get_or_insert(0.0) += energy;
        }
    }

    pub(super) fn share(&self) -> Share {
        // A node that is away keeps its leases: what is held was there.
        let there = self.there_s.max(self.held_s);
        Share {
            allocated_pct: (there > 0.0).then(|| 100.0 * self.held_s / there),
            busy_pct: self.busy.get(),
            working_pct: self.working.get(),
        }
    }
}

/// The hours of a window.
#[derive(Clone, Debug)]
pub(super) struct Hours {
    window: Window,
    cells: Vec<Cell>,
}

impl Hours {
    pub(super) fn of(rows: &Rows, window: Window, now: Timestamp) -> Self {
        let mut hours = Hours {
            window,
            cells: vec![Cell::default(); window.hours()],
        };
        for (from, to, gpus) in there(&rows.stored.nodes, rows.node.as_deref(), now) {
            hours.spread(from, to, gpus, |cell, gpu_s| cell.there_s += gpu_s);
        }
        for row in &rows.stored.attempts {
            let to = row.ended.unwrap_or(now);
            let gpus = f64::from(row.gpus);
            hours.spread(row.granted, to, gpus, |cell, gpu_s| cell.held_s += gpu_s);
        }
        match &rows.figures {
            Some(figures) => {
                for one in figures {
                    if let Some(cell) = hours.cell(one.hour_s) {
                        cell.busy.merge(one.busy);
                        cell.working.merge(one.working);
                        if let Some(energy) = one.energy_j {
                            *cell.energy_j.get_or_insert(0.0) += energy;
                        }
                    }
                }
            }
            None => hours.take_uses(&rows.stored.uses),
        }
        hours
    }

    /// Of some people's jobs: what they did, as a share of all GPUs. Who held nothing did nothing; of
    /// what was held and never seen nothing is known.
    fn take_uses(&mut self, uses: &[HourUse]) {
        let mut seen = vec![(0.0, 0.0, 0.0, 0.0); self.cells.len()];
        for one in uses {
            let Some(place) = self.place(one.hour_s) else {
                continue;
            };
            let (observed, busy, known, working) = &mut seen[place];
            *observed += one.observed_s;
            *busy += one.busy_s;
            *known += one.working_known_s;
            *working += one.working_s;
            if one.power_known_s > 0.0 {
                *self.cells[place].energy_j.get_or_insert(0.0) += one.energy_j;
            }
        }
        let working_is_told = seen.iter().any(|(_, _, known, _)| *known > 0.0);
        for (cell, (observed, busy, known, working)) in self.cells.iter_mut().zip(seen) {
            let there = cell.there_s.max(cell.held_s);
            let idle = cell.held_s <= 0.0;
            if there > 0.0 && (idle || observed > 0.0) {
                cell.busy.add(100.0 * busy / there, there);
            }
            if there > 0.0 && working_is_told && (idle || known > 0.0) {
                cell.working.add(100.0 * working / there, there);
            }
        }
    }

    fn place(&self, hour_s: i64) -> Option<usize> {
        let place = usize::try_from((hour_s - self.window.since_s).div_euclid(HOUR_S)).ok();
        place.filter(|place| *place < self.cells.len())
    }

    fn cell(&mut self, hour_s: i64) -> Option<&mut Cell> {
        self.place(hour_s).map(|place| &mut self.cells[place])
    }

    /// Shares a time out to the hours that it is in, in GPU-seconds.
    fn spread(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        gpus: f64,
        mut add: impl FnMut(&mut Cell, f64),
    ) {
        let (from, to) = (from.max(self.window.since()), to.min(self.window.until()));
        if gpus <= 0.0 || from >= to {
            return;
        }
        let first = (from.as_second() - self.window.since_s) / HOUR_S;
        let Ok(first) = usize::try_from(first) else {
            return;
        };
        let window = self.window;
        for (place, cell) in self.cells.iter_mut().enumerate().skip(first) {
            let (start, end) = (window.start(place, HOUR_S), window.start(place + 1, HOUR_S));
            if start >= to {
                break;
            }
            add(cell, gpus * seconds(from.max(start), to.min(end)));
        }
    }

    pub(super) fn total(&self) -> Cell {
        let mut total = Cell::default();
        self.cells.iter().for_each(|cell| total.merge(cell));
        total
    }

    /// The busiest hour, in percent.
    pub(super) fn peak_busy(&self) -> Option<f64> {
        let busy = self.cells.iter().filter_map(|cell| cell.busy.get());
        busy.max_by(f64::total_cmp)
    }

    /// In parts of a width.
    pub(super) fn parts(&self, width_s: i64) -> Vec<Cell> {
        let mut parts = vec![Cell::default(); self.window.parts(width_s)];
        for (hour_s, cell) in self.each() {
            let place = usize::try_from((hour_s - self.window.since_s) / width_s).unwrap_or(0);
            if let Some(part) = parts.get_mut(place) {
                part.merge(cell);
            }
        }
        parts
    }

    pub(super) fn over_time(&self, width_s: i64) -> Vec<TimedShare> {
        let parts = self.parts(width_s).into_iter().enumerate();
        parts
            .map(|(place, cell)| TimedShare {
                at: self.window.start(place, width_s),
                share: cell.share(),
            })
            .collect()
    }

    /// By the hour of the day, from midnight on.
    pub(super) fn by_hour(&self) -> Vec<Share> {
        self.by(24, |local_s| local_s.rem_euclid(DAY_S) / HOUR_S)
    }

    /// By the day of the week, from Monday on. (The first of 1970 was a Thursday.)
    pub(super) fn by_weekday(&self) -> Vec<Share> {
        self.by(7, |local_s| (local_s.div_euclid(DAY_S) + 3).rem_euclid(7))
    }

    fn by(&self, count: usize, which: impl Fn(i64) -> i64) -> Vec<Share> {
        let mut parts = vec![Cell::default(); count];
        for (hour_s, cell) in self.each() {
            let place = which(hour_s + self.window.offset_s);
            if let Some(part) = usize::try_from(place).ok().and_then(|at| parts.get_mut(at)) {
                part.merge(cell);
            }
        }
        parts.iter().map(Cell::share).collect()
    }

    fn each(&self) -> impl Iterator<Item = (i64, &Cell)> {
        (self.window.since_s..).step_by(3600).zip(&self.cells)
    }
}

/// From when to when there were how many GPUs, of one node or of all.
fn there(
    changes: &[NodeChange],
    only: Option<&str>,
    now: Timestamp,
) -> Vec<(Timestamp, Timestamp, f64)> {
    let mut spans = Vec::new();
    let mut known: HashMap<&str, (Timestamp, u32)> = HashMap::new();
    let ours = |change: &&NodeChange| only.is_none_or(|name| change.node == name);
    for change in changes.iter().filter(ours) {
        match known.get(change.node.as_str()) {
            // It said the same again.
            Some((_, gpus)) if *gpus == change.gpus => continue,
            Some((since, gpus)) => spans.push((*since, change.at, f64::from(*gpus))),
            None => {}
        }
        known.insert(&change.node, (change.at, change.gpus));
    }
    spans.extend(
        known
            .values()
            .map(|(since, gpus)| (*since, now, f64::from(*gpus))),
    );
    spans
}
