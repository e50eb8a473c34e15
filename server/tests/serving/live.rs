//! The live stream: what a page pieces together from deltas is what the server shows.

use crate::support::{PATIENCE, Server, shell, submit};
use berth_api::cluster::GetPicture;
use berth_api::jobs::{JobArg, ReleaseJob};
use berth_api::live::{LiveMessage, LiveRequest, Picture};
use berth_api::logs::JobLog;
use berth_domain::{StateName, SubmitRequest};

/// Applies messages until the picture shows what is waited for.
async fn follow(
    live: &mut berth_api::LiveStream,
    picture: &mut Picture,
    until: impl Fn(&Picture) -> bool,
) -> usize {
    let mut deltas = 0;
    let wait = async {
        while !until(picture) {
            match live.next().await.unwrap().expect("an open stream") {
                LiveMessage::Snapshot(snapshot) => *picture = *snapshot,
                LiveMessage::Delta(delta) => {
                    picture.apply(*delta).expect("each delta leads on");
                    deltas += 1;
                }
                LiveMessage::Log(_) | LiveMessage::Heartbeat => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("it is never shown");
    deltas
}

#[tokio::test(flavor = "multi_thread")]
async fn deltas_lead_to_what_the_server_shows() {
    let server = Server::start();
    let berth = server.client();
    let mut live = berth.live().await.unwrap();
    let mut picture = Picture::default();
    let mut last = berth_domain::JobId(0);
    for n in 0..60u64 {
        let gpus = Some([1, 2, 4, 8, 16][usize::try_from(n % 5).unwrap()]);
        let hold = n % 20 == 19;
        let line = if n % 7 == 0 { "false" } else { "sleep 0.05" };
        last = submit(
            &berth,
            SubmitRequest {
                gpus,
                hold,
                ..shell(line)
            },
        )
        .await
        .id;
    }
    let settled = |picture: &Picture| {
        picture.rows.contains_key(&last)
            && picture.active.is_empty()
            && picture.counts.queued == 0
            && picture.counts.held == 3
    };
    let deltas = follow(&mut live, &mut picture, settled).await;
    assert!(deltas > 10, "{deltas}");
    // Samples go on; the rest stands still.
    let shown = berth.call(GetPicture {}).await.unwrap();
    let still = |picture: Picture| (picture.rows, picture.queue, picture.recent, picture.counts);
    assert_eq!(still(picture), still(shown));
}

/// What a page is rendered from is never older than what its reader did before.
#[tokio::test(flavor = "multi_thread")]
async fn who_did_something_sees_it() {
    let server = Server::start();
    let berth = server.client();
    let held = SubmitRequest {
        hold: true,
        ..shell("true")
    };
    for _ in 0..30 {
        let id = submit(&berth, held.clone()).await.id;
        let picture = berth.call(GetPicture {}).await.unwrap();
        assert_eq!(picture.rows[&id].state, StateName::Held);
        let body = JobArg { id };
        berth.call(ReleaseJob { body }).await.unwrap();
        let picture = berth.call(GetPicture {}).await.unwrap();
        assert_ne!(picture.rows[&id].state, StateName::Held);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_from_before_the_start_to_the_end() {
    let server = Server::start();
    let berth = server.client();
    let held = SubmitRequest {
        hold: true,
        ..shell("i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); sleep 0.002; done")
    };
    let id = submit(&berth, held).await.id;
    let mut live = berth.live().await.unwrap();
    live.send(&LiveRequest::Follow {
        job: id,
        attempt: None,
        rank: 0,
        reading: None,
        offset: 0,
    })
    .await
    .unwrap();
    let release = berth_api::jobs::ReleaseJob {
        body: berth_api::jobs::JobArg { id },
    };
    berth.call(release).await.unwrap();
    let mut text = String::new();
    let mut pieces = 0;
    let wait = async {
        loop {
            if let LiveMessage::Log(piece) = live.next().await.unwrap().unwrap() {
                text.push_str(&piece.text);
                pieces += 1;
                if piece.ended {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("the end of the log");
    let expected: String = (0..200).map(|n| format!("line {n}\n")).collect();
    assert_eq!(text, expected);
    assert!(pieces > 1, "it came while it was written");

    // The same by asking, from the middle and from the end.
    let ask = |offset, wait_s| {
        let (attempt, rank, limit) = (None, None, None);
        berth.call(JobLog {
            id,
            attempt,
            rank,
            offset: Some(offset),
            limit,
            wait_s,
        })
    };
    assert_eq!(ask(7, None).await.unwrap().text, expected[7..]);
    assert_eq!(ask(-9, Some(1)).await.unwrap().text, "line 199\n");
}
