//! The audit log: who did what, by which door, from where, and what was before and after.

use berth_api::audit::{Audit, AuditArg, AuditEntry};
use berth_api::{Berth, ErrorCode};
use berth_domain::JobId;
use berth_domain::audit::{Difference, DoorKind};
use serde_json::{Value, json};

use crate::support::Server;

async fn entries(berth: &Berth, body: AuditArg) -> Vec<AuditEntry> {
    berth.call(Audit { body }).await.unwrap().entries
}

fn of(user: &str) -> AuditArg {
    AuditArg {
        user: Some(user.to_owned()),
        ..AuditArg::default()
    }
}

async fn post(server: &Server, token: &str, path: &str, body: Value) -> Value {
    let url = format!("{}/api/{path}", server.url);
    let sent = reqwest::Client::new()
        .post(url)
        .bearer_auth(token)
        .json(&body);
    sent.send().await.unwrap().json().await.unwrap()
}

fn difference<'a>(entry: &'a AuditEntry, path: &str) -> &'a Difference {
    let mut all = entry.entry.differences.iter();
    all.find(|one| one.path == path)
        .unwrap_or_else(|| panic!("no {path} in {entry:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_and_refused_is_written_down_with_before_and_after() {
    let server = Server::start();
    let (admin, ana) = (server.client(), server.add_user("ana"));
    let job =
        json!({ "command": ["true"], "hold": true, "env": { "WANDB_API_KEY": "very-secret" } });
    let made = post(&server, &ana, "submit_job", job).await;
    let id = JobId(made["job"]["id"].as_u64().unwrap());
    post(
        &server,
        &ana,
        "update_job",
        json!({ "id": id, "time_limit": "2h", "name": "mine" }),
    )
    .await;
    post(
        &server,
        &ana,
        "set_quota",
        json!({ "user": "ana", "gpus": 99 }),
    )
    .await;
    post(
        &server,
        &server.token,
        "set_quota",
        json!({ "user": "ana", "gpus": 4 }),
    )
    .await;
    post(
        &server,
        &server.token,
        "set_role",
        json!({ "name": "ana", "role": "lead" }),
    )
    .await;
    post(
        &server,
        &server.token,
        "set_policy",
        json!({ "name": "fifo" }),
    )
    .await;
    post(&server, &server.token, "cancel_job", json!({ "id": id })).await;

    let hers = entries(&admin, of("ana")).await;
    let acts: Vec<&str> = hers.iter().map(|one| one.entry.act.as_str()).collect();
    assert_eq!(acts, ["set_quota", "update", "submit"], "the newest first");
    assert!(
        hers.iter()
            .all(|one| one.entry.origin.door == DoorKind::Token)
    );
    let address = hers[0].entry.origin.address.unwrap();
    assert!(address.is_loopback(), "{address}");
    let refused = hers[0].entry.refused.as_ref().unwrap();
    assert!(refused.contains("admin"), "{refused}");
    let update = &hers[1];
    assert_eq!(update.entry.subject, Some(format!("job {id}")));
    assert_eq!(
        difference(update, "spec.name").after.as_deref(),
        Some("\"mine\"")
    );
    let limit = difference(update, "spec.time_limit");
    assert_ne!(limit.before, limit.after, "{limit:?}");

    let of_job = AuditArg {
        subject: Some(format!("job {id}")),
        ..AuditArg::default()
    };
    let of_job = entries(&admin, of_job).await;
    let by: Vec<(&str, &str)> = of_job
        .iter()
        .map(|one| (one.entry.actor.as_str(), one.entry.act.as_str()))
        .collect();
    assert_eq!(
        by,
        [("admin", "cancel"), ("ana", "update"), ("ana", "submit")]
    );
    let state = difference(&of_job[0], "state");
    assert!(state.before.as_ref().unwrap().contains("held"), "{state:?}");
    assert!(
        state.after.as_ref().unwrap().contains("finished"),
        "{state:?}"
    );

    let all = entries(&admin, AuditArg::default()).await;
    let acts: Vec<&str> = all.iter().map(|one| one.entry.act.as_str()).collect();
    for act in ["set_policy", "set_role", "add_person", "submit"] {
        assert!(acts.contains(&act), "{acts:?}");
    }
    let role = all.iter().find(|one| one.entry.act == "set_role").unwrap();
    let role = difference(role, "role");
    assert_eq!(role.before.as_deref(), Some("\"member\""));
    assert_eq!(role.after.as_deref(), Some("\"lead\""));
    // Secrets are not in it, wherever it is kept.
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("very-secret"), "{text}");
    assert!(!text.contains("berth_"), "no token: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_their_own_and_admins_all_of_it_as_a_file_too() {
    let server = Server::start();
    let token = server.add_user("ana");
    let ana = Berth::new(&server.url, &token).unwrap();
    for _ in 0..3 {
        post(
            &server,
            &token,
            "submit_job",
            json!({ "command": ["true"], "hold": true }),
        )
        .await;
    }
    assert_eq!(entries(&ana, of("ana")).await.len(), 3);
    for body in [AuditArg::default(), of("admin")] {
        let refused = ana.call(Audit { body }).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Forbidden);
    }
    let wrong = AuditArg {
        since: Some("yesterweek".to_owned()),
        ..AuditArg::default()
    };
    let wrong = server
        .client()
        .call(Audit { body: wrong })
        .await
        .unwrap_err();
    assert_eq!(wrong.field(), Some("since"));

    // Page by page it is the same as at once.
    let admin = server.client();
    let mut paged = Vec::new();
    let mut body = AuditArg {
        limit: Some(2),
        ..AuditArg::default()
    };
    loop {
        let answer = admin.call(Audit { body: body.clone() }).await.unwrap();
        paged.extend(answer.entries);
        match answer.next {
            Some(next) => body.before = Some(next),
            None => break,
        }
    }
    assert_eq!(paged, entries(&admin, AuditArg::default()).await);

    let file = |format: &str, token: &str| {
        let url = format!("{}/api/audit/export?format={format}", server.url);
        reqwest::Client::new().get(url).bearer_auth(token).send()
    };
    let csv = file("csv", &server.token)
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(csv.starts_with("id,at,actor,acts_for,door,"), "{csv}");
    assert_eq!(csv.lines().count(), paged.len() + 1);
    let lines = file("jsonl", &server.token)
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let first: AuditEntry = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first, paged[0]);
    assert_eq!(file("csv", &token).await.unwrap().status(), 403);

    let output = server
        .cli()
        .args(["audit", "--json", "--act", "submit"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["entries"].as_array().unwrap().len(), 3);
}
