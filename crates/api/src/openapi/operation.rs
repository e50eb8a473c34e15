//! One server function as an operation.

use http::Method;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use server_fn::ServerFn;

use super::Place;
use super::schemas::{Known, Schemas};
use crate::{ApiError, ErrorCode};

pub(super) struct Operation {
    path: &'static str,
    method: Method,
    /// Of all arguments: an object.
    arguments: Value,
    answer: Value,
}

impl Operation {
    pub(super) fn of<F>(schemas: &mut Schemas) -> Self
    where
        F: ServerFn<Error = ApiError> + JsonSchema,
        F::Output: JsonSchema,
    {
        Operation {
            path: F::PATH,
            method: crate::method_of::<F>(),
            arguments: schemas.arguments::<F>(),
            answer: schemas.told::<F::Output>(),
        }
    }

    pub(super) fn written(self, known: &Known) -> (Place, Value) {
        let verb = self.path.trim_start_matches("/api/");
        let text = text(&self.arguments);
        let (asked, text) = what_it_does(&text);
        let mut written = json!({
            "operationId": verb,
            "summary": in_words(verb),
            "description": text,
            "responses": answers(&self.answer, &self.method),
        });
        if let Some(asked) = &asked {
            written["x-example"] = json!(asked);
        }
        let properties = self.arguments.get("properties").and_then(Value::as_object);
        let method = if self.method == Method::GET {
            let parameters = properties.into_iter().flatten();
            let parameters: Vec<Value> = parameters
                .map(|(name, schema)| parameter(name, schema, &self.arguments, known))
                .collect();
            let parameters = with_examples(parameters, asked.as_deref(), known);
            if !parameters.is_empty() {
                written["parameters"] = json!(parameters);
            }
            "get"
        } else {
            let schema = properties.and_then(|properties| properties.get("body"));
            written["requestBody"] = json!({
                "required": true,
                "content": { "application/json": { "schema": schema } },
            });
            "post"
        };
        known.rename_told(&mut written["responses"]);
        let path = self.path.to_owned();
        (Place { path, method }, written)
    }
}

/// What is said of the function in its source.
fn text(arguments: &Value) -> String {
    let text = arguments.get("description").and_then(Value::as_str);
    let text = text.unwrap_or_default();
    // `server_fn` begins with a sentence of its own.
    let own = text
        .split_once("server function.")
        .map_or(text, |(_, own)| own);
    own.trim().to_owned()
}

/// Splits "`GET /api/get_job?id=17`: a job." into an example and a sentence.
fn what_it_does(text: &str) -> (Option<String>, String) {
    let head = text.strip_prefix('`').and_then(|text| text.split_once('`'));
    let Some((head, rest)) = head else {
        return (None, capital(text));
    };
    let example = head.split_once(' ').map(|(_, path)| path.to_owned());
    let rest = rest.trim_start_matches([':', '.', ' ']).trim();
    (example, capital(rest))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `list_jobs`: "List jobs".
fn in_words(verb: &str) -> String {
    capital(&verb.replace('_', " "))
}

/// One argument in a query. What holds others is written `asks[nvlink]=true`.
fn parameter(name: &str, schema: &Value, arguments: &Value, known: &Known) -> Value {
    let required = arguments.get("required").and_then(Value::as_array);
    let required = required.is_some_and(|required| required.iter().any(|one| one == name));
    let mut schema = without_null(schema.clone());
    let mut parameter = json!({ "name": name, "in": "query", "required": required });
    if let Some(fields) = schema.as_object_mut() {
        if let Some(text) = fields.remove("description") {
            parameter["description"] = text;
        }
        if known.resolved(&json!(fields))["type"] == "object" {
            fields.remove("default");
            parameter["style"] = json!("deepObject");
            parameter["explode"] = json!(true);
        } else if !required {
            // As from a form: nothing is said.
            parameter["allowEmptyValue"] = json!(true);
        }
    }
    parameter["schema"] = schema;
    parameter
}

/// Gives each argument the value that it has in a query such as `/api/get_job?id=17`.
fn with_examples(mut parameters: Vec<Value>, asked: Option<&str>, known: &Known) -> Vec<Value> {
    let query = asked.and_then(|asked| asked.split_once('?'));
    let query = query.map_or("", |(_, query)| query);
    for (name, text) in query.split('&').filter_map(|part| part.split_once('=')) {
        let named = parameters.iter_mut().find(|one| one["name"] == name);
        if let Some(parameter) = named {
            let whole = known.resolved(&parameter["schema"])["type"] == "integer";
            let number = text.parse::<u64>().ok().filter(|_| whole);
            parameter["example"] = number.map_or_else(|| json!(text), |number| json!(number));
        }
    }
    parameters
}

/// A query has no null: what is not there is left out.
fn without_null(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else {
        return schema;
    };
    if fields.get("default").is_some_and(Value::is_null) {
        fields.remove("default");
    }
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = &kinds[..] {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(kinds)) = fields.get_mut("anyOf") {
        kinds.retain(|kind| kind.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = &kinds[..] {
            let only = only.clone();
            fields.remove("anyOf");
            fields.extend(only);
        }
    }
    schema
}

fn answers(answer: &Value, method: &Method) -> Value {
    let mut answers = Map::new();
    let content = json!({ "application/json": { "schema": answer } });
    let done = json!({ "description": "What was asked for.", "content": content });
    answers.insert("200".to_owned(), done);
    for (code, _) in refusals() {
        let only_writes = matches!(code, ErrorCode::Conflict | ErrorCode::TooLarge);
        if *method == Method::GET && only_writes {
            continue;
        }
        let (status, answer) = refused(code);
        answers.insert(status, answer);
    }
    Value::Object(answers)
}

/// A refusal as an answer: its status, and where it is described.
pub(super) fn refused(code: ErrorCode) -> (String, Value) {
    let described = format!("#/components/responses/{}", refusal_name(code));
    (
        code.status().as_u16().to_string(),
        json!({ "$ref": described }),
    )
}

/// What the server answers with, each with its sentence.
pub(super) fn refusals() -> Vec<(ErrorCode, String)> {
    let schema = schemars::schema_for!(ErrorCode);
    let codes = schema.get("oneOf").and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(|one| {
        let code = serde_json::from_value(one.get("const")?.clone()).ok()?;
        let text = one.get("description")?.as_str()?;
        Some((code, text.to_owned()))
    });
    codes
        .filter(|(code, _)| *code != ErrorCode::Unreachable)
        .collect()
}

/// Its name among the document's answers: `NotFound`.
pub(super) fn refusal_name(code: ErrorCode) -> String {
    format!("{code:?}")
}
