//! A campaign in the list: how it stands, the best so far, its trials, and what it has used.

use berth_api::campaigns::CampaignRow;
use leptos::prelude::*;

use super::{look, words};
use crate::components::moment::Moment;
use crate::components::owner::Owner;
use crate::texts::agent::campaigns as t;

#[component]
pub fn Row(row: Memo<CampaignRow>) -> impl IntoView {
    let known = row.get_untracked();
    let id = known.id;
    view! {
        <li class="line campaign" data-campaign=id.to_string()>
            <header class="agent-head">
                {move || row.with(|row| look::state(&row.state))}
                <h3>
                    <a data-row-link href=format!("/agent/campaigns/{id}")>{known.name}</a>
                </h3>
                <span class="quiet agent-whose">
                    <Owner name=known.user.0 />
                    {known.agent.map(|agent| t::by_agent(&agent))}
                    " · " {t::STARTED} <Moment at=known.started_at />
                </span>
            </header>
            {move || row.with(why)}
            {move || row.with(facts)}
        </li>
    }
    .into_any()
}

/// Why it does not go on, or has no next trial at the moment.
fn why(row: &CampaignRow) -> Option<AnyView> {
    let why = row.why.clone().or_else(|| row.waits.clone())?;
    Some(view! { <p class="agent-why">{why}</p> }.into_any())
}

fn facts(row: &CampaignRow) -> AnyView {
    let best = match &row.best {
        Some(best) => view! {
            <strong class="num">{words::number(best.result)}</strong> " "
            <span class="quiet">{words::values(&best.values)}</span>
        }
        .into_any(),
        None => view! { <span class="quiet" title=t::NO_RESULT>"—"</span> }.into_any(),
    };
    view! {
        <dl class="meters campaign-facts">
            <div>
                <dt>{t::best(&row.metric.name)}</dt>
                <dd>{best}</dd>
            </div>
            <div>
                <dt>{t::TRIALS}</dt>
                <dd>{look::trials(&row.counts)}</dd>
            </div>
            <div>
                <dt>{t::BUDGET}</dt>
                <dd>{look::spent(&row.spent)}</dd>
            </div>
            <div>
                <dt>{t::STRATEGY}</dt>
                <dd>{words::strategy(&row.strategy)}</dd>
            </div>
        </dl>
    }
    .into_any()
}
