//! A delta leads from any picture to any other, and is small.

use berth_domain::{Figure, NodeSource, SampleSource, Throttle};
use proptest::prelude::*;

use super::*;
use crate::views::NodeView;

fn process() -> impl Strategy<Value = GpuProcess> {
    (1..4u32, 0..40u64, 0..100u8).prop_map(|(pid, memory, percent)| GpuProcess {
        pid,
        mem_bytes: Some(memory << 24),
        sm_pct: Some(f32::from(percent)),
        ..GpuProcess::default()
    })
}

fn throttle() -> impl Strategy<Value = Vec<Throttle>> {
    let some = [
        Throttle::ApplicationClocks,
        Throttle::PowerCap,
        Throttle::DisplayClocks,
    ];
    proptest::sample::subsequence(some.to_vec(), 0..=3)
}

prop_compose! {
    fn gpu(index: u32)(
        percents in proptest::array::uniform8(proptest::option::of(0.0..100.0f32)),
        bytes in proptest::array::uniform8(proptest::option::of(0..1u64 << 40)),
        clocks in proptest::array::uniform2(proptest::option::of(0..3000u32)),
        throttle in proptest::option::of(throttle()),
        processes in proptest::option::of(proptest::collection::vec(process(), 0..3)),
        xids in proptest::collection::vec(1..100u32, 0..2),
        is_hidden in any::<bool>(),
    ) -> GpuView {
        let why = is_hidden.then(|| (Figure::Nvlink, "Not Supported".to_owned()));
        GpuView {
            index,
            uuid: format!("GPU-{index}"),
            source: Some(SampleSource::Nvml),
            busy_pct: percents[0],
            sm_active_pct: percents[1],
            sm_occupancy_pct: percents[2],
            tensor_active_pct: percents[3],
            power_w: percents[4],
            power_limit_w: percents[5],
            temp_c: percents[6],
            mem_used_bytes: bytes[0],
            pcie_rx_bytes: bytes[1],
            pcie_tx_bytes: bytes[2],
            nvlink_rx_bytes: bytes[3],
            nvlink_tx_bytes: bytes[4],
            ecc_corrected: bytes[5],
            ecc_uncorrected: bytes[6],
            sm_clock_mhz: clocks[0],
            mem_clock_mhz: clocks[1],
            throttle,
            processes,
            xids,
            why: why.into_iter().collect(),
            ..GpuView::default()
        }
        .rounded()
    }
}

fn node(name: &str, gpus: Vec<GpuView>) -> NodeView {
    NodeView {
        name: name.into(),
        address: None,
        source: NodeSource::Local,
        present: true,
        state: crate::views::NodeState::Up,
        cordon: None,
        foreign: 0,
        versions: berth_domain::Versions::default(),
        problems: vec![],
        last_seen: None,
        telemetry: None,
        gpus,
    }
}

fn picture(version: u64, gpus: Vec<GpuView>) -> Picture {
    let mut first = gpus;
    let second = first.split_off(first.len() / 2);
    Picture {
        version,
        cluster: ClusterView {
            nodes: vec![node("a", first), node("b", second)],
            ..ClusterView::default()
        },
        ..Picture::default()
    }
}

fn gpus() -> impl Strategy<Value = Vec<GpuView>> {
    let each: Vec<_> = (0..5).map(gpu).collect();
    each
}

fn sent(delta: &Delta) -> Delta {
    serde_json::from_str(&serde_json::to_string(delta).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_delta_leads_from_any_picture_to_any_other(old in gpus(), new in gpus(), shrinks in any::<bool>()) {
        let (old, mut new) = (picture(1, old), picture(2, new));
        if shrinks {
            new.cluster.nodes.pop();
        }
        let mut page = old.clone();
        let changed = page.apply(sent(&old.delta(&new).unwrap())).unwrap();
        prop_assert_eq!(&page, &new);
        let pairs = old.gpus().zip(new.gpus()).enumerate();
        let differ: Vec<usize> = pairs.filter(|(_, (old, new))| old != new).map(|(place, _)| place).collect();
        prop_assert!(differ.iter().all(|place| changed.contains(place)));
        prop_assert!(shrinks || differ.len() == changed.len());
    }

    /// After that only what can be told apart is sent, however often it changes in between.
    #[test]
    fn what_looks_the_same_is_not_sent(old in gpus(), by in -3i64..3) {
        let old = picture(1, old);
        let mut new = old.clone();
        new.version = 2;
        for node in &mut new.cluster.nodes {
            for gpu in &mut node.gpus {
                gpu.xids.clear();
                for process in gpu.processes.iter_mut().flatten() {
                    process.mem_bytes = process.mem_bytes.map(|bytes| bytes.saturating_add_signed(by << 24));
                }
            }
        }
        new.settle(&old);
        prop_assert_eq!(old.delta(&new), None);
    }

    #[test]
    fn numbers_that_make_no_sense_do_no_harm(old in gpus(), figures in proptest::collection::vec(any::<i64>(), 0..20)) {
        let mut page = picture(0, old);
        let delta = Delta { figures, ..empty() };
        page.apply(delta).unwrap();
    }
}

fn empty() -> Delta {
    serde_json::from_str(r#"{"epoch":0,"from":0,"version":1,"at":null}"#).unwrap()
}

#[test]
fn a_busy_gpu_takes_some_fifty_bytes_a_second() {
    let gpu = |second: u32| {
        let wave = f32::from(u8::try_from(second).unwrap());
        GpuView {
            busy_pct: Some(80.0 + wave),
            sm_active_pct: Some(70.0 + wave),
            tensor_active_pct: Some(40.0 + wave),
            mem_used_bytes: Some((70 << 30) + (u64::from(second) << 26)),
            power_w: Some(600.0 + wave),
            temp_c: Some(60.0),
            sm_clock_mhz: Some(1900 + 15 * second),
            pcie_rx_bytes: Some(u64::from(second + 3) << 28),
            pcie_tx_bytes: Some(u64::from(second + 1) << 28),
            nvlink_rx_bytes: Some(u64::from(second + 3) << 33),
            nvlink_tx_bytes: Some(u64::from(second + 1) << 33),
            ..GpuView::default()
        }
        .rounded()
    };
    let all = |version: u32| picture(version.into(), (0..1024).map(|_| gpu(version)).collect());
    let delta = all(1).delta(&all(2)).unwrap();
    let bytes = serde_json::to_string(&delta).unwrap().len();
    assert!(bytes < 1024 * 64, "{bytes}");
}
