//! What a window comes to: counts, waits, forecasts, and the most jobs at once.

use std::collections::HashSet;

use berth_domain::{PriorityClass, Timestamp};
use berth_store::{Came, WaitRow};

use super::Rows;
use super::groups;
use super::hours::Hours;
use super::numbers::{mean, percent, percentile, whole};
use super::window::{Window, seconds};
use crate::analytics::{ENDS, Forecasts, Period, Totals, Waits};

pub(super) fn totals(rows: &Rows, window: Window, hours: &Hours, now: Timestamp) -> Totals {
    let all = hours.total();
    let periods = periods(rows, window, hours);
    let ends = periods.iter().flat_map(|one| one.ends.iter().zip(&ENDS));
    let count = |which: fn(bool) -> bool| {
        let some = ends.clone().filter(|(_, (_, _, fails))| which(*fails));
        some.map(|(count, _)| *count).sum()
    };
    Totals {
        share: all.share(),
        capacity_h: all.there_s / 3600.0,
        used: groups::everybody(rows, window, now),
        waits: waits(rows, window, "", |_| true),
        forecasts: forecasts(&in_window(rows, window)),
        starts: periods.iter().map(|one| one.starts).sum(),
        ends: count(|_| true),
        failures: count(|fails| fails),
        at_once: at_once(rows, window, now),
        energy_kwh: all.energy_j.map(kwh),
    }
}

pub(super) fn periods(rows: &Rows, window: Window, hours: &Hours) -> Vec<Period> {
    let width = window.period_s();
    let parts = hours.parts(width).into_iter().enumerate();
    let mut came: Vec<Vec<Came>> = vec![Vec::new(); window.parts(width)];
    for one in &rows.stored.came {
        if let Some(at) = window.part(one.started, width) {
            came[at].push(*one);
        }
    }
    let mut periods: Vec<Period> = parts
        .map(|(place, cell)| Period {
            at: window.start(place, width),
            starts: 0,
            ends: [0; ENDS.len()],
            forecasts: forecasts(&came[place]),
            allocated_h: cell.held_s / 3600.0,
            energy_kwh: cell.energy_j.map(kwh),
        })
        .collect();
    // An attempt over several nodes is one.
    let mut last = None;
    for row in &rows.stored.attempts {
        if last.replace((row.job, row.attempt)) == Some((row.job, row.attempt)) {
            continue;
        }
        if let Some(at) = window.part(row.granted, width) {
            periods[at].starts += 1;
        }
        let end = row.ended.and_then(|ended| window.part(ended, width));
        let how = row.outcome.as_deref();
        let how = how.and_then(|how| ENDS.iter().position(|(token, ..)| *token == how));
        if let (Some(at), Some(how)) = (end, how) {
            periods[at].ends[how] += 1;
        }
    }
    periods
}

fn kwh(joules: f64) -> f64 {
    joules / 3.6e6
}

fn in_window(rows: &Rows, window: Window) -> Vec<Came> {
    let inside = |one: &&Came| window.part(one.started, 1).is_some();
    rows.stored.came.iter().filter(inside).copied().collect()
}

fn forecasts(came: &[Came]) -> Forecasts {
    let by = |said: fn(&Came) -> Timestamp| {
        let in_time = came.iter().filter(|one| one.started <= said(one));
        percent(in_time.count(), came.len())
    };
    let error = |one: &Came| {
        let (early, late) = (seconds(one.started, one.p50), seconds(one.p50, one.started));
        early.max(late) / 60.0
    };
    let mut errors: Vec<f64> = came.iter().map(error).collect();
    errors.sort_by(f64::total_cmp);
    Forecasts {
        starts: whole(came.len()),
        p50_pct: by(|one| one.p50),
        p90_pct: by(|one| one.p90),
        median_error_min: percentile(&errors, 50),
    }
}

/// Of those jobs that got their first GPUs in the window and are meant.
fn waits(rows: &Rows, window: Window, name: &str, meant: impl Fn(&WaitRow) -> bool) -> Waits {
    let inside = |row: &&WaitRow| window.part(row.granted, 1).is_some() && meant(row);
    let found = rows.stored.waits.iter().filter(inside);
    let mut minutes: Vec<f64> = found
        .map(|row| seconds(row.ready, row.granted) / 60.0)
        .collect();
    minutes.sort_by(f64::total_cmp);
    Waits {
        name: name.to_owned(),
        jobs: whole(minutes.len()),
        mean_min: mean(&minutes),
        p50_min: percentile(&minutes, 50),
        p90_min: percentile(&minutes, 90),
        p99_min: percentile(&minutes, 99),
    }
}

/// Every job has one of these sizes.
pub(super) fn waits_by_size(rows: &Rows, window: Window) -> Vec<Waits> {
    type Size = (&'static str, fn(u32, u32) -> bool);
    const SIZES: [Size; 5] = [
        ("No GPU", |_, gpus| gpus == 0),
        ("1 GPU", |nodes, gpus| nodes == 1 && gpus == 1),
        ("2 to 7 GPUs", |nodes, gpus| {
            nodes == 1 && (2..8).contains(&gpus)
        }),
        ("8 GPUs or more", |nodes, gpus| nodes == 1 && gpus >= 8),
        ("More than one node", |nodes, gpus| nodes > 1 && gpus > 0),
    ];
    let of = |(name, fits): &Size| waits(rows, window, name, |row| fits(row.nodes, row.gpus));
    let mut sizes: Vec<Waits> = SIZES.iter().map(of).collect();
    // Who never asks for none needs no line of it.
    if sizes.first().is_some_and(|none| none.jobs == 0) {
        sizes.remove(0);
    }
    sizes
}

pub(super) fn waits_by_class(rows: &Rows, window: Window) -> Vec<Waits> {
    let of = |class: &PriorityClass| {
        let class = class.as_str();
        waits(rows, window, class, |row| &*row.class == class)
    };
    PriorityClass::ALL.iter().map(of).collect()
}

/// Of class normal, and not more than one node's usual eight GPUs.
pub(super) fn ordinary_waits(rows: &Rows, window: Window) -> Waits {
    waits(rows, window, "", |row| {
        row.nodes == 1 && (1..=8).contains(&row.gpus) && &*row.class == "normal"
    })
}

/// The most jobs that held GPUs at the same moment.
fn at_once(rows: &Rows, window: Window, now: Timestamp) -> u32 {
    let mut seen: HashSet<(u64, u32)> = HashSet::new();
    let mut turns: Vec<(Timestamp, bool)> = Vec::new();
    for row in rows.stored.attempts.iter().filter(|row| row.gpus > 0) {
        let from = row.granted.max(window.since());
        let to = row.ended.unwrap_or(now).min(window.until());
        if from < to && seen.insert((row.job, row.attempt)) {
            turns.extend([(from, true), (to, false)]);
        }
    }
    // Who ends at a moment makes room for who starts then.
    turns.sort_unstable();
    let (mut count, mut most) = (0u32, 0u32);
    for (_, starts) in turns {
        count = if starts {
            count + 1
        } else {
            count.saturating_sub(1)
        };
        most = most.max(count);
    }
    most
}
