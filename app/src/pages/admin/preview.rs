//! Whose start another policy would change, before it is applied.

use berth_api::planner::{ChangeView, PreviewAnswer};
use leptos::prelude::*;

use super::policy::Said;
use crate::clock::Clock;
use crate::components::owner::Owner;
use crate::components::start_changes::{self, delta, later_by};
use crate::texts::{admin as t, common};

/// So many are told one by one.
const CHANGES: usize = 20;

#[component]
pub(super) fn Preview(said: RwSignal<Option<Said>>) -> impl IntoView {
    let clock = Clock::here();
    let told = move || {
        said.with(|said| match said {
            None => ().into_any(),
            Some(Err(error)) => {
                let why = error.to_string();
                view! { <p class="banner banner-bad">{why}</p> }.into_any()
            }
            Some(Ok(answer)) => {
                view! { <div class="policy-preview">{changes(answer, clock)}</div> }.into_any()
            }
        })
    };
    view! { <div role="status">{told}</div> }.into_any()
}

fn changes(answer: &PreviewAnswer, clock: Clock) -> AnyView {
    let sum = view! { <p class="preview-cost">{summary(answer)}</p> };
    if answer.changes.is_empty() {
        return sum.into_any();
    }
    let rows = answer.changes.iter().take(CHANGES);
    let rows: Vec<AnyView> = rows.map(|change| row(change, clock)).collect();
    let more = answer.changes.len().saturating_sub(CHANGES);
    let more =
        (more > 0).then(|| view! { <p class="quiet">{common::AND} {more} {common::MORE}</p> });
    view! {
        {sum}
        <table class="preview-table">
            <caption class="visually-hidden">{t::WHOSE_START}</caption>
            <thead>
                <tr>
                    <th scope="col">{common::JOB}</th>
                    <th scope="col">{common::OWNER}</th>
                    <th scope="col">{t::STARTS_NOW_AT}</th>
                    <th scope="col">{t::WOULD_START_AT}</th>
                    <th scope="col" class="num">{t::CHANGE_BY}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {more}
    }
    .into_any()
}

/// `3 of 9 waiting jobs would start at another time: 1 earlier, 2 later.`
fn summary(answer: &PreviewAnswer) -> String {
    let changed = answer.changes.len();
    if changed == 0 {
        return start_changes::none(answer.waiting);
    }
    let later = answer.changes.iter().filter(|one| later_by(one) > 0);
    let later = later.count();
    let parts = [(changed - later, common::EARLIER), (later, common::LATER)];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, which)| format!("{count} {which}"))
        .collect();
    t::starts_elsewhere(changed, answer.waiting.max(changed), &parts.join(", "))
}

fn row(change: &ChangeView, clock: Clock) -> AnyView {
    let (class, delta) = delta(change);
    let at = |at: berth_domain::Timestamp| move || clock.at(at.as_second());
    view! {
        <tr data-job=change.job.to_string()>
            <td>
                <a class="clip" href=format!("/jobs/{}", change.job)>
                    {format!("{}, {}", change.job, change.name)}
                </a>
            </td>
            <td><Owner name=change.user.0.clone() /></td>
            <td class="num">{at(change.before_p50)}</td>
            <td class="num" data-said="→">{at(change.after_p50)}</td>
            <td class=class>{delta}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_starts_change_is_said() {
        let at = |minutes: i64| berth_domain::Timestamp::from_second(minutes * 60).expect("a time");
        let change = |before, after| ChangeView {
            job: berth_domain::JobId(1),
            name: "train".into(),
            user: "bo".into(),
            before_p50: at(before),
            after_p50: at(after),
        };
        let mut answer = PreviewAnswer {
            changes: vec![change(0, 5), change(9, 3), change(1, 2)],
            waiting: 9,
        };
        assert_eq!(
            summary(&answer),
            "3 of 9 waiting jobs would start at another time: 1 earlier, 2 later."
        );
        answer.changes.truncate(1);
        assert_eq!(
            summary(&answer),
            "1 of 9 waiting jobs would start at another time: 1 later."
        );
        answer.changes.clear();
        assert_eq!(summary(&answer), "No start of the 9 waiting jobs changes.");
    }
}
