//! How large a year is. `cargo test --release -p berth-telemetry --test size -- --nocapture` prints
//! the sum.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::collections::HashMap;

use berth_domain::{
    Actor, AttemptId, Event, GpuRef, GpuSample, GpuUuid, JobId, Lease, NodeLease, Record, Seq,
    Timestamp,
};
use berth_telemetry::Batch;
use berth_telemetry::rollup::{BLOCK_S, Keeper, Tier};

const GPUS: u32 = 16;
const HOURS: i64 = 2;
/// What a row takes beside its blob: its header, its key and its places in two indexes.
const ROW_BYTES: usize = 80;
/// Attempt, node and hour, seven numbers, and their places in two indexes.
const USE_BYTES: usize = 140;
/// Free parts of pages.
const SLACK: f64 = 1.3;

/// From 0 to 1, looks random.
fn noise(n: i64, salt: u32) -> f32 {
    let mixed = (n.unsigned_abs() ^ (u64::from(salt) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    f32::from(u16::try_from(mixed >> 48).unwrap()) / f32::from(u16::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
fn whole(part: f32) -> u64 {
    u64::from((part * 65_535.0) as u16)
}

/// Of which every figure is known, and none like the one before.
fn sample(gpu: u32, second: i64) -> GpuSample {
    let n = |salt: u32| noise(second, gpu * 16 + salt);
    let bytes = |salt: u32, most: u64| Some(most / 65_536 * whole(n(salt)));
    GpuSample {
        busy_pct: Some((n(0) * 100.0).round()),
        sm_active_pct: Some(n(1) * 100.0),
        sm_occupancy_pct: Some(n(2) * 100.0),
        tensor_active_pct: Some(n(3) * 100.0),
        mem_used_bytes: bytes(4, 80 << 30),
        power_w: Some(100.0 + 600.0 * n(5)),
        temp_c: Some((30.0 + 50.0 * n(6)).round()),
        pcie_rx_bytes: bytes(7, 60 << 30),
        pcie_tx_bytes: bytes(8, 60 << 30),
        nvlink_rx_bytes: bytes(9, 400 << 30),
        nvlink_tx_bytes: bytes(10, 400 << 30),
        ..GpuSample::of(uuid(gpu))
    }
}

fn uuid(gpu: u32) -> GpuUuid {
    GpuUuid(format!("GPU-{gpu}"))
}

/// Every GPU in a job of its own, each of a user and a project of its own: the most series that
/// there can be at once.
fn start(keeper: &mut Keeper, gpu: u32, at: Timestamp) {
    let spec = serde_json::json!({
        "name": "train", "project": format!("project-{gpu}"), "command": ["train"],
        "workdir": null, "env": {}, "nodes": 1, "gpus_per_node": 1, "time_limit": 86400,
        "class": "normal", "preemptible": false, "max_retries": 0, "dependencies": [],
        "begin": null, "array": null,
    });
    let job = JobId(u64::from(gpu) + 1);
    let submitted = serde_json::json!({
        "type": "job_submitted", "job": job, "owner": format!("user-{gpu}"), "spec": spec,
        "rank": berth_domain::Rank::ordinal(job.0), "held": null, "key": null,
    });
    let lease = Lease(vec![NodeLease {
        node: format!("node-{}", gpu / 8).as_str().into(),
        gpus: vec![GpuRef {
            index: gpu % 8,
            uuid: uuid(gpu),
        }],
    }]);
    let attempt = AttemptId { job, number: 1 };
    let events = [
        serde_json::from_value(submitted).unwrap(),
        Event::AttemptStarting { attempt, lease },
    ];
    for event in events {
        keeper.read(&Record {
            seq: Seq(1),
            at,
            actor: Actor::Berth,
            event,
        });
    }
}

#[test]
fn a_year_of_16_gpus_takes_less_than_a_gigabyte() {
    let begin = 1_800_000_000;
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let mut keeper = Keeper::default();
    for gpu in 0..GPUS {
        start(&mut keeper, gpu, at(begin));
    }
    // By tier: rows and bytes of an hour.
    let mut sizes: HashMap<Tier, (usize, usize)> = HashMap::new();
    let mut series = 0;
    for block in (begin..begin + 3600 * HOURS).step_by(usize::try_from(BLOCK_S).unwrap()) {
        for second in block..block + BLOCK_S {
            for start in keeper.needs(at(second)) {
                keeper.open(start, &[], &[], at(second)).unwrap();
            }
            let batch = Batch {
                at: at(second),
                node: None,
                samples: (0..GPUS).map(|gpu| sample(gpu, second)).collect(),
                kept: None,
            };
            keeper.accept(&batch, at(second));
        }
        keeper.flush(at(block + BLOCK_S));
        let closed = keeper.close(block, &[]).unwrap();
        keeper.forget(block);
        series = closed.blobs.len() / Tier::ALL.len();
        for (_, tier, _, blob) in closed.blobs {
            // The row of an hour is written with each block, in place of the one before.
            if tier != Tier::Hour || (block + BLOCK_S) % 3600 == 0 {
                let size = sizes.entry(tier).or_default();
                size.0 += 1;
                size.1 += blob.len();
            }
        }
    }
    assert_eq!(series, 16 + 2 + 1 + 3 * 16);
    let hours = usize::try_from(HOURS).unwrap();
    let year = 365 * 24;
    let mut total = 0;
    for tier in Tier::ALL {
        let (rows, bytes) = sizes[&tier];
        let kept = tier
            .kept_s()
            .map_or(year, |kept| usize::try_from(kept / 3600).unwrap());
        let size = kept * (bytes + rows * ROW_BYTES) / hours;
        println!(
            "{tier:?}: {} rows and {} KiB an hour, {kept} h kept: {} MB",
            rows / hours,
            bytes / hours / 1024,
            size / 1_000_000
        );
        total += size;
    }
    let uses = year * usize::try_from(GPUS).unwrap() * USE_BYTES;
    println!("use of attempts: {} MB", uses / 1_000_000);
    let total = (total + uses) as f64 * SLACK;
    println!(
        "{series} series: {:.0} MB a year, the slack of pages included",
        total / 1e6
    );
    assert!(total < 1e9);
}
