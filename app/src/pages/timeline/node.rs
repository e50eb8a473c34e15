//! A node: a row for each GPU, or one lane with how many were held.

use berth_api::timeline::TimelineNode;
use berth_domain::NodeName;
use leptos::prelude::*;

use super::bar::bar;
use super::bars::Held;
use super::chart::{Chart, Mark};
use super::go::Go;
use super::many::many;
use super::pack::runs;
use super::steps::{outline, steps};
use crate::icons::{Icon, icon};
use crate::texts::{gpus, timeline as t};

#[component]
pub fn Node(
    node: TimelineNode,
    past: Vec<Held>,
    marks: Vec<Mark>,
    /// The number of its first row.
    first: i64,
    chart: Chart,
    /// The nodes that are open.
    open: StoredValue<Vec<String>>,
    go: Go,
) -> impl IntoView {
    let name = node.name.clone();
    let here = {
        let name = name.clone();
        Memo::new(move |_| {
            chart
                .running
                .with(|all| all.get(&name).cloned().unwrap_or_default())
        })
    };
    let ended = {
        let name = name.clone();
        Memo::new(move |_| {
            let all = chart.now.ended.get();
            let here = all.into_iter().filter(|held| held.gpus_on(&name) > 0);
            here.collect::<Vec<_>>()
        })
    };
    let held = {
        let name = name.clone();
        Memo::new(move |_| here.with(|all| all.iter().map(|held| held.gpus_on(&name)).sum::<u32>()))
    };
    let count = if node.present {
        let gpus = node.gpus;
        view! { <span class="tl-count num">{held} "/" {gpus}</span> }.into_any()
    } else {
        view! { <span class="tl-count quiet">{t::GONE}</span> }.into_any()
    };
    let others = toggled(open.get_value(), &node);
    let open = node.open;
    let href = move || go.href(&[("open", Some(others.clone()))]);
    let track = if open {
        rows(&node, past, &marks, first, chart, here, ended).into_any()
    } else {
        lane(&node, chart, here, ended, held).into_any()
    };
    let style = format!("--rows:{}", if open { node.gpus.max(1) } else { 0 });
    let indices = (open && node.gpus > 0).then(|| {
        let index = |index: u32| {
            view! { <li class="num" style=format!("--row:{index}")>{index}</li> }
        };
        view! { <ol class="tl-indices" aria-hidden="true">{(0..node.gpus).map(index).collect_view()}</ol> }
    });
    let says = if open {
        t::ONE_LANE
    } else {
        t::ROW_FOR_EACH_GPU
    };
    view! {
        <div class="tl-lane tl-node" class:tl-open=open data-node=name.to_string() style=style>
            <div class="tl-name">
                <a
                    class="tl-toggle"
                    href=href
                    aria-expanded=if open { "true" } else { "false" }
                    title=format!("{name}: {says}")
                    on:click=move |event| go.stay(&event)
                >
                    {icon(if open { Icon::Down } else { Icon::Right })}
                    <span class="clip">{name.to_string()}</span>
                </a>
                {count}
                {indices}
            </div>
            {track}
        </div>
    }
    .into_any()
}

/// The nodes that are open once this one is or is not.
fn toggled(mut open: Vec<String>, node: &TimelineNode) -> String {
    let name = node.name.to_string();
    open.retain(|one| *one != name);
    if !node.open {
        // The first are closed again where there are too many.
        let surplus = (open.len() + 1).saturating_sub(MOST_OPEN);
        open.drain(..surplus);
        open.push(name);
    }
    if open.is_empty() {
        return "none".to_owned();
    }
    open.join(",")
}

/// As many as the server tells one by one.
const MOST_OPEN: usize = 16;

fn rows(
    node: &TimelineNode,
    past: Vec<Held>,
    marks: &[Mark],
    first: i64,
    chart: Chart,
    here: Memo<Vec<Held>>,
    ended: Memo<Vec<Held>>,
) -> AnyView {
    let range = chart.range;
    let bands = marks.iter().flat_map(|mark| {
        let rows = if mark.gpus.is_empty() {
            vec![(0, node.gpus)]
        } else {
            runs(&mark.gpus)
        };
        let cut = range.clip(mark.from, mark.to);
        let rows = cut
            .into_iter()
            .flat_map(move |cut| rows.clone().into_iter().map(move |rows| (cut, rows)));
        rows.map(|(cut, (row, rows))| {
            let style = format!(
                "left:{:.3}%;width:{:.3}%;--row:{row};--span:{rows}",
                cut.left, cut.width
            );
            view! { <div class="tl-mark" style=style title=mark.label.clone()></div> }
        })
    });
    let bands: Vec<_> = bands.collect();
    let many: Vec<_> = node.many.iter().map(|one| many(one, range)).collect();
    let name = node.name.clone();
    let draw = move |held: &Held, name: &NodeName| {
        let rows = held.rows_on(name).into_iter();
        let rows = rows.map(|(row, rows)| bar(held, (row, rows), first, range));
        rows.collect_view()
    };
    let bars: Vec<_> = past.iter().map(|held| draw(held, &name)).collect();
    let over = name.clone();
    let label = gpus::gpus_of(&name);
    view! {
        <div class="tl-track tl-rows" role="group" aria-label=label>
            <div class="tl-layer">
                {bands}
                {many}
                {bars}
                <For
                    each=move || ended.get()
                    key=Held::key
                    children=move |held| draw(&held, &over)
                />
                <For
                    each=move || here.get()
                    key=|held| (held.key(), held.to, held.how.clone())
                    children=move |held| draw(&held, &name)
                />
            </div>
        </div>
    }
    .into_any()
}

fn lane(
    node: &TimelineNode,
    chart: Chart,
    here: Memo<Vec<Held>>,
    ended: Memo<Vec<Held>>,
    held: Memo<u32>,
) -> AnyView {
    let (range, clock, gpus) = (chart.range, chart.clock, node.gpus.max(1));
    let (known, name) = (node.held.clone(), node.name.clone());
    // By the minute, or what is a slot in view if that is less.
    let pace = (range.span() / 960).clamp(1, 60);
    let minute = Memo::new(move |_| clock.now().div_euclid(pace) * pace);
    let area = Memo::new(move |_| {
        let spans = |all: &[Held]| {
            let span = |held: &Held| (held.from, held.to, held.gpus_on(&name));
            all.iter().map(span).collect::<Vec<_>>()
        };
        let mut all = ended.with(|all| spans(all));
        all.extend(here.with(|all| spans(all)));
        let steps = steps(&known, &all, range, minute.get());
        let both: Vec<f64> = steps
            .held
            .iter()
            .zip(&steps.ahead)
            .map(|(a, b)| a + b)
            .collect();
        (outline(&steps.held, gpus), outline(&both, gpus))
    });
    let label = move || t::held_now(held.get(), gpus);
    view! {
        <div class="tl-track tl-steps">
            <div class="tl-layer">
                <svg
                    viewBox=format!("0 0 96 {gpus}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=label
                >
                    <path class="tl-ahead" d=move || area.get().1 />
                    <path class="tl-held" d=move || area.get().0 />
                </svg>
            </div>
        </div>
    }
    .into_any()
}
