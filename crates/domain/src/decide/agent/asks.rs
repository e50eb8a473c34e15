//! What an act asks for, told by its events, so that it is the same whichever way it was asked for. What was
//! there before it asks for nothing.

use jiff::Timestamp;

use crate::campaign::{CampaignChange, CampaignId};
use crate::decide::purse::Wanted;
use crate::event::Event;
use crate::ids::UserName;
use crate::job::{Job, StopCause};
use crate::state::State;

/// What comes onto an agent's account by an event, on top of what is there.
pub(super) fn wanted(state: &State, agent: &UserName, event: &Event, now: Timestamp) -> Wanted {
    let only = |gpu_seconds| Wanted {
        gpu_seconds,
        ..Wanted::default()
    };
    match event {
        Event::JobSubmitted { spec, .. } => Wanted::of(spec),
        Event::ReservationSet { reservation } => {
            let known = state.reservation(reservation.id);
            let own = known.filter(|known| known.agent.as_ref() == Some(agent));
            let before = own.map_or(0, |own| own.gpu_seconds_ahead(now));
            only(reservation.gpu_seconds_ahead(now).saturating_sub(before))
        }
        Event::CampaignStarted { spec, .. } => only(spec.budget.gpu_seconds),
        Event::CampaignChanged {
            campaign, change, ..
        } => {
            let before = budget(state, *campaign);
            only(asked(change).saturating_sub(before))
        }
        other => {
            let known = other.job().and_then(|job| state.job(job));
            known.map_or(Wanted::default(), |job| more(job, other, now))
        }
    }
}

/// What of that is for jobs that the agent did not submit: only by these events is it known afterwards.
pub(super) fn given(
    state: &State,
    agent: &UserName,
    events: &[Event],
    now: Timestamp,
) -> Vec<Event> {
    let each = events.iter().filter_map(|event| {
        let job = event.job().and_then(|job| state.job(job))?;
        let Wanted {
            gpus, gpu_seconds, ..
        } = more(job, event, now);
        let gives = gpu_seconds > 0 && job.agent.as_ref() != Some(agent);
        gives.then(|| Event::JobGiven {
            job: job.id,
            agent: agent.clone(),
            gpus,
            gpu_seconds,
        })
    });
    each.collect()
}

/// GPU time that what is made, or made larger, could use from then on. What becomes larger in small steps is
/// looked at as a whole.
pub(super) fn could_use(state: &State, event: &Event, now: Timestamp) -> u64 {
    match event {
        Event::JobSubmitted { spec, .. } => Wanted::of(spec).gpu_seconds,
        Event::JobUpdated { .. }
        | Event::JobRequeued { .. }
        | Event::AttemptStopping {
            cause: StopCause::Requeued { .. },
            ..
        } => {
            let known = event.job().and_then(|job| state.job(job));
            known.map_or(0, |job| after(job, event, now).gpu_seconds_ahead())
        }
        Event::ReservationSet { reservation } => reservation.gpu_seconds_ahead(now),
        Event::CampaignStarted { spec, .. } => spec.budget.gpu_seconds,
        Event::CampaignChanged {
            campaign, change, ..
        } if asked(change) > budget(state, *campaign) => asked(change),
        _ => 0,
    }
}

/// What a job may use after an event on top of what it might before.
fn more(job: &Job, event: &Event, now: Timestamp) -> Wanted {
    let after = after(job, event, now);
    let gpus = |job: &Job| {
        if job.is_finished() {
            0
        } else {
            job.spec.gpus()
        }
    };
    Wanted {
        jobs: 0,
        gpus: gpus(&after).saturating_sub(gpus(job)),
        gpu_seconds: after
            .gpu_seconds_ahead()
            .saturating_sub(job.gpu_seconds_ahead()),
    }
}

/// A job as an event leaves it. One that does not fit leaves it as it is, and is refused where it is applied.
fn after(job: &Job, event: &Event, now: Timestamp) -> Job {
    let mut after = job.clone();
    let _ = after.apply(event, now);
    after
}

fn budget(state: &State, campaign: CampaignId) -> u64 {
    let known = state.campaign(campaign);
    known.map_or(0, |known| known.spec.budget.gpu_seconds)
}

/// The GPU time that a change gives a campaign in all; 0 where it does not speak of it.
fn asked(change: &CampaignChange) -> u64 {
    match change {
        CampaignChange::Steer(steering) => steering.budget.gpu_seconds.unwrap_or_default(),
        _ => 0,
    }
}
