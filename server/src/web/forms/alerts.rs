//! Answering alerts, adopting processes, and what somebody is told.

use axum::Form;
use axum::response::Redirect;
use berth_api::ApiError;
use berth_api::alerts::{AdoptArg, AnswerArg};
use berth_api::notifications::NotificationsArg;
use berth_domain::AlertId;
use serde::Deserialize;

use super::back;
use crate::web::caller::Caller;

#[derive(Debug, Deserialize)]
pub(super) struct AnswerForm {
    id: u64,
    choice: String,
    #[serde(default)]
    because: Option<String>,
    #[serde(default)]
    lasts: Option<String>,
}

pub(super) async fn answer(Caller(context): Caller, Form(form): Form<AnswerForm>) -> Redirect {
    let arg = AnswerArg {
        id: AlertId(form.id),
        lasts: form.lasts.filter(|_| form.choice == "keep"),
        choice: form.choice,
        because: form.because,
    };
    back("/alerts", context.answer_alert(arg).await)
}

#[derive(Debug, Deserialize)]
pub(super) struct AdoptForm {
    node: String,
    pid: u32,
}

pub(super) async fn adopt(Caller(context): Caller, Form(form): Form<AdoptForm>) -> Redirect {
    let arg = AdoptArg {
        node: form.node,
        pid: form.pid,
        ..AdoptArg::default()
    };
    back("/cluster", context.adopt(arg).await)
}

/// Check boxes come as one field each.
pub(super) async fn notifications(
    Caller(context): Caller,
    Form(fields): Form<Vec<(String, String)>>,
) -> Redirect {
    let of = |name: &str| fields.iter().find(|(field, _)| field == name);
    let text = |name: &str| of(name).map(|(_, value)| value.clone());
    let on = fields.iter().filter(|(field, _)| field == "on");
    let on: Result<Vec<_>, String> = on.map(|(_, value)| value.parse()).collect();
    let tests = text("verb").as_deref() == Some("test");
    let set = async {
        let arg = NotificationsArg {
            on: Some(on.map_err(|why| ApiError::invalid("on", why))?),
            waits_over: text("waits_over"),
            email: text("email"),
            slack: text("slack").filter(|text| !text.ends_with('…')),
            webhook: text("webhook"),
            webhook_secret: text("webhook_secret").filter(|text| !text.is_empty()),
        };
        context.set_notifications(arg).await?;
        if tests {
            context.try_notifications().await?;
        }
        Ok(())
    };
    back("/settings", set.await)
}
