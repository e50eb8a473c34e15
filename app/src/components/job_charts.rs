//! What a job's GPUs did over its life: a chart for each metric, one read-out for all, and how well
//! they were used in a sentence.

mod band;
mod table;

use berth_api::charts::{ChartMetric, ChartsAnswer, job_charts};
use berth_api::efficiency;
use berth_api::views::{EventView, JobRow};
use berth_domain::JobId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

use crate::address::with_query;
use crate::clock::{Clock, wall_seconds};
use crate::format;
use crate::live::Live;
use crate::texts::{common, job_charts as t};
use band::BandChart;
use table::ChartTable;

/// Asked again no more often than this.
const AGAIN_S: i64 = 10;

/// What happened during a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub step: usize,
    pub text: String,
}

/// The charts, the marks on them, and the step that is read out. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Shown {
    pub charts: RwSignal<ChartsAnswer>,
    pub marks: Memo<Vec<Mark>>,
    pub cursor: RwSignal<Option<usize>>,
}

#[component]
pub fn JobCharts(
    id: JobId,
    #[prop(into)] row: Signal<JobRow>,
    #[prop(into)] events: Signal<Vec<EventView>>,
    /// What the page came with; `None` when it never held GPUs.
    first: Option<ChartsAnswer>,
) -> impl IntoView {
    let query = use_query_map();
    let chosen = Memo::new(move |_| query.with(|query| query.get("gpu")));
    let attempt = query.with_untracked(|query| query.get("attempt")?.parse::<u32>().ok());
    let kept = RwSignal::new(first);
    keep_current(id, row, attempt, chosen, kept);
    let any = Memo::new(move |_| kept.with(Option::is_some));
    move || {
        if !any.get() {
            return ().into_any();
        }
        let charts = RwSignal::new(kept.get_untracked().unwrap_or_else(none));
        Effect::new(move |_| {
            if let Some(now) = kept.get() {
                charts.set(now);
            }
        });
        view! { <Panel id charts events chosen /> }.into_any()
    }
}

fn none() -> ChartsAnswer {
    ChartsAnswer {
        since: berth_domain::Timestamp::UNIX_EPOCH,
        step_s: 1,
        steps: 1,
        gpus: vec![],
        series: vec![],
        usage: None,
    }
}

/// Asks again when another GPU is chosen, when the job's state changes, and while it runs when its
/// GPUs told something new, though not at once.
fn keep_current(
    id: JobId,
    row: Signal<JobRow>,
    attempt: Option<u32>,
    chosen: Memo<Option<String>>,
    kept: RwSignal<Option<ChartsAnswer>>,
) {
    let live = Live::here();
    let asked_at = StoredValue::new(0_i64);
    let ask = move || {
        asked_at.set_value(wall_seconds());
        let gpu = chosen.get_untracked();
        spawn_local(async move {
            if let Ok(Some(answer)) = job_charts(id, attempt, gpu, None).await {
                kept.try_set(Some(answer));
            }
        });
    };
    let state = Memo::new(move |_| row.with(|row| (row.state, row.started_at)));
    Effect::new(move |before: Option<()>| {
        chosen.track();
        state.track();
        if before.is_some() {
            ask();
        } else {
            asked_at.set_value(wall_seconds());
        }
    });
    Effect::new(move |_| {
        let lease = row.with(|row| row.lease.clone().filter(|_| row.is_active()));
        for part in lease.unwrap_or_default() {
            for index in part.gpus {
                if let Some(cell) = live.gpu(&part.node, index) {
                    cell.gpu.track();
                }
            }
        }
        let step = kept.with_untracked(|kept| kept.as_ref().map_or(0, |kept| kept.step_s));
        let due = asked_at.get_value() + step.max(AGAIN_S);
        if row.with_untracked(JobRow::is_active) && wall_seconds() >= due {
            ask();
        }
    });
}

#[component]
fn Panel(
    id: JobId,
    charts: RwSignal<ChartsAnswer>,
    #[prop(into)] events: Signal<Vec<EventView>>,
    chosen: Memo<Option<String>>,
) -> impl IntoView {
    let marks =
        Memo::new(move |_| charts.with(|charts| events.with(|events| marks(charts, events))));
    let shown = Shown {
        charts,
        marks,
        cursor: RwSignal::new(None),
    };
    let told = Memo::new(move |_| {
        charts.with(|charts| {
            let usage = charts.usage.as_ref()?;
            #[expect(clippy::cast_possible_truncation, reason = "seconds fit")]
            let held = format::duration(usage.held_s as i64);
            // Bursts are those of all GPUs.
            let whole = chosen.with(Option::is_none).then_some(charts);
            let advice = efficiency::verdict(usage, whole).advice();
            Some((efficiency::sentence(usage, whole, &held), advice))
        })
    });
    let gpus = Memo::new(move |_| charts.with(|charts| charts.gpus.clone()));
    let any = Memo::new(move |_| charts.with(|charts| !charts.series.is_empty()));
    view! {
        <section class="panel charts" aria-labelledby="charts-title">
            <div class="charts-head">
                <h2 id="charts-title">{t::GPUS_OVER_ITS_LIFE}</h2>
                {move || view! { <Choice id gpus=gpus.get() chosen=chosen.get() /> }}
            </div>
            {move || told.get().map(|(sentence, advice)| view! {
                <p class="efficiency">
                    <strong data-efficiency>{sentence}</strong>
                    {advice.map(|advice| view! { " " <span class="quiet">{advice}</span> })}
                </p>
            })}
            {move || if any.get() { view! { <AllCharts shown /> }.into_any() } else { nothing() }}
        </section>
    }
    .into_any()
}

#[component]
fn AllCharts(shown: Shown) -> impl IntoView {
    view! {
        <div class="charts-grid">
            {ChartMetric::ALL.map(|metric| view! { <BandChart metric shown /> }).collect_view()}
        </div>
        <ReadOut shown />
        <details class="charts-numbers">
            <summary>{t::AS_A_TABLE}</summary>
            <ChartTable shown />
        </details>
    }
    .into_any()
}

/// Instead of charts that are all empty.
fn nothing() -> AnyView {
    view! {
        <p class="hint">{t::NOTHING_OBSERVED}</p>
    }
    .into_any()
}

/// All GPUs together, or one of them.
#[component]
fn Choice(id: JobId, gpus: Vec<String>, chosen: Option<String>) -> impl IntoView {
    if gpus.len() < 2 {
        return ().into_any();
    }
    let query = use_query_map();
    let href = move |gpu: Option<&str>| query.with_untracked(|query| with_gpu(id, query, gpu));
    let all = href(None);
    let current = |on: bool| on.then_some("true");
    let count = gpus.len();
    let links = gpus.into_iter().map(|gpu| {
        let on = chosen.as_deref() == Some(gpu.as_str());
        view! {
            <a class="button button-small num" data-noscroll href=href(Some(&gpu)) aria-current=current(on)>
                {gpu.clone()}
            </a>
        }
    });
    let links = links.collect_view();
    view! {
        <nav class="charts-gpus" aria-label=t::WHICH_GPUS>
            <a class="button button-small" data-noscroll href=all aria-current=current(chosen.is_none())>
                {t::all(count)}
            </a>
            {links}
        </nav>
    }
    .into_any()
}

fn with_gpu(id: JobId, query: &ParamsMap, gpu: Option<&str>) -> String {
    let mut query = query.clone();
    query.remove("gpu");
    if let Some(gpu) = gpu {
        query.insert("gpu", gpu.to_owned());
    }
    with_query(&format!("/jobs/{id}"), &query)
}

/// What happened while the charts last, by step.
fn marks(charts: &ChartsAnswer, events: &[EventView]) -> Vec<Mark> {
    let mark = |event: &EventView| {
        let after = event.at.as_second() - charts.since.as_second();
        let step = usize::try_from(after.div_euclid(charts.step_s.max(1))).ok()?;
        (step < charts.steps).then(|| Mark {
            step,
            text: event.text.clone(),
        })
    };
    events.iter().filter_map(mark).collect()
}

/// `14:20 to 14:21`, and what happened then.
#[component]
fn ReadOut(shown: Shown) -> impl IntoView {
    let clock = Clock::here();
    let text = move || {
        let Some(step) = shown.cursor.get() else {
            let lasts = shown.charts.with(|charts| charts.step_s);
            let lasts = format::duration(lasts);
            return t::each_step(&lasts);
        };
        let at = when(shown, step, clock);
        let happened: Vec<String> = shown.marks.with(|marks| {
            let here = marks.iter().filter(|mark| mark.step == step);
            here.map(|mark| mark.text.clone()).collect()
        });
        if happened.is_empty() {
            at
        } else {
            format!("{at}: {}", happened.join("; "))
        }
    };
    view! { <p class="charts-read hint num">{text}</p> }.into_any()
}

/// When a step begins, in words.
pub fn when(shown: Shown, step: usize, clock: Clock) -> String {
    let at = shown.charts.with(|charts| charts.at(step));
    if clock.hydrated() {
        format::local_clock_s(at, clock.now())
    } else {
        format::utc(at, at.as_second())
    }
}

/// What a metric is called, its unit, and the top of its scale if that is always the same.
pub fn about(metric: ChartMetric) -> (&'static str, &'static str, Option<f32>) {
    match metric {
        ChartMetric::Allocated => (common::ALLOCATED, t::UNIT_GPUS, None),
        ChartMetric::Busy => (common::BUSY, "%", Some(100.0)),
        ChartMetric::Working => (common::WORKING, "%", Some(100.0)),
        ChartMetric::Memory => (common::MEMORY, " GiB", None),
        ChartMetric::Power => (common::POWER, " W", None),
        ChartMetric::Temperature => (t::TEMPERATURE, " °C", None),
    }
}

/// `61`, `0.4`.
pub fn figure(value: f32) -> String {
    if value < 10.0 && value.fract() != 0.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
