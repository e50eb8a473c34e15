//! What a tool answers: a few sentences for people, and the same as data; or why not.

use std::sync::Arc;

use berth_api::{ApiError, ErrorCode};
use rmcp::ErrorData;
use rmcp::handler::server::tool::{IntoCallToolResult, schema_for_output};
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, JsonObject};
use rmcp::schemars::JsonSchema;
use serde::Serialize;

/// What a tool's method gives back.
pub(crate) type Answer<T> = Result<Told<T>, Refused>;

/// An answer. The text says by itself what matters: there are clients that show nothing else.
pub(crate) struct Told<T> {
    text: String,
    data: T,
}

impl<T> Told<T> {
    pub fn new(text: impl Into<String>, data: T) -> Self {
        let text = text.into();
        Told { text, data }
    }
}

impl<T: Serialize> IntoCallToolResult for Told<T> {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        let data = serde_json::to_value(self.data).map_err(|error| {
            ErrorData::internal_error(format!("The answer cannot be written: {error}."), None)
        })?;
        let mut result = CallToolResult::success(vec![ContentBlock::text(self.text)]);
        result.structured_content = Some(data);
        Ok(result.into())
    }
}

/// The schema of what a tool answers as data.
pub(crate) fn data<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    schema_for_output::<T>()
}

/// A refusal: the model reads it and does something else. It is no error of the protocol, of which
/// clients do not show the text.
pub(crate) struct Refused(pub String);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Refused(sentence(&error))
    }
}

/// What is wrong and what to do, and which argument is to blame.
pub(crate) fn sentence(error: &ApiError) -> String {
    match error.field() {
        Some(field) => format!("{error} (argument: {field})"),
        None => error.to_string(),
    }
}

impl IntoCallToolResult for Refused {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::error(vec![ContentBlock::text(self.0)]).into())
    }
}

/// A refusal where the protocol has room for nothing but its own errors, as when a resource is read.
pub(crate) fn broken(error: &ApiError) -> ErrorData {
    let text = sentence(error);
    match error.code() {
        ErrorCode::NotFound => ErrorData::resource_not_found(text, None),
        ErrorCode::Internal | ErrorCode::Unavailable | ErrorCode::Unreachable => {
            ErrorData::internal_error(text, None)
        }
        _ => ErrorData::invalid_params(text, None),
    }
}
