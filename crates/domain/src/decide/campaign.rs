//! Campaigns: starting and changing them, and what each trial has to pass before it is a job.

mod money;

use jiff::Timestamp;

use self::money::may_ask;
use super::purse::{Purse, Wanted};
use super::submit::{Submitter, fits, submitted};
use super::{Decision, agent, by_agent, change as of_job, just, may};
use crate::agent::{Ahead, Bar};
use crate::campaign::{
    Campaign, CampaignChange, CampaignId, CampaignSpec, CampaignState, DEFAULT_AT_ONCE, MOST_GOING,
    MOST_TRIALS, TrialDraft, TrialEnd, as_written,
};
use crate::command::Actor;
use crate::event::Event;
use crate::ids::UserName;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::spec::JobSpec;
use crate::state::State;
use crate::submit::label;

pub(super) use self::money::asked;

/// What nobody but Berth does.
const TRIALS: &str = "say which trials a campaign has";

pub(super) fn start(
    state: &State,
    actor: &Actor,
    spec: CampaignSpec,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let owner = actor.person();
    if let Some(key) = &spec.idempotency_key {
        let same = |known: &&std::sync::Arc<Campaign>| {
            known.owner == owner && known.spec.idempotency_key.as_ref() == Some(key)
        };
        if let Some(known) = state.campaigns().find(same) {
            return Ok(Decision {
                campaign: Some(known.id),
                repeated: true,
                ..Decision::default()
            });
        }
    }
    let example = spec.checked(state.capacity(), now)?;
    fits(state, actor, &example, now)?;
    let going = state.campaigns().filter(|one| one.ended_at().is_none());
    if going.count() >= MOST_GOING {
        return Err(Refusal::invalid(
            "name",
            format!("There are {MOST_GOING} campaigns already: end one first."),
        ));
    }
    let campaign = state.next_campaign();
    let agent = by_agent(actor);
    may_ask(state, agent.as_ref(), &spec.strategy)?;
    let started = Event::CampaignStarted {
        campaign,
        owner,
        agent,
        spec: Box::new(spec),
    };
    Ok(Decision {
        campaign: Some(campaign),
        ..just(vec![started])
    })
}

pub(super) fn change(
    state: &State,
    actor: &Actor,
    id: CampaignId,
    change: CampaignChange,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let who = actor.person();
    let verb = match change {
        CampaignChange::Pause { .. } => "pause",
        CampaignChange::Resume => "resume",
        CampaignChange::End { .. } => "end",
        CampaignChange::Steer(_) => "steer",
    };
    let campaign = known(state, id)?;
    let project = campaign.spec.template.project.as_deref();
    if !may(
        state,
        actor,
        Right::ChangeCampaign,
        Thing::of(&campaign.owner).within(project),
    ) {
        return Err(Refusal::CampaignNotYours {
            campaign: id,
            owner: campaign.owner.clone(),
            verb: verb.to_owned(),
        });
    }
    let done = Decision {
        campaign: Some(id),
        ..Decision::default()
    };
    let mut events = Vec::new();
    match (&change, &campaign.state) {
        // Asked twice: nothing more to do.
        (CampaignChange::End { .. }, CampaignState::Ended { .. })
        | (CampaignChange::Resume, CampaignState::Running { .. }) => return Ok(done),
        (_, CampaignState::Ended { .. }) => {
            return Err(Refusal::CampaignState {
                campaign: id,
                state: "ended".to_owned(),
                done: past(verb).to_owned(),
            });
        }
        (CampaignChange::Pause { why }, _) => label("why", why)?,
        (CampaignChange::Resume, _) => {}
        (CampaignChange::Steer(steering), _) => {
            campaign.steered(steering)?;
            steering.stop.check(now)?;
            if let Some(strategy) = &steering.strategy {
                may_ask(state, campaign.agent.as_ref(), strategy)?;
            }
            match &steering.note {
                Some(note) => label("note", note)?,
                None if **steering == crate::campaign::Steering::default() => {
                    return Err(Refusal::invalid(
                        "note",
                        "Say what is to change: a note, a range, the budget, or when to stop.",
                    ));
                }
                None => {}
            }
        }
        (CampaignChange::End { why, jobs }, _) => {
            label("why", why)?;
            if *jobs {
                events = stopped(state, campaign, (&who, why), now);
            }
        }
    }
    let changed = Event::CampaignChanged {
        campaign: id,
        change,
        // An agent's own name, where one did it.
        by: UserName::from(actor.name()),
    };
    events.insert(0, changed);
    Ok(Decision { events, ..done })
}

/// The word for what was done.
fn past(verb: &str) -> &'static str {
    match verb {
        "pause" => "paused",
        "resume" => "resumed",
        "steer" => "steered",
        _ => "ended",
    }
}

/// The end of everything of it that waits or runs.
fn stopped(
    state: &State,
    campaign: &Campaign,
    (who, why): (&UserName, &str),
    now: Timestamp,
) -> Vec<Event> {
    let trials = campaign.live().flat_map(|trial| {
        let job = state.live_job(trial.job);
        // Of one that has ended the result is still to be read; what is on its way out goes on so.
        let ends = job.and_then(|job| of_job::cancelled(job, who).ok());
        let set = ends.is_some().then(|| Event::TrialSet {
            campaign: campaign.id,
            trial: Box::new(trial.ended(
                TrialEnd::Stopped {
                    why: why.to_owned(),
                },
                now,
            )),
        });
        set.into_iter().chain(ends.into_iter().flatten())
    });
    trials.collect()
}

/// A trial's job, and the trial, in one decision: there is never one without the other.
pub(super) fn run(
    state: &State,
    actor: &Actor,
    id: CampaignId,
    draft: TrialDraft,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    only_berth(actor, TRIALS)?;
    let campaign = known(state, id)?;
    if let Some(trial) = campaign.trial(draft.number) {
        return Ok(Decision {
            jobs: vec![trial.job],
            campaign: Some(id),
            repeated: true,
            ..Decision::default()
        });
    }
    let barred = |bar| Refusal::Campaign { campaign: id, bar };
    goes_on(state, campaign, now)?;
    belongs(campaign, &draft)?;
    in_number(campaign).map_err(barred)?;
    let parent = draft.parent.and_then(|parent| campaign.trial(parent));
    let parent = parent.map(|parent| parent.job);
    let spec = campaign.spec.job(id, &draft, parent, state.capacity())?;
    // What its owner may was seen when it was started.
    fits(state, actor, &spec, now)?;
    let budget = &campaign.spec.budget;
    let purse = Purse {
        gpu_seconds: Some(budget.gpu_seconds),
        gpus_at_once: budget.gpus_at_once,
        used_s: campaign.gpu_seconds,
    };
    let jobs = state.live().filter(|job| job.campaign == Some(id));
    let wanted = Wanted::of(&spec);
    purse.holds(wanted, Ahead::of(jobs)).map_err(barred)?;
    if let Some(agent) = &campaign.agent {
        let written = as_written(&spec);
        agent::may_run_trial(state, agent, &written, now)?;
    }
    Ok(one(state, campaign, spec, draft, now))
}

fn one(
    state: &State,
    campaign: &Campaign,
    spec: JobSpec,
    draft: TrialDraft,
    now: Timestamp,
) -> Decision {
    let by = Submitter {
        owner: campaign.owner.clone(),
        agent: campaign.agent.clone(),
        campaign: Some(campaign.id),
    };
    let mut decision = submitted(state, &by, vec![spec], None, None);
    decision.events.push(Event::TrialSet {
        campaign: campaign.id,
        trial: Box::new(draft.submitted(state.next_job(), now)),
    });
    Decision {
        campaign: Some(campaign.id),
        ..decision
    }
}

/// Whether trials of it begin at all now.
fn goes_on(state: &State, campaign: &Campaign, now: Timestamp) -> Result<(), Refusal> {
    let id = campaign.id;
    let barred = |bar| Err(Refusal::Campaign { campaign: id, bar });
    match &campaign.state {
        CampaignState::Running { .. } => {}
        CampaignState::Paused { by, why, .. } => {
            let (by, why) = (by.clone(), why.clone());
            return barred(Bar::Paused { by, why });
        }
        CampaignState::Ended { .. } => return Err(over(id)),
    }
    if campaign.spec.stop.until.is_some_and(|until| until <= now) {
        return Err(over(id));
    }
    // Who stops all agents stops what Berth does by itself.
    match &state.agents().stopped {
        Some(stopped) => barred(agent::stopped_bar(stopped)),
        None => Ok(()),
    }
}

fn over(campaign: CampaignId) -> Refusal {
    Refusal::CampaignState {
        campaign,
        state: "over".to_owned(),
        done: "given another trial".to_owned(),
    }
}

/// Whether a trial is one of this campaign: of its space and its fidelity, whoever chose it.
fn belongs(campaign: &Campaign, draft: &TrialDraft) -> Result<(), Refusal> {
    let refuse = |why: String| Err(Refusal::invalid("trial", why));
    if draft.number != campaign.next_trial() {
        let next = campaign.next_trial();
        return refuse(format!(
            "The next trial is number {next}, not {}.",
            draft.number
        ));
    }
    if !draft.values.keys().eq(campaign.space.keys()) {
        return refuse(
            "A trial has a value for each parameter of the space and no other.".to_owned(),
        );
    }
    for (name, dimension) in &campaign.space {
        let value = &draft.values[name];
        if !dimension.holds(value) {
            let value = value.escape_debug();
            return refuse(format!(
                "'{value}' is no value of {name} in the space that is searched."
            ));
        }
    }
    let fidelity = campaign.spec.strategy.fidelity();
    let fits = match (fidelity, draft.fidelity) {
        (None, None) => true,
        (Some(of), Some(value)) => (of.min..=of.max).contains(&value),
        _ => false,
    };
    if !fits {
        return refuse("Its fidelity is not one of this campaign's.".to_owned());
    }
    let Some(parent) = draft.parent else {
        return Ok(());
    };
    let parent = campaign.trial(parent);
    if parent.is_none_or(|parent| parent.result.is_none() || parent.values != draft.values) {
        return refuse("It goes on from a trial with a result and the same values.".to_owned());
    }
    Ok(())
}

/// Whether it may have one more trial.
fn in_number(campaign: &Campaign) -> Result<(), Bar> {
    let budget = &campaign.spec.budget;
    let most = budget.trials.unwrap_or(MOST_TRIALS).min(MOST_TRIALS);
    if campaign.next_trial() > most {
        return Err(Bar::Trials { most });
    }
    let most = budget.at_once.unwrap_or(DEFAULT_AT_ONCE);
    if campaign.live().count() >= most as usize {
        return Err(Bar::TrialsAtOnce { most });
    }
    Ok(())
}

/// What came of a trial. While its job lives nothing has, except that it is stopped.
pub(super) fn end_trial(
    state: &State,
    actor: &Actor,
    (id, number): (CampaignId, u32),
    end: TrialEnd,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    only_berth(actor, TRIALS)?;
    let campaign = known(state, id)?;
    let Some(trial) = campaign.live().find(|trial| trial.number == number) else {
        // It is known already.
        return Ok(vec![]);
    };
    let mut events = Vec::new();
    if let Some(job) = state.live_job(trial.job) {
        if !matches!(end, TrialEnd::Stopped { .. }) {
            return Ok(vec![]);
        }
        events = of_job::cancelled(job, &actor.person()).unwrap_or_default();
    }
    events.push(Event::TrialSet {
        campaign: id,
        trial: Box::new(trial.ended(end, now)),
    });
    Ok(events)
}

fn known(state: &State, id: CampaignId) -> Result<&Campaign, Refusal> {
    let known = state.campaign(id).map(AsRef::as_ref);
    known.ok_or(Refusal::NoSuchCampaign { campaign: id })
}

fn only_berth(actor: &Actor, what: &str) -> Result<(), Refusal> {
    if *actor == Actor::Berth {
        return Ok(());
    }
    let what = what.to_owned();
    Err(Refusal::AgentsNotAllowed { what })
}
