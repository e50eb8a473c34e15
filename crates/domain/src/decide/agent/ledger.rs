//! Cards of Berth's own rules, and what people answer to any.

use jiff::Timestamp;

use super::{guard, owed};
use crate::agent::{Act, Card, CardBy, CardId, CardState, Draft, Effect, Mode};
use crate::array::ArrayChange;
use crate::campaign::CampaignChange;
use crate::command::{Actor, ConstraintsPatch, JobPatch};
use crate::decide::{Decision, command, just, may};
use crate::event::Event;
use crate::job::Job;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::state::State;

/// What a rule found should be done: written down, suggested, or done, as far as its mode goes.
pub(in crate::decide) fn propose(
    state: &State,
    actor: &Actor,
    draft: Draft,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    if *actor != Actor::Berth {
        let what = "propose what a rule of Berth's own would".to_owned();
        return Err(Refusal::AgentsNotAllowed { what });
    }
    let agents = state.agents();
    let mode = if owed::is_owed(state, &draft) {
        Mode::Act
    } else if agents.stopped.is_some() {
        Mode::Off
    } else {
        agents.rules.of(draft.rule, draft.project.as_deref())
    };
    let by = CardBy::Rule { rule: draft.rule };
    let open = |card: &&Card| {
        card.by == by
            && card.subject == draft.subject
            && card.settled.is_none()
            && card.until.is_none_or(|until| now < until)
            // What was only written down keeps nobody from doing it once the rule may.
            && (card.state != CardState::Shadow || mode == Mode::Shadow)
    };
    if mode == Mode::Off || state.cards().any(|card| open(&card)) {
        return Ok(Decision::default());
    }
    let mut card = Card {
        id: state.next_card(),
        at: now,
        by,
        state: CardState::Shadow,
        subject: draft.subject,
        job: draft.job,
        project: draft.project,
        asks: draft.asks,
        title: draft.title,
        saw: draft.saw,
        considered: draft.considered,
        act: draft.act,
        undo: draft.undo,
        predicted: draft.predicted,
        measured: None,
        why: None,
        until: Some(draft.until),
        settled: None,
    };
    if is_over(state, &card) {
        return Ok(Decision::default());
    }
    let mut done = Decision::default();
    if let Some(act) = card.act.clone() {
        // It is out of date where the state refuses it: nobody is asked for that either.
        let Ok(decision) = command(state, actor, act.clone().command(), now) else {
            return Ok(Decision::default());
        };
        if decision.events.is_empty() {
            return Ok(Decision::default());
        }
        if mode == Mode::Act {
            card.undo = card.undo.or_else(|| undo_of(state, &act, &decision));
            done = decision;
        }
    }
    card.state = match (mode, &card.act) {
        (Mode::Act, Some(_)) => CardState::Acted,
        (Mode::Act | Mode::Suggest, _) => CardState::Suggested,
        (Mode::Off | Mode::Shadow, _) => CardState::Shadow,
    };
    done.events.push(Event::CardMade {
        card: Box::new(card),
    });
    Ok(done)
}

/// Does what a card suggests, or not.
pub(in crate::decide) fn answer(
    state: &State,
    actor: &Actor,
    id: CardId,
    approve: bool,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let card = asked(state, actor, id)?;
    let void = card.until.is_some_and(|until| until <= now);
    if !card.is_open() || void {
        let done = "answered".to_owned();
        return Err(Refusal::NoSuchCard { card: id, done });
    }
    let settled = |state| settled(id, state, actor);
    let Some(act) = card.act.as_ref().filter(|_| approve) else {
        let state = match approve {
            // There was nothing to do but to know it.
            true => CardState::Acted,
            false => CardState::Declined,
        };
        return Ok(just(vec![settled(state)]));
    };
    let decision = match &card.by {
        CardBy::Agent { agent } => guard::approved(state, agent, act, now)?,
        CardBy::Rule { .. } => command(state, actor, act.clone().command(), now)?,
    };
    let mut events = decision.events;
    events.push(settled(CardState::Acted));
    Ok(Decision { events, ..decision })
}

/// Takes back what was done, with the rights of whoever asks in the name of whom it was done for.
pub(in crate::decide) fn undo(
    state: &State,
    actor: &Actor,
    id: CardId,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let card = asked(state, actor, id)?;
    let undo = card.undo.clone().filter(|_| card.can_be_undone(now));
    let undo = undo.ok_or_else(|| Refusal::NoSuchCard {
        card: id,
        done: "taken back".to_owned(),
    })?;
    let in_whose_name = match (&card.by, actor) {
        (CardBy::Rule { .. }, _) => Actor::Berth,
        (CardBy::Agent { .. }, Actor::User { role, .. }) => {
            Actor::user(card.asks.clone().unwrap_or(actor.person()), *role)
        }
        (CardBy::Agent { .. }, _) => actor.clone(),
    };
    let decision = command(state, &in_whose_name, undo.command(), now)?;
    let mut events = decision.events;
    events.push(settled(id, CardState::Undone, actor));
    Ok(Decision { events, ..decision })
}

pub(in crate::decide) fn measured(
    state: &State,
    actor: &Actor,
    card: CardId,
    measured: Effect,
) -> Result<Vec<Event>, Refusal> {
    if *actor != Actor::Berth {
        let what = "say what came of something".to_owned();
        return Err(Refusal::AgentsNotAllowed { what });
    }
    let known = state.card(card).filter(|card| card.measured.is_none());
    Ok(known
        .map(|_| Event::CardMeasured { card, measured })
        .into_iter()
        .collect())
}

/// Suggestions that nobody answered in time, or whose job is over.
pub(in crate::decide) fn expired(state: &State, now: Timestamp) -> Vec<Event> {
    let over = |card: &&Card| {
        let void = card.until.is_some_and(|until| until <= now);
        card.is_open() && (void || is_over(state, card))
    };
    let cards = state.cards().filter(over);
    let expired = cards.map(|card| Event::CardSettled {
        card: card.id,
        state: CardState::Expired,
        by: None,
        why: None,
    });
    expired.collect()
}

/// Whether the job that a card is about is not what it was any more: it has ended since or, where a rule
/// would queue again what had ended, somebody did.
fn is_over(state: &State, card: &Card) -> bool {
    let Some(id) = card.job else {
        return false;
    };
    if state.live_job(id).is_some() {
        let of_rule = matches!(card.by, CardBy::Rule { .. });
        return of_rule && matches!(card.act, Some(Act::Requeue { .. }));
    }
    let ended = state.job(id).and_then(Job::finished_at);
    // One that ended so long ago that it is not at hand cannot be queued again either.
    ended.is_none_or(|at| at > card.at)
}

fn settled(card: CardId, state: CardState, actor: &Actor) -> Event {
    Event::CardSettled {
        card,
        state,
        by: Some(actor.person()),
        why: None,
    }
}

/// A card that whoever asks may answer or take back.
fn asked<'a>(state: &'a State, actor: &Actor, id: CardId) -> Result<&'a Card, Refusal> {
    let card = state.card(id).ok_or_else(|| Refusal::NoSuchCard {
        card: id,
        done: "answered or taken back".to_owned(),
    })?;
    let thing = match &card.asks {
        Some(asks) => Thing::of(asks).within(card.project.as_deref()),
        None => Thing::CLUSTER,
    };
    if !may(state, actor, Right::AnswerCard, thing) {
        return Err(Refusal::CardNotYours {
            card: id,
            asks: card.asks.clone(),
        });
    }
    Ok(card)
}

/// What takes an act back, if anything does. The state is as it was before.
pub(super) fn undo_of(state: &State, act: &Act, decision: &Decision) -> Option<Act> {
    match act {
        Act::Submit { .. } => {
            let job = decision.jobs.first().copied()?;
            Some(match decision.jobs.len() {
                1 => Act::Cancel { job },
                _ => Act::Array {
                    job,
                    change: ArrayChange::Cancel,
                },
            })
        }
        Act::Hold { job } => Some(Act::Release { job: *job }),
        Act::Release { job } => Some(Act::Hold { job: *job }),
        Act::Move { job, .. } => Some(Act::UndoMove { job: *job }),
        Act::Update { job, patch } => {
            let before = back(state.job(*job)?, patch);
            Some(Act::Update {
                job: *job,
                patch: Box::new(before),
            })
        }
        Act::Array { job, change } => {
            let change = match change {
                ArrayChange::Hold => ArrayChange::Release,
                ArrayChange::Release => ArrayChange::Hold,
                ArrayChange::Cancel | ArrayChange::RetryFailed => return None,
            };
            Some(Act::Array { job: *job, change })
        }
        Act::Reserve { id: None, .. } => {
            let id = decision.events.iter().find_map(Event::reservation)?;
            Some(Act::CancelReservation { id })
        }
        Act::StartCampaign { .. } => {
            let campaign = decision.events.iter().find_map(Event::campaign)?;
            let why = "Its start was taken back".to_owned();
            let to = Box::new(CampaignChange::End { why, jobs: true });
            Some(Act::ChangeCampaign { campaign, to })
        }
        Act::ChangeCampaign { campaign, to } => {
            let back = match **to {
                CampaignChange::Pause { .. } => CampaignChange::Resume,
                CampaignChange::Resume => CampaignChange::Pause {
                    why: "That it goes on was taken back".to_owned(),
                },
                CampaignChange::End { .. } | CampaignChange::Steer(_) => return None,
            };
            Some(Act::ChangeCampaign {
                campaign: *campaign,
                to: Box::new(back),
            })
        }
        Act::Cancel { .. }
        | Act::UndoMove { .. }
        | Act::Requeue { .. }
        | Act::Reserve { id: Some(_), .. }
        | Act::CancelReservation { .. }
        | Act::EndReservation { .. }
        | Act::Answer { .. } => None,
    }
}

/// What a patch changes, as it was before.
fn back(job: &Job, patch: &JobPatch) -> JobPatch {
    let spec = &job.spec;
    let asked = &patch.constraints;
    let had = &spec.constraints;
    JobPatch {
        name: patch.name.as_ref().map(|_| spec.name.clone()),
        time_limit: patch.time_limit.map(|_| spec.time_limit),
        class: patch.class.map(|_| spec.class),
        max_retries: patch.max_retries.map(|_| spec.max_retries),
        preemptible: patch.preemptible.map(|_| spec.preemptible),
        nodes: patch.nodes.or(patch.gpus).map(|_| spec.nodes),
        gpus: patch.gpus.or(patch.nodes).map(|_| spec.gpus_per_node),
        dependencies: patch
            .dependencies
            .as_ref()
            .map(|_| spec.dependencies.clone()),
        begin: patch.begin.map(|_| spec.begin),
        deadline: patch.deadline.map(|_| spec.deadline),
        notice: patch.notice.map(|_| spec.notice),
        per_gpu: patch.per_gpu.map(|_| spec.per_gpu),
        at_once: patch
            .at_once
            .and_then(|_| spec.array.and_then(|task| task.limit)),
        constraints: ConstraintsPatch {
            gpu_models: asked.gpu_models.as_ref().map(|_| had.gpu_models.clone()),
            min_gpu_mem_bytes: asked.min_gpu_mem_bytes.map(|_| had.min_gpu_mem_bytes),
            nodes: asked.nodes.as_ref().map(|_| had.nodes.clone()),
            exclude: asked.exclude.as_ref().map(|_| had.exclude.clone()),
            nvlink: asked.nvlink.map(|_| had.nvlink),
        },
    }
}
