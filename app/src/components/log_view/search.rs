//! What is looked for in a log, and where it was found: in what the page holds by the page, in the
//! rest by the server.

use std::time::Duration;

use berth_api::logs::search_log;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Which;
use super::reach::Reach;
use super::window::Window;
use crate::format;
use crate::icons::{Icon, icon};
use crate::texts::log as t;

/// Typing ends before the server is asked.
const SETTLE: Duration = Duration::from_millis(250);
/// So many lines are found, no more.
const MOST: usize = 1000;

/// What is looked for. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Search {
    wanted: RwSignal<String>,
    far: RwSignal<Far>,
    /// The offsets of the lines, rising.
    hits: Memo<Vec<u64>>,
    /// Which of the hits is looked at.
    place: RwSignal<usize>,
    /// Rises with each text: answers to older ones are of no use.
    round: StoredValue<u32>,
    reach: Reach,
}

/// What the server found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Far {
    lines: Vec<u64>,
    /// Everything before this was looked at there.
    searched: u64,
    under_way: bool,
}

impl Search {
    pub fn new(reach: Reach) -> Self {
        let wanted = RwSignal::new(String::new());
        let far = RwSignal::new(Far::default());
        let hits = Memo::new(move |_| {
            let wanted = wanted.get().to_lowercase();
            if wanted.is_empty() {
                return vec![];
            }
            let (mut hits, searched) = far.with(|far| (far.lines.clone(), far.searched));
            reach.log.with(|log| {
                let lines = log
                    .lines
                    .iter()
                    .filter(|line| !line.note && line.offset >= searched);
                hits.extend(
                    lines
                        .filter(|line| line.holds(&wanted))
                        .map(|line| line.offset),
                );
            });
            hits
        });
        Search {
            wanted,
            far,
            hits,
            place: RwSignal::new(0),
            round: StoredValue::new(0),
            reach,
        }
    }

    pub fn is_hit(self, offset: u64) -> bool {
        self.hits.with(|hits| hits.binary_search(&offset).is_ok())
    }

    /// The line that is looked at.
    pub fn here(self) -> Option<u64> {
        self.hits.with(|hits| hits.get(self.place.get()).copied())
    }

    /// Goes to the next or the previous hit, round the ends.
    pub fn step(self, back: bool) {
        let count = self.hits.with_untracked(Vec::len);
        if count == 0 {
            return;
        }
        let by = if back { count - 1 } else { 1 };
        self.place.update(|place| *place = (*place + by) % count);
        self.show();
    }

    fn show(self) {
        let place = self.place.get_untracked();
        let offset = self.hits.with_untracked(|hits| hits.get(place).copied());
        if let Some(offset) = offset {
            self.reach.reveal(offset);
        }
    }

    fn type_in(self, text: String) {
        let round = self.round.with_value(|round| round + 1);
        self.round.set_value(round);
        self.far.set(Far::default());
        self.wanted.set(text);
        self.place.set(0);
        if self.reach.log.with_untracked(Window::is_whole) {
            self.show();
        } else if !self.wanted.with_untracked(String::is_empty) {
            self.far.update(|far| far.under_way = true);
            let ask = move || {
                if self.round.try_get_value() == Some(round) {
                    spawn_local(self.ask(round));
                }
            };
            set_timeout(ask, SETTLE);
        }
    }

    /// Has the server look, part by part, until all was looked at or enough was found.
    async fn ask(self, round: u32) {
        let (reach, text) = (self.reach, self.wanted.get_untracked());
        let Which { job, rank, .. } = reach.which;
        let mut from = 0;
        loop {
            let asked =
                search_log(job, text.clone(), reach.attempt(), Some(rank), Some(from)).await;
            if self.round.try_get_value() != Some(round) {
                return;
            }
            let hits = match asked {
                Ok(hits) => hits,
                Err(error) => {
                    self.far.update(|far| far.under_way = false);
                    reach.problem.set(Some(error.to_string()));
                    return;
                }
            };
            let first = self.far.with_untracked(|far| far.lines.is_empty());
            let found = !hits.lines.is_empty();
            let count = self.far.with_untracked(|far| far.lines.len()) + hits.lines.len();
            let done = hits.next >= hits.total || hits.next <= from || count >= MOST;
            from = hits.next;
            self.far.update(|far| {
                far.lines.extend(hits.lines);
                far.searched = hits.next;
                far.under_way = !done;
            });
            if first && found {
                self.show();
            }
            if done {
                return;
            }
        }
    }

    /// `3 of 17`.
    fn words(self) -> String {
        if self.wanted.with(String::is_empty) {
            return String::new();
        }
        let (searched, under_way) = self.far.with(|far| (far.searched, far.under_way));
        let total = self.reach.log.with(|log| log.total);
        let count = self.hits.with(Vec::len);
        let more = if count >= MOST { t::OR_MORE } else { "" };
        match (count, under_way) {
            (0, true) => t::searched(searched * 100 / total.max(1)),
            (0, false) => t::NO_HIT.to_owned(),
            (count, true) => t::so_far(self.place.get() + 1, count),
            (count, false) => {
                let count = format::thousands(count as u64);
                t::hit(self.place.get() + 1, &count, more)
            }
        }
    }
}

#[component]
pub fn SearchBar(search: Search) -> impl IntoView {
    let typed = move |event| search.type_in(event_target_value(&event));
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            search.step(event.shift_key());
        }
    };
    view! {
        <span class="log-search needs-script" role="search">
            <input
                class="input"
                type="search"
                placeholder=t::SEARCH
                aria-label=t::SEARCH_TOLD
                data-filter
                on:input=typed
                on:keydown=pressed
            />
            <span class="log-found num" role="status">
                {move || search.words()}
            </span>
            <button type="button" class="button button-quiet button-icon" aria-label=t::PREVIOUS_HIT on:click=move |_| search.step(true)>
                {icon(Icon::Up)}
            </button>
            <button type="button" class="button button-quiet button-icon" aria-label=t::NEXT_HIT on:click=move |_| search.step(false)>
                {icon(Icon::Down)}
            </button>
        </span>
    }
    .into_any()
}
