//! The reservation that a form stands for, and what a form shows of a reservation.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Day, Holder, Promised, Recurrence, Reservation, ReserveRequest};
use crate::refusal::Refusal;
use crate::walltime;

/// The text fields of the form. Besides these there is `every`, once for each day.
pub const TEXTS: [&str; 12] = [
    "note", "gpus", "nodes", "node", "exact", "start", "end", "zone", "until", "no_show", "user",
    "project",
];

/// What `every` may be.
pub const DAYS: [&str; 8] = ["day", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl ReserveRequest {
    /// Reads a form, and says what of it cannot be read. What is empty was left out; what is no
    /// field of the form is ignored.
    pub fn from_form<'a>(
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<Refusal>) {
        let fields: Vec<(&str, &str)> = fields.into_iter().collect();
        let text = |name: &str| {
            let found = fields.iter().rev().find(|(field, _)| *field == name);
            found.map_or("", |(_, value)| value.trim())
        };
        let given = |name: &str| Some(text(name).to_owned()).filter(|text| !text.is_empty());
        let mut problems = Vec::new();
        let mut number = |name: &str| {
            let text = given(name)?;
            let value = text.parse::<i64>().ok();
            if value.is_none() {
                let why = format!("'{}' is not a whole number.", text.escape_debug());
                problems.push(Refusal::invalid(name, why));
            }
            value
        };
        let exact = text("exact").split_whitespace().map(str::to_owned);
        let every = fields.iter().filter(|(field, _)| *field == "every");
        let every = every.map(|(_, day)| day.trim().to_owned());
        let request = ReserveRequest {
            user: given("user"),
            project: given("project"),
            gpus: number("gpus"),
            nodes: number("nodes"),
            node: given("node"),
            exact: exact.collect(),
            start: given("start"),
            end: given("end"),
            length: None,
            every: every.filter(|day| !day.is_empty()).collect(),
            zone: given("zone"),
            until: given("until"),
            no_show: given("no_show"),
            note: given("note"),
        };
        (request, problems)
    }
}

impl Reservation {
    /// As it would be asked for, with local times to the minute in its zone, or UTC where it comes
    /// once: asked for again as a change of itself it changes nothing.
    #[must_use]
    pub fn request(&self) -> ReserveRequest {
        let zone = self.every.as_ref().map_or("UTC", |every| &every.zone);
        let clock = Recurrence::time_zone(zone).unwrap_or(TimeZone::UTC);
        let local = |at: Timestamp| {
            let at = at.to_zoned(clock.clone());
            Some(at.strftime("%Y-%m-%dT%H:%M").to_string())
        };
        let (user, project) = match &self.holder {
            Holder::User(user) => (Some(user.0.clone()), None),
            Holder::Project(project) => (None, Some(project.clone())),
        };
        let mut request = ReserveRequest {
            user,
            project,
            start: local(self.start),
            end: local(self.end),
            zone: Some(zone.to_owned()),
            until: self
                .every
                .as_ref()
                .and_then(|every| every.until)
                .map(|date| date.to_string()),
            no_show: self.no_show.map(walltime::format),
            note: self.note.clone(),
            ..ReserveRequest::default()
        };
        if let Some(every) = &self.every {
            request.every = match &every.days[..] {
                [] => vec!["day".to_owned()],
                days => days.iter().map(Day::to_string).collect(),
            };
        }
        match &self.what {
            Promised::Count {
                nodes,
                gpus_per_node,
                node,
            } => {
                request.gpus = Some(i64::from(*gpus_per_node));
                request.nodes = (*nodes != 1).then(|| i64::from(*nodes));
                request.node = node.as_ref().map(ToString::to_string);
            }
            Promised::Exact(_) => {
                let summary = self.what.summary();
                request.exact = summary.split(' ').map(str::to_owned).collect();
            }
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_was_left_out() {
        let (request, problems) = ReserveRequest::from_form([
            ("note", " demo "),
            ("gpus", "4"),
            ("nodes", ""),
            ("exact", ""),
            ("start", "2026-11-30T18:00"),
            ("end", "2026-11-30T20:00"),
            ("every", "mon"),
            ("every", "wed"),
            ("no_show", "15"),
            ("theme", "dark"),
        ]);
        assert_eq!(problems, []);
        assert_eq!(
            request,
            ReserveRequest {
                note: Some("demo".to_owned()),
                gpus: Some(4),
                start: Some("2026-11-30T18:00".to_owned()),
                end: Some("2026-11-30T20:00".to_owned()),
                every: vec!["mon".to_owned(), "wed".to_owned()],
                no_show: Some("15".to_owned()),
                ..ReserveRequest::default()
            }
        );
    }

    #[test]
    fn a_number_in_words_is_said() {
        let (_, problems) = ReserveRequest::from_form([("gpus", "two"), ("nodes", "1")]);
        let fields: Vec<_> = problems.iter().filter_map(Refusal::field).collect();
        assert_eq!(fields, ["gpus"]);
    }
}
