//! A model that does not stop asking for the same is stopped: by its jobs an hour, and by its refusals.

use berth_domain::agent::CardState;
use berth_scripted_model::{Reply, ScriptedModel};
use serde_json::json;

use super::scene::AGENT;
use super::{agent, answers, ask, failure, ledger, person, server};
use crate::support::all;

#[tokio::test(flavor = "multi_thread")]
async fn endless_submissions_end() {
    let submits = json!({ "command": ["true"], "gpus": 0, "time_limit": "1h", "hold": true });
    let model = ScriptedModel::start(move |_| Reply::calls("submit_job", &submits)).await;
    let server = server(&model);
    let ana = person(&server, "ana");
    let mut accepted = 0;
    for _ in 0..2 {
        let said = ask(&ana, "Submit something.").await;
        assert!(failure(&said).contains("called 24 tools"), "{said:?}");
        accepted += answers(&said).iter().filter(|(ok, _)| *ok).count();
    }
    assert_eq!(accepted, 30, "jobs an hour");
    assert_eq!(all(&ana).await.len(), 30);
    let cards = ledger(&ana, AGENT).await;
    let refusals = cards
        .iter()
        .filter(|view| view.card.state == CardState::Refused);
    assert_eq!(refusals.count(), 18);
}

/// As many calls as one question allows, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn endless_refusals_end() {
    let reserve = json!({ "gpus": 8, "length": "24h" }).to_string();
    let calls = vec![("reserve".to_owned(), reserve); 24];
    let model = ScriptedModel::start(move |_| Reply::Calls(calls.clone())).await;
    let server = server(&model);
    let ana = person(&server, "ana");
    for _ in 0..8 {
        let said = ask(&ana, "Reserve everything.").await;
        assert!(failure(&said).contains("called 24 tools"), "{said:?}");
    }
    let said = ask(&ana, "Reserve everything.").await;
    assert!(failure(&said).contains("refused 200 times"), "{said:?}");
    assert_eq!(answers(&said).len(), 200 - 8 * 24, "in the middle of it");
    let stopped = agent(&ana, AGENT).await.stopped.unwrap();
    assert_eq!(stopped.by.as_str(), "berth");
    // From then on it is not even asked.
    let before = model.asked().len();
    let said = ask(&ana, "Reserve everything.").await;
    assert!(failure(&said).contains("refused 200 times"), "{said:?}");
    assert_eq!(model.asked().len(), before);
    let cards = ledger(&ana, AGENT).await;
    assert_eq!(cards.len(), 200);
    for view in cards {
        assert_eq!(view.card.state, CardState::Refused, "{view:?}");
    }
}
