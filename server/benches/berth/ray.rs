//! What Berth adds to Ray: from submission to the first instant of the user's command, beside the
//! same command given to Ray directly, in turn, on the same node of a real cluster.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use berth_domain::SubmitRequest;
use serde_json::json;

use crate::cluster::{Cluster, TOKEN};
use crate::support::{Server, shell, submit};
use crate::{row, spread, two};

const ROUNDS: u32 = 40;

pub async fn overhead() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let server = Server::on(["--ray", &cluster.url()], &[("RAY_AUTH_TOKEN", TOKEN)]);
    let berth = server.client();
    let node = cluster.node_id(1).await;
    let folder = server.dir.path();
    let (mut direct, mut ours) = (Vec::new(), Vec::new());
    // Ray's first jobs take longer than all others.
    for round in 0..ROUNDS + 2 {
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
        direct.push(began(&file, from).await);
        let file = folder.join(format!("ours-{round}"));
        let from = SystemTime::now();
        let request = SubmitRequest {
            nodelist: vec!["node-1".to_owned()],
            ..shell(&line(&file))
        };
        submit(&berth, request).await;
        ours.push(began(&file, from).await);
    }
    let (direct, ours) = (spread(direct.split_off(2)), spread(ours.split_off(2)));
    println!("\nOn a real Ray of two nodes, submission to the command's first instant, p50 / p99");
    row("Ray alone", two(&direct), "reference");
    row("Berth on Ray", two(&ours), "");
    let share = format!("{:.1} ms", ours.p50 - direct.p50);
    row("Berth's share of it, p50", share, "proof < 50 ms");
}

fn line(file: &Path) -> String {
    format!("date +%s%N > {}", file.display())
}

/// How long after `from` the command ran, by its own word.
async fn began(file: &Path, from: SystemTime) -> Duration {
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Ok(nanos) = text.trim().parse() {
            let at = UNIX_EPOCH + Duration::from_nanos(nanos);
            return at.duration_since(from).unwrap_or_default();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
