//! A real server on a real Ray cluster of two nodes: leases kept, and what becomes of jobs when the
//! server, a node or Ray's head is killed while they run. How a single job runs on Ray is tested
//! with the executor.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../crates/executors/tests/ray/cluster.rs"]
mod cluster;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use berth_api::Berth;
use berth_api::cluster::GetCluster;
use berth_api::jobs::{CancelJob, JobArg};
use berth_api::views::JobDetail;
use berth_domain::{JobId, StateName, SubmitRequest};
use cluster::{Cluster, TOKEN};
use serde_json::json;
use support::{Server, all, get, shell, submit, until_nothing_runs_of, until_within};

/// Ray takes a second of a core for each job that it starts, and longer than a minute to notice some
/// of its own failures.
const PATIENCE: Duration = Duration::from_secs(300);

const ENVIRONMENT: [(&str, &str); 3] = [
    ("BERTH_NODE_GRACE_S", "3"),
    ("BERTH_GRACE_S", "2"),
    ("RAY_AUTH_TOKEN", TOKEN),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_ray() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let mut server = Server::on(["--ray", &cluster.url()], &ENVIRONMENT);
    let mut began = Instant::now();
    let mut done = |name: &str| {
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        began = Instant::now();
    };
    sixty_jobs(&server).await;
    done("sixty jobs");
    a_time_limit_and_a_cancelled_one(&server).await;
    done("limits");
    what_others_hold_is_not_leased(&server, &cluster).await;
    done("foreign");
    for round in 1..=rounds() {
        the_server_is_killed(&mut server, round).await;
        done("server killed");
        a_node_is_killed(&server, &mut cluster, round).await;
        done("node killed");
        the_head_is_killed(&server, &mut cluster, round).await;
        done("head killed");
        until_nothing_runs_of(&server.data().join("runs")).await;
        done("nothing left");
    }
}

/// How often everything is killed: once, or as often as `BERTH_CRASH_ROUNDS` says.
fn rounds() -> u32 {
    let given = std::env::var("BERTH_CRASH_ROUNDS").ok();
    given.map_or(1, |text| text.parse().unwrap())
}

/// Of mixed sizes; each says where it is and what it may use, when it began and when it ended.
async fn sixty_jobs(server: &Server) {
    let berth = server.client();
    let line = "echo $BERTH_JOB_ID $(hostname) [$CUDA_VISIBLE_DEVICES] $(date +%s.%N) >> $OUT; \
                sleep 0.2; echo $BERTH_JOB_ID $(date +%s.%N) >> $OUT.ended";
    let out = server.dir.path().join("sixty");
    let line = format!("OUT={}; {line}", out.display());
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
    let ends: BTreeMap<String, f64> = lines(&out.with_extension("ended"))
        .into_iter()
        .map(|words| (words[0].clone(), words[1].parse().unwrap()))
        .collect();
    let mut uses: Vec<(String, BTreeSet<String>, f64, f64)> = Vec::new();
    let said = lines(&out);
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

fn lines(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    text.lines().map(words).collect()
}

/// The node and the devices of a job with one node.
fn lease(job: &JobDetail) -> (String, String) {
    let part = &job.row.lease.as_ref().unwrap()[0];
    let indices: Vec<String> = part.gpus.iter().map(ToString::to_string).collect();
    (part.node.to_string(), indices.join(","))
}

async fn a_time_limit_and_a_cancelled_one(server: &Server) {
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

async fn until_finished(berth: &Berth, ids: &[JobId]) -> Vec<JobDetail> {
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

async fn until_running(server: &Server, ids: &[JobId]) {
    for id in ids {
        until_within(PATIENCE, &server.client(), async |berth| {
            get(berth, *id).await.row.state == StateName::Running
        })
        .await;
    }
}

/// Somebody uses three GPUs of a node through Ray itself.
async fn what_others_hold_is_not_leased(server: &Server, cluster: &Cluster) {
    let berth = server.client();
    let foreign = json!({
        "submission_id": "foreign",
        "entrypoint": "sleep 1000",
        "entrypoint_num_gpus": 3,
        "entrypoint_label_selector": { "ray.io/node-id": cluster.node_id(2).await },
    });
    assert_eq!(cluster.post("api/jobs/", &foreign).await.0, 200);
    let foreign_are = async |berth: &Berth, count| {
        let nodes = berth.call(GetCluster {}).await.unwrap().cluster.nodes;
        nodes.iter().map(|node| node.foreign).collect::<Vec<_>>() == [0, count]
    };
    let seen = async {
        while !foreign_are(&berth, 3).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen)
        .await
        .expect("foreign GPUs are seen");
    let six = |name: &str| SubmitRequest {
        gpus: Some(6),
        name: Some(name.to_owned()),
        ..shell("sleep 1000")
    };
    let first = submit(&berth, six("first")).await.id;
    let second = submit(&berth, six("second")).await.id;
    until_running(server, &[first]).await;
    assert_eq!(lease(&get(&berth, first).await).0, "node-1");
    let waits = get(&berth, second).await.row;
    assert_eq!(
        waits.reason_text.as_deref(),
        Some("7 GPUs are free, but at most 5 on one node; this job needs 6 together.")
    );
    cluster.post("api/jobs/foreign/stop", &json!({})).await;
    until_running(server, &[second]).await;
    for id in [first, second] {
        let body = JobArg { id };
        berth.call(CancelJob { body }).await.unwrap();
    }
    until_finished(&berth, &[first, second]).await;
}

/// Eight jobs of two GPUs, which write a line when they begin and wait for a file.
async fn eight(server: &Server, name: &str, retries: i64) -> Vec<JobId> {
    let dir = server.dir.path().display();
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

fn ran(server: &Server, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(server.dir.path().join(name)).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

async fn the_server_is_killed(server: &mut Server, round: u32) {
    let name = format!("server-{round}");
    let ids = eight(server, &name, 0).await;
    server.kill();
    server.boot(&ENVIRONMENT);
    until_running(server, &ids).await;
    std::fs::write(server.dir.path().join(format!("{name}.go")), "").unwrap();
    let finished = until_finished(&server.client(), &ids).await;
    for (n, job) in (20..).zip(&finished) {
        assert_eq!(job.row.exit_code, Some(n), "{job:?}");
        assert_eq!(job.attempts.len(), 1, "{job:?}");
    }
    let mut expected: Vec<String> = ids.iter().map(|id| format!("{id}.1")).collect();
    expected.sort();
    assert_eq!(ran(server, &name), expected, "each ran once");
}

/// What ran there is tried again, on the other node as soon as there is room; the rest goes on.
async fn a_node_is_killed(server: &Server, cluster: &mut Cluster, round: u32) {
    let name = format!("node-{round}");
    let ids = eight(server, &name, 1).await;
    let berth = server.client();
    let mut lost = BTreeSet::new();
    for id in &ids {
        if lease(&get(&berth, *id).await).0 == "node-2" {
            lost.insert(*id);
        }
    }
    assert_eq!(lost.len(), 4);
    cluster.kill(2);
    for id in &lost {
        until_within(PATIENCE, &berth, async |berth| {
            !get(berth, *id).await.attempts.is_empty()
                && get(berth, *id).await.row.state != StateName::Running
        })
        .await;
        let first = get(&berth, *id).await.attempts[0].clone();
        assert!(first.ended_at.is_some(), "{first:?}");
    }
    std::fs::write(server.dir.path().join(format!("{name}.go")), "").unwrap();
    let finished = until_finished(&berth, &ids).await;
    for (n, job) in (20..).zip(&finished) {
        let retried = lost.contains(&job.row.id);
        // A failure of its own is tried again too, once.
        assert_eq!(job.attempts.len(), 2, "{job:?}");
        assert_eq!(job.row.exit_code, Some(n), "{job:?}");
        assert_eq!(job.attempts[0].exit_code.is_none(), retried, "{job:?}");
    }
    cluster.boot(2);
    cluster.until_alive(2).await;
    until_within(PATIENCE, &berth, async |berth| present(berth).await == 2).await;
}

async fn present(berth: &Berth) -> usize {
    let cluster = berth.call(GetCluster {}).await.unwrap().cluster;
    cluster.nodes.iter().filter(|node| node.present).count()
}

async fn the_head_is_killed(server: &Server, cluster: &mut Cluster, round: u32) {
    let name = format!("head-{round}");
    let ids = eight(server, &name, 0).await;
    let berth = server.client();
    cluster.kill(1);
    // What waits says why.
    let waits = SubmitRequest {
        gpus: Some(1),
        ..shell("true")
    };
    let waits = submit(&berth, waits).await.id;
    until_within(PATIENCE, &berth, async |berth| {
        let reason = get(berth, waits).await.row.reason;
        reason.as_deref() == Some("ExecutorDown")
    })
    .await;
    cluster.boot(1);
    let finished = until_finished(&berth, &ids).await;
    for job in &finished {
        assert_eq!(job.row.outcome.as_deref(), Some("NodeLost"), "{job:?}");
    }
    let after = until_finished(&berth, &[waits]).await;
    assert_eq!(after[0].row.exit_code, Some(0), "{after:?}");
    assert_eq!(ran(server, &name).len(), 8, "nothing ran twice");
}
