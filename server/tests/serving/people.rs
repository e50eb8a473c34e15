//! Who may log in, and the daemons that may: admins see it and change it, and nobody else.

use berth_api::node_tokens::{ListNodeTokens, NodeTokenArg, RevokeNodeTokens};
use berth_api::people::{
    AddPerson, AddPersonArg, LinkAnswer, ListAdmins, ListPeople, LoginLink, LoginLinkArg,
    PersonView,
};
use berth_api::views::Whoami;
use berth_api::{Berth, ErrorCode};
use berth_domain::{Role, SubmitRequest, UserName};
use reqwest::{Client, Response, StatusCode};

use crate::support::{Server, refused, shell, submit};

fn add(name: &str, admin: bool) -> AddPerson {
    let body = AddPersonArg {
        name: name.to_owned(),
        role: if admin { Role::Admin } else { Role::Member },
    };
    AddPerson { body }
}

fn link(name: &str) -> LoginLink {
    let body = LoginLinkArg {
        name: name.to_owned(),
    };
    LoginLink { body }
}

fn revoke(node: &str) -> RevokeNodeTokens {
    let body = NodeTokenArg {
        node: node.to_owned(),
    };
    RevokeNodeTokens { body }
}

async fn person(berth: &Berth, name: &str) -> PersonView {
    let people = berth.call(ListPeople {}).await.unwrap().people;
    let mut people = people.into_iter();
    people.find(|one| one.name.as_str() == name).unwrap()
}

/// A browser that shows where it is sent.
fn browser() -> Client {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none());
    client.build().unwrap()
}

fn sent_to(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

/// Opens a login link; the session that it gave, if it let in.
async fn open(link: &str) -> Option<String> {
    let answer = browser().get(link).send().await.unwrap();
    if sent_to(&answer) != "/" {
        return None;
    }
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    Some(cookie.split(';').next().unwrap().to_owned())
}

async fn whoami(server: &Server, session: &str) -> Whoami {
    let ask = browser().get(format!("{}/api/whoami", server.url));
    let answer = ask.header("cookie", session).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_gets_a_link_that_lets_in_once() {
    let server = Server::start();
    let berth = server.client();
    let made: LinkAnswer = berth.call(add("ana.berg", false)).await.unwrap();
    assert!(made.link.starts_with(&server.url), "{made:?}");
    let hours = made.until.duration_since(berth_domain::Timestamp::now());
    assert!((23..=24).contains(&hours.as_hours()), "{made:?}");
    let ana = person(&berth, "ana.berg").await;
    assert_eq!((ana.role, ana.last_seen), (Role::Member, None), "{ana:?}");

    let session = open(&made.link).await.unwrap();
    let who = whoami(&server, &session).await;
    assert_eq!((who.user.as_str(), who.admin), ("ana.berg", false));
    assert_eq!(open(&made.link).await, None, "it was used");

    // Again, by another link; and an admin is one.
    let again = berth.call(link("ana.berg")).await.unwrap();
    assert!(open(&again.link).await.is_some());
    let made = berth.call(add("bo", true)).await.unwrap();
    let session = open(&made.link).await.unwrap();
    assert!(whoami(&server, &session).await.admin);

    // The commands of the server's host know them too.
    let listed = String::from_utf8(server.admin(&["user", "list"]).stdout).unwrap();
    assert_eq!(listed, "admin (admin)\nana.berg (member)\nbo (admin)\n");
    let printed = server.admin(&["login-link", "ana.berg"]).stdout;
    let printed = String::from_utf8(printed).unwrap();
    let (_, printed) = printed.trim().split_once("Log in: ").unwrap();
    assert!(printed.contains("/login/once/"), "{printed}");
    assert!(!server.admin(&["user", "add", "bo"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_is_told_of_each() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    assert_eq!(person(&berth, "ana").await.last_seen, None);
    let runs = SubmitRequest {
        gpus: Some(2),
        ..shell("sleep 600")
    };
    submit(&ana, runs).await;
    for hold in [true, false] {
        let waits = SubmitRequest {
            gpus: Some(2),
            hold,
            ..shell("true")
        };
        submit(&ana, waits).await;
    }
    crate::support::until(&berth, async |berth: &Berth| {
        person(berth, "ana").await.running == 1
    })
    .await;
    let told = person(&berth, "ana").await;
    assert_eq!((told.running, told.waiting, told.gpus), (1, 2, 2));
    assert!(told.last_seen.unwrap() >= told.since, "{told:?}");
    // The admin has not been here, but for the command line.
    let admin = person(&berth, "admin").await;
    assert_eq!(
        (admin.role, admin.last_seen),
        (Role::Admin, None),
        "{admin:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_and_names_that_are_not() {
    let server = Server::start();
    let berth = server.client();
    let long = "a".repeat(65);
    for wrong in ["", " ", "Ana", "a b", "a/b", "ana\n2", "\u{fc}mit", &long] {
        let error = refused(berth.call(add(wrong, false)).await);
        assert_eq!(error.code(), ErrorCode::Invalid, "{wrong}");
        assert_eq!(error.field(), Some("name"), "{wrong}");
        let says = error.to_string();
        assert!(says.starts_with("A user name is 1 to 64 of"), "{says}");
    }
    let error = refused(berth.call(add("admin", false)).await);
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert!(error.to_string().contains("already"), "{error}");
    let admin = person(&berth, "admin").await;
    assert_eq!(admin.role, Role::Admin, "as it was");

    let endless = "x".repeat(100_000);
    for nobody in ["nobody", "", "<b>", &endless] {
        let error = refused(berth.call(link(nobody)).await);
        assert_eq!(error.code(), ErrorCode::NotFound, "{nobody}");
        assert!(error.to_string().contains("Add them first"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_told_whom_to_ask() {
    let server = Server::start();
    server.node_token("node-1");
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let errors = [
        refused(ana.call(ListPeople {}).await),
        refused(ana.call(add("bo", true)).await),
        refused(ana.call(link("admin")).await),
        refused(ana.call(ListNodeTokens {}).await),
        refused(ana.call(revoke("node-1")).await),
    ];
    for error in errors {
        assert_eq!(error.code(), ErrorCode::Forbidden);
        assert!(
            error.to_string().starts_with("Only an admin can"),
            "{error}"
        );
    }
    let admins = ana.call(ListAdmins {}).await.unwrap().admins;
    assert_eq!(admins, [UserName::from("admin")]);
    // Nothing was done.
    let berth = server.client();
    assert_eq!(berth.call(ListPeople {}).await.unwrap().people.len(), 2);
    let tokens = berth.call(ListNodeTokens {}).await.unwrap().tokens;
    assert_eq!(tokens.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_node_is_listed_and_revoked() {
    let server = Server::start();
    let berth = server.client();
    server.node_token("node-1");
    server.node_token("node-1");
    server.node_token("node-2");
    let answer = berth.call(ListNodeTokens {}).await.unwrap();
    let nodes: Vec<&str> = answer.tokens.iter().map(|one| one.node.as_str()).collect();
    assert_eq!(nodes, ["node-1", "node-1", "node-2"]);
    let first = &answer.tokens[0];
    assert!(
        !first.connected && first.by.as_str() == "admin",
        "{first:?}"
    );
    assert!(answer.unknown.is_empty());
    let left = berth.call(revoke("node-1")).await.unwrap().tokens;
    assert_eq!(left.len(), 1);
    let error = refused(berth.call(revoke("node-1")).await);
    assert_eq!(error.code(), ErrorCode::NotFound);
    assert!(error.to_string().contains("no token of node"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forms_work_without_script() {
    let server = Server::with("1x4", &[]);
    let ana = server.add_user("ana");
    let post = async |form: &str, body: &'static str, token: &str| {
        let request = browser().post(format!("{}/forms/{form}", server.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.bearer_auth(token).body(body);
        request.send().await.unwrap()
    };
    let admin = server.token.as_str();

    // The link stands on a page that no browser keeps, and in no address.
    let answer = post("person", "name=bo&role=admin", admin).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let page = answer.text().await.unwrap();
    let from = page.find(&format!("{}/login/once/", server.url)).unwrap();
    let link = page[from..].split('<').next().unwrap();
    assert!(open(link).await.is_some(), "{page}");
    let answer = post("login-link", "name=bo", admin).await;
    assert!(answer.text().await.unwrap().contains("/login/once/"));
    for (form, body) in [("person", "name=cy"), ("login-link", "name=bo")] {
        let answer = post(form, body, &ana).await;
        let to = sent_to(&answer);
        assert!(to.starts_with("/admin?error=Only+an+admin"), "{to}");
    }

    // A look leads back with what was typed, less what is empty; and changes nothing.
    let typed = "policy=slurm&knob-ageing=&knob-weight_age=5&verb=preview";
    let answer = post("policy", typed, admin).await;
    assert_eq!(
        sent_to(&answer),
        "/admin?policy=slurm&knob-weight_age=5&preview=1"
    );
    let berth = server.client();
    let policy = async || {
        let call = berth_api::planner::GetPolicy {};
        berth.call(call).await.unwrap().policy
    };
    assert_eq!(policy().await.name, "berth");
    let answer = post("policy", "policy=slurm&knob-weight_age=x&verb=apply", admin).await;
    let to = sent_to(&answer);
    assert!(
        to.contains("knob-weight_age=x") && to.contains("error="),
        "{to}"
    );
    let answer = post("policy", "policy=slurm&knob-weight_age=5&verb=apply", admin).await;
    assert_eq!(sent_to(&answer), "/admin");
    let chosen = policy().await;
    assert_eq!(chosen.name, "slurm");
    assert_eq!(chosen.knobs.len(), 1, "{chosen:?}");

    for (body, says) in [
        ("user=ana&gpus=2&hard=on&verb=set", "/admin"),
        ("user=bo&gpus=many&verb=set", "/admin?error=How+many+GPUs"),
        ("every=project&gpus=&verb=unlimited", "/admin"),
    ] {
        let answer = post("quota", body, admin).await;
        let to = sent_to(&answer);
        assert!(to.starts_with(says), "{body}: {to}");
    }
    let quotas = berth.call(berth_api::quotas::GetQuotas {}).await.unwrap();
    assert_eq!(quotas.users.len(), 1, "{quotas:?}");
    assert!(quotas.users[0].limit.unwrap().hard, "{quotas:?}");

    server.node_token("node-1");
    let answer = post("node-token", "node=node-1", admin).await;
    assert_eq!(sent_to(&answer), "/admin");
    assert!(
        berth
            .call(ListNodeTokens {})
            .await
            .unwrap()
            .tokens
            .is_empty()
    );
}
