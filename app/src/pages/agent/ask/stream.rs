//! A question on its way to the server, and its answer as it comes. It goes on where its page is left.

use berth_api::talks::{AskArg, Said};
use berth_api::{ApiError, ErrorCode};
use berth_domain::TalkId;
use js_sys::{Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, Response};

use super::answering::UnderWay;
use super::chat::{Chat, page_of};
use super::events::Events;
use crate::texts::agent::ask as t;

const ADDRESS: &str = "/api/ask";

pub fn begin(chat: Chat, arg: AskArg, way: UnderWay) {
    let answering = chat.answering;
    let signal = answering.begin();
    spawn_local(async move {
        let stopped = || signal.as_ref().is_some_and(AbortSignal::aborted);
        match post(&arg, signal.as_ref()).await {
            Ok(reader) => {
                let ended = listen(&reader, |said| hear(chat, &way, said)).await;
                let last = last_word(&way, ended, stopped());
                way.answer.take(last.into_iter().collect());
            }
            Err(error) => {
                take_back(chat, &way);
                if !stopped() {
                    chat.desk.notices.refuse(&error);
                }
            }
        }
        answering.over();
    });
}

/// # Errors
/// The server's refusal: then nothing was asked.
async fn post(
    arg: &AskArg,
    signal: Option<&AbortSignal>,
) -> Result<ReadableStreamDefaultReader, ApiError> {
    let body = serde_json::to_string(arg).map_err(|_| lost())?;
    let headers = Headers::new().map_err(|_| lost())?;
    headers
        .set("content-type", "application/json")
        .map_err(|_| lost())?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers_headers(&headers);
    init.set_body(&JsValue::from_str(&body));
    init.set_signal(signal);
    let asked = window().fetch_with_str_and_init(ADDRESS, &init);
    let answer = JsFuture::from(asked).await.map_err(|_| lost())?;
    let answer: Response = answer.dyn_into().map_err(|_| lost())?;
    if !answer.ok() {
        return Err(refusal(&answer).await);
    }
    let body = answer.body().ok_or_else(lost)?;
    ReadableStreamDefaultReader::new(&body).map_err(|_| lost())
}

async fn refusal(answer: &Response) -> ApiError {
    let Ok(text) = answer.text() else {
        return lost();
    };
    let text = JsFuture::from(text).await.ok();
    let text = text.and_then(|text| text.as_string()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| lost())
}

fn lost() -> ApiError {
    ApiError::new(ErrorCode::Unreachable, t::LOST)
}

/// Hands on what comes until nothing more does.
///
/// # Errors
/// When the connection broke or was ended here.
async fn listen(
    reader: &ReadableStreamDefaultReader,
    mut hear: impl FnMut(Vec<Said>),
) -> Result<(), ApiError> {
    let mut events = Events::default();
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(|_| lost())?;
        let part = |name: &str| Reflect::get(&piece, &JsValue::from_str(name)).map_err(|_| lost());
        if part("done")?.is_truthy() {
            return Ok(());
        }
        let bytes = Uint8Array::new(&part("value")?).to_vec();
        hear(events.take(&bytes));
        if events.is_too_long() {
            drop(reader.cancel());
            return Err(ApiError::new(ErrorCode::Unreachable, t::TOO_LONG));
        }
    }
}

fn hear(chat: Chat, way: &UnderWay, all: Vec<Said>) {
    for said in &all {
        match said {
            Said::Talk { talk } => begun(chat, way, *talk),
            Said::Approval { .. } => chat.desk.soon(),
            _ => {}
        }
    }
    way.answer.take(all);
}

/// The talk has a number: a new one gets its address, if it is still looked at.
fn begun(chat: Chat, way: &UnderWay, talk: TalkId) {
    chat.answering.way.update(|known| {
        if let Some(known) = known {
            known.talk = Some(talk);
        }
    });
    if way.talk.is_none() && chat.shows(&way.answer) {
        chat.at.set(talk.to_string());
        chat.go.run(page_of(talk));
        chat.list_again();
    }
}

/// What is added where the answer does not say itself how it ended.
fn last_word(way: &UnderWay, ended: Result<(), ApiError>, stopped: bool) -> Option<Said> {
    let over = |said: &Said| matches!(said, Said::Done { .. } | Said::Failed { .. });
    let over = way
        .answer
        .notes
        .with_untracked(|notes| notes.last().is_some_and(over));
    let sentence = match ended {
        _ if over => return None,
        _ if stopped => {
            let sentence = t::STOPPED.to_owned();
            return Some(Said::Note { sentence });
        }
        Err(error) => error.to_string(),
        Ok(()) => t::BROKE_OFF.to_owned(),
    };
    Some(Said::Failed { sentence })
}

/// Nothing was asked: the question is where it was typed.
fn take_back(chat: Chat, way: &UnderWay) {
    let keys = [way.question.key, way.answer.key];
    chat.turns
        .try_update(|turns| turns.retain(|turn| !keys.contains(&turn.key)));
    let question = way.question.text.get_untracked();
    chat.draft.try_update(|draft| {
        if draft.is_empty() {
            *draft = question;
        }
    });
}
