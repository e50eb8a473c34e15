//! `/admin`: what an admin looks after, a few minutes a week: policy, quotas, people, the tokens of nodes,
//! and messages that did not arrive. Plain forms; with script the page stays.

mod asked;
pub mod audit;
mod forbidden;
pub mod import;
mod knobs;
mod limit;
mod messages;
mod people;
mod policy;
mod preview;
mod quotas;
mod tokens;

use berth_api::node_tokens::{NodeTokensAnswer, list_node_tokens};
use berth_api::notifications::{FailedView, notifications};
use berth_api::people::{PersonView, list_admins, list_people};
use berth_api::planner::{PolicyAnswer, PreviewAnswer, get_policy, preview_policy};
use berth_api::quotas::{QuotasAnswer, get_quotas};
use berth_api::{ApiError, cluster};
use berth_domain::UserName;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use self::asked::Asked;
use self::forbidden::Forbidden;
use self::messages::MessagesPanel;
use self::people::PeoplePanel;
use self::policy::PolicyPanel;
use self::quotas::QuotasPanel;
use self::tokens::TokensPanel;
use crate::components::problem::ProblemView;
use crate::start::Waiting;
use crate::texts::common;

/// What whoever looks is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Seen {
    Admin(Box<Everything>),
    /// They are no admin; these are.
    Other(Vec<UserName>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    policy: PolicyAnswer,
    asked: Option<Asked>,
    /// What would come of what is asked.
    preview: Option<Result<PreviewAnswer, ApiError>>,
    quotas: QuotasAnswer,
    people: Vec<PersonView>,
    tokens: NodeTokensAnswer,
    failed: Vec<FailedView>,
}

async fn ask(asked: Option<Asked>) -> Result<Seen, ApiError> {
    if !cluster::whoami().await?.admin {
        return Ok(Seen::Other(list_admins().await?.admins));
    }
    let preview = match asked.as_ref().filter(|asked| asked.preview) {
        Some(asked) => Some(preview_policy(asked.arg.clone()).await),
        None => None,
    };
    Ok(Seen::Admin(Box::new(Everything {
        policy: get_policy().await?,
        asked,
        preview,
        quotas: get_quotas().await?,
        people: list_people().await?.people,
        tokens: list_node_tokens().await?,
        failed: notifications().await?.failed,
    })))
}

#[component]
pub fn AdminPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let problem = query.with_untracked(|query| query.get("error"));
    let asked = Memo::new(move |_| query.with(Asked::from_query));
    let seen = Resource::new_blocking(move || asked.get(), ask);
    view! {
        <Title text=common::ADMIN />
        <div class="page">
            <h1>{common::ADMIN}</h1>
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
                        Ok(Seen::Admin(all)) => view! { <All all=*all /> }.into_any(),
                        Ok(Seen::Other(admins)) => view! { <Forbidden admins /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn All(all: Everything) -> impl IntoView {
    // Who is added has a quota too.
    let people = RwSignal::new(all.people);
    view! {
        <div class="admin">
            <div class="admin-column">
                <PeoplePanel people />
                <QuotasPanel quotas=all.quotas people />
            </div>
            <div class="admin-column">
                <PolicyPanel policy=all.policy asked=all.asked preview=all.preview />
                <TokensPanel tokens=all.tokens />
                <MessagesPanel failed=all.failed />
            </div>
        </div>
    }
    .into_any()
}
