//! Each rule by a scenario that shows what it proposes, and that it proposes nothing where it should not.

use std::time::Duration;

use crate::world::{World, lost, node, out_of_memory, root, train, user};
use berth_domain::agent::{AgentRule, CardState, Draft, Mode};
use berth_domain::decide::{Input, Seen as Found};
use berth_domain::{
    Act, Actor, AlertRule, Choice, Command, Exit, Finding, JobId, JobPatch, MoveTo, PriorityClass,
    ReserveRequest, Rung, Severity, Subject, SubmitRequest, UserName,
};

fn says(draft: &Draft, words: &str) -> bool {
    draft.saw.iter().any(|line| line.contains(words))
}

fn patch(draft: &Draft) -> &JobPatch {
    match &draft.act {
        Some(Act::Update { patch, .. }) => patch,
        other => panic!("{other:?}"),
    }
}

/// Ana's jobs take 20 minutes, and ask for a day. One of bo holds six GPUs for five hours as his do, and another
/// waits for all eight.
fn backfill(policy: &str, like: usize) -> (World, JobId) {
    let mut world = World::new(policy, vec![node("n1", 8, 80)]);
    world.only(AgentRule::ShortenLimit);
    for _ in 0..10 {
        world.ran("bo", train("long", 6, "6h"), 300);
    }
    for n in 0..12 {
        let name = if n < like {
            format!("train-{n}")
        } else {
            "other".into()
        };
        world.ran("ana", train(&name, 1, "24h"), 20);
    }
    world.submit("bo", train("long", 6, "6h"));
    world.start();
    world.submit("bo", train("wide", 8, "6h"));
    let job = world.submit("ana", train("train-99", 1, "24h"));
    world.start();
    assert!(world.state.live_job(job).unwrap().is_waiting());
    (world, job)
}

#[test]
fn a_limit_far_above_what_its_like_took_is_shortened_where_that_helps() {
    let (mut world, job) = backfill("easy", 12);
    let draft = world.one();
    assert_eq!(draft.rule, AgentRule::ShortenLimit);
    assert_eq!((draft.job, &draft.asks), (Some(job), &Some("ana".into())));
    let limit = patch(&draft).time_limit.unwrap();
    assert!(limit >= Duration::from_secs(30 * 60), "{limit:?}");
    assert!(limit <= Duration::from_secs(6 * 3600), "{limit:?}");
    assert!(says(&draft, "12 jobs ended by themselves"), "{draft:#?}");
    assert!(says(&draft, "longest after 20 min"), "{draft:#?}");
    assert!(
        draft.title.contains("sooner with a time limit of"),
        "{}",
        draft.title
    );
    let effect = draft.predicted.unwrap();
    let sooner = -effect.own_wait_s.unwrap();
    assert!(sooner > 600.0 && effect.mean_wait_s < 0.0, "{effect:?}");
    assert!(effect.worst_delay_s <= sooner, "{effect:?}");
    assert_eq!(draft.considered.len(), 2);

    // Done, it starts at once; and taken back, it is not done again.
    let cards = world.propose();
    assert_eq!(cards[0].state, CardState::Acted);
    assert_eq!(world.clone().start(), [job]);
    world
        .send(&user("ana"), Command::UndoCard(cards[0].id))
        .unwrap();
    assert_eq!(
        world.state.live_job(job).unwrap().spec.time_limit.as_secs(),
        86_400
    );
    assert_eq!(world.look(), []);
}

#[test]
fn a_limit_is_left_where_its_owner_set_it_or_too_little_is_known_or_nothing_is_gained() {
    let (mut world, job) = backfill("easy", 12);
    let by_hand = JobPatch {
        time_limit: Some(Duration::from_secs(23 * 3600)),
        ..JobPatch::default()
    };
    let command = Command::Update(job, Box::new(by_hand));
    world.send(&user("ana"), command).unwrap();
    assert_eq!(world.look(), []);
    // Few like it.
    assert_eq!(backfill("easy", 4).0.look(), []);
    // Nobody may pass under strict order.
    assert_eq!(backfill("fifo", 12).0.look(), []);
    // The policy goes by what is predicted already.
    let (mut world, _) = {
        let mut world = World::new("berth", vec![node("n1", 8, 80)]);
        world.only(AgentRule::ShortenLimit);
        for n in 0..12 {
            world.ran("ana", train(&format!("train-{n}"), 1, "24h"), 20);
        }
        let job = world.submit("ana", train("train-99", 1, "24h"));
        (world, job)
    };
    assert_eq!(world.look(), []);
}

#[test]
fn one_that_runs_longer_after_all_gets_its_time_back() {
    let (mut world, job) = backfill("easy", 12);
    world.propose();
    world.start();
    let limit = world.state.live_job(job).unwrap().spec.time_limit;
    let minutes = i64::try_from(limit.as_secs() / 60).unwrap();
    world.passes(minutes / 2);
    assert_eq!(world.look(), []);
    world.passes(minutes * 2 / 5);
    let draft = world.one();
    assert_eq!(patch(&draft).time_limit, Some(Duration::from_secs(86_400)));
    world.propose();
    world.passes(minutes);
    let known = world.state.live_job(job).unwrap();
    assert_eq!(known.spec.time_limit.as_secs(), 86_400, "it goes on");
}

/// How long the limit of a job is, in minutes.
fn limit_min(world: &World, job: JobId) -> i64 {
    let limit = world.state.live_job(job).unwrap().spec.time_limit;
    i64::try_from(limit.as_secs() / 60).unwrap()
}

#[test]
fn time_is_given_back_whatever_the_rule_may_do_by_now() {
    for stopped in [false, true] {
        let (mut world, job) = backfill("easy", 12);
        world.propose();
        world.start();
        let minutes = limit_min(&world, job);
        assert!(minutes < 1440, "it was shortened");
        if stopped {
            let stop = Command::StopAgents {
                agent: None,
                why: "enough".into(),
                jobs: false,
            };
            world.send(&root(), stop).unwrap();
        } else {
            world.mode(Mode::Off);
        }
        world.passes(minutes * 9 / 10);
        let cards = world.propose();
        assert_eq!(cards.len(), 1, "{cards:#?}");
        assert_eq!(cards[0].state, CardState::Acted);
        assert_eq!(limit_min(&world, job), 1440);
        world.passes(minutes);
        assert!(world.state.live_job(job).is_some(), "it goes on");
        assert_eq!(world.look(), []);
    }
}

#[test]
fn what_ended_and_is_queued_again_still_gets_its_time_back() {
    let (mut world, job) = backfill("easy", 12);
    world.propose();
    world.start();
    let minutes = limit_min(&world, job);
    world.end(job, lost());
    assert!(world.state.job(job).unwrap().is_finished());
    world.send(&user("ana"), Command::Requeue(job)).unwrap();
    assert_eq!(world.start(), [job]);
    assert_eq!(limit_min(&world, job), minutes, "the limit stays");
    world.passes(minutes * 9 / 10);
    world.propose();
    assert_eq!(limit_min(&world, job), 1440);
}

#[test]
fn one_thing_is_changed_at_a_time() {
    let mut world = World::new("berth", vec![node("n1", 4, 80)]);
    let again = SubmitRequest {
        max_retries: Some(1),
        ..train("memory", 2, "4h")
    };
    let memory = world.submit("ana", again);
    for _ in 0..2 {
        world.start();
        world.passes(100);
        world.end(memory, out_of_memory());
        world.passes(1);
    }
    let node = world.submit("ana", train("lost", 2, "4h"));
    world.start();
    world.passes(50);
    world.end(node, lost());
    // What each comes to was foretold as if the other was not done.
    let acted = |cards: Vec<berth_domain::Card>| {
        let acted = cards.iter().filter(|card| card.state == CardState::Acted);
        acted.count()
    };
    for _ in 0..2 {
        let cards = world.propose();
        assert_eq!(acted(cards), 1);
    }
    assert!(world.state.live_job(memory).is_some());
    assert!(world.state.live_job(node).is_some());
}

#[test]
fn what_lost_its_node_is_queued_again_until_it_is_suspected() {
    let mut world = World::new("berth", vec![node("n1", 8, 80)]);
    world.only(AgentRule::RequeueLost);
    let job = world.submit("ana", train("train", 4, "4h"));
    for time in 1..=3 {
        assert_eq!(world.start(), [job]);
        world.passes(50);
        world.end(job, lost());
        let draft = world.one();
        assert!(
            says(&draft, "ran 50 min of its 4h on n1:0,1,2,3"),
            "{draft:#?}"
        );
        if time == 3 {
            assert_eq!(draft.act, None);
            assert!(
                draft.title.contains("lost its node 3 times"),
                "{}",
                draft.title
            );
            break;
        }
        assert_eq!(draft.act, Some(Act::Requeue { job }));
        assert!(draft.predicted.is_some());
        let card = world.propose().remove(0);
        assert_eq!(
            (card.state, card.undo),
            (CardState::Acted, Some(Act::Cancel { job }))
        );
        assert!(world.state.live_job(job).is_some());
        assert_eq!(world.look(), []);
    }
    // One that failed by itself stays ended, and so does one that was lost long ago.
    let other = world.submit("ana", train("other", 1, "1h"));
    world.start();
    world.end(other, Exit::code(1));
    world.passes(25 * 60);
    assert_eq!(world.look(), []);
}

#[test]
fn a_suggestion_about_what_has_ended_stays_until_somebody_queues_it_again() {
    let mut world = World::new("berth", vec![node("n1", 8, 80)]);
    world.mode(Mode::Suggest);
    let job = world.submit("ana", train("train", 4, "4h"));
    world.start();
    world.end(job, lost());
    let card = world.propose().remove(0);
    world.passes(10);
    assert!(world.state.card(card.id).unwrap().is_open());
    world.send(&user("ana"), Command::Requeue(job)).unwrap();
    world.passes(1);
    assert_eq!(world.state.card(card.id).unwrap().state, CardState::Expired);
}

#[test]
fn what_ran_out_of_memory_is_tried_on_larger_gpus_or_once_more_or_only_told() {
    let nodes = || vec![node("n1", 4, 40), node("n2", 4, 80)];
    let with_retries = |retries| SubmitRequest {
        max_retries: Some(retries),
        nodelist: vec![],
        ..train("train", 2, "4h")
    };
    // A try is left: it goes to larger GPUs.
    let mut world = World::new("berth", nodes());
    world.only(AgentRule::RetryMemory);
    let job = world.submit("ana", with_retries(1));
    world.start();
    let small = world.state.live_job(job).unwrap().lease().unwrap().0[0]
        .node
        .clone();
    world.passes(5);
    world.end(job, out_of_memory());
    let drafts = world.look();
    if small.as_str() == "n1" {
        let draft = drafts.first().unwrap();
        let asks = patch(draft).constraints.min_gpu_mem_bytes;
        assert_eq!(asks, Some(Some(80 << 30)), "{draft:#?}");
        assert!(
            draft.title.contains("try it on GPUs with 80GiB"),
            "{}",
            draft.title
        );
        world.propose();
        world.passes(5);
        world.start();
        let lease = world.state.live_job(job).unwrap().lease().unwrap().clone();
        assert_eq!(lease.0[0].node.as_str(), "n2");
    } else {
        panic!("the test wants it on the first node, not on {small}");
    }
    // Nowhere is more, and it ran long: once more.
    let mut world = World::new("berth", vec![node("n1", 4, 80)]);
    world.only(AgentRule::RetryMemory);
    let job = world.submit("ana", with_retries(1));
    for _ in 0..2 {
        world.start();
        world.passes(100);
        world.end(job, out_of_memory());
        world.passes(1);
    }
    let draft = world.one();
    assert_eq!(draft.act, Some(Act::Requeue { job }));
    assert!(says(&draft, "ran out of memory after 1.7 h"), "{draft:#?}");
    // Its owner allowed no try: only told.
    let mut world = World::new("berth", nodes());
    world.only(AgentRule::RetryMemory);
    let job = world.submit("ana", with_retries(0));
    world.start();
    world.passes(5);
    world.end(job, out_of_memory());
    let draft = world.one();
    assert_eq!(draft.act, None);
    assert!(says(&draft, "a smaller batch"), "{draft:#?}");
    assert!(says(&draft, "--gpu-mem 80GiB"), "{draft:#?}");
    // One that failed for another reason: nothing.
    let mut world = World::new("berth", nodes());
    let job = world.submit("ana", with_retries(0));
    world.start();
    world.end(job, Exit::code(1));
    assert_eq!(world.look(), []);
}

/// Two nodes full of small jobs, of which one ends every now and then, and a gang of both nodes.
fn gang(hours: i64) -> (World, JobId) {
    let mut world = World::new("berth", vec![node("n1", 8, 80), node("n2", 8, 80)]);
    world.only(AgentRule::DrainForGang);
    for _ in 0..12 {
        world.ran("bo", train("small", 2, "3h"), 100);
    }
    for _ in 0..3 {
        world.ran("ana", train("gang", 16, "12h"), 300);
    }
    for _ in 0..8 {
        world.submit("bo", train("small", 2, "3h"));
        world.start();
        world.passes(10);
    }
    let gang = SubmitRequest {
        nodes: Some(2),
        ..train("gang", 8, "12h")
    };
    let gang = world.submit("ana", gang);
    for _ in 0..hours * 6 {
        // As many come as end.
        world.submit("bo", train("small", 2, "3h"));
        world.start();
        world.passes(10);
        let oldest = world
            .state
            .live()
            .find(|job| job.attempt().is_some())
            .map(|job| job.id);
        if let Some(job) = oldest.filter(|job| *job != gang) {
            world.end(job, Exit::code(0));
        }
        world.start();
    }
    for _ in 0..24 {
        world.submit("bo", train("small", 2, "3h"));
    }
    world.start();
    (world, gang)
}

#[test]
fn room_is_made_for_a_gang_that_starves_and_its_cost_is_said() {
    let (mut world, gang) = gang(26);
    assert!(
        world.state.live_job(gang).unwrap().is_waiting(),
        "the test is right"
    );
    let draft = world.one();
    let top = MoveTo::Top;
    assert_eq!(draft.act, Some(Act::Move { job: gang, to: top }));
    assert_eq!(draft.asks, None, "it costs others");
    assert!(says(&draft, "What it costs"), "{draft:#?}");
    let effect = draft.predicted.unwrap();
    assert!(effect.own_wait_s.unwrap() <= -7200.0, "{effect:?}");
    assert!(effect.worst_mean_s >= effect.mean_wait_s, "{effect:?}");
    let card = world.propose().remove(0);
    assert_eq!(card.undo, Some(Act::UndoMove { job: gang }));
    assert_eq!(world.look(), []);
    world.send(&root(), Command::UndoCard(card.id)).unwrap();
    assert_eq!(world.look(), [], "a no holds");
}

#[test]
fn a_gang_that_has_not_waited_long_waits() {
    let (mut world, _) = gang(0);
    assert_eq!(world.look(), []);
}

fn reserved(no_show: Option<&str>) -> World {
    let mut world = World::new("berth", vec![node("n1", 8, 80)]);
    world.only(AgentRule::ReleaseNoShow);
    let request = ReserveRequest {
        gpus: Some(8),
        length: Some("6h".into()),
        no_show: no_show.map(str::to_owned),
        note: Some("demo".into()),
        ..ReserveRequest::default()
    };
    let command = Command::Reserve(None, Box::new(request));
    world.send(&user("ana"), command).unwrap();
    world
}

#[test]
fn a_reservation_to_which_nobody_comes_is_given_back_where_others_wait() {
    let mut world = reserved(None);
    let waits = world.submit("bo", train("train", 4, "2h"));
    assert_eq!(world.start(), []);
    world.passes(10);
    assert_eq!(world.look(), [], "she may still come");
    world.passes(10);
    let draft = world.one();
    let id = world.state.reservations().next().unwrap().id;
    assert_eq!(draft.act, Some(Act::EndReservation { id }));
    assert_eq!(draft.asks, Some(UserName::from("ana")));
    assert!(says(&draft, "Nobody came in 20 min"), "{draft:#?}");
    assert!(draft.predicted.unwrap().mean_wait_s < -3600.0);
    world.propose();
    assert_eq!(world.start(), [waits]);
    // Nobody waits, her own job waits, or it is released by itself: nothing.
    let mut world = reserved(None);
    world.passes(30);
    assert_eq!(world.look(), []);
    let mut world = reserved(None);
    world.submit("bo", train("train", 4, "2h"));
    let held = SubmitRequest {
        hold: true,
        ..train("hers", 4, "2h")
    };
    world.submit("ana", held);
    world.passes(30);
    assert_eq!(world.look(), []);
    let mut world = reserved(Some("2h"));
    world.submit("bo", train("train", 4, "2h"));
    world.passes(30);
    assert_eq!(world.look(), []);
}

fn idle(world: &mut World, job: JobId, rule: AlertRule) {
    let finding = Finding {
        rule,
        subject: Subject::Job { job },
        severity: Severity::Warning,
        text: format!("Job {job} holds 8 GPUs without any process on them."),
        advice: "Look at its log.".into(),
        asks: Some("ana".into()),
        choices: vec![
            Choice::Keep,
            Choice::Stop,
            Choice::Requeue,
            Choice::Preemptible,
        ],
    };
    let seen = Found {
        findings: vec![finding],
        ..Found::default()
    };
    world.input(&Actor::Berth, Input::Seen(seen)).unwrap();
}

fn idler(policy: &str, rule: AlertRule) -> (World, JobId) {
    let mut world = World::new(policy, vec![node("n1", 8, 80)]);
    world.only(AgentRule::IdleLadder);
    let job = world.submit("ana", train("notebook", 8, "24h"));
    world.start();
    idle(&mut world, job, rule);
    (world, job)
}

#[test]
fn who_holds_gpus_without_work_and_does_not_answer_goes_on() {
    // With preemption: first it may be preempted.
    let (mut world, job) = idler("berth", AlertRule::NoProcess);
    let on = berth_domain::PolicyChoice {
        knobs: [("preemption".to_owned(), "on".to_owned())].into(),
        ..berth_domain::PolicyChoice::default()
    };
    world.send(&root(), Command::SetPolicy(on)).unwrap();
    world.submit("bo", train("train", 8, "1h"));
    world.passes(20);
    assert_eq!(world.look(), []);
    world.passes(15);
    let draft = world.one();
    let Some(Act::Answer { choice, .. }) = draft.act else {
        panic!("{draft:#?}")
    };
    assert_eq!(choice, Choice::Preemptible);
    assert!(says(&draft, "was asked 35 min ago"), "{draft:#?}");
    let card = world.propose().remove(0);
    assert!(world.state.live_job(job).unwrap().spec.preemptible);
    world.send(&root(), Command::UndoCard(card.id)).unwrap();
    assert!(!world.state.live_job(job).unwrap().spec.preemptible);
}

#[test]
fn what_hangs_is_queued_again_and_what_rests_is_told() {
    let (mut world, job) = idler("fifo", AlertRule::HungCollective);
    world.passes(95);
    let draft = world.one();
    let Some(Act::Answer { choice, .. }) = draft.act else {
        panic!("{draft:#?}")
    };
    assert_eq!(choice, Choice::Requeue);
    world.propose();
    world.passes(1);
    assert!(world.state.live_job(job).unwrap().is_waiting());
    // It would start again before the one that waits: nobody gains.
    let (mut world, _) = idler("fifo", AlertRule::NoProcess);
    world.submit("bo", train("train", 8, "1h"));
    world.passes(95);
    let draft = world.one();
    assert_eq!(draft.act, None, "{draft:#?}");
    // Answered, or on a ladder that climbs by itself: nothing.
    let (mut world, _) = idler("fifo", AlertRule::HungCollective);
    let alert = world.state.alerts().next().unwrap().id;
    let keep = Command::Answer {
        alert,
        choice: Choice::Keep,
        because: Some("the data comes".into()),
        lasts: Some(Duration::from_secs(5 * 3600)),
    };
    world.send(&user("ana"), keep).unwrap();
    world.passes(95);
    assert_eq!(world.look(), []);
    let (mut world, _) = idler("fifo", AlertRule::HungCollective);
    world.ladder.top = Rung::Requeue;
    world.passes(95);
    assert_eq!(world.look(), []);
    // It waits for its data: it works.
    let (mut world, _) = idler("fifo", AlertRule::Starved);
    world.passes(95);
    assert_eq!(world.look(), []);
}

fn sweep(gpus_of_bo: i64) -> (World, JobId) {
    let mut world = World::new("easy", vec![node("n1", 8, 80)]);
    world.only(AgentRule::FillGaps);
    world.submit("bo", train("long", gpus_of_bo, "6h"));
    world.start();
    let array = SubmitRequest {
        array: Some("0-9%1".into()),
        ..train("sweep", 1, "2h")
    };
    world.submit("bo", train("wide", 8, "6h"));
    let array = world.submit("ana", array);
    assert_eq!(world.start(), [array]);
    (world, array)
}

#[test]
fn a_task_beyond_its_arrays_limit_fills_a_gap() {
    let (mut world, array) = sweep(6);
    let draft = world.one();
    let next = JobId(array.0 + 1);
    assert_eq!(draft.job, Some(next), "{draft:#?}");
    assert_eq!(patch(&draft).at_once, Some(2));
    assert!(says(&draft, "1 GPU is free"), "{draft:#?}");
    world.propose();
    assert_eq!(world.start(), [next]);
    assert_eq!(sweep(7).0.look(), [], "no GPU is free");
    // The gap is kept for somebody: it would be in the way.
    let (mut world, _) = sweep(6);
    let longer = JobPatch {
        time_limit: Some(Duration::from_secs(24 * 3600)),
        ..JobPatch::default()
    };
    let tasks: Vec<JobId> = world
        .state
        .live()
        .filter(|job| job.spec.array.is_some() && job.is_waiting())
        .map(|job| job.id)
        .collect();
    for task in tasks {
        let command = Command::Update(task, Box::new(longer.clone()));
        world.send(&user("ana"), command).unwrap();
    }
    assert_eq!(world.look(), []);
}

/// Eight GPUs are held for some hours; ana's job is behind two of bo, each of two hours.
fn due(in_hours: i64) -> (World, JobId) {
    let mut world = World::new("easy", vec![node("n1", 8, 80)]);
    world.only(AgentRule::Deadline);
    world.submit("bo", train("long", 8, "1h"));
    world.start();
    world.submit("bo", train("first", 8, "3h"));
    world.submit("bo", train("second", 8, "3h"));
    let deadline = world.now + jiff::SignedDuration::from_hours(in_hours);
    let request = SubmitRequest {
        deadline: Some(deadline.to_string()),
        ..train("due", 8, "2h")
    };
    let job = world.submit("ana", request);
    world.start();
    (world, job)
}

#[test]
fn a_deadline_that_will_be_missed_is_told_with_what_would_meet_it() {
    let (mut world, job) = due(5);
    let draft = world.one();
    assert_eq!((draft.job, &draft.asks), (Some(job), &Some("ana".into())));
    assert!(
        draft.title.contains("will miss its deadline"),
        "{}",
        draft.title
    );
    assert_eq!(patch(&draft).class, Some(PriorityClass::High), "{draft:#?}");
    let effect = draft.predicted.unwrap();
    assert!(
        effect.own_wait_s.unwrap() < 0.0 && effect.worst_delay_s > 0.0,
        "{effect:?}"
    );
    let others: Vec<&str> = draft
        .considered
        .iter()
        .map(|one| one.option.as_str())
        .collect();
    assert!(others.contains(&"At the top of the queue"), "{others:?}");
    // Nothing would meet it.
    let draft = due(2).0.one();
    assert_eq!(draft.act, None);
    assert!(
        says(&draft, "Nothing that its owner could change"),
        "{draft:#?}"
    );
    // There is time.
    assert_eq!(due(40).0.look(), []);
}

#[test]
fn nothing_is_proposed_while_all_is_stopped_or_off() {
    let (mut world, _) = backfill("easy", 12);
    let stop = Command::StopAgents {
        agent: None,
        why: "enough".into(),
        jobs: false,
    };
    world.send(&root(), stop).unwrap();
    assert_eq!(world.look(), []);
    world.send(&root(), Command::ResumeAgents(None)).unwrap();
    assert_eq!(world.look().len(), 1);
    world.mode(Mode::Off);
    assert_eq!(world.look(), []);
}

#[test]
fn a_shadow_is_written_once_and_does_not_keep_from_acting() {
    let (mut world, _) = backfill("easy", 12);
    world.mode(Mode::Shadow);
    assert_eq!(world.propose()[0].state, CardState::Shadow);
    world.now += jiff::SignedDuration::from_hours(3);
    assert_eq!(world.propose().len(), 0);
    world.mode(Mode::Act);
    assert_eq!(world.propose()[0].state, CardState::Acted);
}
