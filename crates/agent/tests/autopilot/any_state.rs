//! Whatever the state: nobody panics, and what is proposed can be done.

use crate::random::{Step, steps};
use crate::world::World;
use berth_domain::agent::{CardState, Mode};
use berth_domain::{Actor, Command, Ladder};
use jiff::SignedDuration;
use proptest::prelude::*;

/// The random steps, with starts by the planner and not at random: the planner is never asked about leases
/// that it could not have given.
fn live(steps: Vec<Step>, policy: &str) -> World {
    let mut random = crate::random::World::new();
    let mut world = World::new(policy, vec![]);
    // Everything so far is the random world's.
    world.state = random.state.clone();
    let journal = random.journal.clone();
    journal.iter().for_each(|record| world.memory.read(record));
    world.now = random.now;
    for step in steps {
        if matches!(step, Step::Start { .. }) {
            world.start();
            random.state = world.state.clone();
            continue;
        }
        let records = random.decide(step);
        world.now = random.now;
        for record in &records {
            world.apply(record);
        }
        random.state = world.state.clone();
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proposed_can_be_done(
        steps in steps(),
        policy in prop::sample::select(vec!["berth", "easy", "fifo", "slurm"]),
        hours in 0i64..30,
    ) {
        let mut world = live(steps, policy);
        world.ladder = Ladder::default();
        let _ = world.send(&crate::world::root(), Command::ResumeAgents(None));
        world.mode(Mode::Act);
        let choice = berth_domain::PolicyChoice {
            name: policy.into(),
            ..berth_domain::PolicyChoice::default()
        };
        world.send(&crate::world::root(), Command::SetPolicy(choice)).unwrap();
        for _ in 0..3 {
            let drafts = world.look();
            prop_assert!(drafts.len() <= 8);
            for draft in drafts {
                prop_assert!(!draft.title.is_empty() && !draft.saw.is_empty());
                prop_assert!(draft.until > world.now);
                if let Some(effect) = draft.predicted {
                    let all = [effect.mean_wait_s, effect.worst_delay_s, effect.wasted_gpu_s];
                    prop_assert!(all.iter().all(|figure| figure.is_finite()), "{:?}", effect);
                    prop_assert!(effect.worst_delay_s >= 0.0);
                }
                let before = world.state.next_card();
                let acts = draft.act.is_some();
                let words = format!("{draft:?}");
                let command = Command::Propose(Box::new(draft.clone()));
                world.send(&Actor::Berth, command).unwrap();
                match world.state.card(before) {
                    Some(card) => {
                        let state = if acts { CardState::Acted } else { CardState::Suggested };
                        prop_assert_eq!(card.state, state, "{}", words);
                    }
                    // Out of date: another of this turn's changed what it is about.
                    None => {
                        let again = world.look();
                        let same = again.iter().any(|other| other.subject == draft.subject
                            && other.rule == draft.rule && other.act == draft.act);
                        prop_assert!(!same, "it is proposed again and never done: {}", words);
                    }
                }
            }
            world.now += SignedDuration::from_hours(hours);
            let _ = world.input(&Actor::Berth, berth_domain::decide::Input::Clock);
        }
    }
}
