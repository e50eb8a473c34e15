//! Scores run-time prediction on traces, as if every job had started when it was submitted:
//! `calibrate FILE...`.

use std::error::Error;

use berth_scheduler::predict::{Past, calibrate};
use berth_scheduler::sim;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let jobs = sim::parse(&std::fs::read_to_string(&path)?)?;
        let seconds =
            |count: i64| std::time::Duration::from_secs(count.unsigned_abs()).as_secs_f64();
        let past: Vec<Past> = jobs
            .iter()
            .map(|job| Past {
                job: sim::features(job),
                submitted_s: seconds(job.submit_s),
                ended_s: seconds(job.submit_s + job.duration_s),
                ran_s: seconds(job.duration_s),
            })
            .collect();
        let score = calibrate(&past);
        let covered = score.covered_pct.map(|pct| format!("{pct:.0}")).join("/");
        let experts: Vec<String> = score
            .expert_bits
            .iter()
            .map(|(expert, bits)| format!("{expert} {bits:.2}"))
            .collect();
        println!(
            "{path}: {} jobs, {:.2} bits, covered at 10/25/50/75/90: {covered}, median error {:.2} \
             octaves (limits {:.2})\n    {}",
            score.jobs,
            score.bits,
            score.median_error_octaves,
            score.limit_error_octaves,
            experts.join(", ")
        );
    }
    Ok(())
}
