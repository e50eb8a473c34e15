//! From one sentence to a result, with nobody in between but for one approval: a model that fails, talks
//! nonsense and is silent, and then starts a campaign, watches it and says how it ended; real jobs in tmux;
//! and a server that is killed twice in the middle.

use std::collections::BTreeSet;

use berth_api::Berth;
use berth_api::agents::{AnswerCard, AnswerCardArg};
use berth_api::campaigns::CampaignView;
use berth_api::talks::{AskArg, Said};
use berth_chat::assistant;
use berth_domain::agent::{Action, CardState};
use berth_domain::{CardId, TalkId};
use berth_scripted_model::{Asked, Reply, ScriptedModel};
use serde_json::{Value, json};

use super::scene::AGENT;
use super::{
    agent, answers, approvals, ask, ask_in, configure, ledger, mandate, person, talk_of, text,
};
use crate::campaign::{FIRST, line, ok, records, until};
use crate::support::{PATIENCE, Server};

const FIND: &str = "find the best learning rate within 12 GPU-hours";
const WATCH: &str = "watch it";
const HOW: &str = "how did it go?";

/// Two endpoints. The first one has two seconds to say anything; the second is asked when it does not.
fn models(model: &ScriptedModel) -> String {
    let of = |name: &str| {
        format!(
            "[[models]]\nname = \"{name}\"\nbase_url = \"{}\"\nmodel = \"{name}\"\nfirst_token_s = 2.0\n",
            model.url
        )
    };
    of("first") + &of("second")
}

/// A trial is kept with four hours of the twelve, so that there is room for three at once, not for four.
fn campaign(server: &Server) -> Value {
    json!({
        "name": "find-lr",
        "goal": FIND,
        "template": {
            "command": ["sh", "-c", line(server, "0.3")], "gpus": 1, "time_limit": "4h",
        },
        "space": { "lr": { "from": 1e-5, "to": 0.1, "scale": "log" } },
        "metric": { "name": "loss", "better": "lower" },
        "strategy": {
            "kind": "asha", "trials": 9, "seed": 7,
            "fidelity": { "param": "epochs", "min": 1, "max": 9 },
        },
        "budget": { "gpu_hours": 12, "at_once": 4 },
    })
}

/// What the model does: by what it was asked last, and by how many steps it has taken since.
fn answer(asked: &Asked, campaign: &Value) -> Reply {
    let told = asked.answers().pop().unwrap_or_default();
    let look = || Reply::calls("campaign", &json!({ "id": 1 }));
    match (question(asked), steps(asked)) {
        _ if asked.number == 0 => Reply::fails(503),
        _ if asked.number == 1 => Reply::Garbage,
        _ if asked.number == 2 => Reply::Silence,
        (FIND, 0) => {
            let pieces = ["First ", "what it ", "would come to."].map(str::to_owned);
            let call = ("preview_campaign".to_owned(), campaign.to_string());
            Reply::SaysAndCalls(pieces.into(), vec![call])
        }
        (FIND, 1) => Reply::calls("start_campaign", campaign),
        (FIND, _) => Reply::says("It waits for your approval."),
        (WATCH, 0 | 2) => look(),
        (WATCH, 1) => {
            let last = json!({ "id": newest(&told), "timeout_s": 60 });
            Reply::calls("wait_for", &last)
        }
        (WATCH, _) => Reply::Stalls(vec!["It goes on".to_owned()]),
        (_, 0) => look(),
        (_, _) => Reply::says(&format!("Campaign 1 is over. {}", best(&told))),
    }
}

fn messages(asked: &Asked) -> &[Value] {
    asked.body["messages"].as_array().unwrap()
}

fn question(asked: &Asked) -> &str {
    let mut said = messages(asked).iter().rev();
    let last = said.find(|message| message["role"] == "user").unwrap();
    last["content"].as_str().unwrap()
}

fn steps(asked: &Asked) -> usize {
    let since = messages(asked).iter().rev();
    let since = since.take_while(|message| message["role"] != "user");
    since
        .filter(|message| message["role"] == "assistant")
        .count()
}

/// The job of the newest trial that it was told of.
fn newest(told: &str) -> Value {
    let data = told.lines().find(|line| line.starts_with('{')).unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let trials = data["campaign"]["last_trials"].as_array().unwrap();
    trials.last().unwrap()["job"].clone()
}

/// The sentence about the best result that it was told of.
fn best(told: &str) -> &str {
    let line = told.lines().find(|line| line.contains("The best loss"));
    let line = line.unwrap_or("It has no result.");
    &line[line.find("The best loss").unwrap_or(0)..]
}

async fn approve(ana: &Berth, card: CardId) {
    let body = AnswerCardArg {
        card,
        approve: true,
    };
    let answered = ana.call(AnswerCard { body }).await.unwrap();
    assert_eq!(answered.card.state, CardState::Acted);
}

/// Has it watch, and kills the server in the middle of the answer.
async fn killed_while_it_watches(server: &mut Server, ana: &Berth, talk: TalkId) {
    let question = AskArg {
        question: WATCH.to_owned(),
        talk: Some(talk),
    };
    let heard = async {
        let mut asked = ana.ask(&question).await.unwrap();
        loop {
            match asked.next().await.unwrap() {
                Some(Said::Text { .. }) => break,
                Some(Said::Failed { sentence }) => panic!("{sentence}"),
                Some(_) => {}
                None => panic!("it says nothing"),
            }
        }
        server.kill();
        while let Ok(Some(said)) = asked.next().await {
            assert!(!matches!(said, Said::Done { .. }), "{said:?}");
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
    server.boot(&[]);
}

/// At every moment: there is never more at once than the budget has room for.
fn within_budget(one: &CampaignView) -> bool {
    let spent = &one.row.spent;
    assert_eq!(spent.of_gpu_seconds, 12 * 3600);
    assert!(spent.gpu_seconds <= spent.of_gpu_seconds, "{spent:?}");
    assert!(one.row.counts.live <= 3, "{:?}", one.row.counts);
    true
}

/// Each that was promoted goes on with three times as much; how many there are with 1, 3 and 9 epochs.
fn rungs(ended: &CampaignView) -> [usize; 3] {
    for trial in &ended.trials {
        let parent = trial
            .parent
            .map(|number| &ended.trials[number as usize - 1]);
        let epochs = parent.map_or(Some(1), |parent| parent.fidelity.map(|epochs| 3 * epochs));
        assert_eq!(trial.fidelity, epochs, "{trial:?}");
        assert!(parent.is_none_or(|parent| parent.values["lr"] == trial.values["lr"]));
    }
    let with = |epochs| {
        let trials = ended.trials.iter();
        trials
            .filter(|trial| trial.fidelity == Some(epochs))
            .count()
    };
    [1, 3, 9].map(with)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_becomes_a_result_through_two_kills() {
    let mut server = Server::start();
    let spec = campaign(&server);
    let model = ScriptedModel::start(move |asked| answer(asked, &spec)).await;
    configure(&mut server, &models(&model));
    let ana = person(&server, "ana");
    let mut given = assistant::mandate();
    given.actions.insert(Action::Campaign);
    mandate(&ana, AGENT, given).await;

    // An error, nonsense and silence of the first model; the second looks first, and then wants to start it.
    let said = ask(&ana, FIND).await;
    assert_eq!(
        text(&said),
        "First what it would come to.\n\nIt waits for your approval."
    );
    let asked = model.asked();
    let by: Vec<_> = asked.iter().map(|one| &one.body["model"]).collect();
    assert_eq!(by[..4], ["first", "first", "first", "second"]);
    let preview = &asked[4].answers()[0];
    assert!(
        preview.contains("Nothing was started. It would be"),
        "{preview}"
    );
    let cards = approvals(&said);
    assert_eq!(answers(&said), [(true, None), (false, Some(cards[0]))]);
    // It is above what the assistant may start without asking.
    approve(&ana, cards[0]).await;

    // It is watched, halved, and goes on through two kills.
    let talk = talk_of(&said);
    until(&ana, FIRST, |one| one.row.counts.live > 0).await;
    killed_while_it_watches(&mut server, &ana, talk).await;
    let watched = model.asked().pop().unwrap().told();
    assert_eq!(watched.matches(", of ana) goes on").count(), 2, "{watched}");
    let middle = until(&ana, FIRST, |one| {
        within_budget(one) && one.trials.len() >= 8
    });
    assert_eq!(middle.await.row.ended_at, None);
    server.kill();
    server.boot(&[]);
    let ended = until(&ana, FIRST, |one| {
        within_budget(one) && one.row.ended_at.is_some()
    });
    let ended = ended.await;

    // Nothing was lost, and nothing ran twice.
    let counts = ended.row.counts;
    assert_eq!(
        (counts.done, counts.live, counts.failed),
        (counts.all, 0, 0)
    );
    let ran = records(&server);
    let each: BTreeSet<String> = (1..=counts.all).map(|job| format!("{job}.1")).collect();
    assert_eq!(ran.len(), counts.all);
    assert_eq!(ran.into_iter().collect::<BTreeSet<_>>(), each);
    let [first, second, third] = rungs(&ended);
    assert_eq!((first, first + second + third), (9, counts.all));
    assert!(
        (3..9).contains(&second) && (1..second).contains(&third),
        "{second}, {third}"
    );
    // The best is what was drawn nearest to the optimum, 1e-3.
    let off = |lr: &&String| (lr.parse::<f64>().unwrap().log10() + 3.0).abs();
    let drawn = ended.trials.iter().map(|trial| &trial.values["lr"]);
    let nearest = drawn.min_by(|one, other| off(one).total_cmp(&off(other)));
    let best = ended.row.best.unwrap();
    assert_eq!(Some(&best.values["lr"]), nearest);
    assert_eq!(best.values["epochs"], "9");
    // It counts on the agent's account too, which asked for one thing and did it.
    let account = agent(&ana, AGENT).await;
    let used = (account.used_gpu_seconds, account.ahead_gpu_seconds);
    assert_eq!(used, (ended.row.spent.gpu_seconds, 0));
    let ledger = ledger(&ana, AGENT).await;
    let states: Vec<_> = ledger.iter().map(|view| view.card.state).collect();
    assert_eq!(states, [CardState::Acted]);

    // It is reported, by Berth and by the model.
    let report = ok(&server, &["show", "1"]);
    let by_trial = format!("{} by trial {}", best.result, best.trial);
    for part in [
        "started by agent ana.assistant",
        "9 configurations began",
        "*best*",
        "└ ",
        by_trial.as_str(),
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let said = ask_in(&ana, HOW, Some(talk)).await.unwrap();
    assert_eq!(answers(&said), [(true, None)]);
    let called = said.iter().find_map(|one| match one {
        Said::ToolCalled { name, .. } => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(called, Some("campaign"));
    let told = text(&said);
    for part in [
        format!("The best loss is {} ", best.result),
        format!("trial {}, job {}", best.trial, best.job),
        format!("lr={}", best.values["lr"]),
    ] {
        assert!(told.contains(&part), "{part}: {told}");
    }
}
