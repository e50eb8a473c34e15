//! A schema as tables.

use serde_json::Value;

use super::add;
use super::words::{inline, link_to, paragraphs, text};

/// A part of an object.
pub struct Row<'a> {
    pub name: &'a str,
    pub required: bool,
    pub schema: &'a Value,
    /// Where it is not said in the schema.
    pub said: Option<&'a str>,
}

/// What a type is: its parts, or what it is one of.
pub fn write(page: &mut String, schema: &Value) {
    let rows = rows(schema);
    table(page, &rows);
    let choices = ["oneOf", "anyOf"]
        .iter()
        .find_map(|several| schema[*several].as_array());
    if let Some(choices) = choices {
        page.push_str("<p class=\"docs-one-of\">One of:</p><ul class=\"docs-choices\">");
        for choice in choices {
            choose(page, choice);
        }
        page.push_str("</ul>");
    }
    if rows.is_empty() && choices.is_none() {
        add(page, format_args!("<p>{}</p>", kind(schema)));
    }
}

fn choose(page: &mut String, choice: &Value) {
    let rows = rows(choice);
    let said = choice["description"]
        .as_str()
        .map(paragraphs)
        .unwrap_or_default();
    page.push_str("<li>");
    if rows.is_empty() {
        add(page, format_args!("{} {said}", kind(choice)));
    } else {
        page.push_str(&said);
        table(page, &rows);
    }
    page.push_str("</li>");
}

fn rows(schema: &Value) -> Vec<Row<'_>> {
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let parts = schema["properties"].as_object().into_iter().flatten();
    parts
        .map(|(name, schema)| Row {
            name,
            required: is_required(name),
            schema,
            said: schema["description"].as_str(),
        })
        .collect()
}

pub fn table(page: &mut String, rows: &[Row<'_>]) {
    if rows.is_empty() {
        return;
    }
    page.push_str(
        "<table class=\"docs-table\"><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Is</th>\
         <th scope=\"col\">Meaning</th></tr></thead><tbody>",
    );
    for row in rows {
        let needed = if row.required {
            ""
        } else {
            " <small>optional</small>"
        };
        add(
            page,
            format_args!(
                "<tr><th scope=\"row\"><code>{}</code>{needed}</th><td>{}</td><td>{}</td></tr>",
                text(row.name),
                kind(row.schema),
                inline(row.said.unwrap_or_default()),
            ),
        );
    }
    page.push_str("</tbody></table>");
}

/// In a few words, with links to other types.
pub fn kind(schema: &Value) -> String {
    if let Some(pointer) = schema["$ref"].as_str() {
        return link_to(pointer.trim_start_matches("#/components/schemas/"));
    }
    if let Some(value) = schema.get("const") {
        return code(value);
    }
    if let Some(values) = schema["enum"].as_array() {
        return any_of(values.iter().map(code));
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(kinds) = schema[several].as_array() {
            return any_of(kinds.iter().map(kind));
        }
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let of = |one: &Value| plain(one.as_str().unwrap_or_default(), schema);
            any_of(kinds.iter().map(of))
        }
        one => plain(one.as_str().unwrap_or_default(), schema),
    }
}

fn plain(name: &str, schema: &Value) -> String {
    match name {
        "string" => match schema["format"].as_str() {
            Some("date-time") => "time".to_owned(),
            Some("binary") => "bytes".to_owned(),
            _ => "text".to_owned(),
        },
        "integer" => "whole number".to_owned(),
        "number" => "number".to_owned(),
        "boolean" => "<code>true</code> or <code>false</code>".to_owned(),
        "null" => "<code>null</code>".to_owned(),
        "array" => match (&schema["items"], schema["prefixItems"].as_array()) {
            (_, Some(items)) => {
                let items: Vec<String> = items.iter().map(kind).collect();
                format!("[{}]", items.join(", "))
            }
            (items, None) => format!("list of {}", kind(items)),
        },
        "object" => match schema.get("additionalProperties") {
            Some(values @ Value::Object(_)) => format!("by name: {}", kind(values)),
            _ => inner(schema),
        },
        _ => "anything".to_owned(),
    }
}

/// An object that has no name of its own.
fn inner(schema: &Value) -> String {
    let parts = rows(schema);
    let parts: Vec<String> = parts
        .iter()
        .map(|row| format!("<code>{}</code>: {}", text(row.name), kind(row.schema)))
        .collect();
    if parts.is_empty() {
        return "object".to_owned();
    }
    format!("object of {}", parts.join("; "))
}

fn code(value: &Value) -> String {
    let written = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    format!("<code>{}</code>", text(&written))
}

fn any_of(kinds: impl Iterator<Item = String>) -> String {
    let kinds: Vec<String> = kinds.collect();
    match kinds.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}
