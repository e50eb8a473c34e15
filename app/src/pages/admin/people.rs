//! Who may log in, adding somebody, and links that let in once.

use berth_api::people::{
    AddPersonArg, LinkAnswer, LoginLinkArg, PersonView, add_person, list_people, login_link,
};
use berth_domain::UserName;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::copy::CopyLine;
use crate::components::moment::Moment;
use crate::components::owner::Owner;
use crate::notice::Notices;

#[component]
pub(super) fn PeoplePanel(people: RwSignal<Vec<PersonView>>) -> impl IntoView {
    let made = RwSignal::new(None::<LinkAnswer>);
    view! {
        <section class="panel" aria-labelledby="people-title">
            <h2 id="people-title">"People"</h2>
            <AddForm people made />
            <div role="status">{move || made.get().map(shown)}</div>
            <table class="people">
                <caption class="visually-hidden">"Who may log in"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Since"</th>
                        <th scope="col">"Last seen"</th>
                        <th scope="col" class="num">"Running"</th>
                        <th scope="col" class="num">"Waiting"</th>
                        <th scope="col" class="num">"GPUs"</th>
                        <th scope="col">"Let in"</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || people.get()
                        key=|person| person.clone()
                        children=move |person| row(person, made)
                    />
                </tbody>
            </table>
            {move || people.with(|people| people.len() < 2).then(|| view! {
                <p class="quiet">"You are alone here. Add whoever is to submit jobs."</p>
            })}
        </section>
    }
    .into_any()
}

fn row(person: PersonView, made: RwSignal<Option<LinkAnswer>>) -> AnyView {
    let seen = match person.last_seen {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { <span class="quiet" title="No login or job of theirs is known">"—"</span> }
            .into_any(),
    };
    let admin = person
        .admin
        .then(|| view! { <span class="tag">"admin"</span> });
    let name = person.name.0.clone();
    view! {
        <tr data-person=name>
            <th scope="row"><Owner name=person.name.0.clone() /> " " {admin}</th>
            <td data-said="since"><Moment at=person.since /></td>
            <td data-said="seen">{seen}</td>
            <td class="num" data-said="running">{person.running}</td>
            <td class="num" data-said="waiting">{person.waiting}</td>
            <td class="num" data-said="GPUs">{person.gpus}</td>
            <td>{link_button(person.name, made)}</td>
        </tr>
    }
    .into_any()
}

fn link_button(name: UserName, made: RwSignal<Option<LinkAnswer>>) -> AnyView {
    let notices = Notices::here();
    let value = name.0.clone();
    let label = format!("New login link for {name}");
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
            <button class="button button-small" aria-label=label>"Login link"</button>
        </form>
    }
    .into_any()
}

/// The only time that it can be seen.
fn shown(made: LinkAnswer) -> AnyView {
    view! {
        <div class="link-made">
            <p>
                "Send this to " <strong>{made.name.0}</strong>
                ". It logs one browser in, once, until " <Moment at=made.until />
                ", and is not shown again."
            </p>
            <CopyLine text=made.link what="login link" />
        </div>
    }
    .into_any()
}

#[component]
fn AddForm(people: RwSignal<Vec<PersonView>>, made: RwSignal<Option<LinkAnswer>>) -> impl IntoView {
    let notices = Notices::here();
    let [name, admin] = [(); 2].map(|()| NodeRef::<html::Input>::new());
    let problem = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(name), Some(admin)) = (name.get_untracked(), admin.get_untracked()) else {
            return;
        };
        if sending.get_untracked() {
            return;
        }
        let arg = AddPersonArg {
            name: name.value(),
            admin: admin.checked(),
        };
        sending.set(true);
        spawn_local(async move {
            match add_person(arg).await {
                Ok(link) => {
                    problem.try_set(None);
                    made.try_set(Some(link));
                    name.set_value("");
                    admin.set_checked(false);
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
                <label for="person">"Add a person"</label>
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
            <div class="check">
                <input type="checkbox" id="person-admin" name="admin" node_ref=admin />
                <label for="person-admin">"admin"</label>
            </div>
            <button class="button button-main" disabled=sending>"Add"</button>
            <p class="field-problem" id="person-problem" aria-live="polite">{move || problem.get()}</p>
        </form>
    }
    .into_any()
}
