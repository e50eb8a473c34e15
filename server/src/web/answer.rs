//! Refusals as HTTP answers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use berth_api::ApiError;

/// The error's status, and the error as JSON.
pub fn refuse(error: &ApiError) -> Response {
    (error.code().status(), Json(error)).into_response()
}
