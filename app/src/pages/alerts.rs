//! `/alerts`: what is wrong and asks for an answer, and what was.

use berth_api::alerts::alerts;
use berth_domain::AlertState;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::alert_card::AlertCard;
use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{alerts as t, common};

/// So many that are over are shown.
const OVER: usize = 30;

#[component]
pub fn AlertsPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let problem = query.with_untracked(|query| query.get("error"));
    view! {
        <Title text=common::ALERTS />
        <div class="page alerts-page">
            <header class="page-head">
                <h1>{common::ALERTS}</h1>
                <a class="button" href="/settings">{common::WHAT_I_AM_TOLD}</a>
            </header>
            {problem.map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            <Suspense>
                {move || Suspend::new(async move {
                    match waiting.ready().await {
                        Ok(()) => view! { <Open /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
            <Over />
        </div>
    }
    .into_any()
}

#[component]
fn Open() -> impl IntoView {
    let live = Live::here();
    let of = move |state: AlertState| {
        live.alerts.with(|all| {
            all.iter()
                .filter(|one| one.state == state)
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    let open = move || of(AlertState::Open);
    let answered = move || of(AlertState::Answered);
    view! {
        <section class="panel" aria-labelledby="open-title">
            <h2 id="open-title">{t::OPEN} <span class="quiet num">{move || open().len()}</span></h2>
            <For
                each=open
                key=|alert| (alert.id, alert.climbed.clone())
                children=|alert| view! { <AlertCard alert /> }
            />
            {move || open().is_empty().then(|| view! { <Empty text=t::NOTHING_IS_WRONG /> })}
        </section>
        {move || (!answered().is_empty()).then(|| view! {
            <section class="panel" aria-labelledby="answered-title">
                <h2 id="answered-title">{t::ANSWERED}</h2>
                <For
                    each=answered
                    key=|alert| (alert.id, alert.answer.clone().map(|given| given.at))
                    children=|alert| view! { <AlertCard alert /> }
                />
            </section>
        })}
    }
    .into_any()
}

/// Asked again whenever an alert comes or goes.
#[component]
fn Over() -> impl IntoView {
    let live = Live::here();
    let open = Memo::new(move |_| {
        live.alerts
            .with(|all| all.iter().map(|one| one.id).collect::<Vec<_>>())
    });
    let past = Resource::new_blocking(move || open.get(), |_| alerts(Some(true)));
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let past = match past.await {
                    Ok(past) => past.alerts,
                    Err(error) => return view! { <ProblemView error /> }.into_any(),
                };
                let over = past.into_iter().filter(|one| one.state == AlertState::Resolved);
                let over: Vec<_> = over.take(OVER).collect();
                if over.is_empty() {
                    return ().into_any();
                }
                view! {
                    <section class="panel" aria-labelledby="over-title">
                        <h2 id="over-title">{t::OVER}</h2>
                        {over.into_iter().map(|alert| view! { <AlertCard alert /> }).collect_view()}
                    </section>
                }
                .into_any()
            })}
        </Transition>
    }
    .into_any()
}
