//! `berth-server replay`: what another policy would have done with what Berth ran itself. Reads the
//! database, also of a running server; changes nothing.

use std::path::PathBuf;
use std::time::Instant;

use berth_api::context::Past;
use berth_scheduler::sim::{self, Summary};
use berth_store::Store;

use crate::config::Config;
use crate::picture::Picture;
use crate::simulate::Policies;
use crate::{AnyError, clock};

const EXAMPLES: &str = "\
Examples:
  berth-server replay --policy slurm
  berth-server replay --days 7 --compare fifo,easy,berth --chart policies.svg
  berth-server replay --policy berth --set preemption=on --json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Jobs that were submitted in the last so many days.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    #[command(flatten)]
    policies: Policies,
    /// Everything as one JSON object.
    #[arg(long)]
    json: bool,
    /// Draws the comparison.
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,
    /// Another database than the one in the data folder, such as a copy.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

pub async fn run(config: &Config, args: &Args) -> Result<(), AnyError> {
    let path = args.db.clone().unwrap_or_else(|| config.database());
    if !path.is_file() {
        return Err(format!("there is no database {}", path.display()).into());
    }
    let policies = args.policies.all()?;
    let store = Store::open(&path).await?;
    let past = Past::read(&store, args.days, clock::now()).await?;
    let history = &past.history;
    if history.trace.is_empty() {
        let left_out = history.left_out.sentence().unwrap_or_default();
        let days = args.days;
        return Err(format!("no job of the last {days} days can be run again. {left_out}").into());
    }
    let mut picture = Picture::new(&format!("The last {} days", args.days));
    picture.add("what happened", &history.trace, &history.real);
    let mut summaries = Vec::new();
    for policy in &policies {
        let began = Instant::now();
        let mut run = past.under(policy);
        run.summary.wall_s = began.elapsed().as_secs_f64();
        picture.add(&policy.name, &history.trace, &run);
        summaries.push(run.summary);
    }
    if args.json {
        println!("{}", serde_json::to_string(&answer(&past, &summaries))?);
    } else {
        print(&past, &summaries);
    }
    if let Some(file) = &args.chart {
        picture.write(file)?;
    }
    Ok(())
}

fn answer(past: &Past, summaries: &[Summary]) -> serde_json::Value {
    serde_json::json!({
        "since": past.since,
        "jobs": past.history.trace.len(),
        "left_out": past.history.left_out,
        "what_happened": past.history.real.summary,
        "policies": summaries,
    })
}

fn print(past: &Past, summaries: &[Summary]) {
    let history = &past.history;
    println!(
        "{} jobs that were submitted since {:.0}, run again on the present nodes, which are empty \
         at the beginning, without any history to predict from.",
        history.trace.len(),
        past.since
    );
    if let Some(sentence) = history.left_out.sentence() {
        println!("{sentence}");
    }
    println!("Waits in minutes.\n");
    let real = std::iter::once(&history.real.summary);
    let all: Vec<Summary> = real.chain(summaries).cloned().collect();
    print!("{}", sim::table(&all));
}
