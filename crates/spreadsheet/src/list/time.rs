//! From when to when a row's booking is.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Cells, List, one_or_two};
use crate::clock::Clock;
use crate::dates::Written;
use crate::length::{Length, length};
use crate::moment::{Likely, Moment};
use crate::rows::{at, later};
use crate::table::{Row, short};
use crate::{Field, Refusal};

/// One end of a booking, as the cells say it.
#[derive(Default)]
struct Edge {
    date: Option<(Written, String)>,
    clock: Option<Clock>,
    instant: Option<Timestamp>,
    text: String,
}

impl List<'_> {
    pub(super) fn time(
        &self,
        row: &Row,
        cells: &Cells<'_>,
    ) -> Result<(Timestamp, Timestamp), Refusal> {
        let day = cells.get(row, Field::Date);
        let likely = if day.is_empty() {
            Likely::Date
        } else {
            Likely::Time
        };
        let (day, last_day) = read_cell(day, Likely::Date)?;
        let (from, to) = read_cell(cells.get(row, Field::From), likely)?;
        let (end_day, _) = read_cell(cells.get(row, Field::EndDate), Likely::Date)?;
        let until = cells.get(row, Field::Until);
        let (until, _) = read_cell(until, likely)?;
        let start = Edge::of([from, day]);
        let mut end = Edge::of([until, to, end_day, last_day]);
        let zone = &self.options.zone;

        let (starts_on, start_at) = match (&start.date, start.instant) {
            (_, Some(instant)) => (instant.to_zoned(zone.clone()).date(), Some(instant)),
            (Some((date, text)), None) => (self.calendar.date(*date, text, None)?, None),
            (None, None) if start.clock.is_some() => {
                return Err(Refusal::NoDate { text: start.text });
            }
            (None, None) => return Err(Refusal::NoStart),
        };
        let unread = || Refusal::NoSuchDay {
            text: start.text.clone(),
        };
        let start_at = match start_at {
            Some(instant) => instant,
            None => at(starts_on, start.clock.unwrap_or(Clock(0)), zone).ok_or_else(unread)?,
        };
        if end.is_nothing() {
            let lasts = cells.get(row, Field::Duration);
            if !lasts.is_empty() {
                let on = (starts_on, start.clock.unwrap_or(Clock(0)));
                let on = Some(on).filter(|_| start.instant.is_none());
                let end = self.after(start_at, on, lasts)?;
                return Ok((start_at, end));
            }
            if start.clock.is_some() || start.instant.is_some() {
                return Err(Refusal::NoEnd);
            }
            // A day without times is all of it.
            end.date.clone_from(&start.date);
        }
        let end_at = self.end(&end, starts_on, start_at)?;
        if end_at <= start_at {
            let show = |at: Timestamp| {
                let at = at.to_zoned(zone.clone());
                at.strftime("%Y-%m-%d %H:%M").to_string()
            };
            let (start, end) = (show(start_at), show(end_at));
            return Err(Refusal::EndBeforeStart { start, end });
        }
        Ok((start_at, end_at))
    }

    fn end(&self, end: &Edge, starts_on: Date, start_at: Timestamp) -> Result<Timestamp, Refusal> {
        if let Some(instant) = end.instant {
            return Ok(instant);
        }
        let unread = || Refusal::NoSuchDay {
            text: end.text.clone(),
        };
        let zone = &self.options.zone;
        let date = end.date.as_ref();
        let date = date.map(|(date, text)| self.calendar.date(*date, text, Some(starts_on)));
        match (date.transpose()?, end.clock) {
            (Some(date), Some(clock)) => at(date, clock, zone).ok_or_else(unread),
            // The last day belongs to it.
            (Some(date), None) => at(date, Clock(1440), zone).ok_or_else(unread),
            (None, clock) => {
                let clock = clock.unwrap_or(Clock(1440));
                let same_day = at(starts_on, clock, zone).ok_or_else(unread)?;
                if same_day > start_at {
                    return Ok(same_day);
                }
                // Over midnight.
                let next = later(starts_on, 1).ok_or_else(unread)?;
                at(next, clock, zone).ok_or_else(unread)
            }
        }
    }

    /// `on` is where the calendar's days are counted from, where there is a day.
    fn after(
        &self,
        start: Timestamp,
        on: Option<(Date, Clock)>,
        lasts: &str,
    ) -> Result<Timestamp, Refusal> {
        let text = short(lasts, 60);
        let minutes = match length(lasts, self.unit) {
            None => return Err(Refusal::Length { text }),
            Some(Length::NoUnit) => return Err(Refusal::LengthUnit { text }),
            Some(Length::Days(days)) => {
                // The same time of another day.
                let end =
                    on.and_then(|(date, clock)| at(later(date, days)?, clock, &self.options.zone));
                if let Some(end) = end {
                    return Ok(end);
                }
                days.saturating_mul(1440)
            }
            Some(Length::Minutes(minutes)) => minutes,
        };
        let lasts = SignedDuration::from_mins(minutes);
        start
            .checked_add(lasts)
            .map_err(|_| Refusal::Length { text })
    }
}

fn read_cell(cell: &str, likely: Likely) -> Result<(Option<Moment>, Option<Moment>), Refusal> {
    if matches!(cell, "" | "-" | "–" | "—") {
        return Ok((None, None));
    }
    match one_or_two(cell, likely) {
        (None, _) => Err(Refusal::Moment {
            text: short(cell, 60),
        }),
        read => Ok(read),
    }
}

impl Edge {
    /// What comes first says it.
    fn of<const N: usize>(moments: [Option<Moment>; N]) -> Self {
        let mut edge = Edge::default();
        for moment in moments.into_iter().flatten() {
            if edge.text.is_empty() {
                edge.text.clone_from(&moment.text);
            }
            if edge.date.is_none() {
                edge.date = moment.date.map(|date| (date, moment.text.clone()));
            }
            edge.clock = edge.clock.or(moment.clock);
            edge.instant = edge.instant.or(moment.instant);
        }
        edge
    }

    fn is_nothing(&self) -> bool {
        self.date.is_none() && self.clock.is_none() && self.instant.is_none()
    }
}
