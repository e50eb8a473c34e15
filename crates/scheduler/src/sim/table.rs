//! Summaries side by side, for a terminal.

use std::fmt::Write as _;

use super::metrics::Summary;

/// One line a summary; waits in minutes, makespan in hours, time taken in seconds.
#[must_use]
pub fn table(summaries: &[Summary]) -> String {
    let mut text = format!(
        "{:<14} {:<13} {:>8} {:>7} {:>8} {:>8} {:>8} {:>6} {:>6} {:>8} {:>8} {:>6} {:>8} {:>8} \
         {:>7} {:>6}\n",
        "trace",
        "policy",
        "wait",
        "p50",
        "p95",
        "p99",
        "d10",
        "pack",
        "alloc",
        "slow",
        "worst",
        "jain",
        "makespan",
        "preempt",
        "plans",
        "took"
    );
    for s in summaries {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<14} {:<13} {:>8.1} {:>7.1} {:>8.0} {:>8.0} {:>8.1} {:>6.1} {:>6.1} {:>8.2} {:>8.1} \
             {:>6.3} {:>8} {:>8} {:>7} {:>6.2}",
            s.trace,
            s.policy,
            s.wait_mean_min,
            s.wait_p50_min,
            s.wait_p95_min,
            s.wait_p99_min,
            s.d10_mean_min,
            s.pack_pct,
            s.alloc_pct,
            s.slowdown_mean,
            s.worst_user_slowdown,
            s.jain,
            s.makespan_s / 3600,
            s.preemptions,
            s.plans,
            s.wall_s
        );
    }
    text
}
