//! What one may hold and use: what holds for everybody, for whom something else does, and how it stands.

use berth_api::people::PersonView;
use berth_api::quotas::{QuotaView, QuotasAnswer};
use berth_domain::UserName;
use berth_domain::quota::Whose;
use leptos::prelude::*;

use super::limit::{LimitForm, NamedForm};
use crate::components::budget::{budget, words};
use crate::components::owner::Owner;
use crate::texts::{admin as t, common, quotas as q};

#[component]
pub(super) fn QuotasPanel(
    quotas: QuotasAnswer,
    people: RwSignal<Vec<PersonView>>,
) -> impl IntoView {
    let quotas = RwSignal::new(quotas);
    let users: Memo<Vec<Whose>> = Memo::new(move |_| {
        let (quotas, people) = (quotas.read(), people.read());
        let known = people.iter().map(|person| person.name.0.clone());
        let held = quotas.users.iter().map(|user| user.name.clone());
        let mut names: Vec<String> = known.chain(held).collect();
        names.sort();
        names.dedup();
        let users = names.into_iter().map(|name| Whose::User(UserName(name)));
        [Whose::EveryUser].into_iter().chain(users).collect()
    });
    let projects: Memo<Vec<Whose>> = Memo::new(move |_| {
        let quotas = quotas.read();
        let names = quotas.projects.iter().map(|project| project.name.clone());
        let projects = names.map(Whose::Project);
        [Whose::EveryProject].into_iter().chain(projects).collect()
    });
    view! {
        <section class="panel" aria-labelledby="quotas-title">
            <h2 id="quotas-title">{t::QUOTAS}</h2>
            <p class="quiet">
                {t::QUOTAS_TOLD}
            </p>
            <Table title=t::USERS whose=users quotas />
            <Table title=t::PROJECTS whose=projects quotas />
            <NamedForm quotas />
            <p class="quiet">
                <a href="/admin/audit?act=set_quota">{t::WHO_CHANGED_QUOTAS}</a>
                " · "
                <a href="/projects">{t::PROJECTS_ARE}</a>
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn Table(
    title: &'static str,
    whose: Memo<Vec<Whose>>,
    quotas: RwSignal<QuotasAnswer>,
) -> impl IntoView {
    view! {
        <table class="limits">
            <caption class="visually-hidden">{t::QUOTAS_OF} {title}</caption>
            <thead>
                <tr>
                    <th scope="col">{title}</th>
                    <th scope="col" class="num">{q::HOLDS}</th>
                    <th scope="col">{q::MAY_HOLD}</th>
                    <th scope="col">{q::BUDGET}</th>
                    <th scope="col" class="num">{q::SHARES_HEAD}</th>
                    <th scope="col">{common::CHANGE}</th>
                </tr>
            </thead>
            <tbody>
                <For
                    each=move || whose.get()
                    key=id
                    children=move |whose| row(whose, quotas)
                />
            </tbody>
        </table>
    }
    .into_any()
}

/// For keys and elements.
fn id(whose: &Whose) -> String {
    match whose {
        Whose::EveryUser => "every-user".to_owned(),
        Whose::EveryProject => "every-project".to_owned(),
        Whose::User(user) => format!("user-{user}"),
        Whose::Project(project) => format!("project-{project}"),
    }
}

fn row(whose: Whose, quotas: RwSignal<QuotasAnswer>) -> AnyView {
    let of = whose.clone();
    let stands = Memo::new(move |_| quotas.with(|quotas| stands(&of, quotas)));
    let every = matches!(whose, Whose::EveryUser | Whose::EveryProject);
    let name = match &whose {
        Whose::EveryUser | Whose::EveryProject => t::EVERYBODY_ELSE.into_any(),
        Whose::User(user) => view! { <Owner name=user.0.clone() /> }.into_any(),
        Whose::Project(project) => view! { <span>{project.clone()}</span> }.into_any(),
    };
    let held = move || (!every).then(|| stands.with(|one| one.held));
    let may = move || stands.with(|one| words(one.limit));
    let usual = move || {
        let usual = !every && stands.with(|one| !one.named);
        usual.then(|| view! { <span class="quiet">{q::AS_EVERYBODY}</span> })
    };
    let hours = move || stands.with(|one| budget(one, every));
    let shares = move || stands.with(|one| one.shares);
    let place = id(&whose);
    view! {
        <tr data-whose=place>
            <th scope="row">{name}</th>
            <td class="num" data-said=q::SAID_HOLDS>{held}</td>
            <td>{may} {usual}</td>
            <td class="limit-hours" data-said=q::SAID_BUDGET>{hours}</td>
            <td class="num" data-said=q::SAID_SHARES>{shares}</td>
            <td><LimitForm whose stands quotas /></td>
        </tr>
    }
    .into_any()
}

/// How it stands with one, or what everybody has who is not named.
fn stands(whose: &Whose, quotas: &QuotasAnswer) -> QuotaView {
    match whose {
        // Nobody is called so.
        Whose::EveryUser => quotas.of_user(""),
        Whose::EveryProject => quotas.of_project(""),
        Whose::User(name) => quotas.of_user(name.as_str()),
        Whose::Project(name) => quotas.of_project(name),
    }
}

#[cfg(test)]
mod tests {
    use berth_api::quotas::Limit;

    use super::*;

    #[test]
    fn who_is_not_named_has_what_everybody_has() {
        let limit = |gpus| Some(Limit { gpus, hard: false });
        let quotas = QuotasAnswer {
            user: limit(8),
            users: vec![QuotaView {
                name: "ana".into(),
                limit: None,
                named: true,
                held: 3,
                ..QuotaView::default()
            }],
            ..QuotasAnswer::default()
        };
        let of = |name: &str| stands(&Whose::User(UserName::from(name)), &quotas);
        assert_eq!((of("bo").limit, of("bo").named), (limit(8), false));
        assert_eq!((of("ana").limit, of("ana").held), (None, 3));
        assert_eq!(words(of("bo").limit), "8, soft");
        assert_eq!(words(of("ana").limit), "no limit");
        assert_eq!(stands(&Whose::EveryProject, &quotas).limit, None);
    }
}
