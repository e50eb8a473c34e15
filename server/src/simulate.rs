//! `berth-server simulate`: what a policy does with a recorded or made-up load. Nothing runs.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use berth_scheduler::Policy;
use berth_scheduler::sim::{self, Cluster, Summary, Synth, TraceJob};

use crate::AnyError;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A workload as CSV: job_id,submit_s,duration_s,gpus,user,…,est_s.
    #[arg(long, value_name = "FILE", required_unless_present = "synth")]
    trace: Vec<PathBuf>,
    /// A made-up workload instead: the number that it is made from.
    #[arg(long, value_name = "SEED", conflicts_with = "trace")]
    synth: Option<u64>,
    #[arg(long, default_value_t = 2)]
    nodes: u32,
    #[arg(long, default_value_t = 8)]
    gpus_per_node: u32,
    /// fifo, easy, slurm or berth.
    #[arg(long, value_name = "NAME", default_value = "berth")]
    policy: String,
    /// Several policies beside each other.
    #[arg(
        long,
        value_name = "NAME,NAME",
        value_delimiter = ',',
        conflicts_with = "policy"
    )]
    compare: Vec<String>,
    /// A knob of the policy; `berth policy show` lists them.
    #[arg(long = "set", value_name = "KNOB=VALUE")]
    knobs: Vec<String>,
    /// One JSON object a policy.
    #[arg(long)]
    json: bool,
    /// Also says how often starts were within their forecasts, as JSON.
    #[arg(long)]
    forecasts: bool,
    /// Writes job_id,first_start_s,end_s,preemptions for each job.
    #[arg(long, value_name = "FILE.csv")]
    jobs_out: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<(), AnyError> {
    let names = if args.compare.is_empty() {
        std::slice::from_ref(&args.policy)
    } else {
        &args.compare
    };
    let policies = names
        .iter()
        .map(|name| policy(name, &args.knobs))
        .collect::<Result<Vec<_>, _>>()?;
    let cluster = Cluster::uniform(args.nodes, args.gpus_per_node);
    let mut summaries: Vec<Summary> = Vec::new();
    for (trace, jobs) in loads(args)? {
        for policy in &policies {
            let began = Instant::now();
            let mut run = sim::simulate(&trace, &jobs, &cluster, policy);
            run.summary.wall_s = began.elapsed().as_secs_f64();
            if let Some(path) = &args.jobs_out {
                fs::write(path, sim::jobs_csv(&run.jobs))
                    .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            }
            if args.json {
                println!("{}", serde_json::to_string(&run.summary)?);
            }
            if args.forecasts {
                let score = sim::score_forecasts(&jobs, &cluster, policy);
                println!("{}", serde_json::to_string(&score)?);
            }
            summaries.push(run.summary);
        }
    }
    if !args.json {
        print!("{}", sim::table(&summaries));
    }
    Ok(())
}

fn policy(name: &str, knobs: &[String]) -> Result<Policy, AnyError> {
    let mut policy = Policy::named(name)?;
    for knob in knobs {
        let (name, value) = knob
            .split_once('=')
            .ok_or_else(|| format!("'{knob}' is not KNOB=VALUE"))?;
        policy.set(name, value)?;
    }
    Ok(policy)
}

/// Each load with its name.
fn loads(args: &Args) -> Result<Vec<(String, Vec<TraceJob>)>, AnyError> {
    if let Some(seed) = args.synth {
        let settings = Synth {
            seed,
            ..Synth::default()
        };
        return Ok(vec![(format!("synth-{seed}"), sim::synthesize(&settings))]);
    }
    let load = |path: &PathBuf| {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| said(&error))?;
        let jobs = sim::parse(&text).map_err(|error| said(&error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok((name.into_owned(), jobs))
    };
    args.trace.iter().map(load).collect()
}
