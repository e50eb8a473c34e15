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
use crate::texts::{common, reservations as t, units};

/// So many times of each are told; the picture shows all.
const TIMES: usize = 8;

#[component]
pub fn ReservationList(promises: Vec<PromiseView>, go: Go) -> impl IntoView {
    let clock = Clock::here();
    let none = promises
        .is_empty()
        .then(|| view! { <Empty text=t::NOTHING_IN_THIS_TIME /> });
    let items = promises.into_iter().map(|one| item(one, clock, go));
    view! {
        <section class="panel" aria-labelledby="reserved-title">
            <h2 id="reserved-title">{t::RESERVATIONS}</h2>
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
            t::UNDER_WAY_UNTIL
        } else {
            t::NEXT
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
        t::released_after(&after)
    });
    let mut times: Vec<AnyView> = Vec::new();
    let surplus = view.occurrences.len().saturating_sub(TIMES);
    for time in view.occurrences.iter().take(TIMES) {
        times.push(occurrence(time, clock));
    }
    if surplus > 0 {
        times.push(view! { <li class="quiet">{surplus} {t::MORE_IN_THIS_TIME}</li> }.into_any());
    }
    let id = format!("reservation-{}", view.id);
    view! {
        <li class="promise" id=id data-promise=view.id.to_string()>
            <div class="promise-head">
                <h3>{title(view)}</h3>
                <span class="quiet">
                    {t::number_of(view.id, &view.what, &holder(view))} {again} {no_show} {next}
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
    let span = move || units::from_to(&clock.at(start), &clock.at(end));
    let over = time.over_at.filter(|over| *over < time.end);
    let over = over.map(|over| {
        let at = move || clock.at(over.as_second());
        view! { <span class="quiet num">{t::OVER_AT} {at}</span> }
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
        let why = t::made_by(&view.created_by);
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
                aria-label=t::change(&which)
                on:click=move |event| go.stay(&event)
            >
                {common::CHANGE}
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
        Verb::Cancel => ("cancel", common::CANCEL, t::cancel(&which)),
        Verb::End => ("end", t::GIVE_BACK, t::give_back_rest(&which)),
    };
    let ask = Ask {
        title: t::cancel_asked(&which),
        text: if one.every.is_empty() {
            t::GPUS_ARE_EVERYBODYS.to_owned()
        } else {
            t::COMES_NO_MORE.to_owned()
        },
        verb: t::CANCEL_THE_RESERVATION,
    };
    let send = move || {
        let which = which.clone();
        spawn_local(async move {
            let body = ReservationArg { id };
            let (done, said) = match verb {
                Verb::Cancel => (cancel_reservation(body).await, t::IS_CANCELLED),
                Verb::End => (end_reservation(body).await, t::IS_GIVEN_BACK),
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
