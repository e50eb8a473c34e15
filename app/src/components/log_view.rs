//! A job's log: what it wrote so far, and what it writes. The page holds a part of it and reads on
//! at either end.

mod line;
mod marked;
mod reach;
mod search;
mod stamp;
mod window;

use std::time::Duration;

use berth_api::live::LiveRequest;
use berth_api::logs::{LinePlace, LogText};
use berth_domain::{JobId, StateName};
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html;
use leptos::prelude::*;

use crate::format;
use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::texts::log as t;
use line::{Shown, line_view};
use marked::Marked;
pub use marked::parse as parse_lines;
use reach::Reach;
use search::{Search, SearchBar};
use window::{Line, MOST, Window};

/// Pieces that come within this are shown together.
const GATHER: Duration = Duration::from_millis(60);
/// Steps of the slider.
const STEPS: u64 = 1000;

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
    /// The line that the first piece was asked for.
    known: Option<LinePlace>,
    /// The job's, which tells whether it may still write.
    #[prop(into)]
    state: Signal<StateName>,
) -> impl IntoView {
    let mut begun = Window::begin(&first);
    if let Some(place) = known {
        begun.number(place);
    }
    begun.keep_around(known.map(|place| place.offset));
    let attached = RwSignal::new(begun.is_at_end());
    let log = RwSignal::new(begun);
    let scroller = NodeRef::<html::Div>::new();
    let reach = Reach {
        which,
        log,
        scroller,
        follow: RwSignal::new(known.is_none()),
        top: StoredValue::new(0),
        attached,
        busy: RwSignal::new(false),
        leaving: StoredValue::new(false),
        settling: StoredValue::new(false),
        missed: StoredValue::new(false),
        counting: StoredValue::new(false),
        problem: RwSignal::new(None),
    };
    let writing = Memo::new(move |_| state.get() != StateName::Finished);
    let wrap = RwSignal::new(true);
    let times = RwSignal::new(true);
    let marked = Marked::new();
    let search = Search::new(reach);
    let shown = Shown {
        search,
        base: Memo::new(move |_| log.with(|log| log.base)),
        marked: marked.lines,
    };
    listen(reach, writing);
    keep_at_end(reach, wrap);
    Effect::new(move |_| {
        log.track();
        reach.count();
    });
    // The line that the address names, once the page is there.
    Effect::new(move |begun: Option<()>| {
        if begun.is_none()
            && let Some(place) = known
        {
            reach.scroll_to(place.offset);
        }
    });
    view! {
        <section class="log" aria-labelledby="log-title">
            <div class="log-bar">
                <h2 id="log-title">{t::LOG}</h2>
                <span class="log-state quiet">{move || wrote(log, state.get())}</span>
                <SearchBar search />
                <span class="log-buttons">
                    <Follow reach />
                    <Toggle label=t::WRAP on=wrap />
                    <Times log times />
                    <Jump label=t::TO_START shape=Icon::ToStart go=Callback::new(move |()| reach.to_start()) />
                    <Jump label=t::TO_END shape=Icon::ToEnd go=Callback::new(move |()| reach.to_end()) />
                    <a class="button button-quiet button-icon" href=download(which) download aria-label=t::DOWNLOAD title=t::DOWNLOAD>
                        {icon(Icon::Download)}
                    </a>
                </span>
            </div>
            <div
                class="log-text"
                class:log-nowrap=move || !wrap.get()
                class:log-untimed=move || !times.get()
                node_ref=scroller
                tabindex="0"
                role="log"
                aria-live="off"
                aria-busy=move || if reach.busy.get() { "true" } else { "false" }
                aria-label=t::WHAT_IT_WROTE
                data-log
                on:scroll=move |_| reach.scrolled()
                on:keydown=move |event| pressed(reach, &event)
                on:click=move |event| clicked(reach, marked, &event)
            >
                <For
                    each=move || log.with(Window::blocks)
                    key=|block| *block
                    children=move |block| block_view(log, block, shown)
                />
                {move || log.with(|log| log.lines.is_empty()).then(|| {
                    let words = if writing.get() { t::NOTHING_YET } else { t::NOTHING };
                    view! { <p class="log-none">{words}</p> }
                })}
            </div>
            <Foot reach marked />
        </section>
    }
    .into_any()
}

/// Some lines that follow each other.
fn block_view(log: RwSignal<Window>, block: i64, shown: Shown) -> AnyView {
    let lines = Memo::new(move |_| log.with(|log| log.block(block)));
    view! {
        <div class="log-block">
            <For each=move || lines.get() key=Line::key children=move |line| line_view(line, shown) />
        </div>
    }
    .into_any()
}

fn wrote(log: RwSignal<Window>, state: StateName) -> &'static str {
    match state {
        _ if log.with(|log| log.ended) => t::LOG_ENDED,
        StateName::Held | StateName::Queued => t::NOT_BEGUN,
        StateName::Finished => "",
        _ => t::BEING_WRITTEN,
    }
}

fn download(which: Which) -> String {
    let attempt = which
        .attempt
        .map(|n| format!("&attempt={n}"))
        .unwrap_or_default();
    format!(
        "/api/job_log/raw?id={}&rank={}{attempt}",
        which.job, which.rank
    )
}

/// The eye stays at the end while it follows.
fn keep_at_end(reach: Reach, wrap: RwSignal<bool>) {
    Effect::new(move |_| {
        reach.log.track();
        wrap.track();
        if reach.follow.get() {
            request_animation_frame(move || {
                let follows = reach.follow.try_get_untracked() == Some(true);
                if let Some(scroller) = reach.element().filter(|_| follows) {
                    scroller.set_scroll_top(scroller.scroll_height());
                }
            });
        }
    });
}

fn pressed(reach: Reach, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
        return;
    }
    match event.key().as_str() {
        "Home" => reach.to_start(),
        "End" => reach.to_end(),
        _ => return,
    }
    event.prevent_default();
}

/// A number that is clicked marks its line; with Shift, all from the marked one to it.
fn clicked(reach: Reach, marked: Marked, event: &MouseEvent) {
    let target: web_sys::Element = event_target(event);
    let offset = target
        .get_attribute("data-number")
        .and_then(|offset| offset.parse::<u64>().ok());
    let number = offset.and_then(|offset| {
        let log = reach.log.read_untracked();
        Some(log.base? + log.line(offset)?.place?)
    });
    if let Some(number) = number {
        marked.mark(number, event.shift_key());
    }
}

/// Has what is written handed to the lines for as long as the window is at the end.
fn listen(reach: Reach, writing: Memo<bool>) {
    let live = Live::here();
    let gathered = StoredValue::new(Vec::<LogText>::new());
    let flush = move || {
        let pieces = gathered
            .try_update_value(std::mem::take)
            .unwrap_or_default();
        if reach.attached.try_get_untracked() != Some(true) {
            return;
        }
        let follows = reach.follow.get_untracked();
        reach.log.update(|log| {
            pieces.iter().for_each(|piece| log.add(piece));
            if follows {
                log.cut_front();
            }
        });
        // What is looked at is not dropped for what nobody looks at.
        if reach.log.with_untracked(|log| log.lines.len() > MOST) {
            reach.log.update(|log| log.keep_first(MOST));
            reach.attached.set(false);
        }
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
    Effect::new(move |before: Option<(bool, bool)>| {
        let now = (reach.attached.get(), writing.get());
        if !now.0 {
            live.unfollow();
            return now;
        }
        // What it wrote last is on its way when it ended.
        let ended =
            !now.1 && (before == Some((true, true)) || reach.log.with_untracked(|log| log.ended));
        if ended {
            return now;
        }
        let Which { job, attempt, rank } = reach.which;
        let request = LiveRequest::Follow {
            job,
            attempt,
            rank,
            reading: reach.attempt(),
            offset: reach.log.with_untracked(|log| log.next),
        };
        live.follow(request, sink);
        now
    });
    on_cleanup(move || live.unfollow());
}

/// Where in the log one is, and ways to other places.
#[component]
fn Foot(reach: Reach, marked: Marked) -> impl IntoView {
    let extent = Memo::new(move |_| {
        reach
            .log
            .with(|log| (log.start, log.next, log.total, log.is_whole()))
    });
    let words = move || {
        let (start, next, total, whole) = extent.get();
        if total == 0 {
            return String::new();
        }
        if whole {
            return t::all_here(&format::size(total));
        }
        let (from, to) = (format::size(start), format::size(next));
        t::part(&from, &to, &format::size(total))
    };
    let slid = move |event| {
        let step: u64 = event_target_value(&event).parse().unwrap_or(0);
        let total = reach.log.with_untracked(|log| log.total);
        match step {
            0 => reach.to_start(),
            STEPS.. => reach.to_end(),
            _ => reach.to_offset(total / STEPS * step),
        }
    };
    let place = move || {
        let (start, next, total, _) = extent.get();
        let step = if start == 0 {
            0
        } else if next >= total {
            STEPS
        } else {
            start.saturating_mul(STEPS) / total.max(1)
        };
        step.to_string()
    };
    let went = move |event: leptos::ev::Event| {
        let Some((from, to)) = marked::parse(&event_target_value(&event)) else {
            return;
        };
        let signed = |line: u64| i64::try_from(line).unwrap_or(i64::MAX);
        marked.mark_range((signed(from), signed(to)));
        reach.to_line(from);
    };
    let named = move || {
        let range = marked.lines.get();
        range.map_or_else(String::new, |(from, to)| {
            if from == to {
                from.to_string()
            } else {
                format!("{from}-{to}")
            }
        })
    };
    view! {
        <div class="log-foot">
            <span class="log-extent quiet num">{words}</span>
            {move || reach.problem.get().map(|problem| view! {
                <span class="log-problem" role="alert">{problem}</span>
            })}
            {move || (!extent.with(|extent| extent.3)).then(|| view! {
                <input
                    class="log-slider needs-script"
                    type="range"
                    min="0"
                    max=STEPS.to_string()
                    prop:value=place
                    aria-label=t::PLACE
                    aria-valuetext=words
                    on:change=slid
                />
            })}
            <label class="log-goto needs-script">
                <span>{t::LINE}</span>
                <input
                    class="input num"
                    inputmode="numeric"
                    placeholder="120-140"
                    title=t::LINE_TOLD
                    prop:value=named
                    on:change=went
                />
            </label>
        </div>
    }
    .into_any()
}

/// Follows the end; going back to it if it was left.
#[component]
fn Follow(reach: Reach) -> impl IntoView {
    let toggle = move |_| {
        if reach.follow.get_untracked() {
            reach.follow.set(false);
        } else {
            reach.to_end();
        }
    };
    view! {
        <button
            type="button"
            class="button button-toggle needs-script"
            aria-pressed=move || if reach.follow.get() { "true" } else { "false" }
            on:click=toggle
        >
            {t::FOLLOW}
        </button>
    }
    .into_any()
}

/// Offered where the job writes times before its lines.
#[component]
fn Times(log: RwSignal<Window>, times: RwSignal<bool>) -> impl IntoView {
    let has = Memo::new(move |before: Option<&bool>| {
        before == Some(&true) || log.with(|log| log.lines.iter().any(|line| line.stamp > 0))
    });
    move || {
        has.get()
            .then(|| view! { <Toggle label=t::TIMES on=times /> })
    }
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

#[component]
fn Jump(label: &'static str, shape: Icon, go: Callback<()>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button-quiet button-icon needs-script"
            aria-label=label
            title=label
            on:click=move |_| go.run(())
        >
            {icon(shape)}
        </button>
    }
    .into_any()
}
