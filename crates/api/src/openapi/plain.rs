//! The routes for files, which are no server functions.

use serde_json::{Value, json};

use super::Place;
use super::operation::refused;
use crate::ErrorCode;

pub(super) fn files() -> (&'static str, Vec<(Place, Value)>) {
    let sha256 = json!({
        "name": "sha256",
        "in": "path",
        "required": true,
        "description": "Of the file, in hexadecimal.",
        "schema": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
    });
    let operations = vec![
        operation(
            ("put", "/api/packages/{sha256}"),
            "upload_package",
            "Uploads a folder, as a tar file compressed with gzip, for jobs that name it in `package`. What \
             is there already need not be sent again.",
            json!({
                "parameters": [sha256],
                "requestBody": {
                    "required": true,
                    "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } },
                },
            }),
            &json!({ "application/json": { "schema": {
                "type": "object",
                "properties": { "package": { "type": "string" } },
                "required": ["package"],
            } } }),
        ),
        operation(
            ("get", "/api/job_log/raw"),
            "raw_log",
            "A whole log as it was written.",
            json!({ "parameters": [
                query("id", true, "The job.", &whole("uint64", u64::MAX)),
                query("attempt", false, "Its last one unless it is said.", &whole("uint32", u32::MAX.into())),
                query("rank", false, "Of a job on several nodes, from 0.", &whole("uint32", u32::MAX.into())),
            ] }),
            &json!({ "text/plain": { "schema": { "type": "string" } } }),
        ),
        operation(
            ("get", "/api/job_files/raw"),
            "raw_file",
            "A file of a job's run folder as it is. For the job's owner and admins.",
            json!({ "parameters": [
                query("id", true, "The job.", &whole("uint64", u64::MAX)),
                query("path", true, "Within the run folder.", &json!({ "type": "string" })),
            ] }),
            &json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }),
        ),
    ];
    ("Uploads and downloads", operations)
}

fn query(name: &str, required: bool, text: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "required": required, "description": text, "schema": schema })
}

fn whole(format: &str, most: u64) -> Value {
    json!({ "type": "integer", "format": format, "minimum": 0, "maximum": most })
}

fn operation(
    (method, path): (&'static str, &str),
    name: &str,
    text: &str,
    asked: Value,
    content: &Value,
) -> (Place, Value) {
    let mut described = asked;
    described["operationId"] = json!(name);
    let words = name.replace('_', " ");
    described["summary"] = json!(words[..1].to_uppercase() + &words[1..]);
    described["description"] = json!(text);
    let mut answers =
        json!({ "200": { "description": "What was asked for.", "content": content } });
    for code in [
        ErrorCode::Invalid,
        ErrorCode::Unauthenticated,
        ErrorCode::Forbidden,
        ErrorCode::NotFound,
        ErrorCode::TooLarge,
        ErrorCode::Internal,
        ErrorCode::Unavailable,
    ] {
        let (status, answer) = refused(code);
        answers[status] = answer;
    }
    described["responses"] = answers;
    let path = path.to_owned();
    (Place { path, method }, described)
}
