//! What agents may do, and the ledger: what a command of an agent comes to, what Berth's own rules
//! propose, and what people answer.

mod asks;
mod guard;
mod ledger;
mod owed;

use jiff::Timestamp;

use super::{Decision, change, just, may};
use crate::agent::{Agent, AgentRule, Mode, Stopped};
use crate::command::{Actor, AgentRequest};
use crate::event::Event;
use crate::ids::UserName;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::state::State;
use crate::submit::label;

pub(super) use self::guard::{acts, may_run_trial, refused_before, stopped_bar};
pub(super) use self::ledger::{answer, expired, measured, propose, undo};

/// No more than these at a time.
const MOST_AGENTS: usize = 1000;

/// Makes an agent or changes its mandate.
pub(super) fn set(
    state: &State,
    actor: &Actor,
    request: AgentRequest,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let who = actor.person();
    let AgentRequest {
        name,
        acts_for,
        mandate,
    } = request;
    check_name(&name)?;
    mandate.check()?;
    let known = state.agents().all.get(&name);
    if let Some(known) = known
        && !may(state, actor, Right::ChangeAgent, Thing::of(&known.acts_for))
    {
        return Err(not_yours(known, "change"));
    }
    let acts_for = acts_for.unwrap_or_else(|| known.map_or(who.clone(), |k| k.acts_for.clone()));
    if !may(state, actor, Right::ChangeAgent, Thing::of(&acts_for)) {
        if acts_for == who {
            return Err(Refusal::OnlyLooks);
        }
        let what = format!("make an agent that acts for {acts_for}");
        return Err(Refusal::AgentsNotAllowed { what });
    }
    if known.is_none() && state.agents().all.len() >= MOST_AGENTS {
        return Err(Refusal::invalid(
            "name",
            format!("There are {MOST_AGENTS} agents already: remove one first."),
        ));
    }
    if known.is_some_and(|known| known.acts_for == acts_for && known.mandate == mandate) {
        return Ok(vec![]);
    }
    let agent = Agent {
        name,
        acts_for,
        mandate,
        made_at: known.map_or(now, |known| known.made_at),
        stopped: known.and_then(|known| known.stopped.clone()),
        account: known.map(|known| known.account.clone()).unwrap_or_default(),
    };
    Ok(vec![Event::AgentSet {
        agent: Box::new(agent),
    }])
}

/// Counts what a language model cost, also where that is more than was left.
pub(super) fn use_model(
    state: &State,
    actor: &Actor,
    agent: UserName,
    micros: u64,
) -> Result<Vec<Event>, Refusal> {
    if *actor != Actor::Berth {
        let what = "say what a language model cost".to_owned();
        return Err(Refusal::AgentsNotAllowed { what });
    }
    if !state.agents().all.contains_key(&agent) {
        return Err(Refusal::NoSuchAgent { agent });
    }
    // What costs nothing is not worth a line in the journal.
    let used = (micros > 0).then_some(Event::ModelUsed { agent, micros });
    Ok(used.into_iter().collect())
}

fn check_name(name: &UserName) -> Result<(), Refusal> {
    let allowed = |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || "._-".contains(ch);
    let name = name.as_str();
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) || name == "berth" {
        return Err(Refusal::invalid(
            "name",
            "An agent's name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and not 'berth'.",
        ));
    }
    Ok(())
}

pub(super) fn remove(state: &State, actor: &Actor, name: &UserName) -> Result<Vec<Event>, Refusal> {
    let agent = mine(state, actor, name, "remove")?;
    Ok(vec![Event::AgentRemoved {
        agent: agent.name.clone(),
    }])
}

/// The switch.
pub(super) fn stop(
    state: &State,
    actor: &Actor,
    agent: Option<&UserName>,
    (why, jobs): (String, bool),
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let (by, _) = for_all_or_mine(state, actor, agent, "stop")?;
    label("why", &why)?;
    let stopped = Stopped { by, at: now, why };
    let mut events = vec![Event::AgentsStopped {
        agent: agent.cloned(),
        stopped,
    }];
    let mut cancelled = Vec::new();
    if jobs {
        let by = actor.person();
        for job in state.live() {
            let theirs = match agent {
                Some(agent) => job.agent.as_ref() == Some(agent),
                // Those of campaigns that people started among them.
                None => job.agent.is_some() || job.campaign.is_some(),
            };
            if !theirs {
                continue;
            }
            // What is on its way out goes on so.
            if let Ok(ends) = change::cancelled(job, &by) {
                events.extend(ends);
                cancelled.push(job.id);
            }
        }
    }
    Ok(Decision {
        jobs: cancelled,
        ..just(events)
    })
}

pub(super) fn resume(
    state: &State,
    actor: &Actor,
    agent: Option<UserName>,
) -> Result<Vec<Event>, Refusal> {
    let (_, stopped) = for_all_or_mine(state, actor, agent.as_ref(), "resume")?;
    if !stopped {
        return Ok(vec![]);
    }
    Ok(vec![Event::AgentsResumed { agent }])
}

/// Who asks, and whether it is stopped already.
fn for_all_or_mine(
    state: &State,
    actor: &Actor,
    agent: Option<&UserName>,
    verb: &str,
) -> Result<(UserName, bool), Refusal> {
    let who = actor.person();
    match agent {
        None if !may(state, actor, Right::ChangeAgent, Thing::CLUSTER) => {
            Err(Refusal::AgentsNotAllowed {
                what: format!("{verb} all agents"),
            })
        }
        None => Ok((who, state.agents().stopped.is_some())),
        Some(name) => Ok((who, mine(state, actor, name, verb)?.stopped.is_some())),
    }
}

fn mine<'a>(
    state: &'a State,
    actor: &Actor,
    name: &UserName,
    verb: &str,
) -> Result<&'a Agent, Refusal> {
    let agent = state.agents().all.get(name);
    let agent = agent.ok_or_else(|| Refusal::NoSuchAgent {
        agent: name.clone(),
    })?;
    if !may(state, actor, Right::ChangeAgent, Thing::of(&agent.acts_for)) {
        return Err(not_yours(agent, verb));
    }
    Ok(agent)
}

fn not_yours(agent: &Agent, verb: &str) -> Refusal {
    Refusal::AgentNotYours {
        agent: agent.name.clone(),
        owner: agent.acts_for.clone(),
        verb: verb.to_owned(),
    }
}

pub(super) fn set_rule(
    state: &State,
    actor: &Actor,
    rule: AgentRule,
    project: Option<String>,
    mode: Option<Mode>,
) -> Result<Vec<Event>, Refusal> {
    if !may(state, actor, Right::SetRule, Thing::CLUSTER) {
        return Err(Refusal::AgentsNotAllowed {
            what: "say how far a rule goes".to_owned(),
        });
    }
    if let Some(project) = &project {
        label("project", project)?;
    }
    let rules = &state.agents().rules;
    if rules.with(rule, project.as_deref(), mode) == *rules {
        return Ok(vec![]);
    }
    Ok(vec![Event::AgentRuleSet {
        rule,
        project,
        mode,
    }])
}
