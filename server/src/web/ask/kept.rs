//! What is kept of a talk: the question, the answer, and what was called, done and paid meanwhile.

use berth_api::ApiError;
use berth_api::context::{Context, store_error};
use berth_api::talks::Said;
use berth_chat::Turn;
use berth_domain::TalkId;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

/// Of one answer.
const LONGEST_TEXT: usize = 64 * 1024;
const MOST_NOTES: usize = 200;

/// What was said before, for a model; what tools answered then is not told again.
pub async fn history(context: &Context, talk: TalkId, last: u32) -> Result<Vec<Turn>, ApiError> {
    let messages = context.state.store.talk_messages(talk, last).await;
    let messages = messages.map_err(store_error)?;
    // A model wants to be spoken to first, and answers to be there.
    let began = messages.iter().position(|message| message.by_person);
    let messages = messages.into_iter().skip(began.unwrap_or(usize::MAX));
    let turns = messages.filter(|message| !message.text.trim().is_empty());
    Ok(turns
        .map(|message| match message.by_person {
            true => Turn::Person(message.text),
            false => Turn::Model {
                text: message.text,
                calls: vec![],
            },
        })
        .collect())
}

/// Writes the question down.
pub async fn ask(context: &Context, talk: TalkId, question: &str) -> Result<(), ApiError> {
    let now = context.state.clock.now();
    let kept = context
        .state
        .store
        .say(talk, true, (question, "[]"), now)
        .await;
    kept.map(drop).map_err(store_error)
}

/// Hands on what is said as long as somebody listens, and writes down what was said until then.
pub async fn follow(
    context: &Context,
    talk: TalkId,
    mut said: impl Stream<Item = Said> + Unpin,
    hand_on: mpsc::Sender<Said>,
) {
    let mut text = String::new();
    let mut notes: Vec<Said> = Vec::new();
    let mut listens = hand_on.send(Said::Talk { talk }).await.is_ok();
    while listens {
        // Who went is noticed also while nothing is said.
        let one = tokio::select! {
            one = said.next() => one,
            () = hand_on.closed() => None,
        };
        let Some(one) = one else { break };
        match &one {
            Said::Text { text: piece } if text.len() < LONGEST_TEXT => text.push_str(piece),
            Said::Text { .. } => {}
            other if notes.len() < MOST_NOTES => notes.push(other.clone()),
            _ => {}
        }
        listens = hand_on.send(one).await.is_ok();
    }
    // Whatever still goes on is given up.
    drop(said);
    let doc = serde_json::to_string(&notes).unwrap_or_else(|_| "[]".to_owned());
    let now = context.state.clock.now();
    let kept = context
        .state
        .store
        .say(talk, false, (text.trim(), &doc), now)
        .await;
    if let Err(error) = kept {
        tracing::error!(%error, "an answer cannot be kept");
    }
}
