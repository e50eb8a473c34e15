//! What pages show of what daemons say.

use std::collections::BTreeMap;

use berth_api::Berth;
use berth_api::cluster::GetCluster;
use berth_api::node_tokens::ListNodeTokens;
use berth_api::views::GpuView;
use berth_domain::{Figure, Gpu, GpuProcess, GpuSample, SampleSource, Throttle};
use berth_telemetry::wire::{FromNode, Hello};

use super::by_hand::{ByHand, hello};
use super::{first, gpus, node, picture};
use crate::support::{Server, until};

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_daemon_sees_is_in_the_live_picture() {
    let server = Server::start();
    let berth = server.client();
    let mut daemon = ByHand::connect(&server, &server.node_token("node-1")).await;
    daemon.is_welcome("node-1").await;
    let gpu = gpus()[0].uuid.clone();
    let process = GpuProcess {
        pid: 4711,
        started: 99,
        user: Some("ana".to_owned()),
        command: Some("python train.py".to_owned()),
        mem_bytes: Some(20 << 30),
        sm_pct: Some(88.0),
        attempt: None,
        parents: vec![1, 2],
    };
    let sample = GpuSample {
        gpu,
        source: SampleSource::Nvml,
        busy_pct: Some(97.4),
        sm_active_pct: Some(71.2),
        sm_occupancy_pct: Some(33.0),
        tensor_active_pct: Some(54.9),
        mem_used_bytes: Some((70 << 30) + 5),
        power_w: Some(655.6),
        power_limit_w: Some(700.0),
        temp_c: Some(61.0),
        sm_clock_mhz: Some(1980),
        mem_clock_mhz: Some(2619),
        throttle: Some(vec![Throttle::PowerCap]),
        pcie_rx_bytes: Some(1 << 30),
        pcie_tx_bytes: Some(2 << 30),
        nvlink_rx_bytes: Some(100 << 30),
        nvlink_tx_bytes: Some(200 << 30),
        ecc_corrected: Some(3),
        ecc_uncorrected: Some(1),
        processes: Some(vec![process.clone()]),
        xids: vec![94],
        why: BTreeMap::from([(Figure::ProcessUse, "Not Supported".to_owned())]),
    };
    daemon.look(1, vec![sample.clone()]).await;
    until(&berth, async |berth: &Berth| {
        first(&picture(berth).await).source == Some(SampleSource::Nvml)
    })
    .await;
    let cluster = picture(&berth).await;
    let shown = first(&cluster);
    let expected = GpuView {
        busy_pct: Some(97.0),
        sm_active_pct: Some(71.0),
        sm_occupancy_pct: Some(33.0),
        tensor_active_pct: Some(55.0),
        mem_used_bytes: Some(70 << 30),
        power_w: Some(656.0),
        power_limit_w: Some(700.0),
        temp_c: Some(61.0),
        sm_clock_mhz: Some(1980),
        mem_clock_mhz: Some(2620),
        throttle: Some(vec![Throttle::PowerCap]),
        pcie_rx_bytes: Some(1 << 30),
        pcie_tx_bytes: Some(2 << 30),
        nvlink_rx_bytes: Some(100 << 30),
        nvlink_tx_bytes: Some(200 << 30),
        ecc_corrected: Some(3),
        ecc_uncorrected: Some(1),
        processes: Some(vec![GpuProcess {
            parents: vec![],
            ..process
        }]),
        xids: vec![94],
        why: sample.why.clone(),
        ..shown.clone()
    };
    assert_eq!(shown, expected);
    // The others of the node are told of by the cluster's own source.
    let own = node(&cluster, "node-1").gpus[1].source;
    assert_eq!(own, Some(SampleSource::Simulated));
    let found = berth.call(GetCluster {}).await.unwrap().cluster;
    let found = node(&found, "node-1");
    let telemetry = found.telemetry.clone().unwrap();
    assert!(telemetry.connected && !telemetry.silent && telemetry.last.is_some());
    assert_eq!(telemetry.daemon.as_deref(), Some("0.1.0"));
    assert_eq!(found.versions.driver.as_deref(), Some("575.57.08"));
    assert_eq!(found.problems, ["A fan is loud."]);

    // It goes, and the coarser source stands in.
    drop(daemon);
    until(&berth, async |berth: &Berth| {
        let cluster = picture(berth).await;
        let telemetry = node(&cluster, "node-1").telemetry.clone().unwrap();
        !telemetry.connected && first(&cluster).source == Some(SampleSource::Simulated)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_of_another_cluster_is_shown_as_one() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let mut stranger = ByHand::connect(&server, &server.node_token("gpu-9")).await;
    let gpus = vec![Gpu::new(0, "GPU-9".into(), "H100", 80 << 30)];
    let hello = Hello {
        gpus,
        ..hello("gpu-9")
    };
    stranger.say(FromNode::Hello(hello)).await;
    until(&berth, async |berth: &Berth| {
        let unknown = picture(berth).await.unknown_daemons;
        unknown
            .iter()
            .any(|known| known.name.as_str() == "gpu-9" && known.gpus == 1)
    })
    .await;
    // An admin sees with whose token it came.
    let answer = berth.call(ListNodeTokens {}).await.unwrap();
    let token = &answer.tokens[0];
    assert!(token.node.as_str() == "gpu-9" && token.connected);
    assert_eq!(answer.unknown.len(), 1, "{answer:?}");
    drop(stranger);
    until(&berth, async |berth: &Berth| {
        picture(berth).await.unknown_daemons.is_empty()
    })
    .await;
}
