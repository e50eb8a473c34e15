//! The queue by user, project or sweep. Rows keep their places; they are moved in the planned order.

use std::collections::BTreeMap;

use berth_domain::JobId;
use leptos::prelude::*;

use super::board::Board;
use super::row::QueueRow;
use crate::live::Live;
use crate::texts::{queue as t, units};

/// How rows are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Not: in the planned order.
    Order,
    User,
    Project,
    Sweep,
}

impl Grouping {
    pub const ALL: [Grouping; 4] = [
        Grouping::Order,
        Grouping::User,
        Grouping::Project,
        Grouping::Sweep,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Grouping::Order => t::PLANNED_ORDER,
            Grouping::User => t::BY_USER,
            Grouping::Project => t::BY_PROJECT,
            Grouping::Sweep => t::BY_SWEEP,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Grouping::Order => "",
            Grouping::User => "user",
            Grouping::Project => "project",
            Grouping::Sweep => "sweep",
        }
    }

    pub fn named(name: Option<String>) -> Self {
        let name = name.unwrap_or_default();
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        found.unwrap_or(Grouping::Order)
    }

    pub fn href(self) -> String {
        match self {
            Grouping::Order => "/queue".to_owned(),
            other => format!("/queue?group={}", other.name()),
        }
    }
}

/// Jobs that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    title: String,
    jobs: Vec<JobId>,
    gpus: u32,
}

/// Groups in the order of their first jobs.
fn groups(live: Live, order: &[JobId], by: Grouping) -> Vec<Group> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for id in order {
        let Some(row) = live.row(*id) else { continue };
        let (title, gpus) = row.with_untracked(|row| {
            let title = match by {
                Grouping::Order => String::new(),
                Grouping::User => row.user.0.clone(),
                Grouping::Project => row
                    .project
                    .clone()
                    .unwrap_or_else(|| t::NO_PROJECT.to_owned()),
                Grouping::Sweep => match row.array {
                    Some(task) => t::of_array(&row.name, task.array),
                    None => t::SINGLE_JOBS.to_owned(),
                },
            };
            (title, row.gpus)
        });
        let place = *places.entry(title.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                title,
                jobs: vec![],
                gpus: 0,
            });
        }
        groups[place].jobs.push(*id);
        groups[place].gpus += gpus;
    }
    groups
}

#[component]
pub fn Groups(by: Grouping) -> impl IntoView {
    let (live, board) = (Live::here(), Board::here());
    let all = Memo::new(move |_| board.order.with(|order| groups(live, order, by)));
    let group = |group: Group| {
        let size = format!(
            "{}, {}",
            units::jobs(group.jobs.len() as u64),
            units::gpus(group.gpus)
        );
        let jobs = group.jobs;
        view! {
            <section class="queue-group">
                <h3>
                    {group.title} " " <span class="quiet">{size}</span>
                </h3>
                <ol class="queue-rows">
                    <For each=move || jobs.clone() key=|id| *id children=|id| view! { <QueueRow id /> } />
                </ol>
            </section>
        }
    };
    view! {
        <For each=move || all.get() key=|group| (group.title.clone(), group.jobs.clone()) children=group />
    }
    .into_any()
}
