//! Which column says what, as it was guessed, to be said otherwise.

use berth_api::imports::SheetColumn;
use leptos::ev::Event;
use leptos::prelude::*;

use super::sheet::Sheet;
use crate::texts::imports as t;

#[component]
pub(super) fn Columns(sheet: Sheet) -> impl IntoView {
    // Without what they say: a select that was used keeps the focus.
    let columns = Memo::new(move |_| {
        let plain = |column: &SheetColumn| SheetColumn {
            field: None,
            merged: false,
            ..column.clone()
        };
        sheet.answer.with(|answer| {
            let all = answer
                .as_ref()
                .map(|answer| answer.columns.iter().map(plain).collect());
            all.unwrap_or_else(Vec::new)
        })
    });
    view! {
        <table class="import-columns">
            <caption class="visually-hidden">{t::COLUMNS}</caption>
            <thead>
                <tr>
                    <th scope="col">{t::COLUMN}</th>
                    <th scope="col">{t::STANDS_IN_IT}</th>
                    <th scope="col">{t::SAYS}</th>
                </tr>
            </thead>
            <tbody>
                <For
                    each=move || columns.get()
                    key=SheetColumn::clone
                    children=move |column| row(sheet, column)
                />
            </tbody>
        </table>
    }
    .into_any()
}

fn row(sheet: Sheet, column: SheetColumn) -> AnyView {
    let number = column.number;
    let heading = match column.heading.as_str() {
        "" => t::column(number),
        heading => heading.to_owned(),
    };
    let now = Memo::new(move |_| {
        sheet.answer.with(|answer| {
            let all = answer.as_ref().map(|answer| answer.columns.iter());
            let mine = all.into_iter().flatten().find(|one| one.number == number);
            mine.map_or((None, false), |one| (one.field.clone(), one.merged))
        })
    });
    let options = [("", t::NOTHING)].into_iter().chain(t::FIELDS);
    let options = options.map(|(value, word)| {
        let selected = move || now.with(|(field, _)| field.as_deref().unwrap_or("") == value);
        view! { <option value=value prop:selected=selected>{word}</option> }
    });
    let options = options.collect_view();
    let changed = move |event: Event| {
        let field = event_target_value(&event);
        let before = now.get_untracked().0;
        sheet.say(|arg| {
            if let Some(before) = before {
                arg.columns.insert(before, String::new());
            }
            if !field.is_empty() {
                arg.columns.insert(field, number.to_string());
            }
        });
    };
    let label = t::what_says(&heading);
    let merged = move || {
        now.get()
            .1
            .then(|| view! { " " <span class="tag">{t::MERGED}</span> })
    };
    view! {
        <tr data-column=number.to_string()>
            <th scope="row">{heading}</th>
            <td class="import-examples">{column.examples.join(" · ")}</td>
            <td>
                <select class="input" aria-label=label on:change=changed>
                    {options}
                </select>
                {merged}
            </td>
        </tr>
    }
    .into_any()
}
