//! What is left when a call of the driver's library fails, hangs, or is not there.

use std::collections::BTreeSet;

use berth_domain::{Figure, GpuSample};

use crate::host::Host;

/// Two GPUs of which everything is told, one process on each.
const ALL: &str = "gpus 2\nprocess * 5000000 100 50\n";

/// Each function that a sample comes from, and what is empty without it.
const CALLS: [(&str, &[Figure]); 14] = [
    ("nvmlDeviceGetUtilizationRates", &[Figure::Busy]),
    ("nvmlDeviceGetMemoryInfo_v2", &[Figure::Memory]),
    ("nvmlDeviceGetPowerUsage", &[Figure::Power]),
    ("nvmlDeviceGetEnforcedPowerLimit", &[Figure::PowerLimit]),
    ("nvmlDeviceGetTemperature", &[Figure::Temperature]),
    (
        "nvmlDeviceGetClockInfo",
        &[Figure::SmClock, Figure::MemClock],
    ),
    (
        "nvmlDeviceGetCurrentClocksThrottleReasons",
        &[Figure::Throttle],
    ),
    (
        "nvmlDeviceGetTotalEccErrors",
        &[Figure::EccCorrected, Figure::EccUncorrected],
    ),
    (
        "nvmlDeviceGetComputeRunningProcesses_v3",
        &[Figure::Processes],
    ),
    (
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
        &[Figure::Processes],
    ),
    ("nvmlDeviceGetProcessUtilization", &[Figure::ProcessUse]),
    ("nvmlGpmQueryDeviceSupport", OF_GPM),
    ("nvmlGpmSampleGet", OF_GPM),
    ("nvmlGpmMetricsGet", OF_GPM),
];

/// PCIe is told by another function too.
const OF_GPM: &[Figure] = &[
    Figure::SmActive,
    Figure::SmOccupancy,
    Figure::TensorActive,
    Figure::Nvlink,
];

/// What each of the library's event functions is needed for.
const OF_EVENTS: [&str; 3] = [
    "nvmlEventSetCreate",
    "nvmlDeviceRegisterEvents",
    "nvmlEventSetWait_v2",
];

/// The figures that are empty, each of which must say why.
fn empty(sample: &GpuSample) -> BTreeSet<Figure> {
    let by_process = sample.processes.iter().flatten();
    let used = by_process.clone().all(|process| process.sm_pct.is_some());
    let there = [
        (Figure::Busy, sample.busy_pct.is_some()),
        (Figure::SmActive, sample.sm_active_pct.is_some()),
        (Figure::SmOccupancy, sample.sm_occupancy_pct.is_some()),
        (Figure::TensorActive, sample.tensor_active_pct.is_some()),
        (Figure::Memory, sample.mem_used_bytes.is_some()),
        (Figure::Power, sample.power_w.is_some()),
        (Figure::PowerLimit, sample.power_limit_w.is_some()),
        (Figure::Temperature, sample.temp_c.is_some()),
        (Figure::SmClock, sample.sm_clock_mhz.is_some()),
        (Figure::MemClock, sample.mem_clock_mhz.is_some()),
        (Figure::Throttle, sample.throttle.is_some()),
        (
            Figure::Pcie,
            sample.pcie_rx_bytes.is_some() && sample.pcie_tx_bytes.is_some(),
        ),
        (
            Figure::Nvlink,
            sample.nvlink_rx_bytes.is_some() && sample.nvlink_tx_bytes.is_some(),
        ),
        (Figure::EccCorrected, sample.ecc_corrected.is_some()),
        (Figure::EccUncorrected, sample.ecc_uncorrected.is_some()),
        (Figure::Processes, sample.processes.is_some()),
        (Figure::ProcessUse, used),
    ];
    let deaf = sample.why.contains_key(&Figure::Xid).then_some(Figure::Xid);
    let empty = there.into_iter().filter(|(_, there)| !there);
    empty.map(|(figure, _)| figure).chain(deaf).collect()
}

/// Exactly these figures are empty, each with this reason.
fn lacks(sample: &GpuSample, figures: &[Figure], why: &str) -> bool {
    let figures: BTreeSet<Figure> = figures.iter().copied().collect();
    empty(sample) == figures
        && sample.why.keys().copied().collect::<BTreeSet<_>>() == figures
        && sample.why.values().all(|found| found.contains(why))
}

#[tokio::test]
async fn each_call_that_fails_leaves_its_own_figure_empty_and_is_asked_again() {
    let host = Host::new(ALL);
    for (function, figures) in CALLS {
        // It is asked for once, so only a GPU that was never asked notices.
        let host = match function {
            "nvmlGpmQueryDeviceSupport" => &Host::new(ALL),
            _ => &host,
        };
        host.driver.say(&format!("{ALL}fail {function} 1 999\n"));
        let why = "an internal driver error occurred";
        let so = |samples: &[GpuSample]| {
            samples.len() == 2 && lacks(&samples[0], &[], "") && lacks(&samples[1], figures, why)
        };
        host.samples_when(so).await;
        host.driver.say(ALL);
        host.samples_when(|samples| lacks(&samples[1], &[], ""))
            .await;
    }
}

#[tokio::test]
async fn each_function_that_an_older_driver_lacks_leaves_its_own_figure_empty() {
    let free: (&str, &[Figure]) = ("nvmlGpmSampleFree", OF_GPM);
    let alloc: (&str, &[Figure]) = ("nvmlGpmSampleAlloc", OF_GPM);
    for (function, figures) in CALLS.into_iter().chain([free, alloc]) {
        let host = Host::without(ALL, &[function]);
        let why = "the installed driver does not offer it";
        let all = |sample: &GpuSample| lacks(sample, figures, why);
        host.samples_when(|samples| samples.len() == 2 && samples.iter().all(all))
            .await;
    }
    for function in OF_EVENTS.into_iter().chain(["nvmlEventSetFree"]) {
        let host = Host::without(ALL, &[function]);
        let why = "the installed driver does not offer it";
        let deaf = |sample: &GpuSample| lacks(sample, &[Figure::Xid], why);
        host.samples_when(|samples| samples.len() == 2 && samples.iter().all(deaf))
            .await;
    }
}

#[tokio::test]
async fn without_gpm_the_card_says_so_and_pcie_is_measured_otherwise() {
    let host = Host::new("gpus 1\ngpm 0 0\npcie_rx 0 3\npcie_tx 0 2\n");
    let samples = host.samples().await;
    assert!(
        lacks(&samples[0], OF_GPM, "this GPU has no GPM"),
        "{samples:?}"
    );
    assert_eq!(samples[0].pcie_rx_bytes, Some(3 * 1024 * 1000));
    assert_eq!(samples[0].pcie_tx_bytes, Some(2 * 1024 * 1000));
    let refuses = "gpus 1\ngpm 0 0\nfail nvmlDeviceGetPcieThroughput 0 3\n";
    host.driver.say(refuses);
    let why = "the requested operation is not available on the target device";
    let so = |samples: &[GpuSample]| {
        samples[0]
            .why
            .get(&Figure::Pcie)
            .is_some_and(|found| found == why)
    };
    let samples = host.samples_when(so).await;
    assert_eq!(samples[0].pcie_rx_bytes, None);
}

/// For every call: as long as it hangs, all other figures of the same GPU change with what the driver
/// says, and the other GPU's too. When it has come back, its own does again.
#[tokio::test]
async fn each_call_that_hangs_holds_up_nothing_else() {
    let host = Host::new(ALL).impatient();
    host.samples_when(|samples| samples.len() == 2 && lacks(&samples[1], &[], ""))
        .await;
    for (function, figures) in CALLS {
        let host = match function {
            "nvmlGpmQueryDeviceSupport" => &Host::new(ALL).impatient(),
            _ => &host,
        };
        for degrees in [50_u16, 60, 70] {
            host.driver.say(&format!(
                "{ALL}hang {function} 1\ntemp * {degrees}\nmemory * {degrees}\n"
            ));
            let told = |sample: &GpuSample| {
                let hot = sample.temp_c == Some(f32::from(degrees));
                let full = sample.mem_used_bytes == Some(u64::from(degrees) << 20);
                let empty = empty(sample);
                (hot || empty.contains(&Figure::Temperature))
                    && (full || empty.contains(&Figure::Memory))
            };
            let why = "the driver has not answered for";
            let so = |samples: &[GpuSample]| {
                told(&samples[0])
                    && told(&samples[1])
                    && lacks(&samples[0], &[], "")
                    && lacks(&samples[1], figures, why)
            };
            host.samples_when(so).await;
        }
        host.driver.say(ALL);
        host.samples_when(|samples| lacks(&samples[1], &[], ""))
            .await;
    }
}

#[tokio::test]
async fn a_gpu_that_hangs_from_the_start_keeps_no_other_from_being_leased() {
    for function in ["nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetUUID", "*"] {
        let host = Host::new(&format!("gpus 3\nhang {function} 1\n")).impatient();
        let found = host.look().await;
        let indices: Vec<u32> = found.gpus.iter().map(|gpu| gpu.index).collect();
        assert_eq!(indices, [0, 2], "{function}");
        let why = "GPU 1 cannot be leased: the driver has not answered for";
        assert!(found.problems[0].starts_with(why), "{:?}", found.problems);
        assert_eq!(found.problems.len(), 1, "{function}");
        assert_eq!(host.samples().await.len(), 2, "{function}");
        // It comes back.
        host.driver.say("gpus 3\n");
        host.samples_when(|samples| samples.len() == 3).await;
        while host.look().await.gpus.len() < 3 {}
    }
}

#[tokio::test]
async fn when_everything_about_a_gpu_hangs_the_sample_says_so() {
    let host = Host::new("gpus 2\n").impatient();
    host.samples_when(|samples| samples.len() == 2).await;
    host.driver.say("gpus 2\nhang * 1\nbusy 0 55\n");
    let hangs = |sample: &GpuSample| {
        sample.busy_pct.is_none()
            && sample.temp_c.is_none()
            && sample.mem_used_bytes.is_none()
            && sample
                .why
                .values()
                .all(|why| why.contains("has not answered for"))
    };
    let so = |samples: &[GpuSample]| samples[0].busy_pct == Some(55.0) && hangs(&samples[1]);
    host.samples_when(so).await;
    host.driver.say("gpus 2\nbusy 1 66\n");
    host.samples_when(|samples| samples[1].busy_pct == Some(66.0))
        .await;
}

#[tokio::test]
async fn what_describes_a_gpu_may_hang_or_fail_and_it_is_leased_all_the_same() {
    let described = [
        ("nvmlDeviceGetName", "model"),
        ("nvmlDeviceGetMemoryInfo_v2", "memory"),
        ("nvmlDeviceGetPciInfo_v3", "place on the PCI bus"),
    ];
    for (function, what) in described {
        let hangs = format!("gpus 2\nhang {function} 1\n");
        let fails = format!("gpus 2\nfail {function} 1 999\n");
        for (lines, why) in [
            (hangs, "the driver has not answered for"),
            (fails, "an internal driver error occurred"),
        ] {
            let found = Host::new(&lines).impatient().look().await;
            assert_eq!(found.gpus.len(), 2);
            let expected = format!("The {what} of GPU 1 is not known: {why}");
            assert!(
                found.problems[0].starts_with(&expected),
                "{:?}",
                found.problems
            );
            assert_eq!(found.problems.len(), 1);
        }
    }
    let none = Host::new("gpus 2\nhang nvmlDeviceGetP2PStatus 1\n").impatient();
    let found = none.look().await;
    assert_eq!(
        found
            .gpus
            .iter()
            .map(|gpu| gpu.nvlink_island)
            .collect::<Vec<_>>(),
        [None, None]
    );
}

#[tokio::test]
async fn when_errors_cannot_be_heard_the_sample_says_so_and_all_else_is_there() {
    let ways = OF_EVENTS.into_iter().flat_map(|function| {
        let fails = format!("{ALL}fail {function} * 999\n");
        let hangs = format!("{ALL}hang {function}\n");
        [
            (fails, "an internal driver error occurred"),
            (hangs, "the driver has not answered for"),
        ]
    });
    for (lines, why) in ways {
        let host = Host::new(&lines).impatient();
        let deaf = |sample: &GpuSample| lacks(sample, &[Figure::Xid], why);
        host.samples_when(|samples| !samples.is_empty() && samples.iter().all(deaf))
            .await;
    }
}
