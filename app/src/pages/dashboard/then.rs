//! The cluster at a minute that is over: who held what, what the GPUs did, what waited and why.

use berth_api::history::{PastAnswer, cluster_at};
use berth_domain::Timestamp;
use leptos::prelude::*;

use super::nodes::Nodes;
use crate::components::next_up::NextUp;
use crate::components::past::InPast;
use crate::components::problem::ProblemView;
use crate::components::totals::TotalsStrip;
use crate::texts::dashboard as t;

#[component]
pub fn Then(at: Timestamp) -> impl IntoView {
    let told = Resource::new(|| (), move |()| cluster_at(at.to_string()));
    view! {
        <Suspense fallback=|| view! { <p class="quiet" role="status">{t::PUTS_TOGETHER}</p> }>
            {move || Suspend::new(async move {
                match told.await {
                    Ok(told) => view! { <Past told /> }.into_any(),
                    Err(error) => view! { <ProblemView error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Past(told: PastAnswer) -> impl IntoView {
    let PastAnswer { at, picture, .. } = told;
    view! {
        <InPast picture>
            <div class="dashboard dashboard-then is-past" data-at=at.to_string()>
                <div class="dashboard-nodes">
                    <TotalsStrip />
                    <Nodes />
                </div>
                <aside class="dashboard-side">
                    <NextUp />
                </aside>
            </div>
        </InPast>
    }
    .into_any()
}
