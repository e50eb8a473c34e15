//! Bad input: each case is answered with a 4xx and a sentence, and nothing is written.

use crate::support;
use crate::support::{Server, all, shell, submit};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

struct Case {
    what: &'static str,
    method: Method,
    path: String,
    body: Option<String>,
    /// What the sentence must mention.
    says: &'static str,
    status: StatusCode,
}

fn post(what: &'static str, verb: &str, body: &Value, says: &'static str) -> Case {
    raw(what, verb, body.to_string(), says)
}

fn raw(what: &'static str, verb: &str, body: String, says: &'static str) -> Case {
    let path = format!("/api/{verb}");
    Case {
        what,
        method: Method::POST,
        path,
        body: Some(body),
        says,
        status: StatusCode::BAD_REQUEST,
    }
}

fn get(what: &'static str, path: &str, says: &'static str, status: StatusCode) -> Case {
    Case {
        what,
        method: Method::GET,
        path: format!("/api/{path}"),
        body: None,
        says,
        status,
    }
}

fn with(case: Case, status: StatusCode) -> Case {
    Case { status, ..case }
}

fn submits(what: &'static str, fields: Value, says: &'static str) -> Case {
    let mut body = json!({ "command": ["true"] });
    let Value::Object(fields) = fields else {
        panic!()
    };
    body.as_object_mut().unwrap().extend(fields);
    post(what, "submit_job", &body, says)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let not_found = StatusCode::NOT_FOUND;
    let conflict = StatusCode::CONFLICT;
    vec![
        post("no command", "submit_job", &json!({}), "command is empty"),
        submits(
            "an empty command",
            json!({"command": []}),
            "command is empty",
        ),
        submits(
            "a blank program",
            json!({"command": [" "]}),
            "command is empty",
        ),
        submits(
            "a command as text",
            json!({"command": "echo hi"}),
            "command",
        ),
        submits(
            "a number as a word",
            json!({"command": ["echo", 1]}),
            "command[1]",
        ),
        submits(
            "NUL in the command",
            json!({"command": ["echo", "a\0b"]}),
            "NUL",
        ),
        submits(
            "a command of 1 MB",
            json!({"command": ["echo", "x".repeat(1 << 20)]}),
            "script",
        ),
        submits("17 GPUs", json!({"gpus": 17}), "has 16"),
        submits(
            "9 GPUs of one node",
            json!({"gpus": 9, "nodes": 1}),
            "largest node has 8",
        ),
        submits("9 GPUs anywhere", json!({"gpus": 9}), "evenly"),
        submits(
            "16 on each of two",
            json!({"gpus": 16, "nodes": 2}),
            "largest node has 8",
        ),
        submits("minus one GPU", json!({"gpus": -1}), "-1 GPUs"),
        submits("half a GPU", json!({"gpus": 0.5}), "gpus"),
        submits("GPUs in words", json!({"gpus": "two"}), "gpus"),
        submits(
            "too many GPUs to count",
            json!({"gpus": i64::MAX}),
            "has 16",
        ),
        submits("3 nodes", json!({"nodes": 3}), "has 2"),
        submits("no nodes", json!({"nodes": 0}), "0 nodes"),
        submits("minus two nodes", json!({"nodes": -2}), "-2 nodes"),
        submits("a negative time", json!({"time_limit": "-5"}), "not a time"),
        submits("no time", json!({"time_limit": "0"}), "no time to run"),
        submits(
            "a time in words",
            json!({"time_limit": "soon"}),
            "not a time",
        ),
        submits("an empty time", json!({"time_limit": ""}), "not a time"),
        submits(
            "a time as a number",
            json!({"time_limit": 60}),
            "time_limit",
        ),
        submits("a century", json!({"time_limit": "36500d"}), "366 days"),
        submits(
            "a time beyond counting",
            json!({"time_limit": "99999999999999999999d"}),
            "not a time",
        ),
        submits(
            "an unknown class",
            json!({"class": "urgent"}),
            "low, normal, high",
        ),
        submits("minus one retry", json!({"max_retries": -1}), "-1 retries"),
        submits("1000 retries", json!({"max_retries": 1000}), "0 to 100"),
        submits(
            "an unknown dependency",
            json!({"after": ["999"]}),
            "no job 999",
        ),
        submits(
            "a dependency in words",
            json!({"after": ["yesterday"]}),
            "not a job number",
        ),
        submits(
            "an unknown kind of dependency",
            json!({"after": ["whenever:1"]}),
            "afterok",
        ),
        submits(
            "a dependency as a number",
            json!({"after": [1]}),
            "after[0]",
        ),
        submits("begin in words", json!({"begin": "tonight"}), "not a time"),
        submits(
            "begin in the past",
            json!({"begin": "2001-01-01T00:00:00Z"}),
            "in the past",
        ),
        submits("an empty name", json!({"name": ""}), "name is empty"),
        submits(
            "a name of two lines",
            json!({"name": "a\nb"}),
            "control character",
        ),
        submits(
            "a name of 201 letters",
            json!({"name": "n".repeat(201)}),
            "at most 200",
        ),
        submits(
            "a project with a bell",
            json!({"project": "a\u{7}"}),
            "control character",
        ),
        submits(
            "a relative folder",
            json!({"workdir": "src"}),
            "not absolute",
        ),
        submits("NUL in the folder", json!({"workdir": "/a\0"}), "NUL"),
        submits(
            "a variable with =",
            json!({"env": {"A=B": "1"}}),
            "not a variable name",
        ),
        submits(
            "a variable without a name",
            json!({"env": {"": "1"}}),
            "not a variable name",
        ),
        submits("NUL in a variable", json!({"env": {"A": "\0"}}), "NUL"),
        submits("a number as a variable", json!({"env": {"A": 1}}), "env.A"),
        submits(
            "a huge environment",
            json!({"env": {"A": "x".repeat(100_000)}}),
            "at most 65536",
        ),
        submits("an array in words", json!({"array": "all"}), "not an array"),
        submits(
            "an array backwards",
            json!({"array": "9-0"}),
            "not an array",
        ),
        submits(
            "an array of nothing at once",
            json!({"array": "0-9%0"}),
            "not an array",
        ),
        submits(
            "a huge array",
            json!({"array": "0-4000000000"}),
            "at most 1000",
        ),
        submits(
            "a field that does not exist",
            json!({"gpu": 1}),
            "unknown field",
        ),
        submits("hold as text", json!({"hold": "yes"}), "hold"),
        raw(
            "no JSON",
            "submit_job",
            "command=true".to_owned(),
            "request",
        ),
        raw("an empty body", "submit_job", String::new(), "empty"),
        raw("a list", "submit_job", "[]".to_owned(), "request"),
        raw(
            "half a JSON",
            "submit_job",
            "{\"command\": [".to_owned(),
            "line 1",
        ),
        raw(
            "no UTF-8",
            "submit_job",
            "{\"command\": [\"\\ud800\"]}".to_owned(),
            "request",
        ),
        with(
            raw(
                "3 MB",
                "submit_job",
                format!("{{\"command\": [\"{}\"]}}", "x".repeat(3 << 20)),
                "",
            ),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        with(
            post(
                "an unknown job",
                "cancel_job",
                &json!({"id": 999}),
                "no job 999",
            ),
            not_found,
        ),
        with(
            post("hold nothing", "hold_job", &json!({"id": 0}), "no job 0"),
            not_found,
        ),
        with(
            post(
                "release nothing",
                "release_job",
                &json!({"id": 999}),
                "no job",
            ),
            not_found,
        ),
        with(
            post(
                "requeue nothing",
                "requeue_job",
                &json!({"id": 999}),
                "no job",
            ),
            not_found,
        ),
        with(
            post(
                "update nothing",
                "update_job",
                &json!({"id": 999}),
                "no job",
            ),
            not_found,
        ),
        with(
            post(
                "move nothing",
                "move_job",
                &json!({"id": 999, "to": "top"}),
                "no job",
            ),
            not_found,
        ),
        post("a negative number", "cancel_job", &json!({"id": -1}), "id"),
        post("a job in words", "cancel_job", &json!({"id": "last"}), "id"),
        post("no job", "cancel_job", &json!({}), "id"),
        post(
            "a field too many",
            "cancel_job",
            &json!({"id": 1, "force": true}),
            "force",
        ),
        post(
            "a move to nowhere",
            "move_job",
            &json!({"id": 1, "to": "left"}),
            "left",
        ),
        post(
            "a move before nothing",
            "move_job",
            &json!({"id": 1, "to": {"before": 999}}),
            "999",
        ),
        post(
            "a move before itself",
            "move_job",
            &json!({"id": 1, "to": {"before": 1}}),
            "itself",
        ),
        post(
            "a cycle",
            "update_job",
            &json!({"id": 1, "after": ["2"]}),
            "cycle",
        ),
        post(
            "a job after itself",
            "update_job",
            &json!({"id": 1, "after": ["1"]}),
            "cycle",
        ),
        post(
            "a job made too large",
            "update_job",
            &json!({"id": 1, "gpus": 17}),
            "has 16",
        ),
        post(
            "a limit of nothing",
            "update_job",
            &json!({"id": 1, "time_limit": "0"}),
            "no time",
        ),
        with(
            post("finish twice", "cancel_job", &json!({"id": 3}), "finished"),
            conflict,
        ),
        with(
            post("hold what ended", "hold_job", &json!({"id": 3}), "finished"),
            conflict,
        ),
        with(
            post(
                "change what ended",
                "update_job",
                &json!({"id": 3, "name": "n"}),
                "finished",
            ),
            conflict,
        ),
        with(
            post(
                "requeue what waits",
                "requeue_job",
                &json!({"id": 1}),
                "held",
            ),
            conflict,
        ),
        get(
            "a job in words",
            "get_job?id=last",
            "query",
            StatusCode::BAD_REQUEST,
        ),
        get("no job", "get_job", "id", StatusCode::BAD_REQUEST),
        get("an unknown job", "get_job?id=999", "no job 999", not_found),
        get(
            "events of nothing",
            "job_events?id=999",
            "no job 999",
            not_found,
        ),
        get(
            "a log of nothing",
            "job_log?id=999",
            "no job 999",
            not_found,
        ),
        get(
            "an unknown attempt",
            "job_log?id=3&attempt=7",
            "no attempt 7",
            not_found,
        ),
        get(
            "an unknown rank",
            "job_log?id=3&rank=9",
            "no rank 9",
            not_found,
        ),
        get(
            "an unknown state",
            "list_jobs?state=sleeping",
            "not a state",
            StatusCode::BAD_REQUEST,
        ),
        get(
            "a made-up cursor",
            "list_jobs?cursor=%27%20or%201",
            "cursor",
            StatusCode::BAD_REQUEST,
        ),
        get(
            "a limit in words",
            "list_jobs?limit=all",
            "query",
            StatusCode::BAD_REQUEST,
        ),
        get(
            "an unknown function",
            "launch_missiles",
            "no function",
            not_found,
        ),
        get(
            "a write by GET",
            "cancel_job?id=1",
            "POST",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ]
}

fn reserves(what: &'static str, fields: Value, says: &'static str) -> Case {
    let start = berth_domain::Timestamp::now() + std::time::Duration::from_secs(3600);
    let mut body = json!({ "gpus": 1, "length": "1h", "start": start.to_string() });
    let Value::Object(fields) = fields else {
        panic!()
    };
    body.as_object_mut().unwrap().extend(fields);
    let body = json!({ "reservation": body });
    post(what, "create_reservation", &body, says)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn reservation_cases() -> Vec<Case> {
    let not_found = StatusCode::NOT_FOUND;
    vec![
        post(
            "no reservation",
            "create_reservation",
            &json!({}),
            "reservation",
        ),
        post(
            "a reservation unwrapped",
            "create_reservation",
            &json!({"gpus": 1}),
            "gpus",
        ),
        reserves("a word unknown to us", json!({"gpu": 1}), "gpu"),
        reserves("no GPUs", json!({"gpus": 0}), "0 GPUs"),
        reserves("minus one GPU", json!({"gpus": -1}), "-1 GPUs"),
        reserves("17 GPUs", json!({"gpus": 17}), "has 16"),
        reserves("more than counts", json!({"gpus": i64::MAX}), "has 16"),
        reserves("GPUs in words", json!({"gpus": "all"}), "gpus"),
        reserves("no such node", json!({"node": "node-9"}), "'node-9'"),
        reserves(
            "too many for the node",
            json!({"node": "node-1", "gpus": 16}),
            "node-1 has 8",
        ),
        reserves(
            "GPUs both ways",
            json!({"exact": ["node-1:0"]}),
            "leave out",
        ),
        reserves(
            "a GPU that is not there",
            json!({"gpus": null, "exact": ["node-1:8"]}),
            "no GPU 8",
        ),
        reserves(
            "a GPU without a node",
            json!({"gpus": null, "exact": ["0-3"]}),
            "does not name GPUs",
        ),
        reserves(
            "endless GPUs",
            json!({"gpus": null, "exact": ["node-1:0-4294967295"]}),
            "does not name GPUs",
        ),
        reserves(
            "in the past",
            json!({"start": "2001-01-01T00:00:00Z"}),
            "in the past",
        ),
        reserves(
            "in the far future",
            json!({"start": "9999-01-01T00:00:00Z"}),
            "a year ahead",
        ),
        reserves("begin in words", json!({"start": "tonight"}), "not a time"),
        reserves("no length", json!({"length": null}), "how long"),
        reserves("no time at all", json!({"length": "0"}), "not after"),
        reserves("a century", json!({"length": "36500d"}), "31 days"),
        reserves("a length in words", json!({"length": "long"}), "not a time"),
        reserves(
            "an end before it begins",
            json!({"length": null, "end": "2001-01-01T00:00:00Z"}),
            "not after its start",
        ),
        reserves(
            "an end and a length",
            json!({"end": "2099-01-01T00:00:00Z"}),
            "not both",
        ),
        reserves("every someday", json!({"every": ["someday"]}), "not a day"),
        reserves(
            "every day for two days",
            json!({"every": ["day"], "length": "2d"}),
            "before it is over",
        ),
        reserves(
            "no such zone",
            json!({"every": ["day"], "zone": "../etc/passwd"}),
            "not a time zone",
        ),
        reserves(
            "a last date that is none",
            json!({"every": ["day"], "until": "2026-13-01"}),
            "not a date",
        ),
        reserves(
            "a last date before the first",
            json!({"every": ["day"], "until": "2001-01-01"}),
            "before the first",
        ),
        reserves(
            "a last date of once",
            json!({"until": "2099-01-01"}),
            "come again",
        ),
        reserves("released at once", json!({"no_show": "0"}), "no-show"),
        reserves(
            "released after its end",
            json!({"no_show": "2h"}),
            "no-show",
        ),
        reserves("a note of two lines", json!({"note": "a\nb"}), "control"),
        reserves("nobody", json!({"user": ""}), "user is empty"),
        reserves(
            "for a user and a project",
            json!({"user": "a", "project": "b"}),
            "not for both",
        ),
        with(
            post(
                "a change of none",
                "create_reservation",
                &json!({"reservation": {"gpus": 1, "length": "1h"}, "replace": 9}),
                "no reservation 9",
            ),
            not_found,
        ),
        with(
            post(
                "cancel none",
                "cancel_reservation",
                &json!({"id": 9}),
                "no reservation 9",
            ),
            not_found,
        ),
        with(
            post(
                "end none",
                "end_reservation",
                &json!({"id": 9}),
                "no reservation 9",
            ),
            not_found,
        ),
        post(
            "cancel in words",
            "cancel_reservation",
            &json!({"id": "all"}),
            "id",
        ),
        get(
            "a list from nowhere",
            "list_reservations?from=here",
            "not a time",
            StatusCode::BAD_REQUEST,
        ),
        get(
            "a calendar of nothing",
            "calendar?from=2026-11-30T00:00:00Z&to=2026-11-30T00:00:00Z",
            "not after",
            StatusCode::BAD_REQUEST,
        ),
        get(
            "a calendar of all times",
            "calendar?from=2026-11-30T00:00:00Z&to=9999-01-01T00:00:00Z",
            "100 days",
            StatusCode::BAD_REQUEST,
        ),
        get(
            "a list of all times",
            "list_reservations?to=9999-01-01T00:00:00Z",
            "400 days",
            StatusCode::BAD_REQUEST,
        ),
        post("nobody's quota", "set_quota", &json!({"gpus": 1}), "whose"),
        post(
            "no quota",
            "set_quota",
            &json!({"user": "ana"}),
            "one of gpus, gpu_hours, shares",
        ),
        post(
            "two quotas",
            "set_quota",
            &json!({"user": "ana", "gpus": 1, "unlimited": true}),
            "one of gpus",
        ),
        post(
            "a negative quota",
            "set_quota",
            &json!({"user": "ana", "gpus": -8}),
            "-8 GPUs",
        ),
        post(
            "a quota of two kinds",
            "set_quota",
            &json!({"user": "ana", "gpus": 1, "shares": 2}),
            "one of gpus",
        ),
        post(
            "no shares",
            "set_quota",
            &json!({"user": "ana", "shares": 0}),
            "use 1 to",
        ),
        post(
            "shares without end",
            "set_quota",
            &json!({"user": "ana", "unlimited": true, "of": "shares"}),
            "no limit to take away",
        ),
        post(
            "GPU-hours of a year",
            "set_quota",
            &json!({"user": "ana", "gpu_hours": 5, "period": "year"}),
            "unknown variant",
        ),
        post(
            "a period of GPUs",
            "set_quota",
            &json!({"user": "ana", "gpus": 5, "period": "day"}),
            "in gpu_hours",
        ),
        post(
            "every node's quota",
            "set_quota",
            &json!({"every": "node", "gpus": 1}),
            "neither user nor project",
        ),
        post(
            "a quota of a bell",
            "set_quota",
            &json!({"project": "a\u{7}", "gpus": 1}),
            "control character",
        ),
    ]
}

/// What is asked of nodes and GPUs, and deadlines: two nodes of eight H100s are there.
fn asks() -> Vec<Case> {
    vec![
        submits(
            "a model that nobody has",
            json!({"gpu_model": ["A100"]}),
            "whose model is 'A100'; there are: H100 80GB HBM3 (16)",
        ),
        submits(
            "a part of a model's word",
            json!({"gpu_model": ["H100", "H10"]}),
            "'H10'",
        ),
        submits("an empty model", json!({"gpu_model": [""]}), "empty"),
        submits(
            "a model without a word",
            json!({"gpu_model": ["--"]}),
            "not a GPU model",
        ),
        submits("a model as text", json!({"gpu_model": "H100"}), "gpu_model"),
        submits("memory in words", json!({"gpu_mem": "much"}), "40GiB"),
        submits("memory without a unit", json!({"gpu_mem": "80"}), "40GiB"),
        submits("no memory", json!({"gpu_mem": "0G"}), "40GiB"),
        submits(
            "memory beyond counting",
            json!({"gpu_mem": "99999999999999T"}),
            "40GiB",
        ),
        submits(
            "more memory than there is",
            json!({"gpu_mem": "96G"}),
            "No GPU has 96 GB; the largest has 80 GiB",
        ),
        submits(
            "a node that is not there",
            json!({"nodelist": ["node-1", "node-9"]}),
            "no node 'node-9'; there are: node-1, node-2",
        ),
        submits(
            "without a node that is not there",
            json!({"exclude": ["node-9"]}),
            "no node 'node-9'",
        ),
        submits(
            "a node with a line break",
            json!({"nodelist": ["node-1\n"]}),
            "control character",
        ),
        submits(
            "a list of 1,025 nodes",
            json!({"nodelist": vec!["node-1"; 1025]}),
            "at most 1024",
        ),
        submits(
            "neither here nor there",
            json!({"exclude": ["node-1", "node-2"]}),
            "No node could ever give 1 GPU not on node-1 or node-2",
        ),
        submits(
            "two nodes of one",
            json!({"nodes": 2, "nodelist": ["node-1"]}),
            "1 of the nodes could ever give 1 GPU each on node-1; 2 were asked for",
        ),
        submits(
            "a model for no GPU",
            json!({"gpus": 0, "gpu_model": ["H100"]}),
            "asks for no GPU",
        ),
        submits("an island as a word", json!({"nvlink": "yes"}), "nvlink"),
        submits(
            "a signal that kills",
            json!({"signal": "KILL"}),
            "'KILL' is not a signal",
        ),
        submits(
            "a signal too early",
            json!({"signal": "USR1@4000"}),
            "1 to 3600 seconds",
        ),
        submits(
            "a signal before it began",
            json!({"signal": "USR1@60", "time_limit": "60s"}),
            "may run 60 s",
        ),
        submits(
            "a terminal on two nodes",
            json!({"interactive": true, "nodes": 2}),
            "one node",
        ),
        submits(
            "a terminal for each GPU",
            json!({"interactive": true, "per_gpu": true}),
            "one terminal",
        ),
        submits(
            "an array of terminals",
            json!({"interactive": true, "array": "0-3"}),
            "one terminal",
        ),
        submits(
            "a deadline in words",
            json!({"deadline": "soon"}),
            "not a time",
        ),
        submits(
            "a deadline in the past",
            json!({"deadline": "2020-01-01T00:00:00Z"}),
            "in the past",
        ),
        submits(
            "a deadline before the beginning",
            json!({"begin": "2999-01-02T00:00:00Z", "deadline": "2999-01-01T00:00:00Z"}),
            "does not begin",
        ),
        post(
            "a wait for a node that is not there",
            "update_job",
            &json!({"id": 1, "nodelist": ["node-9"]}),
            "no node 'node-9'",
        ),
        post(
            "a change to what nobody has",
            "update_job",
            &json!({"id": 1, "gpu_model": ["B200"]}),
            "'B200'",
        ),
        post(
            "a change of the deadline to the past",
            "update_job",
            &json!({"id": 1, "deadline": "2020-01-01T00:00:00Z"}),
            "in the past",
        ),
        post(
            "a change of memory to words",
            "update_job",
            &json!({"id": 1, "gpu_mem": "much"}),
            "40GiB",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_is_a_sentence_and_changes_nothing() {
    let server = Server::start();
    let berth = server.client();
    // Job 1 is held, job 2 waits for it, job 3 has ended.
    submit(
        &berth,
        berth_domain::SubmitRequest {
            hold: true,
            ..shell("true")
        },
    )
    .await;
    let after = vec!["1".to_owned()];
    submit(
        &berth,
        berth_domain::SubmitRequest {
            after,
            ..shell("true")
        },
    )
    .await;
    let third = submit(&berth, shell("true")).await.id;
    support::until_finished(&berth, &[third]).await;

    let before = all(&berth).await;
    let http = Client::new();
    let mut cases = cases();
    cases.extend(reservation_cases());
    cases.extend(asks());
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for case in cases {
        let mut request = http
            .request(case.method, format!("{}{}", server.url, case.path))
            .bearer_auth(&server.token);
        if let Some(body) = case.body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, case.status, "{}: {text}", case.what);
        let json: Value = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{}: not JSON: {text}", case.what));
        let sentence = json["error"]["message"].as_str().unwrap_or_default();
        assert!(sentence.contains(case.says), "{}: {sentence}", case.what);
        assert!(
            sentence.ends_with(['.', '`', '}']),
            "{}: not a sentence: {sentence}",
            case.what
        );
    }
    assert_eq!(all(&berth).await, before, "nothing was written");
    let call = berth_api::reservations::ListReservations {
        from: None,
        to: None,
    };
    let reserved = berth.call(call).await.unwrap();
    assert_eq!(reserved.reservations, [], "nothing was reserved");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_identity() {
    let server = Server::start();
    let other = Server::with("1x1", &[]);
    let berth = server.client();
    let job = submit(
        &berth,
        berth_domain::SubmitRequest {
            hold: true,
            ..shell("true")
        },
    )
    .await
    .id;
    let http = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    let paths = [
        "/api/list_jobs",
        "/api/get_job?id=1",
        "/api/job_log?id=1",
        "/api/job_log/raw?id=1",
        "/api/picture",
        "/api/cluster",
        "/api/whoami",
        "/api/live",
        "/api/list_people",
        "/api/list_admins",
        "/api/list_node_tokens",
    ];
    for path in paths {
        for token in [None, Some("nonsense"), Some(""), Some(other.token.as_str())] {
            let mut request = http.get(format!("{}{path}", server.url));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(
                answer.status(),
                StatusCode::UNAUTHORIZED,
                "{path} with {token:?}"
            );
            assert!(
                answer.text().await.unwrap().contains("unauthenticated"),
                "{path}"
            );
        }
    }
    for verb in [
        "submit_job",
        "cancel_job",
        "hold_job",
        "release_job",
        "move_job",
        "requeue_job",
        "add_person",
        "login_link",
        "revoke_node_tokens",
    ] {
        let request = http
            .post(format!("{}/api/{verb}", server.url))
            .body("{\"id\": 1}");
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "{verb}"
        );
    }
    let forged = http.post(format!("{}/forms/cancel/{job}", server.url));
    let answer = forged
        .header("cookie", "berth_session=AAAAAAAAAAAAAAAAAAAAAA")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["location"], "/login");
    for page in ["/", "/jobs", "/jobs/1", "/submit", "/admin"] {
        let answer = http
            .get(format!("{}{page}", server.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["location"], "/login", "{page}");
    }
    assert_eq!(
        http.get(format!("{}/healthz", server.url))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );

    // A page of another site, in the browser of somebody who is logged in.
    let foreign = http
        .post(format!("{}/api/cancel_job", server.url))
        .bearer_auth(&server.token)
        .header("origin", "https://evil.example")
        .body(format!("{{\"id\": {job}}}"));
    assert_eq!(
        foreign.send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );

    // Somebody else who is known, but whose job it is not.
    let bo = berth_api::Berth::new(&server.url, &server.add_user("bo")).unwrap();
    let body = berth_api::jobs::JobArg { id: job };
    let error = support::refused(bo.call(berth_api::jobs::CancelJob { body }).await);
    assert_eq!(error.code(), berth_api::ErrorCode::Forbidden);
    assert_eq!(
        error.to_string(),
        "Job 1 belongs to admin. Only admin, a lead or an admin can cancel it."
    );
    let critical = berth_domain::SubmitRequest {
        class: Some("critical".into()),
        ..shell("true")
    };
    let error = support::refused(bo.call(berth_api::jobs::SubmitJob { body: critical }).await);
    assert_eq!(error.code(), berth_api::ErrorCode::Forbidden);
    assert_eq!(
        support::get(&berth, job).await.row.state,
        berth_domain::StateName::Held
    );
}
