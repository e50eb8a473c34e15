//! Who may log in, adding somebody, and links that let in once.

use berth_api::people::{
    AddPersonArg, LinkAnswer, LoginLinkArg, PersonView, SetRoleArg, add_person, list_people,
    login_link, set_role,
};
use berth_domain::{Role, UserName};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::copy::CopyLine;
use crate::components::moment::Moment;
use crate::components::owner::Owner;
use crate::notice::Notices;
use crate::texts::{admin as t, audit, common, imports};

#[component]
pub(super) fn PeoplePanel(people: RwSignal<Vec<PersonView>>) -> impl IntoView {
    let made = RwSignal::new(None::<LinkAnswer>);
    view! {
        <section class="panel" aria-labelledby="people-title">
            <h2 id="people-title">{t::PEOPLE}</h2>
            <AddForm people made />
            <div role="status">{move || made.get().map(shown)}</div>
            <table class="people">
                <caption class="visually-hidden">{t::WHO_MAY_LOG_IN}</caption>
                <thead>
                    <tr>
                        <th scope="col">{common::NAME}</th>
                        <th scope="col">{t::ROLE}</th>
                        <th scope="col">{t::SINCE}</th>
                        <th scope="col">{t::LAST_SEEN}</th>
                        <th scope="col" class="num">{common::RUNNING}</th>
                        <th scope="col" class="num">{common::WAITING}</th>
                        <th scope="col" class="num">{common::GPUS}</th>
                        <th scope="col">{t::LET_IN}</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || people.get()
                        key=|person| person.clone()
                        children=move |person| row(person, people, made)
                    />
                </tbody>
            </table>
            <p class="more">
                <a href="/admin/import">{imports::IMPORT_BOOKINGS}</a>
                <a href="/admin/audit">{audit::AUDIT}</a>
            </p>
            {move || people.with(|people| people.len() < 2).then(|| view! {
                <p class="quiet">{t::YOU_ARE_ALONE}</p>
            })}
        </section>
    }
    .into_any()
}

fn row(
    person: PersonView,
    people: RwSignal<Vec<PersonView>>,
    made: RwSignal<Option<LinkAnswer>>,
) -> AnyView {
    let seen = match person.last_seen {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { <span class="quiet" title=t::NEVER_SEEN>"—"</span> }.into_any(),
    };
    let name = person.name.0.clone();
    view! {
        <tr data-person=name>
            <th scope="row"><Owner name=person.name.0.clone() /></th>
            <td data-said=t::SAID_ROLE>{role_select(&person, people)}</td>
            <td data-said=t::SAID_SINCE><Moment at=person.since /></td>
            <td data-said=t::SAID_SEEN>{seen}</td>
            <td class="num" data-said=t::SAID_RUNNING>{person.running}</td>
            <td class="num" data-said=t::SAID_WAITING>{person.waiting}</td>
            <td class="num" data-said=common::GPUS>{person.gpus}</td>
            <td>{link_button(person.name, made)}</td>
        </tr>
    }
    .into_any()
}

/// What they are, to be changed at once.
fn role_select(person: &PersonView, people: RwSignal<Vec<PersonView>>) -> AnyView {
    let notices = Notices::here();
    let (name, role) = (person.name.0.clone(), person.role);
    let label = t::role_of(&person.name);
    let field = NodeRef::<html::Select>::new();
    let (sent, value) = (name.clone(), name);
    let send = move || {
        let Some(field) = field.get_untracked() else {
            return;
        };
        let Some(wanted) = Role::named(&field.value()).filter(|wanted| *wanted != role) else {
            return;
        };
        let arg = SetRoleArg {
            name: sent.clone(),
            role: wanted,
        };
        spawn_local(async move {
            match set_role(arg).await {
                Ok(all) => {
                    people.try_set(all.people);
                }
                Err(error) => {
                    field.set_value(role.as_str());
                    notices.refuse(&error);
                }
            }
        });
    };
    let (change, submit) = (send.clone(), send);
    view! {
        <form
            class="role-form"
            method="post"
            action="/forms/role"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                submit();
            }
        >
            <input type="hidden" name="name" value=value />
            <select
                class="input"
                name="role"
                aria-label=label
                node_ref=field
                on:change=move |_| change()
            >
                {role_options(role)}
            </select>
            <noscript>
                <button class="button button-small">{t::SET_ROLE}</button>
            </noscript>
        </form>
    }
    .into_any()
}

fn role_options(chosen: Role) -> impl IntoView {
    let option = move |role: Role| {
        view! {
            <option value=role.as_str() selected={role == chosen} title=t::may(role)>
                {role.as_str()}
            </option>
        }
    };
    Role::ALL.map(option).into_iter().collect_view()
}

fn link_button(name: UserName, made: RwSignal<Option<LinkAnswer>>) -> AnyView {
    let notices = Notices::here();
    let value = name.0.clone();
    let label = t::new_link_for(&name);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let arg = LoginLinkArg {
            name: name.0.clone(),
        };
        spawn_local(async move {
            match login_link(arg).await {
                Ok(link) => {
                    made.try_set(Some(link));
                }
                Err(error) => notices.refuse(&error),
            }
        });
    };
    view! {
        <form method="post" action="/forms/login-link" on:submit=submit>
            <input type="hidden" name="name" value=value />
            <button class="button button-small" aria-label=label>{t::LOGIN_LINK}</button>
        </form>
    }
    .into_any()
}

/// The only time that it can be seen.
fn shown(made: LinkAnswer) -> AnyView {
    view! {
        <div class="link-made">
            <p>
                {t::SEND_THIS_TO} <strong>{made.name.0}</strong>
                {t::LOGS_IN_UNTIL} <Moment at=made.until />
                {t::NOT_SHOWN_AGAIN}
            </p>
            <CopyLine text=made.link what=t::COPY_LOGIN_LINK />
        </div>
    }
    .into_any()
}

#[component]
fn AddForm(people: RwSignal<Vec<PersonView>>, made: RwSignal<Option<LinkAnswer>>) -> impl IntoView {
    let notices = Notices::here();
    let (name, role) = (
        NodeRef::<html::Input>::new(),
        NodeRef::<html::Select>::new(),
    );
    let problem = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(name), Some(role)) = (name.get_untracked(), role.get_untracked()) else {
            return;
        };
        if sending.get_untracked() {
            return;
        }
        let arg = AddPersonArg {
            name: name.value(),
            role: Role::named(&role.value()).unwrap_or_default(),
        };
        sending.set(true);
        spawn_local(async move {
            match add_person(arg).await {
                Ok(link) => {
                    problem.try_set(None);
                    made.try_set(Some(link));
                    name.set_value("");
                    role.set_value(Role::default().as_str());
                    if let Ok(all) = list_people().await {
                        people.try_set(all.people);
                    }
                }
                Err(error) if error.field() == Some("name") => {
                    problem.try_set(Some(error.to_string()));
                }
                Err(error) => notices.refuse(&error),
            }
            sending.try_set(false);
        });
    };
    let bad = move || problem.with(Option::is_some).then_some("true");
    view! {
        <form class="person-form" method="post" action="/forms/person" on:submit=submit>
            <div class="field" class:field-bad=move || problem.with(Option::is_some)>
                <label for="person">{t::ADD_A_PERSON}</label>
                <input
                    class="input"
                    id="person"
                    name="name"
                    required
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    placeholder="ana.berg"
                    node_ref=name
                    aria-describedby="person-problem"
                    aria-invalid=bad
                />
            </div>
            <div class="field">
                <label for="person-role">{t::ROLE}</label>
                <select class="input" id="person-role" name="role" node_ref=role>
                    {role_options(Role::default())}
                </select>
            </div>
            <button class="button button-main" disabled=sending>{t::ADD}</button>
            <p class="field-problem" id="person-problem" aria-live="polite">{move || problem.get()}</p>
        </form>
    }
    .into_any()
}
