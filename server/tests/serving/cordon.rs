//! Nodes and GPUs out of use: what runs goes on, nothing starts there, and who waits is told why.

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::Berth;
use berth_api::cluster::{Cordon, CordonArg, GetCluster, PlaceArg, Uncordon};
use berth_api::views::{NodeState, NodeView};
use berth_domain::{JobId, StateName, SubmitRequest};

fn cordon(place: &str, reason: &str, drain: bool) -> Cordon {
    let body = CordonArg {
        place: place.to_owned(),
        reason: reason.to_owned(),
        drain,
    };
    Cordon { body }
}

fn uncordon(place: &str) -> Uncordon {
    let body = PlaceArg {
        place: place.to_owned(),
    };
    Uncordon { body }
}

fn of(gpus: i64, line: &str) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        ..shell(line)
    }
}

async fn node(berth: &Berth, name: &str) -> NodeView {
    let cluster = berth.call(GetCluster {}).await.unwrap().cluster;
    let mut nodes = cluster.nodes.into_iter();
    nodes.find(|node| node.name.as_str() == name).unwrap()
}

async fn until_runs(berth: &Berth, id: JobId) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
}

/// `node-1:0,1` for each part of its last lease.
async fn lease(berth: &Berth, id: JobId) -> Vec<String> {
    let job = get(berth, id).await;
    let parts = &job.attempts.last().unwrap().lease;
    let part = |part: &berth_api::views::LeasePart| {
        let gpus: Vec<String> = part.gpus.iter().map(u32::to_string).collect();
        format!("{}:{}", part.node, gpus.join(","))
    };
    parts.iter().map(part).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_ends_what_it_has_and_gets_nothing_new() {
    let mut server = Server::with("2x2", &[]);
    let berth = server.client();
    let go = server.dir.path().join("go");
    let line = format!("while ! test -e {}; do sleep 0.02; done", go.display());
    let old = submit(&berth, of(2, &line)).await.id;
    until_runs(&berth, old).await;
    assert_eq!(lease(&berth, old).await, ["node-1:0,1"]);
    berth
        .call(cordon("node-1", "new fans", true))
        .await
        .unwrap();
    assert_eq!(node(&berth, "node-1").await.state, NodeState::Draining);
    assert_eq!(get(&berth, old).await.row.state, StateName::Running);

    // It is kept over a restart, and so is what runs there.
    server.kill();
    server.boot(&[]);
    let berth = server.client();
    assert_eq!(node(&berth, "node-1").await.state, NodeState::Draining);
    std::fs::write(&go, "").unwrap();
    until_finished(&berth, &[old]).await;
    assert_eq!(node(&berth, "node-1").await.state, NodeState::Drained);

    // The other node takes what fits, and who needs both is told why it waits.
    let small = submit(&berth, of(1, "true")).await.id;
    until_finished(&berth, &[small]).await;
    assert_eq!(lease(&berth, small).await, ["node-2:0"]);
    let both = submit(&berth, of(4, "true")).await.id;
    let row = get(&berth, both).await.row;
    assert_eq!(row.reason.as_deref(), Some("Cordoned"), "{row:?}");
    let text = row.reason_text.unwrap();
    assert!(
        text.contains("node-1") && text.contains("new fans"),
        "{text}"
    );
    berth.call(uncordon("node-1")).await.unwrap();
    until_finished(&berth, &[both]).await;
    assert_eq!(node(&berth, "node-1").await.state, NodeState::Up);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_gpu_is_left_out() {
    let server = Server::with("1x3", &[]);
    let berth = server.client();
    let bad = cordon("node-1:1", "ECC errors", false);
    berth.call(bad).await.unwrap();
    let shown = node(&berth, "node-1").await;
    assert_eq!(shown.state, NodeState::Up);
    let reasons = shown.gpus.iter().map(|gpu| gpu.cordon.as_ref());
    let reasons: Vec<_> = reasons.map(|c| c.map(|c| c.reason.as_str())).collect();
    assert_eq!(reasons, [None, Some("ECC errors"), None]);
    let two = submit(&berth, of(2, "true")).await.id;
    until_finished(&berth, &[two]).await;
    assert_eq!(lease(&berth, two).await, ["node-1:0,2"]);
    let three = submit(&berth, of(3, "true")).await.id;
    let row = get(&berth, three).await.row;
    assert_eq!(row.reason.as_deref(), Some("Cordoned"), "{row:?}");
    // The CLI says it too, and gives it back.
    let nodes = server.cli().args(["nodes", "--gpus"]).output().unwrap();
    let text = String::from_utf8(nodes.stdout).unwrap();
    assert!(text.contains("cordoned: ECC errors"), "{text}");
    let back = server.cli().args(["uncordon", "node-1:1"]).status();
    assert!(back.unwrap().success());
    until_finished(&berth, &[three]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_and_only_what_there_is() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let error = refused(ana.call(cordon("node-1", "mine", false)).await);
    assert!(error.to_string().contains("Only an admin"), "{error}");
    for (place, reason, says) in [
        (
            "node-9",
            "x",
            "There is no node 'node-9'; there are: node-1.",
        ),
        ("node-1:2", "x", "node-1 has no GPU 2; its GPUs are 0 to 1."),
        ("", "x", "Say which node"),
        ("node-1", " ", "The reason is empty"),
        ("node-1", "two\nlines", "control character"),
    ] {
        let error = refused(berth.call(cordon(place, reason, false)).await);
        assert!(error.to_string().contains(says), "{place}: {error}");
    }
    berth
        .call(cordon("node-1", "all of it", false))
        .await
        .unwrap();
    let error = refused(berth.call(uncordon("node-1:0")).await);
    assert!(
        error.to_string().contains("`berth uncordon node-1`"),
        "{error}"
    );
    // Asked twice, it is as it was.
    berth.call(uncordon("node-1")).await.unwrap();
    berth.call(uncordon("node-1")).await.unwrap();
}
