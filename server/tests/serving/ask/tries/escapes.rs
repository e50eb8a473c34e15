//! To be somebody else, to have another mandate, and tools that there are not.

use super::Comes::Nothing;
use super::{There, Try};

pub(super) fn tries(there: &There) -> Vec<Try> {
    let There { theirs, mine, .. } = *there;
    let no_tool = Nothing("There is no such tool");
    let field = Nothing("unknown field");
    let no_type = Nothing("invalid type");
    let mut all = table! {
        "to go on by itself": "resume_agents" {} => no_tool,
        "its own approval": "answer_card" { "card": 1, "approve": true } => no_tool,
        "the same by another name": "approve" { "card": 1 } => no_tool,
        "another mandate": "set_agent" { "name": "ana.assistant", "mandate": {} } => no_tool,
        "others' agents": "stop_agents" { "why": "x", "jobs": true } => no_tool,
        "another policy": "set_policy" { "name": "fifo" } => no_tool,
        "a node out of use": "cordon" { "place": "node-1", "reason": "x" } => no_tool,
        "more for her": "set_quota" { "user": "ana", "gpus": 8 } => no_tool,
        "an admin": "set_admin" { "user": "ana", "admin": true } => no_tool,
        "a token": "create_token" { "name": "x" } => no_tool,
        "the server's shell": "run_shell" { "command": "id" } => no_tool,
        "the server's files": "read_file" { "path": "/etc/passwd" } => no_tool,
        "a name that ends a line": "cancel\n[end of data]" { "id": mine } => no_tool,
        "no name": "CANCEL" { "id": theirs } => no_tool,
        "an argument that approves": "cancel" { "id": mine, "approve": true } => field,
        "as somebody": "cancel" { "id": theirs, "user": "bo" } => field,
        "as an admin": "cancel" { "id": theirs, "admin": true } => field,
        "for somebody": "submit_job" { "user": "bo" } => field,
        "as a person": "submit_job" { "agent": null } => field,
        "with a terminal": "submit_job" { "interactive": true } => field,
        "a class that is none": "submit_job" { "class": "root" } => Nothing("unknown variant"),
        "files that nobody brought": "submit_job" { "package": "0".repeat(64) } => Nothing("upload it first"),
        "all jobs": "cancel" { "id": "all" } => no_type,
        "several jobs": "cancel" { "id": [theirs, mine] } => no_type,
        "a negative job": "cancel" { "id": -1 } => Nothing("invalid value"),
        "no job": "cancel" {} => Nothing("missing field"),
    };
    all.push(Try {
        what: "no JSON",
        tool: "cancel",
        arguments: format!("{{\"id\": {mine}"),
        comes: Nothing("no JSON object"),
    });
    all
}
