//! Plain HTML forms, for pages without script: the same commands, answered with a redirect.

mod agents;
mod alerts;
mod campaigns;
mod cordon;
mod once;
mod people;
mod policy;
mod projects;
mod reserve;
mod tokens;

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Form, Router};
use berth_api::ApiError;
use berth_api::context::Context;
use berth_api::jobs::{ArrayArg, UpdateArg};
use berth_domain::submit::form;
use berth_domain::{ArrayChange, Command, JobId, SubmitRequest};
use serde::Deserialize;

use super::Web;
use super::caller::Caller;

pub fn routes() -> Router<Web> {
    Router::new()
        .route("/forms/submit", post(submit))
        .route("/forms/agent", post(agents::set))
        .route("/forms/agent-token", post(agents::token))
        .route("/forms/agent-remove", post(agents::remove))
        .route("/forms/agent-stop", post(agents::stop))
        .route("/forms/agent-resume", post(agents::resume))
        .route("/forms/agent-answer", post(agents::answer))
        .route("/forms/agent-undo", post(agents::undo))
        .route("/forms/agent-rule", post(agents::rule))
        .route("/forms/campaign/{id}", post(campaigns::change))
        .route("/forms/answer", post(alerts::answer))
        .route("/forms/adopt", post(alerts::adopt))
        .route("/forms/notifications", post(alerts::notifications))
        .route("/forms/cordon", post(cordon::cordon))
        .route("/forms/uncordon", post(cordon::uncordon))
        .route("/forms/policy", post(policy::policy))
        .route("/forms/quota", post(policy::quota))
        .route("/forms/project", post(projects::project))
        .route("/forms/member", post(projects::member))
        .route("/forms/person", post(people::person))
        .route("/forms/role", post(people::role))
        .route("/forms/token", post(tokens::create))
        .route("/forms/revoke-token", post(tokens::revoke))
        .route("/forms/login-link", post(people::login_link))
        .route("/forms/node-token", post(people::node_token))
        .route("/forms/reserve", post(reserve::reserve))
        .route("/forms/reservation", post(reserve::change))
        .route("/forms/update/{id}", post(update))
        .route("/forms/{verb}/{id}", post(change))
}

async fn submit(Caller(context): Caller, Form(typed): Form<Vec<(String, String)>>) -> Response {
    let fields = typed.iter().map(|(name, value)| (&**name, &**value));
    let (request, problems) = SubmitRequest::from_form(fields);
    let result = match problems.into_iter().next() {
        None => context.submit(request).await,
        Some(problem) => Err(problem.into()),
    };
    match result {
        Ok(answer) => Redirect::to(&format!("/jobs/{}", answer.job.id)).into_response(),
        Err(error) => {
            // Back to the form, with everything that was typed.
            let known = |name: &str| form::TEXTS.contains(&name) || form::CHECKS.contains(&name);
            let typed: Vec<_> = typed.iter().filter(|(name, _)| known(name)).collect();
            let typed = serde_urlencoded::to_string(typed).unwrap_or_default();
            let problem = [("error", error.to_string()), ("field", field(&error))];
            let problem = serde_urlencoded::to_string(problem).unwrap_or_default();
            let back = format!("/submit?{problem}&{typed}");
            // A redirect's target has its limits: a huge command is not carried along.
            let short = if back.len() > 16_384 {
                format!("/submit?{problem}")
            } else {
                back
            };
            Redirect::to(&short).into_response()
        }
    }
}

fn field(error: &ApiError) -> String {
    error.field().unwrap_or_default().to_owned()
}

async fn change(Caller(context): Caller, Path((verb, id)): Path<(String, u64)>) -> Response {
    let id = JobId(id);
    if let Some(verb) = verb.strip_prefix("array-") {
        return change_array(&context, verb, id).await;
    }
    let command = match verb.as_str() {
        "cancel" => Command::Cancel(id),
        "hold" => Command::Hold(id),
        "release" => Command::Release(id),
        "requeue" => Command::Requeue(id),
        _ => return axum::http::StatusCode::NOT_FOUND.into_response(),
    };
    back(&format!("/jobs/{id}"), context.command(command).await).into_response()
}

/// What the job page lets one change in place. A field that is left empty stays as it was.
#[derive(Debug, Deserialize)]
struct Update {
    time_limit: Option<String>,
    class: Option<String>,
}

async fn update(
    Caller(context): Caller,
    Path(id): Path<u64>,
    Form(typed): Form<Update>,
) -> Redirect {
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let change = UpdateArg {
        time_limit: given(typed.time_limit),
        class: given(typed.class),
        ..UpdateArg::of(JobId(id))
    };
    back(&format!("/jobs/{id}"), context.update(change).await)
}

/// Back to the tasks, whatever became of it: the page says how they stand.
async fn change_array(context: &Context, verb: &str, id: JobId) -> Response {
    let changes = [
        ArrayChange::Cancel,
        ArrayChange::Hold,
        ArrayChange::Release,
        ArrayChange::RetryFailed,
    ];
    let Some(change) = changes.into_iter().find(|change| change.verb() == verb) else {
        return axum::http::StatusCode::NOT_FOUND.into_response();
    };
    let changed = context.change_array(ArrayArg { id, change }).await;
    back(&format!("/jobs?user=all&array={id}"), changed).into_response()
}

/// To a page, with why it was refused, if it was.
fn back<T>(page: &str, result: Result<T, ApiError>) -> Redirect {
    match result {
        Ok(_) => Redirect::to(page),
        Err(error) => {
            let query = serde_urlencoded::to_string([("error", error.to_string())]);
            let joint = if page.contains('?') { '&' } else { '?' };
            Redirect::to(&format!("{page}{joint}{}", query.unwrap_or_default()))
        }
    }
}
