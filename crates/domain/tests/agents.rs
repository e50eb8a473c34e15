//! What agents may do: a table of what they try, and what comes of each.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::time::Duration;

use berth_domain::agent::{
    Act, Action, AgentRule, Approval, Bar, CardState, Draft, Mandate, Mode, Template,
};
use berth_domain::command::AgentRequest;
use berth_domain::decide::{Decision, Input, Report, Rules};
use berth_domain::{
    Actor, AttemptId, Command, Exit, Gpu, GpuUuid, JobId, JobPatch, Lease, MoveTo, Node, NodeLease,
    NodeSource, PriorityClass, Record, Refusal, ReserveRequest, State, SubmitRequest, Timestamp,
    UserName, decide,
};
use jiff::SignedDuration;

struct World {
    state: State,
    now: Timestamp,
}

fn user(name: &str, admin: bool) -> Actor {
    let name = UserName::from(name);
    Actor::User { name, admin }
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
    }
}

impl World {
    fn new(mandate: Mandate) -> Self {
        let mut world = World {
            state: State::default(),
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
        for card in &changes.cards {
            assert_eq!(self.state.card(card.id), Some(card));
        }
        if let Some(agents) = &changes.agents {
            assert_eq!(agents, self.state.agents());
        }
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

    /// The job holds its GPUs, and runs so long.
    fn runs(&mut self, job: JobId, seconds: i64) {
        let gpus = self.state.live_job(job).unwrap().spec.gpus();
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
        let attempt = AttemptId { job, number: 1 };
        let running = Report::Running { sessions: vec![] };
        self.input(&Actor::Berth, Input::Reports([(attempt, running)].into()))
            .unwrap();
        self.now += SignedDuration::from_secs(seconds);
        let exited = Report::Exited(Exit::code(0));
        self.input(&Actor::Berth, Input::Reports([(attempt, exited)].into()))
            .unwrap();
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
