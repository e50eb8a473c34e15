//! Who comes in, and who does not.

use berth_api::{Berth, ErrorCode};
use berth_telemetry::wire::{Batch, FromNode, Hello, PROTOCOL};
use reqwest::StatusCode;

use super::by_hand::{ByHand, hello};
use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_token_opens_one_door_and_people_do_not_open_it() {
    let server = Server::start();
    let token = server.node_token("node-1");
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let everything = [
        ("GET", "/"),
        ("GET", "/jobs"),
        ("GET", "/cluster"),
        ("GET", "/login"),
        ("GET", "/nothing"),
        ("GET", "/api/whoami"),
        ("GET", "/api/cluster"),
        ("GET", "/api/picture"),
        ("GET", "/api/live"),
        ("GET", "/api/job_log/raw?id=1"),
        ("GET", "/api/node/"),
        ("GET", "/api/nodes"),
        ("POST", "/api/submit_job"),
        ("POST", "/api/cordon"),
        ("POST", "/forms/submit"),
        ("POST", "/forms/cancel/1"),
        ("POST", "/login"),
        ("POST", "/logout"),
        ("HEAD", "/api/packages/abc"),
        ("PUT", "/api/packages/abc"),
    ];
    for (method, path) in everything {
        let request = http.request(method.parse().unwrap(), format!("{}{path}", server.url));
        let answer = request.bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
        if method != "HEAD" {
            let text = answer.text().await.unwrap();
            assert!(
                text.contains("token of node node-1"),
                "{method} {path}: {text}"
            );
        }
    }
    let refused = async |token: &str| {
        let berth = Berth::new(&server.url, token).unwrap();
        let error = berth.websocket("/api/node").await.unwrap_err();
        (error.code(), error.to_string())
    };
    let (code, sentence) = refused(&server.token).await;
    assert_eq!(code, ErrorCode::Forbidden);
    assert!(sentence.contains("berth-server node-token"), "{sentence}");
    let (code, sentence) = refused("berth_wrong").await;
    assert_eq!(code, ErrorCode::Unauthenticated);
    assert!(sentence.contains("not known here"), "{sentence}");
    let nobody = http.get(format!("{}/api/node", server.url)).send().await;
    assert_eq!(nobody.unwrap().status(), StatusCode::UNAUTHORIZED);
    // Nor does it log anybody in.
    let form = http.post(format!("{}/login", server.url));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("token={token}")).send().await.unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with("/login?error="), "{to}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_who_they_say_is_sent_away_with_a_sentence() {
    let server = Server::start();
    let token = server.node_token("node-1");
    let mut first = ByHand::connect(&server, &token).await;
    first.is_welcome("node-1").await;
    // Another of the same node takes its place.
    let mut second = ByHand::connect(&server, &token).await;
    let (why, try_again) = first.refused().await;
    assert!(
        why.contains("Another daemon took the place") && !try_again,
        "{why}"
    );
    second.is_welcome("node-1").await;

    let mut other = ByHand::connect(&server, &server.node_token("node-2")).await;
    other.say(FromNode::Hello(hello("node-1"))).await;
    let (why, _) = other.refused().await;
    assert!(why.contains("--name node-2"), "{why}");
    let mut newer = ByHand::connect(&server, &server.node_token("node-2")).await;
    let hello = Hello {
        protocol: PROTOCOL + 1,
        ..hello("node-2")
    };
    newer.say(FromNode::Hello(hello)).await;
    let (why, try_again) = newer.refused().await;
    assert!(
        why.contains("update the server first") && try_again,
        "{why}"
    );
    let mut rude = ByHand::connect(&server, &server.node_token("node-2")).await;
    rude.say(FromNode::Batch(Batch::default())).await;
    assert!(rude.refused().await.0.contains("first who it is"));

    let listed = server.admin(&["node-token", "--list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let nodes: Vec<_> = listed
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(nodes, ["node-1", "node-2", "node-2", "node-2"]);
    assert!(!listed.contains("berth_"), "{listed}");
    assert!(
        server
            .admin(&["node-token", "--revoke", "node-1"])
            .status
            .success()
    );
    second.say(FromNode::Hello(self::hello("node-1"))).await;
    assert!(second.refused().await.0.contains("revoked"));
    let again = server.admin(&["node-token", "--revoke", "node-1"]);
    assert!(!again.status.success());
}
