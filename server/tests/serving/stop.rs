//! How a job is told to save before it is stopped, on a real server with the real executor.

use crate::support;
use crate::support::{Server, get, log, refused, shell, submit, until, until_finished};
use berth_api::jobs::{JobEvents, UpdateArg, UpdateJob};
use berth_api::views::JobDetail;
use berth_domain::{JobId, StateName, SubmitRequest};

fn limited(line: &str, limit: &str, signal: Option<&str>) -> SubmitRequest {
    SubmitRequest {
        time_limit: Some(limit.to_owned()),
        signal: signal.map(str::to_owned),
        gpus: Some(0),
        ..shell(line)
    }
}

async fn timeline(berth: &berth_api::Berth, id: JobId) -> Vec<String> {
    let events = berth.call(JobEvents { id, after: None }).await.unwrap();
    events.events.into_iter().map(|event| event.text).collect()
}

fn end(job: &JobDetail) -> (&str, Option<i32>, &str) {
    let attempt = job.attempts.last().unwrap();
    let outcome = job.row.outcome.as_deref().unwrap();
    (outcome, attempt.exit_code, attempt.end.as_deref().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_limit_a_job_saves_and_is_timed_out_however_it_ends() {
    let server = Server::start();
    let berth = server.client();
    let wait = "while :; do sleep 0.01; done";
    let saves = format!("trap 'cat $BERTH_PREEMPT_FILE; exit 0' USR1; {wait}");
    let by_default = submit(&berth, limited(&saves, "1s", None)).await.id;
    let asks = format!("trap 'echo again; exit 4' INT; {wait}");
    let by_choice = submit(&berth, limited(&asks, "1s", Some("SIGINT")))
        .await
        .id;
    let done = until_finished(&berth, &[by_default, by_choice]).await;
    let timed_out = "Passed its time limit. Ended well";
    assert_eq!(end(&done[0]), ("TimedOut", Some(0), timed_out));
    let timed_out = "Passed its time limit. Ended with code 4";
    assert_eq!(end(&done[1]), ("TimedOut", Some(4), timed_out));
    let told: serde_json::Value = serde_json::from_str(&log(&berth, by_default, 0).await).unwrap();
    assert_eq!(
        (&told["why"], &told["signal"]),
        (&"time_limit".into(), &"USR1".into())
    );
    // Until it is told to end, which is after its limit here.
    let until: berth_domain::Timestamp = told["until"].as_str().unwrap().parse().unwrap();
    assert!(until > done[0].row.started_at.unwrap());
    assert_eq!(log(&berth, by_choice, 0).await, "again\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_time_hears_the_signal_before_the_limit() {
    let server = Server::start();
    let berth = server.client();
    // One is done in that time, one goes on until its limit.
    let wait = "while :; do sleep 0.01; done";
    let in_time = format!("trap 'echo saved; exit 0' USR1; {wait}");
    let in_time = submit(&berth, limited(&in_time, "4s", Some("B:USR1@3")))
        .await
        .id;
    let late = format!("trap 'echo saved' USR1; trap 'echo ended; exit 0' TERM; {wait}");
    let late = submit(&berth, limited(&late, "3s", Some("USR1@2")))
        .await
        .id;
    let done = until_finished(&berth, &[in_time, late]).await;
    assert_eq!(end(&done[0]), ("Succeeded", Some(0), "Ended well"));
    let timed_out = "Passed its time limit. Ended well";
    assert_eq!(end(&done[1]), ("TimedOut", Some(0), timed_out));
    let log = support::log(&berth, late, 0).await;
    // The shell may also say that its `sleep` was told to end.
    let said: Vec<&str> = log.lines().filter(|line| *line != "Terminated").collect();
    assert_eq!(said, ["saved", "ended"]);
    let events = timeline(&berth, late).await;
    let told = "Told to save: its time limit is near";
    assert_eq!(
        events.iter().filter(|event| *event == told).count(),
        1,
        "{events:?}"
    );
    assert_eq!(done[1].request.signal.as_deref(), Some("USR1@2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_can_be_chosen_while_it_runs_and_a_server_may_come_and_go() {
    let mut server = Server::start();
    let berth = server.client();
    let line =
        "trap 'echo first' USR1; trap 'echo second; exit 0' USR2; while :; do sleep 0.01; done";
    let id = submit(&berth, limited(line, "1h", None)).await.id;
    until(&berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
    let change = |limit: &str, signal: &str| UpdateJob {
        body: UpdateArg {
            time_limit: Some(limit.to_owned()),
            signal: Some(signal.to_owned()),
            ..UpdateArg::of(id)
        },
    };
    let error = refused(berth.call(change("1m", "USR1@60")).await);
    assert_eq!(error.field(), Some("signal"), "{error}");
    // It is told at once, since its limit is within the time that it asks for.
    berth.call(change("3500s", "USR1@3499")).await.unwrap();
    until(&berth, async |berth: &berth_api::Berth| {
        log(berth, id, 0).await == "first\n"
    })
    .await;
    server.kill();
    server.boot(&[]);
    let berth = server.client();
    // Told by the one before, it is not told again; another limit is another matter.
    berth.call(change("3400s", "USR2@3399")).await.unwrap();
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(end(&done).0, "Succeeded");
    assert_eq!(log(&berth, id, 0).await, "first\nsecond\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_for_each_gpu_and_what_torchrun_takes_for_its_options() {
    let server = Server::start();
    let berth = server.client();
    let each = SubmitRequest {
        gpus: Some(2),
        nodes: Some(2),
        per_gpu: true,
        ..shell("echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE")
    };
    let each = submit(&berth, each).await.id;
    let one = SubmitRequest {
        gpus: Some(2),
        nodes: Some(2),
        ..shell(
            "echo ${RANK-none} $PET_NNODES $PET_NODE_RANK $PET_NPROC_PER_NODE $PET_RDZV_ENDPOINT",
        )
    };
    let one = submit(&berth, one).await.id;
    let done = until_finished(&berth, &[each, one]).await;
    assert!(
        done.iter().all(|job| job.row.exit_code == Some(0)),
        "{done:?}"
    );
    assert!(done[0].per_gpu && done[0].request.per_gpu && !done[1].per_gpu);
    let mut lines: Vec<String> = log(&berth, each, 0)
        .await
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    assert_eq!(lines, ["[rank 0] 0/4 0/2", "[rank 1] 1/4 1/2"]);
    let port = 20_000 + one.0;
    assert_eq!(
        log(&berth, one, 0).await,
        format!("none 2 0 2 127.0.0.1:{port}\n")
    );
}
