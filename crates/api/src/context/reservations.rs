//! Reservations, as they are asked for and shown.

use berth_domain::decide::may_reserve;
use berth_domain::reservation::{Beside, Day, Log, Occurrence, OccurrenceState};
use berth_domain::{Command, Holder, Refusal, Reservation, ReservationId, Timestamp, UserName};
use jiff::SignedDuration;

use super::planner::on_a_thread;
use super::{Context, command_error};
use crate::ApiError;
use crate::reservations::{
    OccurrenceView, ReservationAnswer, ReservationList, ReservationView, ReserveAnswer, ReserveArg,
};

/// How far is shown unless said otherwise, and at most.
const SHOWN: SignedDuration = SignedDuration::from_hours(31 * 24);
const MOST: SignedDuration = SignedDuration::from_hours(400 * 24);

impl Context {
    pub(crate) async fn reservations(
        &self,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<ReservationList, ApiError> {
        let now = self.state.clock.now();
        let from = from.map(|text| time("from", text)).transpose()?;
        let to = to.map(|text| time("to", text)).transpose()?;
        let from = from.unwrap_or(now);
        let to = to.unwrap_or_else(|| from.checked_add(SHOWN).unwrap_or(Timestamp::MAX));
        if to <= from {
            return Err(ApiError::invalid("to", "`to` is not after `from`."));
        }
        if to.duration_since(from) > MOST {
            return Err(ApiError::invalid(
                "to",
                "At most 400 days are shown at once.",
            ));
        }
        let view = self.state.handle.current().await;
        let all = view.reservations.iter();
        let mut reservations: Vec<ReservationView> = all
            .map(|one| shown(one, (from, to), now))
            .filter(|one| one.next.is_some() || !one.occurrences.is_empty())
            .collect();
        reservations.sort_by_key(|one| {
            let next = one.next.as_ref().map(|next| next.start);
            (next.is_none(), next, one.id)
        });
        Ok(ReservationList { reservations })
    }

    /// # Errors
    /// Why it is refused.
    pub async fn reserve(&self, arg: ReserveArg) -> Result<ReserveAnswer, ApiError> {
        if arg.preview {
            return self.preview_reservation(&arg).await;
        }
        let command = Command::Reserve(arg.replace, Box::new(arg.reservation));
        let sent = self.send(command).await;
        let done = sent.map_err(command_error)?;
        // Nothing was done where a change changes nothing.
        let id = done.reservation.or(arg.replace).unwrap_or(ReservationId(0));
        Ok(ReserveAnswer {
            reservation: self.reservation(id).await?,
            preview: false,
            changes: vec![],
            waiting: 0,
        })
    }

    async fn preview_reservation(&self, arg: &ReserveArg) -> Result<ReserveAnswer, ApiError> {
        let view = self.state.handle.current().await;
        let now = self.state.clock.now();
        let who = self.whoami();
        let beside = Beside::new(view.nodes.iter(), view.reservations.iter(), arg.replace);
        if let Some(id) = arg.replace.filter(|_| beside.before.is_none()) {
            return Err(Refusal::NoSuchReservation { id }.into());
        }
        let user = UserName(who.user.0);
        may_reserve(&view.projects, &self.actor, &arg.reservation)?;
        let new = arg.reservation.check(&user, &beside, now)?;
        let reservation = shown(&new, (now, now + SHOWN), now);
        let changes = on_a_thread(&view, move |planning| {
            planning.forecast_reservation(&new, now)
        });
        Ok(ReserveAnswer {
            reservation,
            preview: true,
            changes: self.changes(changes.await?).await,
            waiting: view.plan.order.len(),
        })
    }

    /// # Errors
    /// When there is none, or it is not theirs.
    pub async fn cancel_reservation(
        &self,
        id: ReservationId,
    ) -> Result<ReservationAnswer, ApiError> {
        // As it was: afterwards it is not shown any more.
        let known = self.reservation(id).await;
        self.tell(Command::CancelReservation(id)).await?;
        let reservation = known?;
        Ok(ReservationAnswer { reservation })
    }

    /// # Errors
    /// When there is none, it is not theirs, or not under way.
    pub async fn end_reservation(&self, id: ReservationId) -> Result<ReservationAnswer, ApiError> {
        self.tell(Command::EndReservation(id)).await?;
        let reservation = self.reservation(id).await?;
        Ok(ReservationAnswer { reservation })
    }

    async fn tell(&self, command: Command) -> Result<(), ApiError> {
        let sent = self.send(command).await;
        sent.map(drop).map_err(command_error)
    }

    async fn reservation(&self, id: ReservationId) -> Result<ReservationView, ApiError> {
        let view = self.state.handle.current().await;
        let now = self.state.clock.now();
        let known = view.reservations.iter().find(|one| one.id == id);
        let known = known.ok_or(Refusal::NoSuchReservation { id })?;
        let from = now - SHOWN;
        Ok(shown(known, (from, now + SHOWN), now))
    }
}

pub(super) fn time(field: &str, text: &str) -> Result<Timestamp, ApiError> {
    text.trim().parse().map_err(|_| {
        ApiError::invalid(
            field,
            format!(
                "'{}' is not a time such as 2026-11-30T18:00:00Z.",
                text.escape_debug()
            ),
        )
    })
}

pub(super) fn shown(
    one: &Reservation,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> ReservationView {
    let occurrence = |time: Occurrence| {
        let log: Option<&Log> = one.log.get(&time.start);
        let over = log.and_then(|log| log.over.as_ref());
        OccurrenceView {
            start: time.start,
            end: time.end,
            state: one.state_of(time, now),
            used: log.is_some_and(|log| log.used),
            over_at: over.map(|over| over.at),
            idle_gpu_seconds: over.map(|over| over.idle_gpu_seconds),
        }
    };
    let next = one.upcoming(now);
    let (user, project) = match &one.holder {
        Holder::User(user) => (Some(user.clone()), None),
        Holder::Project(project) => (None, Some(project.clone())),
    };
    let every = one.every.as_ref().map(|every| match &every.days[..] {
        [] => vec!["day".to_owned()],
        days => days.iter().map(Day::to_string).collect(),
    });
    ReservationView {
        id: one.id,
        note: one.note.clone(),
        user,
        project,
        what: one.what.summary(),
        gpus: one.what.gpus(),
        start: one.start,
        end: one.end,
        every: every.unwrap_or_default(),
        zone: one.every.as_ref().map(|every| every.zone.clone()),
        until: one
            .every
            .as_ref()
            .and_then(|every| every.until)
            .map(|date| date.to_string()),
        no_show_s: one.no_show.map(|after| after.as_secs()),
        created_by: one.created_by.clone(),
        created_at: one.created_at,
        next: next.map(occurrence),
        occurrences: one
            .occurrences(from, to)
            .into_iter()
            .map(occurrence)
            .filter(|one| one.state != OccurrenceState::Cancelled)
            .collect(),
    }
}
