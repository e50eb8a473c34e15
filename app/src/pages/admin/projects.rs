//! Projects that are more than a word on jobs: who is in them, as what, and whether others may run jobs in
//! them. Plain forms.

use berth_api::people::PersonView;
use berth_api::projects::{ProjectView, ProjectsAnswer};
use berth_domain::Role;
use leptos::prelude::*;

use crate::components::owner::Owner;
use crate::texts::{admin as t, common};

#[component]
pub(super) fn ProjectsPanel(
    projects: ProjectsAnswer,
    people: RwSignal<Vec<PersonView>>,
) -> impl IntoView {
    let names = people.with_untracked(|people| {
        let names = people.iter().map(|person| person.name.to_string());
        names.collect::<Vec<_>>()
    });
    let (set_up, words): (Vec<_>, Vec<_>) = projects
        .projects
        .into_iter()
        .partition(|project| project.set_up);
    let known = words.into_iter().map(|project| project.name);
    let known = known.map(|name| view! { <option value=name></option> });
    let none = set_up
        .is_empty()
        .then(|| view! { <p class="quiet">{t::NO_PROJECT}</p> });
    let each = set_up.into_iter().map(|project| one(project, &names));
    view! {
        <section class="panel" aria-labelledby="projects-title">
            <h2 id="projects-title">{t::PROJECTS}</h2>
            <p class="quiet">{t::PROJECTS_TOLD}</p>
            {none}
            {each.collect_view()}
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
        </section>
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

fn one(project: ProjectView, people: &[String]) -> AnyView {
    let name = project.name;
    let others: Vec<AnyView> = people
        .iter()
        .filter(|person| {
            !project
                .members
                .keys()
                .any(|member| member.as_str() == **person)
        })
        .map(|person| view! { <option value=person.clone()>{person.clone()}</option> }.into_any())
        .collect();
    let adds = !others.is_empty();
    let row = |(member, role): (berth_domain::UserName, Role)| {
        let (user, of) = (member.to_string(), name.clone());
        view! {
            <li>
                <Owner name=user.clone() />
                <span class="quiet">{role.as_str()}</span>
                <form method="post" action="/forms/member">
                    <input type="hidden" name="project" value=of />
                    <input type="hidden" name="user" value=user.clone() />
                    <button class="button button-small" name="role" value="" aria-label=t::drop(&user, &name)>
                        {t::DROP}
                    </button>
                </form>
            </li>
        }
    };
    let members = project.members.into_iter().map(row).collect_view();
    let badge = project
        .closed
        .then(|| view! { <span class="badge">{t::CLOSED}</span> });
    let told = (!project.about.is_empty())
        .then(|| view! { <span class="quiet">{project.about.clone()}</span> });
    let role =
        |role: Role, is| view! { <option value=role.as_str() selected=is>{role.as_str()}</option> };
    let (about_id, closed_id) = (format!("about-{name}"), format!("closed-{name}"));
    let (of, of_too) = (name.clone(), name.clone());
    let new_member = adds.then(|| view! {
        <form class="project-form" method="post" action="/forms/member">
            <input type="hidden" name="project" value=of />
            <div class="field">
                <label for=format!("member-{of_too}")>{t::NEW_MEMBER}</label>
                <select class="input" id=format!("member-{of_too}") name="user">{others}</select>
            </div>
            <div class="field">
                <label for=format!("role-{of_too}")>{t::AS}</label>
                <select class="input" id=format!("role-{of_too}") name="role">
                    {role(Role::Viewer, false)}
                    {role(Role::Member, true)}
                    {role(Role::Lead, false)}
                </select>
            </div>
            <button class="button">{t::ADD_MEMBER}</button>
        </form>
    });
    view! {
        <article class="project" data-project=name.clone() aria-label=name.clone()>
            <h3>{name.clone()} {badge} {told}</h3>
            <ul class="project-members">{members}</ul>
            {new_member}
            <details>
                <summary>{common::CHANGE}</summary>
                <form class="project-form" method="post" action="/forms/project">
                    <input type="hidden" name="name" value=name.clone() />
                    {about(&about_id, &project.about)}
                    {closed(&closed_id, project.closed)}
                    <button class="button button-main" name="verb" value="set">{t::SAVE_PROJECT}</button>
                    <button class="button button-bad-quiet" name="verb" value="remove">{t::REMOVE_PROJECT}</button>
                </form>
            </details>
        </article>
    }
    .into_any()
}
