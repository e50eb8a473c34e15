//! What a person has to approve first: whatever could use much GPU time, in one step or in many.

use std::time::Duration;

use berth_domain::agent::{Approval, Bar, CardState, Mandate};
use berth_domain::campaign::{CampaignChange, Steering};
use berth_domain::{
    CampaignId, CampaignSpec, CardId, Command, JobId, JobPatch, Refusal, ReserveRequest, UserName,
};

use super::{World, ana, bot, every, submit, train};

/// It may do everything, and asks before what could use more than an hour.
fn asks() -> Mandate {
    Mandate {
        all_jobs: true,
        approval: Approval {
            above_gpu_seconds: Some(3600),
            ..Approval::default()
        },
        ..every()
    }
}

fn waits(world: &mut World, command: Command) -> CardId {
    match world.bar(command) {
        Bar::Approval { card, .. } => card,
        bar => panic!("{bar}"),
    }
}

fn patched(job: JobId, with: impl Fn(&mut JobPatch)) -> Command {
    let mut patch = JobPatch::default();
    with(&mut patch);
    Command::Update(job, Box::new(patch))
}

fn campaign() -> CampaignSpec {
    let text = r#"{
        "name": "find-lr",
        "template": {"command": ["train", "--lr={lr}"], "gpus": 1, "time_limit": "10m"},
        "space": {"lr": {"from": 1e-5, "to": 0.1, "scale": "log"}},
        "metric": {"name": "loss", "better": "lower"},
        "strategy": {"kind": "random", "trials": 3},
        "budget": {"gpu_hours": 1}
    }"#;
    serde_json::from_str(text).unwrap()
}

fn steered(gpu_hours: u64) -> Command {
    let mut steering = Steering::default();
    steering.budget.gpu_seconds = Some(gpu_hours * 3600);
    Command::ChangeCampaign(CampaignId(1), CampaignChange::Steer(Box::new(steering)))
}

#[test]
fn whichever_way_it_could_use_much_it_asks_first() {
    let mut world = World::new(asks());
    let own = world.submit(&bot(), train(1, "1h")).unwrap();
    let hers = world.submit(&ana(), train(1, "2h")).unwrap();
    world.runs(hers, 60);
    let running = world.submit(&ana(), train(1, "2h")).unwrap();
    world.begins(running);
    let reserve = ReserveRequest {
        gpus: Some(2),
        length: Some("1h".to_owned()),
        ..ReserveRequest::default()
    };
    let tries = [
        ("a longer job", submit(train(1, "2h"))),
        (
            "its job for longer",
            patched(own, |p| p.time_limit = Some(Duration::from_secs(5400))),
        ),
        (
            "its job more often",
            patched(own, |p| p.max_retries = Some(1)),
        ),
        ("its job with more GPUs", patched(own, |p| p.gpus = Some(2))),
        ("her job again", Command::Requeue(hers)),
        ("her job, which runs, again", Command::Requeue(running)),
        (
            "a reservation",
            Command::Reserve(None, Box::new(reserve.clone())),
        ),
    ];
    let before = world.state.live_count();
    for (what, command) in tries {
        waits(&mut world, command);
        assert_eq!(world.last_card().state, CardState::Suggested, "{what}");
    }
    assert_eq!(world.state.live_count(), before);
    assert_eq!(world.state.reservations().count(), 0);
    // As much as it may without asking.
    let little = ReserveRequest {
        gpus: Some(1),
        ..reserve
    };
    let little = Command::Reserve(None, Box::new(little));
    world.send(&bot(), little).unwrap();
}

#[test]
fn a_campaign_is_asked_for_too_and_small_steps_are_one() {
    let mut world = World::new(asks());
    let start = |gpu_hours: u64| {
        let mut spec = campaign();
        spec.budget.gpu_seconds = gpu_hours * 3600;
        Command::StartCampaign(Box::new(spec))
    };
    let card = waits(&mut world, start(2));
    assert!(world.state.campaign(CampaignId(1)).is_none());
    let approve = Command::AnswerCard {
        card,
        approve: true,
    };
    world.send(&ana(), approve).unwrap();
    let started = world.state.campaign(CampaignId(1)).unwrap();
    assert_eq!(started.agent, Some(UserName::from("bot")));
    waits(&mut world, steered(3));
    world.send(&bot(), steered(1)).unwrap();
    world.send(&bot(), start(1)).unwrap();
}

#[test]
fn what_is_approved_is_looked_at_again() {
    let mut world = World::new(asks());
    let card = waits(&mut world, submit(train(2, "2h")));
    let approve = || Command::AnswerCard {
        card,
        approve: true,
    };
    // Its person allows less by now.
    world.mandate(Mandate {
        gpus_at_once: Some(1),
        ..asks()
    });
    let refused = world.send(&ana(), approve()).unwrap_err();
    let Refusal::Mandate { bar, .. } = &refused else {
        panic!("{refused}")
    };
    assert!(matches!(bar, Bar::AtOnce { .. }), "{bar}");
    world.mandate(asks());
    // Or it was stopped.
    let stop = Command::StopAgents {
        agent: Some("bot".into()),
        why: "Enough".to_owned(),
        jobs: false,
    };
    world.send(&ana(), stop).unwrap();
    let refused = world.send(&ana(), approve()).unwrap_err();
    assert!(refused.to_string().contains("ana stopped it"), "{refused}");
    assert!(world.state.card(card).unwrap().is_open());
    let resume = Command::ResumeAgents(Some("bot".into()));
    world.send(&ana(), resume).unwrap();
    world.send(&ana(), approve()).unwrap();
}
