//! What follows from an input: events, or a refusal. Pure: the caller commits the events and only
//! then applies them.

mod agent;
mod alert;
mod array;
mod campaign;
mod change;
mod cordon;
mod foreign;
mod project;
mod purse;
mod report;
mod reserve;
mod submit;
mod update;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::{Finding, Rung};
use crate::campaign::CampaignId;
use crate::command::{Actor, Command};
use crate::event::Event;
use crate::foreign::Foreign;
use crate::ids::{AttemptId, JobId, UserName};
use crate::lease::Lease;
use crate::node::Node;
use crate::outcome::Exit;
use crate::policy::PolicyChoice;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::spec::JobSpec;
use crate::state::State;

pub use self::reserve::may_reserve;

/// Something that the control loop has to react to.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody wants something.
    Command { actor: Actor, command: Command },
    /// The planner proposes to start these, all at once.
    Starts(Vec<(JobId, Lease)>),
    /// Executors say what became of attempts, at most once each.
    Reports(BTreeMap<AttemptId, Report>),
    /// The clock moved: end what passed its time limit, tell what is near it, and end reservations
    /// that are over.
    Clock,
    /// The planner proposes to stop these, each for the other.
    Preemptions(Vec<(JobId, JobId)>),
    /// The inventory as it is now, complete.
    Inventory(Vec<Node>),
    /// What the hardware and the queue look like to whoever watches them, complete.
    Seen(Seen),
}

/// What is wrong and who is there, as it was just seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub foreign: Foreign,
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Running { sessions: Vec<String> },
    Exited(Exit),
}

/// The knobs that decisions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The pause before the first retry; doubled for each further one.
    pub retry_base: Duration,
    pub retry_max: Duration,
    pub ladder: Ladder,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            retry_base: Duration::from_secs(10),
            retry_max: Duration::from_secs(600),
            ladder: Ladder::default(),
        }
    }
}

/// How far Berth goes by itself when nobody answers for a job that holds GPUs without work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    pub top: Rung,
    /// How long each rung lasts before the next.
    pub every: Duration,
}

impl Default for Ladder {
    fn default() -> Self {
        Ladder {
            top: Rung::Ask,
            every: Duration::from_secs(30 * 60),
        }
    }
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub events: Vec<Event>,
    /// The jobs that the command was about: for a submission the new ones, first one first.
    pub jobs: Vec<JobId>,
    /// The campaign that was started or changed.
    pub campaign: Option<CampaignId>,
    /// The submission's key was known: these jobs are from then.
    pub repeated: bool,
    /// It was refused, and that is written down: the events say so.
    pub refused: Option<Refusal>,
}

/// Decides what an input comes to.
///
/// # Errors
/// The reason why a command is refused. Other inputs are never refused; what is out of date in
/// them is ignored.
pub fn decide(
    state: &State,
    rules: &Rules,
    input: Input,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    match input {
        Input::Command {
            actor: actor @ Actor::Agent { .. },
            command,
        } => Ok(agent::acts(state, &actor, &command, now)),
        Input::Command { actor, command } => self::command(state, &actor, command, now),
        Input::Starts(starts) => {
            let mut events = report::starts(state, starts);
            reserve::follow(state, &mut events, now);
            Ok(just(events))
        }
        Input::Reports(reports) => {
            let each = |(attempt, report)| report::report(state, rules, attempt, report, now);
            let mut events = reports.into_iter().flat_map(each).collect();
            reserve::follow(state, &mut events, now);
            Ok(just(events))
        }
        Input::Preemptions(stops) => Ok(just(report::preemptions(state, &stops))),
        Input::Clock => {
            let mut events = report::overdue(state, now);
            events.extend(report::near(state, now));
            events.extend(reserve::due(state, now));
            events.extend(agent::expired(state, now));
            Ok(just(events))
        }
        Input::Inventory(nodes) => Ok(just(report::inventory(state, nodes, now))),
        Input::Seen(seen) => {
            let mut events = foreign::seen(state, seen.foreign);
            events.extend(alert::found(state, rules.ladder, seen.findings, now));
            Ok(just(events))
        }
    }
}

/// What follows when a command is refused by something that the state does not tell. Of an agent that
/// is written down.
///
/// # Errors
/// The refusal, of whoever else asks.
pub fn refuse(
    state: &State,
    actor: &Actor,
    command: &Command,
    refusal: Refusal,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    match actor {
        Actor::Agent { name, .. } => Ok(agent::refused_before(state, name, command, refusal, now)),
        Actor::User { .. } | Actor::Berth => Err(refusal),
    }
}

fn command(
    state: &State,
    actor: &Actor,
    command: Command,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    match command {
        Command::Submit(request) => submit::submit(state, actor, &request, now),
        Command::Cancel(id) => change::cancel(state, actor, id),
        Command::Hold(id) => change::hold(state, actor, id),
        Command::Release(id) => change::release(state, actor, id),
        Command::Move(id, to) => change::relocate(state, actor, id, to),
        Command::UndoMove(id) => change::undo_move(state, actor, id),
        Command::Update(id, patch) => change::update(state, actor, id, *patch, now),
        Command::Requeue(id) => change::requeue(state, actor, id),
        Command::Array(id, change) => array::change(state, actor, id, change),
        Command::SetPolicy(policy) => set_policy(state, actor, policy).map(just),
        Command::Reserve(id, request) => {
            reserve::reserve(state, actor, id, &request, now).map(just)
        }
        Command::CancelReservation(id) => reserve::cancel(state, actor, id, now).map(just),
        Command::EndReservation(id) => reserve::end(state, actor, id, now).map(just),
        Command::SetQuota(whose, to) => reserve::set_quota(state, actor, whose, to).map(just),
        Command::SetProject(name, to) => project::set(state, actor, name, to).map(just),
        Command::SetMember {
            project,
            user,
            role,
        } => project::set_member(state, actor, project, user, role).map(just),
        Command::Cordon {
            place,
            reason,
            drain,
        } => cordon::cordon(state, actor, place, (reason, drain), now).map(just),
        Command::Uncordon(place) => cordon::uncordon(state, actor, place).map(just),
        Command::Answer {
            alert,
            choice,
            because,
            lasts,
        } => alert::answer(state, actor, alert, choice, (because, lasts), now),
        Command::Adopt(request) => foreign::adopt(state, actor, &request),
        Command::SetAgent(request) => agent::set(state, actor, *request, now).map(just),
        Command::RemoveAgent(name) => agent::remove(state, actor, &name).map(just),
        Command::StopAgents { agent, why, jobs } => {
            agent::stop(state, actor, agent.as_ref(), (why, jobs), now)
        }
        Command::ResumeAgents(agent) => agent::resume(state, actor, agent).map(just),
        Command::SetRule {
            rule,
            project,
            mode,
        } => agent::set_rule(state, actor, rule, project, mode).map(just),
        Command::AnswerCard { card, approve } => agent::answer(state, actor, card, approve, now),
        Command::UndoCard(card) => agent::undo(state, actor, card, now),
        Command::Propose(draft) => agent::propose(state, actor, *draft, now),
        Command::StartCampaign(spec) => campaign::start(state, actor, *spec, now),
        Command::ChangeCampaign(id, change) => campaign::change(state, actor, id, change, now),
        Command::RunTrial(id, draft) => campaign::run(state, actor, id, *draft, now),
        Command::EndTrial {
            campaign,
            trial,
            end,
        } => campaign::end_trial(state, actor, (campaign, trial), end, now).map(just),
        Command::AskedFor { campaign, micros } => {
            campaign::asked(state, actor, campaign, micros).map(just)
        }
        Command::Measured(card, effect) => agent::measured(state, actor, card, effect).map(just),
        Command::UseModel { agent, micros } => {
            agent::use_model(state, actor, agent, micros).map(just)
        }
    }
}

fn set_policy(state: &State, actor: &Actor, policy: PolicyChoice) -> Result<Vec<Event>, Refusal> {
    if !may(state, actor, Right::SetPolicy, Thing::CLUSTER) {
        return Err(Refusal::PolicyNotAllowed);
    }
    if *state.policy() == policy {
        return Ok(vec![]);
    }
    Ok(vec![Event::PolicySet { policy }])
}

/// Whether a deadline is ahead, and after the time before which the job does not begin.
fn deadline(spec: &JobSpec, now: Timestamp) -> Result<(), Refusal> {
    let Some(deadline) = spec.deadline else {
        return Ok(());
    };
    if deadline <= now {
        return Err(Refusal::DeadlineInPast { at: deadline });
    }
    match spec.begin {
        Some(begin) if begin >= deadline => Err(Refusal::DeadlineBeforeBegin { deadline, begin }),
        _ => Ok(()),
    }
}

fn just(events: Vec<Event>) -> Decision {
    Decision {
        events,
        ..Decision::default()
    }
}

/// The agent that acts, if one does.
fn by_agent(actor: &Actor) -> Option<UserName> {
    match actor {
        Actor::Agent { name, .. } => Some(name.clone()),
        Actor::User { .. } | Actor::Berth => None,
    }
}

/// Whether whoever acts may do it.
fn may(state: &State, actor: &Actor, right: Right, thing: Thing<'_>) -> bool {
    state.projects().may(actor, right, thing)
}
