//! Agents over HTTP: their tokens, what a mandate bars, the ledger, approvals, the switch; and all of it
//! again after the server was killed.

mod approved;

use berth_api::agents::{
    AgentAnswer, AgentArg, AgentView, AgentsAnswer, AnswerCard, AnswerCardArg, CardArg, CardView,
    Ledger, ListAgents, RemoveAgent, ResumeAgents, ResumeArg, RuleArg, SetAgent, SetAgentArg,
    SetAgentRule, StopAgents, StopArg, UndoCard,
};
use berth_api::jobs::{CancelJob, JobArg, SubmitJob};
use berth_api::people::ListPeople;
use berth_api::{ApiError, Berth, ErrorCode};
use berth_domain::agent::{Approval, CardState, Mode};
use berth_domain::{Mandate, StateName, SubmitRequest};

use crate::support::{Server, get, refused, submit};

/// For an hour: the usual limit of a day would be all that a careful mandate allows.
fn shell(line: &str) -> SubmitRequest {
    SubmitRequest {
        time_limit: Some("1h".to_owned()),
        ..crate::support::shell(line)
    }
}

async fn make(berth: &Berth, name: &str, mandate: Mandate) -> AgentAnswer {
    let body = SetAgentArg {
        name: name.to_owned(),
        mandate,
        ..SetAgentArg::default()
    };
    berth.call(SetAgent { body }).await.unwrap()
}

async fn agents(berth: &Berth) -> AgentsAnswer {
    berth.call(ListAgents {}).await.unwrap()
}

async fn agent(berth: &Berth, name: &str) -> AgentView {
    let all = agents(berth).await.agents;
    all.into_iter()
        .find(|one| one.name.as_str() == name)
        .unwrap()
}

async fn ledger(berth: &Berth, by: &str) -> Vec<CardView> {
    let call = Ledger {
        by: Some(by.to_owned()),
        state: None,
        job: None,
        asks: None,
        before: None,
        limit: None,
    };
    berth.call(call).await.unwrap().cards
}

async fn try_submit(
    berth: &Berth,
    request: SubmitRequest,
) -> Result<berth_domain::JobId, ApiError> {
    let answer = berth.call(SubmitJob { body: request }).await?;
    Ok(answer.job.id)
}

fn stop(agent: Option<&str>) -> StopAgents {
    let body = StopArg {
        agent: agent.map(str::to_owned),
        why: "It went wild".to_owned(),
        jobs: false,
    };
    StopAgents { body }
}

fn resume(agent: Option<&str>) -> ResumeAgents {
    let body = ResumeArg {
        agent: agent.map(str::to_owned),
    };
    ResumeAgents { body }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_acts_for_its_person_within_its_mandate() {
    let mut server = Server::with("1x8", &[]);
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let made = make(&ana, "tuner", Mandate::default()).await;
    let token = made.token.unwrap();
    let tuner = Berth::new(&server.url, &token).unwrap();

    let ran = try_submit(&tuner, shell("true")).await.unwrap();
    let detail = get(&ana, ran).await;
    assert_eq!(detail.row.user.as_str(), "ana");
    let cards = ledger(&ana, "tuner").await;
    assert_eq!(cards.len(), 1);
    assert_eq!(
        (cards[0].card.state, cards[0].card.job),
        (CardState::Acted, Some(ran))
    );
    assert!(cards[0].may_undo);
    assert!(!ledger(&tuner, "tuner").await[0].may_undo, "not by itself");

    // Too many GPUs, somebody's job, and what only people do.
    let greedy = SubmitRequest {
        gpus: Some(8),
        ..shell("true")
    };
    let error = refused(try_submit(&tuner, greedy).await);
    assert_eq!(error.code(), ErrorCode::Forbidden);
    let says = error.to_string();
    assert!(
        says.starts_with("Agent tuner may not do this: its jobs would ask for"),
        "{says}"
    );
    let hers = submit(&ana, shell("sleep 600")).await.id;
    let error = refused(
        tuner
            .call(CancelJob {
                body: JobArg { id: hers },
            })
            .await,
    );
    assert!(
        error.to_string().contains("was not submitted by it"),
        "{error}"
    );
    let error = refused(tuner.call(ListPeople {}).await);
    assert_eq!(error.code(), ErrorCode::Forbidden);
    let error = refused(tuner.call(resume(Some("tuner"))).await);
    assert!(
        error.to_string().contains("no agent may do this"),
        "{error}"
    );
    let refusals = ledger(&ana, "tuner").await;
    let refusals = refusals
        .iter()
        .filter(|view| view.card.state == CardState::Refused);
    assert_eq!(
        refusals.count(),
        3,
        "what was only asked for to read is none"
    );
    assert_eq!(agent(&ana, "tuner").await.refusals_last_hour, 3);

    // As it was, after a kill.
    crate::support::until_finished(&ana, &[ran]).await;
    let before = (agents(&ana).await, ledger(&ana, "tuner").await);
    server.keep_address();
    server.kill();
    server.boot(&[]);
    assert_eq!(before, (agents(&ana).await, ledger(&ana, "tuner").await));

    // Its person changes what it may do, and in the end removes it.
    let whole = Mandate {
        all_jobs: true,
        ..Mandate::default()
    };
    let changed = make(&ana, "tuner", whole).await;
    assert_eq!(changed.token, None, "it has one");
    tuner
        .call(CancelJob {
            body: JobArg { id: hers },
        })
        .await
        .unwrap();
    let bo = Berth::new(&server.url, &server.add_user("bo")).unwrap();
    let name = || AgentArg {
        name: "tuner".to_owned(),
    };
    let error = refused(bo.call(RemoveAgent { body: name() }).await);
    assert!(error.to_string().contains("acts for ana"), "{error}");
    ana.call(RemoveAgent { body: name() }).await.unwrap();
    let error = refused(try_submit(&tuner, shell("true")).await);
    assert_eq!(error.code(), ErrorCode::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_and_takes_back() {
    let server = Server::with("1x8", &[]);
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let asks = Mandate {
        approval: Approval {
            above_gpu_seconds: Some(0),
            ..Approval::default()
        },
        ..Mandate::default()
    };
    let token = make(&ana, "tuner", asks).await.token.unwrap();
    let tuner = Berth::new(&server.url, &token).unwrap();
    let error = refused(try_submit(&tuner, shell("sleep 600")).await);
    assert!(
        error.to_string().contains("has to approve it first"),
        "{error}"
    );
    let open = agents(&ana).await.open;
    assert_eq!(open.len(), 1);
    assert!(open[0].may_answer);
    let card = open[0].card.id;
    let answer = |approve| AnswerCard {
        body: AnswerCardArg { card, approve },
    };
    let error = refused(tuner.call(answer(true)).await);
    assert!(
        error.to_string().contains("no agent may do this"),
        "{error}"
    );
    let done = ana.call(answer(true)).await.unwrap();
    assert_eq!(done.card.state, CardState::Acted);
    let error = refused(ana.call(answer(true)).await);
    assert_eq!(error.code(), ErrorCode::Conflict);

    // What needs no approval can be taken back.
    let free = SubmitRequest {
        gpus: Some(0),
        ..shell("sleep 600")
    };
    let id = try_submit(&tuner, free).await.unwrap();
    let card = ledger(&ana, "tuner").await[0].card.id;
    let undo = || UndoCard {
        body: CardArg { card },
    };
    let undone = ana.call(undo()).await.unwrap();
    assert_eq!(undone.card.state, CardState::Undone);
    crate::support::until(&ana, async |ana: &Berth| {
        get(ana, id).await.row.state == StateName::Finished
    })
    .await;
    refused(ana.call(undo()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_and_the_rules_are_for_admins() {
    let mut server = Server::with("1x8", &[]);
    let admin = server.client();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let token = make(&ana, "tuner", Mandate::default()).await.token.unwrap();
    let tuner = Berth::new(&server.url, &token).unwrap();
    let error = refused(ana.call(stop(None)).await);
    assert_eq!(error.code(), ErrorCode::Forbidden);
    admin.call(stop(None)).await.unwrap();
    server.keep_address();
    server.kill();
    server.boot(&[]);
    let admin = server.client();
    for _ in 0..3 {
        let error = refused(try_submit(&tuner, shell("true")).await);
        assert!(
            error.to_string().contains("admin stopped it: It went wild"),
            "{error}"
        );
    }
    assert!(
        ledger(&ana, "tuner").await.is_empty(),
        "it may ask as often as it likes"
    );
    admin.call(resume(None)).await.unwrap();
    try_submit(&tuner, shell("true")).await.unwrap();
    ana.call(stop(Some("tuner"))).await.unwrap();
    refused(try_submit(&tuner, shell("true")).await);
    ana.call(resume(Some("tuner"))).await.unwrap();
    try_submit(&tuner, shell("true")).await.unwrap();

    let rule = |mode: Option<&str>, project: Option<&str>| SetAgentRule {
        body: RuleArg {
            rule: "requeue_lost".to_owned(),
            project: project.map(str::to_owned),
            mode: mode.map(str::to_owned),
        },
    };
    let error = refused(ana.call(rule(Some("act"), None)).await);
    assert_eq!(error.code(), ErrorCode::Forbidden);
    let error = refused(admin.call(rule(Some("wild"), None)).await);
    assert!(
        error.to_string().contains("'wild' is not a mode"),
        "{error}"
    );
    admin.call(rule(Some("act"), None)).await.unwrap();
    let answer = admin.call(rule(Some("off"), Some("vision"))).await.unwrap();
    let mut rules = answer.rules.into_iter();
    let known = rules
        .find(|one| one.rule.as_str() == "requeue_lost")
        .unwrap();
    assert_eq!(known.mode, Mode::Act);
    assert_eq!(known.projects["vision"], Mode::Off);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_does_the_same() {
    let server = Server::with("1x8", &[]);
    // `berth submit` names the folder where it is called.
    let folder = server.dir.path().canonicalize().unwrap();
    let run = |args: &[&str], token: Option<&str>| {
        let mut command = server.cli();
        command
            .args(args)
            .envs(token.map(|token| ("BERTH_TOKEN", token)));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), text, error)
    };
    let created = [
        "agent",
        "create",
        "tuner",
        "--gpus",
        "2",
        "--command",
        "echo {int}",
        "--workdir",
        folder.to_str().unwrap(),
    ];
    let (ok, text, error) = run(&created, None);
    assert!(ok, "{error}");
    let token = text.lines().last().unwrap();
    assert!(token.starts_with("berth_"), "{text}");
    let (ok, _, error) = run(
        &["submit", "-g", "1", "-t", "1h", "--", "echo", "7"],
        Some(token),
    );
    assert!(ok, "{error}");
    let (ok, _, error) = run(
        &["submit", "-g", "1", "-t", "1h", "--", "echo", "x"],
        Some(token),
    );
    assert!(
        !ok && error.contains("none of those that it may run"),
        "{error}"
    );
    let (_, text, _) = run(&["agent", "ledger", "--by", "tuner"], None);
    assert!(text.contains("acted") && text.contains("refused"), "{text}");
    let (_, text, _) = run(&["agent", "rules", "--json"], None);
    let rules: Vec<berth_api::agents::RuleView> = serde_json::from_str(&text).unwrap();
    assert_eq!(rules.len(), 8);
    let json = |args: &[&str]| -> AgentsAnswer {
        let (ok, text, error) = run(args, None);
        assert!(ok, "{error}");
        serde_json::from_str(&text).unwrap()
    };
    let stopped = |answer: &AgentsAnswer| answer.agents[0].stopped.clone();
    let one = json(&["agent", "stop", "tuner", "--why", "a look", "--json"]);
    assert_eq!(stopped(&one).unwrap().why, "a look");
    assert_eq!(one.stopped, None, "the others go on");
    let one = json(&["agent", "resume", "tuner", "--json"]);
    assert_eq!(stopped(&one), None);
    let all = json(&["agent", "stop", "--why", "a pause", "--json"]);
    assert_eq!(all.stopped.unwrap().why, "a pause");
    assert_eq!(json(&["agent", "resume", "--json"]).stopped, None);
    let (ok, _, error) = run(&["agent", "stop", "--why", "enough"], None);
    assert!(ok, "{error}");
    let (_, text, _) = run(&["agent", "list"], None);
    assert!(
        text.starts_with("All are stopped, by admin: enough"),
        "{text}"
    );
    let (ok, _, _) = run(&["agent", "resume"], None);
    assert!(ok);
}
