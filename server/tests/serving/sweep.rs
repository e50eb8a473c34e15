//! A sweep by the command line: each combination runs once, knows its values, and no more at once
//! than was said.

use crate::support;
use crate::support::{Server, all, get, until_finished};
use berth_domain::JobId;

#[tokio::test(flavor = "multi_thread")]
async fn every_combination_runs_once() {
    let server = Server::start();
    let berth = server.client();
    let seen = server.dir.path().join("seen");
    let line = format!(
        "echo {{lr}} {{seed}} $BERTH_PARAM_LR $BERTH_PARAM_SEED ${{HOME:+home}} >> {}",
        seen.display()
    );
    let output = server
        .cli()
        .args(["sweep", "--param", "lr=1e-3,1e-4", "--param", "seed=0..2"])
        .args(["--at-once", "1", "--json", "--", "sh", "-c", &line])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 6, "{answer}");
    let ids: Vec<JobId> = (1..=6).map(JobId).collect();
    let jobs = until_finished(&berth, &ids).await;
    let mut lines: Vec<String> = std::fs::read_to_string(&seen)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    let mut expected = Vec::new();
    for lr in ["1e-3", "1e-4"] {
        expected.extend((0..3).map(|seed| format!("{lr} {seed} {lr} {seed} home")));
    }
    assert_eq!(lines, expected);
    assert_eq!(jobs[4].row.name, "sh lr=1e-4 seed=1");
    // One after the other, although there is room for all.
    let mut spans: Vec<_> = jobs
        .iter()
        .map(|job| {
            (
                job.attempts[0].granted_at,
                job.attempts[0].ended_at.unwrap(),
            )
        })
        .collect();
    spans.sort();
    assert!(
        spans.windows(2).all(|pair| pair[0].1 <= pair[1].0),
        "{spans:?}"
    );
    assert_eq!(
        get(&berth, JobId(1)).await.row.array.unwrap().array,
        JobId(1)
    );

    let wrong = server
        .cli()
        .args(["sweep", "--param", "lr=", "--", "true"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("empty"));
    assert_eq!(all(&berth).await.len(), 6, "nothing was submitted");
}

/// The whole of it: one row in lists, and changed at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_one_row_and_is_changed_as_a_whole() {
    let server = Server::start();
    let berth = server.client();
    let said = |args: &[&str]| {
        let output = server.cli().args(args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let ok = |args: &[&str]| {
        let (code, text) = said(args);
        assert_eq!(code, Some(0), "{text}");
        text
    };
    // Tasks 1 and 3 fail once.
    let marker = server.dir.path().join("mended");
    let line = format!(
        "test -e {} || test $BERTH_ARRAY_TASK_ID -eq 0 || test $BERTH_ARRAY_TASK_ID -eq 2",
        marker.display()
    );
    ok(&[
        "submit", "--array", "0-3", "-g", "1", "-J", "four", "--", "sh", "-c", &line,
    ]);
    let ids: Vec<JobId> = (1..=4).map(JobId).collect();
    until_finished(&berth, &ids).await;
    let listed = ok(&["queue", "--finished"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("four [4 tasks]"), "{listed}");
    assert!(listed.contains("2 done, 2 failed"), "{listed}");
    assert_eq!(ok(&["queue", "--array", "1"]).lines().count(), 6);

    std::fs::write(&marker, "").unwrap();
    let retried = ok(&["requeue", "--array", "2"]);
    assert_eq!(
        retried.trim(),
        "Queued 2 failed of the 4 tasks of array 1 again"
    );
    until_finished(&berth, &ids).await;
    assert!(ok(&["queue", "--finished"]).contains("4 done"));
    let (code, refused) = said(&["requeue", "--array", "1"]);
    assert_eq!(code, Some(1));
    assert!(refused.contains("none failed"), "{refused}");

    ok(&[
        "submit", "--array", "0-9", "-g", "8", "-J", "ten", "--", "sleep", "1000",
    ]);
    let running = |count| {
        let berth = &berth;
        async move {
            support::until(berth, async |berth| {
                let jobs = all(berth).await;
                jobs.iter().filter(|job| job.is_active()).count() == count
            })
            .await;
        }
    };
    running(2).await;
    let held = ok(&["hold", "--array", "5"]);
    assert_eq!(held.trim(), "Held 8 of the 10 tasks of array 5");
    let listed = ok(&["queue"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("2 run, 8 held"), "{listed}");
    assert_eq!(ok(&["queue", "--tasks"]).lines().count(), 11);
    let released = ok(&["release", "--array", "5"]);
    assert_eq!(released.trim(), "Released 8 of the 10 tasks of array 5");
    let cancelled = ok(&["cancel", "--array", "7"]);
    assert_eq!(cancelled.trim(), "Cancelled 10 of the 10 tasks of array 5");
    until_finished(&berth, &(5..=14).map(JobId).collect::<Vec<_>>()).await;
    assert!(ok(&["queue", "--finished"]).contains("10 cancelled"));

    ok(&["submit", "-g", "1", "--", "true"]);
    let (code, refused) = said(&["cancel", "--array", "15"]);
    assert_eq!(code, Some(1));
    assert!(refused.contains("not a task of an array"), "{refused}");
}
