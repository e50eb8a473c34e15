//! What `scancel` and `scontrol` do to jobs, arrays and tasks.

use berth_api::jobs::{ArrayArg, ChangeArray};
use berth_domain::JobId;

use super::ids::{self, Task};
use crate::commands::change::Change;
use crate::failure::Failure;
use crate::session::Session;

/// Changes what was named: a whole array at once, or jobs one by one.
pub async fn apply(session: &Session, change: Change, task: Task) -> Result<(), Failure> {
    let rows = ids::rows(session, task).await?;
    let array = rows.first().and_then(|row| row.array);
    let whole = array.is_some_and(|place| place.array == task.job) && task.index.is_none();
    if whole {
        let body = ArrayArg {
            id: task.job,
            change: change.of_array(),
        };
        return session
            .once(session.berth.call(ChangeArray { body }))
            .await
            .map(drop);
    }
    for row in rows {
        one(session, change, row.id).await?;
    }
    Ok(())
}

pub async fn one(session: &Session, change: Change, id: JobId) -> Result<(), Failure> {
    session.once(change.call(session, id)).await.map(drop)
}
