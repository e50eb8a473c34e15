//! The rules, one file each: what it looks for, and what it proposes.

mod deadline;
mod drain_for_gang;
mod fill_gaps;
mod give_back;
mod idle_ladder;
mod release_no_show;
mod requeue_lost;
mod retry_memory;
mod shorten_limit;

use std::sync::Arc;

use berth_domain::agent::{AgentRule, Draft};
use berth_domain::{Job, Rank};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{Facts, Gate, Pending, Snapshot};

pub use self::give_back::owed;
use super::bench::Bench;

/// What a rule finds.
pub(super) type Find = fn(&Bench<'_>) -> Vec<Draft>;

pub(super) const RULES: [(AgentRule, Find); 8] = [
    (AgentRule::RequeueLost, requeue_lost::find),
    (AgentRule::RetryMemory, retry_memory::find),
    (AgentRule::ReleaseNoShow, release_no_show::find),
    (AgentRule::Deadline, deadline::find),
    (AgentRule::IdleLadder, idle_ladder::find),
    (AgentRule::ShortenLimit, shorten_limit::find),
    (AgentRule::DrainForGang, drain_for_gang::find),
    (AgentRule::FillGaps, fill_gaps::find),
];

/// Queues a job again that has ended, behind all others. What it runs nobody foretells any more: it is
/// taken to run half of what it asks for.
fn again(snapshot: &mut Snapshot, job: &Job) {
    let half = job.spec.time_limit.as_secs_f64() / 2.0;
    snapshot.pending.push(Pending {
        job: Facts {
            rank: Rank::ordinal(u64::MAX),
            predicted: Some(Arc::new(RunTime::about(half))),
            ..Facts::of(job)
        },
        gate: Gate::Open,
    });
}
