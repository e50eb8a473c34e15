//! The whole table of rights, walked through the door: every server function as every kind of person, of
//! what is their own, another's, and another's in a project. Each row says who may; all others are
//! forbidden, and who is nobody gets nothing at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use berth_api::Berth;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::support::Server;

/// A viewer, two members, one that leads project vision, a lead and an admin. Ana owns what it is about,
/// and is a member of vision, which is closed.
const PEOPLE: [(&str, &str); 6] = [
    ("vic", "viewer"),
    ("ana", "member"),
    ("bo", "member"),
    ("pia", "member"),
    ("lea", "lead"),
    ("root", "admin"),
];

const ALL: &str = "vic ana bo pia lea root";
/// In which GPUs were booked.
const SHEET: &str = "who,gpus,start,end\nana,1,2032-01-01 10:00,2032-01-01 11:00\n";
/// For themselves.
const RUN: &str = "ana bo pia lea root";
const INSIDE: &str = "ana pia lea root";
const OUTSIDE: &str = "ana lea root";

/// What a row asks for, made anew for everybody who asks.
struct House {
    server: Server,
    http: Client,
    tokens: BTreeMap<&'static str, String>,
    made: u32,
}

impl House {
    async fn new() -> Self {
        let server = Server::with("2x8", &[]);
        let tokens = PEOPLE.map(|(name, role)| (name, person(&server, name, role)));
        let house = House {
            server,
            http: Client::new(),
            tokens: BTreeMap::from(tokens),
            made: 0,
        };
        house
            .does(
                "root",
                "set_project",
                json!({ "name": "vision", "closed": true }),
            )
            .await;
        for (user, role) in [("ana", "member"), ("pia", "lead")] {
            let member = json!({ "project": "vision", "user": user, "role": role });
            house.does("root", "set_member", member).await;
        }
        house
    }

    async fn ask(
        &self,
        who: Option<&str>,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let url = format!("{}/api/{path}", self.server.url);
        let request = match body {
            Some(body) => self.http.post(url).json(body),
            None => self.http.get(url),
        };
        let request = match who {
            Some(who) => request.bearer_auth(&self.tokens[who]),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn does(&self, who: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Some(who), path, Some(&body)).await;
        assert!(
            status.is_success(),
            "{who} {path} {body}: {status} {answer}"
        );
        answer
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("thing-{}", self.made)
    }

    /// A job of ana's that waits.
    async fn job(&self, project: Option<&str>) -> Value {
        let body = json!({ "command": ["true"], "hold": true, "project": project });
        self.does("ana", "submit_job", body).await["job"]["id"].clone()
    }

    async fn array(&self, project: Option<&str>) -> Value {
        let body = json!({
            "command": ["true"], "hold": true, "project": project, "array": "0-1",
        });
        self.does("ana", "submit_job", body).await["job"]["id"].clone()
    }

    /// A reservation of ana's, far enough from all others.
    async fn reservation(&mut self, project: Option<&str>) -> Value {
        let body = json!({ "reservation": self.promise(project) });
        self.does("ana", "create_reservation", body).await["reservation"]["id"].clone()
    }

    fn promise(&mut self, project: Option<&str>) -> Value {
        self.made += 1;
        // Far enough ahead that it is in nobody's way.
        let from = jiff::Timestamp::now();
        let from = from + jiff::SignedDuration::from_hours(1000 + i64::from(self.made));
        json!({ "gpus": 1, "start": from.to_string(), "length": "30m", "project": project })
    }

    async fn campaign(&mut self, project: Option<&str>) -> Value {
        let body = campaign(project);
        self.does("ana", "start_campaign", body).await["id"].clone()
    }

    async fn agent(&mut self) -> String {
        let name = self.name();
        self.does("ana", "set_agent", json!({ "name": name })).await;
        name
    }
}

fn campaign(project: Option<&str>) -> Value {
    json!({
        "name": "find-lr",
        "template": { "command": ["sh", "-c", "echo loss={lr}"], "time_limit": "1h", "project": project },
        "space": { "lr": ["0.1", "0.2"] },
        "metric": { "name": "loss", "better": "lower" },
        "strategy": { "kind": "grid" },
        "budget": { "gpu_hours": 4 },
    })
}

fn person(server: &Server, name: &str, role: &str) -> String {
    let output = server.admin(&["user", "add", name, "--role", role]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = text.split_once("BERTH_TOKEN=").expect("a token");
    rest.lines().next().unwrap().to_owned()
}

/// Who of all may, as the answers tell.
async fn who_may(
    house: &mut House,
    path: &str,
    mut body: impl AsyncFnMut(&mut House) -> Option<Value>,
) -> String {
    let mut may = Vec::new();
    for (name, _) in PEOPLE {
        let asked = body(house).await;
        let (status, answer) = house.ask(Some(name), path, asked.as_ref()).await;
        assert_ne!(status, StatusCode::UNAUTHORIZED, "{name} {path}");
        assert!(
            !status.is_server_error(),
            "{name} {path}: {status} {answer}"
        );
        // A body that is wrong would hide that nobody asked for rights.
        if status == StatusCode::BAD_REQUEST {
            return format!("{name} asked wrongly with {asked:?}: {answer}");
        }
        if status != StatusCode::FORBIDDEN {
            may.push(name);
        } else {
            let says = answer["error"]["message"].as_str().unwrap_or_default();
            assert!(says.len() > 20, "{name} {path}: a sentence, not {answer}");
        }
    }
    let asked = body(house).await;
    let (status, _) = house.ask(None, path, asked.as_ref()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "nobody {path}");
    may.join(" ")
}

/// The names of all server functions, as the source has them.
fn all_functions() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/api/src");
    let mut names = BTreeSet::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for rest in text.split("endpoint = \"").skip(1) {
                names.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
    names
}

macro_rules! walk {
    ($house:ident, $seen:ident, $wrong:ident;
     $($path:literal $what:literal, |$h:ident| $body:expr => $may:expr;)*) => {
        $(
            let path: &str = $path;
            let may = who_may(&mut $house, path, async |$h: &mut House| $body).await;
            if may != $may {
                $wrong.push(format!("{path} {}: [{may}] and not [{}]", $what, $may));
            }
            $seen.insert(path.split('?').next().unwrap().to_owned());
        )*
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_function_asks_the_table() {
    let mut house = House::new().await;
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let job = house.job(None).await;
    let other = json!({ "command": ["true"], "hold": true });
    house.does("bo", "submit_job", other).await;
    let some = Some("vision");

    // What everybody sees.
    for path in [
        "whoami",
        "cluster",
        "picture",
        "detect",
        "alerts",
        "list_jobs",
        "list_admins",
        "list_agents",
        "list_campaigns",
        "list_projects",
        "list_reservations",
        "ledger",
        "queue_order",
        "get_policy",
        "get_quotas",
        "forecast_score",
        "scoreboard",
        "sparklines",
        "notifications",
        "talks",
    ] {
        let may = who_may(&mut house, path, async |_: &mut House| None).await;
        assert_eq!(may, ALL, "{path}");
        seen.insert(path.to_owned());
    }
    let of_job = [
        "get_job",
        "job_events",
        "job_log",
        "log_place",
        "job_waits",
        "job_charts",
        "explain_job",
    ];
    for function in of_job {
        let path = format!("{function}?id={job}");
        let may = who_may(&mut house, &path, async |_: &mut House| None).await;
        assert_eq!(may, ALL, "{path}");
        seen.insert(function.to_owned());
    }

    let at = jiff::Timestamp::now();
    let may = who_may(
        &mut house,
        &format!("cluster_at?at={at}"),
        async |_: &mut House| None,
    )
    .await;
    assert_eq!(may, ALL, "cluster_at");
    seen.insert("cluster_at".to_owned());

    walk! { house, seen, wrong;
        // What a run wrote beside its log is its owner's.
        "job_files?id=1" "", |_h| None => "ana root";
        "search_log?id=1&text=loss" "", |_h| None => ALL;
        "queue_rows?ids=1" "", |_h| None => ALL;
        "forecast_start?gpus=1" "", |_h| None => ALL;
        "analytics" "", |_h| None => ALL;
        "series?kind=cluster&metric=allocated" "", |_h| None => ALL;
        "usage" "", |_h| None => ALL;
        "timeline" "", |_h| None => ALL;
        "calendar?from=2031-01-01T00:00:00Z&to=2031-01-08T00:00:00Z" "", |_h| None => ALL;
        "campaign?id=1" "", |_h| None => ALL;
        "talk?id=1" "", |_h| None => ALL;
        "list_tokens" "", |_h| None => ALL;
        "list_tokens?all=true" "everybody's", |_h| None => "root";
        "create_token" "", |_h| Some(json!({ "label": "notebook" })) => ALL;
        // Another's is not found, but by an admin.
        "revoke_token" "", |_h| Some(json!({ "id": "000000000000" })) => ALL;
        "my_login" "", |_h| None => ALL;
        "audit" "everybody's", |_h| Some(json!({})) => "root";
        "audit" "of one's own or another's", |_h| Some(json!({ "user": "ana" })) => "ana root";
        "import_preview" "", |_h| Some(json!({ "text": SHEET })) => "root";
        "import_apply" "", |_h| Some(json!({ "text": SHEET })) => "root";
        "list_people" "", |_h| None => "root";
        "list_node_tokens" "", |_h| None => "root";

        "submit_job" "", |_h| Some(json!({ "command": ["true"], "hold": true })) => RUN;
        "submit_job" "to a closed project",
            |_h| Some(json!({ "command": ["true"], "hold": true, "project": "vision" })) => INSIDE;
        "submit_job" "of class critical",
            |_h| Some(json!({ "command": ["true"], "hold": true, "class": "critical" })) => "lea root";
        "submit_job" "of class critical to a project",
            |_h| Some(json!({
                "command": ["true"], "hold": true, "class": "critical", "project": "vision"
            })) => "pia lea root";
        "cancel_job" "", |h| Some(json!({ "id": h.job(None).await })) => OUTSIDE;
        "cancel_job" "of a project", |h| Some(json!({ "id": h.job(some).await })) => INSIDE;
        "hold_job" "", |h| Some(json!({ "id": h.job(None).await })) => OUTSIDE;
        "hold_job" "of a project", |h| Some(json!({ "id": h.job(some).await })) => INSIDE;
        "release_job" "", |h| Some(json!({ "id": h.job(None).await })) => OUTSIDE;
        "release_job" "held by a lead", |h| {
            let id = h.job(some).await;
            h.does("lea", "hold_job", json!({ "id": id })).await;
            Some(json!({ "id": id }))
        } => "pia lea root";
        "move_job" "back", |h| Some(json!({ "id": h.job(None).await, "to": "bottom" })) => OUTSIDE;
        "move_job" "before another's", |h| {
            Some(json!({ "id": h.job(some).await, "to": { "before": 2 } }))
        } => "lea root";
        "undo_move" "", |h| Some(json!({ "id": h.job(None).await })) => OUTSIDE;
        "update_job" "", |h| Some(json!({ "id": h.job(None).await, "name": "x" })) => OUTSIDE;
        "update_job" "of a project", |h| Some(json!({ "id": h.job(some).await, "name": "x" })) => INSIDE;
        "update_job" "to class critical",
            |h| Some(json!({ "id": h.job(some).await, "class": "critical" })) => "pia lea root";
        "requeue_job" "", |h| Some(json!({ "id": h.job(None).await })) => OUTSIDE;
        "change_array" "", |h| Some(json!({ "id": h.array(None).await, "change": "cancel" })) => OUTSIDE;
        "change_array" "of a project",
            |h| Some(json!({ "id": h.array(some).await, "change": "cancel" })) => INSIDE;

        "create_reservation" "", |h| Some(json!({ "reservation": h.promise(None) })) => RUN;
        "create_reservation" "for a closed project",
            |h| Some(json!({ "reservation": h.promise(some) })) => INSIDE;
        "create_reservation" "for somebody", |h| {
            let mut promise = h.promise(None);
            promise["user"] = json!("cy");
            Some(json!({ "reservation": promise }))
        } => "lea root";
        "create_reservation" "for somebody, only looked at", |h| {
            let mut promise = h.promise(None);
            promise["user"] = json!("cy");
            Some(json!({ "reservation": promise, "preview": true }))
        } => "lea root";
        "create_reservation" "in the place of another's", |h| {
            let replace = h.reservation(None).await;
            Some(json!({ "reservation": h.promise(None), "replace": replace }))
        } => OUTSIDE;
        "cancel_reservation" "", |h| Some(json!({ "id": h.reservation(None).await })) => OUTSIDE;
        "cancel_reservation" "of a project", |h| Some(json!({ "id": h.reservation(some).await })) => INSIDE;
        "end_reservation" "", |h| Some(json!({ "id": h.reservation(None).await })) => OUTSIDE;

        "preview_campaign" "", |_h| Some(campaign(None)) => ALL;
        "start_campaign" "", |_h| Some(campaign(None)) => RUN;
        "start_campaign" "in a closed project", |_h| Some(campaign(some)) => INSIDE;
        "change_campaign" "", |h| {
            Some(json!({ "id": h.campaign(None).await, "change": "pause", "why": "later" }))
        } => OUTSIDE;
        "change_campaign" "of a project", |h| {
            Some(json!({ "id": h.campaign(some).await, "change": "pause", "why": "later" }))
        } => INSIDE;

        "set_agent" "", |h| Some(json!({ "name": h.name() })) => RUN;
        "set_agent" "of another", |h| Some(json!({ "name": h.agent().await })) => "ana root";
        "set_agent" "that acts for another",
            |h| Some(json!({ "name": h.name(), "acts_for": "bo" })) => "bo root";
        "remove_agent" "", |h| Some(json!({ "name": h.agent().await })) => "ana root";
        "stop_agents" "", |h| Some(json!({ "agent": h.agent().await, "why": "enough" })) => "ana root";
        "resume_agents" "", |h| Some(json!({ "agent": h.agent().await })) => "ana root";
        "stop_agents" "all", |_h| Some(json!({ "why": "enough" })) => "root";
        "resume_agents" "all", |_h| Some(json!({})) => "root";
        "set_agent_rule" "", |_h| Some(json!({ "rule": "fill_gaps", "mode": "shadow" })) => "root";
        // There is none: what they are asked for is in the domain's tests.
        "answer_card" "", |_h| Some(json!({ "card": 1, "approve": true })) => ALL;
        "undo_card" "", |_h| Some(json!({ "card": 1 })) => ALL;
        "answer_alert" "", |_h| Some(json!({ "id": 1, "choice": "keep", "because": "so" })) => ALL;
        "adopt" "", |_h| Some(json!({ "node": "node-1", "pid": 1 })) => ALL;

        "preview_policy" "", |_h| Some(json!({ "name": "fifo" })) => ALL;
        "replay_history" "", |_h| Some(json!({ "days": 1 })) => ALL;
        "set_policy" "", |_h| Some(json!({ "name": "berth" })) => "root";
        "set_quota" "", |_h| Some(json!({ "user": "bo", "gpus": 16 })) => "root";
        "cordon" "", |_h| Some(json!({ "place": "node-2:7", "reason": "hot" })) => "root";
        "uncordon" "", |_h| Some(json!({ "place": "node-2:7" })) => "root";
        "set_project" "new", |h| Some(json!({ "name": h.name() })) => "root";
        "set_project" "one that there is",
            |_h| Some(json!({ "name": "vision", "about": "eyes" })) => "pia lea root";
        "set_member" "", |_h| Some(json!({ "project": "vision", "user": "bo", "role": null })) => "pia lea root";
        "remove_project" "", |h| {
            let name = h.name();
            h.does("root", "set_project", json!({ "name": name })).await;
            Some(json!({ "name": name }))
        } => "root";

        "add_person" "", |h| Some(json!({ "name": h.name() })) => "root";
        "login_link" "", |_h| Some(json!({ "name": "bo" })) => "root";
        "set_role" "", |_h| Some(json!({ "name": "bo", "role": "member" })) => "root";
        "revoke_node_tokens" "", |_h| Some(json!({ "node": "node-9" })) => "root";
        "set_notifications" "their own", |_h| Some(json!({ "email": "" })) => ALL;
        "try_notifications" "their own", |_h| Some(json!({})) => ALL;
        "forget_talk" "their own", |_h| Some(json!({ "talk": 1 })) => ALL;
    }
    assert_eq!(wrong, [] as [String; 0]);
    let forgotten: Vec<String> = all_functions().difference(&seen).cloned().collect();
    assert_eq!(
        forgotten,
        [] as [String; 0],
        "nobody asked these for rights"
    );
}

/// What is no server function.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_doors_ask_it_too() {
    let house = House::new().await;
    let url = |path: &str| format!("{}{path}", house.server.url);
    let package = url(&format!("/api/packages/{}", "0".repeat(64)));
    for (name, _) in PEOPLE {
        let token = &house.tokens[name];
        let sent = house
            .http
            .put(&package)
            .bearer_auth(token)
            .body("no package");
        // What it holds is not what its name says.
        let expected = match name {
            "vic" => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        assert_eq!(sent.send().await.unwrap().status(), expected, "{name}");
        let planning = house.http.get(url("/api/planning")).bearer_auth(token);
        assert_eq!(
            planning.send().await.unwrap().status(),
            StatusCode::OK,
            "{name}"
        );
        let node = house.http.get(url("/api/node")).bearer_auth(token);
        assert_eq!(
            node.send().await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{name}"
        );
    }
    let doors = [
        "/api/live",
        "/api/ask",
        "/api/node",
        "/api/planning",
        "/api/job_log/raw?id=1",
        "/mcp",
    ];
    for door in doors {
        let answer = house.http.get(url(door)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{door}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_by_what_is_made_up() {
    let house = House::new().await;
    let url = format!("{}/api/list_jobs", house.server.url);
    let hex = "0".repeat(64);
    let made_up = [
        ("cookie", format!("berth_session={}", "A".repeat(22))),
        ("cookie", "user=root; berth_session=root".to_owned()),
        ("authorization", format!("Bearer berth_{hex}")),
        ("authorization", "Bearer ".to_owned()),
        ("authorization", "Basic cm9vdDpyb290".to_owned()),
        ("x-forwarded-user", "root".to_owned()),
        ("x-remote-user", "root".to_owned()),
        ("remote-user", "root".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
        ("forwarded", "for=127.0.0.1;by=root".to_owned()),
    ];
    for (name, value) in made_up {
        let answer = house
            .http
            .get(&url)
            .header(name, &value)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}: {value}");
    }
    // A node's token opens the nodes' door and no other.
    let node = house.server.node_token("node-1");
    let answer = house.http.get(&url).bearer_auth(node).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_counts_at_once_and_the_only_admin_stays() {
    let house = House::new().await;
    let submit = json!({ "command": ["true"], "hold": true });
    house.does("bo", "submit_job", submit.clone()).await;
    house
        .does("bo", "set_agent", json!({ "name": "helper" }))
        .await;
    house
        .does(
            "root",
            "set_role",
            json!({ "name": "bo", "role": "viewer" }),
        )
        .await;
    let (status, answer) = house.ask(Some("bo"), "submit_job", Some(&submit)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let says = answer["error"]["message"].as_str().unwrap();
    assert!(says.starts_with("You are a viewer here"), "{says}");
    // Who may not, has nobody who does it for them.
    let agents = house.ask(Some("bo"), "list_agents", None).await.1;
    assert!(agents["agents"][0]["stopped"].is_object(), "{agents}");

    let berth = Berth::new(&house.server.url, &house.tokens["root"]).unwrap();
    let who = berth.call(berth_api::cluster::GetWhoami {}).await.unwrap();
    assert!(who.admin);
    // Of the two admins, the one who set the server up and root, one may go.
    house
        .does(
            "root",
            "set_role",
            json!({ "name": "admin", "role": "member" }),
        )
        .await;
    let last = json!({ "name": "root", "role": "lead" });
    let (status, answer) = house.ask(Some("root"), "set_role", Some(&last)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
}
