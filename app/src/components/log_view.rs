//! A job's log: what it wrote so far, and what it writes.

mod lines;

use std::time::Duration;

use berth_api::live::LiveRequest;
use berth_api::logs::LogText;
use berth_domain::{JobId, StateName};
use leptos::html;
use leptos::prelude::*;

use crate::icons::{Icon, icon};
use crate::live::Live;
use lines::{Line, Lines};

/// Pieces that come within this are shown together.
const GATHER: Duration = Duration::from_millis(60);
/// So near to the end counts as at the end, in pixels.
const NEAR: i32 = 32;

/// Which log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    pub job: JobId,
    /// Without one, the last attempt, and the next when there is a retry.
    pub attempt: Option<u32>,
    pub rank: u32,
}

#[component]
pub fn LogView(
    which: Which,
    first: LogText,
    /// The job's, which tells whether it may still write.
    #[prop(into)]
    state: Signal<StateName>,
) -> impl IntoView {
    let log = RwSignal::new(Lines::begin(&first));
    let writing = Signal::derive(move || state.get() != StateName::Finished);
    let follow = RwSignal::new(true);
    let wrap = RwSignal::new(true);
    listen(which, log, writing);

    let scroller = NodeRef::<html::Div>::new();
    // The eye stays at the end while it follows.
    Effect::new(move |_| {
        log.track();
        wrap.track();
        if follow.get() {
            request_animation_frame(move || {
                if let Some(scroller) = scroller.get_untracked() {
                    scroller.set_scroll_top(scroller.scroll_height());
                }
            });
        }
    });
    let scrolled = move |_| {
        if let Some(scroller) = scroller.get_untracked() {
            let below = scroller.scroll_height() - scroller.scroll_top() - scroller.client_height();
            let at_end = below < NEAR;
            if follow.get_untracked() != at_end {
                follow.set(at_end);
            }
        }
    };
    let search = Search::new(log, follow);
    let download = {
        let attempt = which
            .attempt
            .map(|n| format!("&attempt={n}"))
            .unwrap_or_default();
        format!(
            "/api/job_log/raw?id={}&rank={}{attempt}",
            which.job, which.rank
        )
    };
    view! {
        <section class="log" aria-labelledby="log-title">
            <div class="log-bar">
                <h2 id="log-title">"Log"</h2>
                <span class="log-state quiet">
                    {move || match state.get() {
                        _ if log.with(|log| log.ended) => "ended",
                        StateName::Held | StateName::Queued => "not begun",
                        StateName::Finished => "",
                        _ => "being written",
                    }}
                </span>
                <SearchBar search />
                <Toggle label="Follow" on=follow />
                <Toggle label="Wrap" on=wrap />
                <a class="button button-quiet button-icon" href=download download aria-label="Download the log" title="Download the log">
                    {icon(Icon::Download)}
                </a>
            </div>
            <div
                class="log-text"
                class:log-nowrap=move || !wrap.get()
                node_ref=scroller
                tabindex="0"
                role="log"
                aria-live="off"
                aria-label="What the job wrote"
                data-log
                on:scroll=scrolled
            >
                <For
                    each=move || log.with(|log| log.lines.clone())
                    key=|line| (line.number, line.text.len())
                    children=move |line| line_view(line, search)
                />
                {move || log.with(|log| log.lines.is_empty()).then(|| {
                    let words = if writing.get() { "Nothing was written yet." } else { "Nothing was written." };
                    view! { <p class="log-none">{words}</p> }
                })}
            </div>
        </section>
    }
    .into_any()
}

fn line_view(line: Line, search: Search) -> AnyView {
    let number = line.number;
    let text = line.text.to_string();
    if line.note {
        return view! { <p class="log-note">{text}</p> }.into_any();
    }
    view! {
        <div
            class="log-line"
            class:log-hit=move || search.hits.with(|hits| hits.binary_search(&number).is_ok())
            class:log-here=move || search.here() == Some(number)
            id=format!("line-{number}")
        >
            {text}
            "\n"
        </div>
    }
    .into_any()
}

/// Has what is written handed to the lines for as long as the view is on the page.
fn listen(which: Which, log: RwSignal<Lines>, writing: Signal<bool>) {
    let live = Live::here();
    let gathered = StoredValue::new(Vec::<LogText>::new());
    let flush = move || {
        let pieces = gathered
            .try_update_value(std::mem::take)
            .unwrap_or_default();
        log.try_update(|log| pieces.iter().for_each(|piece| log.add(piece)));
    };
    let sink = Callback::new(move |piece: LogText| {
        let first = gathered.try_update_value(|pieces| {
            pieces.push(piece);
            pieces.len() == 1
        });
        if first == Some(true) {
            set_timeout(flush, GATHER);
        }
    });
    Effect::new(move |_| {
        if !writing.get() {
            return;
        }
        let offset = log.with_untracked(|log| log.next);
        let request = LiveRequest::Follow {
            job: which.job,
            attempt: which.attempt,
            rank: which.rank,
            offset,
        };
        live.follow(request, sink);
    });
    on_cleanup(move || live.unfollow());
}

/// What is looked for, and where it was found.
#[derive(Clone, Copy)]
struct Search {
    wanted: RwSignal<String>,
    /// The numbers of the lines, rising.
    hits: Memo<Vec<u64>>,
    /// Which of the hits is looked at.
    place: RwSignal<usize>,
    follow: RwSignal<bool>,
}

impl Search {
    fn new(log: RwSignal<Lines>, follow: RwSignal<bool>) -> Self {
        let wanted = RwSignal::new(String::new());
        let hits = Memo::new(move |_| {
            let wanted = wanted.get().to_lowercase();
            if wanted.is_empty() {
                return vec![];
            }
            let found = |line: &&Line| !line.note && line.text.to_lowercase().contains(&wanted);
            log.with(|log| {
                log.lines
                    .iter()
                    .filter(found)
                    .map(|line| line.number)
                    .collect()
            })
        });
        Search {
            wanted,
            hits,
            place: RwSignal::new(0),
            follow,
        }
    }

    fn here(self) -> Option<u64> {
        self.hits.with(|hits| hits.get(self.place.get()).copied())
    }

    /// Goes to the next or the previous hit, round the ends.
    fn step(self, back: bool) {
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
        let number = self.hits.with_untracked(|hits| hits.get(place).copied());
        let Some(number) = number else { return };
        self.follow.set(false);
        request_animation_frame(move || {
            if let Some(line) = document().get_element_by_id(&format!("line-{number}")) {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Center);
                line.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    }
}

#[component]
fn SearchBar(search: Search) -> impl IntoView {
    let typed = move |event| {
        search.wanted.set(event_target_value(&event));
        search.place.set(0);
        search.show();
    };
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            search.step(event.shift_key());
        }
    };
    let found = move || {
        if search.wanted.with(String::is_empty) {
            return String::new();
        }
        match search.hits.with(Vec::len) {
            0 => "none".to_owned(),
            count => format!("{} of {count}", search.place.get() + 1),
        }
    };
    view! {
        <span class="log-search needs-script" role="search">
            <input
                class="input"
                type="search"
                placeholder="Search"
                aria-label="Search the log"
                data-filter
                on:input=typed
                on:keydown=pressed
            />
            <span class="log-found num" role="status">
                {found}
            </span>
            <button type="button" class="button button-quiet button-icon" aria-label="Previous hit" on:click=move |_| search.step(true)>
                {icon(Icon::Up)}
            </button>
            <button type="button" class="button button-quiet button-icon" aria-label="Next hit" on:click=move |_| search.step(false)>
                {icon(Icon::Down)}
            </button>
        </span>
    }
    .into_any()
}

#[component]
fn Toggle(label: &'static str, on: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button-toggle needs-script"
            aria-pressed=move || if on.get() { "true" } else { "false" }
            on:click=move |_| on.update(|on| *on = !*on)
        >
            {label}
        </button>
    }
    .into_any()
}
