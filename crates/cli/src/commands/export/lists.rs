//! What is exported, list by list: a page is written before the next is asked for.

use std::time::Duration;

use berth_api::agents::Ledger;
use berth_api::alerts::GetAlerts;
use berth_api::audit::{Audit, AuditArg};
use berth_api::campaigns::ListCampaigns;
use berth_api::history::GetUsage;
use berth_api::jobs::{GetJob, JobEvents, ListJobs};
use berth_api::people::ListPeople;
use berth_api::quotas::GetQuotas;
use berth_api::reservations::ListReservations;
use berth_domain::{JobId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::What;
use super::write::Sink;
use crate::failure::Failure;
use crate::session::Session;

/// The most that the server gives at once.
const PAGE: u32 = 500;
const USES: u32 = 5000;
const ENTRIES: u32 = 1000;
/// The longest that the server looks back at once.
const BACK: Duration = Duration::from_secs(400 * 86_400);

/// What a CSV has, in this order.
pub(super) fn columns(what: What) -> &'static [&'static str] {
    match what {
        What::Jobs => &[
            "id",
            "name",
            "user",
            "project",
            "state",
            "outcome",
            "exit_code",
            "gpus",
            "nodes",
            "class",
            "time_limit_s",
            "submitted_at",
            "started_at",
            "finished_at",
            "command",
            "workdir",
            "array",
            "attempts",
            "use",
        ],
        What::Events => &["job", "seq", "at", "actor", "type", "text"],
        What::Audit => &[
            "id",
            "at",
            "actor",
            "acts_for",
            "origin",
            "act",
            "subject",
            "refused",
            "differences",
        ],
        What::Usage => &[
            "by",
            "name",
            "gpu_hours_allocated",
            "gpu_hours_busy",
            "gpu_hours_working",
            "gpu_hours_unobserved",
            "energy_kwh",
            "jobs",
            "since",
            "until",
        ],
        What::Reservations => &[
            "id",
            "user",
            "project",
            "what",
            "gpus",
            "start",
            "end",
            "every",
            "zone",
            "until",
            "no_show_s",
            "note",
            "created_by",
            "created_at",
            "occurrences",
        ],
        What::People => &[
            "name",
            "role",
            "since",
            "last_seen",
            "running",
            "waiting",
            "gpus",
        ],
        What::Quotas => &[
            "of",
            "name",
            "limit",
            "named",
            "held",
            "budget",
            "budget_named",
            "spent",
            "shares",
            "shares_named",
        ],
        What::Alerts => &[
            "id",
            "rule",
            "title",
            "severity",
            "state",
            "subject",
            "job",
            "text",
            "asks",
            "opened_at",
            "answer",
            "resolved_at",
            "climbed",
        ],
        What::Ledger => &[
            "id",
            "at",
            "by",
            "state",
            "title",
            "subject",
            "job",
            "project",
            "asks",
            "act_text",
            "why",
            "predicted",
            "measured",
            "settled",
        ],
        What::Campaigns => &[
            "id",
            "name",
            "user",
            "agent",
            "state",
            "why",
            "metric",
            "best",
            "counts",
            "spent",
            "started_at",
            "ended_at",
        ],
    }
}

pub(super) async fn write(session: &Session, what: What, sink: &mut Sink) -> Result<(), Failure> {
    match what {
        What::Jobs => jobs(session, sink).await,
        What::Events => events(session, sink).await,
        What::Audit => audit(session, sink).await,
        What::Usage => usage(session, sink).await,
        What::Reservations => {
            let from = back();
            let call = || {
                session.berth.call(ListReservations {
                    from: Some(from.to_string()),
                    to: None,
                })
            };
            let answer = session.repeat(call).await?;
            all(&answer.reservations, sink)
        }
        What::People => {
            let call = || session.berth.call(ListPeople {});
            all(&session.repeat(call).await?.people, sink)
        }
        What::Quotas => quotas(session, sink).await,
        What::Alerts => {
            let call = || session.berth.call(GetAlerts { all: Some(true) });
            all(&session.repeat(call).await?.alerts, sink)
        }
        What::Ledger => ledger(session, sink).await,
        What::Campaigns => {
            let call = || session.berth.call(ListCampaigns { all: Some(true) });
            all(&session.repeat(call).await?.campaigns, sink)
        }
    }
}

fn back() -> Timestamp {
    let now = Timestamp::now();
    now.checked_sub(BACK).unwrap_or(now)
}

fn all<T: Serialize>(rows: &[T], sink: &mut Sink) -> Result<(), Failure> {
    rows.iter().try_for_each(|row| sink.row(&value(row)?))
}

fn value<T: Serialize>(row: &T) -> Result<Value, Failure> {
    let row = serde_json::to_value(row);
    let mut row = row.map_err(|error| Failure::Other(format!("Cannot write JSON: {error}.")))?;
    without_secrets(&mut row);
    Ok(row)
}

/// The environment of jobs is where people keep their keys, also of jobs that an agent proposed.
fn without_secrets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("env");
            fields.values_mut().for_each(without_secrets);
        }
        Value::Array(all) => all.iter_mut().for_each(without_secrets),
        _ => {}
    }
}

/// The numbers of everybody's jobs, a page at a time, newest first.
struct Pages {
    cursor: Option<String>,
    over: bool,
}

impl Pages {
    fn new() -> Self {
        Pages {
            cursor: None,
            over: false,
        }
    }

    /// Empty after the last.
    async fn next(&mut self, session: &Session) -> Result<Vec<JobId>, Failure> {
        if self.over {
            return Ok(Vec::new());
        }
        let call = || {
            session.berth.call(ListJobs {
                user: None,
                state: None,
                outcome: None,
                project: None,
                text: None,
                array: None,
                grouped: None,
                limit: Some(PAGE),
                cursor: self.cursor.clone(),
            })
        };
        let page = session.repeat(call).await?;
        self.over = page.next.is_none();
        self.cursor = page.next;
        Ok(page.jobs.iter().map(|job| job.id).collect())
    }
}

async fn jobs(session: &Session, sink: &mut Sink) -> Result<(), Failure> {
    let mut pages = Pages::new();
    loop {
        let page = pages.next(session).await?;
        if page.is_empty() {
            return Ok(());
        }
        for id in page {
            let call = || session.berth.call(GetJob { id });
            let mut job = value(&session.repeat(call).await?.job)?;
            if let Some(fields) = job.as_object_mut() {
                // It says the same again.
                fields.remove("request");
            }
            sink.row(&job)?;
        }
    }
}

async fn events(session: &Session, sink: &mut Sink) -> Result<(), Failure> {
    let mut pages = Pages::new();
    loop {
        let page = pages.next(session).await?;
        if page.is_empty() {
            return Ok(());
        }
        for id in page {
            let mut after = None;
            loop {
                let call = || session.berth.call(JobEvents { id, after });
                let answer = session.repeat(call).await?;
                for event in &answer.events {
                    sink.row(&with(event, [("job", id.to_string().into())])?)?;
                }
                after = answer.next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
}

async fn audit(session: &Session, sink: &mut Sink) -> Result<(), Failure> {
    let mut body = AuditArg {
        limit: Some(ENTRIES),
        ..AuditArg::default()
    };
    loop {
        let call = || session.berth.call(Audit { body: body.clone() });
        let answer = session.repeat(call).await?;
        for entry in &answer.entries {
            sink.row(&value(entry)?)?;
        }
        match answer.next {
            Some(next) => body.before = Some(next),
            None => return Ok(()),
        }
    }
}

fn with<T: Serialize, const N: usize>(row: &T, more: [(&str, Value); N]) -> Result<Value, Failure> {
    let mut row = value(row)?;
    if let Some(fields) = row.as_object_mut() {
        fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    Ok(row)
}

async fn usage(session: &Session, sink: &mut Sink) -> Result<(), Failure> {
    let since = back();
    for by in ["user", "project", "node"] {
        let call = || {
            session.berth.call(GetUsage {
                by: Some(by.to_owned()),
                since: Some(since.to_string()),
                until: None,
                limit: Some(USES),
            })
        };
        let answer = session.repeat(call).await?;
        for row in &answer.rows {
            let more = [
                ("by", by.into()),
                ("since", answer.since.to_string().into()),
                ("until", answer.until.to_string().into()),
            ];
            sink.row(&with(row, more)?)?;
        }
    }
    Ok(())
}

async fn quotas(session: &Session, sink: &mut Sink) -> Result<(), Failure> {
    let call = || session.berth.call(GetQuotas {});
    let answer = session.repeat(call).await?;
    // Of everybody who is not named.
    sink.row(&json!({
        "of": "user",
        "name": null,
        "limit": answer.user,
        "budget": answer.user_budget,
        "shares": answer.user_shares,
    }))?;
    sink.row(&json!({
        "of": "project",
        "name": null,
        "limit": answer.project,
        "budget": answer.project_budget,
        "shares": answer.project_shares,
    }))?;
    for (of, quotas) in [("user", &answer.users), ("project", &answer.projects)] {
        for quota in quotas {
            sink.row(&with(quota, [("of", of.into())])?)?;
        }
    }
    Ok(())
}

async fn ledger(session: &Session, sink: &mut Sink) -> Result<(), Failure> {
    let mut before = None;
    loop {
        let call = || {
            session.berth.call(Ledger {
                by: None,
                state: None,
                job: None,
                asks: None,
                before,
                limit: Some(PAGE),
            })
        };
        let answer = session.repeat(call).await?;
        all(&answer.cards, sink)?;
        before = answer.next;
        if before.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_keep_keys_in_is_left_out() {
        let row = json!({
            "id": 1,
            "env": {"KEY": "secret"},
            "act": {"kind": "submit", "request": {"env": {"KEY": "secret"}, "gpus": 4}},
            "all": [{"env": {}}],
        });
        let left = value(&row).unwrap();
        let is = json!({
            "id": 1,
            "act": {"kind": "submit", "request": {"gpus": 4}},
            "all": [{}],
        });
        assert_eq!(left, is);
    }
}
