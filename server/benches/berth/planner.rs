//! The planner alone: plan and forecast of long queues, natively and in WebAssembly, how that grows,
//! and how long four weeks take to simulate.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use berth_samples::LongQueue;
use berth_scheduler::sim::{self, Cluster, Synth, TraceJob};
use berth_scheduler::{Policy, PreemptionMode};

use crate::{Spread, row, spread, two};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Four weeks of people who use two nodes, where they lie next to the checkout.
const TRACE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/traces/philly-a-090.csv"
);

pub fn bench() {
    plan_and_forecast();
    growth();
    simulations();
}

fn timed(nodes: u32, jobs: u32, preemption: PreemptionMode) -> Spread {
    let queue = LongQueue::new(nodes, jobs, preemption);
    let once = |_| {
        let from = Instant::now();
        black_box(queue.plan());
        from.elapsed()
    };
    black_box(queue.plan());
    spread((0..50).map(once).collect())
}

fn plan_and_forecast() {
    println!("\nPlan and forecast for 10,000 queued jobs, all GPUs taken");
    for (nodes, goal) in [(2, "goal p50 < 10 ms"), (128, "goal p50 < 20 ms")] {
        let native = timed(nodes, 10_000, PreemptionMode::Off);
        let gpus = nodes * 8;
        row(&format!("{gpus} GPUs, p50 / p99"), two(&native), goal);
        let on = timed(nodes, 10_000, PreemptionMode::On);
        row("  with preemption, p50 / p99", two(&on), "");
        let Some(wasm) = in_wasm(nodes, 10_000) else {
            row("  not measured: run `scripts/samples build` first", "", "");
            continue;
        };
        row("  in WebAssembly (Node), p50 / p99", two(&wasm.plan), "");
        let times = format!("{:.2} x", wasm.plan.p50 / native.p50);
        row("  against native, p50", times, "goal < 3 x");
    }
    println!("\nA move tried in WebAssembly (Node), as during a drag, 5,000 queued jobs");
    for nodes in [2, 128] {
        if let Some(wasm) = in_wasm(nodes, 5_000) {
            let what = format!("{} GPUs, p50 / p95", nodes * 8);
            let times = format!("{:.1} / {:.1} ms", wasm.moved.0, wasm.moved.1);
            row(&what, times, "p95 < 50 ms, goal < 16 ms");
        }
    }
}

struct InWasm {
    plan: Spread,
    /// p50 and p95, in ms.
    moved: (f64, f64),
}

fn in_wasm(nodes: u32, jobs: u32) -> Option<InWasm> {
    let output = Command::new(Path::new(ROOT).join("scripts/samples"))
        .args(["time", &nodes.to_string(), &jobs.to_string()])
        .output()
        .ok()?;
    let times: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let ms = |name: &str| times[name].as_f64();
    Some(InWasm {
        plan: Spread {
            p50: ms("p50_ms")?,
            p99: ms("p99_ms")?,
        },
        moved: (ms("move_p50_ms")?, ms("move_p95_ms")?),
    })
}

fn growth() {
    println!(
        "\nHow plan and forecast grow, p50 (an exponent of 1: twice as much takes twice as long)"
    );
    let jobs = [2_500, 5_000, 10_000, 20_000];
    for nodes in [2, 16, 128] {
        let times = jobs.map(|jobs| timed(nodes, jobs, PreemptionMode::Off).p50);
        let what = format!("{} GPUs; 2,500 to 20,000 jobs", nodes * 8);
        row(&what, in_ms(&times), &exponent(&jobs, &times));
    }
    let nodes = [2, 16, 128];
    for jobs in [2_500, 20_000] {
        let times = nodes.map(|nodes| timed(nodes, jobs, PreemptionMode::Off).p50);
        let what = format!("{jobs} jobs; 16, 128, 1,024 GPUs");
        row(&what, in_ms(&times), &exponent(&nodes, &times));
    }
}

fn in_ms(times: &[f64]) -> String {
    let times: Vec<String> = times.iter().map(|time| format!("{time:.1}")).collect();
    format!("{} ms", times.join(" "))
}

/// Between the first and the last.
fn exponent(sizes: &[u32], times: &[f64]) -> String {
    let (Some(least), Some(most)) = (sizes.first(), sizes.last()) else {
        return String::new();
    };
    let sizes = f64::from(*most) / f64::from(*least);
    let times = times.last().unwrap_or(&1.0) / times.first().unwrap_or(&1.0);
    format!("exponent {:.2}", times.ln() / sizes.ln())
}

fn simulations() {
    println!("\nFour weeks simulated");
    let small = Cluster::default();
    let load = sim::synthesize(&Synth::default());
    simulation("made up", &load, &small, "goal < 2 s");
    match std::fs::read_to_string(TRACE).map(|text| sim::parse(&text)) {
        Ok(Ok(load)) => simulation("philly-a-090", &load, &small, "goal < 2 s"),
        _ => row("philly-a-090 is not here", "", ""),
    }
    let large = Synth {
        gpus: 1024,
        users: 1280,
        ..Synth::default()
    };
    let load = sim::synthesize(&large);
    simulation("made up, 128 nodes", &load, &Cluster::uniform(128, 8), "");
}

fn simulation(name: &str, load: &[TraceJob], cluster: &Cluster, goal: &str) {
    let mut preemptive = Policy::berth();
    preemptive.preemption.mode = PreemptionMode::On;
    for (policy, words) in [(Policy::berth(), ""), (preemptive, ", preemption")] {
        let from = Instant::now();
        black_box(sim::simulate(name, load, cluster, &policy));
        let took: Duration = from.elapsed();
        let what = format!("{name}{words}, {} jobs", load.len());
        row(&what, format!("{:.2} s", took.as_secs_f64()), goal);
    }
}
