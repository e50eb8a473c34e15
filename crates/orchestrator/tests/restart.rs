//! A server that starts again knows what was wrong, before it has looked.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::decide::Rules;
use berth_domain::{AlertId, Gpu, GpuUuid, Node, NodeName, NodeSource, Subject, Timestamp};
use berth_executors::{RunConfig, TmuxConfig, tmux};
use berth_health::{RuleChange, Rules as HealthRules};
use berth_orchestrator::{Breakpoints, Clock, Grace, Handle, Settings, View, start};
use berth_store::Store;
use berth_telemetry::GpuSampler;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A node is missed at once.
fn rules() -> HealthRules {
    let at_once = RuleChange {
        limit: Some(0.0),
        ..RuleChange::default()
    };
    HealthRules::changed(&BTreeMap::from([("node_silent".to_owned(), at_once)])).unwrap()
}

fn node(name: &str) -> Node {
    let gpu = Gpu::new(0, GpuUuid(format!("GPU-{name}")), "H100", 80 << 30);
    Node::new(NodeName::from(name), NodeSource::Ssh, vec![gpu])
}

/// A server that finds these nodes.
async fn boot(folder: &Path, nodes: &[&str]) -> (Handle, JoinHandle<()>) {
    let store = Store::open(&folder.join("berth.db")).await.unwrap();
    let (events, reports) = mpsc::unbounded_channel();
    let run = RunConfig {
        data_dir: folder.to_owned(),
        ..RunConfig::default()
    };
    let config = TmuxConfig {
        run,
        socket_dir: Some(folder.to_owned()),
        ..TmuxConfig::default()
    };
    let executor = tmux::spawn(config, events).unwrap();
    let settings = Settings {
        clock: Clock::new(Timestamp::now),
        rules: Rules::default(),
        cpu_jobs_per_node: 4,
        grace: Grace {
            usual: Duration::from_secs(1),
            preempted: Duration::from_secs(1),
        },
        health: rules(),
        data_dir: folder.to_owned(),
        // The start takes long enough for whoever would look too early.
        breakpoints: Breakpoints::new(|_| std::thread::sleep(Duration::from_millis(50))),
    };
    let found = nodes.iter().map(|name| node(name)).collect();
    let (_, nodes) = watch::channel(Some(found));
    let sampler = GpuSampler::simulated(0, 0);
    start(store, settings, nodes, sampler, (executor, reports))
        .await
        .unwrap()
}

/// The number of the alert that a node is missed, once there is one.
async fn missed(handle: &Handle, name: &str) -> AlertId {
    let mut views = handle.watch_view();
    let of_it = |view: &Arc<View>| {
        let subject = Subject::Node {
            node: NodeName::from(name),
        };
        let mut alerts = view.alerts.iter();
        let found = alerts.find(|alert| alert.finding.subject == subject);
        found.map(|alert| alert.id)
    };
    let wait = views.wait_for(|view| of_it(view).is_some());
    let view = tokio::time::timeout(Duration::from_secs(60), wait).await;
    of_it(&view.unwrap().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_wrong_before_still_is_until_it_was_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let (handle, control) = boot(folder.path(), &["n1", "n2"]).await;
    drop(handle);
    control.await.unwrap();
    let (handle, control) = boot(folder.path(), &["n2"]).await;
    let before = missed(&handle, "n1").await;
    drop(handle);
    control.await.unwrap();
    // Who misses the other one too has looked.
    let (handle, _control) = boot(folder.path(), &[]).await;
    missed(&handle, "n2").await;
    assert_eq!(missed(&handle, "n1").await, before);
}
