//! Plain HTML forms, for pages without script: the same commands, answered with a redirect.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Form, Router};
use berth_api::ApiError;
use berth_api::context::Context;
use berth_domain::{Actor, Command, JobId, SubmitRequest, commandline};
use serde::{Deserialize, Serialize};

use super::Web;

pub fn routes() -> Router<Web> {
    Router::new()
        .route("/forms/submit", post(submit))
        .route("/forms/{verb}/{id}", post(change))
}

/// The submit form as it is sent; what is empty was left out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SubmitForm {
    command: String,
    gpus: String,
    nodes: String,
    time_limit: String,
    name: String,
    project: String,
    class: String,
    workdir: String,
    env: String,
    after: String,
    begin: String,
    array: String,
    max_retries: String,
    preemptible: String,
    hold: String,
}

async fn submit(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    Form(form): Form<SubmitForm>,
) -> Response {
    let context = Context {
        state: web.api,
        actor,
    };
    let result = match request(&form) {
        Ok(request) => context.submit(request).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(answer) => Redirect::to(&format!("/jobs/{}", answer.job.id)).into_response(),
        Err(error) => {
            // Back to the form, with everything that was typed.
            let typed = serde_urlencoded::to_string(&form).unwrap_or_default();
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

fn request(form: &SubmitForm) -> Result<SubmitRequest, ApiError> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = |name: &str, text: &str| {
        let parse = |text: String| {
            text.parse::<i64>()
                .map_err(|_| ApiError::invalid(name, format!("'{text}' is not a whole number.")))
        };
        given(text).map(parse).transpose()
    };
    let line = |line: &str| {
        let (name, value) = line.split_once('=').ok_or_else(|| {
            ApiError::invalid(
                "env",
                format!("'{line}' is not NAME=VALUE; write one a line."),
            )
        })?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    let lines = form
        .env
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    Ok(SubmitRequest {
        command: commandline::parse(&form.command)
            .map_err(|why| ApiError::invalid("command", why))?,
        name: given(&form.name),
        project: given(&form.project),
        workdir: given(&form.workdir),
        env: lines.map(line).collect::<Result<_, ApiError>>()?,
        gpus: number("gpus", &form.gpus)?,
        nodes: number("nodes", &form.nodes)?,
        time_limit: given(&form.time_limit),
        class: given(&form.class),
        preemptible: !form.preemptible.is_empty(),
        max_retries: number("max_retries", &form.max_retries)?,
        after: form
            .after
            .split([',', ' '])
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
        begin: given(&form.begin),
        array: given(&form.array),
        hold: !form.hold.is_empty(),
        idempotency_key: None,
    })
}

async fn change(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    Path((verb, id)): Path<(String, u64)>,
) -> Response {
    let id = JobId(id);
    let command = match verb.as_str() {
        "cancel" => Command::Cancel(id),
        "hold" => Command::Hold(id),
        "release" => Command::Release(id),
        "requeue" => Command::Requeue(id),
        _ => return axum::http::StatusCode::NOT_FOUND.into_response(),
    };
    let context = Context {
        state: web.api,
        actor,
    };
    let target = match context.command(command).await {
        Ok(_) => format!("/jobs/{id}"),
        Err(error) => {
            let query = serde_urlencoded::to_string([("error", error.to_string())]);
            format!("/jobs/{id}?{}", query.unwrap_or_default())
        }
    };
    Redirect::to(&target).into_response()
}
