//! One project: what it uses, who is in it, and the forms of whoever may change it.

use berth_api::projects::ProjectView;
use berth_api::quotas::QuotaView;
use berth_domain::{Role, UserName};
use leptos::prelude::*;

use super::{runs, standing};
use crate::components::owner::Owner;
use crate::texts::{common, projects as t};

/// Setting another one up; of these names jobs have some already.
pub(super) fn new(known: &[String]) -> AnyView {
    let known = known.iter().cloned();
    let known = known.map(|name| view! { <option value=name></option> });
    view! {
        <details class="project-new">
            <summary>{t::SET_UP_A_PROJECT}</summary>
            <form class="project-form" method="post" action="/forms/project">
                <div class="field">
                    <label for="project-name">{t::PROJECT_NAME}</label>
                    <input
                        class="input"
                        id="project-name"
                        name="name"
                        required
                        maxlength="64"
                        autocomplete="off"
                        list="project-words"
                    />
                    <datalist id="project-words">{known.collect_view()}</datalist>
                </div>
                {about("project-about", "")}
                {closed("project-closed", false)}
                <button class="button button-main">{t::SET_UP}</button>
            </form>
        </details>
    }
    .into_any()
}

fn about(id: &str, value: &str) -> AnyView {
    let (id, value) = (id.to_owned(), value.to_owned());
    view! {
        <div class="field">
            <label for=id.clone()>{t::PROJECT_ABOUT}</label>
            <input class="input" id=id name="about" value=value maxlength="200" autocomplete="off" />
        </div>
    }
    .into_any()
}

fn closed(id: &str, is: bool) -> AnyView {
    let id = id.to_owned();
    view! {
        <div class="check">
            <input type="checkbox" id=id.clone() name="closed" value="yes" checked=is />
            <label for=id>{t::ONLY_MEMBERS}</label>
        </div>
    }
    .into_any()
}

pub(super) fn project(project: ProjectView, stands: &QuotaView, admin: bool) -> AnyView {
    let name = project.name.clone();
    let badge = project
        .closed
        .then(|| view! { <span class="badge">{t::CLOSED}</span> });
    let now = runs(&project);
    let told = (!project.about.is_empty())
        .then(|| view! { <p class="project-about">{project.about.clone()}</p> });
    let nobody = project
        .members
        .is_empty()
        .then(|| view! { <p class="quiet">{t::NOBODY_IN_IT}</p> });
    let members = project
        .members
        .iter()
        .map(|(who, role)| member(who, *role, &name, project.may_change));
    let members = members.collect_view();
    let forms = project
        .may_change
        .then(|| (new_member(&name), change(&project, admin)));
    view! {
        <article class="project" data-project=name.clone() aria-label=name.clone()>
            <h3>{project.name.clone()} {badge} <span class="quiet">{now}</span></h3>
            {told}
            {standing(stands)}
            {nobody}
            <ul class="project-members">{members}</ul>
            {forms}
        </article>
    }
    .into_any()
}

fn member(who: &UserName, role: Role, of: &str, may_drop: bool) -> AnyView {
    let (user, of) = (who.to_string(), of.to_owned());
    let drop = may_drop.then(|| {
        view! {
            <form method="post" action="/forms/member">
                <input type="hidden" name="project" value=of.clone() />
                <input type="hidden" name="user" value=user.clone() />
                <button class="button button-small" name="role" value="" aria-label=t::drop(&user, &of)>
                    {t::DROP}
                </button>
            </form>
        }
    });
    view! {
        <li>
            <Owner name=user />
            <span class="quiet">{role.as_str()}</span>
            {drop}
        </li>
    }
    .into_any()
}

fn new_member(of: &str) -> AnyView {
    let role =
        |role: Role, is| view! { <option value=role.as_str() selected=is>{role.as_str()}</option> };
    let (member_id, role_id) = (format!("member-{of}"), format!("role-{of}"));
    view! {
        <form class="project-form" method="post" action="/forms/member">
            <input type="hidden" name="project" value=of.to_owned() />
            <div class="field">
                <label for=member_id.clone()>{t::NEW_MEMBER}</label>
                <input
                    class="input"
                    id=member_id
                    name="user"
                    required
                    autocomplete="off"
                    list="known-people"
                />
            </div>
            <div class="field">
                <label for=role_id.clone()>{t::AS}</label>
                <select class="input" id=role_id name="role">
                    {role(Role::Viewer, false)}
                    {role(Role::Member, true)}
                    {role(Role::Lead, false)}
                </select>
            </div>
            <button class="button">{t::ADD_MEMBER}</button>
        </form>
    }
    .into_any()
}

fn change(project: &ProjectView, admin: bool) -> AnyView {
    let name = &project.name;
    let (about_id, closed_id) = (format!("about-{name}"), format!("closed-{name}"));
    view! {
        <details>
            <summary>{common::CHANGE}</summary>
            <form class="project-form" method="post" action="/forms/project">
                <input type="hidden" name="name" value=name.clone() />
                {about(&about_id, &project.about)}
                {closed(&closed_id, project.closed)}
                <button class="button button-main" name="verb" value="set">{t::SAVE_PROJECT}</button>
                {admin.then(|| view! {
                    <button class="button button-bad-quiet" name="verb" value="remove">
                        {t::REMOVE_PROJECT}
                    </button>
                })}
            </form>
        </details>
    }
    .into_any()
}
