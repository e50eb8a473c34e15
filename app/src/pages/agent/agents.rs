//! The agents, those of whoever looks first; making one; and a token, the only time that it can be seen.

use berth_api::agents::AgentView;
use leptos::prelude::*;

use super::asked::Asked;
use super::desk::{Desk, Made};
use super::filter::Filter;
use super::mandate_form::MandateForm;
use super::one::AgentPanel;
use crate::components::copy::CopyLine;
use crate::components::empty::Empty;
use crate::live::Live;
use crate::texts::{agent as t, common};

#[component]
pub fn AgentsPanel(desk: Desk, filter: Memo<Filter>, asked: Memo<Option<Asked>>) -> impl IntoView {
    let live = Live::here();
    let sorted = move || {
        let mut all = desk.answer.with(|answer| answer.agents.clone());
        // The order is kept among those of one and those of all others.
        all.sort_by_key(|one| !live.is_me(Some(&one.acts_for)));
        all
    };
    let count = Memo::new(move |_| desk.answer.with(|answer| answer.agents.len()));
    let makes = move || asked.get().filter(|asked| asked.of.is_none());
    let opens = move || {
        let href = filter.with(|filter| filter.href(Some(("new", "1"))));
        // The one button, where there is nothing else.
        let class = match count.get() {
            0 => "button button-main",
            _ => "button",
        };
        let link =
            view! { <a class=class href=format!("{href}#agents-title")>{t::MAKE_AN_AGENT}</a> };
        makes().is_none().then_some(link)
    };
    view! {
        <section class="panel" aria-labelledby="agents-title">
            <header class="agents-head">
                <h2 id="agents-title" tabindex="-1">{t::AGENTS} <span class="quiet num">{count}</span></h2>
                {move || (count.get() > 0).then(opens)}
            </header>
            {move || (count.get() == 0).then(|| view! {
                <div class="agents-none">
                    <Empty text=t::NO_AGENTS />
                    {opens()}
                </div>
            })}
            {move || makes().map(|asked| view! { <MandateForm asked desk filter /> })}
            <div role="status">{move || desk.made.get().map(|made| shown(made, desk))}</div>
            <div class="agents">
                <For
                    each=sorted
                    key=|agent: &AgentView| agent.name.clone()
                    children=move |agent| view! { <AgentPanel agent desk filter asked /> }
                />
            </div>
        </section>
    }
    .into_any()
}

/// With the lines that connect what is to act.
fn shown(made: Made, desk: Desk) -> AnyView {
    // It was made by a browser.
    let url = window().location().origin().unwrap_or_default();
    let Made { agent, token } = made;
    let claude = t::for_claude(&url, &token);
    let shell = t::for_shell(&url, &token);
    view! {
        <div class="token-made" id="token-made" tabindex="-1">
            <p>{t::TOKEN_OF} <strong>{agent.to_string()}</strong> {t::TOKEN_ONCE}</p>
            <CopyLine text=token what=t::COPY_TOKEN />
            <p>{t::FOR_CLAUDE}</p>
            <CopyLine text=claude what=common::COPY_COMMAND />
            <p>{t::FOR_SHELL}</p>
            <CopyLine text=shell what=common::COPY_COMMAND />
            <button type="button" class="button button-small" on:click=move |_| desk.made.set(None)>
                {t::HIDE}
            </button>
        </div>
    }
    .into_any()
}
