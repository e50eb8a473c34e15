//! A command of an agent: done, suggested to a person, or refused; each with a card in the ledger.

use std::time::Duration;

use jiff::Timestamp;

use super::{asks, ledger};
use crate::agent::{
    Act, Action, Agent, Bar, Card, CardBy, CardState, Mandate, Stopped, allow_command,
};
use crate::campaign::{CampaignChange, CampaignId, as_written};
use crate::command::{Actor, Command};
use crate::decide::purse::{Purse, Wanted};
use crate::decide::{Decision, command as decide_command, just};
use crate::event::Event;
use crate::ids::{JobId, UserName};
use crate::refusal::Refusal;
use crate::rights::Role;
use crate::spec::{JobSpec, PriorityClass};
use crate::state::State;

/// One that is refused so often within an hour does not know what it does.
const MOST_REFUSALS: usize = 200;
/// A person has this long to approve something.
const APPROVAL_LASTS: Duration = Duration::from_secs(24 * 3600);
/// The title of a card about what is no act.
const NEVER: &str = "Do what no agent does";
/// What was done can be taken back for so long.
const UNDO_LASTS: Duration = Duration::from_secs(3600);

/// What a command of an agent comes to. A refusal is part of the decision, since it is written down.
pub(in crate::decide) fn acts(
    state: &State,
    actor: &Actor,
    command: &Command,
    now: Timestamp,
) -> Decision {
    let Actor::Agent {
        name,
        acts_for,
        role,
    } = actor
    else {
        return Decision::default();
    };
    let agent = match at_work(state, name) {
        Ok(agent) => agent,
        Err(bar) => return refused(barred(name, bar), vec![]),
    };
    let Some(act) = Act::of(command) else {
        let title = NEVER.to_owned();
        let card = of_agent(state, agent, title, None, now);
        return refuse(agent, card, barred(name, Bar::Never), now);
    };
    let card = of_agent(state, agent, title(&act), Some(act.clone()), now);
    match try_act(state, agent, *role, &act, now) {
        Ok(decision) if needs_approval(state, &agent.mandate, &act, &decision.events, now) => {
            let bar = Bar::Approval {
                card: card.id,
                asks: acts_for.clone(),
            };
            let card = Card {
                state: CardState::Suggested,
                until: now.checked_add(APPROVAL_LASTS).ok(),
                ..card
            };
            refused(barred(name, bar), vec![made(card)])
        }
        Ok(decision) => done(state, card, &act, decision, now),
        Err(refusal) => refuse(agent, card, refusal, now),
    }
}

/// What was refused before it came here, by what only the planner knows: written down as all else.
pub(in crate::decide) fn refused_before(
    state: &State,
    name: &UserName,
    command: &Command,
    refusal: Refusal,
    now: Timestamp,
) -> Decision {
    let agent = match at_work(state, name) {
        Ok(agent) => agent,
        Err(bar) => return refused(barred(name, bar), vec![]),
    };
    let act = Act::of(command);
    let title = act.as_ref().map_or_else(|| NEVER.to_owned(), title);
    let card = of_agent(state, agent, title, act, now);
    refuse(agent, card, refusal, now)
}

/// The agent, unless it is stopped: nothing is written then, it may ask as often as it likes.
fn at_work<'a>(state: &'a State, name: &UserName) -> Result<&'a Agent, Bar> {
    let agent = state.agents().all.get(name).ok_or(Bar::Unknown)?;
    match state.agents().stopped(name) {
        Some(stopped) => Err(stopped_bar(stopped)),
        None => Ok(agent),
    }
}

/// Does what a person approved.
pub(super) fn approved(
    state: &State,
    agent: &UserName,
    act: &Act,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let Some(agent) = state.agents().all.get(agent) else {
        return Err(barred(agent, Bar::Unknown));
    };
    if let Some(stopped) = state.agents().stopped(&agent.name) {
        return Err(barred(&agent.name, stopped_bar(stopped)));
    }
    // Whoever approves it may: what the agent itself was is of no account any more.
    try_act(state, agent, Role::Member, act, now)
}

pub(in crate::decide) fn stopped_bar(stopped: &Stopped) -> Bar {
    Bar::Stopped {
        by: stopped.by.clone(),
        why: stopped.why.clone(),
    }
}

fn try_act(
    state: &State,
    agent: &Agent,
    role: Role,
    act: &Act,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    // For whom the agent acts is the state's to say.
    let actor = Actor::Agent {
        name: agent.name.clone(),
        acts_for: agent.acts_for.clone(),
        role,
    };
    let bar = |bar| barred(&agent.name, bar);
    let mandate = &agent.mandate;
    if !mandate.actions.contains(&act.action()) {
        let action = act.action();
        return Err(bar(Bar::Action { action }));
    }
    // To end or hold something is never too late.
    if let Some(hours) = mandate.hours
        && !hours.contains(now)
        && !act.stops()
    {
        return Err(bar(Bar::Hours { hours }));
    }
    if let Some(job) = act.job() {
        own(state, agent, job).map_err(bar)?;
    }
    if let Act::ChangeCampaign { campaign, .. } = act {
        own_campaign(state, agent, *campaign).map_err(bar)?;
    }
    let mut decision = decide_command(state, &actor, act.clone().command(), now)?;
    if decision.repeated {
        return Ok(decision);
    }
    within(state, agent, &decision.events, now).map_err(bar)?;
    let given = asks::given(state, &agent.name, &decision.events, now);
    decision.events.extend(given);
    Ok(decision)
}

/// Whether a job that exists is the agent's own, where it may touch no other.
fn own(state: &State, agent: &Agent, job: JobId) -> Result<(), Bar> {
    let Some(known) = state.job(job) else {
        // Who asks is told that there is none, or that it is too old.
        return Ok(());
    };
    if agent.mandate.all_jobs || known.agent.as_ref() == Some(&agent.name) {
        return Ok(());
    }
    Err(Bar::OthersJob { job })
}

/// Whether what it comes to is within the mandate, whichever way it was asked for.
fn within(state: &State, agent: &Agent, events: &[Event], now: Timestamp) -> Result<(), Bar> {
    let mut wanted = Wanted::default();
    for event in events {
        allow_event(state, agent, event)?;
        wanted.add(asks::wanted(state, &agent.name, event, now));
    }
    affords(state, agent, wanted, now)
}

/// Whether it may do this at all, whatever it has left.
fn allow_event(state: &State, agent: &Agent, event: &Event) -> Result<(), Bar> {
    match event {
        Event::JobSubmitted { spec, .. } => allow_spec(&agent.mandate, spec),
        Event::JobUpdated { job, spec } => {
            own(state, agent, *job)?;
            let before = state.job(*job);
            // What was there before may be above it; it must not become more.
            let same = before.is_some_and(|before| before.spec.command == spec.command);
            if !same || before.is_some_and(|before| before.spec.class < spec.class) {
                allow_spec(&agent.mandate, spec)?;
            }
            Ok(())
        }
        // What its trials ask for is looked at again with each of them.
        Event::CampaignStarted { spec, .. } => {
            let example = spec.example();
            match spec.job(CampaignId(0), &example, None, state.capacity()) {
                Ok(job) => allow_spec(&agent.mandate, &as_written(&job)),
                Err(_) => Ok(()),
            }
        }
        Event::CampaignChanged {
            campaign, change, ..
        } => {
            let known = state.campaign(*campaign);
            let own = known.is_some_and(|known| known.agent.as_ref() == Some(&agent.name));
            // What a person's campaign uses is on no account of its.
            if !own && gives_more(change) {
                let campaign = *campaign;
                return Err(Bar::OthersCampaign { campaign });
            }
            Ok(())
        }
        other => match other.job() {
            Some(job) => own(state, agent, job),
            None => Ok(()),
        },
    }
}

/// Whether a campaign that exists is the agent's own, where it may touch no other.
fn own_campaign(state: &State, agent: &Agent, campaign: CampaignId) -> Result<(), Bar> {
    let known = state.campaign(campaign);
    let other = known.filter(|known| known.agent.as_ref() != Some(&agent.name));
    match other {
        Some(_) if !agent.mandate.all_jobs => Err(Bar::OthersCampaign { campaign }),
        // Who asks is told that there is none, or whose it is.
        _ => Ok(()),
    }
}

/// Whether a change may let a campaign use more.
fn gives_more(change: &CampaignChange) -> bool {
    match change {
        CampaignChange::Steer(steering) => {
            !steering.budget.is_empty() || steering.strategy.is_some()
        }
        _ => false,
    }
}

/// Whether the agent that started a campaign may have this job as its next trial.
pub(in crate::decide) fn may_run_trial(
    state: &State,
    agent: &UserName,
    spec: &JobSpec,
    now: Timestamp,
) -> Result<(), Refusal> {
    let bar = |bar| barred(agent, bar);
    let known = state.agents().all.get(agent);
    let known = known.ok_or_else(|| bar(Bar::Unknown))?;
    if let Some(stopped) = state.agents().stopped(agent) {
        return Err(bar(stopped_bar(stopped)));
    }
    let mandate = &known.mandate;
    if !mandate.actions.contains(&Action::Campaign) {
        let action = Action::Campaign;
        return Err(bar(Bar::Action { action }));
    }
    if let Some(hours) = mandate.hours.filter(|hours| !hours.contains(now)) {
        return Err(bar(Bar::Hours { hours }));
    }
    allow_spec(mandate, spec).map_err(bar)?;
    affords(state, known, Wanted::of(spec), now).map_err(bar)
}

/// Whether an agent has enough left for this.
fn affords(state: &State, agent: &Agent, wanted: Wanted, now: Timestamp) -> Result<(), Bar> {
    let mandate = &agent.mandate;
    let done = agent.account.submits_within_hour(now);
    let done = u32::try_from(done).unwrap_or(u32::MAX);
    if wanted.jobs > 0 && done.saturating_add(wanted.jobs) > mandate.jobs_per_hour {
        return Err(Bar::PerHour {
            done,
            wanted: wanted.jobs,
            most: mandate.jobs_per_hour,
        });
    }
    let purse = Purse {
        gpu_seconds: mandate.gpu_seconds,
        gpus_at_once: mandate.gpus_at_once,
        used_s: agent.account.gpu_seconds,
    };
    let ahead = state.agents_ahead(now).remove(&agent.name);
    purse.holds(wanted, ahead.unwrap_or_default())
}

fn allow_spec(mandate: &Mandate, spec: &JobSpec) -> Result<(), Bar> {
    if spec.class > PriorityClass::Normal && !mandate.may_preempt {
        return Err(Bar::Preempts { class: spec.class });
    }
    let listed = |project: &String| mandate.projects.contains(project);
    if !mandate.projects.is_empty() && !spec.project.as_ref().is_some_and(listed) {
        return Err(Bar::Project {
            project: spec.project.clone(),
            allowed: mandate.projects.iter().cloned().collect(),
        });
    }
    if mandate.commands.is_empty() {
        return Ok(());
    }
    allow_command(&mandate.commands, spec)
}

fn needs_approval(
    state: &State,
    mandate: &Mandate,
    act: &Act,
    events: &[Event],
    now: Timestamp,
) -> bool {
    if events.is_empty() {
        return false;
    }
    let each = events
        .iter()
        .map(|event| asks::could_use(state, event, now));
    let asked = each.fold(0, u64::saturating_add);
    let approval = &mandate.approval;
    approval.actions.contains(&act.action())
        || approval
            .above_gpu_seconds
            .is_some_and(|above| asked > above)
}

fn done(state: &State, card: Card, act: &Act, decision: Decision, now: Timestamp) -> Decision {
    if decision.events.is_empty() {
        return decision;
    }
    let card = Card {
        state: CardState::Acted,
        job: decision.jobs.first().copied().or(card.job),
        undo: ledger::undo_of(state, act, &decision),
        until: now.checked_add(UNDO_LASTS).ok(),
        ..card
    };
    let mut events = decision.events;
    events.push(made(card));
    Decision { events, ..decision }
}

fn refuse(agent: &Agent, card: Card, refusal: Refusal, now: Timestamp) -> Decision {
    let card = Card {
        why: Some(refusal.to_string()),
        ..card
    };
    let mut events = vec![made(card)];
    let times = agent.account.refusals_within_hour(now) + 1;
    if times >= MOST_REFUSALS {
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        events.push(Event::AgentsStopped {
            agent: Some(agent.name.clone()),
            stopped: Stopped {
                by: UserName::from("berth"),
                at: now,
                why: Bar::TooManyRefusals { times }.to_string(),
            },
        });
    }
    refused(refusal, events)
}

fn refused(refusal: Refusal, events: Vec<Event>) -> Decision {
    Decision {
        refused: Some(refusal),
        ..just(events)
    }
}

fn barred(agent: &UserName, bar: Bar) -> Refusal {
    Refusal::Mandate {
        agent: agent.clone(),
        bar,
    }
}

fn made(card: Card) -> Event {
    Event::CardMade {
        card: Box::new(card),
    }
}

fn title(act: &Act) -> String {
    let words = act.words();
    let mut chars = words.chars();
    let first = chars.next().map(|ch| ch.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// A card as it is when nothing came of it.
fn of_agent(state: &State, agent: &Agent, title: String, act: Option<Act>, now: Timestamp) -> Card {
    let by = CardBy::Agent {
        agent: agent.name.clone(),
    };
    let job = act.as_ref().and_then(Act::job);
    Card {
        id: state.next_card(),
        at: now,
        by,
        state: CardState::Refused,
        subject: match (&act, job) {
            (Some(Act::ChangeCampaign { campaign, .. }), _) => format!("campaign {campaign}"),
            (_, Some(job)) => format!("job {job}"),
            (_, None) => "the queue".to_owned(),
        },
        job,
        project: None,
        asks: Some(agent.acts_for.clone()),
        title,
        saw: vec![],
        considered: vec![],
        act,
        undo: None,
        predicted: None,
        measured: None,
        why: None,
        until: None,
        settled: None,
    }
}
