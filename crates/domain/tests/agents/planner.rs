//! What only the planner knows to refuse is refused before it is decided, and stands in the ledger like all
//! else; and what a rule only wrote down keeps nobody from doing it.

use berth_domain::agent::{Act, AgentRule, Bar, CardState, Mandate, Mode};
use berth_domain::decide::refuse;
use berth_domain::{Actor, Command, JobId, MoveTo, Refusal, UserName};

use super::{World, ana, bot, proposed, root, train};

fn passes(job: JobId) -> Refusal {
    Refusal::PassesOthers {
        job,
        other: JobId(7),
        owner: "bo".into(),
    }
}

/// The planner refuses that a job passes another's.
fn refused(world: &mut World, actor: &Actor, job: JobId) -> Refusal {
    let command = Command::Move(job, MoveTo::Top);
    let decision = refuse(&world.state, actor, &command, passes(job), world.now);
    match decision {
        Ok(decision) => {
            world.take(actor, &decision.events);
            decision.refused.unwrap()
        }
        Err(refusal) => refusal,
    }
}

#[test]
fn what_the_planner_refuses_an_agent_stands_in_the_ledger() {
    let mut world = World::new(Mandate::default());
    let job = world.submit(&bot(), train(1, "1h")).unwrap();
    let cards = world.state.cards().count();
    assert_eq!(refused(&mut world, &bot(), job), passes(job));
    let card = world.last_card();
    assert_eq!((card.state, card.job), (CardState::Refused, Some(job)));
    let to = MoveTo::Top;
    assert_eq!(card.act, Some(Act::Move { job, to }));
    assert_eq!(card.why, Some(passes(job).to_string()));
    // Of a person nothing is written.
    assert_eq!(refused(&mut world, &ana(), job), passes(job));
    assert_eq!(world.state.cards().count(), cards + 1);
}

#[test]
fn such_refusals_stop_an_agent_too() {
    let mut world = World::new(Mandate::default());
    let job = world.submit(&bot(), train(1, "1h")).unwrap();
    for _ in 0..200 {
        refused(&mut world, &bot(), job);
    }
    let stopped = world.state.agents().stopped(&UserName::from("bot"));
    assert_eq!(stopped.unwrap().by.as_str(), "berth");
    // And who is stopped is told that, and nothing is written any more.
    let cards = world.state.cards().count();
    let Refusal::Mandate { bar, .. } = refused(&mut world, &bot(), job) else {
        panic!("it is stopped")
    };
    assert!(matches!(bar, Bar::Stopped { .. }), "{bar}");
    assert_eq!(world.state.cards().count(), cards);
}

#[test]
fn what_a_rule_only_wrote_down_it_does_once_it_may() {
    let mut world = World::new(Mandate::default());
    let rule = AgentRule::RequeueLost;
    let mode = |mode| Command::SetRule {
        rule,
        project: None,
        mode: Some(mode),
    };
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    world.runs(job, 60);
    for (set, state) in [
        (Mode::Shadow, CardState::Shadow),
        (Mode::Act, CardState::Acted),
    ] {
        world.send(&root(), mode(set)).unwrap();
        let again = proposed(rule, job, Act::Requeue { job }, &world);
        world.send(&Actor::Berth, again).unwrap();
        assert_eq!(world.last_card().state, state);
    }
    assert!(world.state.live_job(job).is_some());
}
