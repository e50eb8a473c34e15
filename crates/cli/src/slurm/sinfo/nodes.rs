//! Nodes as Slurm tells them apart: by what they are doing.

use berth_api::views::{NodeState, NodeView, ranges};
use berth_domain::Cordon;

use super::super::{hostlist, states};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Down,
    Draining,
    Drained,
    Mixed,
    Allocated,
    Idle,
}

impl State {
    pub fn of(node: &NodeView) -> Self {
        let free = node.gpus.iter().filter(|gpu| gpu.is_free()).count();
        let busy = node.gpus.iter().any(|gpu| gpu.job.is_some());
        match node.state {
            NodeState::Absent => State::Down,
            NodeState::Drained => State::Drained,
            NodeState::Draining => State::Draining,
            NodeState::Cordoned if busy => State::Draining,
            NodeState::Cordoned => State::Drained,
            NodeState::Up if free == node.gpus.len() => State::Idle,
            NodeState::Up if free == 0 => State::Allocated,
            NodeState::Up => State::Mixed,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            State::Down => "down*",
            State::Draining => "drng",
            State::Drained => "drain",
            State::Mixed => "mix",
            State::Allocated => "alloc",
            State::Idle => "idle",
        }
    }

    pub fn long(self) -> &'static str {
        match self {
            State::Down => "down*",
            State::Draining => "draining",
            State::Drained => "drained",
            State::Mixed => "mixed",
            State::Allocated => "allocated",
            State::Idle => "idle",
        }
    }

    /// Whether that is a name of it.
    pub fn is(self, name: &str) -> bool {
        let name = name.to_lowercase();
        let of_drain = matches!(self, State::Draining | State::Drained) && name == "drain";
        let plain = |text: &str| text.trim_end_matches('*') == name.trim_end_matches('*');
        of_drain || name == "all" || plain(self.code()) || plain(self.long())
    }
}

/// What one line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    State,
    Node,
    All,
}

/// The nodes of a line.
#[derive(Clone, Debug)]
pub struct Group {
    pub state: State,
    pub names: String,
    pub count: usize,
    /// `gpu:h100:8`.
    pub gres: String,
    /// `gpu:h100:3(IDX:0-2)`.
    pub used: String,
    pub models: String,
    pub address: String,
    pub version: String,
    pub reason: Option<Cordon>,
    /// Nodes with jobs, without, and neither.
    pub counts: [usize; 3],
}

pub fn groups(nodes: &[NodeView], each: Each) -> Vec<Group> {
    let mut parts: Vec<(State, Vec<&NodeView>)> = vec![];
    for node in nodes {
        let state = State::of(node);
        let same = |(other, members): &&mut (State, Vec<&NodeView>)| match each {
            Each::Node => false,
            Each::All => true,
            Each::State => {
                *other == state
                    && members
                        .first()
                        .is_some_and(|first| gres(first) == gres(node))
            }
        };
        match parts.iter_mut().find(same) {
            Some((_, members)) => members.push(node),
            None => parts.push((state, vec![node])),
        }
    }
    if each == Each::State {
        parts.sort_by_key(|(state, _)| *state);
    }
    let groups = parts.iter();
    groups
        .filter_map(|(state, members)| group(*state, members))
        .collect()
}

fn group(state: State, members: &[&NodeView]) -> Option<Group> {
    let first = *members.first()?;
    let of = |kind: &[State]| {
        let states = members.iter().map(|node| State::of(node));
        states.filter(|state| kind.contains(state)).count()
    };
    let counts = [
        of(&[State::Mixed, State::Allocated]),
        of(&[State::Idle]),
        of(&[State::Down, State::Draining, State::Drained]),
    ];
    Some(Group {
        state,
        names: hostlist::compress(members.iter().map(|node| node.name.as_str())),
        count: members.len(),
        gres: gres(first),
        used: used(first),
        models: model(first).unwrap_or_else(|| "(null)".to_owned()),
        address: first
            .address
            .clone()
            .unwrap_or_else(|| first.name.to_string()),
        version: first
            .versions
            .berth
            .clone()
            .unwrap_or_else(|| "N/A".to_owned()),
        reason: first.cordon.clone(),
        counts,
    })
}

fn model(node: &NodeView) -> Option<String> {
    node.gpus.first().map(|gpu| states::model(&gpu.model))
}

pub fn gres(node: &NodeView) -> String {
    match model(node) {
        Some(model) => format!("gpu:{model}:{}", node.gpus.len()),
        None => "(null)".to_owned(),
    }
}

fn used(node: &NodeView) -> String {
    let held: Vec<u32> = node
        .gpus
        .iter()
        .filter(|gpu| gpu.job.is_some())
        .map(|gpu| gpu.index)
        .collect();
    let which = if held.is_empty() {
        "N/A".to_owned()
    } else {
        ranges(&held)
    };
    match model(node) {
        Some(model) => format!("gpu:{model}:{}(IDX:{which})", held.len()),
        None => "(null)".to_owned(),
    }
}
