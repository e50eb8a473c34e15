//! The assistant in the real server, with a model that answers by a script: questions, approvals, budgets;
//! and, in files of their own, one that does by itself what a sentence asks for, and a hostile one, which
//! tries what it should not, and gets nowhere.

mod autonomous;
mod endless;
mod hostile;
mod injection;
mod scene;
mod tries;

use berth_api::agents::{
    AgentView, AnswerCard, AnswerCardArg, CardView, Ledger, ListAgents, ResumeAgents, ResumeArg,
    SetAgent, SetAgentArg, StopAgents, StopArg,
};
use berth_api::talks::{AskArg, ForgetTalk, ForgetTalkArg, Said, Talk, Talks};
use berth_api::{ApiError, Berth, ErrorCode};
use berth_chat::assistant;
use berth_domain::agent::CardState;
use berth_domain::{CardId, JobId, Mandate, StateName, TalkId};
use berth_scripted_model::{Reply, ScriptedModel};
use serde_json::json;

use crate::support::{PATIENCE, Server, get, refused, shell, submit, until};

const SECRET: &str = "geheim-4711-sesam";

/// A server that asks this model.
fn server(model: &ScriptedModel) -> Server {
    let env = [
        ("BERTH_LLM_BASE_URL", model.url.as_str()),
        ("BERTH_LLM_MODEL", "script-1"),
        ("BERTH_LLM_API_KEY", SECRET),
    ];
    Server::with("1x8", &env)
}

/// Starts it again, with these models, where it was.
fn configure(server: &mut Server, models: &str) {
    std::fs::write(server.dir.path().join("berth.toml"), models).unwrap();
    server.keep_address();
    server.kill();
    server.boot(&[]);
}

fn person(server: &Server, name: &str) -> Berth {
    Berth::new(&server.url, &server.add_user(name)).unwrap()
}

async fn ask_in(
    berth: &Berth,
    question: &str,
    talk: Option<TalkId>,
) -> Result<Vec<Said>, ApiError> {
    let question = AskArg {
        question: question.to_owned(),
        talk,
    };
    let heard = async {
        let mut asked = berth.ask(&question).await?;
        let mut all = Vec::new();
        while let Some(said) = asked.next().await? {
            all.push(said);
        }
        Ok(all)
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap()
}

async fn ask(berth: &Berth, question: &str) -> Vec<Said> {
    ask_in(berth, question, None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_short_and_says_something() {
    let server = Server::start();
    let token = server.add_user("ana");
    let status = async |body: &str| {
        let asked = reqwest::Client::new()
            .post(format!("{}/api/ask", server.url))
            .bearer_auth(&token)
            .body(body.to_owned());
        asked.send().await.unwrap().status()
    };
    for right in [
        r#"{"question": " What runs? "}"#,
        r#"{"question": "And now?", "talk": 3}"#,
    ] {
        // There is no model that could answer.
        assert_eq!(status(right).await, 503, "{right}");
    }
    let long = json!({ "question": "x".repeat(8001) }).to_string();
    for wrong in [
        "",
        "{}",
        r#"{"question": "\n"}"#,
        r#"{"question": "x", "user": "bo"}"#,
        &long,
    ] {
        assert_eq!(status(wrong).await, 400, "{wrong}");
    }
}

fn text(said: &[Said]) -> String {
    let pieces = said.iter().filter_map(|one| match one {
        Said::Text { text } => Some(text.as_str()),
        _ => None,
    });
    pieces.collect()
}

fn talk_of(said: &[Said]) -> TalkId {
    match said.first() {
        Some(Said::Talk { talk }) => *talk,
        other => panic!("{other:?}"),
    }
}

fn failure(said: &[Said]) -> &str {
    match said.last() {
        Some(Said::Failed { sentence }) => sentence,
        other => panic!("{other:?}"),
    }
}

/// Whether each call was done, and its card.
fn answers(said: &[Said]) -> Vec<(bool, Option<CardId>)> {
    let answered = said.iter().filter_map(|one| match one {
        Said::ToolAnswered { ok, card, .. } => Some((*ok, *card)),
        _ => None,
    });
    answered.collect()
}

fn approvals(said: &[Said]) -> Vec<CardId> {
    let waiting = said.iter().filter_map(|one| match one {
        Said::Approval { card, .. } => Some(*card),
        _ => None,
    });
    waiting.collect()
}

async fn ledger(berth: &Berth, by: &str) -> Vec<CardView> {
    let call = Ledger {
        by: Some(by.to_owned()),
        state: None,
        job: None,
        asks: None,
        before: None,
        limit: Some(500),
    };
    berth.call(call).await.unwrap().cards
}

async fn agent(berth: &Berth, name: &str) -> AgentView {
    let all = berth.call(ListAgents {}).await.unwrap().agents;
    all.into_iter()
        .find(|one| one.name.as_str() == name)
        .unwrap()
}

async fn mandate(berth: &Berth, name: &str, mandate: Mandate) {
    let body = SetAgentArg {
        name: name.to_owned(),
        mandate,
        ..SetAgentArg::default()
    };
    berth.call(SetAgent { body }).await.unwrap();
}

async fn runs(berth: &Berth, job: JobId) {
    until(berth, async |berth: &Berth| {
        get(berth, job).await.row.state == StateName::Running
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_assistant_looks_answers_and_asks_before_it_acts() {
    let model = ScriptedModel::start(|asked| match asked.number {
        0 => Reply::calls("queue", &json!({ "whose": "mine" })),
        1 => Reply::calls("cancel", &json!({ "id": 1 })),
        2 => Reply::says("Job 1 runs; card 1 waits for you."),
        _ => Reply::says("As I said."),
    })
    .await;
    let server = server(&model);
    let ana = person(&server, "ana");
    let job = submit(&ana, shell("sleep 600")).await.id;
    assert_eq!(job, JobId(1));
    runs(&ana, job).await;
    let said = ask(&ana, "Cancel what runs.").await;
    assert_eq!(text(&said), "Job 1 runs; card 1 waits for you.");
    assert!(
        matches!(said.last(), Some(Said::Done { tool_calls: 2, .. })),
        "{said:?}"
    );
    let cards = approvals(&said);
    assert_eq!(cards.len(), 1, "{said:?}");
    assert_eq!(answers(&said), [(true, None), (false, Some(cards[0]))]);
    assert_eq!(
        get(&ana, job).await.row.state,
        StateName::Running,
        "it only asked"
    );
    let mine = &model.asked()[1].answers()[0];
    assert!(mine.contains("\"id\":1"), "what is hers is its: {mine}");
    // It acts as an agent of hers, which was made for it.
    let made = agent(&ana, "ana.assistant").await;
    assert_eq!(
        (made.acts_for.as_str(), &made.mandate),
        ("ana", &assistant::mandate())
    );
    // She approves, and it is done.
    let body = AnswerCardArg {
        card: cards[0],
        approve: true,
    };
    let card = ana.call(AnswerCard { body }).await.unwrap();
    assert_eq!(card.card.state, CardState::Acted);
    until(&ana, async |ana: &Berth| {
        get(ana, job).await.row.state == StateName::Finished
    })
    .await;
    // The talk is kept, goes on, and is hers alone.
    let talk = talk_of(&said);
    let again = ask_in(&ana, "And now?", Some(talk)).await.unwrap();
    assert_eq!(
        (talk_of(&again), text(&again)),
        (talk, "As I said.".to_owned())
    );
    let told = model.asked().pop().unwrap().told();
    assert!(
        told.contains("Cancel what runs.") && told.contains("card 1 waits"),
        "{told}"
    );
    let kept = ana.call(Talk { id: talk }).await.unwrap();
    let texts: Vec<&str> = kept
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "Cancel what runs.",
            "Job 1 runs; card 1 waits for you.",
            "And now?",
            "As I said."
        ]
    );
    assert!(
        kept.messages[1]
            .notes
            .iter()
            .any(|note| matches!(note, Said::Approval { .. }))
    );
    let listed = ana.call(Talks {}).await.unwrap();
    assert_eq!(
        (listed.talks.len(), listed.model.as_deref()),
        (1, Some("environment"))
    );
    let bo = person(&server, "bo");
    let error = refused(bo.call(Talk { id: talk }).await);
    assert_eq!(error.code(), ErrorCode::NotFound);
    let error = refused(ask_in(&bo, "What did she ask?", Some(talk)).await);
    assert_eq!(error.code(), ErrorCode::NotFound);
    let forget = || ForgetTalk {
        body: ForgetTalkArg { talk },
    };
    refused(bo.call(forget()).await);
    assert!(ana.call(forget()).await.unwrap().talks.is_empty());
    refused(ana.call(Talk { id: talk }).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_person_is_not_answered_and_the_switch_stops_all() {
    let model = ScriptedModel::with(vec![Reply::says("Nothing.")]).await;
    let server = server(&model);
    let ana = person(&server, "ana");
    ask(&ana, "What runs?").await;
    // An agent would have it do what its own mandate forbids.
    let body = SetAgentArg {
        name: "tuner".to_owned(),
        ..SetAgentArg::default()
    };
    let token = ana.call(SetAgent { body }).await.unwrap().token.unwrap();
    let tuner = Berth::new(&server.url, &token).unwrap();
    let error = refused(ask_in(&tuner, "Cancel job 1.", None).await);
    assert_eq!(error.code(), ErrorCode::Forbidden);
    refused(tuner.call(Talks {}).await);
    let stop = |agent: Option<&str>| StopAgents {
        body: StopArg {
            agent: agent.map(str::to_owned),
            why: "enough".to_owned(),
            jobs: false,
        },
    };
    let resume = |agent: Option<&str>| ResumeAgents {
        body: ResumeArg {
            agent: agent.map(str::to_owned),
        },
    };
    let before = model.asked().len();
    server.client().call(stop(None)).await.unwrap();
    let said = ask(&ana, "What runs?").await;
    assert!(
        failure(&said).contains("admin stopped it: enough"),
        "{said:?}"
    );
    server.client().call(resume(None)).await.unwrap();
    ana.call(stop(Some("ana.assistant"))).await.unwrap();
    let said = ask(&ana, "What runs?").await;
    assert!(
        failure(&said).contains("ana stopped it: enough"),
        "{said:?}"
    );
    assert_eq!(model.asked().len(), before, "nothing was asked");
    ana.call(resume(Some("ana.assistant"))).await.unwrap();
    assert_eq!(text(&ask(&ana, "What runs?").await), "Nothing.");
    // Nobody else's name is taken.
    let bo = person(&server, "bo");
    mandate(&bo, "cy.assistant", Mandate::default()).await;
    let cy = person(&server, "cy");
    let error = refused(ask_in(&cy, "What runs?", None).await);
    assert!(
        error.to_string().contains("taken by an agent of bo"),
        "{error}"
    );
    let long = "x".repeat(9000);
    for question in ["", " ", long.as_str()] {
        let error = refused(ask_in(&ana, question, None).await);
        assert_eq!(
            (error.code(), error.field()),
            (ErrorCode::Invalid, Some("question"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_costs_what_it_costs_and_the_budget_ends() {
    let model = ScriptedModel::with(vec![Reply::says("Nothing.")]).await;
    let mut server = Server::with("1x8", &[]);
    let error = refused(ask_in(&server.client(), "What runs?", None).await);
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(error.to_string().contains("BERTH_LLM_BASE_URL"), "{error}");
    let key = server.dir.path().join("key");
    std::fs::write(&key, SECRET).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, mode).unwrap();
    let configured = format!(
        "[[models]]\nname = \"big\"\nbase_url = \"{}\"\nmodel = \"script-1\"\nkey_file = \"{}\"\n\
         dollars_in = 2.0\ndollars_out = 10.0\n",
        model.url,
        key.display()
    );
    configure(&mut server, &configured);
    let ana = person(&server, "ana");
    let said = ask(&ana, "What runs?").await;
    let cost = said.iter().find_map(|one| match one {
        Said::Cost {
            micros,
            left_micros,
            ..
        } => Some((*micros, *left_micros)),
        _ => None,
    });
    assert_eq!(cost, Some((3000, Some(4_997_000))));
    assert_eq!(agent(&ana, "ana.assistant").await.used_model_micros, 3000);
    // What was spent is known after a kill.
    server.kill();
    server.boot(&[]);
    assert_eq!(agent(&ana, "ana.assistant").await.used_model_micros, 3000);
    let nothing_left = Mandate {
        model_micros: Some(3000),
        ..assistant::mandate()
    };
    mandate(&ana, "ana.assistant", nothing_left).await;
    let before = model.asked().len();
    let said = ask(&ana, "What runs?").await;
    assert!(
        failure(&said).contains("it has spent $0.0030 of the $0.0030"),
        "{said:?}"
    );
    assert_eq!(model.asked().len(), before);
    // The key is nowhere but in its file.
    assert_eq!(
        model.asked()[0].header("authorization"),
        Some("Bearer geheim-4711-sesam")
    );
    for file in std::fs::read_dir(server.data()).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        let held = bytes
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes());
        assert!(!held, "{}", file.path().display());
    }
    let agents = serde_json::to_string(&ana.call(ListAgents {}).await.unwrap()).unwrap();
    let talks = serde_json::to_string(&ana.call(Talks {}).await.unwrap()).unwrap();
    assert!(!agents.contains(SECRET) && !talks.contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_prints_the_answer_and_says_how_to_approve() {
    let model = ScriptedModel::start(|asked| match asked.number % 2 {
        0 => Reply::calls("cancel", &json!({ "id": 1 })),
        _ => Reply::says("It waits for you.\u{1b}[2J"),
    })
    .await;
    let server = server(&model);
    let token = server.add_user("ana");
    let ana = Berth::new(&server.url, &token).unwrap();
    let job = submit(&ana, shell("sleep 600")).await.id;
    runs(&ana, job).await;
    let run = |args: &[&str]| {
        let mut command = server.cli();
        command
            .args(args)
            .env("BERTH_TOKEN", &token)
            .stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), text, error)
    };
    let (ok, text, error) = run(&["ask", "cancel", "job", "1"]);
    assert!(ok, "{error}");
    assert_eq!(text, "It waits for you.[2J\n");
    assert!(
        error.contains("> cancel {\"id\":1}") && !error.contains('\u{1b}'),
        "{error}"
    );
    assert!(
        error.contains("card 1 waits (Cancel job 1): berth agent approve 1"),
        "{error}"
    );
    let (ok, text, error) = run(&["ask", "--json", "cancel job 1"]);
    assert!(ok, "{error}");
    let said: Vec<Said> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(matches!(said.last(), Some(Said::Done { .. })), "{text}");
    let (_, text, _) = run(&["ask", "--talks"]);
    assert!(text.contains("cancel job 1"), "{text}");
    let (ok, _, error) = run(&["agent", "approve", "1"]);
    assert!(ok, "{error}");
    let (ok, _, _) = run(&["ask"]);
    assert!(!ok, "a question is needed");
}
