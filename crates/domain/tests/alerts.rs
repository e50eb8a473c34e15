//! What becomes of findings and answers.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::time::Duration;

use berth_domain::command::AdoptRequest;
use berth_domain::decide::{Input, Ladder, Rules, Seen, decide};
use berth_domain::{
    Actor, AlertRule, AlertState, AttemptId, Choice, Command, Event, Exit, Finding, Foreign,
    ForeignProcess, Gpu, GpuRef, GpuUuid, JobId, JobState, Lease, Node, NodeLease, NodeName,
    NodeSource, Outcome, Place, Record, Refusal, Report, Role, Rung, Severity, State, StopCause,
    Subject, SubmitRequest, Timestamp, UserName,
};
use jiff::SignedDuration;

struct World {
    state: State,
    rules: Rules,
    now: Timestamp,
}

fn user(name: &str) -> Actor {
    let role = if name == "root" {
        Role::Admin
    } else {
        Role::Member
    };
    Actor::user(name, role)
}

fn gpu(index: u32) -> GpuRef {
    GpuRef {
        index,
        uuid: GpuUuid(format!("GPU-{index}")),
    }
}

fn on_gpu(index: u32) -> Subject {
    Subject::Gpu {
        place: Place {
            node: NodeName::from("n1"),
            gpu: Some(index),
        },
        gpu: gpu(index).uuid,
    }
}

fn finding(rule: AlertRule, subject: Subject, choices: &[Choice]) -> Finding {
    Finding {
        rule,
        subject,
        severity: Severity::Warning,
        text: "Something is wrong.".to_owned(),
        advice: "Mend it.".to_owned(),
        asks: Some(UserName::from("ana")),
        choices: choices.to_vec(),
    }
}

fn idle(job: u64) -> Finding {
    let subject = Subject::Job { job: JobId(job) };
    let choices = [Choice::Keep, Choice::Stop, Choice::Preemptible];
    finding(AlertRule::NoProcess, subject, &choices)
}

fn stranger(pid: u32, gpus: &[u32]) -> Foreign {
    let process = ForeignProcess {
        pid,
        started: 99,
        user: Some("bo".to_owned()),
        command: Some("/usr/bin/python3 /home/bo/train.py --lr 1".to_owned()),
        of: None,
        since: Timestamp::UNIX_EPOCH,
        ignored: false,
    };
    let each = gpus
        .iter()
        .map(|index| (gpu(*index).uuid, vec![process.clone()]));
    each.collect()
}

impl World {
    /// One node of eight GPUs, and job 1 of ana's runs on GPU 0.
    fn new() -> Self {
        let mut world = World {
            state: State::default(),
            rules: Rules::default(),
            now: Timestamp::from_second(1_000_000).unwrap(),
        };
        let gpus = (0..8).map(|index| Gpu::new(index, gpu(index).uuid, "H100", 80 << 30));
        let node = Node::new(NodeName::from("n1"), NodeSource::Local, gpus.collect());
        world.does(Input::Inventory(vec![node]));
        let request = SubmitRequest {
            command: vec!["train".to_owned()],
            gpus: Some(1),
            ..SubmitRequest::default()
        };
        world
            .says("ana", Command::Submit(Box::new(request)))
            .unwrap();
        let lease = Lease(vec![NodeLease {
            node: NodeName::from("n1"),
            gpus: vec![gpu(0)],
        }]);
        world.does(Input::Starts(vec![(JobId(1), lease)]));
        let running = Report::Running { sessions: vec![] };
        world.reports(1, running);
        world
    }

    fn does(&mut self, input: Input) -> Vec<Event> {
        self.take(&Actor::Berth, input).unwrap()
    }

    fn says(&mut self, who: &str, command: Command) -> Result<Vec<Event>, Refusal> {
        let actor = user(who);
        let input = Input::Command {
            actor: actor.clone(),
            command,
        };
        self.take(&actor, input)
    }

    fn take(&mut self, actor: &Actor, input: Input) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.state, &self.rules, input, self.now)?.events;
        for event in &events {
            let record = Record {
                seq: self.state.seq.next(),
                at: self.now,
                actor: actor.clone(),
                event: event.clone(),
            };
            self.state.apply(&record).unwrap();
        }
        Ok(events)
    }

    fn reports(&mut self, job: u64, report: Report) -> Vec<Event> {
        let attempt = AttemptId {
            job: JobId(job),
            number: 1,
        };
        self.does(Input::Reports([(attempt, report)].into()))
    }

    fn sees(&mut self, foreign: Foreign, findings: &[Finding]) -> Vec<Event> {
        self.does(Input::Seen(Seen {
            foreign,
            findings: findings.to_vec(),
        }))
    }

    fn answers(&mut self, who: &str, choice: Choice, because: Option<&str>) -> Result<(), Refusal> {
        let alert = self.state.alerts().next().unwrap().id;
        let command = Command::Answer {
            alert,
            choice,
            because: because.map(str::to_owned),
            lasts: None,
        };
        self.says(who, command).map(|_| ())
    }

    fn later(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    fn job(&self, id: u64) -> &berth_domain::Job {
        self.state.job(JobId(id)).unwrap()
    }
}

#[test]
fn an_alert_opens_once_and_ends_with_its_cause() {
    let mut world = World::new();
    assert_eq!(world.sees(Foreign::new(), &[idle(1)]).len(), 1);
    assert_eq!(world.sees(Foreign::new(), &[idle(1)]), []);
    let alert = world.state.alerts().next().unwrap().clone();
    assert_eq!((alert.id.0, alert.state()), (1, AlertState::Open));
    let events = world.sees(Foreign::new(), &[]);
    assert_eq!(events, [Event::AlertResolved { alert: alert.id }]);
    assert_eq!(world.state.alerts().count(), 0);
    // The same once more is another alert.
    world.sees(Foreign::new(), &[idle(1)]);
    assert_eq!(world.state.alerts().next().unwrap().id.0, 2);
}

#[test]
fn what_was_seen_of_a_job_before_it_ended_opens_nothing() {
    let mut world = World::new();
    world.reports(1, Report::Exited(Exit::code(0)));
    assert_eq!(world.sees(Foreign::new(), &[idle(1), idle(99)]), []);
}

#[test]
fn what_is_kept_for_a_reason_is_asked_again_when_the_time_is_over() {
    let mut world = World::new();
    world.sees(Foreign::new(), &[idle(1)]);
    let refused = world.answers("ana", Choice::Keep, None).unwrap_err();
    assert_eq!(refused.field(), Some("because"));
    let refused = world
        .answers("bo", Choice::Keep, Some("I like it"))
        .unwrap_err();
    assert!(
        matches!(refused, Refusal::AlertNotYours { .. }),
        "{refused}"
    );
    let refused = world.answers("ana", Choice::Cordon, None).unwrap_err();
    let text = "Alert 1 cannot be answered with 'cordon'. It can be with: keep, stop, preemptible.";
    assert_eq!(refused.to_string(), text);
    world
        .answers("ana", Choice::Keep, Some("data comes at noon"))
        .unwrap();
    let alert = world.state.alerts().next().unwrap();
    assert_eq!(alert.state(), AlertState::Answered);
    world.later(119);
    assert_eq!(world.sees(Foreign::new(), &[idle(1)]), []);
    world.later(2);
    let events = world.sees(Foreign::new(), &[idle(1)]);
    assert!(
        matches!(events[0], Event::AlertResolved { .. }),
        "{events:?}"
    );
    assert!(matches!(events[1], Event::AlertOpened { .. }), "{events:?}");
}

#[test]
fn answers_do_what_they_say() {
    let mut world = World::new();
    world.sees(Foreign::new(), &[idle(1)]);
    world.answers("ana", Choice::Preemptible, None).unwrap();
    assert!(world.job(1).spec.preemptible);
    world.sees(Foreign::new(), &[]);
    world.sees(Foreign::new(), &[idle(1)]);
    world.answers("root", Choice::Stop, None).unwrap();
    let by = UserName::from("root");
    let JobState::Stopping { cause, .. } = &world.job(1).state else {
        panic!("it stops");
    };
    assert_eq!(*cause, StopCause::Cancelled { by });
}

#[test]
fn by_default_nobody_is_stopped_for_not_answering() {
    let mut world = World::new();
    world.sees(Foreign::new(), &[idle(1)]);
    for _ in 0..20 {
        world.later(60);
        assert_eq!(world.sees(Foreign::new(), &[idle(1)]), []);
    }
}

#[test]
fn the_ladder_is_climbed_a_rung_at_a_time_until_somebody_answers() {
    let mut world = World::new();
    world.rules.ladder = Ladder {
        top: Rung::Requeue,
        every: Duration::from_secs(600),
    };
    world.sees(Foreign::new(), &[idle(1)]);
    let mut climbed = |minutes| {
        world.later(minutes);
        let events = world.sees(Foreign::new(), &[idle(1)]);
        let rung = events.iter().find_map(|event| match event {
            Event::AlertClimbed { rung, .. } => Some(*rung),
            _ => None,
        });
        (rung, events.len())
    };
    assert_eq!(climbed(9), (None, 0));
    assert_eq!(climbed(1), (Some(Rung::Preemptible), 2));
    assert_eq!(climbed(9), (None, 0));
    assert_eq!(climbed(1), (Some(Rung::Checkpoint), 2));
    assert_eq!(climbed(10), (Some(Rung::Requeue), 2));
    assert_eq!(climbed(10), (None, 0));
    let exited = Report::Exited(Exit::code(143));
    world.reports(1, exited);
    assert!(matches!(world.job(1).state, JobState::Queued { .. }));
    // Who answers is left alone.
    let mut world = World::new();
    world.rules.ladder.top = Rung::Requeue;
    world.sees(Foreign::new(), &[idle(1)]);
    world.answers("ana", Choice::Keep, Some("soon")).unwrap();
    world.later(60);
    assert_eq!(world.sees(Foreign::new(), &[idle(1)]), []);
}

#[test]
fn a_broken_gpu_is_cordoned_at_once_and_what_ran_there_is_queued_again() {
    let mut world = World::new();
    let broken = finding(AlertRule::XidFatal, on_gpu(0), &[Choice::Ignore]);
    let events = world.sees(Foreign::new(), std::slice::from_ref(&broken));
    assert_eq!(events.len(), 3, "{events:?}");
    let place = "n1:0".parse().unwrap();
    assert!(world.state.cordons().contains_key(&place));
    assert!(matches!(
        &world.job(1).state,
        JobState::Stopping {
            cause: StopCause::GpuFault { .. },
            ..
        }
    ));
    assert_eq!(world.sees(Foreign::new(), &[broken]), []);
    world.reports(1, Report::Exited(Exit::code(1)));
    // It did not fail: it is not out of tries, though it had only one.
    assert!(matches!(world.job(1).state, JobState::Queued { .. }));
}

#[test]
fn a_foreign_process_is_adopted_with_all_its_gpus_and_its_end_is_the_jobs() {
    let mut world = World::new();
    world.sees(stranger(4711, &[2, 3]), &[]);
    assert!(world.state.used_outside(&gpu(2).uuid).is_some());
    let adopt = |pid| {
        Command::Adopt(Box::new(AdoptRequest {
            node: NodeName::from("n1"),
            pid,
            name: None,
            project: None,
            time_limit: None,
        }))
    };
    let refused = world.says("ana", adopt(4711)).unwrap_err();
    let text = "Process 4711 belongs to bo. Only bo or an admin can adopt it.";
    assert_eq!(refused.to_string(), text);
    let refused = world.says("bo", adopt(1)).unwrap_err();
    assert!(matches!(refused, Refusal::NotForeign { .. }), "{refused}");
    world.says("bo", adopt(4711)).unwrap();
    let job = world.job(2);
    assert_eq!(
        (job.owner.as_str(), job.spec.name.as_str()),
        ("bo", "train.py")
    );
    assert_eq!(job.attempt().unwrap().lease.0[0].gpus, [gpu(2), gpu(3)]);
    assert_eq!(world.state.foreign().len(), 0);
    world.reports(2, Report::Running { sessions: vec![] });
    // It cannot be started again.
    let refused = world.says("bo", Command::Requeue(JobId(2))).unwrap_err();
    assert!(refused.to_string().contains("was adopted"), "{refused}");
    world.reports(2, Report::Exited(Exit::code(0)));
    assert_eq!(world.job(2).outcome(), Some(&Outcome::Succeeded));
    assert_eq!(world.state.holder(&gpu(2).uuid), None);
}

#[test]
fn a_process_on_a_gpu_that_a_job_holds_cannot_be_adopted() {
    let mut world = World::new();
    world.sees(stranger(4711, &[0]), &[]);
    let request = AdoptRequest {
        node: NodeName::from("n1"),
        pid: 4711,
        name: None,
        project: None,
        time_limit: None,
    };
    let refused = world
        .says("bo", Command::Adopt(Box::new(request)))
        .unwrap_err();
    assert!(matches!(refused, Refusal::AdoptLeased { .. }), "{refused}");
}

#[test]
fn an_admin_may_have_a_foreign_process_ignored_and_that_is_remembered() {
    let mut world = World::new();
    let alert = finding(
        AlertRule::Foreign,
        on_gpu(5),
        &[Choice::Adopt, Choice::Ignore],
    );
    world.sees(stranger(7, &[5]), &[alert]);
    let refused = world.answers("ana", Choice::Ignore, None).unwrap_err();
    assert!(
        matches!(refused, Refusal::AlertForAdmins { .. }),
        "{refused}"
    );
    world.answers("root", Choice::Ignore, None).unwrap();
    assert_eq!(world.state.used_outside(&gpu(5).uuid), None);
    world.sees(stranger(7, &[5]), &[]);
    assert_eq!(world.state.used_outside(&gpu(5).uuid), None);
    // Another one is not.
    world.sees(stranger(8, &[5]), &[]);
    assert!(world.state.used_outside(&gpu(5).uuid).is_some());
}
