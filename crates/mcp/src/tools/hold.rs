//! Keeping queued jobs from starting, and letting them.

use berth_api::ApiError;
use berth_api::jobs::{ArrayArg, ChangeArray, HoldJob, JobArg, ReleaseJob};
use berth_domain::{ArrayChange, JobId, Refusal, Right, StateName};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

use super::change::{self, About, array_of, tasks, wrong_state};
use crate::door::Through;
use crate::seen::job::{Changed, JobSeen, told};
use crate::seen::preview::ChangePreview;
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldArgs {
    /// The job's number.
    pub id: u64,
    /// Let it start instead: queue it again if it is held.
    #[serde(default)]
    pub release: bool,
    /// All tasks of the array or sweep that it belongs to, to which it can be done.
    #[serde(default)]
    pub whole_array: bool,
}

impl HoldArgs {
    fn change(self) -> ArrayChange {
        if self.release {
            ArrayChange::Release
        } else {
            ArrayChange::Hold
        }
    }
}

#[tool_router(router = hold_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Keeps a queued job from starting until it is released; with release, lets a held one start.
    /// What runs is not touched. preview_hold takes the same arguments.
    #[tool(
        output_schema = data::<Changed>(),
        annotations(
            title = "Hold or release",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn hold(
        Parameters(args): Parameters<HoldArgs>,
        Through(door): Through<H>,
    ) -> Answer<Changed> {
        let id = JobId(args.id);
        if args.whole_array {
            let change = args.change();
            let body = ArrayArg { id, change };
            let answer = door.call(ChangeArray { body }).await?;
            let (text, seen) = change::array(&answer, change);
            return Ok(Told::new(text, seen));
        }
        let body = JobArg { id };
        let answer = if args.release {
            door.call(ReleaseJob { body }).await?
        } else {
            door.call(HoldJob { body }).await?
        };
        let done = if args.release { "Released" } else { "Held" };
        let text = format!("{done} job {id}. {}", told(&answer.job));
        Ok(Told::new(text, Changed::job(&answer)))
    }

    /// What hold would do with these arguments, or why it would be refused. Changes nothing.
    #[tool(
        output_schema = data::<ChangePreview>(),
        annotations(
            title = "Preview of a hold or release",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_hold(
        Parameters(args): Parameters<HoldArgs>,
        Through(door): Through<H>,
    ) -> Answer<ChangePreview> {
        let seen = preview(&door, args).await?;
        Ok(Told::new(seen.text(), seen))
    }
}

async fn preview<D: Door>(door: &D, args: HoldArgs) -> Result<ChangePreview, ApiError> {
    let about = About::new(door, JobId(args.id)).await?;
    let row = &about.job.row;
    let job = Some(JobSeen::new(row));
    if let Err(refusal) = about.allowed(args.change().verb()) {
        return Ok(ChangePreview::refused(job, refusal));
    }
    if args.whole_array {
        let array = match array_of(door, row).await? {
            Ok(array) => array,
            Err(refusal) => return Ok(ChangePreview::refused(job, refusal)),
        };
        let count = match args.change() {
            ArrayChange::Release => array.tasks.held,
            _ => array.tasks.queued,
        };
        if count == 0 {
            let (array, change) = (array.array, args.change());
            let refusal = Refusal::NoTask { array, change };
            return Ok(ChangePreview::refused(job, refusal));
        }
        let what = tasks(count, &array);
        let all = vec![if args.release {
            format!("{what} would be queued.")
        } else {
            format!("{what} would not start until they are released.")
        }];
        return Ok(ChangePreview::accepted(job, all));
    }
    let by_admin = about.job.held_by.as_deref() == Some("admin");
    let may_release = (about.asks).may(Right::ReleaseHeld, &row.user, row.project.as_deref());
    let then = match (args.release, row.state) {
        (false, StateName::Queued) => "It would not start until it is released.",
        (false, StateName::Held) => "It is held already: nothing would change.",
        (false, _) => {
            let refusal = wrong_state(row, "queued", "held");
            return Ok(ChangePreview::refused(job, refusal));
        }
        (true, StateName::Held) if by_admin && !may_release => {
            let refusal = Refusal::HeldByAdmin { job: row.id };
            return Ok(ChangePreview::refused(job, refusal));
        }
        (true, StateName::Held) => {
            "It would be queued at its place, and start as soon as its turn and its GPUs come."
        }
        (true, StateName::Queued) => "It is queued already: nothing would change.",
        (true, _) => {
            let refusal = wrong_state(row, "held", "released");
            return Ok(ChangePreview::refused(job, refusal));
        }
    };
    Ok(ChangePreview::accepted(
        job,
        vec![told(row), then.to_owned()],
    ))
}
