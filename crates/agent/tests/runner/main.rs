//! The task that keeps campaigns going, with the real control loop and store, and an executor that is made
//! up; and, in a file of its own, with a language model that answers by a script.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod life;
mod model;

use std::sync::atomic::Ordering;
use std::time::Instant;

use berth_domain::campaign::{CampaignChange, CampaignState, TrialState};
use berth_domain::{CampaignId, Command};
use berth_orchestrator::View;

use crate::life::{Place, ana, campaign, spec, start_one};

const ASHA: &str = r#"{"kind": "asha", "trials": 27, "seed": 7,
    "fidelity": {"param": "epochs", "min": 1, "max": 9}}"#;

#[test]
fn a_campaign_outlives_the_server_and_doubles_nothing() {
    let place = Place::new(20);
    let mut life = place.boot();
    let id = start_one(&life, spec("find-lr", ASHA));
    // Twice in the middle, at whatever it was about.
    for trials in [6, 17] {
        life.until(|view| campaign(view, id).trials.len() >= trials);
        life.kill();
        life = place.boot();
    }
    let view = life.until(|view| campaign(view, id).ended_at().is_some());
    let ended = campaign(&view, id);
    let done = ended
        .trials
        .iter()
        .filter(|trial| trial.state == TrialState::Done);
    assert_eq!(done.count(), ended.trials.len(), "{:?}", ended.trials);
    let roots = ended.trials.iter().filter(|trial| trial.parent.is_none());
    assert_eq!(roots.count(), 27);
    assert_eq!(
        life.jobs(),
        ended.trials.len() as u64,
        "each trial is one job"
    );
    let ran = place.ran.lock().unwrap().clone();
    assert_eq!(ran.len(), ended.trials.len());
    assert!(ran.iter().all(|attempt| attempt.number == 1), "{ran:?}");
    let best = ended.best().unwrap();
    assert_eq!(best.fidelity, Some(9));
    // The optimum is 1 + 1/9.
    assert!(best.result.unwrap() < 1.05 * (1.0 + 1.0 / 9.0), "{best:?}");
    let CampaignState::Ended { by, why, .. } = &ended.state else {
        panic!("{:?}", ended.state)
    };
    assert_eq!(by.as_str(), "berth");
    assert!(why.contains("27 configurations began"), "{why}");
    // And as it is kept.
    let kept = life
        .runtime
        .block_on(life.store.campaign(id))
        .unwrap()
        .unwrap();
    assert_eq!(&kept, ended);
    life.kill();
}

#[test]
fn the_switch_stops_ten_campaigns_at_once_and_all_go_on_afterwards() {
    let place = Place::new(30);
    let life = place.boot();
    let ids: Vec<CampaignId> = (0..10)
        .map(|seed| {
            let random = format!(r#"{{"kind": "random", "trials": 12, "seed": {seed}}}"#);
            start_one(&life, spec(&format!("campaign {seed}"), &random))
        })
        .collect();
    life.until(|view| view.campaigns.iter().all(|one| one.trials.len() > 2));
    let stop = Command::StopAgents {
        agent: None,
        why: "Let me see".to_owned(),
        jobs: false,
    };
    let pressed = Instant::now();
    life.send(ana(), stop);
    println!("ten campaigns stand after {:?}", pressed.elapsed());
    let jobs = life.jobs();
    // What ran ends and is read; nothing begins.
    let view = life.until(|view| view.campaigns.iter().all(|one| one.live().count() == 0));
    life.until_done();
    assert_eq!(life.jobs(), jobs);
    assert!(
        view.campaigns.iter().all(|one| one.is_running()),
        "their state is kept"
    );
    assert_eq!(life.waits.of(ids[0]).unwrap(), "ana stopped it: Let me see");
    // It holds for a server that starts again.
    life.kill();
    let life = place.boot();
    life.until_done();
    assert_eq!(life.jobs(), jobs);
    life.send(ana(), Command::ResumeAgents(None));
    let over = |view: &View| view.campaigns.iter().all(|one| one.ended_at().is_some());
    let view = life.until(over);
    assert!(view.campaigns.iter().all(|one| one.trials.len() == 12));
    assert_eq!(life.jobs(), 120);
    assert_eq!(life.waits.of(ids[0]), None);
    life.kill();
}

#[test]
fn it_is_paused_steered_and_ended_in_the_middle() {
    let place = Place::new(20);
    let life = place.boot();
    let random = r#"{"kind": "random", "trials": 200}"#;
    let id = start_one(&life, spec("long", random));
    life.until(|view| campaign(view, id).trials.len() >= 4);
    let change = |to: CampaignChange| life.send(ana(), Command::ChangeCampaign(id, to));
    let pause = CampaignChange::Pause {
        why: "A look".to_owned(),
    };
    change(pause);
    let view = life.until(|view| campaign(view, id).live().count() == 0);
    let then = campaign(&view, id).trials.len();
    let steering = r#"{"change": "steer", "note": "It lies there",
        "space": {"lr": {"from": 1e-4, "to": 1e-2}}, "strategy": {"kind": "random", "trials": 30}}"#;
    change(serde_json::from_str(steering).unwrap());
    life.until_done();
    assert_eq!(life.jobs(), then as u64);
    change(CampaignChange::Resume);
    let view = life.until(|view| campaign(view, id).trials.len() >= then + 5);
    for trial in &campaign(&view, id).trials[then..] {
        let lr: f64 = trial.values["lr"].parse().unwrap();
        assert!((1e-4..=1e-2).contains(&lr), "{lr}");
    }
    // Long ones, to be ended.
    place.takes_ms.store(100_000, Ordering::Relaxed);
    let before = campaign(&view, id).trials.len();
    life.until(|view| campaign(view, id).trials.len() >= before + 2 && view.active.len() == 3);
    let end = CampaignChange::End {
        why: "Enough".to_owned(),
        jobs: true,
    };
    change(end);
    let view = life.until(|view| view.active.is_empty() && view.queue.is_empty());
    let ended = campaign(&view, id);
    assert!(ended.trials.len() < 30 && ended.ended_at().is_some());
    let stopped = ended
        .trials
        .iter()
        .filter(|trial| trial.state == TrialState::Stopped);
    assert_eq!(stopped.count(), 3);
    life.kill();
}
