//! What a cluster has to do, wherever its jobs run: the parts that the tests of all executors share.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use berth_api::Berth;
use berth_api::cluster::GetCluster;
use berth_api::jobs::{CancelJob, JobArg};
use berth_api::views::JobDetail;
use berth_domain::{JobId, StateName, SubmitRequest};

use super::{Server, all, get, shell, submit, until_within};

/// Ray takes a second of a core for each job that it starts, and longer than a minute to notice some
/// of its own failures.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A folder that jobs and tests see, each by a path of its own.
pub struct Shared {
    pub here: PathBuf,
    pub there: PathBuf,
}

impl Shared {
    pub fn write(&self, name: &str) {
        std::fs::write(self.here.join(name), "").unwrap();
    }

    /// What jobs wrote into a file, sorted.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.here.join(name)).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

/// Of mixed sizes; each says where it is and what it may use, when it began and when it ended.
pub async fn sixty_jobs(server: &Server, shared: &Shared) {
    let berth = server.client();
    let line = "echo $BERTH_JOB_ID $(hostname) [$CUDA_VISIBLE_DEVICES] $(date +%s.%N) >> $OUT; \
                sleep 0.2; echo $BERTH_JOB_ID $(date +%s.%N) >> $OUT.ended";
    let line = format!("OUT={}/sixty; {line}", shared.there.display());
    let sizes = [1, 2, 1, 4, 1, 3, 8, 1, 2, 0];
    let mut ids = Vec::new();
    for n in 0..60 {
        let request = SubmitRequest {
            gpus: Some(sizes[n % sizes.len()]),
            ..shell(&line)
        };
        ids.push(submit(&berth, request).await.id);
    }
    let finished = until_finished(&berth, &ids).await;
    let ends: BTreeMap<String, f64> = lines(&shared.here.join("sixty.ended"))
        .into_iter()
        .map(|words| (words[0].clone(), words[1].parse().unwrap()))
        .collect();
    let mut uses: Vec<(String, BTreeSet<String>, f64, f64)> = Vec::new();
    let said = lines(&shared.here.join("sixty"));
    assert_eq!(said.len(), 60, "each ran once");
    for words in said {
        let [id, node, devices, at] = words.try_into().unwrap();
        let job = finished.iter().find(|job| job.row.id.to_string() == id);
        let job = job.unwrap();
        assert_eq!(job.row.exit_code, Some(0), "{job:?}");
        let devices = devices.trim_matches(['[', ']']).to_owned();
        assert_eq!((node.clone(), devices.clone()), lease(job), "job {id}");
        let devices = devices.split(',').filter(|device| !device.is_empty());
        let devices = devices.map(str::to_owned).collect();
        uses.push((node, devices, at.parse().unwrap(), ends[&id]));
    }
    for (n, (node, devices, from, to)) in uses.iter().enumerate() {
        for (other, others, begin, end) in &uses[..n] {
            let at_once = begin < to && from < end;
            let both = node == other && !devices.is_disjoint(others);
            assert!(!(at_once && both), "{node} {devices:?} and {others:?}");
        }
    }
}

pub fn lines(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    text.lines().map(words).collect()
}

/// The node and the devices of a job with one node.
pub fn lease(job: &JobDetail) -> (String, String) {
    let part = &job.row.lease.as_ref().unwrap()[0];
    let indices: Vec<String> = part.gpus.iter().map(ToString::to_string).collect();
    (part.node.to_string(), indices.join(","))
}

pub async fn a_time_limit_and_a_cancelled_one(server: &Server) {
    let berth = server.client();
    let long = SubmitRequest {
        gpus: Some(1),
        time_limit: Some("1s".to_owned()),
        ..shell("sleep 1000")
    };
    let long = submit(&berth, long).await.id;
    let other = SubmitRequest {
        gpus: Some(1),
        ..shell("trap '' TERM; while :; do sleep 0.1; done")
    };
    let other = submit(&berth, other).await.id;
    until_running(server, &[other]).await;
    berth
        .call(CancelJob {
            body: JobArg { id: other },
        })
        .await
        .unwrap();
    let ended = until_finished(&berth, &[long, other]).await;
    let outcomes: Vec<_> = ended.iter().map(|job| job.row.outcome.clone()).collect();
    assert_eq!(
        outcomes,
        [Some("TimedOut".into()), Some("Cancelled".into())]
    );
}

pub async fn until_finished(berth: &Berth, ids: &[JobId]) -> Vec<JobDetail> {
    let finished = async |berth: &Berth| {
        let jobs = all(berth).await;
        let live = jobs.iter().filter(|job| job.is_live());
        live.filter(|job| ids.contains(&job.id)).count() == 0
    };
    until_within(PATIENCE, berth, finished).await;
    let mut found = Vec::new();
    for id in ids {
        found.push(get(berth, *id).await);
    }
    found
}

pub async fn until_running(server: &Server, ids: &[JobId]) {
    for id in ids {
        until_within(PATIENCE, &server.client(), async |berth| {
            get(berth, *id).await.row.state == StateName::Running
        })
        .await;
    }
}

/// How often everything is killed: once, or as often as `BERTH_CRASH_ROUNDS` says.
pub fn rounds() -> usize {
    std::env::var("BERTH_CRASH_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

/// Eight jobs of two GPUs, which write a line when they begin and wait for a file.
pub async fn eight(server: &Server, shared: &Shared, name: &str, retries: i64) -> Vec<JobId> {
    let dir = shared.there.display();
    let mut ids = Vec::new();
    for n in 0..8 {
        let line = format!(
            "echo $BERTH_JOB_ID.$BERTH_ATTEMPT >> {dir}/{name}; \
             while ! test -e {dir}/{name}.go; do sleep 0.05; done; exit {}",
            20 + n
        );
        let request = SubmitRequest {
            gpus: Some(2),
            max_retries: Some(retries),
            ..shell(&line)
        };
        ids.push(submit(&server.client(), request).await.id);
    }
    until_running(server, &ids).await;
    ids
}

pub async fn present(berth: &Berth) -> usize {
    let cluster = berth.call(GetCluster {}).await.unwrap().cluster;
    cluster.nodes.iter().filter(|node| node.present).count()
}

/// The two ranks of a gang add what they have, by torch itself.
pub async fn an_all_reduce(server: &Server, shared: &Shared) {
    let torch = std::process::Command::new("/usr/bin/python3")
        .args(["-c", "import torch.distributed"])
        .output();
    if !torch.is_ok_and(|output| output.status.success()) {
        let said = "\n*** NOT TESTED: a gang with torch, which is not installed: scripts/setup\n\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
        return;
    }
    let code = "import torch, torch.distributed as dist; dist.init_process_group('gloo'); \
                sum = torch.tensor([dist.get_rank() + 1.0]); dist.all_reduce(sum); \
                print(dist.get_rank(), dist.get_world_size(), sum.item(), flush=True)";
    let line = format!(
        "RANK=$NODE_RANK WORLD_SIZE=$NNODES /usr/bin/python3 -c \"{code}\" >> {}/sums",
        shared.there.display()
    );
    let request = SubmitRequest {
        gpus: Some(8),
        nodes: Some(2),
        ..shell(&line)
    };
    let id = submit(&server.client(), request).await.id;
    let job = until_finished(&server.client(), &[id]).await.remove(0);
    assert_eq!(job.row.exit_code, Some(0), "{job:?}");
    assert_eq!(shared.lines("sums"), ["0 2 3.0", "1 2 3.0"]);
}
