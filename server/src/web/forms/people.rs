//! Letting people in, and shutting nodes' daemons out.

use axum::Form;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use berth_api::ApiError;
use berth_api::node_tokens::NodeTokenArg;
use berth_api::people::{AddPersonArg, LinkAnswer, LoginLinkArg};
use html_escape::{encode_double_quoted_attribute, encode_text};
use serde::Deserialize;

use super::back;
use crate::web::Web;
use crate::web::caller::Caller;

/// A check box comes if it is ticked.
#[derive(Debug, Deserialize)]
pub(super) struct PersonForm {
    name: String,
    admin: Option<String>,
}

pub(super) async fn person(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(form): Form<PersonForm>,
) -> Response {
    let arg = AddPersonArg {
        name: form.name,
        admin: form.admin.is_some(),
    };
    shown(context.add_person(arg).await, &style(&web))
}

pub(super) async fn login_link(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(arg): Form<LoginLinkArg>,
) -> Response {
    shown(context.login_link(arg).await, &style(&web))
}

pub(super) async fn node_token(Caller(context): Caller, Form(arg): Form<NodeTokenArg>) -> Redirect {
    back("/admin", context.revoke_node_tokens(arg).await)
}

fn style(web: &Web) -> String {
    format!("/{}/berth.css", web.leptos.site_pkg_dir)
}

/// A page with the link. It is a secret, so it stands in no address that a browser would keep, and no
/// browser keeps the page.
fn shown(made: Result<LinkAnswer, ApiError>, style: &str) -> Response {
    let made = match made {
        Ok(made) => made,
        Err(error) => return back::<()>("/admin", Err(error)).into_response(),
    };
    let name = encode_text(made.name.as_str());
    let link = encode_text(&made.link);
    let style = encode_double_quoted_attribute(style);
    let until = made.until.strftime("%F %R UTC");
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\" />\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\
         <title>Login link · Berth</title><link rel=\"stylesheet\" href=\"{style}\" /></head>\
         <body><main class=\"login\"><h1>Login link of {name}</h1>\
         <p>It logs one browser in, once, until {until}. It is not shown again.</p>\
         <div class=\"copy-line\"><code>{link}</code></div>\
         <p><a class=\"button\" href=\"/admin\">Back to Admin</a></p></main></body></html>\n"
    );
    ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}
