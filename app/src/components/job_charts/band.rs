//! One metric over time: the mean as a line, a band from the least to the most, and marks where
//! something happened.

use berth_api::charts::{ChartMetric, ChartSeries, ChartsAnswer};
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

use super::{Shown, about, figure, when};
use crate::clock::Clock;
use crate::texts::{common, job_charts as t};

/// The drawing's own units; it is stretched to its place.
const WIDTH: f32 = 300.0;
const HEIGHT: f32 = 64.0;

#[component]
pub fn BandChart(metric: ChartMetric, shown: Shown) -> impl IntoView {
    let (name, unit, _) = about(metric);
    let clock = Clock::here();
    let drawn = Memo::new(move |_| shown.charts.with(|charts| Drawn::of(charts, metric)));
    let value = Memo::new(move |_| {
        let cursor = shown.cursor.get();
        shown.charts.with(|charts| {
            let bands = &charts.of(metric)?.bands;
            match cursor {
                Some(step) => bands.get(step).copied().flatten(),
                None => bands.iter().rev().find_map(|band| *band),
            }
        })
    });
    let plot = NodeRef::<html::Div>::new();
    let point = move |event: PointerEvent| {
        let Some(plot) = plot.get_untracked() else {
            return;
        };
        let place = plot.get_bounding_client_rect();
        let steps = shown.charts.with_untracked(|charts| charts.steps);
        let share = (f64::from(event.client_x()) - place.left()) / place.width().max(1.0);
        shown.cursor.set(Some(step_at(share, steps)));
    };
    // A chart that is taken away hears that it was left when its signals are gone.
    let left = move || {
        shown.cursor.try_set(None);
    };
    let press = move |event: KeyboardEvent| {
        let last = shown.charts.with_untracked(|charts| charts.steps) - 1;
        let here = shown.cursor.get_untracked().unwrap_or(last);
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => here.saturating_sub(1),
            "ArrowRight" | "ArrowUp" => (here + 1).min(last),
            "PageDown" => here.saturating_sub(10),
            "PageUp" => (here + 10).min(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        shown.cursor.set(Some(to));
    };
    let spoken = move || {
        let read = value
            .get()
            .map_or(common::NOT_KNOWN.to_owned(), |band| words(band, unit));
        let step = shown.cursor.get();
        step.map_or_else(
            || read.clone(),
            |step| format!("{}: {read}", when(shown, step, clock)),
        )
    };
    let cursor = move || {
        let step = shown.cursor.get()?;
        Some(shown.charts.with(|charts| x(step, charts.steps)))
    };
    let known = Memo::new(move |_| drawn.with(Option::is_some));
    view! {
        <figure class="chart" data-chart=name>
            <figcaption>
                <span class="chart-name">{name}</span>
                <span class="chart-value num">
                    {move || match value.get() {
                        Some([min, avg, max]) => view! {
                            <b>{figure(avg)}</b>
                            <small>{unit}</small>
                            {(figure(min) != figure(max)).then(|| view! {
                                <span class="quiet">{t::least_to_most(&figure(min), &figure(max))}</span>
                            })}
                        }
                        .into_any(),
                        None => view! { <span title=t::NONE_OBSERVED>"—"</span> }.into_any(),
                    }}
                </span>
            </figcaption>
            {move || if known.get() {
                view! {
                    <div
                        class="chart-plot"
                        node_ref=plot
                        tabindex="0"
                        role="slider"
                        aria-label=t::over_the_life(name)
                        aria-valuemin="0"
                        aria-valuemax=move || (shown.charts.with(|charts| charts.steps) - 1).to_string()
                        aria-valuenow=move || {
                            let last = shown.charts.with(|charts| charts.steps) - 1;
                            shown.cursor.get().unwrap_or(last).to_string()
                        }
                        aria-valuetext=spoken
                        on:pointermove=point
                        on:pointerdown=point
                        on:pointerleave=move |_| left()
                        on:blur=move |_| left()
                        on:keydown=press
                    >
                        <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                            <path class="chart-band" d=move || drawn.with(|drawn| drawn.as_ref().map(|drawn| drawn.band.clone())) />
                            <path class="chart-mean" d=move || drawn.with(|drawn| drawn.as_ref().map(|drawn| drawn.mean.clone())) />
                            <path class="chart-marks" d=move || marks(shown) />
                            {move || cursor().map(|x| view! {
                                <path class="chart-cursor" d=format!("M{x:.1} 0V{HEIGHT}") />
                            })}
                        </svg>
                        <span class="chart-top num" aria-hidden="true">
                            {move || drawn.with(|drawn| drawn.as_ref().map(|drawn| figure(drawn.top)))}
                        </span>
                    </div>
                }
                .into_any()
            } else {
                view! {
                    <p class="chart-none hint">{t::NOT_REPORTED}</p>
                }
                .into_any()
            }}
        </figure>
    }
    .into_any()
}

/// `61% (12 to 98)`.
pub fn words([min, avg, max]: [f32; 3], unit: &str) -> String {
    t::band(&figure(avg), unit, &figure(min), &figure(max))
}

/// The paths of a chart.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    band: String,
    mean: String,
    /// The top of the scale, which begins at 0.
    top: f32,
}

impl Drawn {
    fn of(charts: &ChartsAnswer, metric: ChartMetric) -> Option<Self> {
        let series: &ChartSeries = charts.of(metric)?;
        let most = series.bands.iter().flatten().map(|band| band[2]);
        let most = most.fold(0.0_f32, f32::max);
        let top = about(metric).2.unwrap_or_else(|| round_up(most));
        let (mut band, mut mean) = (String::new(), String::new());
        let steps = charts.steps;
        for stretch in stretches(&series.bands) {
            let points = stretch.iter().map(|(step, band)| (x(*step, steps), *band));
            let points: Vec<(f32, [f32; 3])> = points.collect();
            let y = |value: f32| HEIGHT - 1.0 - (HEIGHT - 2.0) * (value / top).clamp(0.0, 1.0);
            // One step alone is as wide as a step.
            let half = WIDTH / steps_f(steps) / 2.0;
            let line = |which: usize, from: &mut dyn Iterator<Item = &(f32, [f32; 3])>| {
                from.map(|(x, band)| format!("L{x:.1} {:.1}", y(band[which])))
                    .collect::<String>()
            };
            let (Some(first), Some(last)) = (points.first(), points.last()) else {
                continue;
            };
            let edge = |x: f32, value: f32, letter: char| format!("{letter}{x:.1} {:.1}", y(value));
            band += &edge(first.0 - half, first.1[2], 'M');
            band += &line(2, &mut points.iter());
            band += &edge(last.0 + half, last.1[2], 'L');
            band += &edge(last.0 + half, last.1[0], 'L');
            band += &line(0, &mut points.iter().rev());
            band += &edge(first.0 - half, first.1[0], 'L');
            band.push('Z');
            mean += &edge(first.0 - half, first.1[1], 'M');
            mean += &line(1, &mut points.iter());
            mean += &edge(last.0 + half, last.1[1], 'L');
        }
        Some(Drawn { band, mean, top })
    }
}

/// The runs of steps of which something is known.
fn stretches(bands: &[Option<[f32; 3]>]) -> Vec<Vec<(usize, [f32; 3])>> {
    let mut all: Vec<Vec<(usize, [f32; 3])>> = Vec::new();
    for (step, band) in bands.iter().enumerate() {
        let Some(band) = band else { continue };
        match all.last_mut() {
            Some(last) if last.last().is_some_and(|(before, _)| before + 1 == step) => {
                last.push((step, *band));
            }
            _ => all.push(vec![(step, *band)]),
        }
    }
    all
}

/// The middle of a step.
#[expect(clippy::cast_precision_loss, reason = "steps are few")]
fn x(step: usize, steps: usize) -> f32 {
    (step as f32 + 0.5) / steps_f(steps) * WIDTH
}

#[expect(clippy::cast_precision_loss, reason = "steps are few")]
fn steps_f(steps: usize) -> f32 {
    steps.max(1) as f32
}

/// The step at a share of the width, 0 to 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the steps"
)]
fn step_at(share: f64, steps: usize) -> usize {
    let step = (share.clamp(0.0, 1.0) * steps as f64) as usize;
    step.min(steps.saturating_sub(1))
}

/// The next of 1, 2, 5, 10, 20, 50, … that is not below.
fn round_up(value: f32) -> f32 {
    let mut unit = 1.0;
    while unit < f32::MAX / 100.0 {
        for step in [1.0, 2.0, 5.0] {
            if step * unit >= value {
                return step * unit;
            }
        }
        unit *= 10.0;
    }
    value
}

fn marks(shown: Shown) -> String {
    let steps = shown.charts.with(|charts| charts.steps);
    shown.marks.with(|marks| {
        let mut at: Vec<usize> = marks.iter().map(|mark| mark.step).collect();
        at.dedup();
        let line = |step: usize| format!("M{:.1} 0V{HEIGHT}", x(step, steps));
        at.into_iter().map(line).collect()
    })
}

#[cfg(test)]
mod tests {
    use berth_domain::Timestamp;

    use super::*;

    fn charts(bands: Vec<Option<[f32; 3]>>) -> ChartsAnswer {
        ChartsAnswer {
            since: Timestamp::UNIX_EPOCH,
            step_s: 10,
            steps: bands.len(),
            gpus: vec![],
            series: vec![ChartSeries {
                metric: ChartMetric::Power,
                bands,
            }],
            usage: None,
        }
    }

    #[test]
    fn what_is_not_known_is_not_drawn() {
        let one = Some([100.0, 200.0, 300.0]);
        let charts = charts(vec![one, one, None, one]);
        let drawn = Drawn::of(&charts, ChartMetric::Power).expect("drawn");
        assert!((drawn.top - 500.0).abs() < 0.1);
        assert_eq!(drawn.mean.matches('M').count(), 2, "{}", drawn.mean);
        assert!(
            drawn.mean.starts_with("M0.0 ")
                && drawn
                    .mean
                    .ends_with(drawn.mean.rsplit('L').next().expect("a point"))
        );
        assert_eq!(Drawn::of(&charts, ChartMetric::Busy), None);
    }

    #[test]
    fn places_and_steps_agree() {
        for steps in [1, 2, 7, 120] {
            for step in 0..steps {
                let share = f64::from(x(step, steps) / WIDTH);
                assert_eq!(step_at(share, steps), step);
            }
            assert_eq!(step_at(2.0, steps), steps - 1);
            assert_eq!(step_at(-1.0, steps), 0);
        }
    }

    #[test]
    fn scales_end_at_round_figures() {
        for (value, top) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (6.0, 10.0),
            (2796.0, 5000.0),
        ] {
            assert!((round_up(value) - top).abs() < 0.01, "{value}");
        }
    }
}
