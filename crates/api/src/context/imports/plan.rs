//! What becomes of each row beside what is reserved already: asked of the same rules that decide a
//! reservation.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::reservation::Beside;
use berth_domain::{
    Holder, Node, Refusal, Reservation, ReservationId, ReserveRequest, Timestamp, UserName,
};
use berth_orchestrator::View;
use berth_spreadsheet::{Booking, Entry, Outcome, Reading, Who};

use super::meant;
use crate::imports::{ImportArg, ImportRow, NewPerson, RowState};

/// What rows are looked at with.
pub(super) struct Sheet<'a> {
    pub arg: &'a ImportArg,
    pub view: &'a View,
    pub users: &'a BTreeSet<UserName>,
    pub by: &'a UserName,
    pub now: Timestamp,
}

/// All rows, and the request of each that is new.
pub(super) struct Plan {
    pub rows: Vec<(ImportRow, Option<ReserveRequest>)>,
    pub people: Vec<NewPerson>,
}

/// Rows before that are new, as the reservations that they become.
type Planned = Vec<(u64, Reservation)>;

impl Sheet<'_> {
    pub fn plan(&self, reading: &Reading) -> Plan {
        let mut planned: Planned = Vec::new();
        let mut people: BTreeMap<UserName, BTreeSet<String>> = BTreeMap::new();
        let mut rows = Vec::new();
        for entry in &reading.entries {
            let mut row = blank(entry);
            let request = match &entry.outcome {
                Outcome::Skipped(skip) => {
                    row.why = Some(skip.to_string());
                    None
                }
                Outcome::Refused(refusal) => refuse(&mut row, refusal.to_string()),
                Outcome::Booking(booking) => self.booking(booking, &mut row, &mut planned),
            };
            if request.is_some()
                && let Some(user) = &row.user
                && let Outcome::Booking(Booking {
                    who: Who::Person(written),
                    ..
                }) = &entry.outcome
                && !self.users.contains(user)
            {
                let all = people.entry(user.clone()).or_default();
                all.insert(written.clone());
            }
            rows.push((row, request));
        }
        let person = |(name, written): (UserName, BTreeSet<String>)| NewPerson {
            name,
            written: written.into_iter().collect(),
            link: None,
            link_until: None,
        };
        Plan {
            rows,
            people: people.into_iter().map(person).collect(),
        }
    }

    /// The request, if the row is new; what it is otherwise stands in the row.
    fn booking(
        &self,
        booking: &Booking,
        row: &mut ImportRow,
        planned: &mut Planned,
    ) -> Option<ReserveRequest> {
        row.start = Some(booking.start);
        row.end = Some(booking.end);
        row.note.clone_from(&booking.note);
        match &booking.who {
            Who::Project(project) => row.project = Some(project.clone()),
            Who::Person(written) => match meant::user(written, &self.arg.people, self.users) {
                Ok(user) => row.user = Some(user),
                Err(why) => return refuse(row, why),
            },
        }
        if booking.end <= self.now {
            row.why = Some("It is over.".to_owned());
            return None;
        }
        let nodes: Vec<&Node> = self.view.nodes.iter().filter(|node| node.present).collect();
        let mut request = match meant::gpus(&booking.places, &self.arg.nodes, &nodes) {
            Ok(request) => request,
            Err(why) => return refuse(row, why),
        };
        let began = booking.start < self.now;
        request.user = row.user.as_ref().map(UserName::to_string);
        request.project.clone_from(&row.project);
        request.note.clone_from(&row.note);
        // What is under way is kept from now on.
        request.start = (!began).then(|| booking.start.to_string());
        request.end = Some(booking.end.to_string());
        let alone = Beside::new(self.view.nodes.iter(), [].into_iter(), None);
        let new = match request.check(self.by, &alone, self.now) {
            Ok(new) => new,
            Err(refusal) => return refuse(row, refusal.to_string()),
        };
        row.what = Some(new.what.summary());
        let same = |one: &Reservation| {
            let start = match began {
                true => one.start >= booking.start && one.start <= self.now,
                false => one.start == booking.start,
            };
            start && one.end == new.end && one.holder == new.holder && one.what == new.what
        };
        if let Some(there) = self.view.reservations.iter().find(|one| same(one)) {
            row.state = RowState::AlreadyThere;
            row.reservation = Some(there.id);
            row.why = Some(format!("It is reservation {} already.", there.id));
            return None;
        }
        if let Some((line, _)) = planned.iter().find(|(_, one)| same(one)) {
            row.state = RowState::AlreadyThere;
            row.other_line = Some(*line);
            row.why = Some(format!("Line {line} says the same."));
            return None;
        }
        let before = planned.iter().map(|(_, one)| one);
        let all = self.view.reservations.iter().chain(before);
        let beside = Beside::new(self.view.nodes.iter(), all, None);
        match request.check(self.by, &beside, self.now) {
            Ok(new) => {
                row.state = RowState::New;
                if began {
                    row.why = Some("It is under way: it is kept from now on.".to_owned());
                }
                planned.push((row.line, new));
                Some(request)
            }
            Err(refusal) => {
                self.conflict(row, &refusal, planned);
                None
            }
        }
    }

    /// Says what is in the way: a reservation, or a row above.
    fn conflict(&self, row: &mut ImportRow, refusal: &Refusal, planned: &Planned) {
        row.state = RowState::Conflict;
        row.why = Some(refusal.to_string());
        let Refusal::Promised {
            at,
            id,
            theirs,
            wanted,
            ..
        } = refusal
        else {
            row.state = RowState::Refused;
            return;
        };
        let other = planned.iter().find(|(_, one)| one.id == *id);
        let Some((line, other)) = other else {
            row.reservation = Some(*id);
            return;
        };
        row.other_line = Some(*line);
        let holder = match &other.holder {
            Holder::User(user) => user.to_string(),
            holder @ Holder::Project(_) => holder.to_string(),
        };
        row.why = Some(format!(
            "Line {line} books {theirs} for {holder} too, and at {} {wanted} cannot be kept beside \
             it: correct one of them.",
            self.local(*at)
        ));
    }

    fn local(&self, at: Timestamp) -> String {
        let zone = self.arg.time_zone.as_deref().unwrap_or("UTC");
        let zoned = at
            .in_tz(zone)
            .unwrap_or_else(|_| at.to_zoned(jiff::tz::TimeZone::UTC));
        zoned.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

fn refuse(row: &mut ImportRow, why: String) -> Option<ReserveRequest> {
    row.state = RowState::Refused;
    row.why = Some(why);
    None
}

fn blank(entry: &Entry) -> ImportRow {
    ImportRow {
        line: entry.line,
        last_line: entry.last_line,
        text: entry.text.clone(),
        state: RowState::Skipped,
        why: None,
        user: None,
        project: None,
        what: None,
        start: None,
        end: None,
        note: None,
        reservation: None::<ReservationId>,
        other_line: None,
    }
}
