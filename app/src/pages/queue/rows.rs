//! The waiting jobs in their order, in blocks. Of a long queue only the blocks near the window are on the
//! page; of each other one there is the room that it would take. Blocks never change their places: a row
//! that is dragged, or has the focus, would lose both where its element is moved.

use std::collections::BTreeSet;
use std::ops::Range;

use berth_domain::JobId;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::Element;

use super::board::Board;
use super::row::QueueRow;
use crate::live::Live;

/// So many rows are a block: most queues are one.
const BLOCK: usize = 40;
/// So many rows above and below what is seen are on the page too.
const MARGIN: f64 = 12.0;

#[component]
pub fn Rows() -> impl IntoView {
    let (live, board) = (Live::here(), Board::here());
    let list = NodeRef::<html::Ol>::new();
    // Before anybody scrolled.
    let window = RwSignal::new(0..2);
    let focused = RwSignal::new(None::<JobId>);
    let blocks = Memo::new(move |_| board.order.with(|order| order.len().div_ceil(BLOCK)));
    // Where something is dragged, opened or has the focus stays, wherever the window is.
    let here = Memo::new(move |_| {
        let dragged = board.drag.with(|drag| drag.map(|drag| drag.job));
        let kept = [dragged, board.opened.get(), focused.get()];
        let mut here: BTreeSet<usize> = window.get().collect();
        board.places.with(|places| {
            let block = |id: &JobId| places.get(id).map(|place| place / BLOCK);
            here.extend(kept.iter().flatten().filter_map(block));
        });
        here
    });
    Effect::new(move |_| {
        let look = move || {
            if let Some(seen) = list.get_untracked().and_then(|list| seen(&list)) {
                let now = near(&seen, blocks.get_untracked());
                if window.with_untracked(|window| *window != now) {
                    window.set(now);
                }
            }
        };
        blocks.track();
        look();
        let scrolled = window_event_listener(leptos::ev::scroll, move |_| look());
        let resized = window_event_listener(leptos::ev::resize, move |_| look());
        on_cleanup(move || {
            scrolled.remove();
            resized.remove();
        });
    });
    // What the store does not hold is asked for, and asked again when the queue is another.
    Effect::new(move |_| {
        live.queue.track();
        board.tail.places.track();
        let ids: Vec<JobId> = here.with(|here| {
            let blocks = here.iter().map(|block| board.block(*block));
            blocks.flatten().collect()
        });
        board.tail.show(&ids);
    });
    let follow_focus = move |event: web_sys::FocusEvent| focused.set(job_of(event.target()));
    view! {
        <ol
            class="queue-rows"
            class:queue-dragged=move || board.drag.with(Option::is_some)
            node_ref=list
            on:focusin=follow_focus
        >
            <For
                each=move || 0..blocks.get()
                key=|block| *block
                children=move |block| view! { <Block block here /> }
            />
        </ol>
    }
    .into_any()
}

/// Rows, or the room that they would take.
#[component]
fn Block(block: usize, here: Memo<BTreeSet<usize>>) -> impl IntoView {
    let board = Board::here();
    let ids = Memo::new(move |_| {
        board.order.track();
        board.block(block)
    });
    let is_here = Memo::new(move |_| here.with(|here| here.contains(&block)));
    let height = move || format!("height: calc({} * var(--row))", ids.with(Vec::len));
    move || match is_here.get() {
        true => view! {
            <For each=move || ids.get() key=|id| *id children=|id| view! { <Row id /> } />
        }
        .into_any(),
        false => view! { <li class="queue-gap" aria-hidden="true" style=height></li> }.into_any(),
    }
}

impl Board {
    /// The jobs of a block.
    fn block(self, block: usize) -> Vec<JobId> {
        let all = |order: &Vec<JobId>| {
            let some = order.iter().skip(block * BLOCK).take(BLOCK);
            some.copied().collect()
        };
        self.order.with_untracked(all)
    }
}

/// A row, once it is known.
#[component]
fn Row(id: JobId) -> impl IntoView {
    let board = Board::here();
    let known = Memo::new(move |_| board.tail.row(id).is_some());
    move || match known.get() {
        true => view! { <QueueRow id /> }.into_any(),
        false => view! {
            <li class="queue-row queue-row-unknown" data-job=id.to_string() aria-busy="true">
                <span class="queue-place num">{move || board.place(id)}</span>
                <span class="quiet num">{id.to_string()}</span>
            </li>
        }
        .into_any(),
    }
}

/// Which places of the list are in the window: from which on, and up to which.
fn seen(list: &Element) -> Option<Range<f64>> {
    let row = list
        .query_selector(".queue-row:not(.queue-row-open)")
        .ok()??;
    let high = row.get_bounding_client_rect().height().max(1.0);
    let top = list.get_bounding_client_rect().top();
    let height = window().inner_height().ok()?.as_f64()?;
    Some(-top / high..(height - top) / high)
}

/// The blocks near these places, of so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "not negative, and never so many rows"
)]
fn near(seen: &Range<f64>, blocks: usize) -> Range<usize> {
    let block = |place: f64| (place.max(0.0) / BLOCK as f64) as usize;
    let last = blocks.saturating_sub(1);
    block(seen.start - MARGIN).min(last)..block(seen.end + MARGIN).min(last) + 1
}

/// The job in whose row something is.
fn job_of(target: Option<web_sys::EventTarget>) -> Option<JobId> {
    let element = target?.dyn_into::<Element>().ok()?;
    let row = element.closest("[data-job]").ok()??;
    row.get_attribute("data-job")?.parse().map(JobId).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_near_and_little_else() {
        for first in 0..400_i32 {
            let (from, to) = (f64::from(first), f64::from(first) + 14.5);
            let blocks = near(&(from..to), 10);
            assert!((1..=2).contains(&blocks.len()), "{first}: {blocks:?}");
            for place in [from, to] {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "small"
                )]
                let block = (place as usize / BLOCK).min(9);
                assert!(blocks.contains(&block), "{first}: {blocks:?}");
            }
        }
    }

    #[test]
    fn beside_the_list_its_nearest_end_is_near() {
        assert_eq!(near(&(-900.0..-880.0), 10), 0..1);
        assert_eq!(near(&(900.0..914.0), 10), 9..10);
        assert_eq!(near(&(0.0..14.0), 0), 0..1);
    }
}
