//! How a write's arguments travel: the function's one argument `body` *is* the JSON body, so that
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
    #[error("{IN_REQUEST}{0}")]
    Syntax(serde_json::Error),
    #[error("{IN_REQUEST}{path}: {inner}")]
    Field {
        path: String,
        inner: serde_json::Error,
    },
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
                inner: error.into_inner(),
            }
        })
    }
}
