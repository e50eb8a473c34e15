//! What is known where only `nvidia-smi` answers: a script in its place, whose lines are as a real one
//! prints them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use berth_domain::{Figure, GpuSample, SampleSource, Throttle, Timestamp};
use berth_telemetry::{GpuSampler, LocalGpus, Through};
use tempfile::TempDir;

/// A host with this program and no library.
fn host(folder: &TempDir, script: &str) -> LocalGpus {
    let program = folder.path().join("nvidia-smi");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    LocalGpus::new(Some("/nowhere/libnvidia-ml.so.1".into()), program)
}

async fn samples(gpus: LocalGpus) -> Vec<GpuSample> {
    let mut sampler = GpuSampler::Local(gpus);
    sampler.sample(&[], Timestamp::UNIX_EPOCH).await
}

#[tokio::test]
async fn nvidia_smi_answers_where_the_library_is_missing() {
    let folder = TempDir::new().unwrap();
    let own = std::process::id();
    let script = format!(
        "#!/bin/sh\n\
        case $1 in\n\
        *driver_version*) echo '1, GPU-b, NVIDIA H100 80GB HBM3, 81559, 570.1, 00000000:1B:00.0, Enabled'\n\
        echo '0, GPU-a, NVIDIA H100 80GB HBM3, [N/A], 570.1, 00000000:0A:00.0, Disabled' ;;\n\
        *compute-apps*) echo 'GPU-a, {own}, 300'; echo 'GPU-a, 5000000, [N/A]' ;;\n\
        *) echo 'GPU-a, 7, 1024, [N/A], 40, 700.00, 1980, 2619, 0x0000000000000004, 2, 0' ;;\n\
        esac\n"
    );
    let gpus = host(&folder, &script);
    let found = gpus.look().await.unwrap().unwrap();
    assert_eq!(found.through, Through::NvidiaSmi);
    assert_eq!(found.driver.as_deref(), Some("570.1"));
    let uuids: Vec<&str> = found.gpus.iter().map(|gpu| gpu.uuid.as_str()).collect();
    assert_eq!(uuids, ["GPU-a", "GPU-b"]);
    assert_eq!(found.gpus[1].mem_total_bytes, 81559 << 20);
    assert_eq!(found.gpus[1].pci.as_deref(), Some("00000000:1B:00.0"));
    assert_eq!((found.gpus[0].mig, found.gpus[1].mig), (false, true));
    let why = "The memory of GPU 0 is not known: nvidia-smi says [N/A].";
    assert_eq!(found.problems, [why]);

    let sample = samples(gpus).await.remove(0);
    assert_eq!(sample.source, SampleSource::NvidiaSmi);
    assert_eq!(sample.busy_pct, Some(7.0));
    assert_eq!(sample.mem_used_bytes, Some(1 << 30));
    assert_eq!((sample.power_w, sample.power_limit_w), (None, Some(700.0)));
    assert_eq!(sample.temp_c, Some(40.0));
    assert_eq!(
        (sample.sm_clock_mhz, sample.mem_clock_mhz),
        (Some(1980), Some(2619))
    );
    assert_eq!(sample.throttle, Some(vec![Throttle::PowerCap]));
    assert_eq!(
        (sample.ecc_corrected, sample.ecc_uncorrected),
        (Some(2), Some(0))
    );
    assert_eq!(sample.why[&Figure::Power], "nvidia-smi says [N/A]");
    assert!(sample.why.contains_key(&Figure::SmActive));
    let processes = sample.processes.unwrap();
    let told: Vec<_> = processes
        .iter()
        .map(|process| (process.pid, process.mem_bytes))
        .collect();
    assert_eq!(told, [(own, Some(300 << 20)), (5_000_000, None)]);
    assert!(processes[0].user.is_some() && processes[0].started > 0);
    assert_eq!(processes[1].user, None);
}

#[tokio::test]
async fn an_older_one_that_knows_fewer_fields_tells_what_it_knows() {
    let folder = TempDir::new().unwrap();
    let script = "#!/bin/sh\n\
        case $1 in\n\
        *mig*|*throttle*) echo 'Field \"mig.mode.current\" is not a valid field to query.'; exit 2 ;;\n\
        *driver_version*) echo '0, GPU-a, Tesla V100, 16384, 440.1' ;;\n\
        *compute-apps*) echo 'No devices'; exit 3 ;;\n\
        *) echo 'GPU-a, 7, 1024, 60.10, 40' ;;\n\
        esac\n";
    let gpus = host(&folder, script);
    let found = gpus.look().await.unwrap().unwrap();
    assert_eq!(
        (found.gpus[0].pci.clone(), found.gpus[0].mig),
        (None, false)
    );
    let sample = samples(gpus).await.remove(0);
    assert_eq!((sample.busy_pct, sample.power_w), (Some(7.0), Some(60.1)));
    assert_eq!(sample.sm_clock_mhz, None);
    assert_eq!(
        sample.why[&Figure::SmClock],
        "this nvidia-smi does not know it"
    );
    assert_eq!(sample.processes, None);
    assert_eq!(
        sample.why[&Figure::Processes],
        "nvidia-smi failed: No devices"
    );
}
