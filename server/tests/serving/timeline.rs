//! One time of the cluster from a real server: what ended, what runs, what waits and what is reserved.

use std::time::Duration;

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::reservations::{CreateReservation, ReserveArg};
use berth_api::timeline::{GetTimeline, SLOTS, TimelineAnswer};
use berth_api::{Berth, ErrorCode};
use berth_domain::{JobId, ReserveRequest, StateName, SubmitRequest, Timestamp};

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
    }
}
