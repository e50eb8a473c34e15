//! Another place in the queue.

use berth_api::ApiError;
use berth_api::jobs::{GetJob, JobArg, MoveArg, MoveJob, UndoMove};
use berth_api::planner::ExplainJob;
use berth_api::queue::{GetQueueOrder, QueueOrder};
use berth_api::views::JobRow;
use berth_domain::line::may_pass;
use berth_domain::{InLine, JobId, MoveTo, Refusal, Role};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

use super::change::{About, wrong_state};
use super::queue::sooner;
use crate::door::Through;
use crate::seen::job::{Changed, JobSeen, told};
use crate::seen::preview::ChangePreview;
use crate::seen::words::counted;
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveArgs {
    /// The job's number.
    pub id: u64,
    /// Where to: the top or the bottom of its class, just before or just after the other job, or
    /// back to where it was before you moved it last.
    pub to: To,
    /// The other job's number, for before and after.
    pub other: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum To {
    Top,
    Bottom,
    Before,
    After,
    Back,
}

impl MoveArgs {
    /// `None`: back.
    fn place(self) -> Result<Option<MoveTo>, ApiError> {
        let other = self.other.map(JobId);
        match (self.to, other) {
            (To::Top, None) => Ok(Some(MoveTo::Top)),
            (To::Bottom, None) => Ok(Some(MoveTo::Bottom)),
            (To::Back, None) => Ok(None),
            (To::Before, Some(other)) => Ok(Some(MoveTo::Before(other))),
            (To::After, Some(other)) => Ok(Some(MoveTo::After(other))),
            (To::Before | To::After, None) => Err(ApiError::invalid(
                "other",
                "Say which job: before and after need the number of another one.",
            )),
            (To::Top | To::Bottom | To::Back, Some(_)) => Err(ApiError::invalid(
                "other",
                "Another job is named only for before and after.",
            )),
        }
    }
}

#[tool_router(router = move_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Gives a waiting job another place among those of its class. Your own jobs may pass each
    /// other; only an admin puts one before somebody else's. preview_move takes the same arguments.
    #[tool(
        name = "move",
        output_schema = data::<Changed>(),
        annotations(
            title = "Move in the queue",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn move_job(
        Parameters(args): Parameters<MoveArgs>,
        Through(door): Through<H>,
    ) -> Answer<Changed> {
        let id = JobId(args.id);
        let answer = match args.place()? {
            Some(to) => {
                let body = MoveArg { id, to };
                door.call(MoveJob { body }).await?
            }
            None => {
                let body = JobArg { id };
                door.call(UndoMove { body }).await?
            }
        };
        let text = format!("Moved job {id}. {}", told(&answer.job));
        Ok(Told::new(text, Changed::job(&answer)))
    }

    /// What move would do with these arguments: which jobs it would pass, or why that would be
    /// refused. Moves nothing.
    #[tool(
        output_schema = data::<ChangePreview>(),
        annotations(
            title = "Preview of a move",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_move(
        Parameters(args): Parameters<MoveArgs>,
        Through(door): Through<H>,
    ) -> Answer<ChangePreview> {
        let seen = preview(&door, args).await?;
        Ok(Told::new(seen.text(), seen))
    }
}

/// The same checks, in the same order, as the server's when it moves one.
async fn preview<D: Door>(door: &D, args: MoveArgs) -> Result<ChangePreview, ApiError> {
    let to = args.place()?;
    let about = About::new(door, JobId(args.id)).await?;
    let row = &about.job.row;
    let job = Some(JobSeen::new(row));
    let refused = |refusal: Refusal| Ok(ChangePreview::refused(job.clone(), refusal));
    if let Err(refusal) = about.allowed("move") {
        return refused(refusal);
    }
    let Some(to) = to else {
        let then = if row.is_waiting() {
            "It would go back to where it was before you moved it, if you did."
        } else {
            return refused(Refusal::NothingToUndo { job: row.id });
        };
        return Ok(ChangePreview::accepted(
            job,
            vec![told(row), then.to_owned()],
        ));
    };
    if !row.is_waiting() {
        return refused(wrong_state(row, "held or queued", "moved"));
    }
    if let MoveTo::Before(other) | MoveTo::After(other) = to {
        let other = door.call(GetJob { id: other }).await?.job.row;
        if let Err(refusal) = beside(row, &other) {
            return refused(refusal);
        }
    }
    let order = door.call(GetQueueOrder {}).await?;
    let line = line(&order);
    let moved = InLine {
        id: row.id,
        owner: &row.user,
        class: row.class,
    };
    if about.asks.role < Role::Lead
        && let Err(refusal) = may_pass(&line, moved, to)
    {
        return refused(refusal);
    }
    let mut consequences = vec![told(row), passing(&line, moved, to)];
    consequences.extend(starts(door, row.id, to).await?);
    Ok(ChangePreview::accepted(job, consequences))
}

/// Refuses a place next to a job where there is none.
fn beside(row: &JobRow, other: &JobRow) -> Result<(), Refusal> {
    if !other.is_waiting() {
        let why = format!(
            "Job {} is not waiting, so nothing can be moved next to it.",
            other.id
        );
        return Err(Refusal::invalid("to", why));
    }
    if other.id == row.id {
        let why = "A job cannot be moved next to itself.";
        return Err(Refusal::invalid("to", why));
    }
    if other.class != row.class {
        let why = format!(
            "Job {} is of class {}, job {} of class {}: a job moves within its class. Change its class \
             instead.",
            other.id, other.class, row.id, row.class
        );
        return Err(Refusal::invalid("to", why));
    }
    Ok(())
}

fn line(order: &QueueOrder) -> Vec<InLine<'_>> {
    let jobs = order.jobs.iter();
    jobs.filter_map(|(id, owner, class, _)| {
        Some(InLine {
            id: *id,
            owner: order.owners.get(*owner)?,
            class: *class,
        })
    })
    .collect()
}

/// Which jobs it would pass, or let pass.
fn passing(line: &[InLine<'_>], moved: InLine<'_>, to: MoveTo) -> String {
    let line: Vec<&InLine<'_>> = line.iter().filter(|one| one.class == moved.class).collect();
    let place = |id: JobId| line.iter().position(|one| one.id == id);
    let Some(from) = place(moved.id) else {
        return "It is not in the order that is planned at the moment.".to_owned();
    };
    let goal = match to {
        MoveTo::Top => Some(0),
        MoveTo::Bottom => Some(line.len()),
        MoveTo::Before(id) => place(id),
        MoveTo::After(id) => place(id).map(|at| at + 1),
    };
    let Some(goal) = goal else {
        return "It would stand next to a job that is not among the first of its array.".to_owned();
    };
    let named = |passed: &[&InLine<'_>]| {
        let names = passed.iter().take(10).map(|one| one.id.to_string());
        let names: Vec<String> = names.collect();
        let more = if passed.len() > names.len() {
            "…"
        } else {
            ""
        };
        format!(
            "{} of its class: {}{more}",
            counted(passed.len(), "job"),
            names.join(", ")
        )
    };
    if goal < from {
        format!("It would pass {}.", named(&line[goal..from]))
    } else if goal > from + 1 {
        format!("It would stand behind {}.", named(&line[from + 1..goal]))
    } else {
        "It stands there already: nothing would change.".to_owned()
    }
}

/// What the planner says of just this move, where it tried it.
async fn starts<D: Door>(door: &D, id: JobId, to: MoveTo) -> Result<Option<String>, ApiError> {
    let flag = match to {
        MoveTo::Top => "--top".to_owned(),
        MoveTo::Bottom => "--bottom".to_owned(),
        MoveTo::Before(other) => format!("--before {other}"),
        MoveTo::After(other) => format!("--after {other}"),
    };
    let command = format!("berth move {id} {flag}");
    let answer = door.call(ExplainJob { id }).await?;
    let tried = answer.actions.iter().find(|one| one.command == command);
    Ok(tried.map(sooner))
}
