//! Submitting jobs and sweeps.

mod args;
mod preview;

use berth_api::jobs::{JobAnswer, SubmitJob};
use berth_api::{ApiError, ErrorCode};
use berth_domain::SubmitRequest;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Serialize;

pub(super) use self::args::SubmitArgs;
use self::args::SweepArgs;
pub(super) use self::preview::is_about_request;
use self::preview::{SubmitPreview, preview};
use crate::door::Through;
use crate::seen::job::{JobSeen, told};
use crate::told::{Answer, Refused, Told, data, sentence};
use crate::{Agent, Door, House};

/// What was submitted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Submitted {
    /// The job; of an array or sweep its first task.
    pub job: JobSeen,
    /// How many jobs there are: more than one of an array or sweep.
    pub jobs: usize,
    /// The number of the last one; all between the first and this are of the same array or sweep.
    pub last: u64,
    /// The key was known: this is the job that was submitted with it before, and nothing new.
    pub repeated: bool,
    /// Submit with the same key again, and it is the same job: for when an answer was lost.
    pub idempotency_key: String,
}

#[tool_router(router = submit_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Queues a command, or one for each number of an array. Berth starts it on exactly the GPUs
    /// that it asks for as soon as it can. Returns its number at once; use wait_for to wait.
    /// preview_submit takes the same arguments.
    #[tool(
        output_schema = data::<Submitted>(),
        annotations(
            title = "Submit a job",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn submit_job(
        Parameters(args): Parameters<SubmitArgs>,
        Through(door): Through<H>,
    ) -> Answer<Submitted> {
        submit(&door, args.into()).await
    }

    /// What submit_job would do with these arguments: everything that is wrong with them, or how
    /// many jobs it would be and when the first would start. Submits nothing.
    #[tool(
        output_schema = data::<SubmitPreview>(),
        annotations(
            title = "Preview of a submission",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_submit(
        Parameters(args): Parameters<SubmitArgs>,
        Through(door): Through<H>,
    ) -> Answer<SubmitPreview> {
        let seen = preview(&door, &args.into()).await?;
        Ok(Told::new(seen.text(), seen))
    }

    /// Queues one job for each combination of parameters: lr=1e-3,1e-4 and seed=0..4 are ten jobs.
    /// In command, name, workdir and env {lr} stands for the value. preview_sweep takes the same
    /// arguments.
    #[tool(
        output_schema = data::<Submitted>(),
        annotations(
            title = "Submit a sweep",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn submit_sweep(
        Parameters(args): Parameters<SweepArgs>,
        Through(door): Through<H>,
    ) -> Answer<Submitted> {
        submit(&door, args.into()).await
    }

    /// What submit_sweep would do with these arguments: everything that is wrong with them, or how
    /// many jobs it would be and when the first would start. Submits nothing.
    #[tool(
        output_schema = data::<SubmitPreview>(),
        annotations(
            title = "Preview of a sweep",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_sweep(
        Parameters(args): Parameters<SweepArgs>,
        Through(door): Through<H>,
    ) -> Answer<SubmitPreview> {
        let seen = preview(&door, &args.into()).await?;
        Ok(Told::new(seen.text(), seen))
    }
}

async fn submit<D: Door>(door: &D, mut request: SubmitRequest) -> Answer<Submitted> {
    let key = request
        .idempotency_key
        .get_or_insert_with(|| format!("mcp-{:032x}", rand::random::<u128>()))
        .clone();
    let answer = door.call(SubmitJob { body: request }).await;
    let JobAnswer {
        job,
        tasks,
        repeated,
    } = answer.map_err(|error| lost(&error, &key))?;
    let jobs = tasks.len().max(1);
    let last = tasks.last().map_or(job.id.0, |last| last.0);
    let mut text = match (repeated, jobs) {
        (true, _) => format!("Job {} was submitted with this key before.", job.id),
        (false, 1) => format!("Submitted job {}.", job.id),
        (false, jobs) => format!("Submitted {jobs} jobs, {} to {last}.", job.id),
    };
    text += &format!(" {} Idempotency key: {key}.", told(&job));
    let seen = Submitted {
        job: JobSeen::new(&job),
        jobs,
        last,
        repeated,
        idempotency_key: key,
    };
    Ok(Told::new(text, seen))
}

/// Where it is not known whether it was done, how to find out without doing it twice.
fn lost(error: &ApiError, key: &str) -> Refused {
    let text = sentence(error);
    match error.code() {
        ErrorCode::Unreachable | ErrorCode::Internal | ErrorCode::Unavailable => Refused(format!(
            "{text} It may have been submitted all the same: submit it again with idempotency_key {key}, and \
             it is the same job."
        )),
        _ => Refused(text),
    }
}
