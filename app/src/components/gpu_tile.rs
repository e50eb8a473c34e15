//! One GPU: who holds it, how busy it is, its memory, power and temperature.

use berth_api::views::GpuView;
use berth_domain::{JobId, NodeName};
use leptos::prelude::*;

use super::owner::OwnerMark;
use crate::format;
use crate::icons::{Icon, icon};
use crate::live::Live;

/// How a tile is joined with those beside it that the same job holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    pub left: bool,
    pub right: bool,
}

#[component]
pub fn GpuTile(node: NodeName, index: u32, #[prop(into)] joined: Signal<Joined>) -> impl IntoView {
    let live = Live::here();
    let Some(cell) = live.gpu(&node, index) else {
        return ().into_any();
    };
    let gpu: Signal<GpuView> = cell.into();
    let job = Memo::new(move |_| gpu.with(|gpu| gpu.job.clone()));
    let hue = move || {
        job.with(|job| match job {
            Some(job) => format!("hue-{}", format::owner_hue(job.user.as_str())),
            None => "tile-free".to_owned(),
        })
    };
    let class = move || {
        let Joined { left, right } = joined.get();
        let left = if left { " joined-left" } else { "" };
        let right = if right { " joined-right" } else { "" };
        format!("tile {}{left}{right}", hue())
    };
    let memory = move || {
        let share = gpu.with(memory_share);
        format!("--share:{share:.2}")
    };
    let told = move || gpu.with(told);
    view! {
        <li
            class=class
            data-gpu=format!("{node}:{index}")
            title=told
        >
            <span class="tile-memory" style=memory aria-hidden="true"></span>
            <span class="tile-head">
                <span class="tile-index num">{index}</span>
                {move || job.get().map(|job| view! { <OwnerMark name=job.user.0 /> })}
                {move || {
                    let cordon = gpu.with(|gpu| gpu.cordon.clone());
                    cordon.map(|cordon| view! {
                        <span class="tile-mark" title=format!("Cordoned: {}", cordon.reason)>
                            {icon(Icon::Cancelled)}
                        </span>
                    })
                }}
                {move || {
                    let id = job.with(|job| job.as_ref().map(|job| job.id));
                    id.filter(|id| spans_nodes(live, *id)).map(|_| view! {
                        <span class="tile-mark" title="Runs on several nodes">
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
                    let word = if gpu.with(|gpu| gpu.cordon.is_some()) { "cordoned" } else { "free" };
                    view! { <span class="tile-job tile-none">{word}</span> }.into_any()
                }
            }}
            <Busy gpu />
            <span class="tile-figures num">
                {move || gpu.with(|gpu| figure(gpu.busy_pct, "%"))}
                {move || gpu.with(gib_used)}
                {move || gpu.with(|gpu| figure(gpu.power_w, "W"))}
                {move || gpu.with(|gpu| figure(gpu.temp_c, "°"))}
            </span>
        </li>
    }
    .into_any()
}

/// The bar of the driver's utilisation.
#[component]
fn Busy(gpu: Signal<GpuView>) -> impl IntoView {
    let style = move || {
        let share = gpu.with(|gpu| gpu.busy_pct.unwrap_or(0.0) / 100.0);
        format!("--share:{share:.2}")
    };
    view! { <span class="tile-bar" style=style aria-hidden="true"></span> }
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
        None => view! { <span title="not reported">"—"</span> }.into_any(),
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
        None => view! { <span title="not reported">"—"</span> }.into_any(),
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
        Some(job) => format!("job {} {} of {}", job.id, job.name, job.user),
        None => "no job".to_owned(),
    };
    let cordon = gpu.cordon.as_ref().map_or_else(String::new, |cordon| {
        format!("\ncordoned by {}: {}", cordon.by, cordon.reason)
    });
    let busy = gpu
        .busy_pct
        .map_or("busy unknown".to_owned(), |v| format!("{v:.0}% busy"));
    let memory = gpu
        .mem_used_bytes
        .map_or("memory unknown".to_owned(), |used| {
            format!(
                "{} of {} GiB",
                format::gib(used),
                format::gib(gpu.mem_total_bytes)
            )
        });
    format!(
        "GPU {}: {held}{cordon}\n{busy}, {memory}\n{}\n{}",
        gpu.index, gpu.model, gpu.uuid
    )
}

fn spans_nodes(live: Live, id: JobId) -> bool {
    live.row(id)
        .is_some_and(|row| row.with(|row| row.nodes > 1))
}
