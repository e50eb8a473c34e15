//! The picture as a table, for who does not see it.

use berth_api::timeline::TimelineAnswer;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::components::lease;
use crate::components::state_badge::outcome;

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
        what: "Running, up to its limit",
        gpus: lease::words(&one.lease),
        from: one.from.as_second(),
        to: Some(one.limit_at.as_second()),
    });
    let waiting = answer.waiting.iter().map(|one| Row {
        job: format!("{}, {}", one.job, one.name),
        href: format!("/jobs/{}", one.job),
        user: one.user.to_string(),
        what: "Waiting, as forecast",
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
        view! { <p class="hint">{surplus} " that ended before are left out here."</p> }
    });
    view! {
        <details class="panel tl-table">
            <summary>"The same as a table"</summary>
            <div class="table-wrap">
                <table class="jobs">
                    <caption class="visually-hidden">
                        "Attempts that held GPUs in this time, those that do, and waiting jobs"
                    </caption>
                    <thead>
                        <tr>
                            <th scope="col">"Job"</th>
                            <th scope="col">"Owner"</th>
                            <th scope="col">"What"</th>
                            <th scope="col">"GPUs"</th>
                            <th scope="col" class="num">"From"</th>
                            <th scope="col" class="num">"To"</th>
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
