//! `/`: the cluster, what waits, what ended.

use berth_api::alerts::AlertView;
use berth_domain::AlertState;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::alert_card::badge_of;
use crate::components::empty::Empty;
use crate::components::job_line::{RecentLine, WaitingLine};
use crate::components::node_row::NodeRow;
use crate::components::problem::ProblemView;
use crate::format;
use crate::icons::icon;
use crate::live::Live;
use crate::start::Waiting;

/// So many waiting and finished jobs are shown here; the jobs page has all.
const NEXT: usize = 12;
const RECENT: usize = 8;
/// So many alerts; their page has all.
const ALERTS: usize = 3;

#[component]
pub fn Dashboard() -> impl IntoView {
    let waiting = Waiting::here();
    view! {
        <Title text="Dashboard" />
        <Suspense>
            {move || Suspend::new(async move {
                match waiting.ready().await {
                    Ok(()) => view! { <Cluster /> }.into_any(),
                    Err(error) => view! { <ProblemView error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Cluster() -> impl IntoView {
    let live = Live::here();
    view! {
        <h1 class="visually-hidden">"Dashboard"</h1>
        <div class="dashboard">
            <div class="dashboard-nodes">
                <Totals />
                <Wrong />
                <For
                    each=move || live.nodes.get()
                    key=|node| node.clone()
                    children=|node| view! { <NodeRow node /> }
                />
                {move || live.nodes.with(Vec::is_empty).then(|| view! {
                    <Empty text="No node has reported yet. The page Cluster says what Berth runs on." />
                })}
            </div>
            <aside class="dashboard-side">
                <NextUp />
                <Recent />
            </aside>
        </div>
    }
    .into_any()
}

#[component]
fn Totals() -> impl IntoView {
    let live = Live::here();
    let free = move || live.totals.with(|totals| totals.free);
    let number = |value: AnyView, word: &'static str| {
        view! {
            <div>
                <dd class="num">{value}</dd>
                <dt>{word}</dt>
            </div>
        }
    };
    let busy = move || {
        live.totals
            .with(|t| t.busy_pct.map_or("—".to_owned(), format::percent))
    };
    view! {
        <dl class="totals">
            {number((move || free()).into_any(), "GPUs free")}
            {number((move || live.totals.with(|t| t.allocated)).into_any(), "allocated")}
            {number(view! { {busy} <small>"%"</small> }.into_any(), "busy")}
            {number((move || live.counts.with(|c| c.active)).into_any(), "running")}
            {number((move || live.counts.with(|c| c.queued)).into_any(), "queued")}
            {number((move || live.counts.with(|c| c.held)).into_any(), "held")}
        </dl>
    }
    .into_any()
}

/// What is wrong, in a line each.
#[component]
fn Wrong() -> impl IntoView {
    let live = Live::here();
    let open = move || {
        let open = |one: &&AlertView| one.state == AlertState::Open;
        live.alerts
            .with(|all| all.iter().filter(open).cloned().collect::<Vec<_>>())
    };
    let line = |alert: AlertView| {
        let (class, which) = badge_of(alert.severity);
        view! {
            <li>
                <a class="alert-line" href=format!("/alerts#alert-{}", alert.id)>
                    <span class=class>{icon(which)} {alert.title}</span>
                    <span class="clip">{alert.text}</span>
                    <span class="alert-go">"Answer"</span>
                </a>
            </li>
        }
    };
    let more = move || open().len().saturating_sub(ALERTS);
    let shown = move || {
        let first = open();
        (!first.is_empty()).then(|| {
            view! {
                <section class="panel alert-lines" aria-label="Alerts">
                    <ul>{first.into_iter().take(ALERTS).map(line).collect_view()}</ul>
                    {(more() > 0).then(|| view! {
                        <p class="more"><a href="/alerts">{format!("and {} more", more())}</a></p>
                    })}
                </section>
            }
        })
    };
    shown.into_any()
}

#[component]
fn NextUp() -> impl IntoView {
    let live = Live::here();
    let first = move || live.firsts(live.queue, NEXT);
    let waiting = move || {
        live.counts
            .with(|counts| u64::from(counts.queued + counts.held))
    };
    let more = move || waiting().saturating_sub(live.waiting_of(&first()));
    let nothing = move || {
        let idle = live.active.with(Vec::is_empty) && live.recent.with(Vec::is_empty);
        live.queue.with(Vec::is_empty).then(|| {
            if idle {
                view! { <Empty text="No job yet. Submit the first one:" offer=true /> }
            } else {
                view! { <Empty text="Nothing waits. A new job starts at once if it fits." /> }
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="next-title">
            <h2 id="next-title">
                "Next up " <span class="quiet num">{waiting}</span>
            </h2>
            <ol class="lines">
                <For each=first key=|id| *id children=|id| view! { <WaitingLine id /> } />
            </ol>
            {nothing}
            {move || (more() > 0).then(|| view! {
                <p class="more">
                    <a href="/jobs?user=all&state=waiting">"and " {format::thousands(more())} " more"</a>
                </p>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Recent() -> impl IntoView {
    let live = Live::here();
    let recent = move || live.firsts(live.recent, RECENT);
    let shown = move || {
        live.recent.with(|recent| !recent.is_empty()).then(|| {
            view! {
                <section class="panel" aria-labelledby="recent-title">
                    <h2 id="recent-title">"Finished"</h2>
                    <ol class="lines">
                        <For each=recent key=|id| *id children=|id| view! { <RecentLine id /> } />
                    </ol>
                    <p class="more">
                        <a href="/jobs?user=all&state=Finished">"All finished jobs"</a>
                    </p>
                </section>
            }
        })
    };
    shown.into_any()
}
