//! `kill -9` at chosen moments: what runs goes on and ends with its own exit status, what waits
//! runs once each, nothing is lost and nothing runs twice.

use std::path::Path;

use crate::support::{Server, all, get, shell, submit, until, until_finished};
use berth_domain::{JobId, StateName, SubmitRequest};

const RUNNING: u64 = 4;
const QUEUED: u64 = 20;

fn ran(records: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(records).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Four jobs that run until the file `go` is there and exit with codes of their own, and twenty
/// behind them; each writes one line when it runs.
fn jobs(server: &Server) -> Vec<SubmitRequest> {
    let dir = server.dir.path().display();
    let mut requests = Vec::new();
    for n in 0..RUNNING {
        let line = format!(
            "echo $BERTH_JOB_ID.$BERTH_ATTEMPT >> {dir}/records; \
             while ! test -e {dir}/go; do sleep 0.02; done; exit {}",
            10 + n
        );
        let key = Some(format!("running {n}"));
        requests.push(SubmitRequest {
            gpus: Some(4),
            idempotency_key: key,
            ..shell(&line)
        });
    }
    for n in 0..QUEUED {
        let line = format!("echo $BERTH_JOB_ID.$BERTH_ATTEMPT >> {dir}/records");
        let key = Some(format!("queued {n}"));
        requests.push(SubmitRequest {
            gpus: Some(2),
            idempotency_key: key,
            ..shell(&line)
        });
    }
    requests
}

async fn check_the_end(server: &Server) {
    std::fs::write(server.dir.path().join("go"), "").unwrap();
    let berth = server.client();
    let ids: Vec<JobId> = (1..=RUNNING + QUEUED).map(JobId).collect();
    let done = until_finished(&berth, &ids).await;
    for job in &done {
        let expected = job
            .row
            .id
            .0
            .checked_sub(1)
            .filter(|n| *n < RUNNING)
            .map_or(0, |n| 10 + n);
        assert_eq!(
            job.row.exit_code,
            Some(i32::try_from(expected).unwrap()),
            "{job:?}"
        );
        assert_eq!(job.attempts.len(), 1, "{job:?}");
    }
    let mut lines = ran(&server.dir.path().join("records"));
    lines.sort();
    let mut expected: Vec<String> = ids.iter().map(|id| format!("{id}.1")).collect();
    expected.sort();
    assert_eq!(lines, expected, "each ran exactly once");
    assert_eq!(all(&berth).await.len(), ids.len(), "and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_with_four_running_and_twenty_queued() {
    let mut server = Server::start();
    let berth = server.client();
    for request in jobs(&server) {
        submit(&berth, request).await;
    }
    for n in 1..=RUNNING {
        until(&berth, async |berth| {
            get(berth, JobId(n)).await.row.state == StateName::Running
        })
        .await;
    }
    server.kill();
    server.boot(&[]);
    check_the_end(&server).await;
}

/// What a client does that gets no answer: it sends the same submission with the same key again.
async fn submit_all(server: &mut Server) {
    for request in jobs(server) {
        loop {
            let berth = server.client();
            let sent = berth
                .call(berth_api::jobs::SubmitJob {
                    body: request.clone(),
                })
                .await;
            match sent {
                Ok(_) => break,
                Err(error) if error.code() == berth_api::ErrorCode::Unreachable => {
                    server.wait_for_end();
                    server.boot(&[]);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Lets the jobs end, and starts the server again when it crashes meanwhile.
async fn settle(server: &mut Server) {
    std::fs::write(server.dir.path().join("go"), "").unwrap();
    for id in (1..=RUNNING + QUEUED).map(JobId) {
        while !ended(server, id).await {
            server.wait_for_end();
            server.boot(&[]);
        }
    }
}

/// Waits until the job has ended; `false` when the server is gone first.
async fn ended(server: &Server, id: JobId) -> bool {
    let berth = server.client();
    let Ok(mut live) = berth.live().await else {
        return false;
    };
    loop {
        match berth.call(berth_api::jobs::GetJob { id }).await {
            Ok(answer) if answer.job.row.finished_at.is_some() => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
        if !matches!(live.next().await, Ok(Some(_))) {
            return false;
        }
    }
}

async fn crashed_at(breakpoint: &str, counts: impl IntoIterator<Item = u32>) {
    for count in counts {
        let place = format!("{breakpoint}:{count}");
        let mut server = Server::with("2x8", &[("BERTH_TEST_CRASH", &place)]);
        submit_all(&mut server).await;
        settle(&mut server).await;
        assert_eq!(server.boots, 2, "it crashed once, at {place}");
        check_the_end(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crashed_before_a_commit() {
    crashed_at("before-commit", [2, 3, 8, 26, 40]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crashed_after_a_commit() {
    crashed_at("after-commit", [2, 3, 8, 26, 40]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crashed_before_a_launch() {
    crashed_at("before-launch", [1, 2, 4, 9, 17]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crashed_after_a_launch() {
    crashed_at("after-launch", [1, 2, 4, 9, 17]).await;
}
