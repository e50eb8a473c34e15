//! Keeping GPUs for somebody for a time.

use berth_api::ApiError;
use berth_api::reservations::{CreateReservation, ReserveAnswer, ReserveArg};
use berth_domain::{ReservationId, ReserveRequest};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::{Deserialize, Serialize};

use crate::door::Through;
use crate::seen::words::{at, counted, lines, moment};
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveArgs {
    /// GPUs on each node when nodes is given; without nodes, GPUs in all.
    #[schemars(range(min = 1))]
    pub gpus: Option<i64>,
    /// How many nodes.
    #[schemars(range(min = 1))]
    pub nodes: Option<i64>,
    /// All on this node.
    pub node: Option<String>,
    /// Exactly these instead, one entry a node: node-1:0-3,6.
    #[serde(default)]
    pub exact: Vec<String>,
    /// RFC 3339, or a local time in zone. Default: now.
    pub start: Option<String>,
    /// RFC 3339, or a local time in zone. Give this or length.
    pub end: Option<String>,
    /// 8h, 90m, 2d.
    pub length: Option<String>,
    /// When it comes again: day, or days of the week (mon, wed). Empty: once.
    #[serde(default)]
    pub every: Vec<String>,
    /// The time zone, such as Europe/Berlin. Default: UTC.
    pub zone: Option<String>,
    /// The last date on which it comes again: 2026-12-31.
    pub until: Option<String>,
    /// Given back when nobody came so long after a start: 30m. Default: never.
    pub no_show: Option<String>,
    /// For whom. Default: the person you act for. Only a lead or an admin reserves for somebody else.
    pub user: Option<String>,
    /// For a project instead.
    pub project: Option<String>,
    /// What it is for.
    pub note: Option<String>,
    /// The number of a reservation to change to this, instead of making another.
    pub replace: Option<u64>,
}

impl ReserveArgs {
    fn ask(self, preview: bool) -> CreateReservation {
        let body = ReserveArg {
            replace: self.replace.map(ReservationId),
            preview,
            reservation: ReserveRequest {
                user: self.user,
                project: self.project,
                gpus: self.gpus,
                nodes: self.nodes,
                node: self.node,
                exact: self.exact,
                start: self.start,
                end: self.end,
                length: self.length,
                every: self.every,
                zone: self.zone,
                until: self.until,
                no_show: self.no_show,
                note: self.note,
            },
        };
        CreateReservation { body }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ReserveSeen {
    /// Its number; of a preview none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Whether it was made, or only looked at.
    pub reserved: bool,
    /// Such as: 8 GPUs, or node-1:0,1,2.
    pub what: String,
    /// At once.
    pub gpus: u32,
    /// Of the first time.
    pub start: String,
    pub end: String,
    /// Days on which it comes again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub every: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of a preview: waiting jobs whose start it would change, as forecast.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<StartChange>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StartChange {
    pub job: u64,
    pub name: String,
    pub user: String,
    pub start_before: String,
    pub start_after: String,
}

#[tool_router(router = reserve_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// Keeps GPUs for a person or a project for a time, once or on days of the week; others do not
    /// get them then. With replace it changes a reservation. preview_reserve takes the same
    /// arguments.
    #[tool(
        output_schema = data::<ReserveSeen>(),
        annotations(
            title = "Reserve",
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn reserve(
        Parameters(args): Parameters<ReserveArgs>,
        Through(door): Through<H>,
    ) -> Answer<ReserveSeen> {
        let answer = door.call(args.ask(false)).await?;
        Ok(answered(&answer))
    }

    /// What reserve would do with these arguments: what would be kept when, and whose start it would
    /// delay; or why it would be refused. Reserves nothing.
    #[tool(
        output_schema = data::<ReserveSeen>(),
        annotations(
            title = "Preview of a reservation",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_reserve(
        Parameters(args): Parameters<ReserveArgs>,
        Through(door): Through<H>,
    ) -> Answer<ReserveSeen> {
        let answer = preview(&door, args).await?;
        Ok(answered(&answer))
    }
}

/// The one preview that has to ask a function which could also do it: with `preview` it does not.
async fn preview<D: Door>(door: &D, args: ReserveArgs) -> Result<ReserveAnswer, ApiError> {
    door.call(args.ask(true)).await
}

fn answered(answer: &ReserveAnswer) -> Told<ReserveSeen> {
    let one = &answer.reservation;
    let holder = match (&one.user, &one.project) {
        (Some(user), _) => format!(" for {user}"),
        (None, Some(project)) => format!(" for project {project}"),
        (None, None) => String::new(),
    };
    let again = match one.every.as_slice() {
        [] => String::new(),
        days => format!(", every {}", days.join(", ")),
    };
    let when = format!("{} to {} UTC", at(one.start), at(one.end));
    let what = format!("{}{holder}, {when}{again}", one.what);
    let text = if answer.preview {
        let first = format!("Nothing was reserved. It would be {what}.");
        let count = counted(answer.waiting, "waiting job");
        let changes = match answer.changes.len() {
            0 => format!("Of {count} none would start at another time."),
            changed => format!("Of {count} {changed} would start at another time:"),
        };
        let each = answer.changes.iter().map(|one| {
            let (before, after) = (at(one.before_p50), at(one.after_p50));
            format!(
                "Job {} ({}, of {}): {before} becomes {after} UTC",
                one.job, one.name, one.user
            )
        });
        lines([first, changes].into_iter().chain(each))
    } else {
        format!("Reservation {}: {what}.", one.id)
    };
    let seen = ReserveSeen {
        id: Some(one.id.0).filter(|id| *id > 0 && !answer.preview),
        reserved: !answer.preview,
        what: one.what.clone(),
        gpus: one.gpus,
        start: moment(one.start),
        end: moment(one.end),
        every: one.every.clone(),
        user: one.user.as_ref().map(ToString::to_string),
        project: one.project.clone(),
        note: one.note.clone(),
        changes: answer
            .changes
            .iter()
            .map(|one| StartChange {
                job: one.job.0,
                name: one.name.clone(),
                user: one.user.to_string(),
                start_before: moment(one.before_p50),
                start_after: moment(one.after_p50),
            })
            .collect(),
    };
    Told::new(text, seen)
}
