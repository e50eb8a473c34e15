//! What happened: the journal's entries. State is nothing but these, applied in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, AgentRule, Card, CardId, CardState, Effect, Mode, Stopped};
use crate::alert::{Alert, AlertId, Answer, Rung};
use crate::campaign::{CampaignChange, CampaignId, CampaignSpec, Trial};
use crate::command::{Actor, MoveTo};
use crate::cordon::{Cordon, Place};
use crate::foreign::ForeignProcess;
use crate::ids::{AttemptId, GpuUuid, JobId, NodeName, ReservationId, Seq, UserName};
use crate::job::{HoldBy, StopCause};
use crate::lease::Lease;
use crate::node::Node;
use crate::outcome::{Exit, Outcome};
use crate::policy::PolicyChoice;
use crate::project::Project;
use crate::quota::Quotas;
use crate::rank::Rank;
use crate::reservation::{Over, Reservation, WhyOver};
use crate::sentence::{dollars, gpu_hours, span};
use crate::spec::JobSpec;

/// A journal entry. Stored as JSON: add fields with `#[serde(default)]`, never change a meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub seq: Seq,
    pub at: Timestamp,
    pub actor: Actor,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    JobSubmitted {
        job: JobId,
        owner: UserName,
        spec: Box<JobSpec>,
        rank: Rank,
        held: Option<HoldBy>,
        /// Given by the client: the same key of the same user is the same submission.
        key: Option<String>,
        /// The agent that submitted it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<UserName>,
        /// The campaign whose trial it is, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        campaign: Option<CampaignId>,
    },
    JobHeld {
        job: JobId,
        by: HoldBy,
    },
    JobReleased {
        job: JobId,
    },
    JobMoved {
        job: JobId,
        rank: Rank,
        /// What was asked for, which a rank alone does not tell where the policy makes the order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<MoveTo>,
        /// Who may take it back; nobody where that was done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserName>,
    },
    /// The whole new specification, so that old readers need not know what a patch may hold.
    JobUpdated {
        job: JobId,
        spec: Box<JobSpec>,
    },
    /// An agent let a job that it did not submit use so much more: it is on its account until the job
    /// has ended.
    JobGiven {
        job: JobId,
        agent: UserName,
        gpus: u32,
        gpu_seconds: u64,
    },
    /// The intent: committed with its lease before the executor is asked to launch.
    AttemptStarting {
        attempt: AttemptId,
        lease: Lease,
    },
    AttemptRunning {
        attempt: AttemptId,
        /// What a person attaches to, one a rank.
        sessions: Vec<String>,
    },
    /// The attempt is told to save: its time limit is near.
    AttemptTold {
        attempt: AttemptId,
        until: Timestamp,
    },
    /// The attempt is to end; the executor signals it after this is committed.
    AttemptStopping {
        attempt: AttemptId,
        cause: StopCause,
    },
    /// The attempt ended, its lease with it, and the job goes on to what `then` says.
    AttemptExited {
        attempt: AttemptId,
        exit: Exit,
        then: Then,
    },
    /// A job ended that was not running.
    JobFinished {
        job: JobId,
        outcome: Outcome,
    },
    /// A finished job is queued again, at the end of the order.
    JobRequeued {
        job: JobId,
        rank: Rank,
    },
    /// A node joined or changed.
    NodeSeen {
        node: Node,
    },
    NodeGone {
        node: NodeName,
    },
    /// The planner follows this policy from now on.
    PolicySet {
        policy: PolicyChoice,
    },
    /// GPUs are promised, or promised otherwise than before.
    ReservationSet {
        reservation: Box<Reservation>,
    },
    ReservationCancelled {
        reservation: ReservationId,
    },
    /// A job of its holder runs in the occurrence that began then, or ran in it for so long.
    ReservationUsed {
        reservation: ReservationId,
        start: Timestamp,
        gpu_seconds: u64,
    },
    /// The occurrence that began then is over: nothing is kept for it any more.
    ReservationOver {
        reservation: ReservationId,
        start: Timestamp,
        over: Over,
    },
    /// How many GPUs each user and project may hold, from now on.
    QuotasSet {
        quotas: Box<Quotas>,
    },
    /// A project is so from now on; `None`: it is but a word on jobs.
    ProjectSet {
        project: String,
        to: Option<Box<Project>>,
    },
    /// A node or a GPU gets no new job from now on.
    Cordoned {
        place: Place,
        cordon: Cordon,
    },
    Uncordoned {
        place: Place,
    },
    /// The processes on this GPU that its lease does not explain, from now on.
    ForeignSet {
        gpu: GpuUuid,
        processes: Vec<ForeignProcess>,
    },
    /// Something is wrong.
    AlertOpened {
        alert: Box<Alert>,
    },
    AlertAnswered {
        alert: AlertId,
        answer: Box<Answer>,
    },
    /// Nobody answered, and Berth went one rung further.
    AlertClimbed {
        alert: AlertId,
        rung: Rung,
    },
    /// Its cause is gone, or what was answered holds no more.
    AlertResolved {
        alert: AlertId,
    },
    /// There is an agent, or its mandate is another from now on. What it used stays counted.
    AgentSet {
        agent: Box<Agent>,
    },
    AgentRemoved {
        agent: UserName,
    },
    /// It does nothing from now on; `None`: no agent does, and none of Berth's own rules.
    AgentsStopped {
        agent: Option<UserName>,
        stopped: Stopped,
    },
    AgentsResumed {
        agent: Option<UserName>,
    },
    AgentRuleSet {
        rule: AgentRule,
        project: Option<String>,
        mode: Option<Mode>,
    },
    /// Something was decided, done or refused.
    CardMade {
        card: Box<Card>,
    },
    /// It was answered, taken back, or is void.
    CardSettled {
        card: CardId,
        state: CardState,
        by: Option<UserName>,
        why: Option<String>,
    },
    /// What came of it.
    CardMeasured {
        card: CardId,
        measured: Effect,
    },
    /// A language model was asked for an agent, and cost so much.
    ModelUsed {
        agent: UserName,
        /// In millionths of a dollar.
        micros: u64,
    },
    CampaignStarted {
        campaign: CampaignId,
        owner: UserName,
        /// The agent that started it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<UserName>,
        spec: Box<CampaignSpec>,
    },
    /// There is a trial, or it is as this says from now on.
    TrialSet {
        campaign: CampaignId,
        trial: Box<Trial>,
    },
    /// A language model was asked for trials of it, and cost so much.
    CampaignAsked {
        campaign: CampaignId,
        /// In millionths of a dollar.
        micros: u64,
    },
    /// It was paused, let go on, steered, or is over.
    CampaignChanged {
        campaign: CampaignId,
        change: CampaignChange,
        by: UserName,
    },
}

/// What follows the end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "then", rename_all = "snake_case")]
pub enum Then {
    Finished {
        outcome: Outcome,
    },
    /// Queued again in its old place: a retry, a requeue, a lost node.
    Queued {
        /// Not tried again before.
        not_before: Option<Timestamp>,
    },
}

impl Event {
    /// The job that this is about, if it is about one.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        match self {
            Event::JobSubmitted { job, .. }
            | Event::JobHeld { job, .. }
            | Event::JobReleased { job }
            | Event::JobMoved { job, .. }
            | Event::JobUpdated { job, .. }
            | Event::JobGiven { job, .. }
            | Event::JobFinished { job, .. }
            | Event::JobRequeued { job, .. } => Some(*job),
            Event::AttemptStarting { attempt, .. }
            | Event::AttemptRunning { attempt, .. }
            | Event::AttemptTold { attempt, .. }
            | Event::AttemptStopping { attempt, .. }
            | Event::AttemptExited { attempt, .. } => Some(attempt.job),
            Event::NodeSeen { .. }
            | Event::NodeGone { .. }
            | Event::PolicySet { .. }
            | Event::ReservationSet { .. }
            | Event::ReservationCancelled { .. }
            | Event::ReservationUsed { .. }
            | Event::ReservationOver { .. }
            | Event::QuotasSet { .. }
            | Event::ProjectSet { .. }
            | Event::Cordoned { .. }
            | Event::Uncordoned { .. }
            | Event::ForeignSet { .. }
            | Event::AlertOpened { .. }
            | Event::AlertAnswered { .. }
            | Event::AlertClimbed { .. }
            | Event::AlertResolved { .. }
            | Event::AgentSet { .. }
            | Event::AgentRemoved { .. }
            | Event::AgentsStopped { .. }
            | Event::AgentsResumed { .. }
            | Event::AgentRuleSet { .. }
            | Event::CardMade { .. }
            | Event::CardSettled { .. }
            | Event::CardMeasured { .. }
            | Event::ModelUsed { .. }
            | Event::CampaignStarted { .. }
            | Event::TrialSet { .. }
            | Event::CampaignAsked { .. }
            | Event::CampaignChanged { .. } => None,
        }
    }

    /// The reservation that this is about, if it is about one.
    #[must_use]
    pub fn reservation(&self) -> Option<ReservationId> {
        match self {
            Event::ReservationSet { reservation } => Some(reservation.id),
            Event::ReservationCancelled { reservation }
            | Event::ReservationUsed { reservation, .. }
            | Event::ReservationOver { reservation, .. } => Some(*reservation),
            _ => None,
        }
    }

    /// The alert that this is about, if it is about one.
    #[must_use]
    pub fn alert(&self) -> Option<AlertId> {
        match self {
            Event::AlertOpened { alert } => Some(alert.id),
            Event::AlertAnswered { alert, .. }
            | Event::AlertClimbed { alert, .. }
            | Event::AlertResolved { alert } => Some(*alert),
            _ => None,
        }
    }

    /// The card of the ledger that this is about, if it is about one.
    #[must_use]
    pub fn card(&self) -> Option<CardId> {
        match self {
            Event::CardMade { card } => Some(card.id),
            Event::CardSettled { card, .. } | Event::CardMeasured { card, .. } => Some(*card),
            _ => None,
        }
    }

    /// The campaign that this is about, if it is about one and not about a job of it.
    #[must_use]
    pub fn campaign(&self) -> Option<CampaignId> {
        match self {
            Event::CampaignStarted { campaign, .. }
            | Event::TrialSet { campaign, .. }
            | Event::CampaignAsked { campaign, .. }
            | Event::CampaignChanged { campaign, .. } => Some(*campaign),
            _ => None,
        }
    }

    /// One sentence for a timeline.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Event::JobSubmitted { held: Some(_), .. } => "Submitted, held".to_owned(),
            Event::JobSubmitted { .. } => "Submitted".to_owned(),
            Event::JobHeld { .. } => "Held".to_owned(),
            Event::JobReleased { .. } => "Released".to_owned(),
            Event::JobMoved { .. } => "Moved in the queue".to_owned(),
            Event::JobUpdated { .. } => "Changed".to_owned(),
            Event::JobGiven {
                agent, gpu_seconds, ..
            } => {
                let most = gpu_hours(*gpu_seconds);
                format!("Up to {most} of it count on agent {agent}")
            }
            Event::AttemptStarting { attempt, lease } if lease.gpu_count() == 0 => {
                format!("Attempt {} starts without GPUs", attempt.number)
            }
            Event::AttemptStarting { attempt, lease } => {
                format!("Attempt {} starts on {}", attempt.number, lease.summary())
            }
            Event::AttemptRunning { attempt, .. } => format!("Attempt {} runs", attempt.number),
            Event::AttemptTold { .. } => "Told to save: its time limit is near".to_owned(),
            Event::AttemptStopping { cause, .. } => cause.sentence(),
            Event::AttemptExited {
                attempt,
                exit,
                then,
            } => {
                let number = attempt.number;
                match (exit.exit_code(), then) {
                    (_, Then::Finished { outcome }) => outcome.sentence(),
                    (Some(code), Then::Queued { .. }) => {
                        format!("Attempt {number} ended with code {code}; queued again")
                    }
                    (None, Then::Queued { .. }) => {
                        format!("Attempt {number} was lost; queued again")
                    }
                }
            }
            Event::JobFinished { outcome, .. } => outcome.sentence(),
            Event::JobRequeued { .. } => "Queued again".to_owned(),
            Event::NodeSeen { node } => format!("Node {} is there", node.name),
            Event::NodeGone { node } => format!("Node {node} is gone"),
            Event::PolicySet { policy } => format!("Policy {}", policy.name),
            Event::ReservationSet { reservation } => format!(
                "{}: {} from {}",
                reservation.label(),
                reservation.what.summary(),
                span(reservation.start, reservation.end)
            ),
            Event::ReservationCancelled { reservation } => {
                format!("Reservation {reservation} cancelled")
            }
            Event::ReservationUsed { reservation, .. } => {
                format!("Reservation {reservation} is used")
            }
            Event::ReservationOver {
                reservation, over, ..
            } => match over.why {
                WhyOver::Ended => format!("Reservation {reservation} is over"),
                WhyOver::NoShow => {
                    format!("Nobody came to reservation {reservation}: released")
                }
                WhyOver::EndedEarly | WhyOver::Cancelled => {
                    format!("Reservation {reservation} given back before its end")
                }
            },
            Event::QuotasSet { .. } => "Quotas changed".to_owned(),
            Event::ProjectSet { project, to: None } => format!("Project {project} removed"),
            Event::ProjectSet { project, .. } => format!("Project {project} changed"),
            Event::Cordoned { place, cordon } if cordon.drain => {
                format!("{place} is being drained: {}", cordon.reason)
            }
            Event::Cordoned { place, cordon } => format!("{place} cordoned: {}", cordon.reason),
            Event::Uncordoned { place } => format!("{place} gets jobs again"),
            Event::ForeignSet { gpu, processes } => match processes.first() {
                Some(first) => format!("{} uses {gpu} outside the queue", first.words()),
                None => format!("{gpu} is used by nobody outside the queue"),
            },
            Event::AlertOpened { alert } => {
                let finding = &alert.finding;
                format!("Alert {}: {}", alert.id, finding.text)
            }
            Event::AlertAnswered { alert, answer } => {
                let because = answer.because.as_ref();
                let because = because.map_or(String::new(), |why| format!(", because {why}"));
                format!("Alert {alert} answered: {}{because}", answer.choice)
            }
            Event::AlertClimbed { alert, rung } => format!("Alert {alert}: {}", rung.sentence()),
            Event::AlertResolved { alert } => format!("Alert {alert} is over"),
            Event::AgentSet { agent } => {
                format!("Agent {} acts for {}", agent.name, agent.acts_for)
            }
            Event::AgentRemoved { agent } => format!("Agent {agent} is no more"),
            Event::AgentsStopped { agent, stopped } => {
                let who = who(agent.as_ref());
                format!("{who} stopped by {}: {}", stopped.by, stopped.why)
            }
            Event::AgentsResumed { agent } => format!("{} may act again", who(agent.as_ref())),
            Event::AgentRuleSet {
                rule,
                project,
                mode,
            } => {
                let mode = mode.map_or("as by default", Mode::as_str);
                let of = project
                    .as_ref()
                    .map_or(String::new(), |of| format!(" of {of}"));
                format!("Rule {rule}{of}: {mode}")
            }
            Event::CardMade { card } => format!("Card {}: {}", card.id, card.title),
            Event::CardSettled { card, state, .. } => format!("Card {card}: {state}"),
            Event::CardMeasured { card, .. } => format!("Card {card}: measured"),
            Event::ModelUsed { agent, micros } => {
                format!(
                    "Agent {agent} asked a language model, for {}",
                    dollars(*micros)
                )
            }
            Event::CampaignStarted { campaign, spec, .. } => {
                format!("Campaign {campaign} started: {}", spec.name)
            }
            Event::TrialSet { campaign, trial } => {
                let result = trial
                    .result
                    .map_or(String::new(), |result| format!(", {result}"));
                format!(
                    "Campaign {campaign}, trial {} (job {}): {}{result}",
                    trial.number, trial.job, trial.state
                )
            }
            Event::CampaignAsked { campaign, micros } => {
                format!(
                    "Campaign {campaign} asked a language model, for {}",
                    dollars(*micros)
                )
            }
            Event::CampaignChanged {
                campaign, change, ..
            } => format!("Campaign {campaign} {}", change.words()),
        }
    }
}

fn who(agent: Option<&UserName>) -> String {
    agent.map_or_else(|| "All agents".to_owned(), |agent| format!("Agent {agent}"))
}
