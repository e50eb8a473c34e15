//! `/projects`: what whoever looks may use, who is in which project and what it uses. Admins set projects
//! up, and their leads say who is in them. Plain forms.

mod one;

use berth_api::ApiError;
use berth_api::cluster::whoami;
use berth_api::projects::{ProjectView, ProjectsAnswer, list_projects};
use berth_api::quotas::{QuotaView, QuotasAnswer, get_quotas};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use crate::components::budget::{budget, words};
use crate::components::problem::ProblemView;
use crate::format;
use crate::start::Waiting;
use crate::texts::{common, projects as t, quotas as q, units};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    me: String,
    admin: bool,
    projects: ProjectsAnswer,
    quotas: QuotasAnswer,
}

async fn ask() -> Result<Seen, ApiError> {
    let who = whoami().await?;
    Ok(Seen {
        me: who.user.0,
        admin: who.admin,
        projects: list_projects().await?,
        quotas: get_quotas().await?,
    })
}

#[component]
pub fn ProjectsPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let problem = query.with_untracked(|query| query.get("error"));
    let seen = Resource::new_blocking(|| (), |()| ask());
    view! {
        <Title text=t::PROJECTS />
        <div class="page projects">
            <h1>{t::PROJECTS}</h1>
            {problem.map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            <Suspense>
                {move || Suspend::new(async move {
                    let seen = match waiting.ready().await {
                        Ok(()) => seen.await,
                        Err(error) => Err(error),
                    };
                    match seen {
                        Ok(seen) => view! { <All seen /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn All(seen: Seen) -> impl IntoView {
    let Seen {
        me,
        admin,
        projects,
        quotas,
    } = seen;
    let mine = quotas.of_user(&me);
    let people: Vec<String> = quotas.users.iter().map(|one| one.name.clone()).collect();
    let (set_up, only_words): (Vec<_>, Vec<_>) = projects
        .projects
        .into_iter()
        .partition(|project| project.set_up);
    let known: Vec<String> = only_words
        .iter()
        .map(|project| project.name.clone())
        .collect();
    let none = set_up
        .is_empty()
        .then(|| view! { <p class="quiet">{t::NO_PROJECT}</p> });
    let each: Vec<AnyView> = set_up
        .into_iter()
        .map(|project| {
            let stands = quotas.of_project(&project.name);
            one::project(project, &stands, admin)
        })
        .collect();
    let people = people
        .into_iter()
        .map(|name| view! { <option value=name></option> });
    view! {
        <section class="panel" aria-labelledby="you-title">
            <h2 id="you-title">{t::YOU}</h2>
            {standing(&mine)}
        </section>
        <section class="panel" aria-labelledby="projects-title">
            <h2 id="projects-title">{t::SET_UP_ONES}</h2>
            <p class="quiet">{t::PROJECTS_TOLD}</p>
            {none}
            {each}
            <datalist id="known-people">{people.collect_view()}</datalist>
            {admin.then(|| one::new(&known))}
        </section>
        {(!only_words.is_empty()).then(|| words_panel(only_words, &quotas))}
    }
    .into_any()
}

/// Projects that nobody set up.
fn words_panel(projects: Vec<ProjectView>, quotas: &QuotasAnswer) -> AnyView {
    let each = projects.into_iter().map(|project| {
        let stands = quotas.of_project(&project.name);
        let (name, runs) = (project.name.clone(), runs(&project));
        view! {
            <article class="project" data-project=project.name.clone() aria-label=project.name>
                <h3>{name} <span class="quiet">{runs}</span></h3>
                {standing(&stands)}
            </article>
        }
    });
    view! {
        <section class="panel" aria-labelledby="words-title">
            <h2 id="words-title">{t::ONLY_A_WORD}</h2>
            <p class="quiet">{t::ONLY_A_WORD_TOLD}</p>
            {each.collect_view()}
        </section>
    }
    .into_any()
}

/// `3 jobs, 8 GPUs now`.
fn runs(project: &ProjectView) -> String {
    t::runs(
        &units::jobs(project.jobs),
        &format::count(project.gpus, common::GPU),
    )
}

/// What one holds and may hold, what is used of the budget, and the shares.
fn standing(one: &QuotaView) -> AnyView {
    let of = if one.limit.is_some() { q::OF } else { q::COMMA };
    view! {
        <dl class="standing">
            <div>
                <dt>{t::GPUS_AT_ONCE}</dt>
                <dd><span class="num">{one.held}</span> {of} {words(one.limit)}</dd>
            </div>
            <div>
                <dt>{q::BUDGET}</dt>
                <dd>{budget(one, true)}</dd>
            </div>
            <div>
                <dt>{q::SHARES_HEAD}</dt>
                <dd class="num">{one.shares}</dd>
            </div>
        </dl>
    }
    .into_any()
}
