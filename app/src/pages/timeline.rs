//! `/timeline`: who held, holds and gets which GPUs when, and what is reserved: as a chart, or what is
//! reserved as a calendar. What is looked at and the form are in the address.

mod bar;
mod bars;
mod calendar;
mod card;
mod chart;
mod controls;
mod day;
mod drag;
mod fields;
mod follow;
mod form;
mod go;
mod keys;
mod legend;
mod list;
mod many;
mod node;
mod pack;
mod preview;
mod promises;
mod range;
mod slots;
mod spots;
mod steps;
mod table;
mod then;
mod ticks;
mod waiting;
mod week;

use berth_api::ApiError;
use berth_api::history::cluster_at;
use berth_api::reservations::create_reservation;
use berth_api::timeline::{CalendarAnswer, TimelineAnswer, calendar, timeline};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use self::calendar::{WeekView, asked as asked_of_week};
use self::chart::ChartView;
use self::controls::Controls;
use self::form::{Asked, ReserveForm};
use self::go::Go;
use self::legend::Legend;
use self::list::ReservationList;
use self::range::{Look, moment};
use self::table::AsTable;
use self::then::Then;
use self::week::DAY;
use crate::clock::{Clock, wall_seconds};
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::common;

#[component]
pub fn TimelinePage() -> impl IntoView {
    let waiting = Waiting::here();
    let (live, clock) = (Live::here(), Clock::here());
    let go = Go::here();
    let query = use_query_map();
    let look = Memo::new(move |_| query.with(Look::from_query));
    let asked = Memo::new(move |_| query.with(Asked::from_query));
    // Of the week that is under way where the browser is, unless another is asked for.
    let monday = move || {
        let now = wall_seconds();
        let today = (now + clock.offset(now)).div_euclid(DAY);
        look.with(|look| look.week.then(|| look.monday(today)))
    };
    // After a break that was not resumed, what was shown may be old.
    let answer = Resource::new_blocking(
        move || (look.get(), monday(), go.asked.get(), live.resynced.get()),
        |(look, monday, _, _)| ask(look, monday),
    );
    let at = Memo::new(move |_| look.with(|look| look.at.filter(|_| !look.week)));
    let then = Resource::new_blocking(
        move || at.get(),
        |at| async move {
            match at {
                Some(at) => Some(cluster_at(at.to_string()).await),
                None => None,
            }
        },
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
        <Title text=common::TIMELINE />
        <div
            class="page timeline-page"
            class:timeline-form=move || asked.with(Option::is_some)
            class:timeline-back=move || at.with(Option::is_some)
        >
            <header class="page-head">
                <h1>{common::TIMELINE}</h1>
                <Suspense>
                    {move || Suspend::new(async move {
                        // By then the clock stands.
                        match waiting.ready().await {
                            Ok(()) => view! { <Controls look go /> }.into_any(),
                            // The page says what is wrong.
                            Err(_) => ().into_any(),
                        }
                    })}
                </Suspense>
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
                        let look = look.get_untracked();
                        match found {
                            Ok(Found::Chart(answer)) => view! { <Shown answer=*answer look go /> }.into_any(),
                            Ok(Found::Week(answer)) => view! { <WeekView answer look go /> }.into_any(),
                            Err(error) => view! { <ProblemView error /> }.into_any(),
                        }
                    })}
                </Transition>
            </div>
            <div class="timeline-then">
                <Transition>
                    {move || Suspend::new(async move {
                        match (then.await, waiting.ready().await) {
                            (Some(Ok(told)), Ok(())) => view! { <Then told /> }.into_any(),
                            (Some(Err(error)), Ok(())) => {
                                let why = error.to_string();
                                view! { <p class="banner banner-bad" role="alert">{why}</p> }.into_any()
                            }
                            _ => ().into_any(),
                        }
                    })}
                </Transition>
            </div>
        </div>
    }
    .into_any()
}

/// What there is to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Found {
    Chart(Box<TimelineAnswer>),
    Week(CalendarAnswer),
}

async fn ask(look: Look, monday: Option<i64>) -> Result<Found, ApiError> {
    if let Some(monday) = monday {
        let (from, to) = asked_of_week(monday);
        let answer = calendar(moment(from), moment(to)).await;
        return answer.map(Found::Week);
    }
    let range = look.range(wall_seconds());
    let answer = timeline(Some(moment(range.from)), Some(moment(range.to)), look.open).await;
    answer.map(|answer| Found::Chart(Box::new(answer)))
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
