//! Who waits and runs, and why one waits.

use std::collections::HashMap;

use berth_api::cluster::GetWhoami;
use berth_api::jobs::ListJobs;
use berth_api::planner::{ExplainAnswer, ExplainJob};
use berth_api::queue::{GetQueueOrder, GetQueueRows, MOST_ROWS, QueueOrder};
use berth_api::views::JobRow;
use berth_api::{ApiError, planner};
use berth_domain::JobId;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::{Deserialize, Serialize};

use crate::door::Through;
use crate::seen::job::{JobSeen, told};
use crate::seen::words::{State, counted, gpus, lines, moment, start};
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

/// How many jobs of each kind are told of unless said otherwise, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 100;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueArgs {
    /// Whose jobs: everybody's (the default) or mine, those of the person you act for.
    #[serde(default)]
    pub whose: Whose,
    /// Which jobs: live (the default: what runs and what waits), waiting, running, or finished.
    #[serde(default)]
    pub show: Show,
    /// At most so many of what runs, of what waits and of what is finished. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Whose {
    #[default]
    Everybody,
    Mine,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Show {
    #[default]
    Live,
    Waiting,
    Running,
    Finished,
}

/// Jobs, by where they are in their life.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct QueueSeen {
    /// Starting, running or stopping.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<JobSeen>,
    /// In the order in which they are planned, next one first; held ones last. Of an array or sweep
    /// only the first few tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<JobSeen>,
    /// Newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finished: Vec<JobSeen>,
    /// How many more wait than are listed.
    pub more_waiting: usize,
    /// Whether more run, or are finished, than are listed.
    pub more: bool,
}

impl QueueSeen {
    fn text(&self, rows: &[JobRow]) -> String {
        if rows.is_empty() {
            return "There is no such job.".to_owned();
        }
        let more = (self.more_waiting > 0).then(|| format!("{} more wait.", self.more_waiting));
        lines(rows.iter().map(told).chain(more))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainArgs {
    /// The job's number.
    pub id: u64,
}

/// Why a job waits and what would help.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainSeen {
    pub id: u64,
    pub state: State,
    /// The reason as a token; absent when it does not wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason in a sentence.
    pub why: String,
    /// Its place among those that wait, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
    /// Those before it, next one first; ten at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<AheadSeen>,
    /// Who holds the GPUs that it would get first, earliest end first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<HolderSeen>,
    /// When it starts: as likely before as after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p50: Option<String>,
    /// When it starts: nine times of ten by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p90: Option<String>,
    /// When it is to be done, and when it is expected to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_p50: Option<String>,
    /// What would let it start sooner; each was tried by planning with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sooner: Vec<SoonerSeen>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AheadSeen {
    pub job: u64,
    pub name: String,
    pub user: String,
    pub gpus: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct HolderSeen {
    pub job: u64,
    pub name: String,
    pub user: String,
    pub node: String,
    pub gpus: usize,
    /// When it is expected to end.
    pub until: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SoonerSeen {
    /// Such as: with a time limit of 2h.
    pub change: String,
    /// The command with which a person does that.
    pub command: String,
    pub starts_now: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p50: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p90: Option<String>,
}

#[tool_router(router = queue_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// The jobs that run, and those that wait in the order in which they are planned, with why each
    /// waits and when it should start. Also finished ones, newest first, if asked for.
    #[tool(
        output_schema = data::<QueueSeen>(),
        annotations(
            title = "Queue",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn queue(
        Parameters(args): Parameters<QueueArgs>,
        Through(door): Through<H>,
    ) -> Answer<QueueSeen> {
        let (seen, rows) = listed(&door, &args).await?;
        Ok(Told::new(seen.text(&rows), seen))
    }

    /// Why a job waits: the reason in a sentence, its place, who is before it, who holds the GPUs
    /// that it would get, when it should start, and what would let it start sooner.
    #[tool(
        output_schema = data::<ExplainSeen>(),
        annotations(
            title = "Why a job waits",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn explain_pending(
        Parameters(args): Parameters<ExplainArgs>,
        Through(door): Through<H>,
    ) -> Answer<ExplainSeen> {
        let answer = door.call(ExplainJob { id: JobId(args.id) }).await?;
        Ok(Told::new(explained(&answer), explain(answer)))
    }
}

/// What was asked for, and the same jobs in the same order as the API shows them.
pub(crate) async fn listed<D: Door>(
    door: &D,
    args: &QueueArgs,
) -> Result<(QueueSeen, Vec<JobRow>), ApiError> {
    let limit = args.limit.unwrap_or(USUAL).clamp(1, MOST);
    let mut seen = QueueSeen::default();
    let mut rows = vec![];
    if matches!(args.show, Show::Live | Show::Running) {
        let (found, more) = in_state(door, args.whose, "Starting,Running,Stopping", limit).await?;
        seen.running = found.iter().map(JobSeen::new).collect();
        seen.more |= more;
        rows.extend(found);
    }
    if matches!(args.show, Show::Live | Show::Waiting) {
        let (found, more) = waiting(door, args.whose, limit as usize).await?;
        seen.waiting = found.iter().map(JobSeen::new).collect();
        seen.more_waiting = more;
        rows.extend(found);
    }
    if args.show == Show::Finished {
        let (found, more) = in_state(door, args.whose, "Finished", limit).await?;
        seen.finished = found.iter().map(JobSeen::new).collect();
        seen.more |= more;
        rows.extend(found);
    }
    Ok((seen, rows))
}

/// The first waiting jobs in planned order, and how many more there are.
pub(super) async fn waiting<D: Door>(
    door: &D,
    whose: Whose,
    limit: usize,
) -> Result<(Vec<JobRow>, usize), ApiError> {
    let order = door.call(GetQueueOrder {}).await?;
    let ids = match whose {
        Whose::Everybody => ids(&order, |_| true),
        Whose::Mine => {
            let me = door.call(GetWhoami {}).await?.user;
            ids(&order, |owner| order.owners.get(owner) == Some(&me))
        }
    };
    let first = &ids[..ids.len().min(limit).min(MOST_ROWS)];
    if first.is_empty() {
        return Ok((vec![], 0));
    }
    let asked: Vec<String> = first.iter().map(ToString::to_string).collect();
    let ids_asked = asked.join(",");
    let found = door.call(GetQueueRows { ids: ids_asked }).await?.jobs;
    let mut by_id: HashMap<JobId, JobRow> = found.into_iter().map(|row| (row.id, row)).collect();
    // One that has started meanwhile does not wait any more.
    let rows = first.iter().filter_map(|id| by_id.remove(id));
    let rows: Vec<JobRow> = rows.filter(JobRow::is_waiting).collect();
    Ok((rows, ids.len() - first.len()))
}

fn ids(order: &QueueOrder, mut wanted: impl FnMut(usize) -> bool) -> Vec<JobId> {
    let jobs = order.jobs.iter();
    jobs.filter(|(_, owner, ..)| wanted(*owner))
        .map(|(id, ..)| *id)
        .collect()
}

async fn in_state<D: Door>(
    door: &D,
    whose: Whose,
    state: &str,
    limit: u32,
) -> Result<(Vec<JobRow>, bool), ApiError> {
    let list = ListJobs {
        user: (whose == Whose::Mine).then(|| "me".to_owned()),
        state: Some(state.to_owned()),
        outcome: None,
        project: None,
        text: None,
        array: None,
        grouped: None,
        limit: Some(limit),
        cursor: None,
    };
    let list = door.call(list).await?;
    Ok((list.jobs, list.next.is_some()))
}

fn explain(answer: ExplainAnswer) -> ExplainSeen {
    let sooner = |one: planner::ActionView| SoonerSeen {
        change: one.text,
        command: one.command,
        starts_now: one.starts_now,
        start_p50: one.start_p50.map(moment),
        start_p90: one.start_p90.map(moment),
    };
    ExplainSeen {
        id: answer.job.0,
        state: answer.state.into(),
        reason: answer.reason,
        why: answer.text,
        place: answer.place,
        ahead: answer
            .ahead
            .into_iter()
            .map(|one| AheadSeen {
                job: one.job.0,
                name: one.name,
                user: one.user.to_string(),
                gpus: one.gpus,
            })
            .collect(),
        holders: answer
            .holders
            .into_iter()
            .map(|one| HolderSeen {
                job: one.job.0,
                name: one.name,
                user: one.user.to_string(),
                node: one.node.to_string(),
                gpus: one.gpus,
                until: moment(one.until),
            })
            .collect(),
        start_p50: answer.start_p50.map(moment),
        start_p90: answer.start_p90.map(moment),
        deadline: answer.deadline.map(moment),
        end_p50: answer.end_p50.map(moment),
        sooner: answer.actions.into_iter().map(sooner).collect(),
    }
}

/// The same in words.
fn explained(answer: &ExplainAnswer) -> String {
    let mut text = vec![format!("Job {}: {}", answer.job, answer.text)];
    let starts = start(answer.start_p50, answer.start_p90);
    text.extend(starts.map(|when| format!("It starts {when}.")));
    if let Some(place) = answer.place.filter(|place| *place > 1) {
        let ahead = answer.ahead.iter().map(|one| {
            let size = gpus(one.gpus);
            format!("job {} ({}, of {}, {size})", one.job, one.name, one.user)
        });
        let ahead: Vec<String> = ahead.collect();
        let before = counted(place - 1, "job");
        text.push(format!("{before} before it, first {}.", ahead.join(", ")));
    }
    text.extend(answer.holders.iter().map(|one| {
        format!(
            "Job {} ({}, of {}) holds {} of {} until {}.",
            one.job,
            one.name,
            one.user,
            gpus(u32::try_from(one.gpus).unwrap_or(u32::MAX)),
            one.node,
            moment(one.until)
        )
    }));
    text.extend(answer.actions.iter().map(sooner));
    lines(text)
}

/// One thing that would help, in words.
pub(super) fn sooner(action: &planner::ActionView) -> String {
    let when = match start(action.start_p50, action.start_p90) {
        Some(when) if !action.starts_now => when,
        _ => "now".to_owned(),
    };
    let (change, command) = (&action.text, &action.command);
    format!("Sooner {change}: it starts {when} ({command}).")
}
