//! One agent: how it stands, what it has used, what it may do, and what can be done to it.

use berth_api::agents::{
    AgentAnswer, AgentArg, AgentView, SetAgentArg, list_agents, remove_agent, set_agent,
};
use berth_api::{ApiError, ErrorCode};
use berth_domain::{Right, UserName};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::asked::Asked;
use super::desk::{Desk, Made, focus};
use super::filter::Filter;
use super::mandate_form::MandateForm;
use super::meters::meters;
use super::switch::{AgentSwitch, badge, why};
use super::words;
use crate::components::confirm::Ask;
use crate::components::moment::Moment;
use crate::components::owner::Owner;
use crate::live::Live;
use crate::texts::agent as t;

#[component]
pub fn AgentPanel(
    agent: AgentView,
    desk: Desk,
    filter: Memo<Filter>,
    asked: Memo<Option<Asked>>,
) -> impl IntoView {
    let live = Live::here();
    let name = agent.name.clone();
    let heading = heading(&name);
    let label = heading.clone();
    let after = heading.clone();
    let one = desk.agent(agent.clone());
    let all = Memo::new(move |_| desk.answer.with(|answer| answer.stopped.is_some()));
    let stands = move || {
        let stopped = one.with(|one| one.stopped.clone())?;
        let said = if all.get() {
            view! { <p class="agent-why">{t::WITH_ALL}</p> }.into_any()
        } else {
            view! { <p class="agent-why">{t::IS_STOPPED} {why(stopped)}</p> }.into_any()
        };
        Some(said)
    };
    let may = Memo::new(move |_| one.with(|one| live.may(Right::ChangeAgent, &one.acts_for, None)));
    let of = name.clone();
    let form = move || {
        let asked = asked.get()?;
        let here = asked.of.as_deref() == Some(of.as_str()) && may.get();
        here.then(|| view! { <MandateForm asked desk filter /> })
    };
    let who = name.clone();
    let actions = move || {
        let (name, after) = (who.clone(), after.clone());
        may.get()
            .then(|| view! { <Actions name one desk filter after /> })
    };
    view! {
        <article class="agent" aria-labelledby=label data-agent=name.to_string()>
            <header class="agent-head">
                <h3 id=heading tabindex="-1">{name.to_string()}</h3>
                {move || badge(one.with(|one| one.stopped.is_some()))}
                <span class="quiet agent-whose">
                    {t::FOR_WHOM}
                    {move || one.with(|one| view! { <Owner name=one.acts_for.0.clone() /> })}
                    " · " {t::MADE} <Moment at=agent.made_at />
                </span>
            </header>
            {stands}
            {move || one.with(meters)}
            {move || one.with(mandate)}
            {actions}
            {form}
        </article>
    }
    .into_any()
}

/// Where the focus goes when something was done to an agent.
pub fn heading(name: &UserName) -> String {
    format!("agent-{name}")
}

/// What it may do, in words.
fn mandate(agent: &AgentView) -> AnyView {
    let lines = words::mandate(&agent.mandate, &agent.acts_for);
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> });
    let commands = agent.mandate.commands.iter().map(|template| {
        let command = template.command.clone();
        view! { <li><code>{command}</code></li> }
    });
    let commands: Vec<_> = commands.collect();
    let only = (!commands.is_empty()).then(|| {
        view! { <li>{t::RUNS_ONLY} <ul class="agent-commands">{commands}</ul></li> }
    });
    view! { <ul class="agent-mandate">{lines.collect_view()} {only}</ul> }.into_any()
}

#[component]
fn Actions(
    name: UserName,
    one: Memo<AgentView>,
    desk: Desk,
    filter: Memo<Filter>,
    after: String,
) -> impl IntoView {
    let (of, by) = (name.clone(), name.clone());
    let change = move || {
        let href = filter.with(|filter| filter.href(Some(("edit", of.as_str()))));
        format!("{href}#agent-{of}")
    };
    let did = move || {
        let by = by.to_string();
        let href = filter.with(|filter| filter.with(|filter| filter.by = by).href(None));
        format!("{href}#ledger")
    };
    view! {
        <div class="actions agent-actions">
            <AgentSwitch one desk after />
            <a class="button button-small" href=change aria-label=t::change_mandate(&name)>
                {t::CHANGE_MANDATE}
            </a>
            {token_button(&name, desk)}
            <a class="button button-small" href=did aria-label=t::what_it_did(&name)>{t::WHAT_IT_DID}</a>
            {remove_button(&name, desk)}
        </div>
    }
    .into_any()
}

fn token_button(name: &UserName, desk: Desk) -> AnyView {
    let (value, label) = (name.to_string(), t::new_token(name));
    let name = name.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let name = name.clone();
        spawn_local(async move {
            match another_token(name).await {
                Ok(set) => {
                    desk.notices.say(t::made_token(&set.agent.name));
                    show(set.agent.name, set.token, desk);
                }
                Err(error) => desk.notices.refuse(&error),
            }
        });
    };
    view! {
        <form method="post" action="/forms/agent-token" on:submit=submit>
            <input type="hidden" name="name" value=value />
            <button class="button button-small" aria-label=label>{t::NEW_TOKEN}</button>
        </form>
    }
    .into_any()
}

/// With the mandate that it has by now, which may not be what the page knows.
async fn another_token(name: UserName) -> Result<AgentAnswer, ApiError> {
    let all = list_agents().await?.agents;
    let known = all.into_iter().find(|one| one.name == name);
    let known = known.ok_or_else(|| ApiError::new(ErrorCode::NotFound, t::is_gone(&name)))?;
    let arg = SetAgentArg {
        name: known.name.to_string(),
        acts_for: None,
        mandate: known.mandate,
        token: true,
    };
    set_agent(arg).await
}

/// Shows a token, the only time that it can be seen.
pub fn show(agent: UserName, token: Option<String>, desk: Desk) {
    let made = token.map(|token| Made { agent, token });
    if made.is_some() {
        desk.made.try_set(made);
        focus("token-made");
    }
}

fn remove_button(name: &UserName, desk: Desk) -> AnyView {
    let (value, label) = (name.to_string(), t::remove(name));
    let name = name.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let ask = Ask {
            title: t::remove_asked(&name),
            text: t::REMOVE_TOLD.to_owned(),
            verb: t::REMOVE_THE_AGENT,
        };
        let name = name.clone();
        let remove = move |()| {
            let arg = AgentArg {
                name: name.to_string(),
            };
            desk.send(remove_agent(arg), t::removed(&name), || {
                focus("agents-title");
            });
        };
        desk.confirm.ask(ask, Callback::new(remove));
    };
    view! {
        <form method="post" action="/forms/agent-remove" on:submit=submit>
            <input type="hidden" name="name" value=value />
            <button class="button button-small button-bad-quiet" aria-label=label>{t::REMOVE}</button>
        </form>
    }
    .into_any()
}
