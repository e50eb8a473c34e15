//! The parts of the agents' place, each a page of its own.

use leptos::prelude::*;

use crate::texts::agent as t;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentTab {
    Overview,
    Ask,
    Campaigns,
}

const ALL: [(AgentTab, &str, &str); 3] = [
    (AgentTab::Overview, "/agent", t::OVERVIEW),
    (AgentTab::Ask, "/agent/ask", t::ASK),
    (AgentTab::Campaigns, "/agent/campaigns", t::CAMPAIGNS),
];

/// Links to all of them; the one at hand is marked.
#[component]
pub fn AgentTabs(at: AgentTab) -> impl IntoView {
    let links = ALL.into_iter().map(|(tab, href, word)| {
        let current = (tab == at).then_some("page");
        view! { <a class="tab" href=href aria-current=current>{word}</a> }
    });
    view! {
        <nav class="tabs" aria-label=t::PARTS>
            {links.collect_view()}
        </nav>
    }
    .into_any()
}
