//! Agents: the real server and the real command, asked by a client of the protocol's own SDK.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{PATIENCE, Server, get, shell, submit, until};
use berth_api::Berth;
use berth_domain::{JobId, StateName};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotificationParam,
    ClientRequest, ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams,
    ResourceContents,
};
use rmcp::service::{ClientLifecycleMode, NotificationContext, PeerRequestOptions, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientServiceExt, RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::time::timeout;

/// A client that keeps what it hears of progress.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<ProgressNotificationParam>>>);

impl ClientHandler for Listener {
    async fn on_progress(
        &self,
        told: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.0.lock().unwrap().push(told);
    }
}

type Client = RunningService<RoleClient, Listener>;

fn door(server: &Server, token: &str) -> StreamableHttpClientTransport<reqwest::Client> {
    let url = format!("{}/mcp", server.url);
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
    StreamableHttpClientTransport::from_config(config)
}

/// With a session, as clients have had it for long.
async fn session(server: &Server, token: &str) -> Client {
    let door = door(server, token);
    Listener::default().serve(door).await.unwrap()
}

/// Without one, as the protocol has it since 2026-07-28.
async fn sessionless(server: &Server, token: &str) -> Client {
    let lifecycle = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    let door = door(server, token);
    let client = Listener::default().serve_with_lifecycle(door, lifecycle);
    client.await.unwrap()
}

fn params(name: &str, arguments: &Value) -> CallToolRequestParams {
    let arguments = arguments.as_object().unwrap().clone();
    CallToolRequestParams::new(name.to_owned()).with_arguments(arguments)
}

async fn ask(client: &Client, name: &str, arguments: Value) -> CallToolResult {
    let asked = client.call_tool(params(name, &arguments));
    timeout(PATIENCE, asked).await.unwrap().unwrap()
}

fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}

async fn data(client: &Client, name: &str, arguments: Value) -> Value {
    let result = ask(client, name, arguments).await;
    assert_ne!(result.is_error, Some(true), "{name}: {}", text(&result));
    result.structured_content.unwrap()
}

/// Looks, submits, waits, reads and changes: what agents come for.
async fn works(client: &Client, berth: &Berth) {
    let tools = client.list_all_tools().await.unwrap();
    let names: BTreeSet<String> = tools.iter().map(|tool| tool.name.to_string()).collect();
    assert!(names.contains("wait_for") && names.len() >= 20, "{names:?}");
    let cluster = data(client, "cluster_status", json!({})).await;
    assert_eq!(
        (&cluster["gpus"], &cluster["free"]),
        (&json!(16), &json!(16))
    );
    for (name, arguments) in [
        ("queue", json!({})),
        ("queue", json!({ "whose": "mine", "show": "finished" })),
        ("forecast", json!({ "gpus": 8, "time_limit": "1h" })),
        ("usage", json!({})),
        ("alerts", json!({ "all": true })),
    ] {
        data(client, name, arguments).await;
    }
    // A look at what would be changes nothing.
    let line = "echo one; echo two of $BERTH_JOB_ID; sleep 1";
    let job = json!({ "command": ["sh", "-c", line], "gpus": 1, "idempotency_key": "first" });
    let would = data(client, "preview_submit", job.clone()).await;
    assert_eq!(would["would_be"]["start"]["starts_now"], true, "{would}");
    let queue = data(client, "queue", json!({})).await;
    assert_eq!(queue["running"], Value::Null, "{queue}");
    let wrong = data(
        client,
        "preview_submit",
        json!({ "command": ["x"], "gpus": 99 }),
    )
    .await;
    assert_eq!(wrong["problems"][0]["argument"], "gpus", "{wrong}");
    // Submitted twice with one key it is one job.
    let first = data(client, "submit_job", job.clone()).await;
    let again = data(client, "submit_job", job).await;
    assert_eq!(
        (&first["job"]["id"], &again["repeated"]),
        (&again["job"]["id"], &json!(true))
    );
    let id = first["job"]["id"].as_u64().unwrap();
    client.service().0.lock().unwrap().clear();
    let ended = data(client, "wait_for", json!({ "id": id, "timeout_s": 50 })).await;
    assert_eq!(ended["reached"], true, "{ended}");
    assert_eq!(ended["job"]["outcome"], "Succeeded");
    let told = client.service().0.lock().unwrap().clone();
    let told: Vec<&str> = told
        .iter()
        .filter_map(|one| one.message.as_deref())
        .collect();
    assert!(
        told.iter().any(|text| text.contains(&format!("Job {id} "))),
        "{told:?}"
    );
    let log = ask(client, "job_log", json!({ "id": id })).await;
    let said = text(&log);
    assert!(
        said.contains(&format!("\none\ntwo of {id}\n[end of untrusted data")),
        "{said}"
    );
    let found = ask(client, "job_log", json!({ "id": id, "grep": "TWO" })).await;
    assert!(
        text(&found).contains(&format!("\ntwo of {id}\n[end")),
        "{}",
        text(&found)
    );
    data(client, "job", json!({ "id": id, "events": true })).await;
    // One too large for what is free waits, and is told why; then it is held, moved, let go and cancelled.
    let fills = json!({ "command": ["sleep", "1000"], "gpus": 16 });
    let fills = data(client, "submit_job", fills).await["job"]["id"].clone();
    data(
        client,
        "wait_for",
        json!({ "id": fills, "until": "running" }),
    )
    .await;
    let waits = json!({ "command": ["sleep", "1000"], "gpus": 8 });
    let waits = data(client, "submit_job", waits).await["job"]["id"].clone();
    let why = data(client, "explain_pending", json!({ "id": waits })).await;
    assert_eq!(why["holders"][0]["job"], fills, "{why}");
    let would = data(client, "preview_cancel", json!({ "id": fills })).await;
    assert_eq!(would["accepted"], true, "{would}");
    assert!(
        would.to_string().contains("waits for what it holds"),
        "{would}"
    );
    data(client, "preview_hold", json!({ "id": waits })).await;
    let held = data(client, "hold", json!({ "id": waits })).await;
    assert_eq!(held["job"]["state"], "Held", "{held}");
    data(client, "preview_move", json!({ "id": waits, "to": "top" })).await;
    data(client, "move", json!({ "id": waits, "to": "top" })).await;
    data(client, "hold", json!({ "id": waits, "release": true })).await;
    for id in [&waits, &fills] {
        data(client, "cancel", json!({ "id": id })).await;
        let ended = data(client, "wait_for", json!({ "id": id })).await;
        assert_eq!(ended["job"]["outcome"], "Cancelled", "{ended}");
    }
    let sweep = json!({ "job": { "command": ["echo", "{lr}"], "gpus": 1, "hold": true }, "parameters": ["lr=1,2,3"] });
    let would = data(client, "preview_sweep", sweep.clone()).await;
    assert_eq!(would["would_be"]["jobs"], 3, "{would}");
    let sweep = data(client, "submit_sweep", sweep).await;
    assert_eq!(sweep["jobs"], 3, "{sweep}");
    let all = json!({ "id": sweep["job"]["id"], "whole_array": true });
    data(client, "preview_cancel", all.clone()).await;
    let all = data(client, "cancel", all).await;
    assert_eq!(all["changed"].as_array().unwrap().len(), 3, "{all}");
    let kept = json!({ "gpus": 2, "length": "1h" });
    let would = data(client, "preview_reserve", kept.clone()).await;
    assert_eq!(would["reserved"], false, "{would}");
    let kept = data(client, "reserve", kept).await;
    assert_eq!(kept["reserved"], true, "{kept}");
    let alert = json!({ "id": 99, "choice": "stop" });
    let none = data(client, "preview_answer_alert", alert.clone()).await;
    assert_eq!(none["accepted"], false, "{none}");
    let none = ask(client, "answer_alert", alert).await;
    assert_eq!(none.is_error, Some(true));
    assert!(
        text(&none).contains("There is no open alert 99"),
        "{}",
        text(&none)
    );
    // What is read by an address is the same.
    let uri = format!("berth://job/{id}/log");
    for uri in [
        "berth://cluster",
        "berth://queue",
        "berth://docs/jobs",
        uri.as_str(),
    ] {
        let read = client.read_resource(ReadResourceRequestParams::new(uri));
        let read = read.await.unwrap();
        let ResourceContents::TextResourceContents { text, .. } = &read.contents[0] else {
            panic!("{uri} is no text");
        };
        assert!(text.len() > 20, "{uri}: {text}");
    }
    assert_eq!(get(berth, JobId(id)).await.row.state, StateName::Finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_a_session_looks_submits_waits_and_reads() {
    let server = Server::start();
    works(&session(&server, &server.token).await, &server.client()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_a_session_does_too() {
    let server = Server::start();
    works(&sessionless(&server, &server.token).await, &server.client()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_serves_an_agent_on_its_standard_input_and_output() {
    let server = Server::start();
    let mut command = tokio::process::Command::from(server.cli());
    command
        .arg("mcp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let pipes = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let client = Listener::default().serve(pipes).await.unwrap();
    works(&client, &server.client()).await;
    // A wait that is cancelled ends, and the next call is answered.
    a_wait_ends_when_it_is_cancelled(&client, &server.client()).await;
    client.cancel().await.unwrap();
    let ended = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
}

async fn a_wait_ends_when_it_is_cancelled(client: &Client, berth: &Berth) {
    let job = submit(berth, shell("sleep 1000")).await.id;
    client.service().0.lock().unwrap().clear();
    let wait = params("wait_for", &json!({ "id": job.0, "timeout_s": 3600 }));
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(wait));
    let options = PeerRequestOptions::no_options();
    let waiting = client.send_cancellable_request(request, options);
    let waiting = waiting.await.unwrap();
    let heard = async {
        while client.service().0.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, heard)
        .await
        .expect("it tells of its progress");
    let enough = CancelledNotificationParam::new(Some(waiting.id.clone()), None);
    client.notify_cancelled(enough).await.unwrap();
    let ended = timeout(PATIENCE, waiting.await_response()).await.unwrap();
    assert!(ended.is_err(), "{ended:?}");
    // It hears no more of it: progress would be told within five seconds.
    tokio::time::sleep(Duration::from_millis(500)).await;
    client.service().0.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_secs(7)).await;
    let told = client.service().0.lock().unwrap().clone();
    assert!(told.is_empty(), "{told:?}");
    // The job did not notice.
    until(berth, async |berth: &Berth| {
        get(berth, job).await.row.state == StateName::Running
    })
    .await;
    data(client, "cancel", json!({ "id": job.0 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_over_http_ends_when_it_is_cancelled() {
    let server = Server::start();
    let berth = server.client();
    for client in [
        session(&server, &server.token).await,
        sessionless(&server, &server.token).await,
    ] {
        a_wait_ends_when_it_is_cancelled(&client, &berth).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_what_its_person_may() {
    let server = Server::start();
    let bo = session(&server, &server.add_user("bo")).await;
    let cy = session(&server, &server.add_user("cy")).await;
    let job = json!({ "command": ["sleep", "1000"], "env": { "SECRET": "sesame" } });
    let id = data(&bo, "submit_job", job).await["job"]["id"].clone();
    let would = data(&cy, "preview_cancel", json!({ "id": id })).await;
    assert_eq!(would["accepted"], false, "{would}");
    let refused = ask(&cy, "cancel", json!({ "id": id })).await;
    assert_eq!(refused.is_error, Some(true));
    let says = format!("Job {id} belongs to bo. Only bo, a lead or an admin can cancel it.");
    assert_eq!(text(&refused), says);
    let mine = data(&cy, "queue", json!({ "whose": "mine" })).await;
    assert_eq!(mine["running"], Value::Null, "{mine}");
    let seen = data(&bo, "job", json!({ "id": id })).await;
    assert_eq!(seen["env_names"], json!(["SECRET"]));
    data(&bo, "cancel", json!({ "id": id })).await;
}

fn request(method: &str, id: u64, arguments: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": arguments })
}

/// A request as it is on the wire.
fn post(server: &Server, body: &Value) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .post(format!("{}/mcp", server.url))
        .header("accept", "application/json, text/event-stream")
        .json(body)
}

fn hello() -> Value {
    let arguments = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "0" },
    });
    request("initialize", 1, &arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_or_comes_from_elsewhere_is_turned_away() {
    let server = Server::start();
    let answer = post(&server, &hello()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let why: Value = answer.json().await.unwrap();
    assert_eq!(why["error"]["code"], "unauthenticated", "{why}");
    let wrong = post(&server, &hello()).bearer_auth("berth_wrong");
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    let token = &server.token;
    let foreign = post(&server, &hello())
        .bearer_auth(token)
        .header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let rebound = post(&server, &hello())
        .bearer_auth(token)
        .header("host", "evil.example");
    let answer = rebound.send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let why: Value = answer.json().await.unwrap();
    let says = why["error"]["message"].as_str().unwrap();
    assert!(
        says.contains("does not know itself as 'evil.example'"),
        "{says}"
    );
    let elsewhere = format!("{}/.well-known/oauth-protected-resource", server.url);
    assert_eq!(reqwest::get(elsewhere).await.unwrap().status(), 404);
    let large = json!({ "jsonrpc": "2.0", "id": 1, "method": "x".repeat(3_000_000) });
    let large = post(&server, &large).bearer_auth(token);
    assert_eq!(large.send().await.unwrap().status(), 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_names_that_are_ours_and_addresses_are_known() {
    let mut server = Server::start();
    let here = server.url.clone();
    server.keep_address();
    server.kill();
    server.boot(&[("BERTH_URL", "https://gpu.lab.example/berth")]);
    // There it can be reached from here.
    server.url = here;
    let status = async |host: &str| {
        let asked = post(&server, &hello())
            .bearer_auth(&server.token)
            .header("host", host);
        asked.send().await.unwrap().status()
    };
    for host in [
        "gpu.lab.example",
        "GPU.lab.example:443",
        "localhost:3000",
        "127.0.0.1:3000",
        "10.0.0.7",
        "[::1]:3000",
    ] {
        assert_eq!(status(host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "gpu.lab.example.evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:3000",
    ] {
        assert_eq!(status(host).await, 403, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_only_for_who_began_it_and_is_not_compressed() {
    let server = Server::start();
    let (bo, cy) = (server.add_user("bo"), server.add_user("cy"));
    let begun = post(&server, &hello()).bearer_auth(&bo);
    let begun = begun
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(begun.status(), 200);
    let headers = begun.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert!(!headers.contains_key("content-encoding"), "{headers:?}");
    let session = headers["mcp-session-id"].to_str().unwrap().to_owned();
    let list = |token: &str| {
        post(&server, &request("tools/list", 2, &json!({})))
            .bearer_auth(token)
            .header("mcp-session-id", &session)
            .header("mcp-protocol-version", "2025-06-18")
    };
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ready = post(&server, &ready)
        .bearer_auth(&bo)
        .header("mcp-session-id", &session);
    assert_eq!(ready.send().await.unwrap().status(), 202);
    assert_eq!(list(&bo).send().await.unwrap().status(), 200);
    assert_eq!(list(&cy).send().await.unwrap().status(), 404);
}

/// Every tool that changes something, as a viewer, as another member, and as whoever leads the project in
/// which it is: what is refused is refused by the table that all doors ask.
#[tokio::test(flavor = "multi_thread")]
async fn the_tools_ask_the_table_of_rights() {
    let server = Server::with("1x8", &[]);
    let root = server.client();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let berth = |args: &[&str]| {
        let ran = server.cli().args(args).output().unwrap();
        assert!(ran.status.success(), "{args:?}: {ran:?}");
    };
    let tokens = ["vic", "bo", "pia"].map(|name| server.add_user(name));
    berth(&["user", "role", "vic", "viewer"]);
    berth(&["project", "set", "vision"]);
    berth(&["project", "add", "vision", "pia", "--role", "lead"]);
    let sessions = [
        session(&server, &tokens[0]).await,
        session(&server, &tokens[1]).await,
        session(&server, &tokens[2]).await,
    ];
    let held = || berth_domain::SubmitRequest {
        hold: true,
        project: Some("vision".to_owned()),
        ..shell("sleep 1000")
    };
    let job = submit(&ana, held()).await.id;
    let changes: BTreeSet<String> = {
        let tools = sessions[0].list_all_tools().await.unwrap();
        let reads = |tool: &rmcp::model::Tool| {
            let hints = tool.annotations.as_ref();
            hints.is_some_and(|hints| hints.read_only_hint == Some(true))
        };
        let writes = tools.iter().filter(|tool| !reads(tool));
        writes.map(|tool| tool.name.to_string()).collect()
    };
    let space = json!({ "lr": ["0.1", "0.2"] });
    let campaign = json!({
        "name": "find-lr",
        "template": { "command": ["sh", "-c", "echo loss={lr}"], "time_limit": "1h" },
        "space": space, "metric": { "name": "loss", "better": "lower" },
        "strategy": { "kind": "grid" }, "budget": { "gpu_hours": 4 },
    });
    // With what each of the three may: who looks nothing, a member what is their own.
    let own = [
        ("submit_job", json!({ "command": ["true"], "hold": true })),
        (
            "submit_sweep",
            json!({ "job": { "command": ["true"] }, "parameters": ["lr=1,2"] }),
        ),
        ("reserve", json!({ "gpus": 1, "length": "10m" })),
        ("start_campaign", campaign),
    ];
    let anas = [
        ("move", json!({ "id": job.0, "to": "bottom" })),
        ("hold", json!({ "id": job.0, "release": true })),
        ("cancel", json!({ "id": job.0 })),
    ];
    let mut tried = BTreeSet::from(["answer_alert".to_owned(), "change_campaign".to_owned()]);
    for (name, arguments) in own.iter().chain(&anas) {
        tried.insert((*name).to_owned());
        let is_own = own.iter().any(|(own, _)| own == name);
        for (who, client) in ["vic", "bo", "pia"].into_iter().zip(&sessions) {
            let may = match who {
                "vic" => false,
                "bo" => is_own,
                _ => true,
            };
            let done = ask(client, name, arguments.clone()).await;
            let refused = done.is_error == Some(true);
            assert_eq!(refused, !may, "{who} {name}: {}", text(&done));
        }
    }
    assert_eq!(changes, tried, "tools that change something");
    // Who may cancel it did.
    until(&root, async |root: &Berth| {
        get(root, job).await.row.state == StateName::Finished
    })
    .await;
}
