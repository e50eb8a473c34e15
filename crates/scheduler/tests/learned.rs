//! What the planner learns from a journal that is being written, and learns again from one that
//! was.

use berth_domain::decide::{Input, Report};
use berth_domain::{
    Actor, Command, Exit, Gpu, GpuUuid, JobId, MoveTo, Node, NodeName, NodeSource, Record,
    ReservationId, ReserveRequest, Role, Rules, State, SubmitRequest, Timestamp, UserName, decide,
};
use berth_scheduler::sim::{Cluster, History, LeftOut, TraceJob, simulate};
use berth_scheduler::{Learned, Learning, Policy, Snapshot, forecast, plan};

/// A state with its journal, what is learned from it, and a clock that tests move.
#[derive(Default)]
struct House {
    state: State,
    journal: Vec<Record>,
    learned: Learned,
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
            self.learned.apply(&record, &self.state);
            self.journal.push(record);
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
        let actor = Actor::user(UserName::from(user), Role::Member);
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
    let mut house = House::default();
    let gpu = Gpu::new(0, GpuUuid::from("gpu"), "H100", 80 << 30);
    house.take(Input::Inventory(vec![Node::new(
        NodeName::from("node-1"),
        NodeSource::Simulated,
        vec![gpu],
    )]));
    house
}

#[test]
fn a_users_habit_is_learned_from_what_ended() {
    let mut house = house();
    // Ana's jobs run ten minutes, Ben's six hours, whatever they ask for.
    for n in 0..15 {
        for (user, seconds) in [("ana", 600), ("ben", 21_600)] {
            let job = house.submit(user, &format!("run-{n}"));
            house.start();
            house.second += seconds;
            house.end(job);
        }
    }
    let blocker = house.submit("cleo", "blocker");
    house.start();
    let ben = house.submit("ben", "run-99");
    let ana = house.submit("ana", "run-99");
    let mut snapshot = Snapshot::of(&house.state);
    house.learned.annotate(&mut snapshot);
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

    assert!(house.state.live_job(blocker).is_some());

    // What a person moves stands where they put it, whatever was learned.
    let command = Command::Move(ben, MoveTo::Top);
    let actor = Actor::user("ben", Role::Admin);
    house.take(Input::Command { actor, command });
    let mut moved = Snapshot::of(&house.state);
    house.learned.annotate(&mut moved);
    assert_eq!(
        plan(&moved, &Policy::default(), house.now()).order,
        [ben, ana]
    );
}

impl House {
    /// What people are shown a moment later; returns the forecasts that are kept.
    fn show(&mut self) -> Vec<(JobId, Timestamp, berth_scheduler::Forecast)> {
        self.second += 1;
        let now = self.now();
        let mut snapshot = Snapshot::of(&self.state);
        self.learned.annotate(&mut snapshot);
        let experience = self.learned.experience();
        let forecasts = forecast(&snapshot, &Policy::default(), now, experience);
        let kept = self.learned.keep(&forecasts, now);
        kept.into_iter()
            .map(|(job, forecast)| (job, now, forecast))
            .collect()
    }

    fn command(&mut self, command: Command) {
        let actor = Actor::user("ana", Role::Admin);
        self.take(Input::Command { actor, command });
    }

    /// Use and predictions as a plan would see them.
    fn annotated(&self, learned: &Learned) -> String {
        let mut snapshot = Snapshot::of(&self.state);
        learned.clone().annotate(&mut snapshot);
        let usage = |user: &str| snapshot.usage.part(&UserName::from(user));
        let jobs = snapshot.pending.iter().map(|one| &one.job);
        let predicted: Vec<_> = jobs.map(|job| (job.id, job.predicted.clone())).collect();
        format!("{} {} {predicted:?}", usage("ana"), usage("ben"))
    }
}

#[test]
fn who_reads_the_journal_knows_what_was_known_before() {
    let mut house = house();
    let mut kept = Vec::new();
    // Jobs that wait for each other, some of which are cancelled, changed, and run again.
    for n in 0..60 {
        let job = house.submit(["ana", "ben", "cleo"][n % 3], &format!("run-{n}"));
        house.start();
        kept.extend(house.show());
        match n % 7 {
            2 => house.command(Command::Update(
                job,
                Box::new(berth_domain::JobPatch {
                    time_limit: Some(std::time::Duration::from_secs(3 * 3600)),
                    ..berth_domain::JobPatch::default()
                }),
            )),
            3 => house.command(Command::Cancel(job)),
            _ => {}
        }
        house.second += 400;
        kept.extend(house.show());
        let now = house.state.live().find(|job| job.attempt().is_some());
        if let Some(now) = now.map(|job| job.id).filter(|_| n % 2 == 0) {
            house.end(now);
            house.start();
            if n == 30 {
                house.command(Command::Requeue(now));
            }
        }
    }
    assert!(kept.len() > 20 && house.learned.predictor() != Learned::default().predictor());
    assert_ne!(house.learned.experience(), Learned::default().experience());

    let mut learning = Learning::with(kept);
    for record in &house.journal {
        learning.read(record);
    }
    let again = learning.finish(&house.state);
    assert_eq!(again.predictor(), house.learned.predictor());
    assert_eq!(again.experience(), house.learned.experience());
    assert_eq!(house.annotated(&again), house.annotated(&house.learned));
}

#[test]
fn what_is_reserved_and_idles_is_charged_until_it_is_given_back() {
    let mut house = house();
    // Ana keeps the GPU for an hour, does nothing with it for ten minutes, and gives it back; Ben
    // keeps it for the ten minutes after that and uses it.
    let reserve = |user: &str, minutes: &str, house: &mut House| {
        let request = ReserveRequest {
            gpus: Some(1),
            length: Some(minutes.to_owned()),
            ..ReserveRequest::default()
        };
        let actor = Actor::user(UserName::from(user), Role::Member);
        let command = Command::Reserve(None, Box::new(request));
        house.take(Input::Command {
            actor: actor.clone(),
            command,
        });
        actor
    };
    let ana = reserve("ana", "60", &mut house);
    house.second += 600;
    let command = Command::EndReservation(ReservationId(1));
    house.take(Input::Command {
        actor: ana,
        command,
    });
    reserve("ben", "10", &mut house);
    let job = house.submit("ben", "run");
    house.start();
    house.second += 600;
    house.take(Input::Clock);
    house.end(job);
    house.second += 7200;
    house.take(Input::Clock);

    let part = |learned: &Learned, user: &str| {
        let mut snapshot = Snapshot::of(&house.state);
        learned.clone().annotate(&mut snapshot);
        snapshot.usage.part(&UserName::from(user))
    };
    // Ten minutes each: hers idle, his of his job and not of his reservation once more.
    assert!((part(&house.learned, "ana") - 0.5).abs() < 0.001);
    assert!((part(&house.learned, "ben") - 0.5).abs() < 0.001);
    // A server that starts now counts the same, also if the journal that it reads begins later.
    let mut again = Learning::default();
    house.journal.iter().for_each(|record| again.read(record));
    let again = again.finish(&house.state);
    assert_eq!(house.annotated(&again), house.annotated(&house.learned));
    let mut late = Learning::default();
    let over =
        |record: &&Record| matches!(record.event, berth_domain::Event::ReservationOver { .. });
    house
        .journal
        .iter()
        .filter(over)
        .for_each(|record| late.read(record));
    let late = late.finish(&house.state);
    assert!((part(&late, "ana") - 1.0).abs() < 1e-9);
}

#[test]
fn what_ran_can_be_run_again() {
    let mut house = house();
    let from = house.now();
    let first = house.submit("ana", "first");
    house.start();
    // Nobody is to blame for a wait while somebody held it.
    let held = house.submit("ben", "held");
    house.command(Command::Hold(held));
    house.second = 300;
    house.command(Command::Release(held));
    house.second = 600;
    house.end(first);
    house.start();
    house.second = 900;
    house.end(held);
    let cancelled = house.submit("ben", "cancelled");
    house.command(Command::Cancel(cancelled));
    house.submit("cleo", "running");
    house.start();
    house.submit("cleo", "waiting");

    let jobs: Vec<_> = house
        .state
        .recent()
        .chain(house.state.live())
        .cloned()
        .collect();
    let released = house
        .journal
        .iter()
        .filter_map(|record| match record.event {
            berth_domain::Event::JobReleased { job } => Some((job, record.at)),
            _ => None,
        });
    let released: Vec<_> = released.collect();
    let cluster = Cluster::of(house.state.nodes());
    let history = History::of("a quarter", &jobs, &released, from, &cluster);
    let seconds = |job: &TraceJob| (job.id, job.submit_s, job.duration_s);
    let trace: Vec<_> = history.trace.iter().map(seconds).collect();
    assert_eq!(trace, [(first.0, 0, 600), (held.0, 300, 300)]);
    let left_out = LeftOut {
        running: 1,
        waiting: 1,
        never_ran: 1,
        ..LeftOut::default()
    };
    assert_eq!(history.left_out, left_out);
    // First come, first served is what happened, and what the simulator says of it.
    let real = &history.real.summary;
    assert!((real.wait_mean_min - 2.5).abs() < 1e-9, "{real:?}");
    let again = simulate("again", &history.trace, &cluster, &Policy::fifo());
    assert_eq!(again.jobs, history.real.jobs);
    assert!((again.summary.pack_pct - real.pack_pct).abs() < 1e-9);
    assert!((again.summary.jain - real.jain).abs() < 1e-9);
}
