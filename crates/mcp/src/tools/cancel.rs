//! Ending jobs.

use berth_api::ApiError;
use berth_api::jobs::{ArrayArg, CancelJob, ChangeArray, JobArg};
use berth_api::planner::ExplainJob;
use berth_api::views::{JobRow, LeasePart};
use berth_domain::{ArrayChange, JobId, Refusal, StateName};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};

use super::change::{self, About, ChangeArgs, array_of, tasks, wrong_state};
use super::queue::{Whose, waiting};
use crate::door::Through;
use crate::seen::job::{Changed, JobSeen, told};
use crate::seen::preview::ChangePreview;
use crate::seen::words::gpus;
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

/// How many of the waiting jobs are asked whether they wait for this one: each is planned for.
const ASKED: usize = 10;

#[tool_router(router = cancel_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Ends a job for good, waiting or running, or all tasks of its array. A running one gets
    /// SIGTERM, some seconds to save its work, then SIGKILL. preview_cancel takes the same
    /// arguments.
    #[tool(
        output_schema = data::<Changed>(),
        annotations(
            title = "Cancel",
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn cancel(
        Parameters(args): Parameters<ChangeArgs>,
        Through(door): Through<H>,
    ) -> Answer<Changed> {
        let id = JobId(args.id);
        if args.whole_array {
            let change = ArrayChange::Cancel;
            let body = ArrayArg { id, change };
            let answer = door.call(ChangeArray { body }).await?;
            let (text, seen) = change::array(&answer, change);
            return Ok(Told::new(text, seen));
        }
        let body = JobArg { id };
        let answer = door.call(CancelJob { body }).await?;
        let text = match answer.job.state {
            StateName::Finished => format!("Cancelled job {id}."),
            _ => format!(
                "Cancelling job {id}: it is being stopped. wait_for says when it has ended."
            ),
        };
        Ok(Told::new(text, Changed::job(&answer)))
    }

    /// What cancel would do with these arguments: which jobs it would end, what they hold, and who
    /// waits for that. Cancels nothing.
    #[tool(
        output_schema = data::<ChangePreview>(),
        annotations(
            title = "Preview of a cancellation",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_cancel(
        Parameters(args): Parameters<ChangeArgs>,
        Through(door): Through<H>,
    ) -> Answer<ChangePreview> {
        let about = About::new(&door, JobId(args.id)).await?;
        let seen = preview(&door, &about, args.whole_array).await?;
        Ok(Told::new(seen.text(), seen))
    }
}

/// Calls nothing that changes anything.
pub(super) async fn preview<D: Door>(
    door: &D,
    about: &About,
    whole_array: bool,
) -> Result<ChangePreview, ApiError> {
    let row = &about.job.row;
    let job = Some(JobSeen::new(row));
    if let Err(refusal) = about.allowed("cancel") {
        return Ok(ChangePreview::refused(job, refusal));
    }
    if whole_array {
        let array = match array_of(door, row).await? {
            Ok(array) => array,
            Err(refusal) => return Ok(ChangePreview::refused(job, refusal)),
        };
        let (live, active) = (array.tasks.live(), array.tasks.active);
        if live == 0 {
            let (array, change) = (array.array, ArrayChange::Cancel);
            let refusal = Refusal::NoTask { array, change };
            return Ok(ChangePreview::refused(job, refusal));
        }
        let mut consequences = vec![format!("{} would be ended for good.", tasks(live, &array))];
        if active > 0 {
            consequences.push(format!("{active} of them run now and would be stopped."));
        }
        return Ok(ChangePreview::accepted(job, consequences));
    }
    if row.state == StateName::Finished {
        let refusal = wrong_state(row, "waiting or running", "cancelled");
        return Ok(ChangePreview::refused(job, refusal));
    }
    let consequences = consequences(door, row).await?;
    Ok(ChangePreview::accepted(job, consequences))
}

async fn consequences<D: Door>(door: &D, row: &JobRow) -> Result<Vec<String>, ApiError> {
    let mut all = vec![told(row)];
    if row.is_waiting() {
        all.push("It would leave the queue. Nothing of it has to be stopped.".to_owned());
        return Ok(all);
    }
    let held: Vec<String> = row.lease.iter().flatten().map(LeasePart::words).collect();
    let begun = row.started_at.map(|at| format!(" since {at}"));
    all.push(format!(
        "It would get SIGTERM, some seconds to save its work, then SIGKILL. It has run{}; what it did not \
         save would be lost.",
        begun.unwrap_or_default()
    ));
    if !held.is_empty() {
        let (size, held) = (gpus(row.gpus), held.join(" "));
        all.push(format!("{size} would become free: {held}."));
        let first = waits_for(door, row.id).await?;
        all.extend(first.iter().map(|other| {
            format!(
                "Job {} ({}, of {}, {}) waits for what it holds.",
                other.id,
                other.name,
                other.user,
                gpus(other.gpus)
            )
        }));
    }
    Ok(all)
}

/// Of the first waiting jobs, those of which the planner says that this one holds what they would
/// get.
async fn waits_for<D: Door>(door: &D, holder: JobId) -> Result<Vec<JobRow>, ApiError> {
    let (first, _) = waiting(door, Whose::Everybody, ASKED).await?;
    let mut found = vec![];
    for row in first {
        if row.state != StateName::Queued {
            continue;
        }
        let answer = door.call(ExplainJob { id: row.id }).await?;
        if answer.holders.iter().any(|one| one.job == holder) {
            found.push(row);
        }
    }
    Ok(found)
}
