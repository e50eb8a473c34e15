//! Agents and their mandates, the switch that stops them, the rules, and what waits for an answer. The page
//! is told in its address what was done, by one word.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use berth_api::agents::form::{ACTIONS, CHECKS, TEXTS};
use berth_api::agents::{
    AgentAnswer, AgentArg, AnswerCardArg, CardArg, ResumeArg, RuleArg, SetAgentArg, StopArg,
};
use berth_api::{ApiError, ErrorCode};
use berth_domain::CardId;
use serde::Deserialize;

use super::once::{Once, Part};
use super::{back, field};
use crate::web::Web;
use crate::web::caller::Caller;

const PAGE: &str = "/agent";
/// A redirect's target has its limits.
const LONGEST: usize = 16_384;

/// A new agent, which the form says by `new`, or another mandate. Refused, it comes back with everything
/// that was typed.
pub(super) async fn set(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(typed): Form<Vec<(String, String)>>,
) -> Response {
    let fields = || typed.iter().map(|(name, value)| (&**name, &**value));
    let name = fields().find(|(field, _)| *field == "name");
    let name = name.map(|(_, name)| name.trim()).unwrap_or_default();
    let is_new = fields().any(|(field, _)| field == "new");
    let set = async {
        let known = context.mandate_of(name).await;
        match (&known, is_new) {
            (Some(_), true) => {
                let why =
                    format!("There is an agent {name} already: change it, or choose another name.");
                return Err(ApiError::invalid("name", why));
            }
            (None, false) => return Err(no_such(name)),
            _ => {}
        }
        let arg = SetAgentArg::from_form(fields(), known.as_ref())?;
        context.set_agent(arg).await
    };
    match set.await {
        Ok(set) => shown(set, &context.state.teller.url, &web),
        Err(error) => refused(&typed, &error).into_response(),
    }
}

/// Another token of an agent; those that it has stay good.
pub(super) async fn token(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(arg): Form<AgentArg>,
) -> Response {
    let made = async {
        let known = context.mandate_of(&arg.name).await;
        let mandate = known.ok_or_else(|| no_such(&arg.name))?;
        let arg = SetAgentArg {
            name: arg.name,
            acts_for: None,
            mandate,
            token: true,
        };
        context.set_agent(arg).await
    };
    match made.await {
        Ok(made) => shown(made, &context.state.teller.url, &web),
        Err(error) => back::<()>(PAGE, Err(error)).into_response(),
    }
}

pub(super) async fn remove(Caller(context): Caller, Form(arg): Form<AgentArg>) -> Redirect {
    done(context.remove_agent(arg).await, "removed")
}

/// One agent, or all where none is named. A check box comes if it is ticked.
#[derive(Debug, Deserialize)]
pub(super) struct StopForm {
    agent: Option<String>,
    why: String,
    jobs: Option<String>,
}

pub(super) async fn stop(Caller(context): Caller, Form(form): Form<StopForm>) -> Redirect {
    let arg = StopArg {
        agent: form.agent,
        why: form.why,
        jobs: form.jobs.is_some(),
    };
    done(context.stop_agents(arg).await, "stopped")
}

pub(super) async fn resume(Caller(context): Caller, Form(arg): Form<ResumeArg>) -> Redirect {
    done(context.resume_agents(arg).await, "resumed")
}

/// `verb` is the button that was pressed.
#[derive(Debug, Deserialize)]
pub(super) struct AnswerForm {
    card: u64,
    verb: String,
}

pub(super) async fn answer(Caller(context): Caller, Form(form): Form<AnswerForm>) -> Redirect {
    let approve = match form.verb.as_str() {
        "approve" => true,
        "decline" => false,
        other => {
            let why = format!("A card cannot be answered with '{}'.", other.escape_debug());
            return back::<()>(PAGE, Err(ApiError::invalid("verb", why)));
        }
    };
    let arg = AnswerCardArg {
        card: CardId(form.card),
        approve,
    };
    let word = if approve { "approved" } else { "declined" };
    done(context.answer_card(arg).await, word)
}

pub(super) async fn undo(Caller(context): Caller, Form(arg): Form<CardArg>) -> Redirect {
    done(context.undo_card(arg).await, "undone")
}

pub(super) async fn rule(Caller(context): Caller, Form(arg): Form<RuleArg>) -> Redirect {
    done(context.set_agent_rule(arg).await, "rule")
}

/// To the page, with a word for what was done, or with why it was not.
fn done<T>(result: Result<T, ApiError>, word: &str) -> Redirect {
    match result {
        Ok(_) => Redirect::to(&format!("{PAGE}?done={word}")),
        Err(error) => back::<()>(PAGE, Err(error)),
    }
}

fn no_such(name: &str) -> ApiError {
    let why = format!("There is no agent '{}' any more.", name.escape_debug());
    ApiError::new(ErrorCode::NotFound, why)
}

/// Back to the form, with everything that was typed.
fn refused(typed: &[(String, String)], error: &ApiError) -> Redirect {
    let of_form = |name: &str| {
        let mut names = TEXTS.iter().chain(&ACTIONS).chain(&CHECKS);
        ["new", "edit"].contains(&name) || names.any(|known| *known == name)
    };
    let typed: Vec<_> = typed.iter().filter(|(name, _)| of_form(name)).collect();
    let typed = serde_urlencoded::to_string(typed).unwrap_or_default();
    let problem = [("error", error.to_string()), ("field", field(error))];
    let problem = serde_urlencoded::to_string(problem).unwrap_or_default();
    let whole = format!("{PAGE}?{problem}&{typed}");
    // Very many commands are not carried along.
    if whole.len() > LONGEST {
        return Redirect::to(&format!("{PAGE}?{problem}"));
    }
    Redirect::to(&whole)
}

/// The agent's token, where it got one.
fn shown(set: AgentAnswer, url: &str, web: &Web) -> Response {
    let Some(token) = set.token else {
        return done(Ok(()), "set").into_response();
    };
    let agent = set.agent;
    let told = format!(
        "It acts for {}, within its mandate. The token is not shown again.",
        agent.acts_for
    );
    let mcp = format!(
        "claude mcp add --transport http berth {url}/mcp --header \"Authorization: Bearer {token}\""
    );
    let shell = format!("export BERTH_URL={url} BERTH_TOKEN={token}");
    Once {
        title: &format!("Token of {}", agent.name),
        parts: &[
            Part::Words(&told),
            Part::Line(&token),
            Part::Words("Give it to a coding agent:"),
            Part::Line(&mcp),
            Part::Words("Or to the command line, where the agent runs:"),
            Part::Line(&shell),
        ],
        back: (PAGE, "Back to Agents"),
    }
    .page(web)
}
