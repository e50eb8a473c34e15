//! What would come of a reservation, before it is made: what it keeps, and whose starts it changes.

use std::collections::BTreeMap;

use berth_api::planner::ChangeView;
use berth_api::reservations::ReserveAnswer;
use leptos::prelude::*;

use super::form::Said;
use super::promises::again;
use crate::clock::Clock;
use crate::components::start_changes::{self, delta, later_by};
use crate::format;
use crate::texts::{common, reservations as t, units};

/// So many changed starts are told one by one, and so many times of one that comes again.
const CHANGES: usize = 12;
const TIMES: usize = 4;

#[component]
pub fn Preview(said: RwSignal<Option<Said>>, clock: Clock) -> impl IntoView {
    let told = move || {
        said.with(|said| match said {
            None => view! { <p class="hint needs-script">{t::ASKING}</p> }.into_any(),
            Some(Err(error)) => {
                let why = error.to_string();
                view! { <p class="banner banner-bad">{why}</p> }.into_any()
            }
            Some(Ok(answer)) => kept(answer, clock),
        })
    };
    view! { <div class="reserve-preview" role="status">{told}</div> }.into_any()
}

fn kept(answer: &ReserveAnswer, clock: Clock) -> AnyView {
    let one = &answer.reservation;
    let length = one.end.as_second() - one.start.as_second();
    let keeps = t::keeps(
        &one.what,
        &clock.at(one.start.as_second()),
        &clock.at(one.end.as_second()),
        &hours(length, one.gpus),
    );
    let keeps = match again(one) {
        None => format!("{keeps}."),
        Some(again) => t::each_time(&keeps, &again),
    };
    let times = (!one.every.is_empty()).then(|| {
        let times = one.occurrences.iter().take(TIMES).map(|time| {
            let text = units::from_to(&clock.at(time.start.as_second()), &clock.at(time.end.as_second()));
            view! { <li class="num">{text}</li> }
        });
        let more = one.occurrences.len().saturating_sub(TIMES);
        let more = (more > 0).then(|| view! { <li class="quiet">{more} {t::MORE_WITHIN_A_MONTH}</li> });
        view! { <ul class="preview-times" aria-label=t::THE_NEXT_TIMES>{times.collect_view()} {more}</ul> }
    });
    let cost = cost(&answer.changes, answer.waiting);
    let changes = answer
        .changes
        .iter()
        .take(CHANGES)
        .map(|change| moved(change, clock));
    let more = answer.changes.len().saturating_sub(CHANGES);
    let more = (more > 0).then(|| view! { <li class="quiet">{more} {common::MORE}</li> });
    view! {
        <p>{keeps}</p>
        {times}
        <p class="preview-cost">{cost}</p>
        <ul class="preview-changes">{changes.collect_view()} {more}</ul>
    }
    .into_any()
}

/// `16`, `0.5`.
fn hours(seconds: i64, gpus: u32) -> String {
    let tenths = (seconds * i64::from(gpus) * 10 + 1800) / 3600;
    if tenths % 10 == 0 {
        format!("{}", tenths / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// Who pays: `Delays 3 of 9 waiting jobs: ana by up to 40 min, bo by up to 5 min.`
fn cost(changes: &[ChangeView], waiting: usize) -> String {
    let of = |count: usize| match (count, waiting) {
        (1, 1) => t::THE_WAITING_JOB.to_owned(),
        (count, all) => t::of_waiting(count, all),
    };
    if changes.is_empty() {
        return start_changes::none(waiting);
    }
    let mut most: BTreeMap<&str, i64> = BTreeMap::new();
    let mut later = 0;
    for change in changes {
        let by = later_by(change);
        if by > 0 {
            later += 1;
            let known = most.entry(change.user.as_str()).or_default();
            *known = by.max(*known);
        }
    }
    if later == 0 {
        return t::nobody_later(&of(changes.len()));
    }
    let mut who: Vec<(&str, i64)> = most.into_iter().collect();
    who.sort_by_key(|(_, by)| std::cmp::Reverse(*by));
    let who = who
        .iter()
        .map(|(user, by)| t::by_up_to(user, &format::duration(*by)));
    let who: Vec<String> = who.collect();
    t::delays(&of(later), &who.join(", "))
}

fn moved(change: &ChangeView, clock: Clock) -> AnyView {
    let (class, delta) = delta(change);
    let job = change.job.to_string();
    let what = format!("{}, {} ({})", change.job, change.name, change.user);
    let times = format!(
        "{} → {}",
        clock.at(change.before_p50.as_second()),
        clock.at(change.after_p50.as_second())
    );
    view! {
        <li data-job=job>
            <a class="clip" href=format!("/jobs/{}", change.job)>{what}</a>
            <span class="num">{times}</span>
            <span class=class>{delta}</span>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(user: &str, before: i64, after: i64) -> ChangeView {
        let at = |minutes: i64| berth_domain::Timestamp::from_second(minutes * 60).expect("a time");
        ChangeView {
            job: berth_domain::JobId(1),
            name: "train".into(),
            user: user.into(),
            before_p50: at(before),
            after_p50: at(after),
        }
    }

    #[test]
    fn who_pays_is_said() {
        let changes = [
            change("bo", 0, 5),
            change("ana", 0, 40),
            change("ana", 0, 10),
            change("kim", 9, 0),
        ];
        assert_eq!(
            cost(&changes, 9),
            "Delays 3 of 9 waiting jobs: ana by up to 40 min, bo by up to 5 min."
        );
        assert_eq!(
            cost(&changes[3..], 1),
            "Nobody starts later, the waiting job earlier."
        );
        assert_eq!(cost(&[], 2), "No start of the 2 waiting jobs changes.");
        assert_eq!(cost(&[], 0), "Nobody waits, so nobody's start changes.");
    }

    #[test]
    fn gpu_hours() {
        assert_eq!(hours(7200, 8), "16");
        assert_eq!(hours(1800, 1), "0.5");
        assert_eq!(hours(60, 1), "0");
    }
}
