//! Made-up jobs, nodes and alerts in every state. Their numbers are so high that no job has them.

use berth_api::alerts::AlertView;
use berth_api::live::Picture;
use berth_api::views::{
    ArrayPlace, ArrayView, ClusterView, Counts, EventView, FreeAt, GpuView, JobRef, JobRow,
    LeasePart, NodeState, NodeView, Totals, Whoami,
};
use berth_domain::{
    AlertId, AlertRule, AlertState, Answer, Choice, Cordon, Figure, ForeignProcess, JobId,
    NodeName, NodeSource, PriorityClass, Severity, StateName, Tasks, Timestamp, UserName, Versions,
};

use crate::start::Start;

/// Before the first job.
const FIRST: u64 = 9_000_000;
const GIB: u64 = 1 << 30;

/// A job in a state, and what its name says.
const LIVE: [(u64, StateName, &str, &str); 6] = [
    (1, StateName::Running, "llama-8b-sft", "ana"),
    (2, StateName::Running, "reward-model", "bo"),
    (3, StateName::Starting, "pretrain-32b", "kim"),
    (4, StateName::Stopping, "eval-mmlu", "wei.zhang"),
    (5, StateName::Queued, "ablation-7", "ana"),
    (
        6,
        StateName::Held,
        "a name that somebody generated, with every hyperparameter in it, lr=3e-4, wd=0.1, bs=512",
        "bo",
    ),
];

/// How finished jobs ended: the token, and the sentence.
const ENDS: [(&str, &str); 7] = [
    ("Succeeded", "Succeeded"),
    ("Failed", "Failed"),
    ("OutOfMemory", "Ran out of GPU memory"),
    ("TimedOut", "Reached its time limit of 6h"),
    ("Cancelled", "Cancelled by ana"),
    ("LaunchFailed", "The program python4 was not found"),
    ("NodeLost", "node-2 was lost"),
];

fn ago(now: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::from_second(now.as_second() - minutes * 60).unwrap_or(now)
}

fn id(number: u64) -> JobId {
    JobId(FIRST + number)
}

fn lease(node: &str, gpus: &[u32]) -> LeasePart {
    LeasePart {
        node: NodeName::from(node),
        gpus: gpus.to_vec(),
    }
}

/// A job of one GPU in this state.
pub fn row(number: u64, state: StateName, now: Timestamp) -> JobRow {
    let waits = matches!(state, StateName::Held | StateName::Queued);
    let ended = state == StateName::Finished;
    JobRow {
        id: JobId(number),
        name: format!("job-{number}"),
        user: UserName::from("ana"),
        project: Some("align".to_owned()),
        state,
        code: state.as_str()[..1].to_owned(),
        reason: waits.then(|| "Resources".to_owned()),
        reason_text: waits.then(|| "Waits for 4 more GPUs on one node.".to_owned()),
        start_p50: (state == StateName::Queued).then(|| ago(now, -130)),
        start_p90: (state == StateName::Queued).then(|| ago(now, -165)),
        gpus: 1,
        nodes: 1,
        gpus_per_node: 1,
        class: PriorityClass::Normal,
        time_limit_s: 6 * 3600,
        submitted_at: ago(now, 200),
        started_at: (!waits).then(|| ago(now, 95)),
        finished_at: ended.then(|| ago(now, 12)),
        outcome: ended.then(|| "Succeeded".to_owned()),
        outcome_text: ended.then(|| "Succeeded".to_owned()),
        exit_code: ended.then_some(0),
        lease: (!waits).then(|| vec![lease("node-1", &[0])]),
        array: None,
    }
}

fn live_jobs(now: Timestamp) -> Vec<JobRow> {
    let job = |(number, state, name, user): (u64, StateName, &str, &str)| {
        let mut job = row(FIRST + number, state, now);
        job.name = name.to_owned();
        job.user = UserName::from(user);
        job
    };
    let mut jobs = LIVE.map(job);
    let [wide, small, gang, _, waits, held] = &mut jobs;
    (wide.gpus, wide.gpus_per_node) = (2, 2);
    wide.lease = Some(vec![lease("node-1", &[0, 1])]);
    small.lease = Some(vec![lease("node-1", &[2])]);
    (gang.gpus, gang.nodes) = (2, 2);
    gang.lease = Some(vec![lease("node-1", &[3]), lease("node-2", &[0])]);
    gang.class = PriorityClass::High;
    (waits.gpus, waits.gpus_per_node) = (8, 8);
    held.reason_text = Some("Held by bo. Release it to let it start.".to_owned());
    jobs.to_vec()
}

fn finished_jobs(now: Timestamp) -> Vec<JobRow> {
    let job = |(number, (token, text)): (u64, (&str, &str))| {
        let mut job = row(FIRST + number, StateName::Finished, now);
        job.name = format!("ended-{}", number - 10);
        job.outcome = Some(token.to_owned());
        job.outcome_text = Some(text.to_owned());
        job.exit_code = (token == "Failed").then_some(1);
        if token == "LaunchFailed" {
            job.started_at = None;
        }
        job
    };
    (11..).zip(ENDS).map(job).collect()
}

/// All jobs of the sample, live ones first.
pub fn jobs(now: Timestamp) -> Vec<JobRow> {
    [live_jobs(now), finished_jobs(now)].concat()
}

/// An array of which there is a task in each state.
pub fn array(now: Timestamp) -> (ArrayView, JobRow) {
    let tasks = Tasks {
        held: 1,
        queued: 4,
        active: 3,
        succeeded: 5,
        failed: 1,
        cancelled: 1,
    };
    let first = id(20);
    let mut task = row(first.0, StateName::Running, now);
    task.name = "cross-validate".to_owned();
    task.array = Some(ArrayPlace {
        array: first,
        index: 0,
    });
    let array = ArrayView {
        array: first,
        name: task.name.clone(),
        user: task.user.clone(),
        tasks,
    };
    (array, task)
}

/// What happened to the first job.
pub fn events(now: Timestamp) -> Vec<EventView> {
    let all = [
        ("JobSubmitted", "ana", "Submitted", 200),
        (
            "wait",
            "berth",
            "Waits: 2 GPUs are free, one node each",
            199,
        ),
        (
            "AttemptStarting",
            "berth",
            "Attempt 1 starts on node-1: 0, 1",
            95,
        ),
        ("AttemptRunning", "berth", "Attempt 1 runs", 95),
    ];
    let event = |(seq, (kind, actor, text, minutes)): (u64, (&str, &str, &str, i64))| EventView {
        seq,
        at: ago(now, minutes),
        actor: actor.to_owned(),
        kind: kind.to_owned(),
        text: text.to_owned(),
    };
    (1..).zip(all).map(event).collect()
}

fn gpu(node: &str, index: u32) -> GpuView {
    GpuView {
        index,
        uuid: format!("GPU-{node}-{index}"),
        model: "NVIDIA H100 80GB HBM3".to_owned(),
        mem_total_bytes: 80 * GIB,
        nvlink_island: Some(index / 4),
        busy_pct: Some(0.0),
        sm_active_pct: Some(0.0),
        mem_used_bytes: Some(GIB / 2),
        power_w: Some(72.0),
        temp_c: Some(31.0),
        ..GpuView::default()
    }
}

fn held(gpu: GpuView, job: &JobRow, busy: f32, gib: u64) -> GpuView {
    GpuView {
        job: Some(JobRef {
            id: job.id,
            name: job.name.clone(),
            user: job.user.clone(),
            state: job.state,
        }),
        busy_pct: Some(busy),
        sm_active_pct: Some(busy * 0.8),
        mem_used_bytes: Some(gib * GIB),
        power_w: Some(90.0 + busy * 5.0),
        temp_c: Some(35.0 + busy * 0.3),
        ..gpu
    }
}

fn cordon(reason: &str, drain: bool, now: Timestamp) -> Cordon {
    Cordon {
        reason: reason.to_owned(),
        by: UserName::from("wei.zhang"),
        at: ago(now, 60),
        drain,
    }
}

fn node(name: &str, gpus: Vec<GpuView>) -> NodeView {
    NodeView {
        name: NodeName::from(name),
        address: None,
        source: NodeSource::Simulated,
        present: true,
        state: NodeState::Up,
        cordon: None,
        foreign: 0,
        versions: Versions::default(),
        problems: vec![],
        last_seen: None,
        telemetry: None,
        gpus,
    }
}

/// GPUs that are held (busy, idle, by a job on two nodes), free, cordoned, used by others, unknown; a node
/// that is drained and one that does not answer.
fn nodes(now: Timestamp) -> Vec<NodeView> {
    let jobs = live_jobs(now);
    let gpus =
        |name: &str, count: u32| (0..count).map(|index| gpu(name, index)).collect::<Vec<_>>();
    let mut first = gpus("node-1", 8);
    for (place, job, busy, gib) in [
        (0, 0, 97.0, 71),
        (1, 0, 95.0, 71),
        (2, 1, 0.0, 40),
        (3, 2, 64.0, 22),
    ] {
        first[place] = held(first[place].clone(), &jobs[job], busy, gib);
    }
    first[5].cordon = Some(cordon("ECC errors", false, now));
    first[6].foreign = vec![ForeignProcess {
        pid: 4711,
        started: 1,
        user: Some("kim".to_owned()),
        command: Some("python notebook.py".to_owned()),
        of: None,
        since: ago(now, 25),
        ignored: false,
    }];
    first[6].mem_used_bytes = Some(12 * GIB);
    first[7] = GpuView {
        why: [(Figure::Gpu, "nvidia-smi did not answer".to_owned())].into(),
        index: 7,
        uuid: "GPU-node-1-7".to_owned(),
        model: first[7].model.clone(),
        nvlink_island: Some(1),
        ..GpuView::default()
    };
    let mut second = gpus("node-2", 2);
    second[0] = held(second[0].clone(), &jobs[2], 61.0, 22);
    let mut first = node("node-1", first);
    first.foreign = 1;
    let mut second = node("node-2", second);
    second.cordon = Some(cordon("new fans", true, now));
    second.state = NodeState::Draining;
    let mut third = node("node-3", gpus("node-3", 2));
    third.present = false;
    third.state = NodeState::Absent;
    third.last_seen = Some(ago(now, 9));
    vec![first, second, third]
}

/// An alert of each severity that is open, one that was answered, and one that is over.
pub fn alerts(now: Timestamp) -> Vec<AlertView> {
    let alert = |number: u64, rule: AlertRule, severity, text: &str, advice: &str| AlertView {
        id: AlertId(FIRST + number),
        rule,
        title: rule.title().to_owned(),
        severity,
        state: AlertState::Open,
        subject: format!("job {}", id(2)),
        job: Some(id(2)),
        text: text.to_owned(),
        advice: advice.to_owned(),
        asks: Some(UserName::from("bo")),
        choices: vec![Choice::Keep, Choice::Stop, Choice::Requeue],
        opened_at: ago(now, 22),
        answer: None,
        resolved_at: None,
        climbed: None,
    };
    let idle = alert(
        1,
        AlertRule::NoProcess,
        Severity::Warning,
        "GPU 2 on node-1 is held and no process has used it for 22 min.",
        "Ask bo, or stop the job: its GPU goes to the next in the queue.",
    );
    let broken = AlertView {
        subject: "node-1:5".to_owned(),
        job: None,
        asks: None,
        choices: vec![Choice::Cordon],
        climbed: Some("cordoned node-1:5".to_owned()),
        ..alert(
            2,
            AlertRule::XidFatal,
            Severity::Critical,
            "The driver told of Xid 79 on node-1:5: the GPU has fallen off the bus.",
            "Restart the node.",
        )
    };
    let full = AlertView {
        choices: vec![Choice::Ignore],
        ..alert(
            3,
            AlertRule::MemoryFull,
            Severity::Info,
            "GPU 0 on node-1 has 99% of its memory in use.",
            "Smaller batches leave room for a peak.",
        )
    };
    let answered = AlertView {
        state: AlertState::Answered,
        answer: Some(Answer {
            by: UserName::from("bo"),
            at: ago(now, 5),
            choice: Choice::Keep,
            because: Some("the debugger is attached".to_owned()),
            until: Some(ago(now, -115)),
        }),
        ..alert(
            4,
            AlertRule::IdleProcess,
            Severity::Warning,
            "A process holds GPU 2 on node-1 and does nothing.",
            "Ask bo.",
        )
    };
    let over = AlertView {
        state: AlertState::Resolved,
        resolved_at: Some(ago(now, 3)),
        ..alert(
            5,
            AlertRule::Temperature,
            Severity::Warning,
            "GPU 3 on node-1 has 88 °C.",
            "Look at the fans.",
        )
    };
    vec![idle, broken, full, answered, over]
}

/// What a page would start with.
pub fn start(now: i64) -> Start {
    let at = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
    let jobs = jobs(at);
    let ids = |fits: fn(&JobRow) -> bool| {
        jobs.iter()
            .filter(|job| fits(job))
            .map(|job| job.id)
            .collect()
    };
    let free = |gpus, minutes: Option<i64>| FreeAt {
        gpus,
        nodes: 1,
        at: minutes.map(|minutes| ago(at, -minutes)),
    };
    let (array, _) = array(at);
    let picture = Picture {
        at: Some(at),
        cluster: ClusterView {
            simulated: true,
            nodes: nodes(at),
            totals: Totals {
                nodes: 3,
                gpus: 12,
                allocated: 5,
                free: 3,
                busy_pct: Some(42.0),
                working_pct: Some(34.0),
            },
            ..ClusterView::default()
        },
        counts: Counts {
            held: 1,
            queued: 1,
            active: 4,
        },
        free_at: vec![
            free(1, Some(0)),
            free(4, Some(25)),
            free(8, Some(400)),
            free(16, None),
        ],
        active: ids(JobRow::is_active),
        queue: ids(JobRow::is_waiting),
        recent: ids(|job| !job.is_live()),
        arrays: vec![array],
        alerts: alerts(at),
        rows: jobs.iter().map(|job| (job.id, job.clone())).collect(),
        ..Picture::default()
    };
    let who = Whoami {
        role: berth_domain::Role::Admin,
        projects: Default::default(),
        user: UserName::from("wei.zhang"),
        admin: true,
        version: String::new(),
    };
    Start { picture, who, now }
}
