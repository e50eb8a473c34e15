//! `berth-server node --once`: what this host's GPUs do, through a made-up driver that the real program
//! loads.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use berth_fake_nvml::FakeNvml;
use serde_json::{Value, json};
use tempfile::TempDir;

fn node(folder: &Path, arguments: &[&str], library: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth-server"));
    command
        .arg("node")
        .args(arguments)
        .current_dir(folder)
        .env("PATH", "");
    command.env_remove("BERTH_NVML");
    match library {
        Some(library) => command.env("BERTH_NVML_LIB", library),
        None => command.env_remove("BERTH_NVML_LIB"),
    };
    command.output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_sample_of_every_gpu_has_the_names_that_scripts_read() {
    let folder = TempDir::new().unwrap();
    let mut job = Command::new("sleep")
        .arg("1000")
        .env("BERTH_JOB_ID", "17")
        .env("BERTH_ATTEMPT", "2")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let lines = format!(
        "gpus 8\nbusy 3 97\nsm 3 81\ntensor 3 63\nmemory 3 70000\npower 3 412500\nlimit 3 650000\n\
         temp 3 77\nclock 3 1755\nthrottle 3 0x4\necc 3 2\nprocess 3 {} 69000 90\nprocess 3 5000000 -1 0\n",
        job.id()
    );
    let driver = FakeNvml::new(folder.path(), &lines);
    let library = driver.library().to_str().unwrap();
    let found = node(
        folder.path(),
        &["--once", "--json", "--nvml-lib", library],
        None,
    );
    let same = node(folder.path(), &["--once", "--json"], Some(driver.library()));
    let table = node(folder.path(), &["--once"], Some(driver.library()));
    job.kill().unwrap();
    job.wait().unwrap();

    let rows = rows(&found);
    assert_eq!(rows.len(), 8);
    let user = rows[3]["processes"][0]["user"].clone();
    assert!(user.is_string());
    let expected = json!({
        "index": 3,
        "uuid": "GPU-fa4e0000-0000-4000-8000-000000000003",
        "model": "NVIDIA H100 80GB HBM3",
        "busy_pct": 97.0,
        "sm_active_pct": 81.0,
        "tensor_active_pct": 63.0,
        "mem_used_b": 70_000_u64 << 20,
        "mem_total_b": 80_u64 << 30,
        "power_w": 412.5,
        "power_limit_w": 650.0,
        "temp_c": 77.0,
        "sm_clock_mhz": 1755,
        "throttle": ["power_cap"],
        "ecc_uncorrected": 2,
        "processes": [
            { "pid": job.id(), "user": user, "mem_b": 69_000_u64 << 20, "job": 17 },
            { "pid": 5_000_000, "user": null, "mem_b": null, "job": null },
        ],
        "why": {},
    });
    assert_eq!(rows[3], expected);
    assert_eq!(self::rows(&same)[3]["uuid"], rows[3]["uuid"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(
        table.contains("NVIDIA H100 80GB HBM3") && table.contains("job 17"),
        "{table}"
    );
}

#[test]
fn what_is_not_known_is_null_and_says_why() {
    let folder = TempDir::new().unwrap();
    let driver = FakeNvml::new(
        folder.path(),
        "gpus 2\ngpm 1 0\nfail nvmlDeviceGetName 1 999\nfail nvmlDeviceGetPowerUsage 1 3\n\
         hang nvmlDeviceGetTemperature 1\n",
    );
    let found = node(folder.path(), &["--once", "--json"], Some(driver.library()));
    let rows = rows(&found);
    let row = rows[1].as_object().unwrap();
    let nulls: BTreeSet<&String> = row
        .iter()
        .filter(|(_, value)| value.is_null())
        .map(|(name, _)| name)
        .collect();
    let why = row["why"].as_object().unwrap();
    assert_eq!(nulls, why.keys().collect::<BTreeSet<_>>());
    let expected = [
        "model",
        "sm_active_pct",
        "tensor_active_pct",
        "power_w",
        "temp_c",
    ];
    assert_eq!(nulls, expected.map(str::to_owned).iter().collect());
    assert_eq!(
        why["power_w"],
        "the requested operation is not available on the target device"
    );
    assert_eq!(why["sm_active_pct"], "this GPU has no GPM");
    let hangs = why["temp_c"].as_str().unwrap();
    assert!(
        hangs.starts_with("the driver has not answered for"),
        "{hangs}"
    );
    let model = why["model"].as_str().unwrap();
    assert!(
        model.contains("an internal driver error occurred"),
        "{model}"
    );
    assert_eq!(rows[0]["why"], json!({}));
}

#[test]
fn without_a_driver_it_ends_with_a_sentence() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("none.so");
    let found = node(folder.path(), &["--once", "--json"], Some(&missing));
    assert_eq!(found.status.code(), Some(1));
    let error = String::from_utf8(found.stderr).unwrap();
    assert!(
        error.contains("this host has no NVIDIA GPU that can be read"),
        "{error}"
    );
    assert!(found.stdout.is_empty());
}

#[test]
fn the_library_is_named_by_either_variable() {
    let folder = TempDir::new().unwrap();
    for variable in ["BERTH_NVML", "BERTH_NVML_LIB"] {
        let output = Command::new(env!("CARGO_BIN_EXE_berth-server"))
            .args(["config", "--json"])
            .current_dir(folder.path())
            .env_remove("BERTH_NVML")
            .env_remove("BERTH_NVML_LIB")
            .env(variable, "/opt/libnvidia-ml.so.1")
            .output()
            .unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = json!({
            "value": "/opt/libnvidia-ml.so.1",
            "origin": format!("environment {variable}"),
        });
        assert_eq!(found["nvml"], expected);
    }
}
