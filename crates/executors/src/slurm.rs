//! The variables that a script written for Slurm looks for. A job has them if its environment says
//! `BERTH_SLURM`, since programs that find them take themselves to be started by Slurm.

use std::collections::BTreeMap;

use crate::order::LaunchOrder;

/// What asks for them.
pub(crate) const WANTED: &str = "BERTH_SLURM";

/// Whether they were asked for.
pub(crate) fn wanted(env: &BTreeMap<String, String>) -> bool {
    env.get(WANTED)
        .is_some_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// Adds them to the environment of a rank, which is complete otherwise. What the submission said
/// itself (tasks, processors, where it was submitted) stays.
pub(crate) fn extend(env: &mut BTreeMap<String, String>, order: &LaunchOrder, rank: u32) {
    if !wanted(env) {
        return;
    }
    let had = |name: &str| env.get(name).cloned().unwrap_or_default();
    let nodes = order.lease.0.len();
    let tasks = if order.per_gpu {
        had("WORLD_SIZE")
    } else {
        nodes.to_string()
    };
    let part = usize::try_from(rank)
        .ok()
        .and_then(|rank| order.lease.0.get(rank));
    let gpus = part.map_or(0, |part| part.gpus.len());
    let tasks_here = if order.per_gpu { gpus.max(1) } else { 1 };
    let (id, nodelist) = (order.attempt.job.to_string(), had("BERTH_NODELIST"));
    // What the submission may have said otherwise.
    let defaults = [
        ("SLURM_NTASKS", tasks.clone()),
        ("SLURM_NPROCS", tasks),
        ("SLURM_TASKS_PER_NODE", times(tasks_here, nodes)),
        ("SLURM_JOB_PARTITION", "berth".to_owned()),
        ("SLURM_CLUSTER_NAME", "berth".to_owned()),
    ];
    let set = [
        ("SLURM_JOB_ID", id.clone()),
        ("SLURM_JOBID", id),
        ("SLURM_JOB_NAME", order.job_name.clone()),
        ("SLURM_JOB_NODELIST", nodelist.clone()),
        ("SLURM_NODELIST", nodelist),
        ("SLURM_JOB_NUM_NODES", nodes.to_string()),
        ("SLURM_NNODES", nodes.to_string()),
        ("SLURM_NODEID", rank.to_string()),
        ("SLURM_PROCID", rank.to_string()),
        ("SLURM_LOCALID", "0".to_owned()),
        ("SLURMD_NODENAME", had("BERTH_NODE")),
        ("SLURM_JOB_GPUS", had("CUDA_VISIBLE_DEVICES")),
        ("SLURM_GPUS_ON_NODE", gpus.to_string()),
        ("SLURM_LAUNCH_NODE_IPADDR", had("MASTER_ADDR")),
        (
            "SLURM_RESTART_COUNT",
            order.attempt.number.saturating_sub(1).to_string(),
        ),
    ];
    let array = [
        ("SLURM_ARRAY_JOB_ID", env.get("BERTH_ARRAY_JOB_ID").cloned()),
        (
            "SLURM_ARRAY_TASK_ID",
            env.get("BERTH_ARRAY_TASK_ID").cloned(),
        ),
    ];
    for (name, value) in defaults {
        env.entry(name.to_owned()).or_insert(value);
    }
    let array = array
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    for (name, value) in set.into_iter().chain(array) {
        env.insert(name.to_owned(), value);
    }
}

/// `2(x3)`: two on each of three nodes.
fn times(tasks: usize, nodes: usize) -> String {
    if nodes > 1 {
        format!("{tasks}(x{nodes})")
    } else {
        tasks.to_string()
    }
}
