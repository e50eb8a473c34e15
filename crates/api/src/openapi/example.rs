//! How an operation is asked with `curl`, for people who read.

use serde_json::{Map, Value, json};

use super::Place;

/// A command line for one operation of the document.
#[must_use]
pub fn curl(document: &Value, place: &Place) -> String {
    let described = &document["paths"][&place.path][place.method];
    let asked = described["x-example"].as_str().unwrap_or(&place.path);
    let head = "curl -H \"Authorization: Bearer $BERTH_TOKEN\"";
    match place.method {
        "get" if asked.contains('[') => {
            format!("{head} -g \"$BERTH_URL{asked}\"")
        }
        "get" => format!("{head} \"$BERTH_URL{}\"", with_required(asked, described)),
        "put" => format!("{head} -T package.tar.gz \"$BERTH_URL{asked}\""),
        _ => {
            let body = &described["requestBody"]["content"]["application/json"]["example"];
            let body = body.to_string();
            let body = body.replace('\'', r"'\''");
            format!("{head} -d '{body}' \"$BERTH_URL{asked}\"")
        }
    }
}

/// A path that says nothing of a query gets what it cannot do without.
fn with_required(path: &str, described: &Value) -> String {
    if path.contains('?') {
        return path.to_owned();
    }
    let parameters = described["parameters"].as_array().into_iter().flatten();
    let needed: Vec<String> = parameters
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
        .filter_map(|parameter| {
            // What has a type of its own is a number of something.
            let schema = &parameter["schema"];
            let whole = schema["type"] == "integer" || schema["$ref"].is_string();
            Some(format!(
                "{}={}",
                parameter["name"].as_str()?,
                if whole { "17" } else { "…" }
            ))
        })
        .collect();
    if needed.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", needed.join("&"))
}

/// The shortest value of a schema that means something.
pub(super) fn body(document: &Value, schema: &Value) -> Value {
    sample(document, schema, 0)
}

/// No example is deeper.
const DEEPEST: usize = 6;

fn sample(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(example) = schema["examples"].get(0) {
        return example.clone();
    }
    if depth > DEEPEST {
        return Value::Null;
    }
    let inner = |schema: &Value| sample(document, schema, depth + 1);
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/components/schemas/");
        return inner(&document["components"]["schemas"][name]);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let of_fields = fields(schema, &inner);
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[several].get(0) {
            let mut one = inner(first);
            if let (Value::Object(one), Value::Object(more)) = (&mut one, of_fields) {
                one.extend(more);
            }
            return one;
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("integer") => json!(17),
        Some("number") => json!(0.5),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => of_fields,
        Some("string") if schema["format"] == "date-time" => json!("2026-12-01T09:00:00Z"),
        Some("string") => json!("…"),
        _ => Value::Null,
    }
}

/// Those that must be there, and those of which somebody gave an example.
fn fields(schema: &Value, inner: &dyn Fn(&Value) -> Value) -> Value {
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    let all = schema["properties"].as_object().into_iter().flatten();
    let shown = all.filter(|(name, schema)| {
        is_required(name) || schema.get("examples").is_some_and(Value::is_array)
    });
    let shown: Map<String, Value> = shown
        .map(|(name, schema)| (name.clone(), inner(schema)))
        .collect();
    Value::Object(shown)
}
