//! The reservations with a time in view: who, what, when, what became of each time, and what can be
//! done.

use berth_api::reservations::{
    OccurrenceView, ReservationArg, ReservationView, cancel_reservation, end_reservation,
};
use berth_api::timeline::PromiseView;
use berth_domain::reservation::OccurrenceState;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::go::Go;
use super::promises::{again, change_href, holder, idle, look, title, words};
use crate::clock::Clock;
use crate::components::confirm::{Ask, Confirm};
use crate::components::empty::Empty;
use crate::components::moment::Moment;
use crate::format;
use crate::icons::icon;
use crate::notice::Notices;

/// So many times of each are told; the picture shows all.
const TIMES: usize = 8;

#[component]
pub fn ReservationList(promises: Vec<PromiseView>, go: Go) -> impl IntoView {
    let clock = Clock::here();
    let none = promises
        .is_empty()
        .then(|| view! { <Empty text="Nothing is reserved in this time." /> });
    let items = promises.into_iter().map(|one| item(one, clock, go));
    view! {
        <section class="panel" aria-labelledby="reserved-title">
            <h2 id="reserved-title">"Reservations"</h2>
            <ul class="promises">{items.collect_view()}</ul>
            {none}
        </section>
    }
    .into_any()
}

fn item(one: PromiseView, clock: Clock, go: Go) -> AnyView {
    let view = &one.reservation;
    let next = view.next.as_ref().map(|next| {
        let words = if next.state == OccurrenceState::Active {
            "under way, until "
        } else {
            "next "
        };
        let at = if next.state == OccurrenceState::Active {
            next.end
        } else {
            next.start
        };
        view! { " · " {words} <Moment at /> }
    });
    let again = again(view).map(|words| format!(" · {words}"));
    let no_show = view.no_show_s.map(|after| {
        let after = format::duration(i64::try_from(after).unwrap_or(i64::MAX));
        format!(" · released when nobody comes for {after}")
    });
    let mut times: Vec<AnyView> = Vec::new();
    let surplus = view.occurrences.len().saturating_sub(TIMES);
    for time in view.occurrences.iter().take(TIMES) {
        times.push(occurrence(time, clock));
    }
    if surplus > 0 {
        times.push(view! { <li class="quiet">{surplus} " more in this time"</li> }.into_any());
    }
    let id = format!("reservation-{}", view.id);
    view! {
        <li class="promise" id=id data-promise=view.id.to_string()>
            <div class="promise-head">
                <h3>{title(view)}</h3>
                <span class="quiet">
                    {format!("number {} · {} for {}", view.id, view.what, holder(view))} {again} {no_show} {next}
                </span>
            </div>
            <ul class="times">{times}</ul>
            {actions(&one, go)}
        </li>
    }
    .into_any()
}

fn occurrence(time: &OccurrenceView, clock: Clock) -> AnyView {
    let (which, tone) = look(time.state);
    let (start, end) = (time.start.as_second(), time.end.as_second());
    let span = move || format!("{} to {}", clock.at(start), clock.at(end));
    let over = time.over_at.filter(|over| *over < time.end);
    let over = over.map(|over| {
        let at = move || clock.at(over.as_second());
        view! { <span class="quiet num">"at " {at}</span> }
    });
    view! {
        <li class="time">
            <span class=format!("badge badge-{tone}")>{icon(which)} {words(time.state)}</span>
            <span class="num">{span}</span>
            {over}
            {idle(time).map(|text| view! { <span class="quiet">{text}</span> })}
        </li>
    }
    .into_any()
}

/// What one does to a reservation besides changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Cancel,
    End,
}

fn actions(one: &PromiseView, go: Go) -> AnyView {
    let view = &one.reservation;
    let over = view.next.is_none();
    if over {
        return ().into_any();
    }
    if !one.may_change {
        let why = format!(
            "Made by {}: only who made or holds it or an admin can change it.",
            view.created_by
        );
        return view! { <p class="hint">{why}</p> }.into_any();
    }
    let under_way = view.next.as_ref().map(|next| next.state) == Some(OccurrenceState::Active);
    let which = title(view);
    let promise = one.clone();
    let href = move || change_href(&promise, go);
    view! {
        <div class="actions">
            <a
                class="button button-small"
                href=href
                aria-label=format!("Change {which}")
                on:click=move |event| go.stay(&event)
            >
                "Change"
            </a>
            {under_way.then(|| button(view, Verb::End, go))}
            {button(view, Verb::Cancel, go)}
        </div>
    }
    .into_any()
}

fn button(one: &ReservationView, verb: Verb, go: Go) -> AnyView {
    let (notices, confirm) = (Notices::here(), Confirm::here());
    let (id, which) = (one.id, title(one));
    let (value, text, label) = match verb {
        Verb::Cancel => ("cancel", "Cancel", format!("Cancel {which}")),
        Verb::End => (
            "end",
            "Give back",
            format!("Give back what is left of {which}"),
        ),
    };
    let ask = Ask {
        title: format!("Cancel {which}?"),
        text: if one.every.is_empty() {
            "Its GPUs are everybody's again.".to_owned()
        } else {
            "It does not come any more, and its GPUs are everybody's again.".to_owned()
        },
        verb: "Cancel the reservation",
    };
    let send = move || {
        let which = which.clone();
        spawn_local(async move {
            let body = ReservationArg { id };
            let (done, said) = match verb {
                Verb::Cancel => (cancel_reservation(body).await, "is cancelled"),
                Verb::End => (end_reservation(body).await, "is given back"),
            };
            match done {
                Ok(_) => notices.say(format!("{which} {said}.")),
                Err(error) => notices.refuse(&error),
            }
            go.again();
        });
    };
    let send = StoredValue::new(send);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match verb {
            Verb::Cancel => {
                let then = Callback::new(move |()| send.with_value(|send| send()));
                confirm.ask(ask.clone(), then);
            }
            Verb::End => send.with_value(|send| send()),
        }
    };
    view! {
        <form method="post" action="/forms/reservation" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <button class="button button-small button-bad-quiet" name="verb" value=value aria-label=label>
                {text}
            </button>
        </form>
    }
    .into_any()
}
