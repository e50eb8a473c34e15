//! Which GPUs this host has.

use std::path::PathBuf;
use std::time::Duration;

use berth_domain::{Figure, Gpu};
use berth_telemetry::{InventoryError, LocalGpus, Through};

use crate::host::Host;

fn last_digits(gpus: &[Gpu]) -> Vec<(u32, &str)> {
    let of = |gpu: &Gpu| (gpu.index, gpu.uuid.as_str().len());
    assert!(gpus.iter().map(of).all(|(_, length)| length == 40));
    gpus.iter()
        .map(|gpu| (gpu.index, &gpu.uuid.as_str()[39..]))
        .collect()
}

#[tokio::test]
async fn what_the_driver_says_is_what_is_shown() {
    let host = Host::new("gpus 2\n");
    let found = host.look().await;
    assert_eq!(found.through, Through::Library);
    assert_eq!(found.driver.as_deref(), Some("575.57.08"));
    assert_eq!(found.problems, [""; 0]);
    assert_eq!(found.gpus.len(), 2);
    assert_eq!(
        found.gpus[1].uuid.as_str(),
        "GPU-fa4e0000-0000-4000-8000-000000000001"
    );
    assert_eq!(found.gpus[1].model, "NVIDIA H100 80GB HBM3");
    assert_eq!(found.gpus[1].mem_total_bytes, 80 << 30);
    assert_eq!(found.gpus[1].pci.as_deref(), Some("00000000:02:00.0"));
    assert!(!found.gpus[1].mig);
}

#[tokio::test]
async fn gpus_are_counted_in_the_order_of_the_pci_bus() {
    let host = Host::new("gpus 4\nbus 0 200\nbus 1 24\nbus 2 150\nbus 3 9\n");
    let found = host.look().await;
    let expected = [(0, "3"), (1, "1"), (2, "2"), (3, "0")];
    assert_eq!(last_digits(&found.gpus), expected);
}

#[tokio::test]
async fn a_gpu_that_is_cut_into_slices_is_said_to_be() {
    let found = Host::new("gpus 2\nmig 1 1\n").look().await;
    let mig: Vec<bool> = found.gpus.iter().map(|gpu| gpu.mig).collect();
    assert_eq!(mig, [false, true]);
    let problem = "GPU 1 is cut into slices (MIG), and is leased as a whole all the same.";
    assert_eq!(found.problems, [problem]);
}

#[tokio::test]
async fn islands_are_the_groups_that_nvlink_joins() {
    let islands = async |lines: &str| {
        let gpus = Host::new(lines).look().await.gpus;
        gpus.iter().map(|gpu| gpu.nvlink_island).collect::<Vec<_>>()
    };
    let all = islands("gpus 4\n").await;
    assert_eq!(all, [Some(0); 4]);
    let pairs = islands("gpus 4\nisland 1 1\nisland 3 1\n").await;
    assert_eq!(pairs, [Some(0), Some(1), Some(0), Some(1)]);
    let unknown = islands("gpus 4\nfail nvmlDeviceGetP2PStatus * 3\n").await;
    assert_eq!(unknown, [None; 4]);
}

#[tokio::test]
async fn a_call_that_fails_leaves_its_field_empty_and_says_why() {
    let host = Host::new(
        "gpus 2\n\
         fail nvmlDeviceGetUtilizationRates 0 3\n\
         fail nvmlDeviceGetMemoryInfo_v2 1 999\n",
    );
    let found = host.look().await;
    assert_eq!(found.gpus.len(), 2);
    let why = "The memory of GPU 1 is not known: an internal driver error occurred.";
    assert_eq!(found.problems, [why]);
    let samples = host.samples().await;
    assert_eq!(samples[0].busy_pct, None);
    assert_eq!(samples[0].mem_used_bytes, Some(1 << 30));
    let why = "the requested operation is not available on the target device";
    assert_eq!(samples[0].why[&Figure::Busy], why);
    assert_eq!(samples[1].busy_pct, Some(10.0));
    assert_eq!(samples[1].mem_used_bytes, None);
}

#[tokio::test]
async fn a_gpu_that_fell_off_the_bus_is_not_leased_and_reports_nothing() {
    let host = Host::new("gpus 3\n");
    assert_eq!(host.samples().await.len(), 3);
    host.driver.say("gpus 3\nfail * 1 15\n");
    let found = host.look().await;
    assert_eq!(last_digits(&found.gpus), [(0, "0"), (2, "2")]);
    assert_eq!(found.problems.len(), 1);
    assert!(found.problems[0].starts_with("GPU 1 cannot be leased: device fell off the bus"));
    let samples = host.samples().await;
    assert_eq!(samples.len(), 3, "the others report as before");
    assert_eq!(samples[1].busy_pct, None);
    assert!(
        samples[1]
            .unknown()
            .as_deref()
            .unwrap()
            .contains("fell off the bus")
    );
    assert_eq!(samples[2].temp_c, Some(32.0));
}

#[tokio::test]
async fn a_driver_that_hangs_holds_nobody_up_and_is_taken_up_again() {
    let host = Host::new("gpus 1\nhang nvmlDeviceGetCount_v2\n");
    let quick = host.gpus.clone().with_patience(Duration::from_millis(50));
    // The first is at the call, the second waits behind it, the third is refused at once.
    for _ in 0..3 {
        let error = quick.look().await.unwrap_err();
        assert!(matches!(error, InventoryError::DriverHangs(_)), "{error}");
    }
    host.driver.say("gpus 1\n");
    let found = loop {
        if let Ok(found) = quick.look().await {
            break found.unwrap();
        }
    };
    assert_eq!(found.gpus.len(), 1);
}

#[tokio::test]
async fn without_a_driver_there_is_nothing_and_with_a_broken_one_an_error() {
    let gpus = LocalGpus::new(
        Some("/nowhere/libnvidia-ml.so.1".into()),
        PathBuf::from("/nowhere/nvidia-smi"),
    );
    assert_eq!(gpus.look().await.unwrap(), None);
    assert_eq!(Host::new("gpus 0\n").gpus.look().await.unwrap(), None);
    let host = Host::new("gpus 1\nfail nvmlInit_v2 * 9\n");
    let error = host.gpus.look().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the NVIDIA driver refuses: NVIDIA driver is not loaded"
    );
    // It is loaded later, and the server need not start again.
    host.driver.say("gpus 1\n");
    assert_eq!(host.look().await.gpus.len(), 1);
    assert!(host.folder.path().exists());
}
