//! Trials that a language model proposes: in rounds, paid for, and checked; and what happens where it says
//! nothing, nonsense, or what cannot be.

use std::sync::mpsc;

use berth_domain::agent::{Action, Mandate};
use berth_domain::campaign::{Campaign, CampaignChange, CampaignState, TrialState};
use berth_domain::command::AgentRequest;
use berth_domain::{Actor, CampaignId, CampaignSpec, Command, Role};
use berth_models::ModelConfig;
use berth_orchestrator::View;
use berth_scripted_model::{Asked, Reply, ScriptedModel};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::life::{Life, PATIENCE, Place, ana, campaign, spec, start_one};

/// What each answer costs, in millionths of a dollar.
const COST: u64 = 3000;
const RANDOM: &str = r#"{"kind": "random", "trials": 5}"#;

/// A model that outlives the server, and a place that knows it.
struct World {
    place: Place,
    model: ScriptedModel,
    _runtime: Runtime,
}

impl World {
    fn new(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let model = runtime.block_on(ScriptedModel::start(script));
        let mut place = Place::new(20);
        place.models = vec![ModelConfig {
            dollars_in: 2.0,
            dollars_out: 10.0,
            ..ModelConfig::new("scripted", &model.url, "script-1")
        }];
        World {
            place,
            model,
            _runtime: runtime,
        }
    }

    /// Everything that it was told with its last question.
    fn told(&self) -> String {
        self.model.asked().pop().unwrap().told()
    }
}

fn proposes(trials: &[(f64, &str)]) -> Reply {
    let one = |(lr, why): &(f64, &str)| json!({ "values": { "lr": lr }, "why": why });
    let trials: Vec<Value> = trials.iter().map(one).collect();
    Reply::says(&json!({ "trials": trials }).to_string())
}

fn asks(trials: u32, per_round: u32) -> CampaignSpec {
    let strategy = format!(r#"{{"kind": "model", "trials": {trials}, "per_round": {per_round}}}"#);
    let mut spec = spec("asks", &strategy);
    spec.budget.model_micros = Some(1_000_000);
    spec
}

fn change(life: &Life, id: CampaignId, change: &str) {
    let change: CampaignChange = serde_json::from_str(change).unwrap();
    life.send(ana(), Command::ChangeCampaign(id, change));
}

const RESUME: &str = r#"{"change": "resume"}"#;

/// Waits until Berth has paused it; says why.
fn paused(life: &Life, id: CampaignId) -> String {
    let is_paused = |view: &View| matches!(campaign(view, id).state, CampaignState::Paused { .. });
    let view = life.until(is_paused);
    match &campaign(&view, id).state {
        CampaignState::Paused { by, why, .. } => {
            assert_eq!(by.as_str(), "berth");
            why.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn ended(life: &Life, id: CampaignId) -> Campaign {
    let view = life.until(|view| campaign(view, id).ended_at().is_some());
    campaign(&view, id).clone()
}

#[test]
fn it_proposes_in_rounds_and_says_why() {
    let world = World::new(|asked| match asked.number {
        0 => proposes(&[(1e-4, "Low."), (1e-2, "High.")]),
        1 => proposes(&[(1e-3, "Between\ntrials 1 and 2."), (7.0, "Far out.")]),
        _ => proposes(&[(2e-3, "Near trial 3."), (3e-3, "One more than asked for.")]),
    });
    let life = world.place.boot();
    let id = start_one(&life, asks(4, 2));
    let known = ended(&life, id);
    let trials: Vec<(&str, &str)> = known
        .trials
        .iter()
        .map(|trial| (trial.values["lr"].as_str(), trial.why.as_str()))
        .collect();
    let expected = [
        ("1e-4", "Low."),
        ("0.01", "High."),
        ("0.001", "Between trials 1 and 2."),
        ("0.002", "Near trial 3."),
    ];
    assert_eq!(trials, expected);
    let CampaignState::Ended { why, .. } = &known.state else {
        panic!("{:?}", known.state)
    };
    assert_eq!(why, "All 4 trials were run");
    let asked = world.model.asked();
    assert_eq!((asked.len(), known.model_micros), (3, 3 * COST));
    let told = asked[1].told();
    assert!(told.contains("Trial 1: lr=1e-4. result 2."), "{told}");
    assert!(told.contains("Chosen: High."), "{told}");
    let told = asked[2].told();
    assert!(told.contains("'7' is no value of lr"), "{told}");
    let kept = life.runtime.block_on(life.store.campaign(id));
    assert_eq!(kept.unwrap().unwrap(), known);
    life.kill();
}

#[test]
fn nothing_waits_for_it_and_a_killed_server_asks_again() {
    let world = World::new(|asked| match asked.number {
        0 => Reply::Silence,
        number => {
            let lr = |place: usize| 1e-4 * f64::from(u32::try_from(3 * number + place).unwrap());
            proposes(&[(lr(0), "One."), (lr(1), "Two."), (lr(2), "Three.")])
        }
    });
    let mut life = world.place.boot();
    let id = start_one(&life, asks(6, 3));
    let other = start_one(&life, spec("beside it", RANDOM));
    assert_eq!(ended(&life, other).trials.len(), 5);
    life.until_waits(id, "A language model is asked");
    for trials in [1, 4] {
        life.kill();
        life = world.place.boot();
        life.until(|view| campaign(view, id).trials.len() >= trials);
    }
    let known = ended(&life, id);
    assert_eq!(known.trials.len(), 6);
    let done = known.trials.iter();
    let done = done.filter(|trial| trial.state == TrialState::Done);
    assert_eq!(done.count(), 6, "{:?}", known.trials);
    assert_eq!(life.jobs(), 6 + 5, "each trial is one job");
    let ran = world.place.ran.lock().unwrap().clone();
    assert!(ran.iter().all(|attempt| attempt.number == 1), "{ran:?}");
    assert_eq!(ran.len(), 6 + 5);
    life.kill();
}

#[test]
fn without_an_answer_it_is_paused_and_resumed_it_asks_again() {
    let world = World::new(|asked| match asked.number {
        0..3 => Reply::says("I would rather not."),
        3 => Reply::fails(400),
        _ => proposes(&[(1e-3, "At last.")]),
    });
    let life = world.place.boot();
    let id = start_one(&life, asks(1, 1));
    let why = paused(&life, id);
    let expected = "No trial was proposed; resume it to ask again. The model did not propose what was asked \
                    for: it is no JSON.";
    assert_eq!(why, expected);
    change(&life, id, RESUME);
    let why = paused(&life, id);
    assert!(why.contains("refused the question (400)"), "{why}");
    change(&life, id, RESUME);
    let known = ended(&life, id);
    assert_eq!(known.trials[0].why, "At last.");
    assert_eq!(known.model_micros, 4 * COST, "what failed is free");
    life.kill();
}

#[test]
fn a_model_that_is_broken_for_a_while_is_asked_until_it_answers() {
    let world = World::new(|asked| match asked.number {
        // What could not be run is still told to who answers at last.
        0 => proposes(&[(7.0, "Far out.")]),
        1..4 => Reply::fails(500),
        _ => proposes(&[(1e-3, "At last.")]),
    });
    let life = world.place.boot();
    let id = start_one(&life, asks(1, 1));
    life.until_waits(id, "failed (500): it is broken. It is asked again at ");
    let known = ended(&life, id);
    assert_eq!(known.trials[0].why, "At last.");
    let told = world.told();
    assert!(told.contains("'7' is no value of lr"), "{told}");
    life.kill();
}

#[test]
fn what_is_of_no_use_three_times_pauses_it() {
    let world = World::new(|_| proposes(&[(7.0, "Far out."), (-1.0, "Below.")]));
    let life = world.place.boot();
    let id = start_one(&life, asks(4, 2));
    let why = paused(&life, id);
    assert!(why.contains("The last 3 answers were of no use."), "{why}");
    assert!(why.contains("'-1' is no value of lr"), "{why}");
    assert_eq!(world.model.asked().len(), 3);
    assert!(world.told().contains("'7' is no value of lr"));
    assert_eq!(life.jobs(), 0);
    life.kill();
}

#[test]
fn what_is_steered_while_it_is_asked_holds_for_its_answer() {
    let (asked, was_asked) = mpsc::channel();
    let (go, goes) = mpsc::channel();
    let world = World::new(move |question| {
        if question.number == 0 {
            asked.send(()).unwrap();
            goes.recv().unwrap();
            return proposes(&[(1e-2, "Inside before."), (1e-4, "Inside.")]);
        }
        proposes(&[(1e-3, "At the end of it.")])
    });
    let life = world.place.boot();
    let id = start_one(&life, asks(2, 2));
    was_asked.recv_timeout(PATIENCE).unwrap();
    let steering = r#"{"change": "steer", "note": "It diverges above",
        "space": {"lr": {"from": 1e-5, "to": 1e-3}}}"#;
    change(&life, id, steering);
    go.send(()).unwrap();
    let known = ended(&life, id);
    let values: Vec<&str> = known
        .trials
        .iter()
        .map(|one| one.values["lr"].as_str())
        .collect();
    assert_eq!(values, ["1e-4", "0.001"]);
    let told = world.told();
    assert!(told.contains("'0.01' is no value of lr"), "{told}");
    assert!(
        told.contains("Note of ana") && told.contains("It diverges above"),
        "{told}"
    );
    assert!(told.contains("lr: 0.00001 to 0.001, logarithmic"), "{told}");
    life.kill();
}

#[test]
fn who_pauses_it_gives_its_question_up_and_pays_for_it() {
    let (asked, was_asked) = mpsc::channel();
    let world = World::new(move |question| {
        asked.send(()).unwrap();
        match question.number {
            0 => Reply::Silence,
            _ => proposes(&[(1e-3, "As asked.")]),
        }
    });
    let life = world.place.boot();
    let id = start_one(&life, asks(1, 1));
    was_asked.recv_timeout(PATIENCE).unwrap();
    change(&life, id, r#"{"change": "pause", "why": "a look"}"#);
    let view = life.until(|view| campaign(view, id).model_micros > 0);
    let guessed = campaign(&view, id).model_micros;
    change(&life, id, RESUME);
    let known = ended(&life, id);
    assert_eq!(known.model_micros, guessed + COST);
    assert_eq!(known.trials.len(), 1);
    life.kill();
}

#[test]
fn without_a_model_it_waits_until_there_is_one() {
    let mut world = World::new(|_| proposes(&[(1e-3, "There I am.")]));
    let models = std::mem::take(&mut world.place.models);
    let life = world.place.boot();
    let id = start_one(&life, asks(1, 1));
    life.until_waits(id, "There is no language model to ask.");
    life.kill();
    world.place.models = models;
    let life = world.place.boot();
    assert_eq!(ended(&life, id).trials[0].why, "There I am.");
    assert_eq!(life.waits.of(id), None);
    life.kill();
}

#[test]
fn it_spends_what_it_may_and_no_more() {
    let world = World::new(|asked| {
        let lr = 1e-3 * f64::from(u32::try_from(asked.number).unwrap() + 1);
        proposes(&[(lr, "One more.")])
    });
    let life = world.place.boot();
    let mut spec = asks(3, 1);
    spec.budget.model_micros = Some(COST);
    let id = start_one(&life, spec);
    let why = paused(&life, id);
    assert!(
        why.starts_with("It has spent $0.0030 of the $0.0030"),
        "{why}"
    );
    assert!(why.contains("steer 1 --model-budget"), "{why}");
    assert_eq!(life.jobs(), 1, "what was paid for is run");
    let may = |micros: u64| {
        let steering = json!({ "change": "steer", "budget": { "model_micros": micros } });
        change(&life, id, &steering.to_string());
        change(&life, id, RESUME);
    };
    // Not even enough for the question.
    may(COST + 10);
    let why = paused(&life, id);
    assert!(why.contains("does not pay for this question"), "{why}");
    assert_eq!(world.model.asked().len(), 1);
    may(100 * COST);
    let known = ended(&life, id);
    assert_eq!((known.trials.len(), known.model_micros), (3, 3 * COST));
    life.kill();
}

#[test]
fn an_agents_mandate_pays_too() {
    let world = World::new(|asked| {
        let lr = 1e-3 * f64::from(u32::try_from(asked.number).unwrap() + 1);
        proposes(&[(lr, "One more.")])
    });
    let life = world.place.boot();
    let mandate = |micros: u64| {
        let request = AgentRequest {
            name: "bot".into(),
            acts_for: None,
            mandate: Mandate {
                actions: [Action::Campaign].into(),
                gpu_seconds: None,
                model_micros: Some(micros),
                ..Mandate::default()
            },
        };
        life.send(ana(), Command::SetAgent(Box::new(request)));
    };
    mandate(COST);
    let bot = Actor::Agent {
        name: "bot".into(),
        acts_for: "ana".into(),
        role: Role::Member,
    };
    let start = Command::StartCampaign(Box::new(asks(2, 1)));
    let id = life.send(bot, start).unwrap();
    life.until_waits(
        id,
        "Agent bot may not do this: it has spent $0.0030 of the $0.0030",
    );
    assert_eq!(world.model.asked().len(), 1);
    mandate(10 * COST);
    let known = ended(&life, id);
    assert_eq!((known.trials.len(), known.model_micros), (2, 2 * COST));
    life.kill();
}
