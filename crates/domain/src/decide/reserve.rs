//! Reservations and quotas: what people want of them, and what time and jobs make of them.

use std::time::Duration;

use jiff::Timestamp;

use super::{by_agent, may};
use crate::command::Actor;
use crate::event::Event;
use crate::ids::{ReservationId, UserName};
use crate::job::Job;
use crate::project::Projects;
use crate::quota::{Allow, Budget, MOST_GPU_HOURS, MOST_SHARES, SetTo, Whose};
use crate::refusal::Refusal;
use crate::reservation::{Beside, Holder, Occurrence, Over, Reservation, ReserveRequest, WhyOver};
use crate::rights::{Right, Thing};
use crate::state::State;
use crate::submit::label;

/// A new one, or the change of one.
pub(super) fn reserve(
    state: &State,
    actor: &Actor,
    change: Option<ReservationId>,
    request: &ReserveRequest,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let who = actor.person();
    may_reserve(state.projects(), actor, request)?;
    let mut events = Vec::new();
    let before = match change {
        Some(id) => Some(theirs(state, actor, id, "change")?),
        None => None,
    };
    let beside = Beside::new(state.nodes(), state.reservations(), change);
    let mut reservation = request.check(&who, &beside, now)?;
    if let Some(before) = before {
        reservation.agent = before.agent.clone();
        if *before == reservation {
            return Ok(vec![]);
        }
        let goes_on = |one: &Occurrence| {
            let same = reservation.occurrences(one.start, one.end);
            same.iter().any(|other| other.start == one.start)
        };
        let open = before.open(now).into_iter();
        let ended = open.filter(|one| !goes_on(one));
        events.extend(ended.map(|one| over(state, before, one, now, WhyOver::Cancelled)));
    }
    // Who changes it takes it on their account.
    reservation.agent = by_agent(actor);
    events.insert(
        0,
        Event::ReservationSet {
            reservation: Box::new(reservation),
        },
    );
    Ok(events)
}

/// Whether whoever acts may reserve for whom it is.
///
/// # Errors
/// For whom they may not, and who may.
pub fn may_reserve(
    projects: &Projects,
    actor: &Actor,
    request: &ReserveRequest,
) -> Result<(), Refusal> {
    let who = actor.person();
    let project = request.project.as_deref();
    if !projects.may(actor, Right::Reserve, Thing::of(&who).within(project)) {
        return Err(Refusal::OnlyLooks);
    }
    if let Some(project) = project
        && !projects.is_open_to(project, actor)
    {
        let project = project.to_owned();
        return Err(Refusal::ProjectClosed { project });
    }
    match request.user.as_deref().map(UserName::from) {
        Some(user)
            if user != who && !projects.may(actor, Right::ReserveForOthers, Thing::of(&user)) =>
        {
            Err(Refusal::ReserveForOthers { user })
        }
        _ => Ok(()),
    }
}

pub(super) fn cancel(
    state: &State,
    actor: &Actor,
    id: ReservationId,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let reservation = theirs(state, actor, id, "cancel")?;
    let open = reservation.open(now).into_iter();
    let mut events: Vec<Event> = open
        .map(|one| over(state, reservation, one, now, WhyOver::Cancelled))
        .collect();
    events.push(Event::ReservationCancelled { reservation: id });
    Ok(events)
}

/// Gives back what is left of the occurrence that is under way.
pub(super) fn end(
    state: &State,
    actor: &Actor,
    id: ReservationId,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let reservation = theirs(state, actor, id, "end")?;
    let under_way = reservation.open(now).into_iter().find(|one| one.end > now);
    let Some(one) = under_way else {
        return Err(Refusal::NotUnderWay { id });
    };
    Ok(vec![over(
        state,
        reservation,
        one,
        now,
        WhyOver::EndedEarly,
    )])
}

/// A reservation that whoever acts may change.
fn theirs<'a>(
    state: &'a State,
    actor: &Actor,
    id: ReservationId,
    verb: &str,
) -> Result<&'a Reservation, Refusal> {
    let who = actor.person();
    let known = state.reservation(id);
    let known = known.filter(|one| one.cancelled.is_none());
    let reservation = known.ok_or(Refusal::NoSuchReservation { id })?;
    if !may(
        state,
        actor,
        Right::ChangeReservation,
        reservation.thing(&who),
    ) {
        return Err(Refusal::ReservationNotYours {
            id,
            owner: reservation.created_by.clone(),
            verb: verb.to_owned(),
        });
    }
    Ok(reservation)
}

pub(super) fn set_quota(
    state: &State,
    actor: &Actor,
    whose: Whose,
    to: SetTo,
) -> Result<Vec<Event>, Refusal> {
    if !may(state, actor, Right::SetQuota, Thing::CLUSTER) {
        return Err(Refusal::QuotaNotAllowed);
    }
    match &whose {
        Whose::User(UserName(name)) => label("user", name)?,
        Whose::Project(name) => label("project", name)?,
        Whose::EveryUser | Whose::EveryProject => {}
    }
    match to {
        SetTo::Hours(Allow::This(Budget { gpu_hours, .. })) if gpu_hours > MOST_GPU_HOURS => {
            let most = format!("{gpu_hours} GPU-hours are too many: use {MOST_GPU_HOURS} or less.");
            return Err(Refusal::invalid("gpu_hours", most));
        }
        SetTo::Shares(Some(shares)) if !(1..=MOST_SHARES).contains(&shares) => {
            let most = format!("{shares} shares are not possible: use 1 to {MOST_SHARES}.");
            return Err(Refusal::invalid("shares", most));
        }
        SetTo::Gpus(_) | SetTo::Hours(_) | SetTo::Shares(_) => {}
    }
    let quotas = state.quotas().with(whose, to);
    if quotas == *state.quotas() {
        return Ok(vec![]);
    }
    Ok(vec![Event::QuotasSet {
        quotas: Box::new(quotas),
    }])
}

/// What the clock makes of reservations: nobody came, the time is up, or somebody is there whose
/// job began before.
pub(super) fn due(state: &State, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for reservation in state.reservations() {
        for one in reservation.open(now) {
            let log = reservation.log.get(&one.start);
            let known = log.is_some_and(|log| log.used);
            let there = || {
                state
                    .live()
                    .any(|job| seconds_in(reservation, one, job, now).is_some())
            };
            let used = known || there();
            if used && !known {
                events.push(Event::ReservationUsed {
                    reservation: reservation.id,
                    start: one.start,
                    gpu_seconds: 0,
                });
            }
            let released = reservation.release_at(one).filter(|_| !used);
            if let Some(at) = released.filter(|at| *at <= now) {
                events.push(over(state, reservation, one, at, WhyOver::NoShow));
            } else if one.end <= now {
                events.push(over(state, reservation, one, one.end, WhyOver::Ended));
            }
        }
    }
    events
}

/// What starts and ends of attempts mean for reservations that are under way.
pub(super) fn follow(state: &State, events: &mut Vec<Event>, now: Timestamp) {
    if state.reservations().next().is_none() {
        return;
    }
    let mut more = Vec::new();
    for event in &*events {
        let (job, lease) = match event {
            Event::AttemptStarting { attempt, lease } => (state.live_job(attempt.job), Some(lease)),
            Event::AttemptExited { attempt, .. } => (state.live_job(attempt.job), None),
            _ => continue,
        };
        let Some(job) = job else { continue };
        for reservation in state.reservations().filter(|one| is_for(one, job)) {
            for one in reservation
                .open(now)
                .into_iter()
                .filter(|one| one.end > now)
            {
                let gpu_seconds = match lease {
                    Some(lease) => {
                        let log = reservation.log.get(&one.start);
                        let known = log.is_some_and(|log| log.used);
                        (reservation.what.within(lease) > 0 && !known).then_some(0)
                    }
                    None => seconds_in(reservation, one, job, now),
                };
                let used = gpu_seconds.map(|gpu_seconds| Event::ReservationUsed {
                    reservation: reservation.id,
                    start: one.start,
                    gpu_seconds,
                });
                // Of several that start at once the first one says it.
                more.extend(used.filter(|used| gpu_seconds > Some(0) || !more.contains(used)));
            }
        }
    }
    events.extend(more);
}

fn is_for(reservation: &Reservation, job: &Job) -> bool {
    let project = job.spec.project.as_deref();
    reservation.holder.includes(&job.owner, project)
}

/// GPU-seconds that a job's live attempt had of an occurrence up to `at`; `None` if it holds
/// nothing of it.
fn seconds_in(reservation: &Reservation, one: Occurrence, job: &Job, at: Timestamp) -> Option<u64> {
    let attempt = job.attempt().filter(|_| is_for(reservation, job))?;
    let gpus = reservation.what.within(&attempt.lease);
    if gpus == 0 || attempt.granted_at >= one.end {
        return None;
    }
    let from = attempt.granted_at.max(one.start);
    let held = Duration::try_from(at.min(one.end).duration_since(from)).unwrap_or_default();
    Some(held.as_secs().saturating_mul(u64::from(gpus)))
}

/// The end of an occurrence, with what nobody of its holder's used.
fn over(
    state: &State,
    reservation: &Reservation,
    one: Occurrence,
    at: Timestamp,
    why: WhyOver,
) -> Event {
    let at = at.min(one.end);
    let lasted = Duration::try_from(at.duration_since(one.start)).unwrap_or_default();
    let promised = lasted
        .as_secs()
        .saturating_mul(u64::from(reservation.what.gpus()));
    let ended = reservation
        .log
        .get(&one.start)
        .map_or(0, |log| log.gpu_seconds);
    let live = state
        .live()
        .filter_map(|job| seconds_in(reservation, one, job, at));
    let used: u64 = live.sum::<u64>().saturating_add(ended);
    Event::ReservationOver {
        reservation: reservation.id,
        start: one.start,
        over: Over {
            at,
            why,
            idle_gpu_seconds: promised.saturating_sub(used),
            // A project's jobs are charged to people too.
            charged: match &reservation.holder {
                Holder::User(user) => user.clone(),
                Holder::Project(_) => reservation.created_by.clone(),
            },
        },
    }
}
