//! Berth's domain: jobs, attempts, leases, nodes, reasons and events, and the state machine that
//! ties them together.
//!
//! Nothing here does I/O or reads a clock: [`decide`](decide::decide) turns an input into events,
//! [`State::apply`] turns events into state, and the caller says what time it is. The crate
//! compiles to wasm, so the browser reasons with the same types as the server.

pub mod agent;
pub mod alert;
pub mod array;
pub mod audit;
pub mod campaign;
pub mod command;
pub mod commandline;
pub mod constraints;
pub mod cordon;
pub mod decide;
pub mod detection;
pub mod event;
pub mod foreign;
pub mod ids;
pub mod job;
pub mod lease;
pub mod line;
pub mod memory;
pub mod node;
pub mod notice;
pub mod notification;
pub mod outcome;
pub mod policy;
pub mod project;
pub mod quota;
pub mod rank;
pub mod reason;
pub mod refusal;
pub mod reservation;
pub mod rights;
pub mod sample;
mod sentence;
pub mod spec;
pub mod state;
pub mod submit;
mod tokens;
pub mod walltime;

pub use agent::{Act, Agent, Agents, Card, CardId, Mandate};
pub use alert::{
    Alert, AlertId, AlertRule, AlertState, Answer, Choice, Finding, Rung, Severity, Subject,
};
pub use array::{Array, ArrayChange, Tasks};
pub use campaign::{Campaign, CampaignChange, CampaignId, CampaignSpec, Trial};
pub use command::{Actor, Command, ConstraintsPatch, JobPatch, MoveTo};
pub use constraints::{Constraint, Constraints};
pub use cordon::{Cordon, Cordons, Place};
pub use decide::{Decision, Input, Ladder, Report, Rules, Seen, decide};
pub use detection::{ClusterKind, Detection, Signal, SignalName};
pub use event::{Event, Record};
pub use foreign::{Adopted, Foreign, ForeignProcess};
pub use ids::{AttemptId, GpuUuid, JobId, NodeName, ReservationId, Seq, TalkId, UserName};
pub use jiff::Timestamp;
pub use job::{Attempt, BeforeMove, HoldBy, Job, JobState, StateName, StopCause};
pub use lease::{GpuRef, Lease, NodeLease};
pub use line::InLine;
pub use node::{Gpu, Node, NodeSource, Versions};
pub use notice::{Notice, NoticeSignal};
pub use notification::{Occasion, Preferences};
pub use outcome::{Ended, Exit, Outcome};
pub use policy::PolicyChoice;
pub use project::{Project, Projects};
pub use quota::{Budget, Period, Quota, Quotas};
pub use rank::Rank;
pub use reason::PendingReason;
pub use refusal::Refusal;
pub use reservation::{Holder, Reservation, ReserveRequest};
pub use rights::{Of, Right, Role, Thing};
pub use sample::{Figure, GpuProcess, GpuSample, SampleSource, Throttle};
pub use sentence::dollars;
pub use spec::{ArrayTask, Dependency, DependencyKind, JobSpec, PriorityClass};
pub use state::State;
pub use submit::{ArrayRequest, SubmitRequest};
