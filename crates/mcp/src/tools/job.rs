//! A job.

use berth_api::ApiError;
use berth_api::jobs::{GetJob, JobEvents};
use berth_api::views::{EventView, JobRow};
use berth_domain::JobId;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

use crate::door::Through;
use crate::seen::job::{JobDetailSeen, told};
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

/// How many events are told of; the last ones.
const EVENTS: usize = 50;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobArgs {
    /// The job's number.
    pub id: u64,
    /// Also what happened to it, the last 50 events.
    #[serde(default)]
    pub events: bool,
}

#[tool_router(router = job_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Everything about a job: its state and why it waits or how it ended, command, limits,
    /// attempts, the folder with its files, and what it did with its GPUs. Its log is read with
    /// job_log.
    #[tool(
        output_schema = data::<JobDetailSeen>(),
        annotations(
            title = "Job",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn job(
        Parameters(args): Parameters<JobArgs>,
        Through(door): Through<H>,
    ) -> Answer<JobDetailSeen> {
        let (seen, row) = detail(&door, JobId(args.id), args.events).await?;
        let ran = seen.usage.as_ref().map(|usage| {
            let busy = usage.busy_percent;
            let busy = busy.map_or(String::new(), |busy| format!(", {busy:.0} % busy"));
            format!("\nIt held {:.2} GPU-hours{busy}.", usage.gpu_hours_held)
        });
        let text = told(&row) + &ran.unwrap_or_default();
        Ok(Told::new(text, seen))
    }
}

pub(crate) async fn detail<D: Door>(
    door: &D,
    id: JobId,
    events: bool,
) -> Result<(JobDetailSeen, JobRow), ApiError> {
    let job = door.call(GetJob { id }).await?.job;
    let happened = if events {
        all_events(door, id).await?
    } else {
        vec![]
    };
    let last = happened.len().saturating_sub(EVENTS);
    let seen = JobDetailSeen::new(&job, &happened[last..]);
    Ok((seen, job.row))
}

async fn all_events<D: Door>(door: &D, id: JobId) -> Result<Vec<EventView>, ApiError> {
    let mut happened = vec![];
    let mut after = None;
    loop {
        let page = door.call(JobEvents { id, after }).await?;
        happened.extend(page.events);
        after = page.next;
        if after.is_none() {
            return Ok(happened);
        }
    }
}
