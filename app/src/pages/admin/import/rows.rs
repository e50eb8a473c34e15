//! What becomes of each row.

use berth_api::imports::{ImportRow, RowState};
use leptos::prelude::*;

use super::sheet::Sheet;
use crate::clock::Clock;
use crate::components::owner::Owner;
use crate::icons::{Icon, icon};
use crate::texts::imports as t;

#[component]
pub(super) fn Rows(sheet: Sheet) -> impl IntoView {
    let clock = Clock::here();
    let of = move |skipped: bool| {
        sheet.answer.with(|answer| {
            let rows = answer.as_ref().map(|answer| answer.rows.iter());
            let rows = rows.into_iter().flatten();
            let rows = rows.filter(|row| (row.state == RowState::Skipped) == skipped);
            rows.cloned().collect::<Vec<ImportRow>>()
        })
    };
    let skipped = Memo::new(move |_| of(true));
    let rows = Memo::new(move |_| of(false));
    view! {
        {move || match rows.with(Vec::is_empty) {
            true => view! { <p class="quiet">{t::NO_ROWS}</p> }.into_any(),
            false => table(rows, clock),
        }}
        {move || (!skipped.with(Vec::is_empty)).then(|| view! {
            <details class="import-skipped">
                <summary>{move || skipped.with(|rows| t::skipped(rows.len()))}</summary>
                {table(skipped, clock)}
            </details>
        })}
    }
    .into_any()
}

fn table(rows: Memo<Vec<ImportRow>>, clock: Clock) -> AnyView {
    view! {
        <table class="import-rows">
            <caption class="visually-hidden">{t::ROWS}</caption>
            <thead>
                <tr>
                    <th scope="col" class="num">{t::LINE}</th>
                    <th scope="col">{t::STATE}</th>
                    <th scope="col">{t::WHO}</th>
                    <th scope="col">{t::WHAT}</th>
                    <th scope="col">{t::WHEN}</th>
                    <th scope="col">{t::REMARK}</th>
                </tr>
            </thead>
            <tbody>
                <For
                    each=move || rows.get()
                    key=ImportRow::clone
                    children=move |one| row(&one, clock)
                />
            </tbody>
        </table>
    }
    .into_any()
}

fn row(row: &ImportRow, clock: Clock) -> AnyView {
    let lines = t::lines(row.line, row.last_line);
    let remark = remark(row);
    let cells = match (row.start, row.end) {
        (Some(start), Some(end)) => {
            let who = match (&row.user, &row.project) {
                (Some(user), _) => view! { <Owner name=user.0.clone() /> }.into_any(),
                (None, Some(project)) => t::project(project).into_any(),
                (None, None) => ().into_any(),
            };
            let what = row.what.clone();
            let when = move || {
                format!(
                    "{} – {}",
                    clock.at(start.as_second()),
                    clock.at(end.as_second())
                )
            };
            view! {
                <td>{who}</td>
                <td>{what}</td>
                <td class="import-when">{when}</td>
            }
            .into_any()
        }
        // What could not be read, as it is written.
        _ => view! { <td colspan="3" class="import-written">{row.text.clone()}</td> }.into_any(),
    };
    view! {
        <tr data-line=row.line.to_string()>
            <th scope="row" class="num">{lines}</th>
            <td>{badge(row.state)}</td>
            {cells}
            <td class="import-remark">{remark}</td>
        </tr>
    }
    .into_any()
}

/// Why, or else what it is for.
fn remark(row: &ImportRow) -> AnyView {
    let why = row.why.clone().map(|why| view! { <span>{why}</span> });
    let note = row.note.clone().filter(|_| row.why.is_none());
    let note = note.map(|note| view! { <span class="quiet">{note}</span> });
    let link = row.reservation.map(|id| {
        view! {
            " " <a href=format!("/timeline?reserve={id}")>{id.to_string()}</a>
        }
    });
    view! { {why} {note} {link} }.into_any()
}

fn badge(state: RowState) -> AnyView {
    let (class, which) = match state {
        RowState::New => ("badge badge-run", Icon::Queued),
        RowState::Made => ("badge badge-ok", Icon::Succeeded),
        RowState::AlreadyThere => ("badge badge-idle", Icon::Succeeded),
        RowState::Conflict => ("badge badge-warn", Icon::Alert),
        RowState::Refused => ("badge badge-warn", Icon::Cancelled),
        RowState::Skipped => ("badge badge-idle", Icon::Close),
    };
    view! { <span class=class>{icon(which)} {t::state(state)}</span> }.into_any()
}
