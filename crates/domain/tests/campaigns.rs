//! What campaigns may do: each trial is one job, the budget holds whoever asks, the switches stop, and
//! what was decided is what the journal says.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use berth_domain::agent::{Action, Bar, CardState, Mandate, Template};
use berth_domain::campaign::{
    Campaign, CampaignChange, CampaignSpec, CampaignState, Narrow, Steering, TrialDraft, TrialEnd,
    TrialState,
};
use berth_domain::command::AgentRequest;
use berth_domain::decide::{Decision, Input, Report, Rules};
use berth_domain::{
    Actor, AttemptId, CampaignId, Command, Exit, Gpu, GpuRef, GpuUuid, JobId, Lease, Node,
    NodeLease, NodeSource, Record, Refusal, Role, State, Timestamp, UserName, decide,
};
use jiff::SignedDuration;
use proptest::prelude::*;

struct World {
    state: State,
    journal: Vec<Record>,
    now: Timestamp,
}

const FIRST: CampaignId = CampaignId(1);

fn user(name: &str, admin: bool) -> Actor {
    Actor::user(name, if admin { Role::Admin } else { Role::Member })
}

fn ana() -> Actor {
    user("ana", false)
}

fn root() -> Actor {
    user("root", true)
}

fn bot() -> Actor {
    Actor::Agent {
        name: "bot".into(),
        acts_for: "ana".into(),
        role: Role::Member,
    }
}

impl World {
    fn new() -> Self {
        let mut world = World {
            state: State::default(),
            journal: Vec::new(),
            // A noon.
            now: "2026-11-26T12:00:00Z".parse().unwrap(),
        };
        let gpu = |index| Gpu::new(index, GpuUuid(format!("n1-{index}")), "H100", 80 << 30);
        let gpus = (0..8).map(gpu).collect();
        let node = Node::new("n1".into(), NodeSource::Simulated, gpus);
        world
            .input(&Actor::Berth, Input::Inventory(vec![node]))
            .unwrap();
        world
    }

    fn input(&mut self, actor: &Actor, input: Input) -> Result<Decision, Refusal> {
        let decision = decide(&self.state, &Rules::default(), input, self.now)?;
        let records: Vec<Record> = decision
            .events
            .iter()
            .zip(1..)
            .map(|(event, step)| Record {
                seq: berth_domain::Seq(self.state.seq.0 + step),
                at: self.now,
                actor: actor.clone(),
                event: event.clone(),
            })
            .collect();
        let changes = self.state.project(&records).unwrap();
        for record in &records {
            self.state.apply(record).unwrap();
        }
        for one in &changes.campaigns {
            assert_eq!(self.state.campaign(one.id), Some(one));
        }
        self.journal.extend(records);
        Ok(decision)
    }

    fn send(&mut self, actor: &Actor, command: Command) -> Result<Decision, Refusal> {
        let input = Input::Command {
            actor: actor.clone(),
            command,
        };
        let decision = self.input(actor, input)?;
        match &decision.refused {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(decision),
        }
    }

    fn start(&mut self, actor: &Actor, spec: &CampaignSpec) -> Result<CampaignId, Refusal> {
        let done = self.send(actor, Command::StartCampaign(Box::new(spec.clone())))?;
        Ok(done.campaign.unwrap())
    }

    fn change(&mut self, actor: &Actor, change: CampaignChange) -> Result<Decision, Refusal> {
        self.send(actor, Command::ChangeCampaign(FIRST, change))
    }

    fn steer(&mut self, actor: &Actor, with: &dyn Fn(&mut Steering)) -> Result<Decision, Refusal> {
        let mut steering = Steering::default();
        with(&mut steering);
        self.change(actor, CampaignChange::Steer(Box::new(steering)))
    }

    /// The next trial, with this learning rate.
    fn run(&mut self, lr: &str) -> Result<JobId, Refusal> {
        let number = self.campaign().next_trial();
        let fidelity = self.campaign().spec.strategy.fidelity().map(|of| of.min);
        let draft = TrialDraft {
            number,
            fidelity,
            ..draft(lr)
        };
        let done = self.send(&Actor::Berth, Command::RunTrial(FIRST, Box::new(draft)))?;
        Ok(done.jobs[0])
    }

    fn end(&mut self, trial: u32, end: TrialEnd) -> Result<Decision, Refusal> {
        let command = Command::EndTrial {
            campaign: FIRST,
            trial,
            end,
        };
        self.send(&Actor::Berth, command)
    }

    fn campaign(&self) -> &Campaign {
        self.state.campaign(FIRST).unwrap()
    }

    /// The job holds GPUs from this one on, and runs so long.
    fn runs(&mut self, job: JobId, seconds: i64) {
        let gpus = self.state.live_job(job).unwrap().spec.gpus();
        let gpu = |index| GpuRef {
            index,
            uuid: GpuUuid(format!("n1-{index}")),
        };
        let lease = Lease(vec![NodeLease {
            node: "n1".into(),
            gpus: (0..gpus).map(gpu).collect(),
        }]);
        self.input(&Actor::Berth, Input::Starts(vec![(job, lease)]))
            .unwrap();
        let attempt = AttemptId { job, number: 1 };
        let running = Report::Running { sessions: vec![] };
        self.input(&Actor::Berth, Input::Reports([(attempt, running)].into()))
            .unwrap();
        self.now += SignedDuration::from_secs(seconds);
        let exited = Report::Exited(Exit::code(0));
        self.input(&Actor::Berth, Input::Reports([(attempt, exited)].into()))
            .unwrap();
    }

    fn check_replay(&self) {
        let again = State::replay(&self.journal).unwrap();
        assert_eq!(again, self.state);
        let text = serde_json::to_string(&self.journal).unwrap();
        let read: Vec<Record> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, self.journal);
    }
}

fn draft(lr: &str) -> TrialDraft {
    let values = [("lr", lr), ("optimizer", "adam")];
    TrialDraft {
        number: 1,
        parent: None,
        values: values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        rung: 0,
        fidelity: None,
        why: "It is drawn from the space.".to_owned(),
    }
}

fn spec(strategy: &str) -> CampaignSpec {
    let text = format!(
        r#"{{
            "name": "find-lr",
            "goal": "The best learning rate within 4 GPU-hours.",
            "template": {{
                "command": ["python", "train.py", "--lr", "{{lr}}", "--opt={{optimizer}}"],
                "gpus": 2, "time_limit": "30m", "env": {{"RUN": "{{lr}}"}}
            }},
            "space": {{
                "lr": {{"from": 1e-5, "to": 0.1, "scale": "log"}},
                "optimizer": ["adam", "sgd"]
            }},
            "metric": {{"name": "loss", "better": "lower"}},
            "strategy": {strategy},
            "budget": {{"gpu_hours": 4, "gpus_at_once": 4}}
        }}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn random() -> CampaignSpec {
    spec(r#"{"kind": "random", "trials": 20}"#)
}

fn asha() -> CampaignSpec {
    spec(r#"{"kind": "asha", "trials": 9, "fidelity": {"param": "epochs", "min": 1, "max": 9}}"#)
}

/// A language model proposes, for half a dollar at most.
fn model() -> CampaignSpec {
    let mut spec = spec(r#"{"kind": "model", "trials": 9, "per_round": 3}"#);
    spec.budget.model_micros = Some(500_000);
    spec
}

fn with(change: &dyn Fn(&mut CampaignSpec)) -> CampaignSpec {
    let mut spec = random();
    change(&mut spec);
    spec
}

fn why() -> String {
    "I want to look first".to_owned()
}

#[test]
fn a_trial_is_one_job_with_its_values() {
    let mut world = World::new();
    assert_eq!(world.start(&ana(), &random()), Ok(FIRST));
    let job = world.run("0.001").unwrap();
    let known = world.state.job(job).unwrap();
    assert_eq!(known.owner, UserName::from("ana"));
    assert_eq!((known.campaign, &known.agent), (Some(FIRST), &None));
    let command = ["python", "train.py", "--lr", "0.001", "--opt=adam"];
    assert_eq!(known.spec.command, command);
    assert_eq!(known.spec.name, "find-lr lr=0.001 optimizer=adam");
    let env: Vec<(&str, &str)> = known
        .spec
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("BERTH_CAMPAIGN", "1"),
        ("BERTH_PARAM_LR", "0.001"),
        ("BERTH_PARAM_OPTIMIZER", "adam"),
        ("BERTH_TRIAL", "1"),
        ("RUN", "0.001"),
    ];
    assert_eq!(env, expected);
    // Asked again, as after a crash: it is there already.
    let again = Command::RunTrial(FIRST, Box::new(draft("0.02")));
    let again = world.send(&Actor::Berth, again).unwrap();
    assert!(again.repeated && again.events.is_empty());
    assert_eq!(again.jobs, [job]);
    // While its job lives it has no result.
    let done = TrialEnd::Done { result: 0.5 };
    assert!(world.end(1, done.clone()).unwrap().events.is_empty());
    world.runs(job, 600);
    let unread = world.state.unread_trials();
    assert_eq!((unread.len(), unread[0].job), (1, job));
    world.end(1, done).unwrap();
    assert!(
        world
            .end(1, TrialEnd::Done { result: 9.0 })
            .unwrap()
            .events
            .is_empty()
    );
    let trial = world.campaign().trial(1).unwrap();
    assert_eq!((trial.state, trial.result), (TrialState::Done, Some(0.5)));
    assert_eq!(world.campaign().gpu_seconds, 1200);
    assert!(world.state.unread_trials().is_empty());
    world.check_replay();
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let tries: [(&str, CampaignSpec); 14] = [
        ("name", with(&|s| s.name.clear())),
        ("space", with(&|s| s.space.clear())),
        ("budget", with(&|s| s.budget.gpu_seconds = 3599)),
        ("budget", with(&|s| s.budget.gpus_at_once = Some(1))),
        ("budget", with(&|s| s.budget.at_once = Some(0))),
        (
            "stop",
            with(&|s| s.stop.until = Some(Timestamp::UNIX_EPOCH)),
        ),
        ("stop", with(&|s| s.stop.target = Some(f64::NAN))),
        ("array", with(&|s| s.template.array = Some("0-9".into()))),
        ("sweep", with(&|s| s.template.sweep = vec!["a=1".into()])),
        ("command", with(&|s| s.template.command.clear())),
        ("gpus", with(&|s| s.template.gpus = Some(80))),
        (
            "time_limit",
            with(&|s| s.template.time_limit = Some("soon".into())),
        ),
        (
            "class",
            with(&|s| s.template.class = Some("critical".into())),
        ),
        ("after", with(&|s| s.template.after = vec!["17".into()])),
    ];
    let mut world = World::new();
    for (field, spec) in tries {
        let refusal = world.start(&root(), &spec).unwrap_err();
        assert_eq!(refusal.field(), Some(field), "{refusal}");
        assert!(refusal.to_string().ends_with('.'), "{refusal}");
    }
    let fidelity =
        spec(r#"{"kind": "asha", "trials": 9, "fidelity": {"param": "lr", "min": 1, "max": 9}}"#);
    assert!(world.start(&ana(), &fidelity).is_err());
    let grid =
        with(&|s| s.strategy = serde_json::from_str(r#"{"kind":"grid","points":600}"#).unwrap());
    assert!(
        world
            .start(&ana(), &grid)
            .unwrap_err()
            .to_string()
            .contains("1200 combinations")
    );
    let strategy = |text: &str| CampaignSpec {
        strategy: serde_json::from_str(text).unwrap(),
        ..model()
    };
    for (field, says, spec) in [
        (
            "strategy",
            "0 trials",
            strategy(r#"{"kind": "model", "trials": 0}"#),
        ),
        (
            "strategy",
            "33 trials per round",
            strategy(r#"{"kind": "model", "trials": 99, "per_round": 33}"#),
        ),
        (
            "budget",
            "model_dollars = 2",
            with(&|s| s.strategy = model().strategy),
        ),
    ] {
        let refusal = world.start(&ana(), &spec).unwrap_err();
        assert_eq!(refusal.field(), Some(field), "{refusal}");
        assert!(refusal.to_string().contains(says), "{refusal}");
    }
}

#[test]
fn what_a_model_costs_is_counted_and_what_it_proposes_is_checked() {
    let mut world = World::new();
    world.start(&ana(), &model()).unwrap();
    let cost = |micros| Command::AskedFor {
        campaign: FIRST,
        micros,
    };
    for actor in [ana(), root()] {
        assert!(world.send(&actor, cost(1)).is_err(), "only Berth says so");
    }
    world.send(&Actor::Berth, cost(300_000)).unwrap();
    assert!(
        world
            .send(&Actor::Berth, cost(0))
            .unwrap()
            .events
            .is_empty()
    );
    assert_eq!(world.campaign().model_left(), 200_000);
    world.send(&Actor::Berth, cost(300_000)).unwrap();
    let known = world.campaign();
    assert_eq!((known.model_micros, known.model_left()), (600_000, 0));
    world
        .steer(&ana(), &|s| s.budget.model_micros = Some(700_000))
        .unwrap();
    assert_eq!(world.campaign().model_left(), 100_000);
    let refusal = world.run("7").unwrap_err();
    assert!(
        refusal.to_string().contains("'7' is no value of lr"),
        "{refusal}"
    );
    world.run("0.001").unwrap();
    // The others can become it, where they may cost something.
    let mut world = World::new();
    world.start(&ana(), &random()).unwrap();
    let strategy = || Some(model().strategy);
    let refusal = world.steer(&ana(), &|s| s.strategy = strategy());
    assert_eq!(refusal.unwrap_err().field(), Some("budget"));
    world
        .steer(&ana(), &|s| {
            (s.strategy, s.budget.model_micros) = (strategy(), Some(0));
        })
        .unwrap();
    assert_eq!(world.campaign().spec.strategy, model().strategy);
    world.check_replay();
}

#[test]
fn the_budget_holds_by_time_limits_until_jobs_have_ended() {
    let mut world = World::new();
    world.start(&ana(), &random()).unwrap();
    let bar = |refused: Result<JobId, Refusal>| match refused {
        Err(Refusal::Campaign { campaign, bar }) => {
            assert_eq!(campaign, FIRST);
            bar
        }
        other => panic!("{other:?}"),
    };
    let first = world.run("0.001").unwrap();
    let second = world.run("0.002").unwrap();
    // Two GPUs each, and four at once.
    assert_eq!(bar(world.run("0.003")), Bar::AtOnce { wanted: 6, most: 4 });
    world.runs(first, 1800);
    world.runs(second, 1800);
    // Half is used: two more of an hour each fit.
    for lr in ["0.003", "0.004"] {
        let job = world.run(lr).unwrap();
        world.runs(job, 1700);
    }
    let refused = bar(world.run("0.005"));
    let expected = Bar::Budget {
        wanted_s: 3600,
        left_s: 400,
        of_s: 4 * 3600,
    };
    assert_eq!(refused, expected);
    // Its owner gives it more.
    world
        .steer(&ana(), &|s| s.budget.gpu_seconds = Some(5 * 3600))
        .unwrap();
    world.run("0.005").unwrap();
    world.steer(&ana(), &|s| s.budget.trials = Some(5)).unwrap();
    assert_eq!(bar(world.run("0.006")), Bar::Trials { most: 5 });
    world
        .steer(&ana(), &|s| {
            (s.budget.trials, s.budget.at_once) = (Some(9), Some(1));
        })
        .unwrap();
    assert_eq!(bar(world.run("0.006")), Bar::TrialsAtOnce { most: 1 });
    world.check_replay();
}

#[test]
fn a_trial_is_one_of_the_space_whoever_chose_it() {
    let mut world = World::new();
    world.start(&ana(), &random()).unwrap();
    for lr in ["1", "0.2", "nan", "$(id)", "", "1e-9"] {
        let refusal = world.run(lr).unwrap_err();
        assert_eq!(refusal.field(), Some("trial"), "{lr}: {refusal}");
    }
    let send = |world: &mut World, with: &dyn Fn(&mut TrialDraft)| {
        let mut draft = draft("0.001");
        with(&mut draft);
        world.send(&Actor::Berth, Command::RunTrial(FIRST, Box::new(draft)))
    };
    assert!(send(&mut world, &|d| d.number = 2).is_err());
    assert!(send(&mut world, &|d| d.fidelity = Some(3)).is_err());
    assert!(send(&mut world, &|d| d.parent = Some(1)).is_err());
    assert!(
        send(&mut world, &|d| {
            d.values.insert("x".into(), "1".into());
        })
        .is_err()
    );
    assert!(
        send(&mut world, &|d| {
            d.values.remove("lr");
        })
        .is_err()
    );
    // Nobody but Berth says which trials there are.
    let command = || Command::RunTrial(FIRST, Box::new(draft("0.001")));
    for actor in [ana(), root()] {
        assert!(world.send(&actor, command()).is_err());
    }
    world.run("0.001").unwrap();
    // What is searched becomes less, and again more, but never more than was asked for.
    let to = |world: &mut World, from, to| {
        world.steer(&ana(), &|s| {
            s.space.insert("lr".into(), Narrow::Range { from, to });
        })
    };
    to(&mut world, 1e-4, 1e-3).unwrap();
    assert!(world.run("0.01").is_err());
    to(&mut world, 1e-4, 0.1).unwrap();
    world.run("0.01").unwrap();
    assert!(to(&mut world, 1e-6, 0.1).is_err());
    let other = world.steer(&ana(), &|s| {
        s.space
            .insert("seed".into(), Narrow::Range { from: 0.0, to: 1.0 });
    });
    assert!(
        other
            .unwrap_err()
            .to_string()
            .contains("'seed' is not searched")
    );
    assert!(world.steer(&ana(), &|_| ()).is_err());
    world.check_replay();
}

#[test]
fn a_promotion_goes_on_from_a_result() {
    let mut world = World::new();
    world.start(&ana(), &asha()).unwrap();
    let first = world.run("0.001").unwrap();
    let promoted = |world: &mut World, lr: &str| {
        let draft = TrialDraft {
            number: 2,
            parent: Some(1),
            rung: 1,
            fidelity: Some(3),
            ..draft(lr)
        };
        world.send(&Actor::Berth, Command::RunTrial(FIRST, Box::new(draft)))
    };
    assert!(
        promoted(&mut world, "0.001").is_err(),
        "it has no result yet"
    );
    world.runs(first, 60);
    world.end(1, TrialEnd::Done { result: 0.5 }).unwrap();
    assert!(promoted(&mut world, "0.002").is_err(), "other values");
    let job = promoted(&mut world, "0.001").unwrap().jobs[0];
    let spec = &world.state.job(job).unwrap().spec;
    assert_eq!(spec.env["BERTH_PARENT_JOB"], first.to_string());
    assert_eq!(spec.env["BERTH_PARAM_EPOCHS"], "3");
    // What it is compared by does not change in the middle.
    let other: berth_domain::campaign::Strategy =
        serde_json::from_str(r#"{"kind": "random", "trials": 3}"#).unwrap();
    assert!(
        world
            .steer(&ana(), &|s| s.strategy = Some(other.clone()))
            .is_err()
    );
    let mut more = asha().strategy;
    if let berth_domain::campaign::Strategy::Asha(asha) = &mut more {
        asha.trials = 27;
    }
    world
        .steer(&ana(), &|s| s.strategy = Some(more.clone()))
        .unwrap();
    assert_eq!(world.campaign().spec.strategy, more);
}

#[test]
fn it_is_paused_let_go_on_and_ended() {
    let mut world = World::new();
    world.start(&ana(), &random()).unwrap();
    let first = world.run("0.001").unwrap();
    let others = world.change(&user("bo", false), CampaignChange::Pause { why: why() });
    assert!(
        matches!(others, Err(Refusal::CampaignNotYours { .. })),
        "{others:?}"
    );
    world
        .change(&ana(), CampaignChange::Pause { why: why() })
        .unwrap();
    let refused = world.run("0.002").unwrap_err().to_string();
    assert!(
        refused.contains("ana paused it: I want to look first"),
        "{refused}"
    );
    // What runs goes on, and its result is read.
    world.runs(first, 60);
    world.end(1, TrialEnd::Done { result: 0.5 }).unwrap();
    world.change(&ana(), CampaignChange::Resume).unwrap();
    let second = world.run("0.002").unwrap();
    let third = world.run("0.003").unwrap();
    world.runs(second, 60);
    let end = CampaignChange::End {
        why: why(),
        jobs: true,
    };
    world.change(&root(), end.clone()).unwrap();
    let states: Vec<TrialState> = world
        .campaign()
        .trials
        .iter()
        .map(|one| one.state)
        .collect();
    // The second one's job had ended: its result is still read.
    let expected = [TrialState::Done, TrialState::Submitted, TrialState::Stopped];
    assert_eq!(states, expected);
    assert!(world.state.live_job(third).is_none());
    world.end(2, TrialEnd::Done { result: 0.25 }).unwrap();
    assert_eq!(world.campaign().best().unwrap().number, 2);
    assert!(world.run("0.004").is_err());
    assert!(world.change(&ana(), end).unwrap().events.is_empty());
    assert!(world.change(&ana(), CampaignChange::Resume).is_err());
    world.check_replay();
}

#[test]
fn the_switch_stops_every_campaign_and_keeps_its_state() {
    let mut world = World::new();
    world.start(&ana(), &random()).unwrap();
    let first = world.run("0.001").unwrap();
    let stop = |jobs| Command::StopAgents {
        agent: None,
        why: "Too hot in here".into(),
        jobs,
    };
    world.send(&root(), stop(false)).unwrap();
    let refused = world.run("0.002").unwrap_err();
    let expected = Bar::Stopped {
        by: "root".into(),
        why: "Too hot in here".into(),
    };
    assert_eq!(
        refused,
        Refusal::Campaign {
            campaign: FIRST,
            bar: expected
        }
    );
    assert!(world.campaign().is_running() && world.state.live_job(first).is_some());
    world.send(&root(), Command::ResumeAgents(None)).unwrap();
    world.run("0.002").unwrap();
    // And its jobs, if asked.
    let stopped = world.send(&root(), stop(true)).unwrap();
    assert_eq!(stopped.jobs.len(), 2);
    assert!(world.state.live_job(first).is_none());
    world.check_replay();
}

#[test]
fn a_key_is_one_campaign() {
    let mut world = World::new();
    let spec = with(&|s| s.idempotency_key = Some("k".into()));
    let first = world.start(&ana(), &spec).unwrap();
    assert_eq!(world.start(&ana(), &spec), Ok(first));
    assert_ne!(
        world.start(&root(), &spec),
        Ok(first),
        "another's key is another"
    );
}

fn agents_world(mandate: Mandate) -> World {
    let mut world = World::new();
    let request = AgentRequest {
        name: "bot".into(),
        acts_for: None,
        mandate,
    };
    world
        .send(&ana(), Command::SetAgent(Box::new(request)))
        .unwrap();
    world
}

fn allowed() -> Mandate {
    Mandate {
        actions: [Action::Campaign].into(),
        ..Mandate::default()
    }
}

fn barred<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> Bar {
    match refused {
        Err(Refusal::Mandate { bar, .. }) => bar,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_agent_starts_campaigns_only_if_its_mandate_says_so() {
    let mut world = agents_world(Mandate::default());
    let action = Action::Campaign;
    assert_eq!(
        barred(world.start(&bot(), &random())),
        Bar::Action { action }
    );
    let mut world = agents_world(allowed());
    // A campaign of its person is not its own.
    let of_person = world.start(&ana(), &random()).unwrap();
    let pause = CampaignChange::Pause { why: why() };
    let other = world.change(&bot(), pause.clone());
    assert_eq!(
        barred(other),
        Bar::OthersCampaign {
            campaign: of_person
        }
    );
    let own = world.start(&bot(), &random()).unwrap();
    let card = world.state.cards().last().unwrap();
    assert_eq!(card.state, CardState::Acted);
    let card = card.id;
    world
        .send(&bot(), Command::ChangeCampaign(own, pause))
        .unwrap();
    world
        .send(&bot(), Command::ChangeCampaign(own, CampaignChange::Resume))
        .unwrap();
    // Its person takes the start back.
    world.send(&ana(), Command::UndoCard(card)).unwrap();
    let state = &world.state.campaign(own).unwrap().state;
    assert!(matches!(state, CampaignState::Ended { .. }), "{state:?}");
    world.check_replay();
}

#[test]
fn an_agent_for_all_jobs_gives_a_persons_campaign_no_more() {
    let mut world = agents_world(Mandate {
        all_jobs: true,
        ..allowed()
    });
    let campaign = world.start(&ana(), &random()).unwrap();
    let pause = CampaignChange::Pause { why: why() };
    world.change(&bot(), pause).unwrap();
    world.change(&bot(), CampaignChange::Resume).unwrap();
    world.steer(&bot(), &|s| s.note = Some(why())).unwrap();
    let note = &world.campaign().notes[0];
    assert_eq!(note.by, UserName::from("bot"));
    let more = world.steer(&bot(), &|s| s.budget.at_once = Some(9));
    assert_eq!(barred(more), Bar::OthersCampaign { campaign });
    let of_other = world.start(&root(), &random()).unwrap();
    let end = CampaignChange::End {
        why: why(),
        jobs: true,
    };
    let refused = world.send(&bot(), Command::ChangeCampaign(of_other, end));
    assert!(
        matches!(refused, Err(Refusal::CampaignNotYours { .. })),
        "{refused:?}"
    );
}

#[test]
fn an_agents_mandate_holds_for_each_trial() {
    let mut world = agents_world(Mandate {
        gpu_seconds: Some(3600 * 4),
        jobs_per_hour: 2,
        hours: Some("08:00-18:00".parse().unwrap()),
        commands: vec![Template {
            command: "python train.py --lr {float} --opt={word}".to_owned(),
            env: ["RUN".to_owned()].into(),
            ..Template::default()
        }],
        ..allowed()
    });
    let shell = with(&|s| s.template.command = ["sh", "-c", "{lr}"].map(str::to_owned).into());
    assert!(matches!(
        barred(world.start(&bot(), &shell)),
        Bar::Command { .. }
    ));
    let rich = with(&|s| s.budget.gpu_seconds = 3600 * 5);
    assert!(matches!(
        barred(world.start(&bot(), &rich)),
        Bar::Budget { .. }
    ));
    assert_eq!(world.start(&bot(), &random()), Ok(FIRST));
    let richer = world.steer(&bot(), &|s| s.budget.gpu_seconds = Some(3600 * 40));
    assert!(matches!(barred(richer), Bar::Budget { .. }));
    let job = world.run("0.001").unwrap();
    let agent = world.state.job(job).unwrap().agent.clone();
    assert_eq!(agent.unwrap(), UserName::from("bot"));
    world.runs(job, 60);
    // It counts on both accounts.
    assert_eq!(world.campaign().gpu_seconds, 120);
    let account = &world.state.agents().all[&UserName::from("bot")].account;
    assert_eq!((account.gpu_seconds, account.submits.len()), (120, 1));
    let second = world.run("0.002").unwrap();
    world.runs(second, 60);
    assert!(matches!(barred(world.run("0.003")), Bar::PerHour { .. }));
    world.now += SignedDuration::from_hours(8);
    assert!(matches!(barred(world.run("0.003")), Bar::Hours { .. }));
    world.now += SignedDuration::from_hours(14);
    let stop = |agent: Option<UserName>| Command::StopAgents {
        agent,
        why: why(),
        jobs: false,
    };
    world.send(&ana(), stop(Some("bot".into()))).unwrap();
    assert!(matches!(barred(world.run("0.003")), Bar::Stopped { .. }));
    world
        .send(&ana(), Command::ResumeAgents(Some("bot".into())))
        .unwrap();
    world.run("0.003").unwrap();
    world
        .send(&ana(), Command::RemoveAgent("bot".into()))
        .unwrap();
    assert_eq!(barred(world.run("0.004")), Bar::Unknown);
    world.check_replay();
}

#[test]
fn an_agent_pays_for_the_model_of_its_campaigns() {
    let mut world = agents_world(allowed());
    let refused = barred(world.start(&bot(), &model()));
    assert!(matches!(refused, Bar::ModelBudget { .. }), "{refused:?}");
    world.start(&bot(), &random()).unwrap();
    let to_model = |world: &mut World, actor: &Actor| {
        world.steer(actor, &|s| {
            (s.strategy, s.budget.model_micros) = (Some(model().strategy), Some(1000));
        })
    };
    // Whoever steers it, it is the agent's money.
    for actor in [bot(), ana()] {
        let refused = barred(to_model(&mut world, &actor));
        assert!(matches!(refused, Bar::ModelBudget { .. }), "{refused:?}");
    }
    let request = AgentRequest {
        name: "bot".into(),
        acts_for: None,
        mandate: Mandate {
            model_micros: Some(900),
            ..allowed()
        },
    };
    world
        .send(&ana(), Command::SetAgent(Box::new(request)))
        .unwrap();
    to_model(&mut world, &bot()).unwrap();
    let cost = || Command::AskedFor {
        campaign: FIRST,
        micros: 400,
    };
    world.send(&Actor::Berth, cost()).unwrap();
    let left = |world: &World| world.state.agents().may_ask_model(&"bot".into());
    assert_eq!(left(&world), Ok(Some(500)));
    assert_eq!(world.campaign().model_left(), 600);
    world.send(&Actor::Berth, cost()).unwrap();
    // Once it is gone the campaign still pays.
    world
        .send(&ana(), Command::RemoveAgent("bot".into()))
        .unwrap();
    world.send(&Actor::Berth, cost()).unwrap();
    assert_eq!(world.campaign().model_micros, 1200);
    world.check_replay();
}

#[test]
fn the_last_that_ended_are_kept() {
    let mut world = World::new();
    for _ in 0..105 {
        let id = world.start(&ana(), &random()).unwrap();
        if id == FIRST {
            continue;
        }
        let end = CampaignChange::End {
            why: why(),
            jobs: false,
        };
        world
            .send(&ana(), Command::ChangeCampaign(id, end))
            .unwrap();
    }
    // The first one goes on.
    assert!(world.state.campaign(FIRST).is_some());
    assert!(world.state.campaign(CampaignId(4)).is_none());
    assert!(world.state.campaign(CampaignId(5)).is_none());
    assert!(world.state.campaign(CampaignId(6)).is_some());
    assert_eq!(world.state.campaigns().count(), 101);
    assert_eq!(world.state.next_campaign(), CampaignId(106));
    world.check_replay();
}

proptest! {
    /// Whatever is tried in whatever order: its jobs never use more than its budget, nor hold more at once.
    #[test]
    fn the_budget_holds(steps in prop::collection::vec((0u8..3, 1i64..1800), 1..60)) {
        let mut world = World::new();
        let spec = with(&|s| s.template.max_retries = Some(1));
        world.start(&ana(), &spec).unwrap();
        for (what, seconds) in steps {
            match what {
                0 => drop(world.run("0.001")),
                1 => {
                    let free = world.state.leased_count() == 0;
                    let next = world.state.live().find(|job| job.is_waiting()).map(|job| job.id);
                    if let Some(job) = next.filter(|_| free) {
                        world.runs(job, seconds);
                    }
                }
                _ => {
                    for unread in world.state.unread_trials() {
                        world.end(unread.trial, TrialEnd::Done { result: 1.0 }).unwrap();
                    }
                }
            }
            let gpus: u32 = world.state.live().map(|job| job.spec.gpus()).sum();
            prop_assert!(gpus <= 4);
            let ahead: u64 = world.state.live().map(berth_domain::Job::gpu_seconds_ahead).sum();
            prop_assert!(world.campaign().gpu_seconds + ahead <= 4 * 3600);
            // What it says there is room for, there is.
            let mut room = world.campaign().room();
            let fits = room.take(world.campaign().spec.cost(None)).is_ok();
            let mut copy = World { state: world.state.clone(), journal: vec![], now: world.now };
            prop_assert!(!fits || copy.run("0.002").is_ok());
        }
        world.check_replay();
    }
}
