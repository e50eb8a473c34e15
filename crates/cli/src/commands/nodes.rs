//! `berth nodes`: the cluster.

use std::collections::BTreeMap;

use berth_api::cluster::{ClusterAnswer, GetCluster};
use berth_api::views::{GpuView, NodeState, NodeView};
use berth_domain::{JobId, NodeSource};

use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A line for each GPU.
    #[arg(short, long)]
    gpus: bool,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let answer = session.repeat(|| session.berth.call(GetCluster {})).await?;
    session.show(&answer, |answer| text(answer, args.gpus, Width::here()))
}

fn text(answer: &ClusterAnswer, each_gpu: bool, width: Width) -> String {
    let cluster = &answer.cluster;
    let mut text = if each_gpu {
        by_gpu(&cluster.nodes, width)
    } else {
        by_node(&cluster.nodes, width)
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

fn by_node(nodes: &[NodeView], width: Width) -> String {
    let header = ["NODE", "STATE", "GPUS", "FREE", "BUSY", "MODEL", "JOBS"];
    let cells = |node: &NodeView| {
        let free = node.gpus.iter().filter(|gpu| is_free(node, gpu)).count();
        vec![
            node.name.to_string(),
            state(node),
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
        &[2, 3, 4],
        nodes.iter().map(cells).collect(),
        width,
    )
}

fn by_gpu(nodes: &[NodeView], width: Width) -> String {
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
fn state(node: &NodeView) -> String {
    match (node.state, node.source, &node.cordon) {
        (NodeState::Up, NodeSource::Simulated, _) => "simulated".to_owned(),
        (state, _, Some(cordon)) => {
            format!("{}: {}", state.as_str(), table::printable(&cordon.reason))
        }
        (NodeState::Up, ..) if node.foreign > 0 => format!("up, {} foreign", node.foreign),
        (state, ..) => state.as_str().to_owned(),
    }
}

fn is_free(node: &NodeView, gpu: &GpuView) -> bool {
    node.present && gpu.job.is_none() && gpu.cordon.is_none()
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
    let total = gpu.mem_total_bytes / GIB;
    match gpu.mem_used_bytes {
        Some(used) => format!("{}/{total} GiB", used.div_ceil(GIB)),
        None => format!("-/{total} GiB"),
    }
}

#[cfg(test)]
mod tests {
    use berth_api::views::{ClusterView, Counts, JobRef, Totals};
    use berth_domain::StateName;

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
            temp_c: None,
            cordon: None,
        }
    }

    fn cluster() -> ClusterAnswer {
        let node = NodeView {
            name: "node-1".into(),
            source: NodeSource::Simulated,
            present: true,
            state: NodeState::Up,
            cordon: None,
            foreign: 0,
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
        };
        ClusterAnswer {
            cluster: ClusterView {
                simulated: true,
                nodes: vec![node],
                totals,
                executor_down: None,
            },
            counts: Counts {
                held: 0,
                queued: 5,
                active: 2,
            },
            free_at: vec![],
        }
    }

    #[test]
    fn nodes_say_who_holds_what() {
        let expected = "\
NODE    STATE      GPUS  FREE  BUSY  MODEL                  JOBS
node-1  simulated     4     1   70%  NVIDIA H100 80GB HBM3  7 x2, 12

3 of 4 GPUs allocated, busy 70%. Jobs: 2 active, 5 queued, 0 held.
The GPUs and their figures are simulated; commands run for real.
";
        assert_eq!(text(&cluster(), false, Width::Whole), expected);
    }

    #[test]
    fn what_a_gpu_does_not_report_is_not_zero() {
        let text = text(&cluster(), true, Width::Whole);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "node-1    0   90%  2/80 GiB  300 W     -    7  ana   train"
        );
        assert_eq!(lines[4], "node-1    3     -  -/80 GiB      -     -");
    }
}
