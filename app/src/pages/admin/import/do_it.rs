//! How many rows become what, who is added, and the button that does it.

use berth_api::imports::{ImportAnswer, NewPerson};
use leptos::prelude::*;

use super::sheet::Sheet;
use crate::components::copy::CopyLine;
use crate::texts::imports as t;

#[component]
pub(super) fn DoIt(sheet: Sheet) -> impl IntoView {
    let with = move |of: fn(&ImportAnswer) -> String| {
        sheet
            .answer
            .with(|answer| answer.as_ref().map(of).unwrap_or_default())
    };
    let applied = Memo::new(move |_| {
        sheet
            .answer
            .with(|answer| answer.as_ref().is_some_and(|answer| answer.applied))
    });
    let new = Memo::new(move |_| {
        let new = |answer: &ImportAnswer| (answer.counts.new, answer.people.len());
        sheet
            .answer
            .with(|answer| answer.as_ref().map(new).unwrap_or_default())
    });
    let words = move || match (sheet.asking.get(), new.get()) {
        (true, _) => t::IMPORTING.to_owned(),
        (false, (0, _)) => t::NOTHING_NEW.to_owned(),
        (false, (rows, people)) => t::make(rows, people),
    };
    view! {
        <div role="status">
            {move || applied.get().then(|| view! {
                <p class="banner banner-ok">
                    {with(|answer| t::done(answer.counts.made))}
                    " "
                    <a href="/timeline">{t::SEE_RESERVATIONS}</a>
                </p>
            })}
            <p class="import-counts">{move || with(|answer| t::counts(&answer.counts))}</p>
        </div>
        {move || {
            let people = sheet.answer.with(|answer| {
                answer.as_ref().map(|answer| answer.people.clone()).unwrap_or_default()
            });
            (!people.is_empty()).then(|| added(people, applied.get()))
        }}
        {move || (!applied.get()).then(|| view! {
            <p>
                <button
                    class="button button-main"
                    disabled=move || sheet.asking.get() || new.get().0 == 0
                    on:click=move |_| sheet.apply()
                >
                    {words}
                </button>
            </p>
        })}
    }
    .into_any()
}

fn added(people: Vec<NewPerson>, applied: bool) -> AnyView {
    let title = match applied {
        true => t::PEOPLE_ADDED,
        false => t::PEOPLE_TO_ADD,
    };
    let person = |person: NewPerson| {
        let link = person
            .link
            .map(|link| view! { <CopyLine text=link what=t::LOGIN_LINK /> });
        let written = person.written.join(", ");
        view! {
            <li>
                <strong>{person.name.0}</strong>
                " "
                <span class="quiet">{written}</span>
                {link}
            </li>
        }
    };
    let people = people.into_iter().map(person).collect_view();
    view! {
        <div class="import-people">
            <h3>{title}</h3>
            {applied.then(|| view! { <p class="quiet">{t::SEND_LINKS}</p> })}
            <ul>{people}</ul>
        </div>
    }
    .into_any()
}
