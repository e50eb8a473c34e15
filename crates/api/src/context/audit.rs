//! Writing down who did what, and showing it.

use berth_domain::audit::{Difference, DoorKind, Entry};
use berth_domain::{Command, Right, Thing, Timestamp, UserName};
use berth_orchestrator::{CommandError, Done};
use berth_store::AuditFilter;

use super::{Context, store_error};
use crate::audit::{AuditAnswer, AuditArg, AuditEntry};
use crate::{ApiError, ErrorCode};

/// So many at most in one answer.
const MOST: u32 = 1000;
const USUAL: u32 = 100;

impl Context {
    /// Sends a command in the name of whoever asks. What is done is written down with it, what is refused
    /// here.
    ///
    /// # Errors
    /// When it was not done.
    pub async fn send(&self, command: Command) -> Result<Done, CommandError> {
        let (act, subject) = (command.act(), command.subject());
        let origin = self.door.origin();
        let sent = self
            .state
            .handle
            .send_from(origin, self.actor.clone(), command)
            .await;
        if let (Err(CommandError::Refused(refusal)), Some(act)) = (&sent, act) {
            let entry = Entry {
                subject,
                refused: Some(refusal.to_string()),
                ..self.entry(act)
            };
            self.write(&entry).await;
        }
        sent
    }

    /// Writes down what was done and is no command.
    pub async fn did(&self, act: &str, subject: String, differences: Vec<Difference>) {
        let entry = Entry {
            subject: Some(subject),
            differences,
            ..self.entry(act)
        };
        self.write(&entry).await;
    }

    fn entry(&self, act: &str) -> Entry {
        Entry::new(self.state.clock.now(), &self.actor, self.door.origin(), act)
    }

    /// It is done already, so that this could not be written is no reason to say that it was not.
    async fn write(&self, entry: &Entry) {
        if let Err(error) = self.state.store.write_audit(entry).await {
            tracing::error!(%error, act = entry.act, "the audit log cannot be written");
        }
    }

    /// # Errors
    /// When something asked for cannot be understood, or others' acts are asked for by who may not see
    /// them.
    pub async fn audit(&self, arg: AuditArg) -> Result<AuditAnswer, ApiError> {
        let own = self.actor.person();
        let user = arg.user.filter(|user| !user.is_empty()).map(UserName);
        let thing = user.as_ref().map_or(Thing::CLUSTER, Thing::of);
        if user.as_ref() != Some(&own) && !self.may(&self.view(), Right::SeeAudit, thing) {
            let why =
                format!("Only an admin sees what others did. What you did yourself: user={own}.");
            return Err(ApiError::new(ErrorCode::Forbidden, why));
        }
        let at = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
            Some(text) => moment(&text, self.state.clock.now())
                .map(Some)
                .ok_or_else(|| ApiError::invalid(name, NO_TIME)),
            None => Ok(None),
        };
        let door = match arg.door.filter(|door| !door.is_empty()) {
            Some(door) => Some(DoorKind::named(&door).ok_or_else(|| {
                let all = DoorKind::ALL.map(DoorKind::as_str).join(", ");
                ApiError::invalid("door", format!("A door is one of {all}."))
            })?),
            None => None,
        };
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let filter = AuditFilter {
            user,
            act: filled(arg.act),
            subject: filled(arg.subject),
            door,
            refused: arg.refused,
            since: at("since", arg.since)?,
            until: at("until", arg.until)?,
            before: arg.before,
        };
        let limit = arg.limit.unwrap_or(USUAL).clamp(1, MOST);
        let found = self.state.store.audit(&filter, limit).await;
        let found = found.map_err(store_error)?;
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = found.last().map(|(id, _)| *id).filter(|_| full);
        let entries = found
            .into_iter()
            .map(|(id, entry)| AuditEntry { id, entry });
        Ok(AuditAnswer {
            entries: entries.collect(),
            next,
        })
    }
}

const NO_TIME: &str = "A time is written as 2026-11-27T14:00:00Z, 2026-11-27, or how long ago: 7d.";

/// A moment, a day in UTC, or how long ago.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(midnight.timestamp());
    }
    let ago = berth_domain::walltime::parse(text).ok()?;
    Some(now - ago)
}
