//! A reservation that is under way, to which nobody came and which nothing releases by itself, is given back
//! early where others would start on it and its holder has no job that could come.
//!
//! One with a `no_show` of its own is left alone: who made it said how long it waits.

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::reservation::Occurrence;
use berth_domain::{Act, Holder, Reservation};
use berth_scheduler::PreemptionMode;

use crate::autopilot::bench::Bench;
use crate::autopilot::seen::later;
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::ReleaseNoShow;
/// Who is later than this does not come, in seconds.
const LATE_S: f64 = 900.0;
/// What ends sooner than this is not worth it.
const LEFT_S: f64 = 900.0;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let seen = bench.seen;
    // With preemption nothing is kept idle.
    if seen.planning.policy.preemption.mode == PreemptionMode::On {
        return vec![];
    }
    let mut drafts = Vec::new();
    for reservation in seen.state.reservations() {
        let under_way = reservation.open(seen.now).into_iter();
        let under_way = under_way.filter(|one| one.end > seen.now);
        for one in under_way {
            if !bench.is_spent() && nobody_comes(bench, reservation, one) {
                drafts.extend(give_back(bench, reservation, one));
            }
        }
    }
    drafts
}

fn subject(reservation: &Reservation, one: Occurrence) -> String {
    format!("reservation {} from {}", reservation.id, one.start)
}

fn nobody_comes(bench: &Bench<'_>, reservation: &Reservation, one: Occurrence) -> bool {
    let now = bench.seen.now;
    let used = reservation.log.get(&one.start).is_some_and(|log| log.used);
    let mut live = bench.seen.state.live();
    let late = words::seconds(one.start, now) >= LATE_S;
    let long = words::seconds(now, one.end) >= LEFT_S;
    let theirs = live.any(|job| {
        let project = job.spec.project.as_deref();
        reservation.holder.includes(&job.owner, project)
    });
    late && long
        && !used
        && !theirs
        && reservation.release_at(one).is_none()
        && bench.is_news(RULE, &subject(reservation, one))
}

fn give_back(bench: &Bench<'_>, reservation: &Reservation, one: Occurrence) -> Option<Draft> {
    let seen = bench.seen;
    let foreseen = bench.foresee(None, |snapshot| {
        let kept = |other: &berth_scheduler::Reservation| {
            other.id != reservation.id || other.start != one.start
        };
        snapshot.reservations.retain(kept);
    })?;
    let mean = foreseen.effect.mean_wait_s;
    if mean >= 0.0 || foreseen.all_s >= 0.0 {
        return None;
    }
    let asks = match &reservation.holder {
        Holder::User(user) => user.clone(),
        Holder::Project(_) => reservation.created_by.clone(),
    };
    let project = match &reservation.holder {
        Holder::User(_) => None,
        Holder::Project(project) => Some(project.clone()),
    };
    let base = bench.base(None);
    let waiting = base.snapshot.pending.len();
    let label = reservation.label();
    Some(Draft {
        rule: RULE,
        subject: subject(reservation, one),
        job: None,
        project,
        asks: Some(asks),
        title: format!("Nobody came to {label}: give back the rest"),
        saw: vec![
            format!(
                "{label} keeps {} from {} to {}. Nobody came in {}, and its holder has no job that \
                 runs or waits.",
                reservation.what.summary(),
                words::moment(one.start, seen.now),
                words::moment(one.end, seen.now),
                words::span(words::seconds(one.start, seen.now)),
            ),
            format!(
                "{} for GPUs; without it the mean wait is {} shorter.",
                words::count(waiting, "job waits", "jobs wait"),
                words::span(-mean)
            ),
        ],
        considered: vec![
            Considered {
                option: "wait until it is released".to_owned(),
                why_not: "it was made without --no-show: nothing releases it before its end"
                    .to_owned(),
            },
            Considered {
                option: "let short jobs run on it until its holder comes".to_owned(),
                why_not: "without preemption they could not be stopped then".to_owned(),
            },
        ],
        act: Some(Act::EndReservation { id: reservation.id }),
        undo: None,
        predicted: Some(foreseen.effect),
        until: one
            .end
            .min(later(seen.now, jiff::SignedDuration::from_hours(2))),
    })
}
