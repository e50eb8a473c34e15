//! What was found out about the file, what is asked, and what a person can say otherwise.

use berth_api::imports::{ImportAnswer, ImportArg};
use leptos::ev::Event;
use leptos::prelude::*;

use super::columns::Columns;
use super::sheet::Sheet;
use crate::texts::imports as t;

type Options = &'static [(&'static str, &'static str)];

const DATES: Options = &[
    ("", t::AS_FOUND),
    ("dmy", t::THE_DAY),
    ("mdy", t::THE_MONTH),
    ("ymd", t::THE_YEAR),
];
const NUMBERS: Options = &[
    ("", t::AS_FOUND),
    ("count", t::HOW_MANY),
    ("index", t::WHICH),
];

#[component]
pub(super) fn ReadAs(sheet: Sheet) -> impl IntoView {
    let sentences = move |of: fn(&ImportAnswer) -> Vec<String>| {
        sheet
            .answer
            .with(|answer| answer.as_ref().map(of).unwrap_or_default())
    };
    let asks = move || {
        let asks = sentences(|answer| answer.asks.iter().map(|ask| ask.sentence.clone()).collect());
        let asked = |ask: String| view! { <p class="banner banner-warn">{ask}</p> };
        asks.into_iter().map(asked).collect_view()
    };
    let said = move || {
        let said = sentences(|answer| answer.said.clone());
        (!said.is_empty()).then(|| {
            view! {
                <ul class="import-said">
                    {said.into_iter().map(|one| view! { <li>{one}</li> }).collect_view()}
                </ul>
            }
        })
    };
    let year = move |text: String| {
        let year = text.trim().parse().ok();
        sheet.say(|arg| arg.year = year);
    };
    let zone = move |text: String| {
        let zone = Some(text.trim().to_owned()).filter(|zone| !zone.is_empty());
        sheet.say(|arg| arg.time_zone = zone);
    };
    view! {
        <section class="panel" aria-labelledby="import-how">
            <h2 id="import-how">{t::HOW_IT_IS_READ}</h2>
            <div aria-live="polite">{asks}</div>
            {said}
            <div class="field-row import-options">
                {choice(sheet, "import-dates", t::DATES, DATES, |arg, dates| arg.dates = dates)}
                {choice(sheet, "import-numbers", t::NUMBERS, NUMBERS, |arg, numbers| {
                    arg.numbers = numbers;
                })}
                <div class="field">
                    <label for="import-zone">{t::TIME_ZONE}</label>
                    <input
                        class="input"
                        id="import-zone"
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=move || sheet.arg.with(|arg| arg.time_zone.clone())
                        on:change=move |event| zone(event_target_value(&event))
                    />
                </div>
                <div class="field">
                    <label for="import-year">{t::YEAR}</label>
                    <input
                        class="input input-number"
                        id="import-year"
                        inputmode="numeric"
                        autocomplete="off"
                        placeholder=t::NEAREST
                        prop:value=move || {
                            sheet.arg.with(|arg| arg.year.map(|year| year.to_string()))
                        }
                        on:change=move |event| year(event_target_value(&event))
                    />
                </div>
            </div>
            <Columns sheet />
        </section>
    }
    .into_any()
}

fn choice(
    sheet: Sheet,
    id: &'static str,
    label: &'static str,
    options: Options,
    say: fn(&mut ImportArg, Option<String>),
) -> AnyView {
    let options = options.iter();
    let options = options.map(|(value, word)| view! { <option value=*value>{*word}</option> });
    let changed = move |event: Event| {
        let value = Some(event_target_value(&event)).filter(|value| !value.is_empty());
        sheet.say(|arg| say(arg, value));
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select class="input" id=id on:change=changed>
                {options.collect_view()}
            </select>
        </div>
    }
    .into_any()
}
