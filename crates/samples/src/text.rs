//! Everything that the planner says about a case, as text: what differs in the last digit of a
//! number differs here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use berth_domain::MoveTo;
use berth_scheduler::sim::{Cluster, Synth, simulate, synthesize};
use berth_scheduler::{
    Backfill, Carried, Facts, Policy, PreemptionMode, explain, forecast_if, forecast_move, free_at,
    plan_and_forecast,
};

use crate::case::{Case, case};

/// Every hundredth case also simulates a made-up load.
const SIMULATE_EVERY: u32 = 100;

/// The answers to one case, under every policy.
#[must_use]
pub fn of_case(number: u32) -> String {
    answers(number, &case(number))
}

/// The same of the case as a browser gets it from the server.
///
/// # Errors
/// Where a snapshot cannot be written or read.
pub fn of_sent_case(number: u32) -> serde_json::Result<String> {
    let made = case(number);
    let sent = Carried::pack(&made.snapshot, &Policy::berth(), &made.experience);
    let sent = serde_json::to_string(&sent)?;
    let (snapshot, _, experience) = serde_json::from_str::<Carried>(&sent)?.unpack();
    let now = made.now;
    Ok(answers(
        number,
        &Case {
            snapshot,
            experience,
            now,
        },
    ))
}

fn answers(number: u32, made: &Case) -> String {
    let mut text = format!("case {number}\n");
    for (name, policy) in policies() {
        // Writing to a string does not fail.
        let _ = write_plan(&mut text, name, &policy, made);
    }
    let _ = write_answers(&mut text, made);
    if number.is_multiple_of(SIMULATE_EVERY) {
        let _ = write_simulations(&mut text, u64::from(number));
    }
    text
}

/// The built-in policies, and others that take other ways through the planner.
fn policies() -> Vec<(&'static str, Policy)> {
    let mut preemptive = Policy::berth();
    preemptive.preemption.mode = PreemptionMode::On;
    let mut conservative = Policy::slurm();
    conservative.backfill = Backfill::Conservative;
    let mut capped = Policy::berth();
    capped.quota.user_gpus = Some(6);
    capped.quota.project_gpus = Some(10);
    capped.shortest.fair_share = 1.0;
    let mut capped_preemptive = preemptive.clone();
    capped_preemptive.quota = capped.quota;
    vec![
        ("fifo", Policy::fifo()),
        ("easy", Policy::easy()),
        ("slurm", Policy::slurm()),
        ("berth", Policy::berth()),
        ("berth, preemption", preemptive),
        ("slurm, conservative", conservative),
        ("berth, quotas", capped),
        ("berth, preemption, quotas", capped_preemptive),
    ]
}

fn write_plan(text: &mut String, name: &str, policy: &Policy, made: &Case) -> std::fmt::Result {
    let (plan, forecasts) = plan_and_forecast(&made.snapshot, policy, made.now, &made.experience);
    writeln!(text, "{name}: wakes {:?}", plan.wake_at)?;
    for (job, lease) in &plan.starts {
        writeln!(text, "  start {job} {lease:?}")?;
    }
    for stop in &plan.preemptions {
        writeln!(text, "  stop {stop:?}")?;
    }
    for job in &plan.order {
        writeln!(text, "  wait {job} {:?}", plan.reasons.get(job))?;
    }
    let forecasts: BTreeMap<_, _> = forecasts.into_iter().collect();
    for (job, forecast) in forecasts {
        writeln!(text, "  forecast {job} {forecast:?}")?;
    }
    Ok(())
}

/// Explanations and what-ifs, under the default policy.
fn write_answers(text: &mut String, made: &Case) -> std::fmt::Result {
    let Case {
        snapshot,
        experience,
        now,
    } = made;
    let policy = Policy::berth();
    writeln!(text, "free {:?}", free_at(snapshot, *now))?;
    for pending in snapshot.pending.iter().take(3) {
        let job = pending.job.id;
        let why = explain(snapshot, &policy, *now, experience, job);
        writeln!(text, "explain {job} {why:?}")?;
        let moves = forecast_move(snapshot, &policy, *now, experience, job, MoveTo::Top);
        writeln!(text, "move {job} {moves:?}")?;
        let again = Facts {
            submitted_at: *now,
            ..pending.job.clone()
        };
        let forecast = forecast_if(snapshot, &policy, *now, experience, &again);
        writeln!(text, "again {job} {forecast:?}")?;
    }
    Ok(())
}

fn write_simulations(text: &mut String, seed: u64) -> std::fmt::Result {
    let load = synthesize(&Synth {
        seed,
        days: 4,
        load: 1.0,
        ..Synth::default()
    });
    for (name, policy) in policies() {
        let run = simulate("made up", &load, &Cluster::default(), &policy);
        writeln!(text, "simulate {name} {:?}", run.summary)?;
        writeln!(text, "{:?}", run.jobs)?;
    }
    Ok(())
}
