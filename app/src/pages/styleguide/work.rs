//! What is shown of jobs, GPUs and alerts.

use berth_api::agents::AgentsAnswer;
use berth_domain::{StateName, Timestamp};
use leptos::prelude::*;

use super::{cards as made_up, sample, shown};
use crate::clock::Clock;
use crate::components::alert_card::{AlertCard, badge_of};
use crate::components::array_actions::ArrayActions;
use crate::components::array_row::ArrayRow;
use crate::components::array_tasks::ArrayTasks;
use crate::components::free_at::FreeAtList;
use crate::components::gpu_squares::GpuSquares;
use crate::components::job_actions::JobActions;
use crate::components::job_change::JobChange;
use crate::components::job_line::{RecentLine, WaitingLine};
use crate::components::job_row::{JobRow, JobsHead};
use crate::components::lease::LeaseTiles;
use crate::components::moment::{Lasting, Moment};
use crate::components::node_row::NodeRow;
use crate::components::owner::{Owner, OwnerMark};
use crate::components::start_range::StartRange;
use crate::components::state_badge::{StateBadge, outcome};
use crate::components::timeline::Timeline;
use crate::icons::icon;
use crate::live::{Link, Live};
use crate::pages::agent::card::{LedgerLine, OpenCard};
use crate::pages::agent::desk::Desk;

/// How an attempt can end and a job cannot.
const OF_ATTEMPTS: [&str; 4] = ["Preempted", "Requeued", "GpuFault", "Idle"];

fn now() -> Timestamp {
    let seconds = Clock::here().now_untracked();
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub fn states() -> AnyView {
    let jobs = sample::jobs(now()).into_iter().map(|job| {
        let row = Signal::stored(job);
        view! { <StateBadge row /> }
    });
    let attempts = OF_ATTEMPTS.map(|token| {
        let (which, word, tone) = outcome(token);
        view! { <span class=format!("badge badge-{tone}")>{icon(which)} {word}</span> }
    });
    let severities = sample::alerts(now()).into_iter().take(3).map(|alert| {
        let (class, which) = badge_of(alert.severity);
        view! { <span class=class>{icon(which)} {alert.severity.as_str()}</span> }
    });
    let links = [Link::Live, Link::Stale, Link::Offline].map(|link| {
        let word = link.as_str();
        view! { <span class=format!("link link-{word}")>{word}</span> }
    });
    view! {
        {shown("Of jobs", jobs.collect_view())}
        {shown("Of attempts only", attempts.collect_view())}
        {shown("Of alerts", severities.collect_view())}
        {shown("Of the page", links.collect_view())}
        {shown("Of the hardware", view! { <strong class="simulated">"SIMULATED"</strong> })}
    }
    .into_any()
}

pub fn facts() -> AnyView {
    let at = now();
    let waits = Signal::stored(sample::row(1, StateName::Queued, at));
    let earlier = |seconds: i64| Timestamp::from_second(at.as_second() - seconds).unwrap_or(at);
    let sizes = [(1, 0), (1, 1), (1, 4), (2, 8), (8, 8)];
    let sizes = sizes.map(|(nodes, gpus_per_node)| view! { <GpuSquares nodes gpus_per_node /> });
    let people = ["ana", "bo", "wei.zhang"].map(|name| {
        view! { <Owner name=name.to_owned() /> }
    });
    view! {
        {shown("People", people.collect_view())}
        {shown("Initials alone", view! { <OwnerMark name="kim".to_owned() /> })}
        {shown("GPUs asked for", sizes.collect_view())}
        {shown("Moments", view! {
            <Moment at=earlier(20) />
            <Moment at=earlier(1500) />
            <Moment at=earlier(9000) />
            <Moment at=earlier(3 * 86400) />
        })}
        {shown("How long", view! {
            <Lasting from=earlier(75) to=Some(at) />
            <Lasting from=earlier(90000) to=Some(at) />
        })}
        {shown("When it starts", view! { <StartRange row=waits /> })}
        <FreeAtList />
    }
    .into_any()
}

pub fn tiles() -> AnyView {
    let nodes = Live::here().nodes.get_untracked();
    let nodes = nodes.into_iter().map(|node| view! { <NodeRow node /> });
    nodes.collect_view().into_any()
}

pub fn rows() -> AnyView {
    let at = now();
    let (array, task) = sample::array(at);
    let jobs = sample::jobs(at)
        .into_iter()
        .map(|row| view! { <JobRow row /> });
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="Jobs in every state">
            <table class="jobs">
                <caption class="visually-hidden">"Jobs in every state"</caption>
                <JobsHead />
                <tbody>
                    {jobs.collect_view()}
                    <ArrayRow array row=task />
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

pub fn lines() -> AnyView {
    let live = Live::here();
    let waiting = live.queue.get_untracked();
    let waiting = waiting.into_iter().map(|id| view! { <WaitingLine id /> });
    let recent = live.recent.get_untracked();
    let recent = recent.into_iter().map(|id| view! { <RecentLine id /> });
    view! {
        <div class="guide-themes">
            <div class="panel">
                <h3>"Waiting"</h3>
                <ol class="lines">{waiting.collect_view()}</ol>
            </div>
            <div class="panel">
                <h3>"Finished"</h3>
                <ol class="lines">{recent.collect_view()}</ol>
            </div>
        </div>
    }
    .into_any()
}

pub fn job() -> AnyView {
    let at = now();
    let jobs = sample::jobs(at);
    let of = |state: StateName| jobs.iter().find(|job| job.state == state).cloned();
    let states = [
        StateName::Held,
        StateName::Queued,
        StateName::Running,
        StateName::Finished,
    ];
    let actions = states.into_iter().filter_map(of).map(|job| {
        view! { <JobActions row=Signal::stored(job) /> }
    });
    let (array, _) = sample::array(at);
    let array = Signal::stored(array);
    let gang = of(StateName::Starting)
        .and_then(|job| job.lease)
        .unwrap_or_default();
    let changed = of(StateName::Queued).map(|job| {
        view! { <JobChange id=job.id row=Signal::stored(job) /> }
    });
    view! {
        {shown("What can be done, by state", actions.collect_view())}
        {shown("To all of an array", view! {
            <ArrayTasks array />
            <ArrayActions array />
        })}
        {shown("Changed in place", changed)}
        {shown("Which GPUs it holds", view! { <LeaseTiles lease=gang /> })}
        {shown("What happened", view! { <Timeline events=Signal::stored(sample::events(at)) /> })}
    }
    .into_any()
}

pub fn alerts() -> AnyView {
    let cards = sample::alerts(now())
        .into_iter()
        .map(|alert| view! { <AlertCard alert /> });
    view! { <div class="panel">{cards.collect_view()}</div> }.into_any()
}

/// Each that waits whole, and all of them as lines of the ledger.
pub fn cards() -> AnyView {
    let desk = Desk::new(AgentsAnswer::default());
    let cards = made_up::cards(now());
    let open = cards.iter().filter(|view| view.card.is_open()).cloned();
    let open = open.map(|card| view! { <OpenCard card desk /> });
    let open: Vec<_> = open.collect();
    let lines = cards
        .into_iter()
        .map(|card| view! { <LedgerLine card=Signal::stored(card) desk /> });
    view! {
        <div class="panel">{open}</div>
        <div class="panel">
            <ol class="ledger">{lines.collect_view()}</ol>
        </div>
    }
    .into_any()
}

pub fn figures() -> AnyView {
    let rows = [
        ("Allocated", "14", "88%"),
        ("Busy", "—", "83%"),
        ("Working", "—", "71%"),
    ];
    let rows = rows.map(|(name, gpus, share)| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num">{gpus}</td>
                <td class="num">{share}</td>
            </tr>
        }
    });
    view! {
        <table class="figures">
            <caption class="visually-hidden">"Use of the cluster, three ways"</caption>
            <thead>
                <tr>
                    <th scope="col">"Use"</th>
                    <th scope="col" class="num">"GPUs"</th>
                    <th scope="col" class="num">"Share"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        <p><a href="/jobs?user=all">"All jobs"</a></p>
    }
    .into_any()
}
