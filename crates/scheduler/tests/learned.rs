//! What the planner learns from a state that lives.

use berth_domain::decide::{Input, Report};
use berth_domain::{
    Actor, Command, Exit, Gpu, GpuUuid, JobId, MoveTo, Node, NodeName, NodeSource, Record, Rules,
    State, SubmitRequest, Timestamp, UserName, decide,
};
use berth_scheduler::{Learned, Policy, Snapshot, plan};

/// A state, and a clock that tests move.
struct House {
    state: State,
    second: i64,
}

impl House {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_000_000 + self.second).expect("the test is right")
    }

    fn take(&mut self, input: Input) -> Vec<JobId> {
        let decision =
            decide(&self.state, &Rules::default(), input, self.now()).expect("the test is right");
        for event in decision.events {
            let record = Record {
                seq: self.state.seq.next(),
                at: self.now(),
                actor: Actor::Berth,
                event,
            };
            self.state.apply(&record).expect("the test is right");
        }
        decision.jobs
    }

    fn submit(&mut self, user: &str, name: &str) -> JobId {
        let request = SubmitRequest {
            name: Some(name.to_owned()),
            gpus: Some(1),
            command: vec!["true".to_owned()],
            ..SubmitRequest::default()
        };
        let actor = Actor::User {
            name: UserName::from(user),
            admin: false,
        };
        let command = Command::Submit(Box::new(request));
        self.take(Input::Command { actor, command })[0]
    }

    /// Starts whatever the planner starts.
    fn start(&mut self) {
        let starts = plan(&Snapshot::of(&self.state), &Policy::default(), self.now()).starts;
        self.take(Input::Starts(starts));
        let attempts = self.state.live().filter_map(berth_domain::Job::attempt_id);
        let running = attempts.map(|id| (id, Report::Running { sessions: vec![] }));
        let reports = running.collect();
        self.take(Input::Reports(reports));
    }

    fn end(&mut self, job: JobId) {
        let attempt = self
            .state
            .live_job(job)
            .expect("the test is right")
            .attempt_id()
            .expect("the test is right");
        let report = Report::Exited(Exit::code(0));
        self.take(Input::Reports([(attempt, report)].into()));
    }
}

fn house() -> House {
    let mut house = House {
        state: State::default(),
        second: 0,
    };
    let gpu = Gpu {
        index: 0,
        uuid: GpuUuid("gpu".to_owned()),
        model: "H100".to_owned(),
        mem_total_bytes: 80 << 30,
        nvlink_island: None,
    };
    house.take(Input::Inventory(vec![Node {
        name: NodeName::from("node-1"),
        source: NodeSource::Simulated,
        gpus: vec![gpu],
        present: true,
    }]));
    house
}

#[test]
fn a_users_habit_is_learned_from_what_ended() {
    let mut house = house();
    let mut learned = Learned::default();
    // Ana's jobs run ten minutes, Ben's six hours, whatever they ask for.
    for n in 0..15 {
        for (user, seconds) in [("ana", 600), ("ben", 21_600)] {
            let job = house.submit(user, &format!("run-{n}"));
            house.start();
            learned.follow(&house.state);
            house.second += seconds;
            house.end(job);
        }
    }
    let blocker = house.submit("cleo", "blocker");
    house.start();
    let ben = house.submit("ben", "run-99");
    let ana = house.submit("ana", "run-99");
    learned.follow(&house.state);
    let mut snapshot = Snapshot::of(&house.state);
    learned.annotate(&mut snapshot);
    let expected = |job: JobId| {
        let found = snapshot
            .pending
            .iter()
            .find(|one| one.job.id == job)
            .unwrap();
        found
            .job
            .predicted
            .as_ref()
            .unwrap()
            .quantile_after(0.0, 0.5)
    };
    assert!(
        (400.0..1000.0).contains(&expected(ana)),
        "{}",
        expected(ana)
    );
    assert!(
        (15_000.0..30_000.0).contains(&expected(ben)),
        "{}",
        expected(ben)
    );
    // So Ana goes first, though she came later; without a history it is first come, first served.
    let order = plan(&snapshot, &Policy::default(), house.now()).order;
    assert_eq!(order, [ana, ben]);
    let order = plan(&Snapshot::of(&house.state), &Policy::default(), house.now()).order;
    assert_eq!(order, [ben, ana]);
    assert!(snapshot.usage.part(&UserName::from("ben")) > 0.9);

    // Who starts late learns the same from what the state remembers.
    let mut late = Learned::default();
    late.follow(&house.state);
    let mut again = Snapshot::of(&house.state);
    late.annotate(&mut again);
    assert_eq!(
        plan(&again, &Policy::default(), house.now()).order,
        [ana, ben]
    );
    assert!(house.state.live_job(blocker).is_some());

    // What a person moves stands where they put it, whatever was learned.
    let command = Command::Move(ben, MoveTo::Top);
    let actor = Actor::User {
        name: UserName::from("ben"),
        admin: true,
    };
    house.take(Input::Command { actor, command });
    let mut moved = Snapshot::of(&house.state);
    late.annotate(&mut moved);
    assert_eq!(
        plan(&moved, &Policy::default(), house.now()).order,
        [ben, ana]
    );
}
