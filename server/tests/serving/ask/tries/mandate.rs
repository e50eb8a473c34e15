//! What its mandate does not allow: at this time, or at all.

use super::Comes::{Refused, Waits};
use super::{There, Try};

/// What begins something; to end it is never too late.
pub(super) fn outside_hours(there: &There) -> Vec<Try> {
    let There {
        mine,
        first,
        last,
        kept,
        ..
    } = *there;
    let hours = Refused("it may act from");
    table! {
        "a small job": "submit_job" {} => hours,
        "one for later": "submit_job" { "hold": true } => hours,
        "a small sweep": "submit_sweep" { "job": {}, "parameters": ["seed=1,2"] } => hours,
        "what she holds": "hold" { "id": kept, "release": true } => hours,
        "her order": "move" { "id": last, "to": "before", "other": first } => hours,
        "the end of her job": "cancel" { "id": mine } => Waits,
    }
}

/// What its mandate does not name.
pub(super) fn beyond(there: &There) -> Vec<Try> {
    let There {
        mine,
        last,
        kept,
        array,
        ..
    } = *there;
    let not_its = Refused("was not submitted by it");
    let above = Refused("left of");
    let at_once = Refused("at once");
    table! {
        "to cancel": "cancel" { "id": mine } => Refused("allow to cancel"),
        "to move": "move" { "id": last, "to": "bottom" } => Refused("allow to move"),
        "to move back": "move" { "id": last, "to": "back" } => Refused("allow to move"),
        "to reserve": "reserve" { "gpus": 1, "length": "10m" } => Refused("allow to reserve"),
        "to answer": "answer_alert" { "id": 1, "choice": "ignore" } => Refused("allow to answer"),
        "to hold hers": "hold" { "id": last } => not_its,
        "to let hers go": "hold" { "id": kept, "release": true } => not_its,
        "to hold theirs": "hold" { "id": array, "whole_array": true } => not_its,
        "no project": "submit_job" {} => Refused("not to no project"),
        "another project": "submit_job" { "project": "speech" } => Refused("not to speech"),
        "almost its project": "submit_job" { "project": "Vision" } => Refused("not to Vision"),
        "a longer name": "submit_job" { "project": "vision " } => Refused("not to vision "),
        "an hour": "submit_job" { "project": "vision" } => above,
        "an hour by retries": "submit_job" {
            "project": "vision", "time_limit": "1m", "max_retries": 60
        } => above,
        "two GPUs": "submit_job" { "project": "vision", "gpus": 2, "time_limit": "1m" } => at_once,
        "two by an array": "submit_job" { "project": "vision", "array": "0-1", "time_limit": "1m" } => at_once,
        "three jobs": "submit_job" { "project": "vision", "array": "0-2", "gpus": 0 } => Refused("above 2"),
    }
}
