//! What agents may do: a table of what they try, and what comes of each.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "agents/account.rs"]
mod account;
#[path = "agents/approval.rs"]
mod approval;
#[path = "agents/hours.rs"]
mod hours;
#[path = "agents/planner.rs"]
mod planner;

use std::time::Duration;

use berth_domain::agent::{
    Act, Action, AgentRule, Approval, Bar, CardState, Draft, Mandate, Mode, Template,
};
use berth_domain::command::AgentRequest;
use berth_domain::decide::{Decision, Input, Report, Rules};
use berth_domain::{
    Actor, AttemptId, Command, Event, Exit, Gpu, GpuUuid, JobId, JobPatch, Lease, MoveTo, Node,
    NodeLease, NodeSource, PriorityClass, Record, Refusal, ReserveRequest, Role, State,
    SubmitRequest, Timestamp, UserName, decide,
};
use jiff::SignedDuration;

struct World {
    state: State,
    journal: Vec<Record>,
    now: Timestamp,
}

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
    fn new(mandate: Mandate) -> Self {
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
        world.mandate(mandate);
        world
    }

    fn mandate(&mut self, mandate: Mandate) {
        let request = AgentRequest {
            name: "bot".into(),
            acts_for: None,
            mandate,
        };
        self.send(&ana(), Command::SetAgent(Box::new(request)))
            .unwrap();
    }

    fn input(&mut self, actor: &Actor, input: Input) -> Result<Decision, Refusal> {
        let decision = decide(&self.state, &Rules::default(), input, self.now)?;
        self.take(actor, &decision.events);
        Ok(decision)
    }

    /// Writes down what was decided.
    fn take(&mut self, actor: &Actor, events: &[Event]) {
        let records: Vec<Record> = events
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
        for card in &changes.cards {
            assert_eq!(self.state.card(card.id), Some(card));
        }
        if let Some(agents) = &changes.agents {
            assert_eq!(agents, self.state.agents());
        }
        self.journal.extend(records);
    }

    /// The journal alone makes the same state, also as it is stored.
    fn check_replay(&self) {
        let text = serde_json::to_string(&self.journal).unwrap();
        let read: Vec<Record> = serde_json::from_str(&text).unwrap();
        assert_eq!(State::replay(&read).unwrap(), self.state);
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

    fn submit(&mut self, actor: &Actor, request: SubmitRequest) -> Result<JobId, Refusal> {
        let done = self.send(actor, Command::Submit(Box::new(request)))?;
        Ok(done.jobs[0])
    }

    /// What bars the agent.
    fn bar(&mut self, command: Command) -> Bar {
        let cards = self.state.cards().count();
        match self.send(&bot(), command) {
            Err(Refusal::Mandate { bar, .. }) => {
                let written = self.state.cards().count() - cards;
                let silent = matches!(bar, Bar::Stopped { .. } | Bar::Unknown);
                assert_eq!(written, usize::from(!silent), "{bar}");
                bar
            }
            other => panic!("{other:?}"),
        }
    }

    /// The job holds its GPUs, and runs.
    fn begins(&mut self, job: JobId) -> AttemptId {
        let known = self.state.live_job(job).unwrap();
        let (gpus, attempt) = (known.spec.gpus(), known.next_attempt());
        let gpu = |index| berth_domain::GpuRef {
            index,
            uuid: GpuUuid(format!("n1-{index}")),
        };
        let lease = Lease(vec![NodeLease {
            node: "n1".into(),
            gpus: (0..gpus).map(gpu).collect(),
        }]);
        self.input(&Actor::Berth, Input::Starts(vec![(job, lease)]))
            .unwrap();
        let running = Report::Running { sessions: vec![] };
        self.input(&Actor::Berth, Input::Reports([(attempt, running)].into()))
            .unwrap();
        attempt
    }

    /// It ends after so long.
    fn ends(&mut self, attempt: AttemptId, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        let exited = Report::Exited(Exit::code(0));
        self.input(&Actor::Berth, Input::Reports([(attempt, exited)].into()))
            .unwrap();
    }

    fn runs(&mut self, job: JobId, seconds: i64) {
        let attempt = self.begins(job);
        self.ends(attempt, seconds);
    }

    fn last_card(&self) -> &berth_domain::Card {
        self.state.cards().last().unwrap()
    }
}

fn train(gpus: i64, limit: &str) -> SubmitRequest {
    let command = ["python", "train.py", "--lr", "0.1"].map(str::to_owned);
    SubmitRequest {
        command: command.into(),
        gpus: Some(gpus),
        time_limit: Some(limit.to_owned()),
        ..SubmitRequest::default()
    }
}

fn submit(request: SubmitRequest) -> Command {
    Command::Submit(Box::new(request))
}

fn every() -> Mandate {
    Mandate {
        actions: Action::ALL.iter().copied().collect(),
        ..Mandate::default()
    }
}

#[test]
fn a_job_of_an_agent_belongs_to_its_person_and_stands_in_the_ledger() {
    let mut world = World::new(Mandate::default());
    let job = world.submit(&bot(), train(1, "1h")).unwrap();
    let known = world.state.job(job).unwrap();
    assert_eq!(known.owner, UserName::from("ana"));
    assert_eq!(known.agent.clone().unwrap(), UserName::from("bot"));
    let card = world.last_card();
    assert_eq!((card.state, card.job), (CardState::Acted, Some(job)));
    assert_eq!(card.undo, Some(Act::Cancel { job }));
    // Its person takes it back.
    let id = card.id;
    world.send(&ana(), Command::UndoCard(id)).unwrap();
    assert!(world.state.job(job).unwrap().is_finished());
    assert_eq!(world.state.card(id).unwrap().state, CardState::Undone);
    assert!(world.send(&ana(), Command::UndoCard(id)).is_err());
}

#[test]
fn a_mandate_bars_what_it_does_not_allow() {
    let mut world = World::new(Mandate {
        projects: ["vision".to_owned()].into(),
        commands: vec![Template {
            command: "python train.py --lr {float}".to_owned(),
            ..Template::default()
        }],
        ..every()
    });
    let mine = world.submit(&ana(), train(1, "1h")).unwrap();
    let in_project = |gpus, limit| SubmitRequest {
        project: Some("vision".to_owned()),
        ..train(gpus, limit)
    };
    let own = world.submit(&bot(), in_project(1, "1h")).unwrap();

    let with = |change: &dyn Fn(&mut SubmitRequest)| {
        let mut request = in_project(1, "1h");
        change(&mut request);
        submit(request)
    };
    let patch = |change: &dyn Fn(&mut JobPatch)| {
        let mut patch = JobPatch::default();
        change(&mut patch);
        Box::new(patch)
    };
    let words = |line: &[&str]| {
        line.iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let tries: Vec<(&str, Command)> = vec![
        ("a job of its person", Command::Cancel(mine)),
        ("the same, held", Command::Hold(mine)),
        ("the same, moved", Command::Move(mine, MoveTo::Bottom)),
        ("the same, queued again", Command::Requeue(mine)),
        (
            "the same, changed",
            Command::Update(mine, patch(&|p| p.class = Some(PriorityClass::Low))),
        ),
        ("no project", submit(train(1, "1h"))),
        (
            "another project",
            with(&|r| r.project = Some("speech".into())),
        ),
        ("too many at once", with(&|r| r.gpus = Some(4))),
        (
            "above its budget",
            with(&|r| r.time_limit = Some("3d".into())),
        ),
        (
            "the same by retries",
            with(&|r| {
                r.time_limit = Some("12h".into());
                r.max_retries = Some(5);
            }),
        ),
        (
            "a class that preempts",
            with(&|r| r.class = Some("high".into())),
        ),
        (
            "another program",
            with(&|r| r.command = words(&["rm", "-rf", "/"])),
        ),
        (
            "a shell",
            with(&|r| r.command = words(&["sh", "-c", "python train.py --lr 0.1"])),
        ),
        (
            "a value that is none",
            with(&|r| r.command = words(&["python", "train.py", "--lr", "0.1; id"])),
        ),
        (
            "more arguments",
            with(&|r| r.command = words(&["python", "train.py", "--lr", "0.1", "--x"])),
        ),
        (
            "a variable",
            with(&|r| {
                r.env.insert("LD_PRELOAD".into(), "/tmp/x.so".into());
            }),
        ),
        (
            "a parameter that is more than a word",
            with(&|r| {
                r.env.insert("BERTH_PARAM_LR".into(), "$(id)".into());
            }),
        ),
        ("another folder", with(&|r| r.workdir = Some("/tmp".into()))),
        ("its own files", with(&|r| r.package = Some("a".repeat(64)))),
        (
            "a sweep out of the template",
            with(&|r| {
                r.command = words(&["python", "train.py", "--lr", "{lr}"]);
                r.sweep = vec!["lr=0.1,$(id)".into()];
            }),
        ),
        (
            "an array above jobs an hour",
            with(&|r| {
                r.array = Some("0-99".into());
                r.gpus = Some(0);
            }),
        ),
        (
            "its job to more time",
            Command::Update(
                own,
                patch(&|p| p.time_limit = Some(Duration::from_secs(90 * 3600))),
            ),
        ),
        (
            "its job to more GPUs",
            Command::Update(own, patch(&|p| p.gpus = Some(8))),
        ),
        (
            "its job to a class that preempts",
            Command::Update(own, patch(&|p| p.class = Some(PriorityClass::High))),
        ),
        (
            "a policy",
            Command::SetPolicy(berth_domain::PolicyChoice::default()),
        ),
        (
            "a mandate of its own",
            Command::SetAgent(Box::new(AgentRequest {
                name: "bot".into(),
                acts_for: None,
                mandate: Mandate::default(),
            })),
        ),
        (
            "to go on by itself",
            Command::ResumeAgents(Some("bot".into())),
        ),
        (
            "to stop others",
            Command::StopAgents {
                agent: None,
                why: "x".into(),
                jobs: true,
            },
        ),
        (
            "its own approval",
            Command::AnswerCard {
                card: berth_domain::CardId(1),
                approve: true,
            },
        ),
        (
            "a rule",
            Command::SetRule {
                rule: AgentRule::RequeueLost,
                project: None,
                mode: Some(Mode::Act),
            },
        ),
    ];
    let before = world.state.live_count();
    for (what, command) in tries {
        let bar = world.bar(command);
        let card = world.last_card();
        assert_eq!(card.state, CardState::Refused, "{what}");
        assert!(
            card.why.as_ref().unwrap().contains(&bar.to_string()),
            "{what}"
        );
    }
    assert_eq!(world.state.live_count(), before, "nothing came of it");
    // What others own is refused as for anybody, and written down too.
    let theirs = world.submit(&user("bo", false), train(1, "1h")).unwrap();
    world.mandate(Mandate {
        all_jobs: true,
        ..every()
    });
    let refused = world.send(&bot(), Command::Cancel(theirs)).unwrap_err();
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused}");
    assert_eq!(world.last_card().state, CardState::Refused);
    let refused = world.send(
        &bot(),
        submit(SubmitRequest {
            class: Some("critical".into()),
            ..train(1, "1h")
        }),
    );
    assert!(refused.is_err());
    // And what it may, it may.
    world.send(&bot(), Command::Cancel(mine)).unwrap();
}

#[test]
fn a_sweep_of_a_template_is_allowed() {
    let mut world = World::new(Mandate {
        commands: vec![Template {
            command: "python train.py --lr {float}".to_owned(),
            ..Template::default()
        }],
        ..Mandate::default()
    });
    let line = ["python", "train.py", "--lr", "{lr}"];
    let sweep = SubmitRequest {
        command: line.map(str::to_owned).into(),
        sweep: vec!["lr=1e-3,-0.5".to_owned()],
        ..train(1, "1h")
    };
    world.send(&bot(), submit(sweep)).unwrap();
    assert_eq!(world.state.live_count(), 2);
}

#[test]
fn an_admins_agent_is_no_admin() {
    let mut world = World::new(Mandate::default());
    let request = AgentRequest {
        name: "butler".into(),
        acts_for: None,
        mandate: Mandate {
            all_jobs: true,
            ..every()
        },
    };
    world
        .send(&root(), Command::SetAgent(Box::new(request)))
        .unwrap();
    let butler = Actor::Agent {
        name: "butler".into(),
        acts_for: "root".into(),
        role: Role::Admin,
    };
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    let refused = world.send(&butler, Command::Cancel(job)).unwrap_err();
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused}");
}

#[test]
fn a_budget_counts_limits_first_and_what_was_used_afterwards() {
    let mut world = World::new(Mandate {
        gpu_seconds: Some(4 * 3600),
        ..Mandate::default()
    });
    let job = world.submit(&bot(), train(2, "2h")).unwrap();
    let bar = world.bar(submit(train(1, "1m")));
    assert!(matches!(bar, Bar::Budget { left_s: 0, .. }), "{bar}");
    world.runs(job, 1800);
    assert_eq!(
        world.state.agents().all[&UserName::from("bot")]
            .account
            .gpu_seconds,
        3600
    );
    world.submit(&bot(), train(1, "3h")).unwrap();
    let bar = world.bar(submit(train(1, "1m")));
    assert_eq!(
        bar.to_string(),
        "it would need 0.02 GPU-hours and has 0 GPU-hours left of 4.00 GPU-hours"
    );
}

#[test]
fn hours_jobs_an_hour_and_reservations() {
    let mut world = World::new(Mandate {
        jobs_per_hour: 2,
        gpu_seconds: Some(3600 * 8),
        ..every()
    });
    world.submit(&bot(), train(0, "1h")).unwrap();
    world.submit(&bot(), train(0, "1h")).unwrap();
    assert!(matches!(
        world.bar(submit(train(0, "1h"))),
        Bar::PerHour { done: 2, .. }
    ));
    world.now += SignedDuration::from_mins(61);
    world.submit(&bot(), train(0, "1h")).unwrap();
    let start = world.now + SignedDuration::from_hours(1);
    let reserve = |hours: i64| {
        Command::Reserve(
            None,
            Box::new(ReserveRequest {
                gpus: Some(4),
                start: Some(start.to_string()),
                end: Some((start + SignedDuration::from_hours(hours)).to_string()),
                ..ReserveRequest::default()
            }),
        )
    };
    let bar = world.bar(reserve(3));
    assert!(matches!(bar, Bar::Budget { .. }), "{bar}");
    world.mandate(Mandate {
        hours: Some("22:00-06:00".parse().unwrap()),
        ..every()
    });
    assert!(matches!(
        world.bar(submit(train(1, "1h"))),
        Bar::Hours { .. }
    ));
}

#[test]
fn a_person_approves_what_the_mandate_says() {
    let mut world = World::new(Mandate {
        gpus_at_once: None,
        approval: Approval {
            above_gpu_seconds: Some(3600),
            ..Approval::default()
        },
        ..Mandate::default()
    });
    world.submit(&bot(), train(1, "1h")).unwrap();
    let live = world.state.live_count();
    let Bar::Approval { card, .. } = world.bar(submit(train(2, "1h"))) else {
        panic!("it is to be approved");
    };
    assert_eq!(world.state.live_count(), live);
    let answer = |approve| Command::AnswerCard { card, approve };
    let other = world.send(&user("bo", false), answer(true)).unwrap_err();
    assert!(matches!(other, Refusal::CardNotYours { .. }));
    let done = world.send(&ana(), answer(true)).unwrap();
    let job = world.state.job(done.jobs[0]).unwrap();
    assert_eq!(job.agent.clone().unwrap(), UserName::from("bot"));
    assert_eq!(world.state.card(card).unwrap().state, CardState::Acted);
    // What nobody answers is void after a day.
    let Bar::Approval { card, .. } = world.bar(submit(train(2, "1h"))) else {
        panic!("it is to be approved");
    };
    world.now += SignedDuration::from_hours(25);
    world.input(&Actor::Berth, Input::Clock).unwrap();
    assert_eq!(world.state.card(card).unwrap().state, CardState::Expired);
}

#[test]
fn the_switch_stops_everything_at_once_and_keeps_it() {
    let mut world = World::new(Mandate::default());
    let job = world.submit(&bot(), train(1, "1h")).unwrap();
    let stop = |jobs| Command::StopAgents {
        agent: None,
        why: "Something is wrong".to_owned(),
        jobs,
    };
    assert!(
        world.send(&ana(), stop(false)).is_err(),
        "only admins stop all"
    );
    world.send(&root(), stop(false)).unwrap();
    let bar = world.bar(Command::Cancel(job));
    assert!(matches!(bar, Bar::Stopped { .. }), "{bar}");
    assert!(world.state.live_job(job).is_some());
    world.send(&root(), Command::ResumeAgents(None)).unwrap();
    world.send(&root(), stop(true)).unwrap();
    assert!(
        world.state.live_job(job).is_none(),
        "its jobs too, if asked"
    );
    world.send(&root(), Command::ResumeAgents(None)).unwrap();
    world.submit(&bot(), train(1, "1h")).unwrap();
}

#[test]
fn who_is_refused_again_and_again_is_stopped() {
    let mut world = World::new(Mandate::default());
    for _ in 0..200 {
        world.bar(Command::SetPolicy(berth_domain::PolicyChoice::default()));
    }
    let cards = world.state.cards().count();
    assert_eq!(cards, 200);
    assert!(matches!(
        world.bar(submit(train(1, "1h"))),
        Bar::Stopped { .. }
    ));
    assert_eq!(world.state.cards().count(), cards);
}

#[test]
fn a_rule_goes_as_far_as_its_mode() {
    let mut world = World::new(Mandate::default());
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    let draft = |world: &World| {
        Command::Propose(Box::new(Draft {
            rule: AgentRule::ShortenLimit,
            subject: format!("job {job}"),
            job: Some(job),
            project: None,
            asks: Some("ana".into()),
            title: "It asks for more time than its like took".to_owned(),
            saw: vec![],
            considered: vec![],
            act: Some(Act::Update {
                job,
                patch: Box::new(JobPatch {
                    time_limit: Some(Duration::from_secs(600)),
                    ..JobPatch::default()
                }),
            }),
            undo: None,
            predicted: None,
            until: world.now + SignedDuration::from_hours(1),
        }))
    };
    let limit = |world: &World| world.state.job(job).unwrap().spec.time_limit.as_secs();
    let mode = |mode| Command::SetRule {
        rule: AgentRule::ShortenLimit,
        project: None,
        mode: Some(mode),
    };
    assert!(
        world.send(&ana(), draft(&world)).is_err(),
        "only Berth proposes"
    );
    for (set, state, after) in [
        (Mode::Off, None, 3600),
        (Mode::Shadow, Some(CardState::Shadow), 3600),
        (Mode::Suggest, Some(CardState::Suggested), 3600),
        (Mode::Act, Some(CardState::Acted), 600),
    ] {
        let before = world.state.cards().count();
        world.send(&root(), mode(set)).unwrap();
        world.send(&Actor::Berth, draft(&world)).unwrap();
        // Once, however often it is found.
        world.send(&Actor::Berth, draft(&world)).unwrap();
        let cards = world.state.cards().count() - before;
        assert_eq!(cards, usize::from(state.is_some()), "{set}");
        assert_eq!(state.map(|_| world.last_card().state), state);
        assert_eq!(limit(&world), after, "{set}");
        world.now += SignedDuration::from_hours(2);
        world.input(&Actor::Berth, Input::Clock).unwrap();
    }
    // An admin takes it back while there is time; this card's time is over.
    let card = world.last_card().id;
    assert!(world.send(&root(), Command::UndoCard(card)).is_err());
    let suggested = world
        .state
        .cards()
        .find(|card| card.state == CardState::Expired);
    assert!(
        suggested.is_some(),
        "a suggestion that nobody answered is void"
    );
}

#[test]
fn a_rule_gives_time_back_also_when_all_is_stopped() {
    let mut world = World::new(Mandate::default());
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    let limit_is = |rule, seconds, world: &World| {
        let patch = JobPatch {
            time_limit: Some(Duration::from_secs(seconds)),
            ..JobPatch::default()
        };
        Command::Propose(Box::new(Draft {
            rule,
            subject: format!("job {job} limit"),
            job: Some(job),
            project: None,
            asks: Some("ana".into()),
            title: "It runs longer than its like".to_owned(),
            saw: vec![],
            considered: vec![],
            act: Some(Act::Update {
                job,
                patch: Box::new(patch),
            }),
            undo: None,
            predicted: None,
            until: world.now + SignedDuration::from_hours(1),
        }))
    };
    let stop = Command::StopAgents {
        agent: None,
        why: "enough".into(),
        jobs: false,
    };
    world.send(&root(), stop).unwrap();
    let limit = |world: &World| world.state.job(job).unwrap().spec.time_limit.as_secs();
    // One that waits is owed nothing.
    let more = limit_is(AgentRule::ShortenLimit, 7200, &world);
    world.send(&Actor::Berth, more.clone()).unwrap();
    assert_eq!(limit(&world), 3600);
    world.begins(job);
    // Neither a shorter limit is owed, nor one by another rule.
    for (rule, seconds) in [(AgentRule::ShortenLimit, 1800), (AgentRule::Deadline, 7200)] {
        let other = limit_is(rule, seconds, &world);
        world.send(&Actor::Berth, other).unwrap();
        assert_eq!(limit(&world), 3600);
    }
    world.send(&Actor::Berth, more).unwrap();
    assert_eq!(limit(&world), 7200);
    assert_eq!(world.last_card().state, CardState::Acted);
    let undo = world.last_card().undo.clone();
    assert!(undo.is_some(), "it can be taken back");
}

#[test]
fn what_language_models_cost_is_counted_and_bounded() {
    let mut world = World::new(Mandate {
        model_micros: Some(1_000_000),
        ..Mandate::default()
    });
    let bot = || UserName::from("bot");
    let cost = |micros| Command::UseModel {
        agent: bot(),
        micros,
    };
    let may = |world: &World| world.state.agents().may_ask_model(&bot());
    assert_eq!(may(&world), Ok(Some(1_000_000)));
    world.send(&Actor::Berth, cost(600_000)).unwrap();
    assert_eq!(may(&world), Ok(Some(400_000)));
    // Only Berth says so.
    assert!(world.send(&root(), cost(1)).is_err());
    assert!(matches!(world.bar(cost(1)), Bar::Never));
    // The last call may go above what was left; there is no next one.
    world.send(&Actor::Berth, cost(500_000)).unwrap();
    let bar = may(&world).unwrap_err();
    assert!(
        bar.to_string()
            .starts_with("it has spent $1.10 of the $1.00"),
        "{bar}"
    );
    // Another mandate does not forget what was spent.
    world.mandate(Mandate {
        model_micros: Some(1_500_000),
        ..Mandate::default()
    });
    assert_eq!(may(&world), Ok(Some(400_000)));
    world.mandate(Mandate::default());
    assert!(matches!(may(&world), Err(Bar::ModelBudget { .. })), "none");
    world.mandate(Mandate {
        model_micros: None,
        ..Mandate::default()
    });
    assert_eq!(may(&world), Ok(None));
    let stop = Command::StopAgents {
        agent: None,
        why: "enough".into(),
        jobs: false,
    };
    world.send(&root(), stop).unwrap();
    assert!(matches!(may(&world), Err(Bar::Stopped { .. })));
    let nobody = world.state.agents().may_ask_model(&"nobody".into());
    assert_eq!(nobody, Err(Bar::Unknown));
    // What costs nothing is not written down.
    let before = world.state.seq;
    world.send(&Actor::Berth, cost(0)).unwrap();
    assert_eq!(world.state.seq, before);
}

fn proposed(rule: AgentRule, job: JobId, act: Act, world: &World) -> Command {
    Command::Propose(Box::new(Draft {
        rule,
        subject: format!("job {job}"),
        job: Some(job),
        project: None,
        asks: Some("ana".into()),
        title: "It should be done".to_owned(),
        saw: vec![],
        considered: vec![],
        act: Some(act),
        undo: None,
        predicted: None,
        until: world.now + SignedDuration::from_hours(1),
    }))
}

#[test]
fn what_is_out_of_date_is_not_even_suggested() {
    for mode in [Mode::Shadow, Mode::Suggest, Mode::Act] {
        let mut world = World::new(Mandate::default());
        let rule = AgentRule::RequeueLost;
        let set = Command::SetRule {
            rule,
            project: None,
            mode: Some(mode),
        };
        world.send(&root(), set).unwrap();
        let job = world.submit(&ana(), train(1, "1h")).unwrap();
        // It waits: there is nothing to queue again.
        let again = proposed(rule, job, Act::Requeue { job }, &world);
        world.send(&Actor::Berth, again.clone()).unwrap();
        assert_eq!(world.state.cards().count(), 0, "{mode}");
        // Nor is what runs ended for it.
        world.runs(job, 60);
        world.send(&ana(), Command::Requeue(job)).unwrap();
        world.send(&Actor::Berth, again).unwrap();
        assert_eq!(world.state.cards().count(), 0, "{mode}");
    }
}

#[test]
fn a_suggestion_about_what_had_ended_is_open_until_that_changes() {
    let mut world = World::new(Mandate::default());
    let rule = AgentRule::RequeueLost;
    let set = Command::SetRule {
        rule,
        project: None,
        mode: Some(Mode::Suggest),
    };
    world.send(&root(), set).unwrap();
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    world.runs(job, 60);
    let again = proposed(rule, job, Act::Requeue { job }, &world);
    world.send(&Actor::Berth, again).unwrap();
    world.now += SignedDuration::from_mins(5);
    world.input(&Actor::Berth, Input::Clock).unwrap();
    let card = world.last_card().id;
    assert!(world.state.card(card).unwrap().is_open());
    world.send(&ana(), Command::Requeue(job)).unwrap();
    world.input(&Actor::Berth, Input::Clock).unwrap();
    assert_eq!(
        world.state.card(card).unwrap().state,
        CardState::Expired,
        "saying yes would end what was queued again by hand"
    );
}

#[test]
fn a_task_may_go_ahead_of_its_arrays_limit_and_back() {
    let mut world = World::new(Mandate::default());
    let array = SubmitRequest {
        array: Some("0-3%1".to_owned()),
        ..train(1, "1h")
    };
    let first = world.submit(&ana(), array).unwrap();
    let next = JobId(first.0 + 1);
    let patch = |limit| {
        let patch = JobPatch {
            at_once: Some(limit),
            ..JobPatch::default()
        };
        Box::new(patch)
    };
    let rule = AgentRule::FillGaps;
    let set = Command::SetRule {
        rule,
        project: None,
        mode: Some(Mode::Act),
    };
    world.send(&root(), set).unwrap();
    let act = Act::Update {
        job: next,
        patch: patch(2),
    };
    let ahead = proposed(rule, next, act, &world);
    world.send(&Actor::Berth, ahead).unwrap();
    let limit = |world: &World, job| world.state.job(job).unwrap().spec.array.unwrap().limit;
    assert_eq!(
        (limit(&world, first), limit(&world, next)),
        (Some(1), Some(2))
    );
    let card = world.last_card().id;
    world.send(&ana(), Command::UndoCard(card)).unwrap();
    assert_eq!(limit(&world, next), Some(1));
    // Not below one, and not of what is no task.
    assert!(world.send(&ana(), Command::Update(next, patch(0))).is_err());
    let alone = world.submit(&ana(), train(1, "1h")).unwrap();
    assert!(
        world
            .send(&ana(), Command::Update(alone, patch(2)))
            .is_err()
    );
}
