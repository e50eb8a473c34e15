//! What is on an agent's account, by whichever way GPU time is used: its own jobs, others' jobs that it lets
//! use more, and what it reserves.

use std::time::Duration;

use berth_domain::agent::{Bar, Mandate};
use berth_domain::decide::Input;
use berth_domain::{
    Actor, Command, JobId, JobPatch, ReservationId, ReserveRequest, SubmitRequest, UserName,
};
use jiff::SignedDuration;

use super::{World, ana, bot, every, submit, train};

const HOUR: u64 = 3600;

/// It may do everything with all jobs of its person, within so many GPU-hours.
fn with_hours(hours: u64) -> World {
    World::new(Mandate {
        all_jobs: true,
        gpu_seconds: Some(hours * HOUR),
        ..every()
    })
}

/// GPU seconds that are used up, and those that are kept.
fn account(world: &World) -> (u64, u64) {
    let bot = UserName::from("bot");
    let used = world.state.agents().all[&bot].account.gpu_seconds;
    let ahead = world.state.agents_ahead(world.now).remove(&bot);
    (used, ahead.unwrap_or_default().gpu_seconds)
}

/// From one o'clock on.
fn reserve(gpus: i64, length: &str) -> ReserveRequest {
    ReserveRequest {
        gpus: Some(gpus),
        start: Some("2026-11-26T13:00:00Z".to_owned()),
        length: Some(length.to_owned()),
        ..ReserveRequest::default()
    }
}

fn reserves(request: ReserveRequest) -> Command {
    Command::Reserve(None, Box::new(request))
}

fn limit(job: JobId, hours: u64) -> Command {
    let patch = JobPatch {
        time_limit: Some(Duration::from_secs(hours * HOUR)),
        ..JobPatch::default()
    };
    Command::Update(job, Box::new(patch))
}

fn nothing_left(bar: &Bar) {
    assert!(matches!(bar, Bar::Budget { left_s: 0, .. }), "{bar}");
}

#[test]
fn what_it_reserves_is_kept_and_then_counts_as_far_as_nobody_used_it() {
    let mut world = with_hours(8);
    for _ in 0..2 {
        world.send(&bot(), reserves(reserve(4, "1h"))).unwrap();
    }
    assert_eq!(account(&world), (0, 8 * HOUR));
    let later = ReserveRequest {
        start: Some("2026-11-26T15:00:00Z".to_owned()),
        ..reserve(1, "1h")
    };
    nothing_left(&world.bar(reserves(later)));
    nothing_left(&world.bar(submit(train(1, "1h"))));
    // One is given up before its time.
    let second = ReservationId(2);
    world
        .send(&bot(), Command::CancelReservation(second))
        .unwrap();
    assert_eq!(account(&world), (0, 4 * HOUR));
    // In the other somebody has one of four GPUs for half an hour.
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    world.now += SignedDuration::from_hours(1);
    world.runs(job, 1800);
    world.now += SignedDuration::from_hours(1);
    world.input(&Actor::Berth, Input::Clock).unwrap();
    assert_eq!(account(&world), (4 * HOUR - 1800, 0));
    world.check_replay();
}

#[test]
fn what_comes_again_and_again_counts_for_a_year() {
    let mut world = with_hours(300);
    let daily = |until: Option<&str>| ReserveRequest {
        every: vec!["day".to_owned()],
        until: until.map(str::to_owned),
        ..reserve(1, "1h")
    };
    let Bar::Budget { wanted_s, .. } = world.bar(reserves(daily(None))) else {
        panic!("it may not reserve so much")
    };
    assert_eq!(wanted_s, 366 * HOUR);
    world
        .send(&bot(), reserves(daily(Some("2026-11-30"))))
        .unwrap();
    assert_eq!(account(&world), (0, 5 * HOUR));
}

#[test]
fn a_change_of_a_reservation_counts_by_what_it_adds_for_who_makes_it() {
    let mut world = with_hours(3);
    let change = |gpus| {
        let id = Some(ReservationId(1));
        Command::Reserve(id, Box::new(reserve(gpus, "1h")))
    };
    world.send(&bot(), reserves(reserve(2, "1h"))).unwrap();
    world.send(&bot(), change(3)).unwrap();
    assert_eq!(account(&world), (0, 3 * HOUR));
    assert!(matches!(world.bar(change(4)), Bar::Budget { .. }));
    // Its person takes it over; then the agent changes it again.
    world.send(&ana(), change(4)).unwrap();
    assert_eq!(account(&world), (0, 0));
    world.send(&bot(), change(3)).unwrap();
    assert_eq!(account(&world), (0, 3 * HOUR));
    world.check_replay();
}

#[test]
fn what_it_adds_to_its_persons_job_is_kept_until_that_has_ended() {
    let mut world = with_hours(4);
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    world.send(&bot(), limit(job, 3)).unwrap();
    world.send(&bot(), limit(job, 5)).unwrap();
    assert_eq!(account(&world), (0, 4 * HOUR));
    nothing_left(&world.bar(limit(job, 6)));
    nothing_left(&world.bar(submit(train(1, "1h"))));
    // Where its person takes some of that back it is kept no more.
    world.send(&ana(), limit(job, 2)).unwrap();
    assert_eq!(account(&world), (0, 2 * HOUR));
    world.runs(job, 1800);
    assert_eq!(account(&world), (1800, 0));
    world.check_replay();
}

#[test]
fn never_more_counts_than_it_added() {
    let mut world = with_hours(4);
    let job = world.submit(&ana(), train(1, "8h")).unwrap();
    world.send(&bot(), limit(job, 9)).unwrap();
    world.runs(job, 8 * 3600);
    assert_eq!(account(&world), (HOUR, 0));
}

#[test]
fn more_gpus_and_more_retries_are_more_gpu_time() {
    let mut world = with_hours(9);
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    let patch = |gpus, max_retries| {
        let patch = JobPatch {
            gpus,
            max_retries,
            ..JobPatch::default()
        };
        Command::Update(job, Box::new(patch))
    };
    world.send(&bot(), patch(Some(2), None)).unwrap();
    assert_eq!(account(&world), (0, HOUR));
    world.send(&bot(), patch(None, Some(4))).unwrap();
    assert_eq!(account(&world), (0, 9 * HOUR));
    nothing_left(&world.bar(patch(Some(3), None)));
}

#[test]
fn what_it_queues_again_counts_each_time() {
    let mut world = with_hours(2);
    let job = world.submit(&ana(), train(1, "1h")).unwrap();
    world.runs(job, 3600);
    assert_eq!(account(&world), (0, 0), "that was not its doing");
    for times in 1..=2 {
        world.send(&bot(), Command::Requeue(job)).unwrap();
        assert_eq!(account(&world), ((times - 1) * HOUR, HOUR));
        world.runs(job, 3600);
        assert_eq!(account(&world), (times * HOUR, 0));
    }
    nothing_left(&world.bar(Command::Requeue(job)));
    world.check_replay();
}

#[test]
fn what_runs_and_is_queued_again_is_kept_with_both_tries() {
    for of_person in [true, false] {
        let mut world = with_hours(2);
        let by = if of_person { ana() } else { bot() };
        let job = world.submit(&by, train(1, "1h")).unwrap();
        let attempt = world.begins(job);
        world.send(&bot(), Command::Requeue(job)).unwrap();
        // Of its person's it gave one try, of its own both are its.
        let kept = if of_person { HOUR } else { 2 * HOUR };
        assert_eq!(account(&world), (0, kept), "{of_person}");
        world.ends(attempt, 3000);
        world.begins(job);
        let (used, kept) = account(&world);
        let expected = if of_person { HOUR } else { HOUR + 3000 };
        assert_eq!((used, used + kept), (3000, expected), "{of_person}");
        if !of_person {
            let bar = world.bar(Command::Requeue(job));
            assert!(matches!(bar, Bar::Budget { left_s: 600, .. }), "{bar}");
        }
        world.check_replay();
    }
}

#[test]
fn its_own_job_is_queued_again_with_all_its_retries() {
    let mut world = with_hours(4);
    let retried = SubmitRequest {
        max_retries: Some(3),
        ..train(1, "1h")
    };
    let job = world.submit(&bot(), retried).unwrap();
    world.runs(job, 3600);
    // As often as it may still be tried.
    world.submit(&bot(), train(1, "1h")).unwrap();
    let Bar::Budget {
        wanted_s, left_s, ..
    } = world.bar(Command::Requeue(job))
    else {
        panic!("there is too little left")
    };
    assert_eq!((wanted_s, left_s), (3 * HOUR, 2 * HOUR));
}

#[test]
fn gpus_of_others_jobs_count_at_once_too() {
    let mut world = World::new(Mandate {
        all_jobs: true,
        gpu_seconds: None,
        gpus_at_once: Some(4),
        ..every()
    });
    let mut ended = Vec::new();
    for _ in 0..3 {
        let job = world.submit(&ana(), train(2, "1h")).unwrap();
        world.runs(job, 60);
        ended.push(job);
    }
    for job in &ended[..2] {
        world.send(&bot(), Command::Requeue(*job)).unwrap();
    }
    let bar = world.bar(Command::Requeue(ended[2]));
    assert_eq!(bar, Bar::AtOnce { wanted: 6, most: 4 });
    world.runs(ended[0], 60);
    world.send(&bot(), Command::Requeue(ended[2])).unwrap();
}

#[test]
fn what_only_ends_or_moves_a_job_costs_nothing() {
    let mut world = with_hours(0);
    let job = world.submit(&ana(), train(1, "8h")).unwrap();
    world.send(&bot(), Command::Hold(job)).unwrap();
    world.send(&bot(), limit(job, 2)).unwrap();
    world.send(&bot(), Command::Release(job)).unwrap();
    world.begins(job);
    world.send(&bot(), Command::Cancel(job)).unwrap();
    assert_eq!(account(&world), (0, 0));
}
