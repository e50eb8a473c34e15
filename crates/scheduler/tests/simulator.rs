//! The simulator: by hand on small traces, and against the reference on the real ones.

use berth_scheduler::Policy;
use berth_scheduler::sim::{
    Cluster, Run, Summary, Synth, TraceJob, jobs_csv, parse, score_forecasts, simulate, synthesize,
};

const HEADER: &str = "job_id,submit_s,duration_s,gpus,user,group,status,est_s,est10_s\n";

fn trace(lines: &[&str]) -> Vec<TraceJob> {
    parse(&format!("{HEADER}{}", lines.join("\n"))).expect("the test is right")
}

fn run(jobs: &[TraceJob], policy: &str, knobs: &[(&str, &str)]) -> Run {
    let mut policy = Policy::named(policy).expect("the test is right");
    for (knob, value) in knobs {
        policy.set(knob, value).expect("the test is right");
    }
    simulate("test", jobs, &Cluster::default(), &policy)
}

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9,
        "{found} instead of {expected}"
    );
}

#[test]
fn every_metric_by_hand() {
    // A 16-GPU job of 20 min; one of 8 GPUs that waits for it; one that waits for that.
    let jobs = trace(&[
        "0,0,1200,16,ana,g,,3600,",
        "1,60,600,8,ben,g,,3600,",
        "2,60,300,16,ben,g,,3600,",
    ]);
    let run = run(&jobs, "fifo", &[]);
    let csv = "job_id,first_start_s,end_s,preemptions\n0,0,1200,0\n1,1200,1800,0\n2,1800,2100,0\n";
    assert_eq!(jobs_csv(&run.jobs), csv);
    let s = run.summary;
    assert_eq!((s.jobs, s.makespan_s, s.preemptions), (3, 2100, 0));
    close(s.wait_mean_min, (0.0 + 19.0 + 29.0) / 3.0);
    close(s.d10_mean_min, s.wait_mean_min);
    close(s.wait_p50_min, 19.0);
    close(s.wait_p95_min, 29.0);
    // From 60 to 1800 somebody waits: 1140 s with 16 allocated, 600 s with 8 of 16.
    close(
        s.pack_pct,
        100.0 * (1140.0 * 16.0 + 600.0 * 8.0) / (1740.0 * 16.0),
    );
    close(
        s.alloc_pct,
        100.0 * (1200.0 * 16.0 + 600.0 * 8.0 + 300.0 * 16.0) / (2100.0 * 16.0),
    );
    let (second, third) = (1740.0 / 600.0, 2040.0 / 600.0);
    close(s.slowdown_mean, (1.0 + second + third) / 3.0);
    close(s.worst_user_slowdown, f64::midpoint(second, third));
    let ben = (600.0 * 8.0 + 300.0 * 16.0) / (1740.0 * 8.0 + 2040.0 * 16.0);
    close(s.jain, (1.0f64 + ben).powi(2) / (2.0 * (1.0 + ben * ben)));
}

#[test]
fn easy_passes_whom_it_does_not_delay() {
    let jobs = trace(&[
        "0,0,1000,8,ana,g,,1000,",
        "1,1,1000,16,ana,g,,1000,",
        "2,2,900,8,ben,g,,998,",
        "3,3,900,8,ben,g,,1100,",
    ]);
    let starts = |policy| {
        let run = run(&jobs, policy, &[]);
        run.jobs
            .iter()
            .map(|job| job.first_start_s.unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(starts("fifo"), [0, 1000, 2000, 2000]);
    assert_eq!(starts("easy"), [0, 1000, 2, 2000]);
}

#[test]
fn a_resume_repeats_a_minute() {
    // Both nodes are taken by long jobs; a new one interrupts the second.
    let jobs = trace(&[
        "0,0,10000,8,ana,g,,20000,",
        "1,0,10000,8,ana,g,,20000,",
        "2,3000,300,8,ben,g,,20000,",
    ]);
    let run = run(&jobs, "berth", &[("preemption", "on")]);
    let ends: Vec<i64> = run.jobs.iter().map(|job| job.end_s.unwrap()).collect();
    let stopped: Vec<u32> = run.jobs.iter().map(|job| job.preemptions).collect();
    assert_eq!(stopped.iter().sum::<u32>(), 1);
    assert_eq!(ends[2], 3300);
    assert_eq!(
        ends.iter().max(),
        Some(&10_360),
        "300 s of waiting and 60 s repeated"
    );
    close(run.summary.d10_mean_min, 0.0);
}

#[test]
fn every_job_of_a_made_up_load_ends_under_every_policy() {
    for seed in 0..4 {
        let settings = Synth {
            seed,
            days: 5,
            ..Synth::default()
        };
        let jobs = synthesize(&settings);
        assert_eq!(jobs, synthesize(&settings), "the same for the same seed");
        for policy in Policy::NAMES {
            for preemption in ["off", "on"] {
                if policy != "berth" && preemption == "on" {
                    continue;
                }
                let run = run(&jobs, policy, &[("preemption", preemption)]);
                let s = run.summary;
                assert_eq!(s.jobs, jobs.len(), "{policy}");
                assert!(s.pack_pct <= 100.0 + 1e-6 && s.alloc_pct <= 100.0 + 1e-6);
                for (job, result) in jobs.iter().zip(&run.jobs) {
                    let least = result.first_start_s.unwrap() + job.duration_s;
                    assert!(result.end_s.unwrap() >= least);
                    assert!(preemption == "on" || result.end_s == Some(least));
                    assert!(result.preemptions > 0 || result.end_s == Some(least));
                }
            }
        }
    }
}

#[test]
fn a_summary_has_the_agreed_fields() {
    let jobs = trace(&["0,0,10,1,ana,g,,60,"]);
    let value = serde_json::to_value(run(&jobs, "easy", &[]).summary).unwrap();
    let mut fields: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut agreed = vec![
        "trace",
        "policy",
        "jobs",
        "wait_mean_min",
        "wait_p50_min",
        "wait_p95_min",
        "wait_p99_min",
        "d10_mean_min",
        "pack_pct",
        "alloc_pct",
        "slowdown_mean",
        "worst_user_slowdown",
        "jain",
        "makespan_s",
        "preemptions",
        "plans",
        "wall_s",
    ];
    fields.sort_unstable();
    agreed.sort_unstable();
    assert_eq!(fields, agreed);
}

/// The real traces, where this checkout has them next to it.
fn public(name: &str) -> Option<Vec<TraceJob>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/traces/");
    let text = std::fs::read_to_string(format!("{folder}{name}.csv")).ok()?;
    Some(parse(&text).expect("the test is right"))
}

/// Mean waits of an independent simulator, in minutes.
#[test]
fn fifo_and_easy_agree_with_the_reference() {
    let reference = [
        ("philly-a-090", 2648.0, 654.0),
        ("philly-a-110", 6763.0, 3247.0),
        ("kth-a-090", 6481.0, 362.0),
    ];
    for (name, fifo, easy) in reference {
        let Some(jobs) = public(name) else { return };
        for (policy, expected) in [("fifo", fifo), ("easy", easy)] {
            let found = run(&jobs, policy, &[]).summary.wait_mean_min;
            assert!(
                (found / expected - 1.0).abs() < 0.002,
                "{name} {policy}: {found}"
            );
        }
    }
}

const SETS: [&str; 7] = [
    "kth-a-070",
    "kth-a-090",
    "kth-a-110",
    "philly-a-070",
    "philly-a-090",
    "philly-a-110",
    "philly-b-090",
];

fn geometric_mean(values: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(values.len()).expect("the test is right"));
    (values.iter().map(|value| value.ln()).sum::<f64>() / count).exp()
}

/// What the default policy promises on all public sets together: the same settings for both
/// families, all metrics in the same runs.
#[test]
#[cfg_attr(debug_assertions, ignore = "half a minute without optimisation")]
fn berth_is_ahead_of_easy() {
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for name in SETS {
        let Some(jobs) = public(name) else { return };
        let easy = run(&jobs, "easy", &[]).summary;
        off.push((run(&jobs, "berth", &[]).summary, easy.clone()));
        on.push((run(&jobs, "berth", &[("preemption", "on")]).summary, easy));
    }
    let relative = |runs: &[(Summary, Summary)], of: fn(&Summary) -> f64| -> Vec<f64> {
        runs.iter()
            .map(|(berth, easy)| of(berth) / of(easy))
            .collect()
    };
    let waits = relative(&off, |s| s.wait_mean_min);
    assert!(geometric_mean(&waits) <= 0.38, "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 1.0), "{waits:?}");
    let worst = relative(&off, |s| s.worst_user_slowdown);
    assert!(geometric_mean(&worst) <= 0.62, "{worst:?}");

    let waits = relative(&on, |s| s.wait_mean_min);
    assert!(geometric_mean(&waits) <= 0.15, "{waits:?}");
    let mean = |of: fn(&Summary) -> f64| on.iter().map(|(berth, _)| of(berth)).sum::<f64>() / 7.0;
    assert!(mean(|s| s.d10_mean_min) <= 5.6);
    assert!(mean(|s| s.jain) >= 0.84);
    // The first three are of KTH, where long jobs on all GPUs keep any policy from packing.
    for (berth, _) in on.iter().skip(3) {
        assert!(berth.pack_pct >= 95.0, "{}", berth.pack_pct);
    }
}

/// On each family, of the jobs that had to wait, half start by the p50 and nine of ten by the p90.
#[test]
#[cfg_attr(debug_assertions, ignore = "half a minute without optimisation")]
fn forecasts_mean_what_they_say() {
    for family in ["kth", "philly"] {
        let (mut jobs, mut by_p50, mut by_p90) = (0.0, 0.0, 0.0);
        for name in SETS.iter().filter(|name| name.starts_with(family)) {
            let Some(trace) = public(name) else { return };
            let score = score_forecasts(&trace, &Cluster::default(), &Policy::berth());
            let count = f64::from(score.jobs);
            jobs += count;
            by_p50 += score.p50_pct * count;
            by_p90 += score.p90_pct * count;
        }
        let (p50, p90) = (by_p50 / jobs, by_p90 / jobs);
        assert!((p50 - 50.0).abs() <= 10.0, "{family}: {p50} by the p50");
        assert!((p90 - 90.0).abs() <= 7.0, "{family}: {p90} by the p90");
    }
}
