//! How arguments and answers travel.
//!
//! A write's arguments: the function's one argument `body` *is* the JSON body, so that
//! `curl -d '{"command": ["true"]}' …/api/submit_job` needs no wrapping, and a wrong field is
//! named in the answer.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

use crate::error::IN_REQUEST;

/// Input encoding of every write.
pub type Body = Post<BodyEncoding>;

#[derive(Debug)]
pub struct BodyEncoding;

/// Why arguments could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("{IN_REQUEST}it is empty; send a JSON object such as {{}}")]
    Empty,
    #[error("{IN_REQUEST}it must be a JSON object")]
    NoObject,
    #[error("{IN_REQUEST}{0}")]
    Syntax(serde_json::Error),
    #[error("{IN_REQUEST}{path}: {why}")]
    Field { path: String, why: String },
    #[error("the arguments cannot be written: {0}")]
    Write(serde_json::Error),
}

impl ContentType for BodyEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for BodyEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for BodyEncoding {
    type Error = BodyError;

    fn encode(arguments: &T) -> Result<Bytes, BodyError> {
        let mut value = serde_json::to_value(arguments).map_err(BodyError::Write)?;
        let body = value
            .get_mut("body")
            .map(serde_json::Value::take)
            .unwrap_or_default();
        serde_json::to_vec(&body)
            .map(Bytes::from)
            .map_err(BodyError::Write)
    }
}

impl<T: DeserializeOwned> Decodes<T> for BodyEncoding {
    type Error = BodyError;

    fn decode(bytes: Bytes) -> Result<T, BodyError> {
        if bytes.trim_ascii().is_empty() {
            return Err(BodyError::Empty);
        }
        // Read once as it came, so that a syntax error has the sender's line and column.
        let body: serde_json::Value = serde_json::from_slice(&bytes).map_err(BodyError::Syntax)?;
        if !body.is_object() {
            return Err(BodyError::NoObject);
        }
        let arguments = serde_json::json!({ "body": body });
        serde_path_to_error::deserialize(arguments).map_err(|error| {
            let path = error.path().to_string();
            let path = path
                .strip_prefix("body")
                .unwrap_or(&path)
                .trim_start_matches('.');
            let path = if path.is_empty() { "the body" } else { path }.to_owned();
            BodyError::Field {
                path,
                why: in_words(&error.into_inner()),
            }
        })
    }
}

/// Output encoding of every function.
pub type Answer = Post<AnswerEncoding>;

/// JSON, read from text. (`server_fn`'s own reads from bytes; the browser reads the same types from
/// text elsewhere, and would carry each reader twice.)
#[derive(Debug)]
pub struct AnswerEncoding;

impl ContentType for AnswerEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for AnswerEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for AnswerEncoding {
    type Error = serde_json::Error;

    fn encode(answer: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(answer).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for AnswerEncoding {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(serde::de::Error::custom)?;
        serde_json::from_str(text)
    }
}

/// A JSON error with the words that people use for types.
fn in_words(error: &serde_json::Error) -> String {
    let words = [
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected struct SubmitRequest", "expected an object"),
        ("expected i64", "expected a whole number"),
        (
            "expected u64",
            "expected a whole number that is not negative",
        ),
        (
            "expected u32",
            "expected a whole number that is not negative",
        ),
        ("expected a string", "expected text"),
        ("expected a boolean", "expected true or false"),
    ];
    words
        .into_iter()
        .fold(error.to_string(), |text, (from, to)| text.replace(from, to))
}
