//! What the plain doors have in common: refusals, queries and downloads.

use axum::Json;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use berth_api::{ApiError, ErrorCode};

/// A query as it came, or why it could not be read.
pub type Asked<T> = Result<Query<T>, QueryRejection>;

/// The error's status, and the error as JSON.
pub fn refuse(error: &ApiError) -> Response {
    (error.code().status(), Json(error)).into_response()
}

/// What a query asks.
pub fn read<T>(asked: Asked<T>) -> Result<T, ApiError> {
    let Query(asked) = asked.map_err(|error| {
        let sentence = format!("{}.", error.body_text());
        ApiError::new(ErrorCode::Invalid, sentence)
    })?;
    Ok(asked)
}

/// Something to be saved under a name; what a header cannot hold of the name becomes `_`.
pub fn download(name: &str, kind: &str, body: impl Into<Body>) -> Response {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | '_');
    let name: String = name
        .chars()
        .map(|ch| if plain(ch) { ch } else { '_' })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, body.into()).into_response()
}
