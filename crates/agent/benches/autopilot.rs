//! The autopilot over the shared traces with faults: what its cards foretold beside what was measured and
//! what really was; and how long one look takes with a long queue.
//!
//! `cargo bench -p berth-agent`; with `-- kth-a-090 easy` only that trace under that policy, and with
//! `-- kth-a-090 easy drain_for_gang,shorten_limit` only these rules act, and the others watch.

#![expect(clippy::unwrap_used, reason = "a bench ends where something is wrong")]

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/autopilot/world/mod.rs"]
mod world;

use std::time::Instant;

use berth_domain::SubmitRequest;
use berth_domain::agent::{AgentRule, Mode};
use berth_scheduler::sim::{Synth, TraceJob, parse, synthesize};
use world::life::Pair;
use world::report::Report;
use world::{World, node, train};

/// Of a four-week trace only the beginning: each job costs a plan, and every hour a look.
const JOBS: usize = 400;
/// In how many worlds each is lived through, with the autopilot acting and without.
const WORLDS: u64 = 12;
/// How many cards are told apart from what would have been.
const FORKED: usize = 40;

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |name: &str, place: usize| words.get(place).is_none_or(|word| word == name);
    println!("\nThe autopilot");
    if words.is_empty() {
        long_queue();
    }
    let mut broken = Vec::new();
    for (name, jobs) in traces() {
        for policy in ["easy", "berth"] {
            if wanted(&name, 0) && wanted(policy, 1) {
                let jobs = &jobs[..jobs.len().min(JOBS)];
                broken.extend(lived(&name, policy, jobs, words.get(2)));
            }
        }
    }
    assert!(broken.is_empty(), "not as the cards said: {broken:#?}");
}

/// What was not as the cards said.
fn lived(name: &str, policy: &str, jobs: &[TraceJob], only: Option<&String>) -> Vec<String> {
    let from = Instant::now();
    let chosen = |rule: &&AgentRule| {
        let name = rule.to_string();
        only.is_none_or(|only| only.split(',').any(|one| one == name))
    };
    let rules: Vec<AgentRule> = AgentRule::ALL.iter().filter(chosen).copied().collect();
    let worlds = Pair::lived(policy, jobs, WORLDS, FORKED, &rules);
    let report = Report::of(name, policy, &worlds);
    println!("{report}  ({:.0?})", from.elapsed());
    let broken = report.broken().into_iter();
    broken
        .map(|what| format!("{name}, {policy}: {what}"))
        .collect()
}

/// The shared traces, where this checkout has them next to it, and a made-up one.
fn traces() -> Vec<(String, Vec<TraceJob>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/traces/");
    let names = ["kth-a-090", "kth-a-110", "philly-a-090", "philly-b-090"];
    let shared = names.into_iter().filter_map(|name| {
        let text = std::fs::read_to_string(format!("{folder}{name}.csv")).ok()?;
        Some((name.to_owned(), parse(&text).unwrap()))
    });
    let made_up = synthesize(&Synth {
        seed: 3,
        days: 7,
        ..Synth::default()
    });
    shared.chain([("made-up".to_owned(), made_up)]).collect()
}

/// 5,000 jobs wait on 16 GPUs, of which the autopilot knows what their like took.
fn long_queue() {
    const WAITING: u32 = 5000;
    for policy in ["easy", "berth"] {
        let mut world = World::new(policy, vec![node("n1", 8, 80), node("n2", 8, 80)]);
        world.mode(Mode::Shadow);
        for n in 0..30 {
            world.ran("ana", train(&format!("train-{n}"), 1, "24h"), 20 + n % 7);
        }
        for n in 0..WAITING {
            let gpus = [1, 1, 2, 4, 8, 16][n as usize % 6];
            let (who, limit) = [("ana", "24h"), ("bo", "4h"), ("kim", "90m")][n as usize % 3];
            let deadline = world.now + jiff::SignedDuration::from_hours(5);
            let request = SubmitRequest {
                deadline: (n % 50 == 0).then(|| deadline.to_string()),
                ..train(&format!("train-{n}"), gpus, limit)
            };
            world.submit(who, request);
        }
        world.start();
        world.passes(90);
        let mut took = Vec::new();
        for _ in 0..10 {
            let (drafts, one) = world.seen(|seen| {
                let from = Instant::now();
                let drafts = berth_agent::autopilot::look(seen);
                (drafts.len(), from.elapsed())
            });
            took.push((one, drafts));
        }
        took.sort();
        let (longest, _) = took[took.len() - 1];
        let (median, drafts) = took[took.len() / 2];
        println!(
            "  one look, {WAITING} jobs waiting, {policy}: {median:.0?} in the median with {drafts} \
             proposals, {longest:.0?} at most"
        );
    }
}
