//! The cluster at a minute that is over: who held what, what the GPUs did, what waited and why.

use berth_api::history::{PastAnswer, cluster_at};
use berth_domain::Timestamp;
use leptos::context::Provider;
use leptos::prelude::*;

use super::nodes::Nodes;
use super::side::NextUp;
use super::totals::TotalsStrip;
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::sparks::Sparks;

#[component]
pub fn Then(at: Timestamp) -> impl IntoView {
    let told = Resource::new(|| (), move |()| cluster_at(at.to_string()));
    let live = Live::here();
    view! {
        <Suspense fallback=|| view! { <p class="quiet" role="status">"Puts that time together."</p> }>
            {move || Suspend::new(async move {
                match told.await {
                    Ok(told) => view! { <Past live told /> }.into_any(),
                    Err(error) => view! { <ProblemView error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Past(live: Live, told: PastAnswer) -> impl IntoView {
    let past = live.of_past(told.picture);
    view! {
        <Provider value=past>
            <Provider value=Sparks::none()>
                <div class="dashboard dashboard-then" data-at=told.at.to_string()>
                    <div class="dashboard-nodes">
                        <TotalsStrip />
                        <Nodes />
                    </div>
                    <aside class="dashboard-side">
                        <NextUp />
                    </aside>
                </div>
            </Provider>
        </Provider>
    }
    .into_any()
}
