//! Sums, parts and counts against each other and against naive ways to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use berth_store::{AttemptRow, Came, HourUse, NodeChange, WaitRow};
use proptest::prelude::*;

use super::window::{DAY_S, moment, seconds};
use super::*;
use crate::analytics::{ENDS, GroupUse, Groups, Share};

const START: i64 = 1_700_000_000 - 1_700_000_000 % DAY_S;
const DAYS: i64 = 5;

fn now() -> Timestamp {
    moment(START + DAYS * DAY_S + 1234)
}

/// From so many hours after the start on, so many hours long.
fn window(from_h: i64, hours: i64) -> Window {
    Window {
        since_s: START + from_h * HOUR_S,
        until_s: START + (from_h + hours) * HOUR_S,
        offset_s: 0,
    }
}

fn name(prefix: &str, number: u8) -> Arc<str> {
    format!("{prefix}{number}").into()
}

/// Anything in the days from the start on, in tenths of a second.
fn any_time() -> impl Strategy<Value = Timestamp> {
    (0..DAYS * DAY_S * 10)
        .prop_map(|tenths| Timestamp::from_millisecond(START * 1000 + tenths * 100).unwrap())
}

fn attempts() -> impl Strategy<Value = Vec<AttemptRow>> {
    let end = prop::option::weighted(0.9, (1i64..200_000, 0..ENDS.len()));
    let one = (
        any_time(),
        end,
        0u8..30,
        prop::option::of(0u8..4),
        0u32..9,
        1u32..3,
    );
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let rows = all.into_iter().zip(1u64..).flat_map(
            |((granted, end, owner, project, gpus, nodes), job)| {
                let ended = end.map(|(after_s, _)| moment(granted.as_second() + after_s));
                let ended = ended.map(|at| at.max(granted).min(now()));
                (0..nodes).map(move |node| AttemptRow {
                    job: job / 2,
                    attempt: u32::try_from(job % 2).unwrap() + 1,
                    owner: name("user", owner),
                    project: project.map(|one| name("project", one)),
                    node: name("node-", u8::try_from(node).unwrap()),
                    gpus,
                    granted,
                    ended,
                    outcome: end.map(|(_, how)| ENDS[how].0.into()),
                })
            },
        );
        rows.collect()
    })
}

fn uses() -> impl Strategy<Value = Vec<HourUse>> {
    let one = (
        0..DAYS * 24,
        0u8..30,
        prop::option::of(0u8..4),
        0f64..3600.0,
        0f64..1.0,
    );
    let one = one.prop_map(|(hour, owner, project, observed_s, part)| HourUse {
        hour_s: START + hour * HOUR_S,
        owner: name("user", owner),
        project: project.map(|one| name("project", one)),
        observed_s,
        busy_s: observed_s * part,
        working_known_s: observed_s,
        working_s: observed_s * part / 2.0,
        power_known_s: observed_s,
        energy_j: observed_s * 300.0,
    });
    prop::collection::vec(one, 0..80)
}

fn waits() -> impl Strategy<Value = Vec<WaitRow>> {
    let classes = prop::sample::select(vec!["low", "normal", "high", "critical"]);
    let one = (any_time(), 0i64..90_000, classes, 1u32..4, 0u32..9);
    let one = one.prop_map(|(granted, waited_s, class, nodes, each)| WaitRow {
        class: class.into(),
        nodes,
        gpus: nodes * each,
        ready: moment(granted.as_second() - waited_s),
        granted,
    });
    prop::collection::vec(one, 0..80)
}

fn came() -> impl Strategy<Value = Vec<Came>> {
    let one = (any_time(), -9000i64..9000, 0i64..9000);
    let one = one.prop_map(|(started, off_s, width_s)| Came {
        p50: moment(started.as_second() + off_s),
        p90: moment(started.as_second() + off_s + width_s),
        started,
    });
    prop::collection::vec(one, 0..40)
}

fn nodes() -> impl Strategy<Value = Vec<NodeChange>> {
    let one = (any_time(), 0u8..2, prop::sample::select(vec![0u32, 8]));
    let one = one.prop_map(|(at, node, gpus)| NodeChange {
        at,
        node: name("node-", node).to_string(),
        gpus,
    });
    prop::collection::vec(one, 0..12).prop_map(|mut all| {
        all.sort_by_key(|one| one.at);
        all
    })
}

fn rows() -> impl Strategy<Value = Rows> {
    let all = (attempts(), uses(), waits(), came(), nodes());
    all.prop_map(|(attempts, uses, waits, came, nodes)| Rows {
        stored: AnalyticsRows {
            attempts,
            uses,
            waits,
            came,
            nodes,
            began: Some(moment(START)),
            ..AnalyticsRows::default()
        },
        figures: None,
        node: None,
    })
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    near(a.unwrap_or(0.0), b.unwrap_or(0.0))
}

fn whole_of(rows: &Rows, window: Window) -> Analytics {
    let besides = Besides {
        prices: Prices::default(),
        submits: None,
    };
    answer(rows, AnalyticsArg::default(), window, now(), besides)
}

/// A sum over all lines, also those that are not shown.
fn sum(groups: &Groups, of: impl Fn(&GroupUse) -> Option<f64>) -> f64 {
    let all = groups.rows.iter().chain([&groups.rest]);
    all.filter_map(of).sum()
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole(rows in rows(), from in 0i64..60, hours in 1i64..60) {
        let window = window(from, hours);
        let told = whole_of(&rows, window);
        let all = &told.totals;
        for groups in [&told.by_user, &told.by_project] {
            prop_assert!(near(sum(groups, |one| Some(one.allocated_h)), all.used.allocated_h));
            prop_assert!(near(sum(groups, |one| one.busy_h), all.used.busy_h.unwrap_or(0.0)));
            prop_assert!(near(sum(groups, |one| one.wasted_h), all.used.wasted_h.unwrap_or(0.0)));
            prop_assert!(near(sum(groups, |one| one.energy_kwh), all.used.energy_kwh.unwrap_or(0.0)));
            prop_assert!(groups.rows.len() <= 15 && (groups.others == 0 || groups.rows.len() == 15));
            let falling = groups.rows.windows(2);
            prop_assert!(falling.into_iter().all(|two| two[0].allocated_h >= two[1].allocated_h));
        }
        let held: f64 = told.periods.iter().map(|one| one.allocated_h).sum();
        prop_assert!(near(held, all.used.allocated_h));
        let energy: f64 = told.periods.iter().filter_map(|one| one.energy_kwh).sum();
        prop_assert!(near(energy, all.energy_kwh.unwrap_or(0.0)));
        prop_assert_eq!(told.periods.iter().map(|one| one.starts).sum::<u32>(), all.starts);
        let ends: u32 = told.periods.iter().flat_map(|one| one.ends).sum();
        prop_assert_eq!(ends, all.ends);
        prop_assert!(all.failures <= all.ends);
        let forecasts: u32 = told.periods.iter().map(|one| one.forecasts.starts).sum();
        prop_assert_eq!(forecasts, all.forecasts.starts);
        for waits in [&told.waits_by_size, &told.waits_by_class] {
            prop_assert_eq!(waits.iter().map(|one| one.jobs).sum::<u32>(), all.waits.jobs);
        }
    }

    /// Two windows side by side come to what one over both does.
    #[test]
    fn a_range_can_be_cut(rows in rows(), from in 0i64..40, first in 1i64..40, second in 1i64..40) {
        let at = |from: i64, hours: i64| whole_of(&rows, window(from, hours)).totals;
        let (a, b) = (at(from, first), at(from + first, second));
        let both = at(from, first + second);
        let adds = |of: fn(&Totals) -> f64| near(of(&a) + of(&b), of(&both));
        prop_assert!(adds(|one| one.used.allocated_h));
        prop_assert!(adds(|one| one.used.busy_h.unwrap_or(0.0)));
        prop_assert!(adds(|one| one.capacity_h));
        prop_assert!(adds(|one| one.energy_kwh.unwrap_or(0.0)));
        prop_assert!(adds(|one| f64::from(one.starts)));
        prop_assert!(adds(|one| f64::from(one.ends)));
        prop_assert!(adds(|one| f64::from(one.waits.jobs)));
        prop_assert!(adds(|one| f64::from(one.forecasts.starts)));
        prop_assert_eq!(a.at_once.max(b.at_once), both.at_once);
    }

    #[test]
    fn counts_are_as_a_naive_look_finds_them(rows in rows(), from in 0i64..60, hours in 1i64..60) {
        let window = window(from, hours);
        let (since, until) = (window.since(), window.until());
        let told = whole_of(&rows, window).totals;
        let attempts = &rows.stored.attempts;
        let inside = |at: Timestamp| since <= at && at < until;
        let of = |row: &AttemptRow| (row.job, row.attempt);
        let started: BTreeSet<_> = attempts.iter().filter(|row| inside(row.granted)).map(of).collect();
        prop_assert_eq!(started.len(), told.starts as usize);
        let ended = attempts.iter().filter(|row| row.ended.is_some_and(inside));
        prop_assert_eq!(ended.map(of).collect::<BTreeSet<_>>().len(), told.ends as usize);
        // The most at once are there at the start of one of them, or of the window.
        let alive = |at: Timestamp| {
            let holds = |row: &&AttemptRow| {
                row.gpus > 0 && row.granted <= at && at < row.ended.unwrap_or(now()) && at < now()
            };
            attempts.iter().filter(holds).map(of).collect::<BTreeSet<_>>().len()
        };
        let moments = attempts.iter().map(|row| row.granted.max(since)).filter(|at| inside(*at));
        let most = moments.map(alive).max().unwrap_or(0);
        prop_assert_eq!(most, told.at_once as usize);
        // Waits, one by one.
        let mut minutes: Vec<f64> = rows.stored.waits.iter().filter(|row| inside(row.granted))
            .map(|row| seconds(row.ready, row.granted) / 60.0).collect();
        minutes.sort_by(f64::total_cmp);
        let middle = minutes.get(minutes.len().div_ceil(2).saturating_sub(1)).copied();
        prop_assert!(same(told.waits.p50_min, middle));
        let mean = minutes.iter().sum::<f64>() / f64::from(u32::try_from(minutes.len()).unwrap());
        prop_assert!(same(told.waits.mean_min, Some(mean).filter(|_| !minutes.is_empty())));
    }

    /// However it is gathered, a share stays one; and its parts mean what the whole says.
    #[test]
    fn shares_are_shares(rows in rows(), from in 0i64..60, hours in 1i64..60, offset in -12i64..=14) {
        let window = Window { offset_s: offset * HOUR_S, ..window(from, hours) };
        let told = whole_of(&rows, window);
        let timed = told.over_time.iter().map(|one| one.share);
        let all: Vec<Share> = timed.chain(told.by_hour.clone()).chain(told.by_weekday.clone()).collect();
        for share in &all {
            let allocated = share.allocated_pct.unwrap_or(0.0);
            prop_assert!((0.0..=100.0 + 1e-9).contains(&allocated), "{:?}", share);
        }
        prop_assert_eq!((told.by_hour.len(), told.by_weekday.len()), (24, 7));
        let range = |shares: &[Share]| {
            let known: Vec<f64> = shares.iter().filter_map(|one| one.busy_pct).collect();
            let least = known.iter().copied().min_by(f64::total_cmp);
            least.zip(known.iter().copied().max_by(f64::total_cmp))
        };
        if let (Some((least, most)), Some(mean)) = (range(&told.by_hour), told.totals.share.busy_pct) {
            prop_assert!(least <= mean + 1e-6 && mean <= most + 1e-6, "{least} {mean} {most}");
        }
    }
}

#[test]
fn hours_and_weekdays_are_those_where_people_are() {
    // A Monday, 23:00 UTC: held for one hour.
    let monday: Timestamp = "2026-11-23T23:00:00Z".parse().unwrap();
    let since_s = monday.as_second() - 23 * HOUR_S;
    let held = AttemptRow {
        job: 1,
        attempt: 1,
        owner: "ana".into(),
        project: None,
        node: "n1".into(),
        gpus: 4,
        granted: monday,
        ended: Some(moment(monday.as_second() + HOUR_S)),
        outcome: Some("Succeeded".into()),
    };
    let rows = Rows {
        stored: AnalyticsRows {
            attempts: vec![held],
            nodes: vec![NodeChange {
                at: moment(since_s),
                node: "n1".to_owned(),
                gpus: 8,
            }],
            began: Some(moment(since_s)),
            ..AnalyticsRows::default()
        },
        ..Rows::default()
    };
    let looked = moment(since_s + 2 * DAY_S);
    let at = |offset: i64| {
        let window = Window {
            since_s,
            until_s: since_s + 2 * DAY_S,
            offset_s: offset * HOUR_S,
        };
        let hours = Hours::of(&rows, window, looked);
        let fullest = |shares: Vec<Share>| {
            let full = |share: &Share| share.allocated_pct.unwrap_or(0.0) > 0.0;
            shares.iter().position(full).unwrap()
        };
        (fullest(hours.by_hour()), fullest(hours.by_weekday()), hours)
    };
    let (hour, day, hours) = at(0);
    assert_eq!((hour, day), (23, 0));
    let share = hours.by_hour()[23];
    // Of two such hours one was held by half.
    assert!(
        (share.allocated_pct.unwrap() - 25.0).abs() < 1e-9,
        "{share:?}"
    );
    let (hour, day, _) = at(1);
    assert_eq!((hour, day), (0, 1), "Tuesday, just after midnight");
}

#[test]
fn what_was_never_seen_is_not_zero() {
    let rows = Rows::default();
    let told = whole_of(&rows, window(0, 24));
    assert_eq!(told.totals.share, Share::default());
    assert_eq!(told.before, None);
    assert_eq!(told.totals.used.busy_h, None);
    assert_eq!(told.totals.energy_kwh, None);
    assert!(
        told.scoreboard
            .iter()
            .all(|score| score.met.is_none() && score.text == "—")
    );
    assert_eq!(told.over_time.len(), 24);
}
