//! Asking the planner.

use std::sync::Arc;

use berth_domain::{
    Command, Constraint, JobId, MoveTo, PolicyChoice, SubmitRequest, Timestamp, walltime,
};
use berth_orchestrator::{Planning, View, resolve};
use berth_scheduler::{Action, Change, Effect, Facts, KNOBS, Policy, Remedy};

use super::{Context, command_error};
use crate::convert;
use crate::planner::{
    ActionView, AheadView, ChangeView, ExplainAnswer, FactorView, ForecastAnswer, HolderView,
    KnobView, PolicyAnswer, PolicyArg, PreviewAnswer,
};
use crate::{ApiError, ErrorCode};

impl Context {
    pub(crate) async fn explain(&self, id: JobId) -> Result<ExplainAnswer, ApiError> {
        let job = self.job(id).await?;
        let view = self.state.handle.current().await;
        let row = convert::row(&job, &view);
        let now = self.now();
        let found = on_a_thread(&view, move |planning| planning.explain(id, now)).await?;
        let text = row
            .reason_text
            .clone()
            .unwrap_or_else(|| match &row.outcome_text {
                Some(outcome) => format!("It has ended: {outcome}."),
                None if job.is_waiting() => "Next to start.".to_owned(),
                None => format!(
                    "It does not wait: it is {}.",
                    row.state.as_str().to_lowercase()
                ),
            });
        let mut answer = ExplainAnswer {
            job: id,
            state: row.state,
            reason: row.reason,
            text,
            place: None,
            ahead: vec![],
            holders: vec![],
            factors: vec![],
            start_p50: None,
            start_p90: None,
            deadline: job.spec.deadline.filter(|_| job.is_waiting()),
            end_p50: None,
            actions: vec![],
        };
        let Some(found) = found else {
            return Ok(answer);
        };
        answer.place = Some(found.place);
        answer.end_p50 = found.due.map(|due| convert::to_the_minute(due.end));
        answer.start_p50 = found
            .forecast
            .map(|known| convert::to_the_minute(known.p50));
        answer.start_p90 = found
            .forecast
            .map(|known| convert::to_the_minute(known.p90));
        for job in found.ahead {
            let known = self.state.store.job(job).await.ok().flatten();
            answer.ahead.extend(known.map(|known| AheadView {
                job,
                gpus: known.spec.gpus(),
                name: known.spec.name,
                user: known.owner,
            }));
        }
        let running = |job: JobId| view.active.iter().find(|active| active.id == job);
        answer.holders = found
            .holders
            .into_iter()
            .map(|holding| HolderView {
                job: holding.job,
                name: running(holding.job)
                    .map(|job| job.spec.name.clone())
                    .unwrap_or_default(),
                user: holding.owner,
                node: holding.node,
                gpus: holding.gpus,
                until: convert::to_the_minute(holding.until),
            })
            .collect();
        let name = |kind| match serde_json::to_value(kind) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        };
        answer.factors = found
            .factors
            .into_iter()
            .map(|factor| FactorView {
                name: name(factor.kind),
                share: factor.share,
            })
            .collect();
        answer.actions = found
            .actions
            .into_iter()
            .map(|one| action(id, one))
            .collect();
        Ok(answer)
    }

    pub(crate) async fn forecast(
        &self,
        request: &SubmitRequest,
    ) -> Result<ForecastAnswer, ApiError> {
        let view = self.state.handle.current().await;
        let capacity = berth_domain::node::Capacity::of(view.nodes.iter());
        let spec = request.check(capacity)?.spec;
        let asks = spec.constraints;
        asks.check(view.nodes.iter(), spec.nodes, spec.gpus_per_node)?;
        let now = self.now();
        let job = Facts {
            owner: self.whoami().user,
            nodes: spec.nodes,
            gpus_per_node: spec.gpus_per_node,
            constraints: (!asks.is_empty()).then(|| Arc::new(asks)),
            time_limit: spec.time_limit,
            class: spec.class,
            submitted_at: now,
            ..Facts::new(JobId(u64::MAX))
        };
        let found = on_a_thread(&view, move |planning| planning.forecast_if(&job, now)).await?;
        Ok(ForecastAnswer {
            starts_now: found.is_some_and(|forecast| forecast.p90 <= now),
            start_p50: found.map(|forecast| convert::to_the_minute(forecast.p50)),
            start_p90: found.map(|forecast| convert::to_the_minute(forecast.p90)),
        })
    }

    pub(crate) async fn policy(&self) -> Result<PolicyAnswer, ApiError> {
        let view = self.state.handle.current().await;
        let policy = &view.planning.policy;
        let built_in = Policy::named(&view.policy.name).unwrap_or_default();
        let knob = |knob: &berth_scheduler::Knob| KnobView {
            name: knob.name.to_owned(),
            value: knob.value(policy),
            meaning: knob.meaning.to_owned(),
            changed: knob.value(policy) != knob.value(&built_in),
        };
        Ok(PolicyAnswer {
            policy: view.policy.clone(),
            knobs: KNOBS.iter().map(knob).collect(),
            names: Policy::NAMES.map(str::to_owned).to_vec(),
        })
    }

    /// # Errors
    /// When there is no such policy or knob, or the caller is no admin.
    pub async fn set_policy(&self, arg: PolicyArg) -> Result<PolicyAnswer, ApiError> {
        let choice = choice(arg);
        let command = Command::SetPolicy(choice);
        let sent = self.send(command).await;
        sent.map_err(command_error)?;
        self.policy().await
    }

    pub(crate) async fn preview_policy(&self, arg: PolicyArg) -> Result<PreviewAnswer, ApiError> {
        let view = self.state.handle.current().await;
        let now = self.now();
        let cpu_jobs = view.planning.policy.cpu_jobs_per_node;
        let other =
            resolve(&choice(arg), cpu_jobs).map_err(|why| ApiError::invalid("policy", why))?;
        let changes = on_a_thread(&view, move |planning| planning.forecast_policy(&other, now));
        Ok(PreviewAnswer {
            changes: self.changes(changes.await?).await,
            waiting: view.plan.order.len(),
        })
    }

    /// Whose start changes by a minute or more.
    pub(super) async fn changes(&self, changes: Vec<Change>) -> Vec<ChangeView> {
        let mut shown = Vec::new();
        for change in changes {
            let before_p50 = convert::to_the_minute(change.before.p50);
            let after_p50 = convert::to_the_minute(change.after.p50);
            if before_p50 == after_p50 {
                continue;
            }
            let known = self.state.store.job(change.job).await.ok().flatten();
            shown.extend(known.map(|known| ChangeView {
                job: change.job,
                name: known.spec.name,
                user: known.owner,
                before_p50,
                after_p50,
            }));
        }
        shown
    }

    fn now(&self) -> Timestamp {
        self.state.clock.now()
    }
}

fn choice(arg: PolicyArg) -> PolicyChoice {
    PolicyChoice {
        name: arg.name,
        knobs: arg.knobs,
    }
}

/// Planning takes milliseconds with a long queue: not where requests are answered.
pub(super) async fn on_a_thread<T: Send + 'static>(
    view: &View,
    ask: impl FnOnce(&Planning) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let planning = view.planning.clone();
    tokio::task::spawn_blocking(move || ask(&planning))
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "The planner failed. Try again."))
}

fn action(job: JobId, action: Action) -> ActionView {
    let (text, command) = match action.remedy {
        Remedy::TimeLimit(limit) => {
            let limit = walltime::format(limit);
            (
                format!("with a time limit of {limit}"),
                format!("berth update {job} -t {limit}"),
            )
        }
        Remedy::Size {
            nodes: 1,
            gpus_per_node: 1,
        } => (
            "on 1 GPU".to_owned(),
            format!("berth update {job} -N 1 -g 1"),
        ),
        Remedy::Size {
            nodes: 1,
            gpus_per_node,
        } => (
            format!("on {gpus_per_node} GPUs"),
            format!("berth update {job} -N 1 -g {gpus_per_node}"),
        ),
        Remedy::Size {
            nodes,
            gpus_per_node,
        } => (
            format!("on {nodes} nodes with {gpus_per_node} GPUs each"),
            format!("berth update {job} -N {nodes} -g {gpus_per_node}"),
        ),
        Remedy::Move(MoveTo::Top) => (
            "at the top of the queue".to_owned(),
            format!("berth move {job} --top"),
        ),
        Remedy::Move(MoveTo::Bottom) => (
            "at the end of the queue".to_owned(),
            format!("berth move {job} --bottom"),
        ),
        Remedy::Move(MoveTo::Before(other)) => (
            format!("before job {other}"),
            format!("berth move {job} --before {other}"),
        ),
        Remedy::Move(MoveTo::After(other)) => (
            format!("after job {other}"),
            format!("berth move {job} --after {other}"),
        ),
        Remedy::Without(one) => {
            let flag = format!("--{}", one.field().replace('_', "-"));
            let nothing = if one == Constraint::Nvlink {
                "false"
            } else {
                "none"
            };
            (
                format!("without {flag}"),
                format!("berth update {job} {flag} {nothing}"),
            )
        }
        Remedy::Release => ("released".to_owned(), format!("berth release {job}")),
    };
    let forecast = match action.effect {
        Effect::StartsNow => None,
        Effect::Starts(forecast) => Some(forecast),
    };
    ActionView {
        text,
        command,
        starts_now: forecast.is_none(),
        start_p50: forecast.map(|forecast| convert::to_the_minute(forecast.p50)),
        start_p90: forecast.map(|forecast| convert::to_the_minute(forecast.p90)),
    }
}
