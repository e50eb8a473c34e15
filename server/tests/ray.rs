//! A real server on a real Ray cluster of two nodes: leases kept, and what becomes of jobs when the
//! server, a node or Ray's head is killed while they run. How a single job runs on Ray is tested
//! with the executor.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../crates/executors/tests/ray/cluster.rs"]
mod cluster;
#[path = "../../crates/executors/tests/namespaces/mod.rs"]
mod namespaces;
mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use berth_api::Berth;
use berth_api::cluster::GetCluster;
use berth_api::jobs::{CancelJob, JobArg};
use berth_domain::{StateName, SubmitRequest};
use cluster::{Cluster, TOKEN};
use serde_json::json;
use support::contract::{
    PATIENCE, Shared, a_time_limit_and_a_cancelled_one, an_all_reduce, eight, lease, present,
    rounds, sixty_jobs, until_finished, until_running,
};
use support::{Server, get, shell, submit, until_nothing_runs_of, until_within};

const ENVIRONMENT: [(&str, &str); 3] = [
    ("BERTH_NODE_GRACE_S", "3"),
    ("BERTH_GRACE_S", "2"),
    ("RAY_AUTH_TOKEN", TOKEN),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_ray_on_real_hosts() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let mut server = Server::on(["--ray", &cluster.url()], &ENVIRONMENT);
    let dir = server.dir.path().to_owned();
    let shared = Shared {
        here: dir.clone(),
        there: dir,
    };
    let mut began = Instant::now();
    let mut done = |name: &str| {
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        began = Instant::now();
    };
    sixty_jobs(&server, &shared).await;
    done("sixty jobs");
    a_time_limit_and_a_cancelled_one(&server).await;
    done("limits");
    an_all_reduce(&server, &shared).await;
    done("torch");
    what_others_hold_is_not_leased(&server, &cluster).await;
    done("foreign");
    for round in 1..=rounds() {
        the_server_is_killed(&mut server, &shared, round).await;
        done("server killed");
        a_node_is_killed(&server, &shared, &mut cluster, round).await;
        done("node killed");
        the_head_is_killed(&server, &shared, &mut cluster, round).await;
        done("head killed");
        until_nothing_runs_of(&server.data().join("runs")).await;
        done("nothing left");
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

async fn the_server_is_killed(server: &mut Server, shared: &Shared, round: usize) {
    let name = format!("server-{round}");
    let ids = eight(server, shared, &name, 0).await;
    server.kill();
    server.boot(&ENVIRONMENT);
    until_running(server, &ids).await;
    shared.write(&format!("{name}.go"));
    let finished = until_finished(&server.client(), &ids).await;
    for (n, job) in (20..).zip(&finished) {
        assert_eq!(job.row.exit_code, Some(n), "{job:?}");
        assert_eq!(job.attempts.len(), 1, "{job:?}");
    }
    let mut expected: Vec<String> = ids.iter().map(|id| format!("{id}.1")).collect();
    expected.sort();
    assert_eq!(shared.lines(&name), expected, "each ran once");
}

/// What ran there is tried again, on the other node as soon as there is room; the rest goes on.
async fn a_node_is_killed(server: &Server, shared: &Shared, cluster: &mut Cluster, round: usize) {
    let name = format!("node-{round}");
    let ids = eight(server, shared, &name, 1).await;
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
    shared.write(&format!("{name}.go"));
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

async fn the_head_is_killed(server: &Server, shared: &Shared, cluster: &mut Cluster, round: usize) {
    let name = format!("head-{round}");
    let ids = eight(server, shared, &name, 0).await;
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
    assert_eq!(shared.lines(&name).len(), 8, "nothing ran twice");
}
