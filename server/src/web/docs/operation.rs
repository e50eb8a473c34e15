//! One operation: what it does, what it takes, how it is asked, what it answers.

use berth_api::openapi::{Place, curl};
use serde_json::Value;

use super::add;
use super::schema::{self, Row, kind};
use super::words::{attribute, link_to, paragraphs, text};

pub fn write(page: &mut String, document: &Value, place: &Place) {
    let described = &document["paths"][&place.path][place.method];
    let name = described["operationId"].as_str().unwrap_or_default();
    add(
        page,
        format_args!(
            "<article class=\"docs-call panel\" aria-labelledby=\"{0}\">\
         <h3 id=\"{0}\"><span class=\"docs-method\">{1}</span> <code>{2}</code></h3>",
            attribute(name),
            place.method.to_uppercase(),
            text(&place.path),
        ),
    );
    page.push_str(&paragraphs(
        described["description"].as_str().unwrap_or_default(),
    ));
    asked(page, document, described);
    add(
        page,
        format_args!(
            "<pre class=\"docs-code\">{}</pre>",
            text(&curl(document, place))
        ),
    );
    answered(page, described);
    page.push_str("</article>");
}

fn asked(page: &mut String, document: &Value, described: &Value) {
    let parameters = described["parameters"].as_array();
    let rows: Vec<Row<'_>> = parameters
        .into_iter()
        .flatten()
        .map(|parameter| Row {
            name: parameter["name"].as_str().unwrap_or_default(),
            required: parameter["required"] == true,
            schema: &parameter["schema"],
            said: parameter["description"].as_str(),
        })
        .collect();
    schema::table(page, &rows);
    let body = described["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
    let name = body.map(|pointer| pointer.trim_start_matches("#/components/schemas/"));
    if let Some(name) = name {
        let body = &document["components"]["schemas"][name];
        if let Some(said) = body["description"].as_str() {
            page.push_str(&paragraphs(said));
        }
        schema::write(page, body);
    }
}

fn answered(page: &mut String, described: &Value) {
    let content = described["responses"]["200"]["content"].as_object();
    let answers = content.into_iter().flatten().map(|(media, answer)| {
        let schema = &answer["schema"];
        match (media.as_str(), schema["$ref"].as_str()) {
            ("application/json", Some(pointer)) => {
                link_to(pointer.trim_start_matches("#/components/schemas/"))
            }
            ("application/json", None) => kind(schema),
            (other, _) => format!("<code>{}</code>", text(other)),
        }
    });
    let answers: Vec<String> = answers.collect();
    add(
        page,
        format_args!(
            "<p class=\"docs-answer\">Answers {}</p>",
            answers.join(", ")
        ),
    );
}
