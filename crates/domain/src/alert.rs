//! Alerts: what is wrong, who is asked, and what can be answered. Each opens once, and ends when its
//! cause does.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cordon::Place;
use crate::event::Event;
use crate::ids::{GpuUuid, JobId, NodeName, UserName};
use crate::tokens::tokens;

/// An alert's number: given once, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AlertId(pub u64);

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AlertId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(AlertId)
    }
}

tokens! {
    /// What is looked for.
    AlertRule, "a rule" {
        /// GPUs are held and no process uses them.
        NoProcess = "no_process",
        /// A process is there and does nothing.
        IdleProcess = "idle_process",
        /// Memory is held without any work.
        MemoryHeld = "memory_held",
        /// It works a little at a time: it waits for its data.
        Starved = "starved",
        /// All its GPUs are at 100 %, little of it is work, and the log is silent.
        HungCollective = "hung_collective",
        Temperature = "temperature",
        Throttled = "throttled",
        /// Memory errors that were not mended.
        EccErrors = "ecc_errors",
        /// The driver told of an error of a program.
        XidError = "xid_error",
        /// The driver told of an error after which the GPU cannot be used.
        XidFatal = "xid_fatal",
        /// Nearly all memory is in use.
        MemoryFull = "memory_full",
        /// Nothing is heard of a node.
        NodeSilent = "node_silent",
        /// The disk of the server's data is nearly full.
        DataDisk = "data_disk",
        /// Ordinary jobs wait longer than they should.
        QueueWait = "queue_wait",
        /// A job fails again and again, soon after each start.
        FailingLoop = "failing_loop",
        /// A process uses a GPU outside the queue.
        Foreign = "foreign",
        /// A process uses a GPU that another job holds.
        Isolation = "isolation",
    }
}

impl AlertRule {
    /// Held GPUs without work, told apart five ways.
    #[must_use]
    pub fn is_idle(self) -> bool {
        matches!(
            self,
            AlertRule::NoProcess
                | AlertRule::IdleProcess
                | AlertRule::MemoryHeld
                | AlertRule::Starved
                | AlertRule::HungCollective
        )
    }

    /// A short title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            AlertRule::NoProcess => "Held, no process",
            AlertRule::IdleProcess => "Held, process idle",
            AlertRule::MemoryHeld => "Memory held, no work",
            AlertRule::Starved => "Starved for data",
            AlertRule::HungCollective => "Seems hung",
            AlertRule::Temperature => "Hot",
            AlertRule::Throttled => "Slowed down",
            AlertRule::EccErrors => "Memory errors",
            AlertRule::XidError => "Driver error",
            AlertRule::XidFatal => "Broken GPU",
            AlertRule::MemoryFull => "Memory nearly full",
            AlertRule::NodeSilent => "Node silent",
            AlertRule::DataDisk => "Disk nearly full",
            AlertRule::QueueWait => "Long wait",
            AlertRule::FailingLoop => "Fails again and again",
            AlertRule::Foreign => "Foreign process",
            AlertRule::Isolation => "GPU shared unasked",
        }
    }
}

tokens! {
    /// How much it matters.
    Severity, "a severity" {
        Info = "info",
        Warning = "warning",
        Critical = "critical",
    }
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    Job { job: JobId },
    Gpu { place: Place, gpu: GpuUuid },
    Node { node: NodeName },
    Queue,
    Server,
}

impl Subject {
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        match self {
            Subject::Job { job } => Some(*job),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Job { job } => write!(f, "job {job}"),
            Subject::Gpu { place, .. } => place.fmt(f),
            Subject::Node { node } => node.fmt(f),
            Subject::Queue => f.write_str("the queue"),
            Subject::Server => f.write_str("the server"),
        }
    }
}

tokens! {
    /// What can be answered.
    Choice, "an answer" {
        /// It stays as it is for some hours, for a reason.
        Keep = "keep",
        /// The job is cancelled.
        Stop = "stop",
        /// The job makes room when another needs its GPUs.
        Preemptible = "preemptible",
        /// The job saves, ends, and is queued again.
        Requeue = "requeue",
        /// The GPU or node gets no new job.
        Cordon = "cordon",
        /// The foreign process becomes a job.
        Adopt = "adopt",
        /// It does not matter.
        Ignore = "ignore",
    }
}

impl Choice {
    /// On a button.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Choice::Keep => "Keep it",
            Choice::Stop => "Stop it",
            Choice::Preemptible => "May be preempted",
            Choice::Requeue => "Requeue it",
            Choice::Cordon => "Cordon",
            Choice::Adopt => "Adopt as a job",
            Choice::Ignore => "Ignore",
        }
    }
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AlertAnswer")
)]
pub struct Answer {
    pub by: UserName,
    pub at: Timestamp,
    pub choice: Choice,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// If the cause is still there then, the alert opens anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What was found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: AlertRule,
    pub subject: Subject,
    pub severity: Severity,
    /// What is wrong, with the figures, in sentences.
    pub text: String,
    /// What to do about it.
    pub advice: String,
    /// Who is asked first; `None`: the admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<UserName>,
    pub choices: Vec<Choice>,
}

/// A finding that somebody was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    #[serde(flatten)]
    pub finding: Finding,
    pub opened_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// How far Berth went by itself, because nobody answered.
    #[serde(default)]
    pub rung: Rung,
}

tokens! {
    /// Where an alert is in its life.
    AlertState, "a state" {
        Open = "open",
        Answered = "answered",
        Resolved = "resolved",
    }
}

impl Alert {
    #[must_use]
    pub fn state(&self) -> AlertState {
        match (&self.answer, self.resolved_at) {
            (_, Some(_)) => AlertState::Resolved,
            (Some(_), None) => AlertState::Answered,
            (None, None) => AlertState::Open,
        }
    }

    /// Takes one step; an event about something else changes nothing.
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::AlertAnswered { answer, .. } => self.answer = Some((**answer).clone()),
            Event::AlertClimbed { rung, .. } => self.rung = *rung,
            Event::AlertResolved { .. } => self.resolved_at = Some(at),
            _ => {}
        }
    }

    /// Whether it is about the same as this finding.
    #[must_use]
    pub fn is_of(&self, finding: &Finding) -> bool {
        self.finding.rule == finding.rule && self.finding.subject == finding.subject
    }
}

tokens! {
    /// What Berth does by itself about a job that holds GPUs without work, when nobody answers: one
    /// rung after another, as far as the configuration lets it.
    #[derive(Default)]
    Rung, "how far Berth may go" {
        /// Only ask.
        #[default]
        Ask = "ask",
        /// It makes room when another needs its GPUs.
        Preemptible = "preemptible",
        /// It is told to save.
        Checkpoint = "checkpoint",
        /// It is ended and queued again.
        Requeue = "requeue",
    }
}

impl Rung {
    /// The one above.
    #[must_use]
    pub fn next(self) -> Option<Rung> {
        match self {
            Rung::Ask => Some(Rung::Preemptible),
            Rung::Preemptible => Some(Rung::Checkpoint),
            Rung::Checkpoint => Some(Rung::Requeue),
            Rung::Requeue => None,
        }
    }

    /// What was done, for a timeline.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Rung::Ask => "asked",
            Rung::Preemptible => "nobody answered: it may be preempted now",
            Rung::Checkpoint => "nobody answered: it was told to save",
            Rung::Requeue => "nobody answered: it is queued again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        for rule in AlertRule::ALL {
            assert_eq!(rule.as_str().parse(), Ok(*rule));
            assert_eq!(serde_json::to_string(rule).unwrap(), format!("\"{rule}\""));
        }
        for choice in Choice::ALL {
            assert_eq!(choice.as_str().parse(), Ok(*choice));
        }
        let error = "shrug".parse::<Choice>().unwrap_err();
        assert!(
            error.starts_with("'shrug' is not an answer: keep, stop"),
            "{error}"
        );
    }
}
