//! What GPUs did is kept: use adds up to what was held, also over `kill -9`; and the past is shown as
//! it was.

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::history::{ClusterAt, GetSeries, GetUsage, UsageAnswer, UsageBy};
use berth_api::views::JobDetail;
use berth_api::{Berth, ErrorCode};
use berth_domain::{JobId, StateName, SubmitRequest, Timestamp};

async fn until_state(berth: &Berth, id: JobId, state: StateName) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == state
    })
    .await;
}

/// Holds so many GPUs until the file is there.
fn until_told(server: &Server, gpus: i64, file: &str) -> SubmitRequest {
    let file = server.dir.path().join(file);
    SubmitRequest {
        gpus: Some(gpus),
        project: Some("vision".to_owned()),
        ..shell(&format!(
            "while ! test -e {}; do sleep 0.02; done",
            file.display()
        ))
    }
}

fn tell(server: &Server, file: &str) {
    std::fs::write(server.dir.path().join(file), "").unwrap();
}

async fn usage(berth: &Berth, by: UsageBy) -> UsageAnswer {
    let call = GetUsage {
        by: Some(by.as_str().to_owned()),
        since: None,
        until: None,
        limit: None,
    };
    berth.call(call).await.unwrap()
}

/// Waits until so many GPU-seconds of a job were observed.
async fn until_observed(berth: &Berth, id: JobId, gpu_seconds: f64) -> JobDetail {
    until(berth, async |berth: &Berth| {
        observed_s(&get(berth, id).await) >= gpu_seconds
    })
    .await;
    get(berth, id).await
}

fn observed_s(job: &JobDetail) -> f64 {
    let one = job.usage.as_ref();
    one.map_or(0.0, |one| {
        (one.gpu_hours_allocated - one.gpu_hours_unobserved) * 3600.0
    })
}

/// What was held by the job, from its attempts.
fn held_s(job: &JobDetail) -> f64 {
    let held = |attempt: &berth_api::views::AttemptView| {
        let gpus: usize = attempt.lease.iter().map(|part| part.gpus.len()).sum();
        let time = attempt.ended_at.unwrap().duration_since(attempt.granted_at);
        time.as_secs_f64() * f64::from(u32::try_from(gpus).unwrap())
    };
    job.attempts.iter().map(held).sum()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * a.abs().max(b.abs()).max(1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn use_adds_up_to_what_was_held_also_over_a_kill() {
    let mut server = Server::with("2x4", &[]);
    let berth = server.client();
    let job = submit(&berth, until_told(&server, 8, "go")).await.id;
    let before = until_observed(&berth, job, 8.0).await;

    server.kill();
    server.boot(&[]);
    let berth = server.client();
    let again = get(&berth, job).await;
    assert!(
        observed_s(&again) >= observed_s(&before) - 1e-6,
        "what was told is not forgotten"
    );
    let more = observed_s(&again) + 8.0;
    until_observed(&berth, job, more).await;
    tell(&server, "go");
    let done = until_finished(&berth, &[job]).await.remove(0);

    let one = done.usage.clone().unwrap();
    let held = held_s(&done);
    assert!(
        near(one.gpu_hours_allocated * 3600.0, held),
        "{one:?}, held {held} s"
    );
    assert!(observed_s(&done) <= held + 1e-6, "{one:?}");
    assert_eq!(one.gpus, 8);
    let busy = one.gpu_hours_busy.unwrap();
    assert!(busy <= one.gpu_hours_allocated && one.energy_kwh.unwrap() > 0.0);

    // By whatever it is told apart, it is the same in all.
    for by in UsageBy::ALL {
        let answer = usage(&berth, by).await;
        let total = answer.total.gpu_hours_allocated;
        assert!(near(total * 3600.0, held), "{answer:?}, held {held} s");
        let sum: f64 = answer.rows.iter().map(|row| row.gpu_hours_allocated).sum();
        assert!(near(sum, total), "{answer:?}");
        let rows = if by == UsageBy::Node { 2 } else { 1 };
        assert_eq!(answer.rows.len(), rows, "{answer:?}");
        assert_eq!(answer.total.jobs, 1);
        assert!(
            near(answer.total.gpu_hours_busy.unwrap(), busy),
            "{answer:?}"
        );
    }
    let projects = usage(&berth, UsageBy::Project).await;
    assert_eq!(projects.rows[0].name.as_deref(), Some("vision"));

    // And the command says the same.
    let output = server
        .cli()
        .args(["usage", "--json", "--since", "7d", "--by", "user"])
        .output()
        .unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let allocated = rows[0]["gpu_hours_allocated"].as_f64().unwrap();
    assert!(near(allocated * 3600.0, held), "{rows}");
    assert!(rows[0]["user"].is_string() && rows[0]["gpu_hours_busy"].is_number());
    let output = server
        .cli()
        .args(["show", &job.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("held 8 GPUs for "), "{text}");
}

async fn past(berth: &Berth, at: Timestamp) -> berth_api::history::PastAnswer {
    let at = at.to_string();
    berth.call(ClusterAt { at }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_tells_who_held_what_and_why_the_other_waited() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let first = submit(&berth, until_told(&server, 2, "first")).await.id;
    until_state(&berth, first, StateName::Running).await;
    let second = submit(&berth, until_told(&server, 2, "second")).await.id;
    until_observed(&berth, first, 4.0).await;
    let submitted = get(&berth, second).await.row.submitted_at;
    let then = Timestamp::now();
    tell(&server, "first");
    until_state(&berth, second, StateName::Running).await;
    let later = Timestamp::now();
    tell(&server, "second");
    until_finished(&berth, &[first, second]).await;

    let was = past(&berth, then).await.picture;
    assert_eq!(
        (was.active.as_slice(), was.queue.as_slice()),
        (&[first][..], &[second][..])
    );
    let row = &was.rows[&second];
    assert_eq!(row.reason.as_deref(), Some("Resources"), "{row:?}");
    let gpus = &was.cluster.nodes[0].gpus;
    for gpu in gpus {
        assert_eq!(gpu.job.as_ref().map(|job| job.id), Some(first));
        assert!(gpu.busy_pct.is_some() && gpu.power_w.is_some(), "{gpu:?}");
    }
    let was = past(&berth, later).await.picture;
    assert_eq!((was.active.as_slice(), was.queue.len()), (&[second][..], 0));
    // Before the second was submitted nobody waited.
    let instant = jiff::SignedDuration::from_micros(1);
    let was = past(&berth, submitted - instant).await.picture;
    assert!(was.queue.is_empty() && was.active == [first], "{was:?}");

    let call = |at: &str| berth.call(ClusterAt { at: at.to_owned() });
    let ahead = refused(call("2999-01-01T00:00:00Z").await);
    assert_eq!(ahead.code(), ErrorCode::Invalid);
    let before = refused(call("2000-01-01T00:00:00Z").await).to_string();
    assert!(before.contains("the journal begins at"), "{before}");
    assert_eq!(refused(call("noon").await).field(), Some("at"));

    let series = GetSeries {
        kind: "job".to_owned(),
        name: Some(first.to_string()),
        metric: "allocated".to_owned(),
        since: None,
        until: None,
        points: None,
    };
    let found = berth.call(series).await.unwrap();
    assert!(!found.buckets.is_empty());
    assert!(
        found.buckets.iter().all(|one| (one.max - 2.0).abs() < 1e-6),
        "{found:?}"
    );

    let output = server
        .cli()
        .args(["at", &then.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("(Resources)") && text.contains("node-1"),
        "{text}"
    );
}
