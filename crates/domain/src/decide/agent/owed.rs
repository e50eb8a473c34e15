//! What a rule owes for what it did: it is done whatever the rule may do by now, and also when all is stopped.

use crate::agent::{Act, AgentRule, Draft};
use crate::command::JobPatch;
use crate::job::JobState;
use crate::state::State;

/// Whether it gives a running job back the time that its limit was shortened by. That rule never makes a
/// limit longer for any other reason.
pub(super) fn is_owed(state: &State, draft: &Draft) -> bool {
    let Some(Act::Update { job, patch }) = &draft.act else {
        return false;
    };
    let only_time = JobPatch {
        time_limit: patch.time_limit,
        ..JobPatch::default()
    };
    let longer = state.live_job(*job).is_some_and(|job| {
        let runs = matches!(job.state, JobState::Running { .. });
        runs && patch
            .time_limit
            .is_some_and(|limit| limit > job.spec.time_limit)
    });
    draft.rule == AgentRule::ShortenLimit
        && draft.job == Some(*job)
        && **patch == only_time
        && longer
}
