//! Projects and their members, as the page Projects changes them.

use axum::Form;
use axum::response::Redirect;
use berth_api::ApiError;
use berth_api::projects::{MemberArg, ProjectArg, ProjectNameArg};
use berth_domain::Role;
use serde::Deserialize;

use super::back;
use crate::web::caller::Caller;

const PAGE: &str = "/projects";

/// A box that is not ticked is not sent.
#[derive(Debug, Deserialize)]
pub(super) struct ProjectForm {
    name: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    closed: String,
    #[serde(default)]
    verb: String,
}

pub(super) async fn project(Caller(context): Caller, Form(form): Form<ProjectForm>) -> Redirect {
    let name = form.name.trim().to_owned();
    let done = match form.verb.as_str() {
        "remove" => context.remove_project(ProjectNameArg { name }).await,
        _ => {
            let arg = ProjectArg {
                name,
                about: Some(form.about),
                closed: Some(!form.closed.is_empty()),
            };
            context.set_project(arg).await
        }
    };
    back(PAGE, done)
}

/// No role: no member any more.
#[derive(Debug, Deserialize)]
pub(super) struct MemberForm {
    project: String,
    user: String,
    #[serde(default)]
    role: String,
}

pub(super) async fn member(Caller(context): Caller, Form(form): Form<MemberForm>) -> Redirect {
    let role = match form.role.as_str() {
        "" => None,
        name => match Role::named(name) {
            Some(role) => Some(role),
            None => {
                let why = "A role is viewer, member or lead.";
                return back::<()>(PAGE, Err(ApiError::invalid("role", why)));
            }
        },
    };
    let arg = MemberArg {
        project: form.project,
        user: form.user,
        role,
    };
    back(PAGE, context.set_member(arg).await)
}
