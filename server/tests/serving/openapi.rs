//! The API for other tools: what the document says is what is answered, and the tools that the docs show
//! submit, follow and cancel.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use berth_api::jobs::{CancelJob, GetJob, JobArg, ListJobs, RequeueJob, SubmitJob};
use berth_api::openapi::PATH;
use berth_api::{Berth, ErrorCode, Happening};
use berth_domain::{JobId, StateName, SubmitRequest};
use serde_json::Value;

use crate::support::{PATIENCE, Server, get, shell, submit, until, until_finished};

async fn ask(server: &Server, path: &str, token: Option<&str>) -> reqwest::Response {
    let mut request = reqwest::Client::new().get(format!("{}{path}", server.url));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_and_its_page_are_for_anybody() {
    let server = Server::start();
    let answer = ask(&server, PATH, None).await;
    assert_eq!(answer.status(), 200);
    let document: Value = answer.json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/submit_job"]["post"].is_object());

    let page = ask(&server, "/docs/api", None).await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("script-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    let text = page.text().await.unwrap();
    assert!(text.contains("id=\"submit_job\"") && text.contains("/pkg/build/berth.css"));
    // What it says how to do is another thing than to do it.
    assert_eq!(ask(&server, "/api/list_jobs", None).await.status(), 401);
}

/// Every read that needs to be told nothing, and those about a job.
#[tokio::test(flavor = "multi_thread")]
async fn openapi_says_what_reads_answer() {
    let server = Server::start();
    let berth = server.client();
    let done = submit(&berth, shell("echo hello")).await.id;
    until_finished(&berth, &[done]).await;
    let runs = submit(&berth, shell("sleep 60")).await.id;
    until(&berth, async |berth: &Berth| {
        get(berth, runs).await.row.state == StateName::Running
    })
    .await;
    submit(
        &berth,
        SubmitRequest {
            hold: true,
            ..shell("true")
        },
    )
    .await;
    let sweep = vec!["lr=1,2".to_owned()];
    submit(
        &berth,
        SubmitRequest {
            sweep,
            gpus: Some(16),
            ..shell("true")
        },
    )
    .await;

    let mut document: Value = ask(&server, PATH, None).await.json().await.unwrap();
    let components = document["components"].take();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let read = &methods["get"];
        if read.is_null() || path.ends_with("/raw") {
            continue;
        }
        let parameters = read["parameters"].as_array().cloned().unwrap_or_default();
        let needed: Vec<&str> = parameters
            .iter()
            .filter(|parameter| parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let queries: &[String] = match needed[..] {
            [] => &[String::new()],
            ["id"] => &[done, runs, JobId(3), JobId(4), JobId(99)].map(|id| format!("?id={id}")),
            _ => continue,
        };
        for query in queries {
            let answer = ask(&server, &format!("{path}{query}"), Some(&server.token)).await;
            let status = answer.status().as_u16().to_string();
            let answer: Value = answer.json().await.unwrap();
            let mut schema = if status == "200" {
                read["responses"]["200"]["content"]["application/json"]["schema"].clone()
            } else {
                assert_eq!(status, "404", "{path}{query}: {answer}");
                serde_json::json!({ "$ref": "#/components/schemas/ApiError" })
            };
            schema["components"] = components.clone();
            let wrong: Vec<String> = jsonschema::validator_for(&schema)
                .unwrap()
                .iter_errors(&answer)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{path}{query}: {wrong:#?}\n{answer:#}");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_methods_are_those_that_are_accepted() {
    let server = Server::start();
    let send = async |method: &str, verb: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = reqwest::Client::new().request(method, format!("{}/api/{verb}", server.url));
        request.bearer_auth(&server.token).send().await.unwrap()
    };
    for (method, verb, accepted) in [
        ("GET", "cancel_job", "POST"),
        ("DELETE", "list_jobs", "GET, POST"),
    ] {
        let answer = send(method, verb).await;
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], accepted);
        let refused: berth_api::ApiError = answer.json().await.unwrap();
        assert!(
            refused.to_string().contains(&format!("not {method}")),
            "{refused}"
        );
    }
    assert_eq!(send("POST", "list_jobs").await.status(), 200);
    // An argument without a value is one that is left out.
    assert_eq!(send("GET", "list_tokens?all=").await.status(), 200);
    assert_eq!(send("GET", "list_tokens?all=perhaps").await.status(), 400);
}

/// The example, which lies beside the server when it was built.
fn tool(server: &Server, command: &[&str]) -> Child {
    let folder = Path::new(env!("CARGO_BIN_EXE_berth-server"))
        .parent()
        .unwrap();
    let tool = folder.join("examples/submit_and_follow");
    assert!(
        tool.is_file(),
        "build it first: scripts/cargo build -p berth-api --features native --examples"
    );
    Command::new(tool)
        .args(command)
        .env("BERTH_URL", &server.url)
        .env("BERTH_TOKEN", &server.token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_example_submits_and_follows() {
    let server = Server::start();
    let mut tool = tool(
        &server,
        &["sh", "-c", "echo hello; sleep 0.3; echo bye; exit 3"],
    );
    let lines = BufReader::new(tool.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(tool.wait().unwrap().success());
    assert_eq!(said.first().unwrap(), "job 1");
    assert_eq!(said.last().unwrap(), "Failed");
    let written: Vec<&String> = said
        .iter()
        .filter(|line| matches!(&***line, "hello" | "bye"))
        .collect();
    assert_eq!(written, ["hello", "bye"], "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_example_cancels() {
    let server = Server::start();
    let mut tool = tool(&server, &["sh", "-c", "echo works; sleep 600"]);
    let mut lines = BufReader::new(tool.stdout.take().unwrap()).lines();
    assert!(
        lines
            .by_ref()
            .map(Result::unwrap)
            .any(|line| line == "works")
    );
    let pid = tool.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let last = lines.map(Result::unwrap).last().unwrap();
    assert!(last.starts_with("Cancelled by"), "{last}");
    assert!(tool.wait().unwrap().success());
    let job = get(&server.client(), JobId(1)).await.row;
    assert_eq!(job.outcome.as_deref(), Some("Cancelled"));
}

/// A Python that has `requests`: the one of Ray's tests.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let places = [".tools/ray/bin/python", ".tools/api/bin/python"];
    let found = places
        .map(|place| root.join(place))
        .into_iter()
        .chain([PathBuf::from("python3")]);
    found.into_iter().find(|python| {
        let mut asks = Command::new(python);
        let asks = asks.args(["-c", "import requests"]).stderr(Stdio::null());
        asks.status().is_ok_and(|status| status.success())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_example_in_python() {
    let Some(python) = python() else {
        eprintln!("left out: there is no Python with requests here");
        return;
    };
    let server = Server::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/submit.py");
    let run = |command: &[&str]| {
        let mut run = Command::new(&python);
        run.arg(&script).arg("--").args(command);
        run.env("BERTH_URL", &server.url)
            .env("BERTH_TOKEN", &server.token);
        run.output().unwrap()
    };
    let good = run(&["sh", "-c", "echo hello; sleep 0.3; echo bye"]);
    assert_eq!(String::from_utf8(good.stdout).unwrap(), "hello\nbye\n");
    assert!(good.status.success());
    let bad = run(&["sh", "-c", "exit 3"]);
    assert_eq!(bad.status.code(), Some(3), "{bad:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_client_follows_over_a_restart_and_another_attempt() {
    let mut server = Server::start();
    server.keep_address();
    let berth = Berth::new(&server.url, &server.token).unwrap();
    let go = server.dir.path().join("go");
    let line = format!(
        "echo attempt $BERTH_ATTEMPT; until [ -e {} ]; do sleep 0.1; done; echo done",
        go.display()
    );
    let id = submit(&berth, shell(&line)).await.id;
    let mut follow = berth.follow(id);
    let mut log = String::new();
    let mut states = Vec::new();
    let all = async {
        while let Some(happening) = follow.next().await.unwrap() {
            match happening {
                Happening::State(row) => states.push(row.state),
                Happening::Log(piece) => log += &piece.text,
            }
            if log == "attempt 1\n" && server.boots == 1 {
                server.kill();
                server.boot(&[]);
                berth
                    .call(RequeueJob {
                        body: JobArg { id },
                    })
                    .await
                    .unwrap();
            }
            // What a job writes may be here before it is said that it runs.
            let runs = states.last() == Some(&StateName::Running);
            if log.ends_with("attempt 2\n") && runs {
                std::fs::write(&go, "").unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, all)
        .await
        .expect("it never ends");
    assert_eq!(log, "attempt 1\nattempt 2\ndone\n");
    assert_eq!(states.last(), Some(&StateName::Finished));
    assert!(states.contains(&StateName::Running), "{states:?}");
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == StateName::Finished)
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_client_repeats_what_does_no_harm() {
    let mut server = Server::start();
    server.keep_address();
    let berth = Berth::new(&server.url, &server.token).unwrap();
    let first = submit(&berth, shell("sleep 600")).await.id;
    let mut watch = berth.watch();
    until_seen(&mut watch, |rows| rows == 1).await;

    server.kill();
    let asks = tokio::spawn({
        let berth = berth.clone();
        async move {
            let read = berth.call(GetJob { id: first }).await.unwrap().job.row.id;
            let sent = submit(&berth, shell("true")).await.id;
            (read, sent)
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.boot(&[]);
    let (read, sent) = tokio::time::timeout(PATIENCE, asks).await.unwrap().unwrap();
    assert_eq!((read, sent), (first, JobId(2)));
    until_seen(&mut watch, |rows| rows == 2).await;
    berth
        .call(CancelJob {
            body: JobArg { id: first },
        })
        .await
        .unwrap();

    // What it gives a submission that has no key is one of its own.
    let same = shell("true");
    let (one, two) = (
        submit(&berth, same.clone()).await.id,
        submit(&berth, same).await.id,
    );
    assert_ne!(one, two);
    let kept = SubmitRequest {
        idempotency_key: Some("mine".to_owned()),
        ..shell("true")
    };
    let one = berth.call(SubmitJob { body: kept.clone() }).await.unwrap();
    let two = berth.call(SubmitJob { body: kept }).await.unwrap();
    assert!(one.job.id == two.job.id && two.repeated);

    // Nobody waits for a server that is not there for longer than they want to.
    server.kill();
    let hasty = berth.patient(Duration::from_millis(200));
    let list = ListJobs {
        user: None,
        state: None,
        outcome: None,
        project: None,
        text: None,
        array: None,
        grouped: None,
        limit: None,
        cursor: None,
    };
    let lost = hasty.call(list).await.unwrap_err();
    assert_eq!(lost.code(), ErrorCode::Unreachable);
}

async fn until_seen(watch: &mut berth_api::Watch, ready: impl Fn(usize) -> bool) {
    let seen = async { while !ready(watch.next().await.unwrap().rows.len()) {} };
    tokio::time::timeout(PATIENCE, seen)
        .await
        .expect("it is never shown");
}
