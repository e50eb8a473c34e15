//! `/agent/ask` and `/agent/ask/ID`: talks with the assistant. What it says is shown as it comes, and what has
//! to be approved is approved here. Without script kept talks can be read.

mod announced;
mod answer;
pub mod answering;
mod approval;
mod chat;
mod composer;
#[cfg(any(feature = "hydrate", test))]
mod events;
mod plain;
mod prose;
mod steps;
#[cfg(feature = "hydrate")]
mod stream;
mod talk;
mod talks;
mod turn;

use berth_api::agents::{AgentsAnswer, list_agents};
use berth_api::talks::{TalkAnswer, TalksAnswer, talk, talks};
use berth_api::{ApiError, ErrorCode};
use berth_domain::TalkId;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use self::answering::{Answering, UnderWay};
use self::chat::Chat;
use self::talk::TalkPanel;
use self::talks::TalksPanel;
use super::desk::Desk;
use super::follow;
use super::tabs::{AgentTab, AgentTabs};
use crate::components::problem::ProblemView;
use crate::start::Waiting;
use crate::texts::agent::ask as t;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    talks: TalksAnswer,
    /// The one that the address names, if it names one.
    talk: Option<Result<TalkAnswer, ApiError>>,
    /// What waits for an answer is among it.
    agents: AgentsAnswer,
}

/// `at` is the number of a talk as the address has it; empty: a new one.
async fn ask(at: String) -> Result<Everything, ApiError> {
    let talk = match at.as_str() {
        "" => None,
        at => Some(find(at).await),
    };
    Ok(Everything {
        talk,
        talks: talks().await?,
        agents: list_agents().await?,
    })
}

async fn find(at: &str) -> Result<TalkAnswer, ApiError> {
    let id: TalkId = at
        .parse()
        .map_err(|_| ApiError::new(ErrorCode::NotFound, t::no_talk(at)))?;
    talk(id).await
}

#[component]
pub fn AskPage() -> impl IntoView {
    let waiting = Waiting::here();
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    // Later the page asks for another talk by itself.
    let first = wanted.get_untracked();
    let at = first.clone();
    let under_way = Answering::here().way.get_untracked();
    let seen = Resource::new_blocking(move || first.clone(), ask);
    view! {
        <Title text=t::TITLE />
        <div class="page agent-page">
            <h1>{t::TITLE}</h1>
            <AgentTabs at=AgentTab::Ask />
            <Suspense>
                {move || {
                    let (at, under_way) = (at.clone(), under_way.clone());
                    Suspend::new(async move {
                        let seen = match waiting.ready().await {
                            Ok(()) => seen.await,
                            Err(error) => Err(error),
                        };
                        match seen {
                            Ok(seen) => view! { <All seen at wanted under_way /> }.into_any(),
                            Err(error) => view! { <ProblemView error /> }.into_any(),
                        }
                    })
                }}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn All(
    seen: Everything,
    at: String,
    wanted: Memo<String>,
    under_way: Option<UnderWay>,
) -> impl IntoView {
    let desk = Desk::new(seen.agents);
    follow(desk);
    let chat = Chat::new(desk, seen.talks, at, seen.talk, under_way.as_ref());
    chat.follow(wanted);
    view! {
        <div class="ask">
            <TalkPanel chat />
            <TalksPanel chat />
        </div>
    }
    .into_any()
}
