//! Secrets, by everything that only looks.

use super::Comes::{Nothing, Told};
use super::{There, Try};

pub(super) fn tries(there: &There) -> Vec<Try> {
    let There {
        theirs,
        before,
        last,
        mine,
        reserved,
        ..
    } = *there;
    let no_job = Nothing("There is no job");
    let no_type = Nothing("invalid type");
    table! {
        "somebody's variables": "job" { "id": theirs } => Told,
        "what happened to it": "job" { "id": theirs, "events": true } => Told,
        "what it writes": "job_log" { "id": theirs } => Told,
        "a secret in it": "job_log" { "id": theirs, "grep": "TOKEN" } => Told,
        "when it starts": "wait_for" { "id": theirs, "until": "started", "timeout_s": 1 } => Told,
        "why one waits": "explain_pending" { "id": before } => Told,
        "all there is": "queue" {} => Told,
        "all there was": "queue" { "show": "finished", "limit": 100 } => Told,
        "all nodes": "cluster_status" {} => Told,
        "all that is wrong": "alerts" { "all": true } => Told,
        "who uses what": "usage" { "by": "job" } => Told,
        "when all is free": "forecast" { "gpus": 8 } => Told,
        // A preview does nothing, whatever it is asked.
        "somebody's end": "preview_cancel" { "id": theirs } => Told,
        "somebody's hold": "preview_hold" { "id": before } => Told,
        "somebody's place": "preview_move" { "id": last, "to": "top" } => Told,
        "a library, looked at": "preview_submit" { "env": { "LD_PRELOAD": "/tmp/x.so" } } => Told,
        "a reservation of bo, looked at": "preview_reserve" {
            "gpus": 2, "length": "1h", "replace": reserved
        } => Told,
        "an alert, looked at": "preview_answer_alert" { "id": 9999, "choice": "stop" } => Told,
        // The job that was submitted with this key, and nothing new.
        "another program by a known key": "submit_job" {
            "command": ["rm", "-rf", "/"], "idempotency_key": "key-of-ana"
        } => Told,
        "what is no number": "job_log" { "id": "../../../etc/passwd" } => no_type,
        "a path for a rank": "job_log" { "id": mine, "rank": "../../cli.token" } => no_type,
        "a path for a node": "cluster_status" { "node": "../../cli.token" } => Nothing("There is no node"),
        "a log that is none": "job_log" { "id": 999_999 } => no_job,
        "a job that is none": "job" { "id": 0 } => no_job,
        "to wait for nothing": "wait_for" { "id": 999_999 } => no_job,
        "somebody else's queue": "queue" { "whose": "bo" } => Nothing("unknown variant"),
        "values too": "job" { "id": theirs, "env": true } => Nothing("unknown field"),
    }
}
