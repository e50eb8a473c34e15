//! A language model that proposes the trials, by a script: it fails, says nonsense and what cannot be, and the
//! report shows what it says for each trial that ran.

use berth_domain::campaign::TrialState;
use berth_scripted_model::{Asked, Reply, ScriptedModel};
use serde_json::json;

use super::{FIRST, file, ok, until};
use crate::support::{Server, all};

/// Where the server finds the model.
fn env(model: &ScriptedModel) -> [(&str, &str); 2] {
    [
        ("BERTH_LLM_BASE_URL", model.url.as_str()),
        ("BERTH_LLM_MODEL", "script-1"),
    ]
}

/// The file of a campaign that asks a model.
fn asks(server: &Server, strategy: &str) -> String {
    let path = file(server, "asks", strategy, "0.1");
    let text = std::fs::read_to_string(&path).unwrap();
    let paid = text.replace("at_once = 4", "at_once = 4, model_dollars = 0.5");
    std::fs::write(&path, paid).unwrap();
    path
}

fn proposes(trials: [(f64, String); 2]) -> Reply {
    let trials = trials.map(|(lr, why)| json!({ "values": { "lr": lr }, "why": why }));
    Reply::says(&json!({ "trials": trials }).to_string())
}

/// Values that it has not proposed before, with an argument.
fn others(asked: &Asked) -> Reply {
    let number = f64::from(u32::try_from(asked.number).unwrap());
    let one = |lr: f64| (lr, format!("{lr} is what question {number} leaves open."));
    proposes([one(1e-4 * number), one(1e-3 * number)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_proposes_trials_and_the_report_shows_its_arguments() {
    let model = ScriptedModel::start(|asked| match asked.number {
        0 => Reply::fails(500),
        1 => Reply::says("I would begin with a usual one."),
        2 => proposes([
            (5.0, "Far out.".to_owned()),
            (2e-3, "The usual.".to_owned()),
        ]),
        _ => others(asked),
    })
    .await;
    let mut server = Server::with("2x8", &env(&model));
    let file = asks(&server, "{ kind = 'model', trials = 4, per_round = 2 }");
    let preview = ok(&server, &["start", &file, "--dry-run"]);
    assert!(preview.starts_with("4 trials"), "{preview}");
    let paid = "The language model environment proposes its trials, for $0.5000 at most.";
    assert!(preview.contains(paid), "{preview}");
    assert!(model.asked().is_empty());
    ok(&server, &["start", &file]);
    let begun = until(&server.client(), FIRST, |one| one.trials.len() >= 2).await;
    assert_eq!(begun.trials[0].why, "The usual.");
    server.kill();
    server.boot(&env(&model));
    let berth = server.client();
    let ended = until(&berth, FIRST, |one| one.row.ended_at.is_some()).await;
    let why = ended.row.why.unwrap();
    assert_eq!(why, "berth: All 4 trials were run");
    assert_eq!(all(&berth).await.len(), 4, "each trial is one job");
    let asked = model.asked();
    assert!(asked[2].told().contains("not as asked for: it is no JSON"));
    let told = asked[3].told();
    for told_of in [
        "Goal: The best learning rate",
        "Trial 1: lr=0.002. result",
        "'5' is no value of lr",
    ] {
        assert!(told.contains(told_of), "{told_of}: {told}");
    }
    let report = ok(&server, &["show", "1"]);
    for shown in [
        "a language model proposes 4 trials, 2 a round",
        "$0.00 used of $0.50",
    ] {
        assert!(report.contains(shown), "{report}");
    }
    for trial in &ended.trials {
        assert_eq!(trial.state, TrialState::Done, "{trial:?}");
        assert!(report.contains(&trial.why), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_none_begins_and_one_that_is_under_way_waits() {
    let model = ScriptedModel::start(|asked| match asked.number {
        0 => Reply::fails(400),
        _ => others(asked),
    })
    .await;
    let mut server = Server::with("2x8", &[]);
    let file = asks(&server, "{ kind = 'model', trials = 5, per_round = 1 }");
    for args in [
        &["start", file.as_str()][..],
        &["start", file.as_str(), "--dry-run"][..],
    ] {
        let refused = server.cli().arg("campaign").args(args).output().unwrap();
        assert!(!refused.status.success(), "{refused:?}");
        let why = String::from_utf8(refused.stderr).unwrap();
        assert!(why.contains("set BERTH_LLM_BASE_URL"), "{why}");
    }
    server.kill();
    server.boot(&env(&model));
    ok(&server, &["start", &file]);
    let paused = until(&server.client(), FIRST, |one| one.row.state == "paused").await;
    let why = paused.row.why.unwrap();
    assert!(why.contains("refused the question (400)"), "{why}");
    ok(&server, &["resume", "1"]);
    until(&server.client(), FIRST, |one| one.row.counts.done >= 1).await;
    server.kill();
    server.boot(&[]);
    let none = |why: &str| why.contains("There is no language model to ask");
    let waits = until(&server.client(), FIRST, |one| {
        one.row.waits.as_deref().is_some_and(none)
    })
    .await;
    assert_eq!(waits.row.state, "running", "what it knows is kept");
    server.kill();
    server.boot(&env(&model));
    let ended = until(&server.client(), FIRST, |one| one.row.ended_at.is_some()).await;
    assert_eq!(ended.row.counts.done, 5, "{ended:?}");
}
