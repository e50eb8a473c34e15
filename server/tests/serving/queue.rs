//! The queue on the real executor: order, holds, moves, dependencies, arrays, limits, retries.

use crate::support;
use crate::support::{Server, all, get, refused, shell, submit, until, until_finished};
use berth_api::jobs::{
    CancelJob, HoldJob, JobArg, MoveArg, MoveJob, ReleaseJob, RequeueJob, SubmitJob, UpdateArg,
    UpdateJob,
};
use berth_api::queue::{GetQueueOrder, GetQueueRows};
use berth_domain::{JobId, MoveTo, StateName, SubmitRequest};

fn sized(gpus: i64, line: &str) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        ..shell(line)
    }
}

async fn until_state(berth: &berth_api::Berth, id: JobId, state: StateName) {
    until(berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.row.state == state
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_something_sees_it_at_once() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    submit(&berth, sized(2, "sleep 600")).await;
    let id = submit(&berth, sized(1, "true")).await.id;
    let body = JobArg { id };
    for _ in 0..20 {
        let reason = get(&berth, id).await.row.reason;
        assert_eq!(reason.as_deref(), Some("Resources"));
        berth.call(HoldJob { body }).await.unwrap();
        let reason = get(&berth, id).await.row.reason;
        assert_eq!(reason.as_deref(), Some("JobHeldUser"));
        berth.call(ReleaseJob { body }).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_is_what_people_made_it() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let go = server.dir.path().join("go");
    let order = server.dir.path().join("order");
    let wait = format!("while ! test -e {}; do sleep 0.01; done", go.display());
    let blocker = submit(&berth, sized(2, &wait)).await.id;
    until_state(&berth, blocker, StateName::Running).await;
    let line = format!("echo $BERTH_JOB_ID >> {}", order.display());
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(submit(&berth, sized(2, &line)).await.id);
    }
    let high = SubmitRequest {
        class: Some("high".into()),
        ..sized(2, &line)
    };
    ids.push(submit(&berth, high).await.id);
    // 2 3 4 5 6 7, and 8 of a higher class.
    let to = |id: u64, to| MoveJob {
        body: MoveArg { id: JobId(id), to },
    };
    berth.call(to(6, MoveTo::Top)).await.unwrap();
    berth.call(to(2, MoveTo::Bottom)).await.unwrap();
    berth.call(to(7, MoveTo::Before(JobId(4)))).await.unwrap();
    berth.call(to(3, MoveTo::After(JobId(5)))).await.unwrap();
    let other_class = refused(berth.call(to(2, MoveTo::Before(JobId(8)))).await);
    assert!(
        other_class.to_string().contains("moves within its class"),
        "{other_class}"
    );
    berth
        .call(HoldJob {
            body: JobArg { id: JobId(4) },
        })
        .await
        .unwrap();
    let held = get(&berth, JobId(4)).await.row;
    assert_eq!(held.state, StateName::Held);
    assert_eq!(held.reason.as_deref(), Some("JobHeldUser"));
    std::fs::write(&go, "").unwrap();
    let rest: Vec<JobId> = ids.iter().copied().filter(|id| id.0 != 4).collect();
    until_finished(&berth, &rest).await;
    berth
        .call(ReleaseJob {
            body: JobArg { id: JobId(4) },
        })
        .await
        .unwrap();
    until_finished(&berth, &ids).await;
    let ran = std::fs::read_to_string(&order).unwrap();
    assert_eq!(
        ran.lines().collect::<Vec<_>>(),
        ["8", "6", "7", "5", "3", "2", "4"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_reach_whoever_asks() {
    let server = Server::with("2x2", &[]);
    let berth = server.client();
    submit(&berth, sized(1, "sleep 600")).await;
    submit(&berth, sized(2, "sleep 600")).await;
    let head = submit(&berth, sized(2, "true")).await.id;
    let behind = submit(&berth, sized(1, "true")).await.id;
    let after = SubmitRequest {
        after: vec![head.to_string()],
        ..shell("true")
    };
    let dependent = submit(&berth, after).await.id;
    let begin = SubmitRequest {
        begin: Some("2999-01-01T00:00:00Z".into()),
        ..shell("true")
    };
    let later = submit(&berth, begin).await.id;
    let reason = async |id: JobId, sentence: &str| {
        until(&berth, async |berth: &berth_api::Berth| {
            get(berth, id).await.row.reason_text.as_deref() == Some(sentence)
        })
        .await;
    };
    reason(head, "Next in line. Waits for 2 GPUs; 1 is free.").await;
    reason(behind, "Waits behind job 3.").await;
    reason(dependent, "Waits until job 3 ended.").await;
    reason(later, "Starts no earlier than 2999-01-01 00:00:00 UTC.").await;
    berth
        .call(CancelJob {
            body: JobArg { id: head },
        })
        .await
        .unwrap();
    until_finished(&berth, &[behind]).await;
    reason(
        dependent,
        "Depends on job 3, which did not end as needed. Cancel this job, or change what it \
         depends on.",
    )
    .await;
    let update = UpdateArg {
        after: Some(vec![]),
        ..UpdateArg::of(dependent)
    };
    berth.call(UpdateJob { body: update }).await.unwrap();
    until_finished(&berth, &[dependent]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_ends_a_job_and_all_of_it() {
    let server = Server::start();
    let berth = server.client();
    let line = "trap '' TERM; (trap '' TERM; sleep 600) & while :; do sleep 0.01; done";
    let limited = SubmitRequest {
        time_limit: Some("1s".into()),
        ..shell(line)
    };
    let id = submit(&berth, limited).await.id;
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("TimedOut"));
    assert_eq!(done.row.exit_code, Some(137));
    let folder = server.data().join("runs").join(id.to_string());
    support::until_nothing_runs_of(&folder).await;

    // A limit that is changed while it runs counts from its start.
    let id = submit(&berth, shell("sleep 600")).await.id;
    until_state(&berth, id, StateName::Running).await;
    let update = UpdateArg {
        time_limit: Some("1s".into()),
        ..UpdateArg::of(id)
    };
    berth.call(UpdateJob { body: update }).await.unwrap();
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("TimedOut"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_as_often_as_asked() {
    let server = Server::start();
    let berth = server.client();
    let line = "test $BERTH_ATTEMPT = 3";
    let job = SubmitRequest {
        max_retries: Some(5),
        ..shell(line)
    };
    let id = submit(&berth, job).await.id;
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("Succeeded"));
    let codes: Vec<_> = done
        .attempts
        .iter()
        .map(|attempt| attempt.exit_code)
        .collect();
    assert_eq!(codes, [Some(1), Some(1), Some(0)]);
    let pauses = done.attempts.windows(2);
    let pauses = pauses.map(|pair| pair[1].granted_at.duration_since(pair[0].ended_at.unwrap()));
    let long_enough = pauses
        .zip([100, 200])
        .all(|(pause, ms)| pause.as_millis() >= ms);
    assert!(long_enough, "{:?}", done.attempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requeued_job_runs_again() {
    let server = Server::start();
    let berth = server.client();
    let ran = server.dir.path().join("ran");
    let line = format!("echo $BERTH_ATTEMPT >> {}; sleep 600", ran.display());
    let id = submit(&berth, shell(&line)).await.id;
    until_state(&berth, id, StateName::Running).await;
    let requeue = RequeueJob {
        body: JobArg { id },
    };
    berth.call(requeue.clone()).await.unwrap();
    until(&berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.attempts.len() == 2
    })
    .await;
    until_state(&berth, id, StateName::Running).await;
    berth
        .call(CancelJob {
            body: JobArg { id },
        })
        .await
        .unwrap();
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("Cancelled"));
    // Also when it has ended.
    berth.call(requeue).await.unwrap();
    until(&berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.attempts.len() == 3
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_one_submission_of_many_tasks() {
    let server = Server::start();
    let berth = server.client();
    let out = server.dir.path().join("out");
    let line = format!(
        "echo $BERTH_ARRAY_JOB_ID.$BERTH_ARRAY_TASK_ID >> {}",
        out.display()
    );
    let array = SubmitRequest {
        array: Some("1,4-6%2".into()),
        idempotency_key: Some("once".into()),
        ..shell(&line)
    };
    let answer = berth
        .call(SubmitJob {
            body: array.clone(),
        })
        .await
        .unwrap();
    assert_eq!(answer.tasks.len(), 4);
    let again = berth.call(SubmitJob { body: array }).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.job.id, answer.job.id);
    until_finished(&berth, &answer.tasks).await;
    let mut lines: Vec<String> = std::fs::read_to_string(&out)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    assert_eq!(lines, ["1.1", "1.4", "1.5", "1.6"]);
    assert_eq!(all(&berth).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_gpus_are_a_gang_of_two_nodes() {
    let server = Server::start();
    let berth = server.client();
    let out = server.dir.path().join("out");
    let line = format!(
        "echo $NODE_RANK $NNODES $CUDA_VISIBLE_DEVICES >> {}",
        out.display()
    );
    let id = submit(&berth, sized(16, &line)).await.id;
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(
        (done.row.gpus, done.row.nodes, done.row.gpus_per_node),
        (16, 2, 8)
    );
    let text = std::fs::read_to_string(&out).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0 2 0,1,2,3,4,5,6,7", "1 2 0,1,2,3,4,5,6,7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_no_picture_holds_is_told_whole() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let kim = berth_api::Berth::new(&server.url, &server.add_user("kim")).unwrap();
    submit(&berth, sized(2, "sleep 600")).await;
    let mut ids = Vec::new();
    for number in 0..210 {
        let whose = if number % 2 == 0 { &berth } else { &kim };
        ids.push(submit(whose, sized(1, "true")).await.id);
    }
    let held = JobArg { id: ids[3] };
    kim.call(HoldJob { body: held }).await.unwrap();
    let order = berth.call(GetQueueOrder {}).await.unwrap();
    let told: Vec<JobId> = order.jobs.iter().map(|one| one.0).collect();
    let mut expected = ids.clone();
    let last = expected.remove(3);
    expected.push(last);
    assert_eq!(told, expected);
    for (id, owner, _, held) in &order.jobs {
        let kims = ids.iter().position(|one| one == id).unwrap() % 2 == 1;
        assert_eq!(order.owners[*owner].0 == "kim", kims, "job {id}");
        assert_eq!(*held, *id == last, "job {id}");
    }

    let ask = |ids: &str| GetQueueRows { ids: ids.into() };
    let few = format!("{}, 9999,{}", ids[205], ids[209]);
    let rows = berth.call(ask(&few)).await.unwrap().jobs;
    let found: Vec<JobId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(found, [ids[205], ids[209]]);
    assert!(rows.iter().all(|row| row.reason_text.is_some()));
    for wrong in ["", "1,two", &vec!["7"; 101].join(",")] {
        let error = refused(berth.call(ask(wrong)).await);
        assert!(error.to_string().contains("at most 100 jobs"), "{error}");
    }
}
