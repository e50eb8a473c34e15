//! The picture as a table, for who does not see it.

use berth_api::timeline::TimelineAnswer;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::components::lease;
use crate::components::state_badge::outcome;
use crate::texts::{common, timeline as t};

/// The last so many that ended; all that run and wait.
const ENDED: usize = 200;

struct Row {
    job: String,
    href: String,
    user: String,
    what: &'static str,
    gpus: String,
    from: i64,
    to: Option<i64>,
}

#[component]
pub fn AsTable(answer: TimelineAnswer) -> impl IntoView {
    let clock = Clock::here();
    let surplus = answer.attempts.len().saturating_sub(ENDED);
    let ended = answer.attempts.iter().skip(surplus).map(|one| Row {
        job: format!("{}, {}", one.job, one.name),
        href: format!("/jobs/{}", one.job),
        user: one.user.to_string(),
        what: outcome(&one.outcome).1,
        gpus: lease::words(&one.lease),
        from: one.from.as_second(),
        to: Some(one.to.as_second()),
    });
    let running = answer.active.iter().map(|one| Row {
        job: format!("{}, {}", one.job, one.name),
        href: format!("/jobs/{}", one.job),
        user: one.user.to_string(),
        what: t::RUNNING_TO_LIMIT,
        gpus: lease::words(&one.lease),
        from: one.from.as_second(),
        to: Some(one.limit_at.as_second()),
    });
    let waiting = answer.waiting.iter().map(|one| Row {
        job: format!("{}, {}", one.job, one.name),
        href: format!("/jobs/{}", one.job),
        user: one.user.to_string(),
        what: t::WAITING_AS_FORECAST,
        gpus: one.gpus.to_string(),
        from: one.start_p50.as_second(),
        to: None,
    });
    let rows = ended.chain(running).chain(waiting).map(|row| {
        let at = move |seconds: i64| clock.at(seconds);
        let (from, to) = (row.from, row.to);
        view! {
            <tr>
                <td><a href=row.href>{row.job}</a></td>
                <td>{row.user}</td>
                <td>{row.what}</td>
                <td class="tl-places">{row.gpus}</td>
                <td class="num">{move || at(from)}</td>
                <td class="num">{move || to.map_or_else(|| "—".to_owned(), at)}</td>
            </tr>
        }
    });
    let rows: Vec<_> = rows.collect();
    let left = (surplus > 0).then(|| {
        view! { <p class="hint">{surplus} {t::ENDED_BEFORE}</p> }
    });
    view! {
        <details class="panel tl-table">
            <summary>{t::SAME_AS_A_TABLE}</summary>
            <div class="table-wrap">
                <table class="jobs">
                    <caption class="visually-hidden">
                        {t::TABLE_TOLD}
                    </caption>
                    <thead>
                        <tr>
                            <th scope="col">{common::JOB}</th>
                            <th scope="col">{common::OWNER}</th>
                            <th scope="col">{t::WHAT}</th>
                            <th scope="col">{common::GPUS}</th>
                            <th scope="col" class="num">{common::FROM}</th>
                            <th scope="col" class="num">{common::TO}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {left}
        </details>
    }
    .into_any()
}
