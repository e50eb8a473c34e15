//! Schemas of what is sent and of what is answered, in one list.
//!
//! Of one type the two may differ: a field that may be left out of a request is always in an answer. Then
//! the answer's is named `…Output`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

const PLACE: &str = "#/components/schemas/";

pub(super) struct Schemas {
    given: SchemaGenerator,
    told: SchemaGenerator,
}

/// All of them, and those answers whose names are others than their types have.
pub(super) struct Known {
    pub(super) components: Map<String, Value>,
    renamed: BTreeSet<String>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Schemas {
            given: settings().for_deserialize().into_generator(),
            told: settings().for_serialize().into_generator(),
        }
    }

    /// Of a function's arguments, with a property for each.
    pub(super) fn arguments<T: JsonSchema>(&mut self) -> Value {
        tidy(T::json_schema(&mut self.given).to_value())
    }

    pub(super) fn told<T: JsonSchema>(&mut self) -> Value {
        tidy(self.told.subschema_for::<T>().to_value())
    }

    pub(super) fn finish(mut self) -> Known {
        let take = |generator: &mut SchemaGenerator| {
            let taken = generator.take_definitions(true).into_iter();
            taken.map(|(name, schema)| (name, tidy(schema))).collect()
        };
        let given: Map<String, Value> = take(&mut self.given);
        let told: Map<String, Value> = take(&mut self.told);
        let renamed = different(&given, &told);
        // By name, whatever the order of a map is here.
        let mut components: BTreeMap<String, Value> = given.into_iter().collect();
        for (name, mut schema) in told {
            rename(&mut schema, &renamed);
            components.insert(new_name(&name, &renamed), schema);
        }
        let components = components.into_iter().collect();
        Known {
            components,
            renamed,
        }
    }
}

impl Known {
    /// What a reference leads to; a schema that is none itself.
    pub(super) fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = target("$ref", &schema["$ref"]);
        name.and_then(|name| self.components.get(name))
            .unwrap_or(schema)
    }

    /// Has what was made of answers point to where their schemas are.
    pub(super) fn rename_told(&self, schema: &mut Value) {
        rename(schema, &self.renamed);
    }
}

/// The names that mean one thing in requests and another in answers, also by what they hold.
fn different(given: &Map<String, Value>, told: &Map<String, Value>) -> BTreeSet<String> {
    let both = || {
        given
            .iter()
            .filter_map(|(name, one)| Some((name, one, told.get(name)?)))
    };
    let mut found: BTreeSet<String> = both()
        .filter(|(_, one, other)| one != other)
        .map(|(name, ..)| name.clone())
        .collect();
    loop {
        let more: Vec<String> = both()
            .filter(|(name, _, other)| !found.contains(*name) && points_to(other, &found))
            .map(|(name, ..)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn points_to(schema: &Value, names: &BTreeSet<String>) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(key, value)| match target(key, value) {
            Some(name) => names.contains(name),
            None => points_to(value, names),
        }),
        Value::Array(items) => items.iter().any(|item| points_to(item, names)),
        _ => false,
    }
}

fn rename(schema: &mut Value, names: &BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match target(key, value) {
                    Some(name) => *value = json!(format!("{PLACE}{}", new_name(name, names))),
                    None => rename(value, names),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

/// Which schema a reference points to.
fn target<'a>(key: &str, value: &'a Value) -> Option<&'a str> {
    let pointer = value.as_str().filter(|_| key == "$ref")?;
    pointer.strip_prefix(PLACE)
}

fn new_name(name: &str, renamed: &BTreeSet<String>) -> String {
    let output = if renamed.contains(name) { "Output" } else { "" };
    format!("{name}{output}")
}

/// As readers of OpenAPI know it: whole numbers with both bounds, and texts without Rust's words.
fn tidy(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = without_links(text).replace("`None`", "`null`");
            }
            if let Some((format, least, most)) = bounds(fields) {
                fields.insert("format".to_owned(), json!(format));
                fields.entry("minimum").or_insert(least);
                fields.entry("maximum").or_insert(most);
            }
            for value in fields.values_mut() {
                *value = tidy(value.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = tidy(item.take());
            }
        }
        _ => {}
    }
    schema
}

/// What a whole number of this format can be.
fn bounds(fields: &Map<String, Value>) -> Option<(&'static str, Value, Value)> {
    Some(match fields.get("format")?.as_str()? {
        "uint8" => ("uint8", json!(0), json!(u8::MAX)),
        "uint16" => ("uint16", json!(0), json!(u16::MAX)),
        "uint32" => ("uint32", json!(0), json!(u32::MAX)),
        "uint64" | "uint" => ("uint64", json!(0), json!(u64::MAX)),
        "int32" => ("int32", json!(i32::MIN), json!(i32::MAX)),
        "int64" | "int" => ("int64", json!(i64::MIN), json!(i64::MAX)),
        _ => return None,
    })
}

/// "As in [`SubmitRequest::gpu_mem`]": without the brackets, and without where they lead.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        plain.push_str(before);
        let Some((name, after)) = after.split_once("`]") else {
            plain.push_str("[`");
            rest = after;
            continue;
        };
        plain.push_str(&format!("`{name}`"));
        let link = after
            .strip_prefix('(')
            .and_then(|after| after.split_once(')'));
        rest = link.map_or(after, |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lose_rusts_links() {
        for (text, plain) in [
            ("As in [`Submit::signal`].", "As in `Submit::signal`."),
            ("[`a`](crate::a) and [`b`]", "`a` and `b`"),
            ("`[]` removes all, [`x", "`[]` removes all, [`x"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }

    #[test]
    fn what_holds_something_different_is_different() {
        let given = json!({
            "A": { "required": [] },
            "B": { "$ref": "#/components/schemas/A" },
            "C": { "type": "string" },
        });
        let mut told = given.clone();
        told["A"] = json!({ "required": ["x"] });
        let (Value::Object(given), Value::Object(told)) = (given, told) else {
            panic!("both are objects");
        };
        let found = different(&given, &told);
        assert_eq!(found, BTreeSet::from(["A".to_owned(), "B".to_owned()]));
        let mut schema = json!({ "items": { "$ref": "#/components/schemas/B" } });
        rename(&mut schema, &found);
        assert_eq!(schema["items"]["$ref"], "#/components/schemas/BOutput");
    }
}
