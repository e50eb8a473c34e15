//! What changes to jobs, and their previews, have in common.

use berth_api::ApiError;
use berth_api::cluster::GetWhoami;
use berth_api::jobs::{ArrayAnswer, GetJob, ListJobs};
use berth_api::views::{ArrayView, JobDetail, JobRow, Whoami};
use berth_domain::{ArrayChange, JobId, Refusal, Right};
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;

use crate::Door;
use crate::seen::job::{ArraySeen, Changed};
use crate::seen::words::counted;

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeArgs {
    /// The job's number.
    pub id: u64,
    /// All tasks of the array or sweep that it belongs to, to which it can be done.
    #[serde(default)]
    pub whole_array: bool,
}

/// A job, and who asks.
pub(super) struct About {
    pub job: JobDetail,
    pub asks: Whoami,
}

impl About {
    pub async fn new<D: Door>(door: &D, id: JobId) -> Result<Self, ApiError> {
        let job = door.call(GetJob { id }).await?.job;
        let asks = door.call(GetWhoami {}).await?;
        Ok(About { job, asks })
    }

    /// Whether whoever asks may change it.
    pub fn allowed(&self, verb: &str) -> Result<(), Refusal> {
        let row = &self.job.row;
        if self
            .asks
            .may(Right::ChangeJob, &row.user, row.project.as_deref())
        {
            return Ok(());
        }
        Err(Refusal::NotYours {
            job: row.id,
            owner: row.user.clone(),
            verb: verb.to_owned(),
        })
    }
}

pub(super) fn wrong_state(row: &JobRow, needed: &str, done: &str) -> Refusal {
    Refusal::WrongState {
        job: row.id,
        state: row.state.as_str().to_lowercase(),
        needed: needed.to_owned(),
        done: done.to_owned(),
    }
}

/// How the array of a job stands.
pub(super) async fn array_of<D: Door>(
    door: &D,
    row: &JobRow,
) -> Result<Result<ArrayView, Refusal>, ApiError> {
    let Some(place) = row.array else {
        return Ok(Err(Refusal::NoArray { job: row.id }));
    };
    let list = ListJobs {
        user: None,
        state: None,
        outcome: None,
        project: None,
        text: None,
        array: Some(place.array),
        grouped: None,
        limit: Some(1),
        cursor: None,
    };
    let found = door.call(list).await?.arrays.pop();
    Ok(found.ok_or(Refusal::NoSuchJob { job: row.id }))
}

/// What became of an array, and in words.
pub(super) fn array(answer: &ArrayAnswer, change: ArrayChange) -> (String, Changed) {
    let (id, total) = (answer.array.array, answer.array.tasks.total());
    let done = match change {
        ArrayChange::Cancel => "Cancelled",
        ArrayChange::Hold => "Held",
        ArrayChange::Release => "Released",
        ArrayChange::RetryFailed => "Queued again",
    };
    let count = answer.tasks.len();
    let text = format!("{done} {count} of the {total} tasks of array {id}.");
    let seen = Changed {
        job: None,
        array: Some(ArraySeen::new(&answer.array)),
        changed: answer.tasks.iter().map(|id| id.0).collect(),
    };
    (text, seen)
}

/// `3 tasks of array 17 (lr sweep, of ana)`.
pub(super) fn tasks(count: u32, array: &ArrayView) -> String {
    let count = counted(count as usize, "task");
    let ArrayView {
        array, name, user, ..
    } = array;
    format!("{count} of array {array} ({name}, of {user})")
}
