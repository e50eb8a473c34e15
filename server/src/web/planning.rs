//! `GET /api/planning`: what the planner looks at, for the browser, which runs the same planner on it
//! while somebody drags. As JSON, [`Planning`]; what the planner is asked otherwise is in
//! `berth_api::planner`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use berth_api::{ApiError, ErrorCode};
use berth_preview::Planning;
use berth_scheduler::Carried;

use super::Web;
use super::answer::refuse;
use crate::clock;

pub async fn planning(State(web): State<Web>) -> Response {
    let view = web.api.handle.current().await;
    let now = clock::now();
    // A long queue takes milliseconds: not where requests are answered.
    let written = tokio::task::spawn_blocking(move || {
        let known = &view.planning;
        let planning = Carried::pack(&known.snapshot, &known.policy, &known.experience);
        serde_json::to_string(&Planning { now, planning })
    });
    match written.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        _ => refuse(&ApiError::new(
            ErrorCode::Internal,
            "The snapshot cannot be written. Try again.",
        )),
    }
}
