//! `berth-server simulate`: what a policy does with a recorded or made-up load. Nothing runs.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use berth_scheduler::Policy;
use berth_scheduler::sim::{self, Cluster, Summary, Synth, TraceJob};

use crate::AnyError;
use crate::picture::Picture;

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
    #[command(flatten)]
    policies: Policies,
    /// One JSON object a policy.
    #[arg(long)]
    json: bool,
    /// Also says how often starts were within their forecasts, as JSON.
    #[arg(long)]
    forecasts: bool,
    /// Writes job_id,first_start_s,end_s,preemptions for each job.
    #[arg(long, value_name = "FILE.csv")]
    jobs_out: Option<PathBuf>,
    /// Draws the comparison; of one workload.
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,
}

/// Which policies to try.
#[derive(Debug, clap::Args)]
pub struct Policies {
    /// fifo, easy, priority, fair, sjf, slurm or berth.
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
}

impl Policies {
    /// In the order asked for, each with the knobs.
    pub fn all(&self) -> Result<Vec<Policy>, AnyError> {
        let names = if self.compare.is_empty() {
            std::slice::from_ref(&self.policy)
        } else {
            &self.compare
        };
        names.iter().map(|name| policy(name, &self.knobs)).collect()
    }
}

pub fn run(args: &Args) -> Result<(), AnyError> {
    if args.chart.is_some() && args.trace.len() > 1 {
        return Err("--chart draws one workload: give one --trace".into());
    }
    let policies = args.policies.all()?;
    let cluster = Cluster::uniform(args.nodes, args.gpus_per_node);
    let mut summaries: Vec<Summary> = Vec::new();
    for (trace, jobs) in loads(args)? {
        let mut picture = Picture::new(&trace);
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
            picture.add(&policy.name, &jobs, &run);
            summaries.push(run.summary);
        }
        if let Some(file) = &args.chart {
            picture.write(file)?;
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
        // For the cluster that it runs on: as much work and as many people a GPU on a larger one.
        let usual = Synth::default();
        let gpus = args.nodes.saturating_mul(args.gpus_per_node).max(1);
        let settings = Synth {
            seed,
            gpus,
            users: usual.users.saturating_mul(gpus).div_ceil(usual.gpus),
            largest: usual.largest.min(gpus),
            ..usual
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
