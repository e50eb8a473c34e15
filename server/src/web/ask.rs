//! `POST /api/ask`: a question to the assistant, answered as server-sent events, each a
//! [`Said`](berth_api::talks::Said) as JSON. What is said is kept for who asked; what is done is done by
//! an agent of theirs, and stands in the ledger.

mod host;
mod kept;

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use berth_api::context::{Context, command_error, store_error};
use berth_api::talks::{AskArg, Said};
use berth_api::{ApiError, ErrorCode};
use berth_chat::{Endpoints, HeldTurn, Limits, Question, Turns, assistant};
use berth_domain::command::AgentRequest;
use berth_domain::{Actor, Command, TalkId, UserName};
use berth_mcp::Agent;
use futures::StreamExt;
use tokio::sync::mpsc;

use self::host::OfAgent;
use super::answer::refuse;
use super::caller::Caller;
use super::mcp::here::Room;
use super::{Web, api};

/// In characters.
const LONGEST_QUESTION: usize = 8000;
const LONGEST_TITLE: usize = 80;
/// How many of the last messages a model is told again.
const REMEMBERED: u32 = 20;
/// Who stopped an answer may ask again at once: so long may it take to keep what was said until then.
const ENDING: Duration = Duration::from_secs(3);
/// Between what is said and who reads it.
const AHEAD: usize = 256;
/// What stands between may take a silent connection for a dead one.
const BEAT: Duration = Duration::from_secs(15);

/// Who answers questions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assistant {
    models: Endpoints,
    turns: Turns,
}

impl Assistant {
    pub fn new(models: Endpoints) -> Self {
        Assistant {
            models,
            turns: Turns::default(),
        }
    }

    /// The person's turn, until it is dropped. Waits a moment for the one before.
    ///
    /// # Errors
    /// When their last question is still being answered.
    async fn begin(&self, person: &UserName) -> Result<HeldTurn, ApiError> {
        self.turns.begin(person, ENDING).await.ok_or_else(|| {
            ApiError::new(
                ErrorCode::Conflict,
                "Your last question is still being answered. Ask again when it is, or end that one.",
            )
        })
    }
}

pub async fn ask(State(web): State<Web>, Caller(context): Caller, request: Request) -> Response {
    match answer(&web.assistant, context, request).await {
        Ok(response) => response,
        Err(error) => refuse(&error),
    }
}

async fn answer(
    assistant: &Assistant,
    context: Context,
    request: Request,
) -> Result<Response, ApiError> {
    let person = context.person_who_talks()?;
    let body = api::read(request.into_body()).await?;
    let (question, talk) = read(&body)?;
    if assistant.models.is_empty() {
        return Err(ApiError::new(
            ErrorCode::Unavailable,
            "There is no language model to answer. Where the server is started, set BERTH_LLM_BASE_URL and \
             BERTH_LLM_MODEL (and BERTH_LLM_API_KEY if it wants one), or [[models]] in berth.toml: \
             docs/models.md.",
        ));
    }
    let turn = assistant.begin(&person).await?;
    let agent = agent_of(&context, &person).await?;
    let talk = talk_for(&context, &person, talk, &question).await?;
    let history = kept::history(&context, talk, REMEMBERED).await?;
    kept::ask(&context, talk, &question).await?;
    let actor = Actor::Agent {
        name: agent.clone(),
        acts_for: person.clone(),
        role: context.role(),
    };
    let room = Room {
        state: context.state.clone(),
        actor,
    };
    let host = OfAgent {
        state: context.state.clone(),
        agent,
    };
    let question = Question {
        person,
        history,
        text: question,
    };
    let models = assistant.models.clone();
    let said = berth_chat::talk(models, Agent::new(room), host, question, Limits::default());
    let (hand_on, heard) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        kept::follow(&context, talk, said, hand_on).await;
        drop(turn);
    });
    let next = |mut heard: mpsc::Receiver<Said>| async move {
        let said = heard.recv().await?;
        Some((said, heard))
    };
    let events = futures::stream::unfold(heard, next);
    let events = events.map(|said| Event::default().json_data(said));
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(BEAT))
        .into_response();
    // nginx hands on what it gets only then.
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

fn read(body: &[u8]) -> Result<(String, Option<TalkId>), ApiError> {
    let arg: AskArg = serde_json::from_slice(body).map_err(|error| {
        let why = format!("The request cannot be read: {error}.");
        ApiError::new(ErrorCode::Invalid, why)
    })?;
    let question = arg.question.trim();
    if question.is_empty() {
        return Err(ApiError::invalid("question", "Ask something."));
    }
    if question.chars().count() > LONGEST_QUESTION {
        let why = format!("A question has {LONGEST_QUESTION} characters at most.");
        return Err(ApiError::invalid("question", why));
    }
    Ok((question.to_owned(), arg.talk))
}

/// The person's assistant, which is made where there is none yet.
async fn agent_of(context: &Context, person: &UserName) -> Result<UserName, ApiError> {
    let name = assistant::name(person);
    let taken = |by: &str| {
        let why =
            format!("The name {name} is taken by {by}, so you have no assistant. Ask an admin.");
        ApiError::new(ErrorCode::Conflict, why)
    };
    let view = context.state.handle.current().await;
    match view.agents.all.get(&name) {
        Some(known) if known.acts_for == *person => return Ok(name),
        Some(other) => return Err(taken(&format!("an agent of {}", other.acts_for))),
        None => {}
    }
    let namesake = context.state.store.user(&name).await.map_err(store_error)?;
    if namesake.is_some() {
        return Err(taken("a person"));
    }
    let request = AgentRequest {
        name: name.clone(),
        acts_for: None,
        mandate: assistant::mandate(),
    };
    let made = Command::SetAgent(Box::new(request));
    let made = context.send(made).await;
    made.map_err(command_error)?;
    Ok(name)
}

/// The talk that goes on, or a new one.
async fn talk_for(
    context: &Context,
    person: &UserName,
    talk: Option<TalkId>,
    question: &str,
) -> Result<TalkId, ApiError> {
    if let Some(talk) = talk {
        return Ok(context.talk_of(person, talk).await?.id);
    }
    let line = question.replace(char::is_control, " ");
    let mut title: String = line.chars().take(LONGEST_TITLE).collect();
    if title.len() < line.len() {
        title.push('…');
    }
    let now = context.state.clock.now();
    let begun = context.state.store.begin_talk(person, &title, now).await;
    begun.map_err(store_error)
}
