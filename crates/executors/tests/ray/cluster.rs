//! A real Ray cluster of two nodes on this host, each in network, process and mount namespaces of
//! its own (`ray-node`), with eight made-up GPUs each. It ends with the test, however that ends.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::namespaces::{Network, first_child};

/// What `ray-node` starts it with.
pub const TOKEN: &str = "token-of-the-tests-0123456789abcdef";
/// A cluster takes seconds to start; on a busy host many.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Cluster {
    nodes: [Option<Child>; 2],
    http: reqwest::Client,
    network: Network,
}

/// This file's folder: other packages' tests use it too.
fn here() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    root.expect("the workspace")
        .join("crates/executors/tests/ray")
}

/// `ray`, if a cluster can be made here; else says loudly that it is not tested.
fn program() -> Option<PathBuf> {
    let root = here().ancestors().nth(4).unwrap().to_owned();
    let ray = root.join(".tools/ray/bin/ray");
    let is_root = Command::new("id").arg("-u").output();
    let why = if !ray.is_file() {
        "Ray is not installed: scripts/setup"
    } else if !is_root.is_ok_and(|id| id.stdout == b"0\n") {
        "only root can make network namespaces"
    } else {
        return Some(ray);
    };
    // Not by `eprintln`, which nobody sees of a test that passes.
    let said = format!("\n*** NOT TESTED: the Ray executor. {why}.\n\n");
    let _ = std::io::stderr().write_all(said.as_bytes());
    None
}

impl Cluster {
    /// `None` where that is not possible.
    pub async fn start() -> Option<Self> {
        program()?;
        let mut cluster = Cluster {
            nodes: [None, None],
            http: reqwest::Client::new(),
            network: Network::new(),
        };
        cluster.boot(1);
        cluster.boot(2);
        cluster.until_alive(2).await;
        Some(cluster)
    }

    /// Starts node 1, the head, or node 2.
    pub fn boot(&mut self, number: u8) {
        let mut node = Command::new(here().join("ray-node"))
            .arg(program().unwrap())
            .args([self.network.subnet().to_string(), number.to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        self.network.join(number, first_child(node.id()));
        node.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
        self.nodes[usize::from(number - 1)] = Some(node);
    }

    /// Power off: all that runs there is gone at once.
    pub fn kill(&mut self, number: u8) {
        let node = self.nodes[usize::from(number - 1)].take();
        let mut node = node.expect("a node that runs");
        node.kill().unwrap();
        node.wait().unwrap();
    }

    pub fn url(&self) -> String {
        format!("http://{}:8265", self.ip(1))
    }

    pub fn ip(&self, number: u8) -> String {
        self.network.ip(number)
    }

    /// What Ray answers; `None` when it does not.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let url = format!("{}/{path}", self.url());
        let answer = self
            .http
            .get(url)
            .bearer_auth(TOKEN)
            .timeout(Duration::from_secs(5))
            .send();
        answer.await.ok()?.json().await.ok()
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}/{path}", self.url());
        let answer = self
            .http
            .post(url)
            .bearer_auth(TOKEN)
            .json(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The nodes that Ray takes for alive, by id.
    pub async fn alive(&self) -> Vec<String> {
        let answer = self
            .get("api/v0/nodes?detail=true")
            .await
            .unwrap_or_default();
        let nodes = answer["data"]["result"]["result"].as_array().cloned();
        let alive = nodes.unwrap_or_default().into_iter();
        alive
            .filter(|node| node["state"] == "ALIVE")
            .map(|node| node["node_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What Ray calls node 1 or 2.
    pub async fn node_id(&self, number: u8) -> String {
        for id in self.alive().await {
            let detail = self.get(&format!("nodes/{id}")).await.unwrap_or_default();
            if detail["data"]["detail"]["hostname"] == format!("node-{number}") {
                return id;
            }
        }
        panic!("there is no node-{number}");
    }

    /// Waits until so many nodes are alive and told who they are.
    pub async fn until_alive(&self, count: usize) {
        let until = Instant::now() + PATIENCE;
        loop {
            let alive = self.alive().await;
            let mut named = 0;
            for id in &alive {
                let detail = self.get(&format!("nodes/{id}")).await.unwrap_or_default();
                named += usize::from(detail["data"]["detail"]["hostname"].is_string());
            }
            if (alive.len(), named) == (count, count) {
                return;
            }
            assert!(
                Instant::now() < until,
                "no cluster of {count} nodes: {alive:?}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ids of the jobs in Ray's table.
    pub async fn jobs(&self) -> Vec<String> {
        let jobs = self.get("api/jobs/").await.unwrap_or_default();
        let jobs = jobs.as_array().cloned().unwrap_or_default();
        let ids = jobs.iter().filter_map(|job| job["submission_id"].as_str());
        ids.map(str::to_owned).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in self.nodes.iter_mut().flatten() {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}
