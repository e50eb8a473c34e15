//! `/agent/campaigns/ID`: a campaign's report. It follows the campaign while that goes on.

use berth_api::campaigns::{CampaignRow, CampaignView, campaign};
use berth_api::{ApiError, ErrorCode};
use berth_domain::CampaignId;
use berth_domain::campaign::Note;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::actions::Actions;
use super::chart::ChartPanel;
use super::facts::{BestPanel, BudgetPanel, SearchPanel};
use super::look;
use super::sheet::{STATE, Sheet};
use super::trials::TrialsPanel;
use crate::components::moment::Moment;
use crate::components::owner::Owner;
use crate::components::problem::ProblemView;
use crate::pages::agent::tabs::{AgentTab, AgentTabs};
use crate::start::Waiting;
use crate::texts::agent::campaigns as t;

async fn find(id: String) -> Result<CampaignView, ApiError> {
    let id: CampaignId = id
        .parse()
        .map_err(|_| ApiError::new(ErrorCode::NotFound, t::no_number(&id)))?;
    campaign(id).await
}

#[component]
pub fn CampaignPage() -> impl IntoView {
    let waiting = Waiting::here();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let found = Resource::new_blocking(move || id.get(), find);
    let problem = move || query.with(|query| query.get("error"));
    view! {
        <div class="page agent-page">
            <AgentTabs at=AgentTab::Campaigns />
            {move || problem().map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            <Transition>
                {move || Suspend::new(async move {
                    let found = match waiting.ready().await {
                        Ok(()) => found.await,
                        Err(error) => Err(error),
                    };
                    match found {
                        Ok(known) => view! { <Report known /> }.into_any(),
                        Err(error) => view! {
                            <Title text=t::CAMPAIGN />
                            <ProblemView error />
                        }
                        .into_any(),
                    }
                })}
            </Transition>
        </div>
    }
    .into_any()
}

#[component]
fn Report(known: CampaignView) -> impl IntoView {
    let row = known.row.clone();
    let goal = Some(known.goal.clone()).filter(|goal| !goal.is_empty());
    let sheet = Sheet::new(known);
    sheet.keep_current();
    let state = Memo::new(move |_| sheet.row(|row| row.state.clone()));
    let ended = Memo::new(move |_| sheet.row(|row| row.ended_at));
    view! {
        <Title text=format!("{} {}", t::CAMPAIGN, row.name) />
        <article class="campaign-report">
            <header class="campaign-top">
                <div>
                    <p class="quiet num">{t::CAMPAIGN} " " {row.id.to_string()}</p>
                    <h1>{row.name}</h1>
                </div>
                <div class="agent-head">
                    <span id=STATE role="status" tabindex="-1">
                        {move || state.with(|state| look::state(state))}
                    </span>
                    <Owner name=row.user.0 />
                    <span class="quiet agent-whose">
                        {row.agent.map(|agent| view! { {t::by_agent(&agent)} " · " })}
                        {t::STARTED} <Moment at=row.started_at />
                        {move || ended.get().map(|at| view! { {t::ENDED_AT} <Moment at /> })}
                    </span>
                </div>
                {goal.map(|goal| view! { <p class="campaign-goal">{goal}</p> })}
                {move || sheet.row(why)}
                <Actions sheet />
            </header>
            <div class="campaign-panels">
                <BestPanel sheet />
                <BudgetPanel sheet />
                <SearchPanel sheet />
            </div>
            <ChartPanel sheet />
            <TrialsPanel sheet />
            <Notes sheet />
        </article>
    }
    .into_any()
}

/// Why it is paused or ended, and what it waits for.
fn why(row: &CampaignRow) -> AnyView {
    let line = |name: &'static str, text: String| {
        view! { <p class="agent-why"><span class="quiet">{name}</span> " " {text}</p> }
    };
    let why = row.why.clone().map(|why| line(t::WHY_SO, why));
    let waits = row.waits.clone().map(|waits| line(t::WAITS_FOR, waits));
    view! { {why} {waits} }.into_any()
}

/// What people said to it, newest last.
#[component]
fn Notes(sheet: Sheet) -> impl IntoView {
    let notes = Memo::new(move |_| sheet.known.with(|known| known.notes.clone()));
    move || {
        let notes = notes.get();
        if notes.is_empty() {
            return ().into_any();
        }
        let note = |note: Note| {
            view! {
                <li>
                    <span class="quiet">{note.by.to_string()} ", " <Moment at=note.at /></span>
                    <p>{note.text}</p>
                </li>
            }
        };
        view! {
            <section class="panel" aria-labelledby="notes-title">
                <h2 id="notes-title">{t::NOTES}</h2>
                <ol class="campaign-notes">{notes.into_iter().map(note).collect_view()}</ol>
            </section>
        }
        .into_any()
    }
}
