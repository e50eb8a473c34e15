//! Acting on a load in which nodes are lost, jobs run out of memory and people ask for too much time: what
//! was foretold beside what was measured and what really was, and that nobody is worse off for it than the
//! cards said. The long one is `benches/autopilot.rs`.

use berth_domain::agent::AgentRule;

use crate::world::life::Pair;
use crate::world::report::Report;
use berth_scheduler::sim::{Synth, TraceJob, synthesize};

const WORLDS: u64 = 5;

fn load() -> Vec<TraceJob> {
    let mut jobs = synthesize(&Synth {
        seed: 3,
        days: 3,
        users: 8,
        load: 0.75,
        ..Synth::default()
    });
    jobs.truncate(160);
    jobs
}

#[test]
fn acting_makes_nobody_worse_off_than_it_said() {
    let jobs = load();
    for policy in ["easy", "berth"] {
        let worlds = Pair::lived(policy, &jobs, WORLDS, 12, AgentRule::ALL);
        let report = Report::of("made up", policy, &worlds);
        println!("{report}");
        assert_eq!(report.broken(), [] as [String; 0]);
    }
}
