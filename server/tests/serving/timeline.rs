//! One time of the cluster from a real server: what ended, what runs, what waits and what is reserved.

use std::time::Duration;

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::reservations::{CreateReservation, ReserveArg};
use berth_api::timeline::{GetCalendar, GetTimeline, SLOTS, TimelineAnswer};
use berth_api::{Berth, ErrorCode};
use berth_domain::state::Changes;
use berth_domain::{
    GpuRef, GpuUuid, Job, JobId, JobState, Lease, NodeLease, NodeName, ReserveRequest, StateName,
    SubmitRequest, Timestamp,
};
use berth_store::Store;

fn sized(gpus: i64, line: &str) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        time_limit: Some("2h".to_owned()),
        ..shell(line)
    }
}

fn ask(nodes: Option<&str>) -> GetTimeline {
    GetTimeline {
        from: None,
        to: None,
        nodes: nodes.map(str::to_owned),
    }
}

async fn usual(berth: &Berth) -> TimelineAnswer {
    berth.call(ask(None)).await.unwrap()
}

async fn until_runs(berth: &Berth, id: JobId) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_is_and_comes() {
    let server = Server::with("1x4", &[]);
    let berth = server.client();
    // Long enough that a tenth of a GPU of a slot of an hour's span is held.
    let well = submit(&berth, sized(3, "sleep 1")).await.id;
    until_finished(&berth, &[well]).await;
    let badly = submit(&berth, sized(1, "exit 3")).await.id;
    until_finished(&berth, &[badly]).await;
    let runs = submit(&berth, sized(4, "sleep 600")).await.id;
    until_runs(&berth, runs).await;
    let waits = submit(&berth, sized(2, "true")).await.id;
    until(&berth, async |berth: &Berth| {
        !usual(berth).await.waiting.is_empty()
    })
    .await;
    let start = Timestamp::now() + Duration::from_secs(5 * 3600);
    let body = ReserveArg {
        reservation: ReserveRequest {
            exact: vec!["node-1:1-2".to_owned()],
            start: Some(start.to_string()),
            length: Some("2h".to_owned()),
            note: Some("demo".to_owned()),
            ..ReserveRequest::default()
        },
        ..ReserveArg::default()
    };
    let made = berth.call(CreateReservation { body }).await.unwrap();

    let seen = usual(&berth).await;
    assert_eq!(seen.to.duration_since(seen.from).as_hours(), 24);
    assert_eq!(seen.now.duration_since(seen.from).as_hours(), 6);
    let ended: Vec<_> = seen
        .attempts
        .iter()
        .map(|one| (one.job, one.attempt, one.outcome.as_str(), one.gpus))
        .collect();
    assert_eq!(ended, [(well, 1, "Succeeded", 3), (badly, 1, "Failed", 1)]);
    assert_eq!(seen.attempts[0].lease[0].gpus, [0, 1, 2]);
    assert!(seen.attempts[0].to > seen.attempts[0].from);
    assert_eq!(seen.attempts[1].end, "Ended with code 3");

    let active = &seen.active[0];
    let row = get(&berth, runs).await.row;
    assert_eq!((active.job, active.started_at), (runs, row.started_at));
    let limit = active.limit_at.duration_since(active.started_at.unwrap());
    assert_eq!(limit.as_hours(), 2);
    assert!(active.from <= active.started_at.unwrap());

    assert_eq!((seen.waiting[0].job, seen.waiting[0].gpus), (waits, 2));
    assert!(seen.waiting[0].start_p50 <= seen.waiting[0].start_p90);
    let promise = &seen.reservations[0];
    assert_eq!(promise.reservation.id, made.reservation.id);
    assert_eq!(promise.exact[0].gpus, [1, 2]);
    assert_eq!(promise.request.exact, ["node-1:1,2"]);
    assert!(promise.may_change);
    let bo = Berth::new(&server.url, &server.add_user("bo")).unwrap();
    assert!(!usual(&bo).await.reservations[0].may_change);

    assert_eq!((seen.nodes.len(), seen.nodes[0].gpus), (1, 4));
    assert!(seen.nodes[0].open && seen.nodes[0].present);
    assert_eq!(seen.left_out_text, "");
    assert!(seen.nodes[0].many.is_empty());

    // The calendar tells the reservations of a time and nothing else.
    let week = |from: Timestamp| GetCalendar {
        from: from.to_string(),
        to: (from + Duration::from_secs(7 * 24 * 3600)).to_string(),
    };
    let calendar = berth.call(week(seen.from)).await.unwrap();
    assert_eq!(calendar.reservations, seen.reservations);
    assert_eq!((calendar.left_out, &*calendar.left_out_text), (0, ""));
    let later = berth
        .call(week(start + Duration::from_secs(8 * 3600)))
        .await;
    assert!(later.unwrap().reservations.is_empty());

    // Closed: nothing one by one, the sums all the same. In the last minutes one sees seconds.
    let from = Timestamp::now() - Duration::from_secs(60);
    let closed = GetTimeline {
        from: Some(from.to_string()),
        to: Some((from + Duration::from_secs(96)).to_string()),
        nodes: Some("none".to_owned()),
    };
    let closed = berth.call(closed).await.unwrap();
    assert_eq!((closed.attempts.len(), closed.nodes[0].open), (0, false));
    assert_eq!(closed.nodes[0].held.len(), SLOTS);
    // Three GPUs for a second or more, in slots of a second.
    let held: f32 = closed.nodes[0].held.iter().sum();
    assert!(held >= 2.8, "{held}");
    assert!(closed.nodes[0].held.iter().all(|held| *held <= 4.0));
    assert!(closed.reservations.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_are_told_as_sums_until_one_is_asked_for() {
    let server = Server::with("128x8", &[]);
    let berth = server.client();
    let seen = usual(&berth).await;
    assert_eq!(seen.nodes.len(), 128);
    assert!(seen.nodes.iter().all(|node| !node.open && node.gpus == 8));
    let two = berth.call(ask(Some("node-005, node-077"))).await.unwrap();
    let open = two.nodes.iter().filter(|node| node.open);
    let open: Vec<&str> = open.map(|node| node.name.as_str()).collect();
    assert_eq!(open, ["node-005", "node-077"]);
    let all: Vec<String> = (1..=128).map(|n| format!("node-{n:03}")).collect();
    let all = berth.call(ask(Some(&all.join(",")))).await.unwrap();
    assert_eq!(all.nodes.iter().filter(|node| node.open).count(), 16);
    assert_eq!(all.left_out.nodes, 112);
    assert!(all.left_out_text.contains("112 more nodes are not told"));
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_make_no_sense_are_refused() {
    let server = Server::with("1x1", &[]);
    let berth = server.client();
    for (from, to, says) in [
        ("2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "not after"),
        ("2026-11-30T00:00:00Z", "2027-11-30T00:00:00Z", "100 days"),
        ("tomorrow", "2027-11-30T00:00:00Z", "not a time"),
    ] {
        let call = GetTimeline {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            nodes: None,
        };
        let error = refused(berth.call(call).await);
        assert_eq!(error.code(), ErrorCode::Invalid);
        assert!(error.to_string().contains(says), "{error}");
        let call = GetCalendar {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let error = refused(berth.call(call).await);
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// So many attempts, so many of them one by one and so many bars of others, and so many bytes.
const ATTEMPTS: usize = 20_000;
const ONE_BY_ONE: usize = 800;
const MANY: usize = 800;
const BYTES: usize = 1_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_twenty_thousand_attempts_is_under_a_megabyte() {
    let mut server = Server::with("128x8", &[]);
    let berth = server.client();
    let first = submit(&berth, sized(1, "true")).await.id;
    until_finished(&berth, &[first]).await;
    server.kill();
    fill(&server, first).await;
    server.boot(&[]);

    let month = Duration::from_secs(30 * 24 * 3600);
    let to = Timestamp::now();
    let nodes: Vec<String> = (1..=16).map(|n| format!("node-{n:03}")).collect();
    let asked = format!(
        "{}/api/timeline?from={}&to={to}&nodes={}",
        server.url,
        to - month,
        nodes.join(",")
    );
    let asked = reqwest::Client::new().get(asked).bearer_auth(&server.token);
    let text = asked.send().await.unwrap().text().await.unwrap();
    assert!(text.len() < BYTES, "{} bytes", text.len());
    let seen: TimelineAnswer = serde_json::from_str(&text).unwrap();
    assert_eq!(seen.attempts.len(), ONE_BY_ONE);
    // None is forgotten: who is not told alone is in a bar that counts, and that is said.
    assert_eq!(seen.attempts.len() + seen.left_out.attempts, ATTEMPTS);
    let many: Vec<_> = seen.nodes.iter().flat_map(|node| &node.many).collect();
    assert!(!many.is_empty() && many.len() <= MANY, "{}", many.len());
    let counted: usize = many.iter().map(|bar| bar.attempts as usize).sum();
    assert_eq!(counted, seen.left_out.attempts);
    assert!(seen.left_out_text.contains("drawn together"));
    // The long ones are told.
    let hours = |one: &&berth_api::timeline::PastView| one.to.duration_since(one.from).as_hours();
    assert!(seen.attempts.iter().filter(|one| hours(one) == 6).count() >= 390);
}

/// Puts others like this job into the store, of one GPU of sixteen nodes each, over four weeks.
async fn fill(server: &Server, like: JobId) {
    let store = Store::open(&server.data().join("berth.db")).await.unwrap();
    let now = Timestamp::now();
    let known = store.jobs_within(Timestamp::MIN, now).await.unwrap();
    let like = known.into_iter().find(|job| job.id == like).unwrap();
    let mut counters = store.load().await.unwrap().project(&[]).unwrap().counters;
    counters.last_job = like.id.0 + ATTEMPTS as u64;
    let changes = Changes {
        jobs: (1..ATTEMPTS as u64).map(|n| other(&like, n, now)).collect(),
        counters,
        ..Changes::default()
    };
    store.commit(&[], &changes, counters, &[]).await.unwrap();
}

/// It ended so many times two minutes ago.
fn other(like: &Job, n: u64, now: Timestamp) -> Job {
    let mut job = like.clone();
    job.id = JobId(like.id.0 + n);
    job.key = None;
    job.spec.name = format!("{n}-{}", "with-a-long-name-".repeat(5));
    let end = now - Duration::from_secs(120 * n);
    let long = if n.is_multiple_of(50) { 6 * 3600 } else { 40 };
    let begin = end - Duration::from_secs(long);
    job.submitted_at = begin - Duration::from_secs(60);
    let index = u32::try_from(n / 16 % 8).unwrap();
    let attempt = job.past.first_mut().unwrap();
    attempt.lease = Lease(vec![NodeLease {
        node: NodeName(format!("node-{:03}", n % 16 + 1)),
        gpus: vec![GpuRef {
            index,
            uuid: GpuUuid(format!("GPU-{n}")),
        }],
    }]);
    attempt.granted_at = begin;
    attempt.started_at = Some(begin);
    attempt.ended_at = end;
    if let JobState::Finished { at, .. } = &mut job.state {
        *at = end;
    }
    job
}
