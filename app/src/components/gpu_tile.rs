//! One GPU: who holds it, how busy it is and was, its memory, power and temperature.

use berth_api::views::{GpuView, used_outside};
use berth_domain::{ForeignProcess, JobId, NodeName};
use leptos::prelude::*;

use super::owner::OwnerMark;
use crate::format;
use crate::icons::{Icon, icon};
use crate::lens::{Lens, look};
use crate::live::{Holding, Live};
use crate::near::Near;
use crate::sparks::Sparks;
use crate::texts::gpus as t;

/// How a tile is joined with those beside it that the same job holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    pub left: bool,
    pub right: bool,
}

#[component]
pub fn GpuTile(
    node: NodeName,
    index: u32,
    #[prop(into)] joined: Signal<Joined>,
    /// No NVLink joins it with the one before.
    apart: bool,
) -> impl IntoView {
    let live = Live::here();
    let Some(cell) = live.gpu(&node, index) else {
        return ().into_any();
    };
    let holding: Signal<Holding> = cell.holding.into();
    // What changes every second.
    let figures = Near::keep(cell.gpu.into());
    let job = Memo::new(move |_| holding.with(|holding| holding.job.clone()));
    let lens = Lens::here();
    let look = Memo::new(move |_| {
        let lens = lens.get();
        let project = || {
            let id = job.with_untracked(|job| job.as_ref().map(|job| job.id))?;
            live.row(id)?.with_untracked(|row| row.project.clone())
        };
        let project = (lens == Lens::Project).then(project).flatten();
        holding.with(|holding| {
            let seen = |figures: Option<&GpuView>| look(lens, holding, figures, project.as_deref());
            if lens.reads_figures() {
                figures.with(|figures| seen(Some(figures)))
            } else {
                seen(None)
            }
        })
    });
    let class = move || {
        // Where the colour is each GPU's own figure they stand apart.
        let apart = look.with(|look| look.heat.is_some());
        let Joined { left, right } = if apart {
            Joined::default()
        } else {
            joined.get()
        };
        let left = if left { " joined-left" } else { "" };
        let right = if right { " joined-right" } else { "" };
        let look = look.with(|look| look.class.clone());
        format!("tile {look}{left}{right}")
    };
    let heat = move || look.with(|look| look.heat.map(|heat| format!("{heat:.2}")));
    let word = Memo::new(move |_| look.with(|look| look.word));
    let outside =
        Memo::new(move |_| holding.with(|holding| used_outside(&holding.foreign).map(stranger)));
    let place = format!("{node}:{index}");
    let sparks = Sparks::here();
    let spark = {
        let place = place.clone();
        Near::keep(Signal::derive(move || sparks.path(&place)))
    };
    let memory = move || {
        let share = figures.with(memory_share);
        format!("--share:{share:.2}")
    };
    let told = move || figures.with(told);
    view! {
        <li
            class=class
            class:tile-apart=apart
            data-gpu=place
            title=told
            style=("--heat", heat)
        >
            <Spark path=spark />
            <span class="tile-memory" style=memory aria-hidden="true"></span>
            <span class="tile-head">
                <span class="tile-index num">{index}</span>
                {move || job.get().map(|job| view! { <OwnerMark name=job.user.0 /> })}
                {move || word.get().map(|word| view! { <span class="tile-word">{word}</span> })}
                {move || {
                    let cordon = holding.with(|holding| holding.cordon.clone());
                    cordon.map(|cordon| view! {
                        <span class="tile-mark" title=t::cordoned(&cordon.reason)>
                            {icon(Icon::Cancelled)}
                        </span>
                    })
                }}
                {move || {
                    let id = job.with(|job| job.as_ref().map(|job| job.id));
                    id.filter(|id| spans_nodes(live, *id)).map(|_| view! {
                        <span class="tile-mark" title=t::ON_SEVERAL_NODES>
                            {icon(Icon::Gang)}
                        </span>
                    })
                }}
            </span>
            {move || match job.get() {
                Some(job) => view! {
                    <a class="tile-job" href=format!("/jobs/{}", job.id)>
                        {job.name}
                    </a>
                }
                .into_any(),
                None => {
                    let cordoned = holding.with(|holding| holding.cordon.is_some());
                    let word = match outside.get() {
                        Some(stranger) => stranger,
                        None if cordoned => t::CORDONED.to_owned(),
                        None => t::FREE.to_owned(),
                    };
                    view! { <span class="tile-job tile-none">{word}</span> }.into_any()
                }
            }}
            <Bars gpu=figures />
            <span class="tile-figures num">
                {move || figures.with(|gpu| figure(gpu.busy_pct, "%"))}
                {move || figures.with(gib_used)}
                {move || figures.with(|gpu| figure(gpu.power_w, "W"))}
                {move || figures.with(|gpu| figure(gpu.temp_c, "°"))}
            </span>
        </li>
    }
    .into_any()
}

/// Busy, and below it working where that is known.
#[component]
fn Bars(gpu: Signal<GpuView>) -> impl IntoView {
    let style = |percent: Option<f32>| format!("--share:{:.2}", percent.unwrap_or(0.0) / 100.0);
    let busy = move || style(gpu.with(|gpu| gpu.busy_pct));
    let working = Memo::new(move |_| gpu.with(|gpu| gpu.sm_active_pct));
    view! {
        <span class="tile-bars" aria-hidden="true">
            <span class="tile-bar" style=busy></span>
            {move || working.get().map(|working| view! {
                <span class="tile-bar tile-working" style=style(Some(working))></span>
            })}
        </span>
    }
    .into_any()
}

/// How busy it was in the last quarter of an hour, behind what is written.
#[component]
fn Spark(path: Signal<Option<String>>) -> impl IntoView {
    view! {
        <svg class="tile-spark" viewBox="0 0 29 100" preserveAspectRatio="none" aria-hidden="true">
            <path d=move || path.get() />
        </svg>
    }
    .into_any()
}

/// Who uses it outside the queue.
fn stranger(process: &ForeignProcess) -> String {
    match &process.user {
        Some(user) => t::foreign_of(user),
        None => t::FOREIGN.to_owned(),
    }
}

/// A number with its lighter unit, or a dash when it is unknown.
fn figure(value: Option<f32>, unit: &'static str) -> AnyView {
    match value {
        Some(value) => view! {
            <span>
                {format::percent(value)}
                <small>{unit}</small>
            </span>
        }
        .into_any(),
        None => view! { <span title=t::NOT_REPORTED>"—"</span> }.into_any(),
    }
}

fn gib_used(gpu: &GpuView) -> AnyView {
    match gpu.mem_used_bytes {
        Some(bytes) => view! {
            <span>
                {format::gib(bytes)}
                <small>"G"</small>
            </span>
        }
        .into_any(),
        None => view! { <span title=t::NOT_REPORTED>"—"</span> }.into_any(),
    }
}

/// Used memory, 0 to 1.
fn memory_share(gpu: &GpuView) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share for a picture")]
    let share = |used: u64| used as f64 / gpu.mem_total_bytes.max(1) as f64;
    gpu.mem_used_bytes.map_or(0.0, share)
}

/// Everything about the GPU, for a hover.
fn told(gpu: &GpuView) -> String {
    let held = match &gpu.job {
        Some(job) => t::held_by(job.id, &job.name, &job.user),
        None => t::NO_JOB.to_owned(),
    };
    let cordon = gpu.cordon.as_ref().map_or_else(String::new, |cordon| {
        t::cordoned_by(&cordon.by, &cordon.reason)
    });
    let busy = gpu.busy_pct.map_or(t::BUSY_UNKNOWN.to_owned(), t::busy);
    let working = gpu.sm_active_pct.map_or_else(String::new, t::working);
    let strangers = gpu
        .foreign
        .iter()
        .map(|process| t::outside_the_queue(&process.words()));
    let strangers = strangers.collect::<String>();
    let memory = gpu
        .mem_used_bytes
        .map_or(t::MEMORY_UNKNOWN.to_owned(), |used| {
            t::memory(&format::gib(used), &format::gib(gpu.mem_total_bytes))
        });
    format!(
        "{}: {held}{cordon}{strangers}\n{busy}{working}, {memory}\n{}\n{}",
        t::gpu(gpu.index),
        gpu.model,
        gpu.uuid
    )
}

fn spans_nodes(live: Live, id: JobId) -> bool {
    live.row(id)
        .is_some_and(|row| row.with(|row| row.nodes > 1))
}
