//! `GET /api/openapi.json`, and `GET /docs/api`: the same for people, made here of the same document. Both
//! for anybody: they say how one asks, and nothing of who does what here.

mod operation;
mod schema;
mod words;

use std::fmt::Write;
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth_api::openapi::{self, openapi};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::words::{anchor, attribute, paragraphs, text};
use super::Web;

/// Where people read it.
pub const PAGE: &str = "/docs/api";

pub async fn document() -> Response {
    static WRITTEN: LazyLock<String> = LazyLock::new(|| openapi().document.to_string());
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, WRITTEN.as_str()).into_response()
}

pub async fn page(State(web): State<Web>) -> Response {
    static BODY: LazyLock<String> = LazyLock::new(body);
    let pkg = attribute(&format!("/{}", web.leptos.site_pkg_dir)).into_owned();
    let theme = berth_app::THEME;
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"description\" content=\"How programs ask Berth\">\
         <title>API · Berth</title>\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"{pkg}/berth.css\">\
         <script>{theme}</script></head>{body}</html>",
        body = *BODY,
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, &**POLICY),
    ];
    (headers, page).into_response()
}

/// It has one script, which takes the theme that the reader chose; a hash names it.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(berth_app::THEME));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'self'; font-src 'self'; \
         img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

const HOW: &str = "\
```\nexport BERTH_URL=https://berth.example.com BERTH_TOKEN=berth_…\n```";

fn body() -> String {
    let known = openapi();
    let document = &known.document;
    let mut page = String::from(
        "<body class=\"docs\"><a class=\"skip\" href=\"#main\">To the text</a>\
         <header class=\"docs-head\"><a class=\"docs-home\" href=\"/\">Berth</a>",
    );
    add(
        &mut page,
        format_args!(
            "<a href=\"{}\">OpenAPI 3.1</a></header><div class=\"docs-frame\">",
            openapi::PATH
        ),
    );
    page.push_str("<nav class=\"docs-contents\" aria-label=\"Contents\"><ul>");
    for area in &known.areas {
        let id = format!("area-{}", anchor(area.title));
        add(
            &mut page,
            format_args!("<li><a href=\"#{id}\">{}</a><ul>", text(area.title)),
        );
        for place in &area.operations {
            let described = &document["paths"][&place.path][place.method];
            let name = described["operationId"].as_str().unwrap_or_default();
            add(
                &mut page,
                format_args!("<li><a href=\"#{0}\">{0}</a></li>", attribute(name)),
            );
        }
        page.push_str("</ul></li>");
    }
    page.push_str(
        "<li><a href=\"#types\">Types</a></li></ul></nav>\
         <main class=\"docs-main\" id=\"main\" tabindex=\"-1\"><h1>API</h1>",
    );
    let introduction = document["info"]["description"].as_str().unwrap_or_default();
    page.push_str(&paragraphs(introduction));
    page.push_str(&paragraphs(HOW));
    for area in &known.areas {
        let id = format!("area-{}", anchor(area.title));
        add(
            &mut page,
            format_args!(
                "<section class=\"docs-area\" aria-labelledby=\"{id}\"><h2 id=\"{id}\">{}</h2>",
                text(area.title)
            ),
        );
        for place in &area.operations {
            operation::write(&mut page, document, place);
        }
        page.push_str("</section>");
    }
    types(&mut page, document);
    page.push_str("</main></div></body>");
    page
}

/// What arguments and answers are made of.
fn types(page: &mut String, document: &Value) {
    page.push_str(
        "<section class=\"docs-area\" aria-labelledby=\"types\"><h2 id=\"types\">Types</h2>",
    );
    let schemas = document["components"]["schemas"].as_object();
    for (name, described) in schemas.into_iter().flatten() {
        add(
            page,
            format_args!(
                "<article class=\"docs-type\" id=\"type-{0}\"><h3>{1}</h3>",
                attribute(name),
                text(name)
            ),
        );
        if let Some(said) = described["description"].as_str() {
            page.push_str(&paragraphs(said));
        }
        schema::write(page, described);
        page.push_str("</article>");
    }
    page.push_str("</section>");
}

/// Writing to a text does not fail.
fn add(page: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_link_of_the_page_leads_somewhere_and_every_place_has_one_name() {
        let page = body();
        let all = |before: &str| -> Vec<&str> {
            let parts = page.split(before).skip(1);
            parts.filter_map(|part| part.split('"').next()).collect()
        };
        let ids = all(" id=\"");
        let mut places = BTreeSet::new();
        for id in ids {
            assert!(places.insert(id), "two places are called {id}");
        }
        for link in all(" href=\"#") {
            assert!(places.contains(link), "#{link}");
        }
        assert!(places.contains("submit_job") && places.contains("type-JobRow"));
    }

    #[test]
    fn what_is_said_is_no_markup() {
        let page = body();
        assert!(!page.contains("<script"));
        assert!(page.contains("Bearer $BERTH_TOKEN"));
        assert_eq!(
            page.matches("<article").count(),
            page.matches("</article>").count()
        );
    }
}
