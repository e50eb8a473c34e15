use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

/// Every operation of the document: `get /api/get_job`, and what is said of it.
fn operations() -> BTreeMap<String, &'static Value> {
    let paths = openapi().document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, described)| (format!("{method} {path}"), described))
    });
    all.collect()
}

fn walk(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            see(fields);
            fields.values().for_each(|value| walk(value, see));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[test]
fn every_server_function_is_described_by_its_method() {
    let registered: BTreeSet<String> = server_fn::axum::server_fn_paths()
        .map(|(path, method)| format!("{} {path}", method.as_str().to_lowercase()))
        .collect();
    let plain: BTreeSet<String> = plain::files()
        .1
        .into_iter()
        .map(|(place, _)| format!("{} {}", place.method, place.path))
        .collect();
    let described: BTreeSet<String> = operations().into_keys().collect();
    assert_eq!(&described - &plain, registered);
    let read: usize = openapi()
        .areas
        .iter()
        .map(|area| area.operations.len())
        .sum();
    assert_eq!(read, described.len(), "each is in one area");
}

#[test]
fn everything_that_is_pointed_to_is_there() {
    let document = &openapi().document;
    let (mut count, mut used) = (0, BTreeSet::new());
    walk(document, &mut |fields| {
        if let Some(Value::String(pointer)) = fields.get("$ref") {
            let place = pointer.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{pointer}");
            used.insert(place.to_owned());
            count += 1;
        }
    });
    assert!(count > 500, "{count}");
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(
            used.contains(&format!("/components/schemas/{name}")),
            "{name} is used by nothing"
        );
    }
}

/// `schemars` numbers types of one name.
#[test]
fn no_two_types_have_one_name() {
    for name in openapi().document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        let last = name.chars().last().unwrap();
        assert!(
            !last.is_ascii_digit(),
            "{name}: give one of them another name"
        );
    }
}

#[test]
fn every_operation_is_told_of_in_words() {
    let mut names = BTreeSet::new();
    for (operation, described) in operations() {
        let text = described["description"].as_str().unwrap();
        assert!(
            !text.is_empty() && !text.contains("[`"),
            "{operation}: {text}"
        );
        assert!(
            !text.contains("Serialized arguments"),
            "{operation}: {text}"
        );
        assert!(
            names.insert(described["operationId"].as_str().unwrap()),
            "{operation}"
        );
    }
}

#[test]
fn a_query_holds_plain_values() {
    for (operation, described) in operations() {
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let nested = parameter["style"] == "deepObject";
            assert!(!nested || name == "asks", "{operation} {name}");
            let schema = &parameter["schema"];
            let schema = schema["$ref"].as_str().map_or(schema, |pointer| {
                openapi().document.pointer(&pointer[1..]).unwrap()
            });
            let kind = &schema["type"];
            assert!(nested || kind.is_string(), "{operation} {name}: {kind}");
        }
    }
}

#[test]
fn refusals_have_their_statuses() {
    let get = operations()["get /api/get_job"];
    let statuses: Vec<&str> = get["responses"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        statuses,
        ["200", "400", "401", "403", "404", "429", "500", "503"]
    );
    let submit = operations()["post /api/submit_job"];
    assert!(submit["responses"]["409"].is_object() && submit["responses"]["413"].is_object());
    let refused = &openapi().document["components"]["responses"]["NotFound"];
    assert_eq!(refused["description"], "No such job, log or function: 404.");
}

#[test]
fn what_is_always_answered_may_be_left_out_of_a_request() {
    let schemas = &openapi().document["components"]["schemas"];
    let names = |schema: &str| -> Vec<&str> {
        let required = schemas[schema]["required"].as_array().into_iter().flatten();
        required.filter_map(Value::as_str).collect()
    };
    assert!(!names("SubmitRequest").contains(&"hold"));
    assert!(names("SubmitRequestOutput").contains(&"hold"));
    assert_eq!(schemas["SubmitRequest"]["additionalProperties"], false);
}

#[test]
fn examples_can_be_sent() {
    let document = &openapi().document;
    let of = |method: &'static str, path: &str| {
        let path = path.to_owned();
        curl(document, &Place { path, method })
    };
    let submit = of("post", "/api/submit_job");
    assert!(submit.contains(r#"["python","train.py"]"#), "{submit}");
    assert!(of("get", "/api/get_job").contains("/api/get_job?id=17"));
    assert!(of("post", "/api/move_job").contains(r#"{"id":17,"to":"#));
}
