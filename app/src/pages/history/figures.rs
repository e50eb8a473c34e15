//! What is told as figures: each is drawn, listed, and downloaded from the same rows.

use berth_api::analytics::{
    Analytics, ENDS, GroupUse, Groups, Period, Prices, Share, TimedShare, Waits,
};
use berth_charts::{Column, Figure, Form, Row, Tone, Unit};

use super::labels;
use crate::texts::{common, figures as t, units};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

/// All figures, in the order of the page.
#[must_use]
pub fn figures(told: &Analytics) -> Vec<Figure> {
    let mut all = vec![
        over_time(told),
        by_hour(told),
        by_weekday(told),
        groups(told, "gpu-hours-by-user", t::BY_USER, &told.by_user),
        groups(
            told,
            "gpu-hours-by-project",
            t::BY_PROJECT,
            &told.by_project,
        ),
        waits(
            "waits-by-size",
            t::WAIT_BY_SIZE,
            t::SIZE,
            &told.waits_by_size,
        ),
        waits(
            "waits-by-class",
            t::WAIT_BY_CLASS,
            common::CLASS,
            &told.waits_by_class,
        ),
        forecasts(told),
        outcomes(told),
        energy(told),
    ];
    if told.prices.kwh.is_some() || told.prices.gpu_hour.is_some() {
        all.push(cost(told));
    }
    all
}

fn drawn(name: &str, unit: Unit, tone: Tone) -> Column {
    Column {
        name: name.to_owned(),
        unit,
        tone: Some(tone),
    }
}

fn listed(name: &str, unit: Unit) -> Column {
    Column {
        name: name.to_owned(),
        unit,
        tone: None,
    }
}

fn count(number: u32) -> Option<f64> {
    Some(f64::from(number))
}

fn shares() -> Vec<Column> {
    let names = [t::ALLOCATED, t::BUSY, t::WORKING].into_iter().enumerate();
    let column = |(place, name)| drawn(name, Unit::Percent, Tone::Series(place));
    names.map(column).collect()
}

fn share(label: String, short: String, share: &Share) -> Row {
    Row {
        label,
        short,
        values: vec![share.allocated_pct, share.busy_pct, share.working_pct],
    }
}

fn over_time(told: &Analytics) -> Figure {
    let row = |one: &TimedShare| {
        let (label, short) = time(one.at, told.step_s, told.utc_offset);
        share(label, short, &one.share)
    };
    Figure {
        id: "utilisation",
        title: t::OVER_TIME.to_owned(),
        head: t::from_in(&labels::zone(told.utc_offset)),
        columns: shares(),
        rows: told.over_time.iter().map(row).collect(),
        form: Form::Lines,
    }
}

fn by_hour(told: &Analytics) -> Figure {
    let row = |(hour, one): (usize, &Share)| share(t::whole_hour(hour), format!("{hour:02}"), one);
    Figure {
        id: "utilisation-by-hour",
        title: t::BY_HOUR.to_owned(),
        head: t::hour_in(&labels::zone(told.utc_offset)),
        columns: shares(),
        rows: told.by_hour.iter().enumerate().map(row).collect(),
        form: Form::Lines,
    }
}

fn by_weekday(told: &Analytics) -> Figure {
    let row =
        |((day, short), one): ((&str, &str), &Share)| share(day.to_owned(), short.to_owned(), one);
    let days = units::WEEKDAYS.into_iter().zip(units::DAYS);
    Figure {
        id: "utilisation-by-weekday",
        title: t::BY_WEEKDAY.to_owned(),
        head: t::day_in(&labels::zone(told.utc_offset)),
        columns: shares(),
        rows: days.zip(&told.by_weekday).map(row).collect(),
        form: Form::Columns,
    }
}

/// Those that are priced, to be drawn or only listed.
fn costs(prices: &Prices, tones: bool) -> Vec<Column> {
    let money = || Unit::Money(prices.currency.clone());
    let tone = |place: usize| tones.then_some(Tone::Series(place));
    let column = |name: &str, place: usize| Column {
        name: name.to_owned(),
        unit: money(),
        tone: tone(place),
    };
    let energy = prices.kwh.map(|_| column(t::COST_OF_ENERGY, 0));
    let held = prices.gpu_hour.map(|_| column(t::COST_OF_GPU_HOURS, 1));
    energy.into_iter().chain(held).collect()
}

/// In the order of [`costs`].
fn amounts(prices: &Prices, energy_kwh: Option<f64>, allocated_h: f64) -> Vec<Option<f64>> {
    let energy = prices.kwh.map(|price| energy_kwh.map(|kwh| kwh * price));
    let held = prices.gpu_hour.map(|price| Some(allocated_h * price));
    energy.into_iter().chain(held).collect()
}

/// Its words are the title, the head, and who has no name.
fn groups(
    told: &Analytics,
    id: &'static str,
    [title, head, nobody]: [&str; 3],
    groups: &Groups,
) -> Figure {
    let mut columns = vec![
        drawn(t::BUSY, Unit::GpuHours, Tone::Series(0)),
        drawn(t::WASTED, Unit::GpuHours, Tone::Series(1)),
        drawn(t::NOT_SEEN, Unit::GpuHours, Tone::Quiet),
        listed(t::ALLOCATED, Unit::GpuHours),
        listed(t::WORKING, Unit::GpuHours),
        listed(t::JOBS, Unit::Count),
        listed(t::ENERGY, Unit::Kwh),
    ];
    columns.extend(costs(&told.prices, false));
    let row = |name: String, one: &GroupUse| {
        let mut values = vec![
            one.busy_h,
            one.wasted_h,
            Some(one.unobserved_h),
            Some(one.allocated_h),
            one.working_h,
            count(one.jobs),
            one.energy_kwh,
        ];
        values.extend(amounts(&told.prices, one.energy_kwh, one.allocated_h));
        Row {
            label: name.clone(),
            short: name,
            values,
        }
    };
    let named = |one: &GroupUse| {
        let name = one.name.clone().unwrap_or_else(|| nobody.to_owned());
        row(name, one)
    };
    let mut rows: Vec<Row> = groups.rows.iter().map(named).collect();
    match groups.others {
        0 => {}
        1 => rows.push(row(t::ONE_OTHER.to_owned(), &groups.rest)),
        others => rows.push(row(t::others(others), &groups.rest)),
    }
    Figure {
        id,
        title: title.to_owned(),
        head: head.to_owned(),
        columns,
        rows,
        form: Form::Bars,
    }
}

fn waits(id: &'static str, title: &str, head: &str, all: &[Waits]) -> Figure {
    let row = |one: &Waits| Row {
        label: one.name.clone(),
        short: one.name.clone(),
        values: vec![
            one.p50_min,
            one.p90_min,
            one.p99_min,
            one.mean_min,
            count(one.jobs),
        ],
    };
    Figure {
        id,
        title: title.to_owned(),
        head: head.to_owned(),
        columns: vec![
            drawn(t::P50, Unit::Minutes, Tone::Series(0)),
            drawn(t::P90, Unit::Minutes, Tone::Series(1)),
            drawn(t::P99, Unit::Minutes, Tone::Series(2)),
            listed(t::MEAN, Unit::Minutes),
            listed(t::JOBS, Unit::Count),
        ],
        rows: all.iter().map(row).collect(),
        form: Form::Spread,
    }
}

/// A figure by the hour, the day or the week.
fn by_period(
    told: &Analytics,
    id: &'static str,
    title: &str,
    form: Form,
    columns: Vec<Column>,
    values: impl Fn(&Period) -> Vec<Option<f64>>,
) -> Figure {
    let width = columns.len();
    let row = |one: &Period| {
        let (label, short) = time(one.at, told.period_s, told.utc_offset);
        // Nothing is known of what was before Berth began, not even that it was nothing.
        let ends = one.at.as_second() + told.period_s;
        let known = told.began.is_none_or(|began| ends > began.as_second());
        Row {
            label,
            short,
            values: if known {
                values(one)
            } else {
                vec![None; width]
            },
        }
    };
    let word = match told.period_s {
        HOUR_S => t::HOUR,
        DAY_S => t::DAY,
        _ => t::WEEK,
    };
    Figure {
        id,
        title: t::per(title, &word.to_lowercase()),
        head: format!("{word} ({})", labels::zone(told.utc_offset)),
        columns,
        rows: told.periods.iter().map(row).collect(),
        form,
    }
}

fn forecasts(told: &Analytics) -> Figure {
    let columns = vec![
        drawn(t::STARTED_BY_P50, Unit::Percent, Tone::Series(0)),
        drawn(t::STARTED_BY_P90, Unit::Percent, Tone::Series(1)),
        listed(t::STARTS_WITH_FORECAST, Unit::Count),
        listed(t::MEDIAN_ERROR, Unit::Minutes),
    ];
    by_period(
        told,
        "forecasts",
        t::FORECASTS_THAT_HELD,
        Form::Columns,
        columns,
        |one| {
            let said = &one.forecasts;
            vec![
                said.p50_pct,
                said.p90_pct,
                count(said.starts),
                said.median_error_min,
            ]
        },
    )
}

fn outcomes(told: &Analytics) -> Figure {
    let tone = |token: &str| match token {
        "Succeeded" => Tone::Good,
        "Failed" => Tone::Bad,
        "TimedOut" => Tone::Warn,
        "Cancelled" => Tone::Quiet,
        "OutOfMemory" => Tone::Series(3),
        "LaunchFailed" => Tone::Series(4),
        "NodeLost" => Tone::Series(1),
        "GpuFault" => Tone::Series(2),
        "Preempted" => Tone::Series(0),
        // Sent back to the queue by people, or for being idle.
        _ => Tone::Series(5),
    };
    let happened = |place: usize| told.periods.iter().any(|one| one.ends[place] > 0);
    // What never happened needs no name in the legend; these two are looked for.
    let shown: Vec<usize> = ENDS
        .iter()
        .enumerate()
        .filter(|(place, (token, ..))| happened(*place) || matches!(*token, "Succeeded" | "Failed"))
        .map(|(place, _)| place)
        .collect();
    let mut columns: Vec<Column> = shown
        .iter()
        .map(|place| {
            let (token, words, _) = ENDS[*place];
            drawn(&words.to_lowercase(), Unit::Count, tone(token))
        })
        .collect();
    columns.push(listed(t::STARTS, Unit::Count));
    by_period(
        told,
        "outcomes",
        t::HOW_ATTEMPTS_ENDED,
        Form::Stacked,
        columns,
        |one| {
            let ends = shown.iter().map(|place| count(one.ends[*place]));
            ends.chain([count(one.starts)]).collect()
        },
    )
}

fn energy(told: &Analytics) -> Figure {
    let mut columns = vec![
        drawn(t::ENERGY, Unit::Kwh, Tone::Series(0)),
        listed(t::ALLOCATED, Unit::GpuHours),
    ];
    columns.extend(costs(&told.prices, false));
    by_period(
        told,
        "energy",
        t::ENERGY_TITLE,
        Form::Columns,
        columns,
        |one| {
            let mut values = vec![one.energy_kwh, Some(one.allocated_h)];
            values.extend(amounts(&told.prices, one.energy_kwh, one.allocated_h));
            values
        },
    )
}

fn cost(told: &Analytics) -> Figure {
    let columns = costs(&told.prices, true);
    by_period(told, "cost", t::COST_TITLE, Form::Columns, columns, |one| {
        amounts(&told.prices, one.energy_kwh, one.allocated_h)
    })
}

/// A part of so many seconds: in full, and as an axis says it.
fn time(at: berth_domain::Timestamp, width_s: i64, offset_h: i32) -> (String, String) {
    let short = match width_s {
        HOUR_S => labels::clock(at, offset_h),
        _ => labels::day(at, offset_h),
    };
    let label = match width_s {
        DAY_S => labels::weekday(at, offset_h),
        hours if hours < DAY_S => labels::minute(at, offset_h),
        _ => t::week_from(&labels::day(at, offset_h)),
    };
    (label, short)
}

/// What a figure does not say by itself.
pub fn note(id: &str) -> &'static str {
    match id {
        "utilisation" => t::UTILISATION_NOTE,
        "gpu-hours-by-user" | "gpu-hours-by-project" => t::GPU_HOURS_NOTE,
        "waits-by-size" | "waits-by-class" => t::WAITS_NOTE,
        "forecasts" => t::FORECASTS_NOTE,
        "outcomes" => t::OUTCOMES_NOTE,
        "energy" => t::ENERGY_NOTE,
        "cost" => t::COST_NOTE,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use berth_api::analytics::{Forecasts, Totals};

    use super::*;

    fn told(prices: Prices) -> Analytics {
        let at = "2026-11-24T00:00:00Z".parse().expect("a time");
        let mut ends = [0; ENDS.len()];
        (ends[0], ends[3]) = (5, 2);
        Analytics {
            since: at,
            until: at,
            now: at,
            compared_days: 1,
            utc_offset: 1,
            user: None,
            project: None,
            node: None,
            users: vec![],
            projects: vec![],
            nodes: vec![],
            began: Some(at),
            scoreboard: vec![],
            totals: Totals::default(),
            before: None,
            step_s: HOUR_S,
            over_time: vec![TimedShare {
                at,
                share: Share {
                    allocated_pct: Some(50.0),
                    ..Share::default()
                },
            }],
            by_hour: vec![Share::default(); 24],
            by_weekday: vec![Share::default(); 7],
            by_user: Groups {
                rows: vec![GroupUse {
                    allocated_h: 4.0,
                    busy_h: Some(3.0),
                    wasted_h: Some(1.0),
                    ..GroupUse::default()
                }],
                others: 2,
                rest: GroupUse::default(),
            },
            by_project: Groups::default(),
            waits_by_size: vec![Waits::default()],
            waits_by_class: vec![Waits::default()],
            period_s: DAY_S,
            periods: vec![Period {
                at,
                starts: 7,
                ends,
                forecasts: Forecasts::default(),
                allocated_h: 4.0,
                energy_kwh: Some(2.0),
            }],
            prices,
        }
    }

    #[test]
    fn every_row_has_a_value_for_each_column() {
        let some = Prices {
            kwh: Some(0.5),
            gpu_hour: Some(3.0),
            currency: "€".to_owned(),
        };
        for (prices, count) in [(Prices::default(), 10), (some, 11)] {
            let all = figures(&told(prices));
            assert_eq!(all.len(), count);
            for figure in all {
                for row in &figure.rows {
                    assert_eq!(row.values.len(), figure.columns.len(), "{}", figure.id);
                }
                let units: Vec<&Unit> = figure
                    .columns
                    .iter()
                    .filter(|column| column.tone.is_some())
                    .map(|column| &column.unit)
                    .collect();
                assert!(
                    units.windows(2).all(|two| two[0] == two[1]),
                    "{}",
                    figure.id
                );
            }
        }
    }

    #[test]
    fn what_was_before_berth_began_is_not_known() {
        let mut told = told(Prices::default());
        let day = told.periods[0].clone();
        let before = Period {
            at: day.at - std::time::Duration::from_secs(2 * 86_400),
            ..day
        };
        told.periods.insert(0, before);
        for figure in [outcomes(&told), energy(&told), forecasts(&told)] {
            let known = |row: &Row| row.values.iter().any(Option::is_some);
            assert!(
                !known(&figure.rows[0]) && known(&figure.rows[1]),
                "{}",
                figure.id
            );
        }
    }

    #[test]
    fn costs_are_what_the_prices_say() {
        let prices = Prices {
            kwh: Some(0.5),
            gpu_hour: None,
            currency: "€".to_owned(),
        };
        let all = figures(&told(prices));
        let cost = all.last().expect("there are some");
        assert_eq!((cost.id, cost.title.as_str()), ("cost", "Cost per day"));
        assert_eq!(cost.rows[0].values, [Some(1.0)]);
        assert_eq!(
            cost.read_out(0).as_deref(),
            Some("Tue 24 Nov: cost of energy €1.00")
        );
    }

    #[test]
    fn who_has_no_project_and_who_is_left_out_are_named() {
        let all = figures(&told(Prices::default()));
        let users = &all[3];
        let names: Vec<&str> = users.rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(names, ["no user", "2 others"]);
        let outcomes = all
            .iter()
            .find(|one| one.id == "outcomes")
            .expect("it is there");
        let names: Vec<&str> = outcomes
            .columns
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["succeeded", "failed", "starts"]);
    }
}
