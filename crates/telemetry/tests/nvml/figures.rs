//! What each GPU does.

use berth_domain::{GpuSample, SampleSource, Throttle};

use crate::host::Host;

const MIB: u64 = 1 << 20;

/// All that can be said of a GPU but who works there.
const SAID: &str = "gpus 2\n\
    busy 1 97\nsm 1 81\noccupancy 1 42\ntensor 1 63\nmemory 1 70000\npower 1 412550\nlimit 1 650000\n\
    temp 1 77\nclock 1 1755\nmemclock 1 2600\nthrottle 1 0x24\npcie_rx 1 300\npcie_tx 1 200\n\
    nvlink_rx 1 4000\nnvlink_tx 1 5000\ncorrected 1 12\necc 1 3\n";

/// No figure compares with the sample before.
fn settled(samples: &[GpuSample]) -> bool {
    let first = |why: &String| why.contains("is the first");
    !samples.is_empty() && samples.iter().all(|sample| !sample.why.values().any(first))
}

#[tokio::test]
async fn every_figure_arrives() {
    let host = Host::new(SAID);
    let samples = host.samples_when(settled).await;
    let expected = GpuSample {
        source: SampleSource::Nvml,
        busy_pct: Some(97.0),
        sm_active_pct: Some(81.0),
        sm_occupancy_pct: Some(42.0),
        tensor_active_pct: Some(63.0),
        mem_used_bytes: Some(70_000 * MIB),
        power_w: Some(412.55),
        power_limit_w: Some(650.0),
        temp_c: Some(77.0),
        sm_clock_mhz: Some(1755),
        mem_clock_mhz: Some(2600),
        throttle: Some(vec![Throttle::PowerCap, Throttle::SoftThermal]),
        pcie_rx_bytes: Some(300 * MIB),
        pcie_tx_bytes: Some(200 * MIB),
        nvlink_rx_bytes: Some(4000 * MIB),
        nvlink_tx_bytes: Some(5000 * MIB),
        ecc_corrected: Some(12),
        ecc_uncorrected: Some(3),
        processes: Some(vec![]),
        ..GpuSample::of(samples[1].gpu.clone())
    };
    assert_eq!(samples[1], expected);
    // Idle is nothing that holds it back.
    assert_eq!(samples[0].throttle, Some(vec![]));
}

#[tokio::test]
async fn an_error_is_told_once_with_the_next_sample() {
    let host = Host::new("gpus 2\n");
    let mut lines = "gpus 2\n".to_owned();
    let mut heard: [Vec<u32>; 2] = [vec![], vec![]];
    for (gpu, xid) in [(1, 31), (1, 79), (0, 48), (1, 31)] {
        lines += &format!("xid {gpu} {xid}\n");
        host.driver.say(&lines);
        let before = heard[0].len() + heard[1].len();
        while heard[0].len() + heard[1].len() == before {
            for (heard, sample) in heard.iter_mut().zip(host.samples().await) {
                heard.extend(sample.xids);
            }
        }
    }
    for _ in 0..20 {
        for sample in host.samples().await {
            assert_eq!(sample.xids, [0; 0]);
        }
    }
    assert_eq!(heard, [vec![48], vec![31, 79, 31]]);
}

#[tokio::test]
async fn several_errors_at_once_all_come() {
    let host = Host::new("gpus 1\n");
    host.samples().await;
    host.driver.say("gpus 1\nxid 0 13\nxid 0 31\nxid 0 63\n");
    let mut heard = vec![];
    while heard.len() < 3 {
        heard.extend(host.samples().await.remove(0).xids);
    }
    assert_eq!(heard, [13, 31, 63]);
}
