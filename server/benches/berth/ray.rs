//! What Berth adds to Ray: from submission to the first instant of the user's command, beside the
//! same command given to Ray directly, in turn, on the same node of a real cluster. A round begins
//! when nothing is left of the one before: Ray takes a second to begin a job, and longer while it ends
//! or forgets another.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use berth_domain::SubmitRequest;
use serde_json::json;

use crate::cluster::{Cluster, TOKEN};
use crate::support::{Server, shell, submit};
use crate::{row, spread, two};

const ROUNDS: usize = 40;
/// Ray's first jobs take longer than all others.
const FIRST: usize = 3;

pub async fn overhead() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let server = Server::on(["--ray", &cluster.url()], &[("RAY_AUTH_TOKEN", TOKEN)]);
    let berth = server.client();
    let node = cluster.node_id(1).await;
    let folder = server.dir.path();
    let (mut direct, mut ours, mut before, mut after) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS + FIRST {
        until_quiet(&cluster).await;
        let file = folder.join(format!("direct-{round}"));
        let from = SystemTime::now();
        let job = json!({
            "submission_id": format!("direct-{round}"),
            "entrypoint": line(&file),
            "entrypoint_num_gpus": 1,
            "entrypoint_label_selector": { "ray.io/node-id": node },
            "runtime_env": { "env_vars": { "CUDA_VISIBLE_DEVICES": "0" } },
        });
        assert_eq!(cluster.post("api/jobs/", &job).await.0, 200);
        direct.push(between(from, began(&file).await));
        until_quiet(&cluster).await;
        let file = folder.join(format!("ours-{round}"));
        let from = SystemTime::now();
        let request = SubmitRequest {
            nodelist: vec!["node-1".to_owned()],
            ..shell(&line(&file))
        };
        let id = submit(&berth, request).await.id;
        let at = began(&file).await;
        ours.push(between(from, at));
        let run = server.data().join(format!("runs/{id}/1/rank-0"));
        before.push(between(from, written(&run.join("ray.json"))));
        after.push(between(written(&run.join("meta.json")), at));
    }
    let settled = |mut times: Vec<Duration>| spread(times.split_off(FIRST));
    let (direct, ours) = (settled(direct), settled(ours));
    println!("\nOn a real Ray of two nodes, submission to the command's first instant, p50 / p99");
    row("Ray alone", two(&direct), "reference");
    row("Berth on Ray", two(&ours), "");
    row("  until it is given to Ray", two(&settled(before)), "");
    row("  from our shim to the command", two(&settled(after)), "");
    let share = format!("{:.1} ms", ours.p50 - direct.p50);
    row("Berth's share of it, p50", share, "proof < 50 ms");
}

/// Waits until Ray has ended all jobs, and forgotten those that Berth has it forget.
async fn until_quiet(cluster: &Cluster) {
    loop {
        let jobs = cluster.get("api/jobs/").await;
        let is_quiet = jobs
            .as_ref()
            .and_then(|jobs| jobs.as_array())
            .is_some_and(|jobs| {
                jobs.iter().all(|job| {
                    let id = job["submission_id"].as_str().unwrap_or_default();
                    job["status"] == "SUCCEEDED" && !id.starts_with("berth-")
                })
            });
        if is_quiet {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn line(file: &Path) -> String {
    format!("date +%s%N > {}", file.display())
}

/// When the command ran, by its own word.
async fn began(file: &Path) -> SystemTime {
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Ok(nanos) = text.trim().parse() {
            return UNIX_EPOCH + Duration::from_nanos(nanos);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn written(file: &Path) -> SystemTime {
    let of = fs::metadata(file).and_then(|of| of.modified());
    of.expect("a file of the run folder")
}

fn between(from: SystemTime, to: SystemTime) -> Duration {
    to.duration_since(from).unwrap_or_default()
}
