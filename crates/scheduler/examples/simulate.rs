//! Runs traces through the planner and prints the metrics.
//!
//! `simulate --trace FILE[,FILE] --policy NAME[,NAME] [--set knob=value]... [--json]
//! [--jobs-out FILE] [--forecasts]
//! [--nodes N] [--gpus-per-node N]`, or `--synth SEED` in place of `--trace`.

use std::error::Error;
use std::time::Instant;

use berth_scheduler::Policy;
use berth_scheduler::sim::{self, Cluster, Synth};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (mut traces, mut policies, mut knobs) = (Vec::new(), Vec::new(), Vec::new());
    let mut cluster = Cluster::default();
    let (mut json, mut jobs_out, mut forecasts) = (false, None, false);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--trace" => {
                for path in value()?.split(',') {
                    traces.push((name_of(path), sim::parse(&std::fs::read_to_string(path)?)?));
                }
            }
            "--synth" => {
                let seed = value()?;
                // For the cluster as it is given before this argument.
                let gpus = cluster.nodes * cluster.gpus_per_node;
                let settings = Synth {
                    seed: seed.parse()?,
                    gpus,
                    users: 20 * gpus.div_ceil(64),
                    ..Synth::default()
                };
                traces.push((format!("synth-{seed}"), sim::synthesize(&settings)));
            }
            "--nodes" => cluster.nodes = value()?.parse()?,
            "--gpus-per-node" => cluster.gpus_per_node = value()?.parse()?,
            "--policy" => policies.extend(value()?.split(',').map(str::to_owned)),
            "--set" => knobs.push(value()?),
            "--jobs-out" => jobs_out = Some(value()?),
            "--json" => json = true,
            "--forecasts" => forecasts = true,
            _ => return Err(format!("unknown argument {arg}").into()),
        }
    }
    let mut summaries = Vec::new();
    for (trace, jobs) in &traces {
        for name in &policies {
            let mut policy = Policy::named(name)?;
            for knob in &knobs {
                let (name, value) = knob.split_once('=').ok_or("write --set knob=value")?;
                policy.set(name, value)?;
            }
            let from = Instant::now();
            let mut run = sim::simulate(trace, jobs, cluster, &policy);
            run.summary.wall_s = from.elapsed().as_secs_f64();
            if let Some(path) = &jobs_out {
                std::fs::write(path, sim::jobs_csv(&run.jobs))?;
            }
            if json {
                println!("{}", serde_json::to_string(&run.summary)?);
            }
            if forecasts {
                let score = sim::score_forecasts(jobs, cluster, &policy);
                println!("{trace} {name}: {}", serde_json::to_string(&score)?);
            }
            summaries.push(run.summary);
        }
    }
    if !json {
        print!("{}", sim::table(&summaries));
    }
    Ok(())
}

fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.trim_end_matches(".csv").to_owned()
}
