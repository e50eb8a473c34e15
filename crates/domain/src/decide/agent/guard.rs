//! A command of an agent: done, suggested to a person, or refused; each with a card in the ledger.

use std::time::Duration;

use jiff::Timestamp;

use super::ledger;
use crate::agent::{
    Act, Action, Agent, Bar, Card, CardBy, CardState, Mandate, Stopped, allow_command,
};
use crate::command::{Actor, Command};
use crate::decide::{Decision, command as decide_command, just};
use crate::event::Event;
use crate::ids::{JobId, UserName};
use crate::refusal::Refusal;
use crate::spec::{JobSpec, PriorityClass};
use crate::state::State;

/// One that is refused so often within an hour does not know what it does.
const MOST_REFUSALS: usize = 200;
/// A person has this long to approve something.
const APPROVAL_LASTS: Duration = Duration::from_secs(24 * 3600);
/// What was done can be taken back for so long.
const UNDO_LASTS: Duration = Duration::from_secs(3600);

/// What a command of an agent comes to. A refusal is part of the decision, since it is written down.
pub(in crate::decide) fn acts(
    state: &State,
    name: &UserName,
    acts_for: &UserName,
    command: &Command,
    now: Timestamp,
) -> Decision {
    let Some(agent) = state.agents().all.get(name) else {
        return refused(barred(name, Bar::Unknown), vec![]);
    };
    // Nothing is written while it is stopped: it may ask as often as it likes.
    if let Some(stopped) = state.agents().stopped(name) {
        return refused(barred(name, stopped_bar(stopped)), vec![]);
    }
    let Some(act) = Act::of(command) else {
        let title = "Do what no agent does".to_owned();
        let card = of_agent(state, agent, title, None, now);
        return refuse(agent, card, barred(name, Bar::Never), now);
    };
    let card = of_agent(state, agent, title(&act), Some(act.clone()), now);
    match try_act(state, agent, &act, now) {
        Ok(decision) if needs_approval(&agent.mandate, &act, &decision.events) => {
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
    try_act(state, agent, act, now)
}

fn stopped_bar(stopped: &Stopped) -> Bar {
    Bar::Stopped {
        by: stopped.by.clone(),
        why: stopped.why.clone(),
    }
}

fn try_act(state: &State, agent: &Agent, act: &Act, now: Timestamp) -> Result<Decision, Refusal> {
    let bar = |bar| barred(&agent.name, bar);
    let mandate = &agent.mandate;
    if !mandate.actions.contains(&act.action()) {
        let action = act.action();
        return Err(bar(Bar::Action { action }));
    }
    // To end or hold something is never too late.
    let stops = matches!(act.action(), Action::Cancel | Action::Hold);
    if let Some(hours) = mandate.hours
        && !hours.contains(now)
        && !stops
    {
        return Err(bar(Bar::Hours { hours }));
    }
    let actor = Actor::Agent {
        name: agent.name.clone(),
        acts_for: agent.acts_for.clone(),
    };
    if let Some(job) = act.job() {
        own(state, agent, job).map_err(bar)?;
    }
    let decision = decide_command(state, &actor, act.clone().command(), now)?;
    if decision.repeated {
        return Ok(decision);
    }
    within(state, agent, &decision.events, now).map_err(bar)?;
    Ok(decision)
}

/// Whether a job that exists is the agent's own, where it may touch no other.
fn own(state: &State, agent: &Agent, job: JobId) -> Result<(), Bar> {
    let Some(known) = state.job(job) else {
        // Who asks is told that there is none, or that it is too old.
        return Ok(());
    };
    if agent.mandate.all_jobs || is_counted(agent, known) {
        return Ok(());
    }
    Err(Bar::OthersJob { job })
}

/// Whether what it comes to is within the mandate, whichever way it was asked for.
fn within(state: &State, agent: &Agent, events: &[Event], now: Timestamp) -> Result<(), Bar> {
    let mut wanted = Wanted::default();
    for event in events {
        match event {
            Event::JobSubmitted { spec, .. } => {
                allow_spec(&agent.mandate, spec)?;
                wanted.jobs += 1;
                wanted.gpus += spec.gpus();
                let tries = u64::from(spec.max_retries) + 1;
                wanted.gpu_seconds += spec.gpu_seconds().saturating_mul(tries);
            }
            Event::JobUpdated { job, spec } => {
                own(state, agent, *job)?;
                let before = state.job(*job);
                // What was there before may be above it; it must not become more.
                let same = before.is_some_and(|before| before.spec.command == spec.command);
                if !same || before.is_some_and(|before| before.spec.class < spec.class) {
                    allow_spec(&agent.mandate, spec)?;
                }
                if let Some(before) = before.filter(|before| is_counted(agent, before)) {
                    let mut after = before.clone();
                    after.spec = (**spec).clone();
                    wanted.gpus += spec.gpus().saturating_sub(before.spec.gpus());
                    let more = after.gpu_seconds_ahead();
                    wanted.gpu_seconds += more.saturating_sub(before.gpu_seconds_ahead());
                }
            }
            Event::JobRequeued { job, .. } => {
                own(state, agent, *job)?;
                if let Some(known) = state.job(*job) {
                    wanted.gpus += known.spec.gpus();
                    wanted.gpu_seconds += known.spec.gpu_seconds();
                }
            }
            Event::ReservationSet { reservation } => {
                let gpus = u64::from(reservation.what.gpus());
                let lasts = reservation.end.duration_since(reservation.start).as_secs();
                wanted.gpu_seconds += gpus * u64::try_from(lasts).unwrap_or_default();
            }
            other => {
                if let Some(job) = other.job() {
                    own(state, agent, job)?;
                }
            }
        }
    }
    wanted.within(state, agent, now)
}

/// What an act asks for on top of what there is.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    jobs: u32,
    gpus: u32,
    gpu_seconds: u64,
}

impl Wanted {
    fn within(self, state: &State, agent: &Agent, now: Timestamp) -> Result<(), Bar> {
        let mandate = &agent.mandate;
        let done = agent.account.submits_within_hour(now);
        let done = u32::try_from(done).unwrap_or(u32::MAX);
        if self.jobs > 0 && done.saturating_add(self.jobs) > mandate.jobs_per_hour {
            return Err(Bar::PerHour {
                done,
                wanted: self.jobs,
                most: mandate.jobs_per_hour,
            });
        }
        let live = || state.live().filter(|job| is_counted(agent, job));
        let gpus: u32 = live().map(|job| job.spec.gpus()).sum();
        if let Some(most) = mandate.gpus_at_once
            && self.gpus > 0
            && gpus + self.gpus > most
        {
            let wanted = gpus + self.gpus;
            return Err(Bar::AtOnce { wanted, most });
        }
        let Some(of_s) = mandate.gpu_seconds.filter(|_| self.gpu_seconds > 0) else {
            return Ok(());
        };
        let ahead: u64 = live().map(crate::Job::gpu_seconds_ahead).sum();
        let left_s = of_s.saturating_sub(agent.account.gpu_seconds.saturating_add(ahead));
        if self.gpu_seconds > left_s {
            return Err(Bar::Budget {
                wanted_s: self.gpu_seconds,
                left_s,
                of_s,
            });
        }
        Ok(())
    }
}

/// Whether a job counts on this agent's budget.
fn is_counted(agent: &Agent, job: &crate::Job) -> bool {
    job.agent.as_ref() == Some(&agent.name)
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

fn needs_approval(mandate: &Mandate, act: &Act, events: &[Event]) -> bool {
    if events.is_empty() {
        return false;
    }
    let asked = |event: &Event| match event {
        Event::JobSubmitted { spec, .. } => spec.gpu_seconds() * (u64::from(spec.max_retries) + 1),
        Event::JobUpdated { spec, .. } => spec.gpu_seconds(),
        _ => 0,
    };
    let asked: u64 = events.iter().map(asked).sum();
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
        subject: job.map_or_else(|| "the queue".to_owned(), |job| format!("job {job}")),
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
