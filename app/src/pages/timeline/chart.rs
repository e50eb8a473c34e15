//! The picture: an axis, what is reserved, a row for each GPU or node, and what waits.

use std::collections::HashMap;

use berth_api::timeline::{TimelineAnswer, TimelineNode};
use berth_api::views::LeasePart;
use berth_domain::{NodeName, Timestamp};
use leptos::html;
use leptos::prelude::*;

use super::bars::{self, Held, Now};
use super::card::{Card, Facts};
use super::drag::Hand;
use super::follow::follow;
use super::go::Go;
use super::keys;
use super::node::Node;
use super::promises::Promises;
use super::range::{Look, Range};
use super::ticks::ticks;
use super::waiting::WaitingLane;
use crate::clock::Clock;
use crate::texts::timeline as t;

/// Rows are numbered through for the arrow keys: those above the nodes, a thousand for each node,
/// those below.
pub const NODE_ROWS: i64 = 1000;
pub const WAITING_ROWS: i64 = 1_000_000_000;

/// What every row needs. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Chart {
    pub range: Range,
    pub now: Now,
    pub clock: Clock,
    /// Runs by the node that they hold GPUs of.
    pub running: Memo<HashMap<NodeName, Vec<Held>>>,
}

#[component]
pub fn ChartView(answer: TimelineAnswer, look: Look, go: Go) -> impl IntoView {
    let clock = Clock::here();
    let range = Range {
        from: answer.from.as_second(),
        to: answer.to.as_second(),
    };
    let now = Now::of(&answer);
    let running = Memo::new(move |_| by_node(now.running.get()));
    let chart = Chart {
        range,
        now,
        clock,
        running,
    };
    follow(&answer, &look, range, go);
    let root = NodeRef::<html::Div>::new();
    let surface = NodeRef::<html::Div>::new();
    let promises = answer.reservations.clone();
    let hand = Hand::new(root, surface, range, look.clone(), promises, go);
    let facts = Facts::of(&answer.attempts, &answer.reservations, now);
    let open = answer.nodes.iter().filter(|node| node.open);
    let open: Vec<String> = open.map(|node| node.name.to_string()).collect();
    let open = StoredValue::new(open);
    // The one that was drawn before had the focus.
    Effect::new(move |_| {
        if let Some(root) = root.get()
            && go.refocus.get_value()
        {
            go.refocus.set_value(false);
            let _ = root.focus();
        }
    });
    // To a hundredth of a percent: what does not move is not painted again.
    let share = Memo::new(move |_| format!("{:.2}", range.place(clock.now())));
    let style = move || format!("--now:{};--shift:{}px", share.get(), hand.shift());
    let now_in_view = Memo::new(move |_| (range.from..range.to).contains(&clock.now()));
    let mut past: HashMap<NodeName, Vec<Held>> = HashMap::new();
    for one in answer.attempts {
        let held = bars::past(one);
        for part in &held.lease {
            let here = past.entry(part.node.clone()).or_default();
            here.push(held.clone());
        }
    }
    let marked: HashMap<NodeName, Vec<Mark>> = marks(&answer.reservations);
    let place = |(place, node): (usize, TimelineNode)| {
        let (past, marks) = (
            past.remove(&node.name).unwrap_or_default(),
            marked.get(&node.name).cloned().unwrap_or_default(),
        );
        let place = i64::try_from(place).unwrap_or(0);
        view! { <Node node past marks first=(place + 1) * NODE_ROWS chart open go /> }
    };
    let nodes: Vec<_> = answer.nodes.into_iter().enumerate().map(place).collect();
    let then = look.at.map(Timestamp::as_second).and_then(|at| {
        let cut = range.clip(at, at)?;
        let style = format!("left:{:.3}%", cut.left);
        Some(view! { <div class="tl-then" style=style><span>{t::THEN}</span></div> })
    });
    let zone = move || clock.zone();
    view! {
        <div
            class="tl"
            class:tl-panning=move || hand.pans()
            node_ref=root
            style=style
            role="group"
            tabindex="0"
            aria-label=t::CHART_TOLD
            on:keydown=move |event| keys::press(&event, hand)
            on:pointerdown=move |event| hand.down(&event)
            on:pointermove=move |event| hand.moves(&event)
            on:pointerup=move |event| hand.up(&event)
            on:pointercancel=move |_| hand.gives_up()
            on:click=move |event| hand.click(&event)
            on:wheel=move |event| hand.wheel(&event)
            on:pointerover=move |event| facts.point(event.target(), root)
            on:pointerleave=move |_| facts.leave()
            on:focusin=move |event| facts.point(event.target(), root)
            on:focusout=move |_| facts.leave()
        >
            <div class="tl-lane tl-head">
                <div class="tl-name quiet">{zone}</div>
                <div class="tl-track tl-axis">
                    <div class="tl-surface" node_ref=surface title=t::DRAG_TO_RESERVE></div>
                    <Axis range zoom=look.zoom clock />
                </div>
            </div>
            <div class="tl-grid" aria-hidden="true">
                <Lines range zoom=look.zoom clock />
                <div class="tl-layer">{then}</div>
                <div class="tl-now" hidden=move || !now_in_view.get()></div>
            </div>
            <Promises promises=answer.reservations range clock hand go />
            {nodes}
            <WaitingLane range />
            <Card facts />
        </div>
    }
    .into_any()
}

/// A time in which GPUs of a node are reserved by name: rows, or all of the node.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Empty: of the whole node.
    pub gpus: Vec<u32>,
    pub from: i64,
    pub to: i64,
    pub label: String,
}

fn marks(promises: &[berth_api::timeline::PromiseView]) -> HashMap<NodeName, Vec<Mark>> {
    let mut all: HashMap<NodeName, Vec<Mark>> = HashMap::new();
    for promise in promises {
        let node = promise.request.node.as_deref().map(|node| LeasePart {
            node: NodeName::from(node),
            gpus: Vec::new(),
        });
        for part in promise.exact.iter().chain(&node) {
            let here = all.entry(part.node.clone()).or_default();
            let one = &promise.reservation;
            here.extend(one.occurrences.iter().map(|time| Mark {
                gpus: part.gpus.clone(),
                from: time.start.as_second(),
                to: time.over_at.unwrap_or(time.end).as_second(),
                label: super::promises::title(one),
            }));
        }
    }
    all
}

fn by_node(runs: Vec<Held>) -> HashMap<NodeName, Vec<Held>> {
    let mut all: HashMap<NodeName, Vec<Held>> = HashMap::new();
    for held in runs {
        for part in held.lease.iter().filter(|part| !part.gpus.is_empty()) {
            let here = all.entry(part.node.clone()).or_default();
            here.push(held.clone());
        }
    }
    all
}

#[component]
fn Axis(range: Range, zoom: super::range::Zoom, clock: Clock) -> impl IntoView {
    let marks = move || {
        ticks(range, zoom, |at| clock.offset(at)).into_iter().map(|tick| {
            let left = format!("left:{:.3}%", range.place(tick.at));
            view! { <span class="tl-tick num" class:tl-day=tick.day style=left>{tick.text}</span> }
        }).collect_view()
    };
    view! { <div class="tl-layer tl-ticks">{marks}</div> }.into_any()
}

#[component]
fn Lines(range: Range, zoom: super::range::Zoom, clock: Clock) -> impl IntoView {
    let marks = move || {
        ticks(range, zoom, |at| clock.offset(at))
            .into_iter()
            .map(|tick| {
                let left = format!("left:{:.3}%", range.place(tick.at));
                view! { <i class="tl-line" class:tl-day=tick.day style=left></i> }
            })
            .collect_view()
    };
    view! { <div class="tl-layer">{marks}</div> }.into_any()
}
