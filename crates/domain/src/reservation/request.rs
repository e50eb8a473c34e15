//! What a person asks for, and the checks that turn it into a [`Reservation`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::words::{days, exact, time};
use super::{Beside, Day, ExactGpus, Holder, Promised, Recurrence, Reservation};
use crate::ids::{NodeName, UserName};
use crate::refusal::Refusal;
use crate::sentence::{gpus, moment};
use crate::submit::{label, size};
use crate::walltime;

/// The longest that one occurrence may be.
pub const LONGEST: Duration = Duration::from_secs(31 * 86_400);
/// How far ahead one may begin.
const FURTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// A start that is this far in the past is now.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// A reservation as it is written. Numbers are wide and signed here, so that a wrong one is refused
/// with a sentence and not by a parser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReserveRequest {
    /// Whom it is for; whoever asks, if neither this nor a project is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// As in a submission: in all, or on each of `nodes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<i64>,
    /// All on this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Exactly these instead: `node-1:0-3,6`, one entry a node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<String>,
    /// RFC 3339, or a local time in `zone`. Default: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// RFC 3339, or a local time in `zone`; or `length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// `8h`, `90m`, `2d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<String>,
    /// `day`, or days of the week: `mon`, `wed`. Empty: once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub every: Vec<String>,
    /// The IANA name of the time zone whose clock one that comes again follows, and in which times
    /// without an offset are. Default: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The last date on which it comes again: `2026-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Released when nobody came this long after a start. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_show: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl ReserveRequest {
    /// Checks everything, also that all that is promised can be kept.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(
        &self,
        by: &UserName,
        beside: &Beside<'_>,
        now: Timestamp,
    ) -> Result<Reservation, Refusal> {
        let holder = self.holder(by)?;
        let what = self.what(beside)?;
        let (start, end) = self.time(beside.before, now)?;
        let every = self.every(start, end)?;
        let no_show = self.no_show(start, end)?;
        if let Some(note) = &self.note {
            label("note", note)?;
        }
        let before = beside.before;
        let new = Reservation {
            id: beside.id,
            note: self.note.clone(),
            holder,
            what,
            start,
            end,
            every,
            no_show,
            created_by: before.map_or_else(|| by.clone(), |one| one.created_by.clone()),
            created_at: before.map_or(now, |one| one.created_at),
            agent: None,
            cancelled: None,
            log: before.map_or_else(BTreeMap::new, |one| one.log.clone()),
        };
        match beside.conflict(&new, now) {
            None => Ok(new),
            Some((at, other)) => Err(Refusal::Promised {
                at,
                label: other.label(),
                id: other.id,
                theirs: other.what.summary(),
                wanted: new.what.summary(),
                there: u32::try_from(beside.capacity().gpus).unwrap_or(u32::MAX),
            }),
        }
    }

    fn holder(&self, by: &UserName) -> Result<Holder, Refusal> {
        match (&self.user, &self.project) {
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "project",
                "A reservation is for a user or for a project, not for both: leave one out.",
            )),
            (None, Some(project)) => {
                label("project", project)?;
                Ok(Holder::Project(project.clone()))
            }
            (Some(user), None) => {
                label("user", user)?;
                Ok(Holder::User(UserName(user.clone())))
            }
            (None, None) => Ok(Holder::User(by.clone())),
        }
    }

    fn what(&self, beside: &Beside<'_>) -> Result<Promised, Refusal> {
        if !self.exact.is_empty() {
            if self.gpus.is_some() || self.nodes.is_some() || self.node.is_some() {
                return Err(Refusal::invalid(
                    "exact",
                    "Exact GPUs say how many and where: leave out gpus, nodes and node.",
                ));
            }
            return self.exact(beside);
        }
        let Some(asked) = self.gpus else {
            return Err(Refusal::invalid(
                "gpus",
                "Say how many GPUs to reserve, or which ones.",
            ));
        };
        if asked == 0 {
            return Err(Refusal::invalid(
                "gpus",
                "A reservation of 0 GPUs keeps nothing: use 1 or more.",
            ));
        }
        let (nodes, gpus_per_node) = size(self.nodes, self.gpus, beside.capacity())?;
        let node = self.node.as_deref().map(NodeName::from);
        if let Some(name) = &node {
            let there = known(beside, "node", name)?.gpus.len();
            if nodes > 1 || gpus_per_node as usize > there {
                return Err(Refusal::invalid(
                    "gpus",
                    format!(
                        "{} were asked for; {name} has {there}.",
                        gpus(nodes * gpus_per_node)
                    ),
                ));
            }
        }
        Ok(Promised::Count {
            nodes,
            gpus_per_node,
            node,
        })
    }

    fn exact(&self, beside: &Beside<'_>) -> Result<Promised, Refusal> {
        let mut parts: Vec<ExactGpus> = Vec::new();
        for text in &self.exact {
            let part = exact(text).ok_or_else(|| {
                Refusal::invalid(
                    "exact",
                    format!(
                        "'{}' does not name GPUs: write NODE:INDICES, for example node-1:0-3,6.",
                        text.escape_debug()
                    ),
                )
            })?;
            let node = known(beside, "exact", &part.node)?;
            let missing = part
                .gpus
                .iter()
                .find(|index| node.gpus.iter().all(|gpu| gpu.index != **index));
            if let Some(index) = missing {
                return Err(Refusal::invalid(
                    "exact",
                    format!(
                        "{} has no GPU {index}; its {} are numbered from 0.",
                        part.node,
                        gpus(u32::try_from(node.gpus.len()).unwrap_or(u32::MAX))
                    ),
                ));
            }
            if parts.iter().any(|other| other.node == part.node) {
                return Err(Refusal::invalid(
                    "exact",
                    format!("{} is named twice: write all of its GPUs once.", part.node),
                ));
            }
            parts.push(part);
        }
        parts.sort_by(|a, b| a.node.cmp(&b.node));
        Ok(Promised::Exact(parts))
    }

    fn time(
        &self,
        before: Option<&Reservation>,
        now: Timestamp,
    ) -> Result<(Timestamp, Timestamp), Refusal> {
        let at = |field, text: &String| time(field, text, || self.zone().map(|(_, zone)| zone));
        let start = match &self.start {
            Some(text) => at("start", text)?,
            None => now,
        };
        // Forms tell minutes: who writes the minute in which it begins does not move it.
        let was = before.map(|one| one.start);
        let start = was.filter(|was| minute(*was) == start).unwrap_or(start);
        // Who changes one that is under way need not move its start.
        let kept = was == Some(start);
        if start < now - LATE && !kept {
            return Err(Refusal::invalid(
                "start",
                format!(
                    "{} is in the past: a reservation begins now or later.",
                    moment(start)
                ),
            ));
        }
        if start.duration_since(now) > FURTHEST {
            return Err(Refusal::invalid(
                "start",
                "That is more than a year ahead: reserve it when it is nearer.",
            ));
        }
        let end = match (&self.end, &self.length) {
            (Some(text), None) => {
                let end = at("end", text)?;
                let was = before.map(|one| one.end);
                was.filter(|was| minute(*was) == end).unwrap_or(end)
            }
            (None, Some(text)) => {
                let length = walltime::parse(text)
                    .map_err(|error| Refusal::invalid("length", format!("{error}.")))?;
                // Lengths that no clock counts are too long all the same.
                start.checked_add(length).unwrap_or(Timestamp::MAX)
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid(
                    "length",
                    "Give an end or a length, not both.",
                ));
            }
            (None, None) => {
                return Err(Refusal::invalid(
                    "length",
                    "Say how long: a length such as 8h, or an end.",
                ));
            }
        };
        if end <= start {
            return Err(Refusal::invalid(
                "end",
                format!("It would end at {}, not after its start.", moment(end)),
            ));
        }
        if end <= now {
            return Err(Refusal::invalid(
                "end",
                format!("{} is in the past: nothing is left of it.", moment(end)),
            ));
        }
        if end.duration_since(start).unsigned_abs() > LONGEST {
            return Err(Refusal::invalid(
                "length",
                "A reservation lasts 31 days at most: make a shorter one, or one that comes again.",
            ));
        }
        Ok((start, end))
    }

    /// Its name, and what it stands for.
    fn zone(&self) -> Result<(String, TimeZone), Refusal> {
        let name = self.zone.clone().unwrap_or_else(|| "UTC".to_owned());
        let zone = Recurrence::time_zone(&name).ok_or_else(|| {
            Refusal::invalid(
                "zone",
                format!(
                    "'{}' is not a time zone: use a name such as Europe/Berlin or UTC.",
                    name.escape_debug()
                ),
            )
        })?;
        Ok((name, zone))
    }

    fn every(&self, start: Timestamp, end: Timestamp) -> Result<Option<Recurrence>, Refusal> {
        let until = self.until.as_deref().map(|text| {
            text.trim().parse::<Date>().map_err(|_| {
                Refusal::invalid(
                    "until",
                    format!(
                        "'{}' is not a date such as 2026-12-31.",
                        text.escape_debug()
                    ),
                )
            })
        });
        let until = until.transpose()?;
        if self.every.is_empty() {
            if until.is_some() {
                return Err(Refusal::invalid(
                    "until",
                    "A last date is for reservations that come again: say on which days.",
                ));
            }
            return Ok(None);
        }
        let (name, zone) = self.zone()?;
        let every = Recurrence {
            days: days(&self.every)?,
            zone: name,
            until,
        };
        let first = start.to_zoned(zone.clone()).datetime();
        let last = end.to_zoned(zone).datetime();
        if !every.is_on(first.date()) {
            let days: Vec<String> = every.days.iter().map(Day::to_string).collect();
            return Err(Refusal::invalid(
                "every",
                format!(
                    "It begins on a {} ({}), which is not one of {}: begin on one of them.",
                    Day::of(first.date().weekday()),
                    first.date(),
                    days.join(", ")
                ),
            ));
        }
        if until.is_some_and(|until| until < first.date()) {
            return Err(Refusal::invalid(
                "until",
                format!("The last date is before the first, {}.", first.date()),
            ));
        }
        let apart = SignedDuration::from_hours(24 * i64::from(every.least_days()));
        if first.duration_until(last) > apart {
            return Err(Refusal::invalid(
                "every",
                "It would come again before it is over: make it shorter, or less often.",
            ));
        }
        Ok(Some(every))
    }

    fn no_show(&self, start: Timestamp, end: Timestamp) -> Result<Option<Duration>, Refusal> {
        let Some(text) = &self.no_show else {
            return Ok(None);
        };
        let after = walltime::parse(text)
            .map_err(|error| Refusal::invalid("no_show", format!("{error}.")))?;
        if after.is_zero() {
            return Err(Refusal::invalid(
                "no_show",
                "A no-show time of 0 releases it as it begins: use a minute or more.",
            ));
        }
        if after >= end.duration_since(start).unsigned_abs() {
            return Err(Refusal::invalid(
                "no_show",
                "The no-show time is as long as the reservation: make it shorter, or leave it out.",
            ));
        }
        Ok(Some(after))
    }
}

/// The minute in which it lies.
fn minute(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(at)
}

fn known<'a>(
    beside: &Beside<'a>,
    field: &str,
    name: &NodeName,
) -> Result<&'a crate::node::Node, Refusal> {
    let found = beside.nodes.iter().find(|node| node.name == *name);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = beside.nodes.iter().map(|node| node.name.as_str()).collect();
        Refusal::invalid(
            field,
            format!(
                "There is no node '{}'; there are {}.",
                name.as_str().escape_debug(),
                names.join(", ")
            ),
        )
    })
}
