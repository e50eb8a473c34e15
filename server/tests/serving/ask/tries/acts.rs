//! Other people's jobs and GPUs, her own without asking, more than its budget, and preempting.

use super::Comes::{Refused, Waits};
use super::{There, Try};

pub(super) fn tries(there: &There) -> Vec<Try> {
    let There {
        theirs,
        before,
        array,
        mine,
        first,
        last,
        ..
    } = *there;
    let others = Refused("belongs to bo");
    let above = Refused("left of");
    table! {
        "somebody's job": "cancel" { "id": theirs } => others,
        "one that waits": "cancel" { "id": before } => others,
        "the same, held": "hold" { "id": theirs } => others,
        "the same, let go": "hold" { "id": theirs, "release": true } => others,
        "the same, moved": "move" { "id": theirs, "to": "top" } => others,
        "out of its way": "move" { "id": before, "to": "bottom" } => others,
        "behind hers": "move" { "id": before, "to": "after", "other": last } => others,
        "its move taken back": "move" { "id": before, "to": "back" } => others,
        "no array": "cancel" { "id": theirs, "whole_array": true } => Refused("not a task of an array"),
        "somebody's array": "cancel" { "id": array, "whole_array": true } => others,
        "one task of it": "cancel" { "id": array } => others,
        "the array, let go": "hold" { "id": array, "whole_array": true, "release": true } => others,
        "her job": "cancel" { "id": mine } => Waits,
        "her job, once more": "cancel" { "id": mine } => Waits,
        "her order": "move" { "id": last, "to": "before", "other": first } => Waits,
        "before somebody": "move" { "id": last, "to": "top" } => Refused("would pass"),
        "all GPUs": "submit_job" { "gpus": 8 } => Refused("at once"),
        "five nodes": "submit_job" { "nodes": 5 } => Refused("the cluster has 1"),
        "a long job": "submit_job" { "time_limit": "3d" } => above,
        "a long job by retries": "submit_job" { "time_limit": "12h", "max_retries": 5 } => above,
        "more than it may without asking": "submit_job" { "time_limit": "20h" } => Waits,
        "a class that preempts": "submit_job" { "class": "high" } => Refused("may not preempt"),
        "an admin's class": "submit_job" { "class": "critical" } => Refused("Only a lead or an admin"),
        "too many at once": "submit_job" { "array": "0-99", "gpus": 0 } => Refused("above 30"),
        "a reservation": "reserve" { "gpus": 4, "length": "2h" } => Refused("allow to reserve"),
        "for ever": "reserve" { "gpus": 8, "length": "24h", "every": ["day"] } => Refused("allow to reserve"),
        "a campaign": "start_campaign" {
            "name": "x", "template": { "command": ["sh", "-c", "echo loss={lr}"] }, "space": { "lr": ["1", "2"] },
            "metric": { "name": "loss", "better": "lower" }, "strategy": { "kind": "grid", "points": 2 },
            "budget": { "gpu_hours": 48 }
        } => Refused("allow to campaign"),
        "an alert": "answer_alert" { "id": 1, "choice": "stop" } => Refused("allow to answer"),
    }
}
