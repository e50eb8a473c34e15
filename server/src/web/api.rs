//! `/api/<verb>`: hands calls to the server functions, and gives every answer its right status.
//!
//! Server functions answer a typed error with 500; here the error's own status is set. A read may
//! also be sent as `POST` with a JSON object, so that `curl -d` works for everything alike.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::Response;
use berth_api::{ApiError, ErrorCode};
use serde_json::Value;

use super::Web;
use super::answer::refuse;

/// The largest request that is accepted: room for the largest command, in any encoding.
pub const LARGEST_BODY: usize = 2 * 1024 * 1024;
/// The largest that is read to its end, so that who sends too much gets an answer and not a broken
/// connection.
pub const LARGEST_READ: usize = 16 * 1024 * 1024;
/// Errors are short; anything longer is not one of ours.
const LARGEST_ERROR: usize = 64 * 1024;

pub async fn call(State(web): State<Web>, request: Request) -> Response {
    match prepare(request).await {
        Ok(request) => {
            let context = web.api.clone();
            let provide = move || leptos::context::provide_context(context.clone());
            let answer = leptos_axum::handle_server_fns_with_context(provide, request).await;
            with_status(axum::response::IntoResponse::into_response(answer)).await
        }
        Err(answer) => *answer,
    }
}

/// The request in the form that its function reads, or why it cannot be.
async fn prepare(request: Request) -> Result<Request, Box<Response>> {
    let path = request.uri().path().to_owned();
    let methods: Vec<Method> = server_fn::axum::server_fn_paths()
        .filter(|(known, _)| *known == path)
        .map(|(_, method)| method)
        .collect();
    let verb = path.trim_start_matches("/api/");
    let Some(expected) = methods.first() else {
        let error = format!("There is no function '{}'.", verb.escape_debug());
        return Err(refused(&ApiError::new(ErrorCode::NotFound, error)));
    };
    let prepared = match (request.method(), expected) {
        (got, expected) if got == expected && *got == Method::GET => Ok(request),
        (got, expected) if got == expected => {
            let (parts, body) = request.into_parts();
            let bytes = read(body).await;
            bytes.map(|bytes| Request::from_parts(parts, Body::from(bytes)))
        }
        (&Method::POST, &Method::GET) => as_query(request).await,
        (got, expected) => return Err(another_method(verb, got, expected)),
    };
    prepared.map_err(|error| refused(&error))
}

fn refused(error: &ApiError) -> Box<Response> {
    Box::new(refuse(error))
}

/// 405, with those that are accepted.
fn another_method(verb: &str, got: &Method, expected: &Method) -> Box<Response> {
    let sentence = format!("{verb} is called with {expected}, not {got}.");
    let mut answer = refused(&ApiError::invalid("method", sentence));
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let accepted = if *expected == Method::GET {
        "GET, POST"
    } else {
        "POST"
    };
    let accepted = header::HeaderValue::from_static(accepted);
    answer.headers_mut().insert(header::ALLOW, accepted);
    answer
}

/// All of a request. What is too large is read all the same: see [`LARGEST_READ`].
pub async fn read(body: Body) -> Result<Bytes, ApiError> {
    let bytes = axum::body::to_bytes(body, LARGEST_READ).await;
    bytes
        .ok()
        .filter(|bytes| bytes.len() <= LARGEST_BODY)
        .ok_or_else(|| {
            ApiError::new(
                ErrorCode::TooLarge,
                format!("The request is larger than {LARGEST_BODY} bytes, or broke off."),
            )
        })
}

/// A read's JSON object as the query that it stands for.
async fn as_query(request: Request) -> Result<Request, ApiError> {
    let (mut parts, body) = request.into_parts();
    let bytes = read(body).await?;
    let empty = bytes.trim_ascii().is_empty();
    let value: Value = if empty {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).map_err(json)?
    };
    let fields = match value {
        Value::Null => serde_json::Map::new(),
        Value::Object(fields) => fields,
        _ => {
            return Err(ApiError::invalid(
                "body",
                "The request must be a JSON object.",
            ));
        }
    };
    let pairs: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, text)),
            other => Some((name, other.to_string())),
        })
        .collect();
    let query = serde_urlencoded::to_string(pairs).map_err(json)?;
    let target = format!("{}?{query}", parts.uri.path());
    parts.uri = target.parse::<Uri>().map_err(json)?;
    parts.method = Method::GET;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    Ok(Request::from_parts(parts, Body::empty()))
}

fn json(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        ErrorCode::Invalid,
        format!("The request cannot be read: {error}."),
    )
}

/// Sets the status that an error's code stands for.
async fn with_status(answer: Response) -> Response {
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, LARGEST_ERROR)
        .await
        .unwrap_or_default();
    match serde_json::from_slice::<ApiError>(&bytes) {
        Ok(error) => refuse(&error),
        Err(_) => Response::from_parts(parts, Body::from(bytes)),
    }
}
