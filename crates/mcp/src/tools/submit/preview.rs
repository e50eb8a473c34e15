//! What a submission would be: the checks that the server makes, made here on what can be read, and
//! the planner's forecast.

use std::time::Duration;

use berth_api::cluster::{GetCluster, GetWhoami};
use berth_api::jobs::GetJob;
use berth_api::views::ClusterView;
use berth_api::{ApiError, ErrorCode};
use berth_domain::node::Capacity;
use berth_domain::submit::Checked;
use berth_domain::{PriorityClass, Refusal, Right, SubmitRequest, Timestamp, walltime};
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::super::forecast::{StartSeen, foretell};
use crate::Door;
use crate::seen::preview::{Problem, refused};
use crate::seen::words::{Class, counted, gpus};

/// What a submission would be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubmitPreview {
    /// Whether it would be accepted, as far as that can be known without submitting it.
    pub accepted: bool,
    /// Everything that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// What it would be, if it would be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_be: Option<WouldBe>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WouldBe {
    /// More than one of an array or sweep.
    pub jobs: usize,
    /// GPUs of each job, in all.
    pub gpus: u32,
    pub nodes: u32,
    pub class: Class,
    pub time_limit: String,
    /// The most GPU-hours that all of it could take.
    pub gpu_hours_at_most: f64,
    /// When one job of it would start if nothing but GPUs kept it waiting.
    pub start: StartSeen,
    /// What else would keep it waiting.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_waits: Vec<String>,
}

impl SubmitPreview {
    pub fn text(&self) -> String {
        let Some(would) = &self.would_be else {
            return refused(&self.problems);
        };
        let jobs = counted(would.jobs, "job");
        let size = gpus(would.gpus);
        let nodes = counted(would.nodes as usize, "node");
        let start = match (&would.start.start_p50, would.start.starts_now) {
            (_, true) => "The first would start now.".to_owned(),
            (Some(at), false) => format!("The first would start about {at}."),
            (None, false) => "It could never start as things are.".to_owned(),
        };
        let each = if would.jobs == 1 { "" } else { " each" };
        let mut text = format!(
            "Nothing was submitted. It would be {jobs} with {size} on {nodes}{each}, for {} at most \
             ({:.1} GPU-hours in all). {start}",
            would.time_limit, would.gpu_hours_at_most
        );
        for wait in &would.also_waits {
            text += &format!(" {wait}");
        }
        text
    }
}

/// Calls nothing that changes anything.
pub(super) async fn preview<D: Door>(
    door: &D,
    request: &SubmitRequest,
) -> Result<SubmitPreview, ApiError> {
    let cluster = door.call(GetCluster {}).await?;
    let capacity = capacity(&cluster.cluster);
    let problems = request.problems(capacity);
    if !problems.is_empty() {
        return Ok(wrong(problems.into_iter().map(Problem::from).collect()));
    }
    let checked = match request.check(capacity) {
        Ok(checked) => checked,
        Err(refusal) => return Ok(wrong(vec![refusal.into()])),
    };
    let mut problems = against_others(door, &checked).await?;
    // As the server's clock has it within seconds; the submission itself is checked by the server's.
    problems.extend(in_time(&checked, Timestamp::now()));
    let forecast = match foretell(door, request).await {
        Ok(forecast) => Some(forecast),
        Err(error) if is_about_request(&error) => {
            problems.push(Problem::from(&error));
            None
        }
        Err(error) => return Err(error),
    };
    let Some(forecast) = forecast.filter(|_| problems.is_empty()) else {
        return Ok(wrong(problems));
    };
    let spec = &checked.spec;
    let jobs = jobs(&checked);
    Ok(SubmitPreview {
        accepted: true,
        problems: vec![],
        would_be: Some(WouldBe {
            jobs,
            gpus: spec.gpus(),
            nodes: spec.nodes,
            class: spec.class.into(),
            time_limit: walltime::format(spec.time_limit),
            gpu_hours_at_most: hours(jobs, spec.gpus(), spec.time_limit),
            start: StartSeen::new(&forecast),
            also_waits: also_waits(request, &checked),
        }),
    })
}

fn wrong(problems: Vec<Problem>) -> SubmitPreview {
    SubmitPreview {
        accepted: false,
        problems,
        would_be: None,
    }
}

/// Whether it says something of the request, and not that nothing can be said at the moment.
pub(in crate::tools) fn is_about_request(error: &ApiError) -> bool {
    matches!(
        error.code(),
        ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::Forbidden | ErrorCode::TooLarge
    )
}

/// As [`Capacity::of`] has it of nodes.
fn capacity(cluster: &ClusterView) -> Capacity {
    let nodes = cluster.nodes.iter().filter(|node| node.present);
    nodes.fold(Capacity::default(), |sum, node| Capacity {
        nodes: sum.nodes + 1,
        gpus: sum.gpus + node.gpus.len(),
        largest_node: sum.largest_node.max(node.gpus.len()),
    })
}

/// What depends on who asks and on other jobs.
async fn against_others<D: Door>(door: &D, checked: &Checked) -> Result<Vec<Problem>, ApiError> {
    let mut problems = vec![];
    let asks = door.call(GetWhoami {}).await?;
    let may = |right| asks.may(right, &asks.user, checked.spec.project.as_deref());
    if !may(Right::Submit) {
        problems.push(Refusal::OnlyLooks.into());
    } else if checked.spec.class == PriorityClass::Critical && !may(Right::UseCritical) {
        problems.push(Refusal::ClassNotAllowed.into());
    }
    for dependency in &checked.spec.dependencies {
        let id = dependency.job;
        match door.call(GetJob { id }).await {
            Err(error) if error.code() == ErrorCode::NotFound => {
                let why = format!("There is no job {id} to wait for.");
                problems.push(Refusal::invalid("after", why).into());
            }
            other => drop(other?),
        }
    }
    Ok(problems)
}

fn in_time(checked: &Checked, now: Timestamp) -> Vec<Problem> {
    let (begin, deadline) = (checked.spec.begin, checked.spec.deadline);
    let minute = jiff::SignedDuration::from_mins(1);
    let mut problems = vec![];
    if let Some(at) = begin.filter(|at| *at < now - minute) {
        problems.push(Refusal::BeginInPast { at }.into());
    }
    if let Some(at) = deadline.filter(|at| *at <= now) {
        problems.push(Refusal::DeadlineInPast { at }.into());
    }
    if let Some((begin, deadline)) = begin.zip(deadline)
        && deadline <= begin
    {
        problems.push(Refusal::DeadlineBeforeBegin { deadline, begin }.into());
    }
    problems
}

/// How many jobs it would be.
fn jobs(checked: &Checked) -> usize {
    match (&checked.array, &checked.sweep) {
        (Some(array), _) => array.indices.len(),
        (None, Some(sweep)) => sweep.jobs(),
        (None, None) => 1,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a thousand jobs at most")]
fn hours(jobs: usize, gpus: u32, limit: Duration) -> f64 {
    jobs as f64 * f64::from(gpus) * limit.as_secs_f64() / 3600.0
}

/// What the forecast does not know of.
fn also_waits(request: &SubmitRequest, checked: &Checked) -> Vec<String> {
    let after = (!request.after.is_empty())
        .then(|| format!("It would wait for {}.", request.after.join(", ")));
    let begin = checked.spec.begin;
    let begin = begin.map(|at| format!("It would not begin before {at}."));
    let held = request
        .hold
        .then(|| "It would be held until it is released.".to_owned());
    after.into_iter().chain(begin).chain(held).collect()
}
