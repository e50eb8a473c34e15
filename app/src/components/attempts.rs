//! All tries of a job beside each other, when there was more than one.

use berth_api::history::JobUse;
use berth_api::views::{AttemptView, JobDetail};
use berth_domain::JobId;
use leptos::prelude::*;

use super::lease;
use super::moment::{Lasting, Moment};
use crate::format;
use crate::texts::{common, job as t, units};

#[component]
pub fn Attempts(
    id: JobId,
    #[prop(into)] detail: Signal<JobDetail>,
    /// The attempt whose log is shown; the last one without.
    shown: Option<u32>,
) -> impl IntoView {
    let attempts = Memo::new(move |_| detail.with(|detail| detail.attempts.clone()));
    move || {
        let attempts = attempts.get();
        if attempts.len() < 2 {
            return ().into_any();
        }
        let last = attempts.last().map(|attempt| attempt.number);
        let shown = shown.or(last);
        let rows = attempts
            .into_iter()
            .map(|attempt| row(id, attempt, shown))
            .collect_view();
        view! {
            <section class="panel" aria-labelledby="attempts-title">
                <h2 id="attempts-title">{t::ATTEMPTS}</h2>
                <div class="table-scroll" tabindex="0" role="region" aria-label=t::ATTEMPTS_BESIDE>
                    <table class="table attempts">
                        <thead>
                            <tr>
                                <th scope="col">{t::ATTEMPT}</th>
                                <th scope="col">{t::BEGAN}</th>
                                <th scope="col" class="num">{t::LASTED}</th>
                                <th scope="col">{t::HELD}</th>
                                <th scope="col">{t::ENDED}</th>
                                <th scope="col" class="num">{t::EXIT}</th>
                                <th scope="col" class="num">{common::ALLOCATED}</th>
                                <th scope="col" class="num">{common::BUSY}</th>
                                <th scope="col" class="num">{common::WORKING}</th>
                                <th scope="col" class="num">{t::PEAK_MEMORY}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
        .into_any()
    }
}

fn row(id: JobId, attempt: AttemptView, shown: Option<u32>) -> AnyView {
    let number = attempt.number;
    let from = attempt.started_at.unwrap_or(attempt.granted_at);
    let here = shown == Some(number);
    let usage = attempt.usage;
    let hours = figure(usage.as_ref(), |usage| {
        Some(hours(usage.gpu_hours_allocated))
    });
    let busy = figure(usage.as_ref(), |usage| usage.busy_pct.map(percent));
    let working = figure(usage.as_ref(), |usage| usage.working_pct.map(percent));
    let peak = figure(usage.as_ref(), |usage| usage.peak_mem_bytes.map(gib));
    view! {
        <tr class:is-shown=here data-attempt=number.to_string()>
            <th scope="row">
                <a href=format!("/jobs/{id}?attempt={number}") aria-current=here.then_some("true")>
                    {t::ATTEMPT_NUMBER} {number}
                </a>
            </th>
            <td><Moment at=from /></td>
            <td class="num"><Lasting from to=attempt.ended_at /></td>
            <td>{lease::words(&attempt.lease)}</td>
            <td class="attempt-end">{attempt.end.unwrap_or_else(|| t::UNDER_WAY.to_owned())}</td>
            <td class="num">{attempt.exit_code.map_or_else(|| "—".to_owned(), |code| code.to_string())}</td>
            {hours}
            {busy}
            {working}
            {peak}
        </tr>
    }
    .into_any()
}

fn figure(usage: Option<&JobUse>, part: impl Fn(&JobUse) -> Option<String>) -> AnyView {
    match usage.and_then(part) {
        Some(text) => view! { <td class="num">{text}</td> }.into_any(),
        None => view! { <td class="num" title=common::NOT_OBSERVED>"—"</td> }.into_any(),
    }
}

fn percent(value: f64) -> String {
    format!("{value:.0}%")
}

fn gib(bytes: u64) -> String {
    units::gib(&format::gib(bytes))
}

fn hours(value: f64) -> String {
    if value < 0.1 {
        units::gpu_seconds(value * 3600.0)
    } else {
        units::gpu_hours(value)
    }
}
