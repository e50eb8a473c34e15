//! Taking nodes and GPUs out of use, and back.

use jiff::Timestamp;

use super::may;
use crate::command::Actor;
use crate::cordon::{Cordon, Place};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::state::State;
use crate::submit::label;

pub(super) fn cordon(
    state: &State,
    actor: &Actor,
    place: Place,
    (reason, drain): (String, bool),
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    if !may(state, actor, Right::Cordon, Thing::CLUSTER) {
        return Err(Refusal::CordonNotAllowed);
    }
    label("reason", &reason)?;
    known(state, &place)?;
    let same = |old: &Cordon| old.reason == reason && old.drain == drain;
    if state.cordons().get(&place).is_some_and(same) {
        return Ok(vec![]);
    }
    let cordon = Cordon {
        reason,
        by: actor.person(),
        at: now,
        drain,
    };
    Ok(vec![Event::Cordoned { place, cordon }])
}

pub(super) fn uncordon(state: &State, actor: &Actor, place: Place) -> Result<Vec<Event>, Refusal> {
    if !may(state, actor, Right::Cordon, Thing::CLUSTER) {
        return Err(Refusal::CordonNotAllowed);
    }
    if !state.cordons().contains_key(&place) {
        known(state, &place)?;
        return match of_its_node(state, &place) {
            Some(node) => Err(Refusal::invalid(
                "place",
                format!(
                    "{place} itself is not cordoned, but all of {node} is: `berth uncordon {node}`."
                ),
            )),
            // As it is meant to be.
            None => Ok(vec![]),
        };
    }
    Ok(vec![Event::Uncordoned { place }])
}

/// The cordoned node that a GPU belongs to.
fn of_its_node(state: &State, place: &Place) -> Option<Place> {
    place.gpu?;
    let node = Place {
        node: place.node.clone(),
        gpu: None,
    };
    state.cordons().contains_key(&node).then_some(node)
}

fn known(state: &State, place: &Place) -> Result<(), Refusal> {
    if place.is_in(state.nodes()) {
        return Ok(());
    }
    let message = match (place.gpu, state.node(&place.node)) {
        (Some(gpu), Some(node)) => {
            let last = node.gpus.len().saturating_sub(1);
            format!("{} has no GPU {gpu}; its GPUs are 0 to {last}.", place.node)
        }
        _ => {
            let names: Vec<&str> = state.nodes().map(|node| node.name.as_str()).collect();
            format!(
                "There is no node '{}'; there are: {}.",
                place.node.as_str().escape_debug(),
                names.join(", ")
            )
        }
    };
    Err(Refusal::invalid("place", message))
}
