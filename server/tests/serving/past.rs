//! The past: run again under other policies, learned from over a restart, and what it says of
//! forecasts.

use std::process::{Command, Output};

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::Berth;
use berth_api::jobs::{CancelJob, JobArg};
use berth_api::past::{ForecastScore, LeftOutView, ReplayArg, ReplayHistory, ScoreView};
use berth_api::planner::{ExplainJob, PolicyArg};
use berth_domain::{JobId, StateName, SubmitRequest};

async fn until_state(berth: &Berth, id: JobId, state: StateName) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == state
    })
    .await;
}

fn sized(gpus: i64, line: &str) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        ..shell(line)
    }
}

/// A job that runs until the file is there.
fn until_told(server: &Server, file: &str) -> String {
    let file = server.dir.path().join(file);
    format!("while ! test -e {}; do sleep 0.02; done", file.display())
}

fn tell(server: &Server, file: &str) {
    std::fs::write(server.dir.path().join(file), "").unwrap();
}

fn replay(server: &Server, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_berth-server"))
        .arg("replay")
        .args(args)
        .arg("--data")
        .arg(server.data())
        .current_dir(server.dir.path())
        .output()
        .unwrap()
}

/// Six jobs that ran to their end, one after the other on all GPUs; one of no GPUs; one cancelled
/// while it waited; one that runs and one that waits for it.
async fn a_short_history(server: &Server) {
    let berth = server.client();
    let mut ids = vec![submit(&berth, sized(2, &until_told(server, "go"))).await.id];
    for n in 0..5 {
        ids.push(submit(&berth, sized(1 + n % 2, "exit 3")).await.id);
    }
    ids.push(submit(&berth, sized(0, "true")).await.id);
    let cancelled = submit(&berth, sized(2, "true")).await.id;
    let body = JobArg { id: cancelled };
    berth.call(CancelJob { body }).await.unwrap();
    tell(server, "go");
    until_finished(&berth, &ids).await;
    let running = submit(&berth, sized(2, "sleep 600")).await.id;
    until_state(&berth, running, StateName::Running).await;
    submit(&berth, sized(1, "true")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_is_run_again_under_other_policies() {
    let server = Server::with("1x2", &[]);
    a_short_history(&server).await;

    // While the server runs, from the same database.
    let chart = server.dir.path().join("policies.svg");
    let args = ["--json", "--compare", "fifo,berth", "--chart"];
    let done = replay(&server, &[&args[..], &[chart.to_str().unwrap()]].concat());
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["jobs"], 6, "{json}");
    let left_out = serde_json::json!({
        "running": 1, "waiting": 1, "never_ran": 1, "without_gpus": 1, "too_large": 0,
    });
    assert_eq!(json["left_out"], left_out);
    assert_eq!(json["what_happened"]["jobs"], 6);
    assert_eq!(json["policies"][0]["policy"], "fifo");
    assert_eq!(json["policies"][1]["jobs"], 6);
    let svg = std::fs::read_to_string(&chart).unwrap();
    for name in ["what happened", "fifo", "berth"] {
        assert!(svg.contains(name), "{name} is in the chart");
    }
    let done = replay(&server, &["--policy", "slurm"]);
    let table = String::from_utf8(done.stdout).unwrap();
    assert!(
        table.contains(
            "1 still running, 1 still waiting, 1 cancelled or lost before they ran, 1 without GPUs"
        ) && table.contains("what happened")
            && table.contains("slurm"),
        "{table}"
    );

    // And through the server, for anybody.
    let other = Berth::new(&server.url, &server.add_user("ben")).unwrap();
    let ask = |days, names: &[&str]| {
        let policy = |name: &&str| PolicyArg {
            name: (*name).to_owned(),
            knobs: [].into(),
        };
        let policies = names.iter().map(policy).collect();
        let body = ReplayArg { days, policies };
        ReplayHistory { body }
    };
    let answer = other.call(ask(28, &["fifo", "easy"])).await.unwrap();
    assert_eq!(answer.jobs, 6);
    let expected = LeftOutView {
        running: 1,
        waiting: 1,
        never_ran: 1,
        without_gpus: 1,
        too_large: 0,
    };
    assert_eq!(answer.left_out, expected);
    let names: Vec<&str> = answer
        .policies
        .iter()
        .map(|row| row.policy.as_str())
        .collect();
    assert_eq!(names, ["fifo", "easy"]);
    let of = |value: &serde_json::Value| value["wait_mean_min"].as_f64().unwrap();
    let same = [
        (
            answer.what_happened.wait_mean_min,
            of(&json["what_happened"]),
        ),
        (answer.policies[0].wait_mean_min, of(&json["policies"][0])),
    ];
    for (server, command) in same {
        assert!((server - command).abs() < 0.05, "{server} and {command}");
    }
    let answer = other.call(ask(28, &[])).await.unwrap();
    assert_eq!(answer.policies[0].policy, "berth", "the one in force");
    for (days, names, says) in [
        (0, &["fifo"][..], "between 1 and 90"),
        (28, &["lottery"][..], "sjf, slurm or berth"),
        (28, &["fifo"; 9][..], "8 policies at most"),
    ] {
        let error = refused(other.call(ask(days, names)).await);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn there_must_be_a_past() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none.db");
    let done = Command::new(env!("CARGO_BIN_EXE_berth-server"))
        .args(["replay", "--db"])
        .arg(&missing)
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("there is no database"), "{said}");
    assert!(!done.status.success() && !missing.exists());
}

async fn score(berth: &Berth) -> ScoreView {
    let windows = berth.call(ForecastScore {}).await.unwrap().windows;
    assert_eq!(
        windows.iter().map(|one| one.days).collect::<Vec<_>>(),
        [7, 28]
    );
    assert_eq!(windows[0].jobs, windows[1].jobs);
    windows[0]
}

/// How long a waiting job is expected to run, in seconds.
async fn expected_s(berth: &Berth, id: JobId) -> f64 {
    let answer = berth.call(ExplainJob { id }).await.unwrap();
    let factor = answer.factors.iter().find(|one| one.name == "run_time");
    factor.unwrap_or_else(|| panic!("{answer:?}")).share
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_and_foretold_outlives_the_server() {
    let mut server = Server::with("1x1", &[]);
    let berth = server.client();
    assert_eq!(score(&berth).await.jobs, 0);
    // Enough to foretell run times from.
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(submit(&berth, shell("sleep 0.05")).await.id);
    }
    until_finished(&berth, &ids).await;
    let holder = submit(&berth, shell(&until_told(&server, "go"))).await.id;
    until_state(&berth, holder, StateName::Running).await;
    let waiting = submit(&berth, shell("true")).await.id;
    until(&berth, async |berth: &Berth| {
        get(berth, waiting).await.row.start_p50.is_some()
    })
    .await;
    // A forecast is written with whatever comes next.
    let last = submit(&berth, shell(&until_told(&server, "end"))).await.id;
    let expected = expected_s(&berth, last).await;
    let before = score(&berth).await;

    server.kill();
    server.boot(&[]);
    let berth = server.client();
    assert!((expected_s(&berth, last).await - expected).abs() < 1e-9);
    assert_eq!(score(&berth).await, before);
    // What was said before the server was killed is judged by what happened after.
    tell(&server, "go");
    until_state(&berth, last, StateName::Running).await;
    let after = score(&berth).await;
    assert!(after.jobs > before.jobs, "{after:?}");
    assert!(after.median_error_min > 0.0 && after.p90_pct <= 100.0);

    server.kill();
    server.boot(&[]);
    assert_eq!(score(&server.client()).await, after);
    tell(&server, "end");
}
