//! The API as an OpenAPI 3.1 document, made of the types that travel: nothing in it is written twice.
//!
//! `areas.rs` names the server functions; a test compares it with those that are registered. What the
//! routes do that are no server functions is said by hand, in `plain.rs`.

mod areas;
mod example;
mod operation;
mod plain;
mod schemas;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use self::example::body;
pub use self::example::curl;
use self::schemas::Schemas;

/// How the document is named, and where it is.
pub const PATH: &str = "/api/openapi.json";

/// The document, and in which order people read it.
#[derive(Debug)]
pub struct OpenApi {
    pub document: Value,
    pub areas: Vec<Area>,
}

/// Operations that belong together.
#[derive(Debug)]
pub struct Area {
    pub title: &'static str,
    /// Where each is in the document's `paths`.
    pub operations: Vec<Place>,
}

#[derive(Clone, Debug)]
pub struct Place {
    pub path: String,
    /// In lower case.
    pub method: &'static str,
}

/// It is the same as long as the server runs.
#[must_use]
pub fn openapi() -> &'static OpenApi {
    static MADE: LazyLock<OpenApi> = LazyLock::new(make);
    &MADE
}

const INTRODUCTION: &str = "\
Reads are `GET` with a query, writes are `POST` with a JSON object. A read may also be sent as `POST` \
with a JSON object of its arguments.

Every call says who asks: `Authorization: Bearer TOKEN`. Tokens are made in Settings or by \
`berth token create`. What a call may do is what its person may do.

Whatever is refused is answered with a status and `{\"error\": {\"code\": …, \"message\": …}}`; the message \
is a sentence for people, and `field` names the part of the request that is to blame. 503 passes: ask \
again. A submission that was not answered can be sent again when it has an `idempotency_key`.

What changes is told by the websocket `/api/live`: `{\"snapshot\": {…}}`, then `{\"delta\": {…}}`; \
`{\"follow\": {\"job\": 17, \"rank\": 0, \"offset\": 0}}` asks it for a log. To wait for a job's end without \
it, read `job_log` with `wait_s` until `ended`, or `get_job` now and then. Rust tools have all this in \
the crate `berth-api`.";

fn make() -> OpenApi {
    let mut schemas = Schemas::new();
    let read = areas::all(&mut schemas);
    let refused = refusals(&mut schemas);
    let (mut paths, mut areas) = (Map::new(), Vec::new());
    let known = schemas.finish();
    let areas_of_functions = read.into_iter().map(|(title, operations)| {
        let operations = operations
            .into_iter()
            .map(|operation| operation.written(&known));
        (title, operations.collect::<Vec<_>>())
    });
    for (title, operations) in areas_of_functions.chain([plain::files()]) {
        let mut places = Vec::new();
        for (Place { path, method }, mut described) in operations {
            described["tags"] = json!([title]);
            let methods = paths.entry(path.clone()).or_insert_with(|| json!({}));
            methods[method] = described;
            places.push(Place { path, method });
        }
        let operations = places;
        areas.push(Area { title, operations });
    }
    let tags: Vec<Value> = areas
        .iter()
        .map(|area| json!({ "name": area.title }))
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Berth",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of a person or of an agent.",
                },
            },
            "responses": refused,
            "schemas": known.components,
        },
    });
    let mut known = OpenApi { document, areas };
    give_examples(&mut known);
    known
}

/// Every body gets an example.
fn give_examples(known: &mut OpenApi) {
    for place in known.areas.iter().flat_map(|area| &area.operations) {
        let content = format!(
            "/paths/{}/{}/requestBody/content/application~1json",
            place.path.replace('/', "~1"),
            place.method
        );
        let schema = known.document.pointer(&format!("{content}/schema"));
        let example = schema.map(|schema| body(&known.document, schema));
        if let (Some(content), Some(example)) = (known.document.pointer_mut(&content), example) {
            content["example"] = example;
        }
    }
}

/// An answer for each kind of problem that the server tells of, by its status.
fn refusals(schemas: &mut Schemas) -> Map<String, Value> {
    let schema = schemas.told::<crate::ApiError>();
    let content = json!({ "application/json": { "schema": schema } });
    let refusal = |(code, text): (crate::ErrorCode, String)| {
        let answer = json!({ "description": text, "content": content });
        (operation::refusal_name(code), answer)
    };
    operation::refusals().into_iter().map(refusal).collect()
}
