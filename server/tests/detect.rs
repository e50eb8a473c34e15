//! What a server stands on: found at its start, told on demand, and the nodes as they are listed.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../crates/executors/tests/ray/cluster.rs"]
mod cluster;
#[path = "../../crates/executors/tests/namespaces/mod.rs"]
mod namespaces;
mod support;

use std::fs;
use std::path::Path;

use berth_api::cluster::{Detect, Detected, GetCluster};
use berth_domain::{ClusterKind, NodeSource, SignalName, SubmitRequest};
use berth_fake_nvml::FakeNvml;
use cluster::{Cluster, TOKEN};
use serde_json::Value;
use support::{Server, shell, submit, until_finished};
use tempfile::TempDir;

/// No Ray, Slurm or Kubernetes of the machine that the tests run on.
fn alone<'a>(home: &'a Path, library: &'a Path) -> Vec<(&'a str, &'a str)> {
    let text = |path: &'a Path| path.to_str().unwrap();
    vec![
        ("RAY_ADDRESS", ""),
        ("KUBERNETES_SERVICE_HOST", ""),
        ("HOME", text(home)),
        ("BERTH_NVML", text(library)),
    ]
}

fn json(server: &Server, args: &[&str]) -> Value {
    let output = server.cli().args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(server: &Server, args: &[&str]) -> String {
    let output = server.cli().args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_listed_with_the_fields_that_scripts_rely_on() {
    let server = Server::with("2x2", &[]);
    let berth = server.client();
    let go = server.dir.path().join("go");
    let line = format!("while ! test -e {}; do sleep 0.02; done", go.display());
    let job = submit(
        &berth,
        SubmitRequest {
            gpus: Some(1),
            ..shell(&line)
        },
    )
    .await;
    let nodes = json(&server, &["nodes", "--json"]);
    let node = &nodes["nodes"][0];
    assert_eq!(node["name"], "node-1");
    assert_eq!(node["address"], "127.0.0.1");
    assert_eq!(node["state"], "up");
    assert_eq!(node["source"], "simulated");
    assert_eq!(node["versions"]["berth"], env!("CARGO_PKG_VERSION"));
    assert!(node["last_seen"].is_string());
    let gpus = node["gpus"].as_array().unwrap();
    assert_eq!(gpus.len(), 2);
    assert_eq!(gpus[0]["index"], 0);
    assert_eq!(gpus[0]["job"]["id"], job.id.0);
    assert_eq!(gpus[1]["job"], Value::Null);
    assert!(gpus[1]["uuid"].as_str().unwrap().starts_with("GPU-"));
    assert_eq!(gpus[1]["model"], "NVIDIA H100 80GB HBM3");
    fs::write(go, "").unwrap();
    until_finished(&berth, &[job.id]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_gpus_runs_jobs_on_them_by_itself() {
    let folder = TempDir::new().unwrap();
    let driver = FakeNvml::new(folder.path(), "gpus 2\nfail nvmlDeviceGetPowerUsage 1 3\n");
    let server = Server::unasked(&alone(folder.path(), driver.library()));
    let berth = server.client();
    let found = berth.call(Detect { fresh: None }).await.unwrap();
    assert_eq!(found.in_use, ClusterKind::Local, "{found:?}");
    assert_eq!(found.kind, ClusterKind::Local);
    assert!(
        found.in_use_text.contains("because this host has them"),
        "{found:?}"
    );

    let cluster = berth.call(GetCluster {}).await.unwrap().cluster;
    let node = &cluster.nodes[0];
    assert_eq!((cluster.nodes.len(), node.source), (1, NodeSource::Local));
    assert_eq!(node.versions.driver.as_deref(), Some("575.57.08"));
    let line = "echo $CUDA_VISIBLE_DEVICES > $BERTH_RUN_DIR/devices";
    let both = SubmitRequest {
        gpus: Some(2),
        ..shell(line)
    };
    let job = submit(&berth, both).await;
    let done = until_finished(&berth, &[job.id]).await;
    assert_eq!(done[0].row.exit_code, Some(0), "{done:?}");
    let devices = fs::read_to_string(Path::new(&done[0].run_dir).join("devices"));
    assert_eq!(devices.unwrap(), "0,1\n");
    // What the driver does not tell stays unknown, and says why.
    support::until(&berth, async |berth| {
        let cluster = berth.call(GetCluster {}).await.unwrap().cluster;
        let gpus = &cluster.nodes[0].gpus;
        gpus[0].power_w == Some(101.0)
            && gpus[1].power_w.is_none()
            && gpus[1].busy_pct == Some(10.0)
            && gpus[1]
                .unknown()
                .is_some_and(|why| why.starts_with("power: "))
    })
    .await;
    let long = text(&server, &["nodes", "--long"]);
    assert!(
        long.contains("575.57.08") && long.contains("local"),
        "{long}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_on_demand_finds_what_came_since_and_says_how_to_use_it() {
    let folder = TempDir::new().unwrap();
    let driver = FakeNvml::new(folder.path(), "gpus 0\n");
    let server = Server::unasked(&alone(folder.path(), driver.library()));
    let found = json(&server, &["nodes", "--detect", "--json"]);
    assert_eq!(found["kind"], "simulated", "{found}");
    assert_eq!(found["in_use"], "simulated");
    let gpus = |found: &Value| {
        let signals = found["signals"].as_array().unwrap().clone();
        signals
            .into_iter()
            .find(|signal| signal["name"] == "local_gpus")
    };
    assert_eq!(gpus(&found), None);

    driver.say("gpus 8\n");
    fs::create_dir(folder.path().join(".ssh")).unwrap();
    fs::write(folder.path().join(".ssh/config"), "Host gpu1 gpu2\n").unwrap();
    let found = json(&server, &["nodes", "--detect", "--json"]);
    assert_eq!(found["kind"], "local");
    assert!(found["confidence"].as_f64().unwrap() > 0.3, "{found}");
    let signal = gpus(&found).unwrap();
    let says = "8 x NVIDIA H100 80GB HBM3 (NVML, driver 575.57.08)";
    assert_eq!(signal["found"], says);
    assert_eq!(signal["weight"], 0.9);
    assert!(
        signal["sentence"]
            .as_str()
            .unwrap()
            .contains("jobs can run on it")
    );
    // It does not change what it runs on under the jobs.
    assert_eq!(found["in_use"], "simulated");
    let told = text(&server, &["nodes", "--detect"]);
    for part in [
        "The server runs on: SIMULATED cluster of 2 nodes x 8 GPUs",
        "It would choose now: local",
        "--ssh gpu1,gpu2",
        "Restart it to choose anew",
        "--ray http://HEAD:8265",
        "--simulate 2x8",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_by_hand_stands_above_what_is_found() {
    let folder = TempDir::new().unwrap();
    let driver = FakeNvml::new(folder.path(), "gpus 8\n");
    let server = Server::with("1x4", &alone(folder.path(), driver.library()));
    let found = server
        .client()
        .call(Detect { fresh: Some(true) })
        .await
        .unwrap();
    assert_eq!(found.kind, ClusterKind::Simulated);
    assert!((found.confidence - 1.0).abs() < f64::EPSILON);
    let names: Vec<SignalName> = found.signals.iter().map(|signal| signal.name).collect();
    assert!(
        names.starts_with(&[SignalName::Configuration, SignalName::LocalGpus]),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn local_gpus_by_hand_are_needed() {
    let folder = TempDir::new().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_berth-server"))
        .args(["serve", "--local", "--addr", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .envs(alone(folder.path(), &folder.path().join("none.so")))
        .env("PATH", "")
        .env("BERTH_SITE", site(folder.path()))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("this host has no NVIDIA GPU"), "{said}");
}

fn site(folder: &Path) -> std::path::PathBuf {
    let site = folder.join("site");
    fs::create_dir_all(site.join("pkg/build")).unwrap();
    fs::write(site.join("pkg/build/berth.js"), "").unwrap();
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ray_is_found_by_its_variable_on_real_hosts() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let home = TempDir::new().unwrap();
    let url = cluster.url();
    let env = |token| {
        [
            ("RAY_ADDRESS", url.as_str()),
            ("RAY_AUTH_TOKEN", token),
            ("HOME", home.path().to_str().unwrap()),
        ]
    };
    let signal = |found: &Detected| {
        let mut signals = found.signals.iter();
        let signal = signals.find(|signal| signal.name == SignalName::RayAddress);
        signal.unwrap().clone()
    };
    let server = Server::unasked(&env(TOKEN));
    let berth = server.client();
    let found = berth.call(Detect { fresh: Some(true) }).await.unwrap();
    assert_eq!(
        (found.in_use, found.kind),
        (ClusterKind::Ray, ClusterKind::Ray)
    );
    let seen = signal(&found).found;
    assert!(
        seen.contains("Ray 2.") && seen.ends_with("2 nodes, 16 GPUs"),
        "{seen}"
    );
    let cluster = berth.call(GetCluster {}).await.unwrap().cluster;
    for node in &cluster.nodes {
        assert_eq!((node.source, node.gpus.len()), (NodeSource::Ray, 8));
        let address = node.address.as_deref();
        assert!(
            address.is_some_and(|address| address.starts_with("10.99.")),
            "{node:?}"
        );
        let version = node.versions.ray.as_deref();
        assert!(
            version.is_some_and(|version| version.starts_with("2.")),
            "{node:?}"
        );
        assert!(node.last_seen.is_some());
    }
    let job = submit(
        &berth,
        SubmitRequest {
            gpus: Some(8),
            ..shell("true")
        },
    )
    .await;
    let done = until_finished(&berth, &[job.id]).await;
    assert_eq!(done[0].row.exit_code, Some(0), "{done:?}");

    // One that wants a token is named so, and is not taken for nothing.
    let server = Server::unasked(&env(""));
    let found = server.client().call(Detect { fresh: None }).await.unwrap();
    assert_eq!(found.in_use, ClusterKind::Ray);
    let sentence = signal(&found).sentence;
    assert!(sentence.contains("wants a token"), "{sentence}");
}
