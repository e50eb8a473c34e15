//! The state machine's promises, whatever comes.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod random;

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{
    Actor, Command, Input, JobId, JobState, Record, Refusal, Role, Rules, State, Tasks, decide,
};
use proptest::prelude::*;
use random::{World, steps};

fn check(state: &State) -> Result<(), TestCaseError> {
    let mut holders = BTreeMap::new();
    for job in state.live() {
        prop_assert!(!job.is_finished(), "finished jobs are not live");
        for (_, gpu) in job
            .attempt()
            .into_iter()
            .flat_map(|attempt| attempt.lease.gpus())
        {
            let before = holders.insert(gpu.uuid.clone(), job.id);
            prop_assert_eq!(before, None, "{:?} is leased twice", gpu);
            prop_assert_eq!(state.holder(&gpu.uuid), job.attempt_id());
        }
        if let Some(told) = job.attempt().and_then(|attempt| attempt.told) {
            let idle = state
                .alerts()
                .any(|alert| alert.finding.subject.job() == Some(job.id));
            let asked = job.spec.notice.ahead.is_some();
            prop_assert!(
                asked || idle || job.deadline().is_none_or(|limit| limit != told),
                "only who asked is told"
            );
            prop_assert!(
                job.tell_at().is_none() || job.deadline() != Some(told),
                "once for a limit"
            );
        }
        let numbers: Vec<u32> = job.past.iter().map(|past| past.number).collect();
        let expected: Vec<u32> = (1..).take(numbers.len()).collect();
        prop_assert_eq!(numbers, expected, "attempts count from 1");
    }
    for job in state.recent() {
        prop_assert!(job.given.is_empty(), "what has ended uses no more");
    }
    let mut open = BTreeSet::new();
    for alert in state.alerts() {
        let about = (alert.finding.rule, &alert.finding.subject);
        prop_assert!(open.insert(about), "each opens once");
        prop_assert!(alert.id < state.next_alert(), "no number is given twice");
    }
    prop_assert_eq!(
        holders.len(),
        state.leased_count(),
        "leases end with their attempts"
    );
    for reservation in state.reservations() {
        let log = reservation.log.values();
        let over = log.filter_map(|log| log.over.as_ref());
        let longest = reservation.what.gpus() * 3600 * 24;
        prop_assert!(
            over.map(|over| over.idle_gpu_seconds)
                .all(|s| s <= longest.into())
        );
    }
    let mut counted: BTreeMap<JobId, Tasks> = BTreeMap::new();
    for job in state.live().chain(state.recent()) {
        if let Some(task) = job.spec.array {
            let outcome = job.outcome().map(berth_domain::Outcome::token);
            *counted
                .entry(task.array)
                .or_default()
                .of(job.name(), outcome) += 1;
        }
    }
    let known = state.arrays().map(|(id, array)| (id, array.tasks));
    prop_assert_eq!(known.collect::<BTreeMap<_, _>>(), counted);
    for campaign in state.campaigns() {
        let numbers = campaign.trials.iter().map(|trial| trial.number);
        prop_assert!(numbers.eq(1..campaign.next_trial()), "trials count from 1");
        let jobs = state.live().chain(state.recent());
        let jobs = jobs.filter(|job| job.campaign == Some(campaign.id));
        let jobs: BTreeSet<JobId> = jobs.map(|job| job.id).collect();
        let of_trials = campaign.trials.iter().map(|trial| trial.job);
        prop_assert_eq!(
            of_trials.collect::<BTreeSet<_>>(),
            jobs,
            "each trial has its job"
        );
        for trial in &campaign.trials {
            let done = trial.state == berth_domain::campaign::TrialState::Done;
            prop_assert_eq!(trial.result.is_some(), done);
        }
    }
    let ranks: BTreeSet<_> = state.live().map(|job| job.rank.clone()).collect();
    prop_assert_eq!(
        ranks.len(),
        state.live_count(),
        "live jobs never share a rank"
    );
    Ok(())
}

/// No way leads from a job back to itself.
/// What somebody asks for, done or refused.
fn send(world: &mut World, actor: &Actor, command: Command) -> Result<(), Refusal> {
    let input = Input::Command {
        actor: actor.clone(),
        command,
    };
    let events = decide(&world.state, &Rules::default(), input, world.now)?.events;
    for event in events {
        world.apply(vec![Record {
            seq: world.state.seq.next(),
            at: world.now,
            actor: actor.clone(),
            event,
        }]);
    }
    Ok(())
}

fn acyclic(state: &State) -> bool {
    let mut done = BTreeSet::new();
    let mut rest: Vec<_> = state.live().collect();
    loop {
        let free = |job: &&berth_domain::Job| {
            let mut waits = job
                .spec
                .dependencies
                .iter()
                .map(|dependency| dependency.job);
            waits.all(|id| done.contains(&id) || state.live_job(id).is_none())
        };
        let (ready, blocked): (Vec<_>, Vec<_>) = rest.into_iter().partition(free);
        if ready.is_empty() {
            return blocked.is_empty();
        }
        done.extend(ready.iter().map(|job| job.id));
        rest = blocked;
    }
}

proptest! {
    #[test]
    fn whatever_comes_the_promises_hold(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            let records: Vec<Record> = world.decide(step);
            let changes = world.state.project(&records).expect("what was decided is legal");
            world.apply(records);
            // What was going to be written is what it came to.
            for job in &changes.jobs {
                prop_assert_eq!(world.state.job(job.id), Some(job));
            }
            for one in &changes.alerts {
                let open = one.resolved_at.is_none();
                prop_assert_eq!(world.state.alert(one.id), open.then_some(one));
            }
            for one in &changes.reservations {
                prop_assert_eq!(world.state.reservation(one.id), Some(one));
            }
            if let Some(agents) = &changes.agents {
                prop_assert_eq!(agents, world.state.agents());
            }
            for one in &changes.campaigns {
                prop_assert_eq!(world.state.campaign(one.id), Some(one));
            }
            for one in &changes.cards {
                prop_assert_eq!(world.state.card(one.id), Some(one));
            }
            prop_assert_eq!(changes.counters, world.state.counters());
            check(&world.state)?;
        }
        prop_assert!(acyclic(&world.state));
        prop_assert_eq!(&State::replay(&world.journal).expect("a legal journal"), &world.state);
        // And as it is stored.
        let text = serde_json::to_string(&world.journal).expect("JSON");
        let read: Vec<Record> = serde_json::from_str(&text).expect("JSON");
        prop_assert_eq!(read, world.journal);
    }

    #[test]
    fn illegal_events_change_nothing(steps in steps(), pick in any::<prop::sample::Index>()) {
        let mut world = World::new();
        for step in steps {
            let records = world.decide(step);
            world.apply(records);
        }
        // Any event of the past, again.
        let old = &world.journal[pick.index(world.journal.len())];
        let again = Record { seq: world.state.seq.next(), ..old.clone() };
        let before = world.state.clone();
        if world.state.apply(&again).is_err() {
            prop_assert_eq!(&world.state, &before);
        }
        // Whether it was legal or not: nothing holds a GPU twice.
        check(&world.state)?;
    }

    #[test]
    fn a_move_is_taken_back_by_who_moved(steps in steps(), pick in any::<prop::sample::Index>(), top in any::<bool>()) {
        use berth_domain::{Actor, Command, MoveTo, Refusal};
        let mut world = World::new();
        for step in steps {
            let records = world.decide(step);
            world.apply(records);
        }
        let waiting: Vec<_> = world.state.live().filter(|job| job.is_waiting()).cloned().collect();
        prop_assume!(!waiting.is_empty());
        let job = pick.get(&waiting);
        let owner = Actor::user(job.owner.clone(), Role::Member);
        let admin = Actor::user("somebody-else", Role::Admin);
        let to = if top { MoveTo::Top } else { MoveTo::Bottom };
        send(&mut world, &owner, Command::Move(job.id, to)).unwrap();
        let place = |world: &World| {
            let job = world.state.live_job(job.id).unwrap();
            (job.rank.clone(), job.moved)
        };
        // Where it was alone, there is nowhere to go.
        prop_assume!(place(&world) != (job.rank.clone(), job.moved));
        let refused = send(&mut world, &admin, Command::UndoMove(job.id)).unwrap_err();
        prop_assert_eq!(refused, Refusal::NothingToUndo { job: job.id });
        send(&mut world, &owner, Command::UndoMove(job.id)).unwrap();
        prop_assert_eq!(place(&world), (job.rank.clone(), job.moved));
        let refused = send(&mut world, &owner, Command::UndoMove(job.id)).unwrap_err();
        prop_assert_eq!(refused, Refusal::NothingToUndo { job: job.id });
        check(&world.state)?;
    }
}

#[test]
fn a_retry_waits_longer_each_time() {
    use berth_domain::decide::{Input, Report, Rules, decide};
    use berth_domain::{Actor, Exit};
    let mut world = World::new();
    let submit = random::Step::Submit {
        user: 1,
        gpus: 1,
        retries: 2,
        hold: false,
        after: None,
        array: false,
        key: None,
    };
    let records = world.decide(submit);
    world.apply(records);
    let mut waits = Vec::new();
    for _ in 0..3 {
        let records = world.decide(random::Step::Start { jobs: 1, gpu: 0 });
        world.apply(records);
        let attempt = world.state.live().next().unwrap().attempt_id().unwrap();
        let reports = [(attempt, Report::Exited(Exit::code(1)))].into();
        let events = decide(
            &world.state,
            &Rules::default(),
            Input::Reports(reports),
            world.now,
        );
        for event in events.unwrap().events {
            let seq = world.state.seq.next();
            let record = Record {
                seq,
                at: world.now,
                actor: Actor::Berth,
                event,
            };
            world.apply(vec![record]);
        }
        match world.state.live().next().map(|job| job.state.clone()) {
            Some(JobState::Queued { not_before, .. }) => {
                waits.push(not_before.unwrap().duration_since(world.now).as_secs());
            }
            other => assert_eq!(other, None),
        }
    }
    assert_eq!(waits, [10, 20]);
    let job = world.state.recent().next().unwrap();
    assert_eq!((job.past.len(), job.exit_code()), (3, Some(1)));
}

#[test]
fn who_asked_to_be_told_before_the_limit_is_told_once_for_each_limit() {
    use berth_domain::decide::{Input, Rules, decide};
    use berth_domain::{Actor, Command, Event, JobPatch, Report, SubmitRequest};
    use std::time::Duration;
    let mut world = World::new();
    let mut send = |input: Input, after_s: i64| -> Vec<Event> {
        world.now += jiff::SignedDuration::from_secs(after_s);
        let decided = decide(&world.state, &Rules::default(), input, world.now);
        let events = decided.unwrap().events;
        for event in &events {
            let record = Record {
                seq: world.state.seq.next(),
                at: world.now,
                actor: Actor::Berth,
                event: event.clone(),
            };
            world.apply(vec![record]);
        }
        events
    };
    let ana = Actor::user("ana", Role::Member);
    let command = |command| Input::Command {
        actor: ana.clone(),
        command,
    };
    let request = SubmitRequest {
        command: vec!["true".into()],
        gpus: Some(0),
        time_limit: Some("10m".into()),
        signal: Some("USR1@120".into()),
        ..SubmitRequest::default()
    };
    send(command(Command::Submit(Box::new(request))), 0);
    let part = berth_domain::NodeLease {
        node: "n1".into(),
        gpus: vec![],
    };
    let job = JobId(1);
    send(
        Input::Starts(vec![(job, berth_domain::Lease(vec![part]))]),
        0,
    );
    let attempt = berth_domain::AttemptId { job, number: 1 };
    let running = Report::Running { sessions: vec![] };
    send(Input::Reports([(attempt, running)].into()), 0);
    let told = |events: &[Event]| matches!(events, [Event::AttemptTold { .. }]);
    assert_eq!(send(Input::Clock, 479), []);
    assert!(told(&send(Input::Clock, 1)));
    assert_eq!(send(Input::Clock, 1), []);
    // It gets more time, and is told again when that is over.
    let patch = JobPatch {
        time_limit: Some(Duration::from_secs(900)),
        ..JobPatch::default()
    };
    send(command(Command::Update(job, Box::new(patch))), 0);
    assert_eq!(send(Input::Clock, 298), []);
    assert!(told(&send(Input::Clock, 1)));
    // And then it is over.
    let events = send(Input::Clock, 120);
    assert!(
        matches!(events[..], [Event::AttemptStopping { .. }]),
        "{events:?}"
    );
}

/// Both had ended, so that neither seemed to wait for the other.
#[test]
fn jobs_that_come_back_do_not_wait_for_each_other() {
    use berth_domain::{Actor, Command, JobPatch, SubmitRequest};
    let mut world = World::new();
    let ana = Actor::user("ana", Role::Member);
    let mut send = |command: Command| send(&mut world, &ana, command);
    let submit = |after: &[&str]| {
        Command::Submit(Box::new(SubmitRequest {
            command: vec!["true".into()],
            gpus: Some(0),
            hold: true,
            after: after.iter().map(|one| (*one).to_owned()).collect(),
            ..SubmitRequest::default()
        }))
    };
    let (first, second) = (JobId(1), JobId(2));
    send(submit(&[])).unwrap();
    send(submit(&["afterany:1"])).unwrap();
    send(Command::Cancel(first)).unwrap();
    send(Command::Cancel(second)).unwrap();
    send(Command::Requeue(first)).unwrap();
    let patch = JobPatch {
        dependencies: Some(vec!["afterany:2".parse().unwrap()]),
        ..JobPatch::default()
    };
    send(Command::Update(first, Box::new(patch))).unwrap();
    let refused = send(Command::Requeue(second)).unwrap_err().to_string();
    assert!(refused.contains("a cycle: 2 → 1 → 2"), "{refused}");
    assert!(acyclic(&world.state));
}

/// A property of random inputs is worth what they reach.
#[test]
fn the_random_inputs_reach_every_event() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..700 {
        let mut world = World::new();
        for step in steps().new_tree(&mut runner).unwrap().current() {
            let records = world.decide(step);
            world.apply(records);
        }
        for record in &world.journal {
            let event = serde_json::to_value(&record.event).unwrap();
            *kinds
                .entry(event["type"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    assert_eq!(kinds.len(), 40, "{kinds:?}");
    assert!(kinds.values().all(|count| *count > 5), "{kinds:?}");
}
