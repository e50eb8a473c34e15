//! From the domain's types to what the API shows.

mod cluster;

use berth_domain::job::PastAttempt;
use berth_domain::{
    Array, Ended, Exit, HoldBy, Job, JobId, JobState, Lease, NodeName, NodeSource, PendingReason,
    Record, StopCause, SubmitRequest, Timestamp, memory, walltime,
};
use berth_orchestrator::{Heard, Samples, View};

pub(crate) use self::cluster::{cluster, unknown_daemons};

pub(crate) use berth_scheduler::to_the_minute;

use crate::agents::AgentsPulse;
use crate::context::alerts;
use crate::live::Picture;
use crate::terminals::Terminals;
use crate::views::{
    ArrayPlace, ArrayView, AttemptView, Counts, EventView, FreeAt, JobDetail, JobRow, LeasePart,
};

pub(crate) fn row(job: &Job, view: &View) -> JobRow {
    let waits = job.is_waiting();
    let reason = view.plan.reasons.get(&job.id).filter(|_| waits);
    let forecast = view.forecasts.get(&job.id).filter(|_| waits);
    JobRow {
        id: job.id,
        name: job.spec.name.clone(),
        user: job.owner.clone(),
        project: job.spec.project.clone(),
        state: job.name(),
        code: job.code().to_owned(),
        reason: reason.map(|reason| reason.token().to_owned()),
        reason_text: reason.map(PendingReason::sentence),
        start_p50: forecast.map(|forecast| to_the_minute(forecast.p50)),
        start_p90: forecast.map(|forecast| to_the_minute(forecast.p90)),
        gpus: job.spec.gpus(),
        nodes: job.spec.nodes,
        gpus_per_node: job.spec.gpus_per_node,
        class: job.spec.class,
        time_limit_s: job.spec.time_limit.as_secs(),
        submitted_at: job.submitted_at,
        started_at: job.started_at(),
        finished_at: job.finished_at(),
        outcome: job.outcome().map(|outcome| outcome.token().to_owned()),
        outcome_text: job.outcome().map(berth_domain::Outcome::sentence),
        exit_code: job.exit_code(),
        lease: job.lease().map(lease),
        array: job.spec.array.map(|task| ArrayPlace {
            array: task.array,
            index: task.index,
        }),
    }
}

pub(crate) fn array(id: JobId, array: &Array) -> ArrayView {
    ArrayView {
        array: id,
        name: array.name.clone(),
        user: array.owner.clone(),
        tasks: array.tasks,
    }
}

pub(crate) fn detail(job: &Job, view: &View, terminals: &Terminals, run_dir: String) -> JobDetail {
    let spec = &job.spec;
    let past = job.past.iter().map(|past| AttemptView {
        number: past.number,
        lease: lease(&past.lease),
        granted_at: past.granted_at,
        started_at: past.started_at,
        ended_at: Some(past.ended_at),
        exit_code: past.exit.exit_code(),
        end: Some(how(past)),
        usage: None,
    });
    let live = job.attempt().map(|attempt| AttemptView {
        number: attempt.number,
        lease: lease(&attempt.lease),
        granted_at: attempt.granted_at,
        started_at: job.started_at(),
        ended_at: None,
        exit_code: None,
        end: None,
        usage: None,
    });
    JobDetail {
        row: row(job, view),
        command: spec.command.clone(),
        workdir: spec.workdir.clone(),
        env: spec.env.clone(),
        preemptible: spec.preemptible,
        max_retries: spec.max_retries,
        after: spec.dependencies.iter().map(ToString::to_string).collect(),
        begin: spec.begin,
        deadline: spec.deadline,
        constraints: spec.constraints.clone(),
        notice: spec.notice,
        per_gpu: spec.per_gpu,
        interactive: spec.interactive,
        held_by: match &job.state {
            JobState::Held {
                by: HoldBy::User, ..
            } => Some("user".to_owned()),
            JobState::Held {
                by: HoldBy::Admin, ..
            } => Some("admin".to_owned()),
            _ => None,
        },
        attempts: past.chain(live).collect(),
        attach: attach(job, view),
        terminals: terminals.of(job),
        run_dir,
        request: request(job),
        usage: None,
    }
}

/// How a person looks at rank 0 while it runs.
fn attach(job: &Job, view: &View) -> Option<String> {
    let JobState::Running { sessions, .. } = &job.state else {
        return None;
    };
    let line = format!("tmux attach -t {}", sessions.first()?);
    let first = job.lease().and_then(|lease| lease.0.first());
    let on = |part: &berth_domain::NodeLease| view.nodes.iter().find(|node| node.name == part.node);
    match first.and_then(on) {
        Some(node) if node.source == NodeSource::Ssh => {
            Some(format!("ssh -t {} {line}", node.name))
        }
        _ => Some(line),
    }
}

/// The request that would submit the job again.
fn request(job: &Job) -> SubmitRequest {
    let (spec, asks) = (&job.spec, &job.spec.constraints);
    let names = |nodes: &[NodeName]| nodes.iter().map(ToString::to_string).collect();
    SubmitRequest {
        command: spec.command.clone(),
        name: Some(spec.name.clone()),
        project: spec.project.clone(),
        workdir: spec.workdir.clone(),
        package: spec.package.clone(),
        env: spec.env.clone(),
        gpus: Some(i64::from(spec.gpus_per_node)),
        nodes: Some(i64::from(spec.nodes)),
        time_limit: Some(walltime::format(spec.time_limit)),
        class: Some(spec.class.as_str().to_owned()),
        preemptible: spec.preemptible,
        max_retries: Some(i64::from(spec.max_retries)),
        gpu_model: asks.gpu_models.clone(),
        gpu_mem: asks.min_gpu_mem_bytes.map(memory::format),
        nodelist: names(&asks.nodes),
        exclude: names(&asks.exclude),
        nvlink: asks.nvlink,
        signal: (!spec.notice.is_default()).then(|| spec.notice.to_string()),
        per_gpu: spec.per_gpu,
        interactive: spec.interactive,
        ..SubmitRequest::default()
    }
}

pub(crate) fn lease(lease: &Lease) -> Vec<LeasePart> {
    let part = |part: &berth_domain::NodeLease| LeasePart {
        node: part.node.clone(),
        gpus: part.gpus.iter().map(|gpu| gpu.index).collect(),
    };
    lease.0.iter().map(part).collect()
}

/// Why and how an attempt ended.
pub(crate) fn how(past: &PastAttempt) -> String {
    let how = end(&past.exit);
    let why = match &past.stopped {
        Some(StopCause::TimeLimit) => "Passed its time limit".to_owned(),
        Some(StopCause::Preempted { beneficiary }) => format!("Preempted for job {beneficiary}"),
        Some(StopCause::Requeued { by }) => format!("Requeued by {by}"),
        Some(StopCause::GpuFault { place, why }) => format!("{place} is broken: {why}"),
        Some(StopCause::Idle { alert, .. }) => {
            format!("Held GPUs without work; nobody answered alert {alert}")
        }
        Some(StopCause::Cancelled { by }) => format!("Cancelled by {by}"),
        None => return how,
    };
    format!("{why}. {how}")
}

fn end(exit: &Exit) -> String {
    match &exit.ended {
        Ended::Code { code } if exit.out_of_memory => format!("Out of memory (code {code})"),
        Ended::Code { code: 0 } => "Ended well".to_owned(),
        Ended::Code { code } => format!("Ended with code {code}"),
        Ended::Signal { signal } => format!("Ended by signal {signal}"),
        Ended::NotLaunched { why } => format!("Could not be launched: {why}"),
        Ended::Lost { why } => format!("Lost: {why}"),
    }
}

pub(crate) fn event(record: &Record) -> EventView {
    let json = serde_json::to_value(&record.event).unwrap_or_default();
    let kind = json
        .get("type")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    EventView {
        seq: record.seq.0,
        at: record.at,
        actor: record.actor.name().to_owned(),
        kind: kind.to_owned(),
        text: record.event.sentence(),
    }
}

pub(crate) fn counts(view: &View) -> Counts {
    let active = u32::try_from(view.active.len()).unwrap_or(u32::MAX);
    Counts {
        held: view.held,
        queued: view.queued,
        active,
    }
}

pub(crate) fn free_at(view: &View) -> Vec<FreeAt> {
    view.free_at
        .iter()
        .map(|f| FreeAt {
            gpus: f.gpus,
            nodes: f.nodes,
            at: f.at,
        })
        .collect()
}

fn pulse(view: &View) -> AgentsPulse {
    let agents = &view.agents;
    let stopped = agents.all.keys();
    let stopped = stopped.filter(|name| agents.stopped(name).is_some());
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    AgentsPulse {
        next_card: view.next_card,
        asks: view.cards.iter().map(|card| card.asks.clone()).collect(),
        agents: count(agents.all.len()),
        stopped: count(stopped.count()),
        all_stopped: agents.stopped.is_some(),
    }
}

/// The live picture of a view; its version is set by the feed.
pub(crate) fn picture(view: &View, samples: &Samples, heard: &Heard, at: Timestamp) -> Picture {
    let mut cluster = cluster(view, samples, heard);
    // What changes each second is for those who ask.
    for known in cluster
        .nodes
        .iter_mut()
        .filter_map(|node| node.telemetry.as_mut())
    {
        known.last = known.last.filter(|_| known.silent);
        known.lag_ms = None;
    }
    let all = view.active.iter().chain(&view.queue).chain(&view.recent);
    let ids = |jobs: &[Job]| jobs.iter().map(|job| job.id).collect();
    Picture {
        version: 0,
        epoch: 0,
        at: Some(at),
        cluster,
        counts: counts(view),
        free_at: free_at(view),
        active: ids(&view.active),
        queue: ids(&view.queue),
        recent: ids(&view.recent),
        arrays: view
            .arrays
            .iter()
            .map(|(id, one)| array(*id, one))
            .collect(),
        alerts: view.alerts.iter().rev().map(alerts::view).collect(),
        agents: pulse(view),
        rows: all.map(|job| (job.id, row(job, view))).collect(),
    }
}
