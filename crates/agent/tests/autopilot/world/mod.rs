//! A cluster in virtual time on the real state machine and the real planner: what people send, what ends,
//! and what the autopilot proposes.

pub mod life;
pub mod report;
pub mod spread;

use std::collections::HashMap;

use berth_agent::autopilot::{Memory, Seen, look};
use berth_domain::agent::{AgentRule, Draft, Mode};
use berth_domain::decide::{Decision, Input, Report, Rules};
use berth_domain::{
    Actor, AttemptId, Card, Command, Ended, Exit, Gpu, GpuUuid, JobId, JobState, Ladder, Node,
    NodeName, NodeSource, PolicyChoice, Record, Refusal, Role, Seq, State, SubmitRequest,
    Timestamp, UserName, decide,
};
use berth_orchestrator::{Planning, resolve};
use berth_scheduler::{Forecast, Learned, Plan, Snapshot, plan};
use jiff::SignedDuration;

#[derive(Clone)]
pub struct World {
    pub state: State,
    pub now: Timestamp,
    pub learned: Learned,
    pub memory: Memory,
    pub ladder: Ladder,
    pub turn: u64,
}

pub fn user(name: &str) -> Actor {
    Actor::user(UserName::from(name), Role::Member)
}

pub fn root() -> Actor {
    Actor::user("root", Role::Admin)
}

pub fn node(name: &str, gpus: u32, gib: u64) -> Node {
    let gpu = |index| Gpu::new(index, GpuUuid(format!("{name}-{index}")), "H100", gib << 30);
    let gpus = (0..gpus).map(gpu).collect();
    Node::new(NodeName::from(name), NodeSource::Simulated, gpus)
}

pub fn train(name: &str, gpus: i64, limit: &str) -> SubmitRequest {
    SubmitRequest {
        command: vec!["python".into(), "train.py".into()],
        name: Some(name.into()),
        gpus: Some(gpus),
        time_limit: Some(limit.into()),
        ..SubmitRequest::default()
    }
}

pub fn lost() -> Exit {
    Exit {
        ended: Ended::Lost {
            why: "its host was restarted".into(),
        },
        out_of_memory: false,
    }
}

pub fn out_of_memory() -> Exit {
    Exit {
        out_of_memory: true,
        ..Exit::code(1)
    }
}

impl World {
    /// With a policy; every rule does what it finds.
    pub fn new(policy: &str, nodes: Vec<Node>) -> Self {
        let mut world = World {
            state: State::default(),
            now: "2026-11-26T12:00:00Z".parse().unwrap(),
            learned: Learned::default(),
            memory: Memory::default(),
            ladder: Ladder::default(),
            turn: 0,
        };
        world.input(&Actor::Berth, Input::Inventory(nodes)).unwrap();
        let choice = PolicyChoice {
            name: policy.into(),
            ..PolicyChoice::default()
        };
        world.send(&root(), Command::SetPolicy(choice)).unwrap();
        world.mode(Mode::Act);
        world
    }

    pub fn mode(&mut self, mode: Mode) {
        for rule in AgentRule::ALL {
            self.set(*rule, mode);
        }
    }

    pub fn set(&mut self, rule: AgentRule, mode: Mode) {
        let command = Command::SetRule {
            rule,
            project: None,
            mode: Some(mode),
        };
        self.send(&root(), command).unwrap();
    }

    pub fn only(&mut self, rule: AgentRule) {
        self.mode(Mode::Off);
        self.set(rule, Mode::Act);
    }

    pub fn input(&mut self, actor: &Actor, input: Input) -> Result<Decision, Refusal> {
        let rules = Rules {
            ladder: self.ladder,
            ..Rules::default()
        };
        let decision = decide(&self.state, &rules, input, self.now)?;
        for event in &decision.events {
            let record = Record {
                seq: Seq(self.state.seq.0 + 1),
                at: self.now,
                actor: actor.clone(),
                event: event.clone(),
            };
            self.apply(&record);
        }
        Ok(decision)
    }

    pub fn apply(&mut self, record: &Record) {
        self.state.apply(record).unwrap();
        self.learned.apply(record, &self.state);
        self.memory.apply(record, &self.state);
    }

    pub fn send(&mut self, actor: &Actor, command: Command) -> Result<Decision, Refusal> {
        let input = Input::Command {
            actor: actor.clone(),
            command,
        };
        self.input(actor, input)
    }

    pub fn submit(&mut self, who: &str, request: SubmitRequest) -> JobId {
        let command = Command::Submit(Box::new(request));
        self.send(&user(who), command).unwrap().jobs[0]
    }

    pub fn planning(&mut self) -> Planning {
        let mut snapshot = Snapshot::of(&self.state).promised(&self.state, self.now);
        self.learned.annotate(&mut snapshot);
        Planning {
            snapshot,
            policy: resolve(self.state.policy(), 16).unwrap(),
            experience: self.learned.experience().clone(),
        }
    }

    /// Plans, and starts what the plan says; says which.
    pub fn start(&mut self) -> Vec<JobId> {
        let mut all = Vec::new();
        loop {
            let planning = self.planning();
            let made = plan(&planning.snapshot, &planning.policy, self.now);
            let starts: Vec<JobId> = made.starts.iter().map(|(job, _)| *job).collect();
            if starts.is_empty() {
                return all;
            }
            self.input(&Actor::Berth, Input::Starts(made.starts))
                .unwrap();
            for job in &starts {
                let attempt = self.state.live_job(*job).and_then(|job| job.attempt_id());
                let running = Report::Running { sessions: vec![] };
                let reports = [(attempt.unwrap(), running)].into();
                self.input(&Actor::Berth, Input::Reports(reports)).unwrap();
            }
            all.extend(starts);
        }
    }

    /// Its attempt ends so.
    pub fn end(&mut self, job: JobId, exit: Exit) {
        let attempt: AttemptId = self
            .state
            .live_job(job)
            .and_then(|job| job.attempt_id())
            .unwrap();
        let reports = [(attempt, Report::Exited(exit))].into();
        self.input(&Actor::Berth, Input::Reports(reports)).unwrap();
    }

    pub fn passes(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
        self.input(&Actor::Berth, Input::Clock).unwrap();
        // What was told to stop does.
        let stopping: Vec<JobId> = self
            .state
            .live()
            .filter(|job| matches!(job.state, JobState::Stopping { .. }))
            .map(|job| job.id)
            .collect();
        for job in stopping {
            self.end(job, Exit::code(143));
        }
    }

    /// A job runs so long, alone, and succeeds.
    pub fn ran(&mut self, who: &str, request: SubmitRequest, minutes: i64) -> JobId {
        let job = self.submit(who, request);
        self.start();
        self.passes(minutes);
        self.end(job, Exit::code(0));
        job
    }

    pub fn seen<T>(&mut self, of: impl FnOnce(&Seen<'_>) -> T) -> T {
        let planning = self.planning();
        let made: Plan = plan(&planning.snapshot, &planning.policy, self.now);
        let forecasts: HashMap<JobId, Forecast> = planning.forecast(self.now);
        self.turn += 1;
        of(&Seen {
            state: &self.state,
            planning: &planning,
            plan: &made,
            forecasts: &forecasts,
            memory: &self.memory,
            ladder: self.ladder,
            now: self.now,
            turn: self.turn,
        })
    }

    pub fn look(&mut self) -> Vec<Draft> {
        self.seen(look)
    }

    /// What is proposed, and done as far as the mode goes.
    pub fn propose(&mut self) -> Vec<Card> {
        let first = self.state.next_card();
        for draft in self.look() {
            let command = Command::Propose(Box::new(draft));
            self.send(&Actor::Berth, command).unwrap();
        }
        let new = self.state.cards().filter(|card| card.id >= first);
        new.cloned().collect()
    }

    /// The one thing that is proposed.
    pub fn one(&mut self) -> Draft {
        let mut drafts = self.look();
        assert_eq!(drafts.len(), 1, "{drafts:#?}");
        drafts.remove(0)
    }
}
