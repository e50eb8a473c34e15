//! Reservations as tables and sentences.

use berth_api::reservations::{OccurrenceView, ReservationList, ReservationView, ReserveAnswer};
use berth_domain::reservation::OccurrenceState;
use berth_domain::{Timestamp, walltime};
use jiff::tz::TimeZone;

use crate::commands::policy::changes;
use crate::table::{self, Width};
use crate::time;

pub(super) fn created(answer: &ReserveAnswer, now: Timestamp) -> String {
    let one = &answer.reservation;
    let when = format!("{} to {}", time::local(one.start), time::local(one.end));
    let again = again(one);
    let what = format!("{} for {}, {when}{again}", one.what, holder(one));
    if !answer.preview {
        return format!("Reservation {}: {what}", one.id);
    }
    let changes = changes(&answer.changes, answer.waiting, now);
    format!("Would reserve {what}\n{changes}")
}

fn holder(one: &ReservationView) -> String {
    match (&one.user, &one.project) {
        (Some(user), _) => user.to_string(),
        (None, Some(project)) => format!("project {project}"),
        (None, None) => String::new(),
    }
}

fn again(one: &ReservationView) -> String {
    let days = match &one.every[..] {
        [] => return String::new(),
        [day] if day == "day" => "day".to_owned(),
        days => days.join(", "),
    };
    let until = one.until.as_ref().map(|date| format!(" until {date}"));
    format!(", every {days}{}", until.unwrap_or_default())
}

pub(super) fn listed(
    answer: &ReservationList,
    times: bool,
    now: Timestamp,
    width: Width,
) -> String {
    if answer.reservations.is_empty() {
        return "Nothing is reserved.".to_owned();
    }
    if times {
        let of = |one: &ReservationView| {
            let row = |time: &OccurrenceView| {
                vec![
                    one.id.to_string(),
                    holder(one),
                    one.what.clone(),
                    stamp(time.start),
                    stamp(time.end),
                    state(time.state).to_owned(),
                    idle(time),
                    one.note.clone().unwrap_or_default(),
                ]
            };
            one.occurrences.iter().map(row).collect::<Vec<_>>()
        };
        let mut rows: Vec<Vec<String>> = answer.reservations.iter().flat_map(of).collect();
        rows.sort_by(|a, b| (&a[3], &a[0]).cmp(&(&b[3], &b[0])));
        let header = ["ID", "FOR", "WHAT", "FROM", "TO", "STATE", "IDLE", "NOTE"];
        return table::plain(&header, &[0, 6], printable(rows), width);
    }
    let row = |one: &ReservationView| {
        let next = one.next.as_ref();
        let at = |at: Timestamp| time::short(at, now);
        vec![
            one.id.to_string(),
            holder(one),
            one.what.clone(),
            next.map(|next| at(next.start)).unwrap_or_default(),
            next.map(|next| at(next.end)).unwrap_or_default(),
            next.map_or("over", |next| state(next.state)).to_owned(),
            again(one).trim_start_matches(", ").to_owned(),
            one.note.clone().unwrap_or_default(),
        ]
    };
    let rows = answer.reservations.iter().map(row).collect();
    let header = ["ID", "FOR", "WHAT", "FROM", "TO", "STATE", "AGAIN", "NOTE"];
    table::plain(&header, &[0], printable(rows), width)
}

fn printable(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let row = |row: Vec<String>| row.iter().map(|cell| table::printable(cell)).collect();
    rows.into_iter().map(row).collect()
}

fn stamp(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::system());
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn state(state: OccurrenceState) -> &'static str {
    match state {
        OccurrenceState::Upcoming => "upcoming",
        OccurrenceState::Active => "active",
        OccurrenceState::Used => "used",
        OccurrenceState::Unused => "unused",
        OccurrenceState::NoShow => "no-show",
        OccurrenceState::EndedEarly => "ended early",
        OccurrenceState::Cancelled => "cancelled",
    }
}

/// What was kept and not used, as GPU time.
fn idle(time: &OccurrenceView) -> String {
    let seconds = time.idle_gpu_seconds.map(std::time::Duration::from_secs);
    seconds.map(walltime::format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use berth_domain::ReservationId;

    use super::*;

    fn view() -> ReservationView {
        let next = OccurrenceView {
            start: "2026-11-24T12:30:00Z".parse().unwrap(),
            end: "2026-11-24T13:00:00Z".parse().unwrap(),
            state: OccurrenceState::NoShow,
            used: false,
            over_at: None,
            idle_gpu_seconds: Some(3600),
        };
        ReservationView {
            id: ReservationId(3),
            note: Some("a\u{1b}[2Jdemo".to_owned()),
            user: None,
            project: Some("vision".to_owned()),
            what: "8 GPUs".to_owned(),
            gpus: 8,
            start: next.start,
            end: next.end,
            every: vec!["mon".to_owned(), "wed".to_owned()],
            zone: Some("UTC".to_owned()),
            until: Some("2026-12-31".to_owned()),
            no_show_s: None,
            created_by: "ana".into(),
            created_at: next.start,
            next: Some(next.clone()),
            occurrences: vec![next],
        }
    }

    #[test]
    fn lists_are_tables() {
        let answer = ReservationList {
            reservations: vec![view()],
        };
        let now = "2026-11-24T12:45:00Z".parse().unwrap();
        let text = listed(&answer, false, now, Width::Whole);
        assert!(text.contains("every mon, wed until 2026-12-31"), "{text}");
        assert!(text.contains("project vision  8 GPUs  now"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        let text = listed(&answer, true, now, Width::Whole);
        assert!(text.contains("no-show    1h"), "{text}");
        let nothing = ReservationList::default();
        assert_eq!(
            listed(&nothing, false, now, Width::Whole),
            "Nothing is reserved."
        );
    }
}
