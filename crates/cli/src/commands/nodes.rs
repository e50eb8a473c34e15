//! `berth nodes`: the cluster; with `--detect` what the server stands on, and why.

use std::collections::BTreeMap;

use berth_api::cluster::{ClusterAnswer, Detect, GetCluster};
use berth_api::views::{GpuView, NodeState, NodeView};
use berth_domain::{JobId, Timestamp};

use super::detect;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;
use crate::watch::Watch;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A line for each GPU.
    #[arg(short, long)]
    gpus: bool,
    /// Also addresses, versions, and when each node was heard of last.
    #[arg(short, long, conflicts_with = "gpus")]
    long: bool,
    /// The processes that use GPUs outside the queue.
    #[arg(long, conflicts_with_all = ["gpus", "long"])]
    foreign: bool,
    /// Look around anew: what the server finds, what it would choose to run on, and why.
    #[arg(long, conflicts_with_all = ["gpus", "long", "foreign"])]
    detect: bool,
    #[command(flatten)]
    watch: Watch,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    if args.detect {
        let fresh = Some(true);
        let answer = session
            .repeat(|| session.berth.call(Detect { fresh }))
            .await?;
        return session.show(&answer, |answer| detect::text(answer, Width::here()));
    }
    let shown = async || {
        let answer = session.repeat(|| session.berth.call(GetCluster {})).await?;
        if session.json {
            return output::line(&answer);
        }
        Ok(text(&answer, args, Timestamp::now(), Width::here()))
    };
    args.watch.show(shown).await
}

fn text(answer: &ClusterAnswer, args: &Args, now: Timestamp, width: Width) -> String {
    let cluster = &answer.cluster;
    if args.foreign {
        return foreign(&cluster.nodes, now, width);
    }
    let mut text = match (args.gpus, args.long) {
        (true, _) => by_gpu(&cluster.nodes, width),
        (_, true) => at_length(&cluster.nodes, now, width),
        _ => by_node(&cluster.nodes, now, width),
    };
    let counts = &answer.counts;
    text += &format!(
        "\n{} of {} GPUs allocated, busy {}. Jobs: {} active, {} queued, {} held.\n",
        cluster.totals.allocated,
        cluster.totals.gpus,
        percent(cluster.totals.busy_pct),
        counts.active,
        counts.queued,
        counts.held,
    );
    for node in &cluster.nodes {
        for problem in &node.problems {
            text += &format!("{}: {}\n", node.name, table::printable(problem));
        }
    }
    for stranger in &cluster.unknown_daemons {
        let name = table::printable(stranger.name.as_str());
        text += &format!(
            "The daemon of {name} tells of {} GPUs that are not part of this cluster.\n",
            stranger.gpus
        );
    }
    if cluster.simulated {
        text += "The GPUs and their figures are simulated; commands run for real.\n";
    }
    if let Some(why) = &cluster.executor_down {
        text += &format!(
            "Jobs cannot be launched at the moment: {}\n",
            table::printable(why)
        );
    }
    text
}

pub(super) fn by_node(nodes: &[NodeView], now: Timestamp, width: Width) -> String {
    let header = [
        "NODE", "STATE", "SOURCE", "GPUS", "FREE", "BUSY", "MODEL", "JOBS",
    ];
    let cells = |node: &NodeView| {
        let free = node.gpus.iter().filter(|gpu| is_free(node, gpu)).count();
        let free = free.saturating_sub(usize::try_from(node.foreign).unwrap_or(usize::MAX));
        vec![
            node.name.to_string(),
            state(node, now),
            node.source.as_str().to_owned(),
            node.gpus.len().to_string(),
            free.to_string(),
            percent(mean(&node.gpus)),
            node.gpus
                .first()
                .map(|gpu| table::printable(&gpu.model))
                .unwrap_or_default(),
            holders(&node.gpus),
        ]
    };
    table::plain(
        &header,
        &[3, 4, 5],
        nodes.iter().map(cells).collect(),
        width,
    )
}

/// Who uses which GPU outside the queue.
fn foreign(nodes: &[NodeView], now: Timestamp, width: Width) -> String {
    let gpus = nodes
        .iter()
        .flat_map(|node| node.gpus.iter().map(move |gpu| (node, gpu)));
    let mut rows = Vec::new();
    for (node, gpu) in gpus {
        rows.extend(gpu.foreign.iter().map(|process| {
            let of = process
                .of
                .map(|attempt| format!("left of job {}", attempt.job));
            let ignored = process.ignored.then(|| "ignored".to_owned());
            let note: Vec<String> = of.into_iter().chain(ignored).collect();
            vec![
                format!("{}:{}", node.name, gpu.index),
                process.pid.to_string(),
                table::printable(process.user.as_deref().unwrap_or("-")),
                time::age(process.since, now),
                note.join(", "),
                table::printable(process.command.as_deref().unwrap_or("-")),
            ]
        }));
    }
    if rows.is_empty() {
        return "Nobody uses a GPU outside the queue, as far as is known.\n".to_owned();
    }
    let header = ["GPU", "PID", "USER", "SINCE", "NOTE", "COMMAND"];
    table::plain(&header, &[1], rows, width)
}

/// Where each node is, what runs on it, and how fresh that is.
fn at_length(nodes: &[NodeView], now: Timestamp, width: Width) -> String {
    let header = [
        "NODE", "STATE", "SOURCE", "ADDRESS", "SEEN", "BERTH", "DRIVER", "RAY", "GPUS",
    ];
    let unknown = || "-".to_owned();
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(unknown, table::printable);
    let cells = |node: &NodeView| {
        let seen = node.last_seen.map(|at| time::age(at, now));
        vec![
            node.name.to_string(),
            state(node, now),
            node.source.as_str().to_owned(),
            or_dash(&node.address),
            or_dash(&seen),
            or_dash(&node.versions.berth),
            or_dash(&node.versions.driver),
            or_dash(&node.versions.ray),
            node.gpus.len().to_string(),
        ]
    };
    table::plain(&header, &[8], nodes.iter().map(cells).collect(), width)
}

pub(super) fn by_gpu(nodes: &[NodeView], width: Width) -> String {
    let header = [
        "NODE", "GPU", "BUSY", "MEMORY", "POWER", "TEMP", "JOB", "USER", "NAME",
    ];
    let unknown = || "-".to_owned();
    let cells = |node: &NodeView, gpu: &GpuView| {
        let job = gpu.job.as_ref();
        vec![
            node.name.to_string(),
            gpu.index.to_string(),
            percent(gpu.busy_pct),
            memory(gpu),
            gpu.power_w
                .map_or_else(unknown, |watts| format!("{watts:.0} W")),
            gpu.temp_c
                .map_or_else(unknown, |degrees| format!("{degrees:.0} C")),
            job.map(|job| job.id.to_string()).unwrap_or_default(),
            job.map(|job| job.user.to_string()).unwrap_or_default(),
            match (job, &gpu.cordon) {
                (Some(job), _) => table::printable(&job.name),
                (None, Some(cordon)) => {
                    format!("cordoned: {}", table::printable(&cordon.reason))
                }
                (None, None) => String::new(),
            },
        ]
    };
    let rows = nodes
        .iter()
        .flat_map(|node| node.gpus.iter().map(move |gpu| cells(node, gpu)));
    table::plain(&header, &[1, 2, 3, 4, 5, 6], rows.collect(), width)
}

/// `up`, or what it is instead; with it what is out of use and why.
fn state(node: &NodeView, now: Timestamp) -> String {
    match (node.state, &node.cordon, node.last_seen) {
        (NodeState::Absent, _, Some(seen)) => format!("absent, seen {}", time::age(seen, now)),
        (state, Some(cordon), _) => {
            format!("{}: {}", state.as_str(), table::printable(&cordon.reason))
        }
        (NodeState::Up, ..) if node.foreign > 0 => format!("up, {} foreign", node.foreign),
        (state, ..) => state.as_str().to_owned(),
    }
}

fn is_free(node: &NodeView, gpu: &GpuView) -> bool {
    node.present && gpu.is_free()
}

/// `17 x4, 18`: who holds how many.
fn holders(gpus: &[GpuView]) -> String {
    let mut held: BTreeMap<JobId, usize> = BTreeMap::new();
    for job in gpus.iter().filter_map(|gpu| gpu.job.as_ref()) {
        *held.entry(job.id).or_default() += 1;
    }
    let one = |(id, count): (&JobId, &usize)| {
        if *count == 1 {
            id.to_string()
        } else {
            format!("{id} x{count}")
        }
    };
    held.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn mean(gpus: &[GpuView]) -> Option<f32> {
    let known = gpus.iter().filter_map(|gpu| gpu.busy_pct);
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), busy| (sum + busy, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn percent(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}%"))
}

fn memory(gpu: &GpuView) -> String {
    const GIB: u64 = 1 << 30;
    let unknown = || "-".to_owned();
    let used = gpu.mem_used_bytes.map(|used| used.div_ceil(GIB));
    let total = Some(gpu.mem_total_bytes / GIB).filter(|_| gpu.mem_total_bytes > 0);
    let [used, total] = [used, total].map(|gib| gib.map_or_else(unknown, |gib| gib.to_string()));
    format!("{used}/{total} GiB")
}

#[cfg(test)]
mod tests {
    use berth_api::views::{ClusterView, Counts, JobRef, Totals, UnknownDaemon};
    use berth_domain::{Cordon, NodeSource, StateName, UserName, Versions};

    use super::*;

    fn gpu(index: u32, job: Option<u64>, busy: Option<f32>) -> GpuView {
        GpuView {
            index,
            uuid: format!("GPU-{index}"),
            model: "NVIDIA H100 80GB HBM3".into(),
            mem_total_bytes: 80 << 30,
            job: job.map(|id| JobRef {
                id: JobId(id),
                name: "train".into(),
                user: "ana".into(),
                state: StateName::Running,
            }),
            busy_pct: busy,
            mem_used_bytes: busy.map(|_| 3 << 29),
            power_w: busy.map(|_| 300.4),
            ..GpuView::default()
        }
    }

    fn cluster() -> ClusterAnswer {
        let node = NodeView {
            name: "node-1".into(),
            address: Some("127.0.0.1".into()),
            source: NodeSource::Simulated,
            present: true,
            state: NodeState::Up,
            cordon: None,
            foreign: 0,
            versions: Versions {
                driver: Some("575.57.08".into()),
                ..Versions::default()
            },
            problems: vec![],
            last_seen: Some(now()),
            telemetry: None,
            gpus: vec![
                gpu(0, Some(7), Some(90.0)),
                gpu(1, Some(7), Some(50.0)),
                gpu(2, Some(12), None),
                gpu(3, None, None),
            ],
        };
        let totals = Totals {
            nodes: 1,
            gpus: 4,
            allocated: 3,
            free: 1,
            busy_pct: Some(70.0),
            working_pct: None,
        };
        ClusterAnswer {
            cluster: ClusterView {
                simulated: true,
                nodes: vec![node],
                totals,
                executor_down: None,
                unknown_daemons: vec![],
            },
            counts: Counts {
                held: 0,
                queued: 5,
                active: 2,
            },
            free_at: vec![],
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    fn shown(answer: &ClusterAnswer, gpus: bool, long: bool) -> String {
        let args = Args {
            foreign: false,
            gpus,
            long,
            detect: false,
            watch: Watch::default(),
        };
        text(answer, &args, now(), Width::Whole)
    }

    #[test]
    fn nodes_say_who_holds_what() {
        let expected = "\
NODE    STATE  SOURCE     GPUS  FREE  BUSY  MODEL                  JOBS
node-1  up     simulated     4     1   70%  NVIDIA H100 80GB HBM3  7 x2, 12

3 of 4 GPUs allocated, busy 70%. Jobs: 2 active, 5 queued, 0 held.
The GPUs and their figures are simulated; commands run for real.
";
        assert_eq!(shown(&cluster(), false, false), expected);
    }

    #[test]
    fn what_is_known_of_a_node_is_told_at_length() {
        let mut answer = cluster();
        let node = &mut answer.cluster.nodes[0];
        node.problems = vec!["GPU 4 cannot be leased: it fell off the bus.".into()];
        answer.cluster.unknown_daemons = vec![UnknownDaemon {
            name: "gpu-9".into(),
            gpus: 8,
            version: "0.1.0".into(),
        }];
        let text = shown(&answer, false, true);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "node-1  up     simulated  127.0.0.1  just now  -      575.57.08  -       4"
        );
        assert!(text.contains("node-1: GPU 4 cannot be leased: it fell off the bus.\n"));
        let stranger = "The daemon of gpu-9 tells of 8 GPUs that are not part of this cluster.\n";
        assert!(text.contains(stranger), "{text}");
    }

    #[test]
    fn a_state_says_since_when_or_why() {
        let mut node = cluster().cluster.nodes.remove(0);
        node.foreign = 2;
        assert_eq!(state(&node, now()), "up, 2 foreign");
        node.state = NodeState::Drained;
        node.cordon = Some(Cordon {
            reason: "new fans".into(),
            by: UserName("admin".into()),
            at: now(),
            drain: true,
        });
        assert_eq!(state(&node, now()), "drained: new fans");
        node.state = NodeState::Absent;
        node.last_seen = Timestamp::from_second(1_000_000 - 300).ok();
        assert_eq!(state(&node, now()), "absent, seen 5m ago");
    }

    #[test]
    fn what_a_gpu_does_not_report_is_not_zero() {
        let mut answer = cluster();
        answer.cluster.nodes[0].gpus[2].mem_total_bytes = 0;
        let text = shown(&answer, true, false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "node-1    0   90%  2/80 GiB  300 W     -    7  ana   train"
        );
        assert!(lines[3].starts_with("node-1    2     -   -/- GiB      -     -"));
        assert_eq!(lines[4], "node-1    3     -  -/80 GiB      -     -");
    }
}
