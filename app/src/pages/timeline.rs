//! `/timeline`: who held, holds and gets which GPUs when, and what is reserved. What is looked at and
//! the form are in the address.

mod bar;
mod bars;
mod card;
mod chart;
mod drag;
mod fields;
mod form;
mod go;
mod keys;
mod list;
mod node;
mod pack;
mod preview;
mod promises;
mod range;
mod spots;
mod steps;
mod table;
mod ticks;
mod waiting;

use berth_api::ApiError;
use berth_api::reservations::create_reservation;
use berth_api::timeline::{TimelineAnswer, timeline};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::chart::ChartView;
use self::form::{Asked, ReserveForm};
use self::go::Go;
use self::list::ReservationList;
use self::range::{Look, Zoom, moment};
use self::table::AsTable;
use crate::clock::{Clock, wall_seconds};
use crate::components::problem::ProblemView;
use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::start::Waiting;

#[component]
pub fn TimelinePage() -> impl IntoView {
    let waiting = Waiting::here();
    let live = Live::here();
    let go = Go::here();
    let query = use_query_map();
    let look = Memo::new(move |_| query.with(Look::from_query));
    let asked = Memo::new(move |_| query.with(Asked::from_query));
    // After a break that was not resumed, what was shown may be old.
    let answer = Resource::new_blocking(
        move || (look.get(), go.asked.get(), live.resynced.get()),
        |(look, _, _)| ask(look),
    );
    let preview = Resource::new_blocking(
        move || asked.get().filter(|asked| asked.preview),
        |asked| async move {
            match asked?.arg() {
                Ok(arg) => Some(create_reservation(arg).await),
                Err(error) => Some(Err(error)),
            }
        },
    );
    let refused = move || {
        let closed = asked.with(Option::is_none);
        closed
            .then(|| query.with(|query| query.get("error")))
            .flatten()
    };
    view! {
        <Title text="Timeline" />
        <div class="page timeline-page" class:timeline-form=move || asked.with(Option::is_some)>
            <header class="page-head">
                <h1>"Timeline"</h1>
                <Bar look go />
            </header>
            {move || refused().map(|why| view! {
                <p class="banner banner-bad" role="alert">{why}</p>
            })}
            <div class="timeline-side">
                {move || asked.get().map(|asked| view! {
                    <Suspense>
                        {move || {
                            let asked = asked.clone();
                            Suspend::new(async move {
                                let first = preview.await;
                                match waiting.ready().await {
                                    Ok(()) => view! { <ReserveForm asked first go /> }.into_any(),
                                    // The page says what is wrong.
                                    Err(_) => ().into_any(),
                                }
                            })
                        }}
                    </Suspense>
                })}
            </div>
            <div class="timeline-main">
                <Transition>
                    {move || Suspend::new(async move {
                        let found = match waiting.ready().await {
                            Ok(()) => answer.await,
                            Err(error) => Err(error),
                        };
                        match found {
                            Ok(found) => {
                                let look = look.get_untracked();
                                view! { <Shown answer=found look go /> }.into_any()
                            }
                            Err(error) => view! { <ProblemView error /> }.into_any(),
                        }
                    })}
                </Transition>
            </div>
        </div>
    }
    .into_any()
}

async fn ask(look: Look) -> Result<TimelineAnswer, ApiError> {
    let range = look.range(wall_seconds());
    timeline(Some(moment(range.from)), Some(moment(range.to)), look.open).await
}

/// Zoom, a step back and ahead, now, and the form. Links, so that they work without script.
#[component]
fn Bar(look: Memo<Look>, go: Go) -> impl IntoView {
    let clock = Clock::here();
    let zoom = move |zoom: Zoom| {
        let href = move || {
            let from = look.with(|look| look.zoomed(zoom).map(moment));
            go.href(&[("zoom", Some(zoom.as_str().to_owned())), ("from", from)])
        };
        let current = move || look.with(|look| (look.zoom == zoom).then_some("true"));
        view! {
            <a class="button button-small" href=href aria-current=current on:click=move |event| go.stay(&event)>
                {zoom.words()}
            </a>
        }
    };
    let step = move |sign: i64| {
        move || {
            let range = look.with(|look| look.range(clock.now()));
            go.href(&[("from", Some(moment(range.from + sign * range.span() / 2)))])
        }
    };
    let follows = move || look.with(|look| look.from.is_none().then_some("true"));
    let fresh = move || go.form_href("new", &[]);
    view! {
        <nav class="timeline-bar" aria-label="What is shown">
            <span class="actions" role="group" aria-label="How much time">
                {Zoom::ALL.map(zoom).collect_view()}
            </span>
            <span class="actions" role="group" aria-label="Which time">
                <a class="button button-small" href=step(-1) aria-label="Earlier" on:click=move |event| go.stay(&event)>
                    {icon(Icon::Left)}
                </a>
                <a
                    class="button button-small"
                    href=move || go.href(&[("from", None)])
                    aria-current=follows
                    title="Follows the time"
                    on:click=move |event| go.stay(&event)
                >
                    "Now"
                </a>
                <a class="button button-small" href=step(1) aria-label="Later" on:click=move |event| go.stay(&event)>
                    {icon(Icon::Right)}
                </a>
            </span>
            <a class="button button-small button-main" href=fresh on:click=move |event| go.stay(&event)>
                "Reserve"
            </a>
        </nav>
    }
    .into_any()
}

#[component]
fn Shown(answer: TimelineAnswer, look: Look, go: Go) -> impl IntoView {
    let left_out = answer.left_out_text.clone();
    let left_out =
        (!left_out.is_empty()).then(|| view! { <p class="hint tl-left-out">{left_out}</p> });
    let promises = answer.reservations.clone();
    let table = answer.clone();
    view! {
        <ChartView answer look go />
        {left_out}
        <Legend />
        <ReservationList promises go />
        <AsTable answer=table />
    }
    .into_any()
}

/// What patterns and marks mean.
#[component]
fn Legend() -> impl IntoView {
    let entry = |class: &'static str, words: &'static str| {
        view! {
            <li>
                <i class=class></i>
                {words}
            </li>
        }
    };
    view! {
        <ul class="tl-legend" aria-label="What the patterns mean">
            {entry("tl-key tl-is-ok", "ended well")}
            {entry("tl-key tl-is-bad", "failed")}
            {entry("tl-key tl-is-warn", "time ran out")}
            {entry("tl-key tl-is-idle", "cancelled")}
            {entry("tl-key tl-key-run", "runs")}
            {entry("tl-key tl-key-limit", "up to its limit")}
            {entry("tl-key tl-key-end", "expected end")}
            {entry("tl-key tl-key-wait", "likely to start")}
            {entry("tl-key tl-key-mark", "reserved")}
        </ul>
    }
    .into_any()
}
