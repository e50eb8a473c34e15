//! A page with a secret that is shown once. It stands in no address that a browser would keep, and no
//! browser keeps the page.

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use html_escape::{encode_double_quoted_attribute, encode_text};

use crate::web::Web;

/// What stands on it, from top to bottom; plain text.
pub(super) enum Part<'a> {
    Words(&'a str),
    /// To be copied.
    Line(&'a str),
}

pub(super) struct Once<'a> {
    pub title: &'a str,
    pub parts: &'a [Part<'a>],
    /// The address to go on to, and what the link says.
    pub back: (&'a str, &'a str),
}

impl Once<'_> {
    pub fn page(&self, web: &Web) -> Response {
        let style = format!("/{}/berth.css", web.leptos.site_pkg_dir);
        let style = encode_double_quoted_attribute(&style);
        let title = encode_text(self.title);
        let part = |part: &Part<'_>| match part {
            Part::Words(words) => format!("<p>{}</p>", encode_text(words)),
            Part::Line(line) => {
                let line = encode_text(line);
                format!("<div class=\"copy-line\"><code>{line}</code></div>")
            }
        };
        let parts: String = self.parts.iter().map(part).collect();
        let (address, word) = self.back;
        let address = encode_double_quoted_attribute(address);
        let word = encode_text(word);
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\" />\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\
             <title>{title} · Berth</title><link rel=\"stylesheet\" href=\"{style}\" /></head>\
             <body><main class=\"login\"><h1>{title}</h1>{parts}\
             <p><a class=\"button\" href=\"{address}\">{word}</a></p></main></body></html>\n"
        );
        ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
    }
}
