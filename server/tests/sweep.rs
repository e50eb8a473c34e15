//! A sweep by the command line: each combination runs once, knows its values, and no more at once
//! than was said.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod support;

use berth_domain::JobId;
use support::{Server, all, get, until_finished};

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
