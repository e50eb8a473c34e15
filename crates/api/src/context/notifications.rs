//! What the caller is told, and where.

use berth_domain::{Actor, Preferences, Role, UserName, walltime};
use berth_notify::Message;

use super::{Context, store_error};
use crate::notifications::{FailedView, NotificationsAnswer, NotificationsArg, TriedAnswer};
use crate::{ApiError, ErrorCode};

/// How many messages that failed are shown.
const FAILED: u32 = 20;

impl Context {
    pub(crate) async fn notifications(&self) -> Result<NotificationsAnswer, ApiError> {
        let (user, admin) = self.person()?;
        let store = &self.state.store;
        let preferences = store.preferences(&user).await.map_err(store_error)?;
        let whose = (!admin).then_some(&user);
        let failed = store.dead_deliveries(whose, FAILED).await;
        let failed = failed.map_err(store_error)?.into_iter();
        Ok(NotificationsAnswer {
            on: preferences.on.iter().copied().collect(),
            waits_over_s: preferences.waits_over_s,
            email: preferences.email,
            slack: preferences.slack.as_deref().map(without_secret),
            webhook: preferences.webhook,
            webhook_is_signed: preferences.webhook_secret.is_some(),
            sends_mail: self.state.teller.sends_mail,
            failed: failed
                .map(|delivery| FailedView {
                    title: serde_json::from_str::<Message>(&delivery.message)
                        .map(|message| message.title)
                        .unwrap_or_default(),
                    user: delivery.user,
                    channel: delivery.channel,
                    at: delivery.made_at,
                    tries: delivery.tries,
                    problem: delivery.problem.unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// # Errors
    /// When an address cannot be one.
    pub async fn set_notifications(
        &self,
        arg: NotificationsArg,
    ) -> Result<NotificationsAnswer, ApiError> {
        let (user, _) = self.person()?;
        let store = &self.state.store;
        let mut preferences = store.preferences(&user).await.map_err(store_error)?;
        if let Some(on) = arg.on {
            preferences.on = on.into_iter().collect();
        }
        if let Some(waits) = arg.waits_over {
            let waits = walltime::parse(&waits);
            let waits = waits.map_err(|why| ApiError::invalid("waits_over", why.to_string()))?;
            preferences.waits_over_s = waits.as_secs();
        }
        let Preferences {
            email,
            slack,
            webhook,
            webhook_secret,
            ..
        } = &mut preferences;
        change(email, arg.email);
        change(slack, arg.slack);
        change(webhook, arg.webhook);
        change(webhook_secret, arg.webhook_secret);
        preferences
            .check()
            .map_err(|(field, why)| ApiError::invalid(field, why))?;
        let set = store.set_preferences(&user, &preferences).await;
        set.map_err(store_error)?;
        self.did("set_notifications", format!("user {user}"), Vec::new())
            .await;
        self.notifications().await
    }

    /// # Errors
    /// When there is no way to the caller.
    pub async fn try_notifications(&self) -> Result<TriedAnswer, ApiError> {
        let (user, _) = self.person()?;
        let now = self.state.clock.now();
        let sent = self.state.teller.try_out(&user, now).await;
        let sent = sent.map_err(store_error)?;
        if sent == 0 {
            let why = "There is no way to you yet: set an e-mail address, a Slack webhook or a \
                       webhook of your own. The page tells you in any case.";
            return Err(ApiError::new(ErrorCode::Conflict, why));
        }
        Ok(TriedAnswer {
            sent: u32::try_from(sent).unwrap_or(u32::MAX),
        })
    }

    fn person(&self) -> Result<(UserName, bool), ApiError> {
        match &self.actor {
            Actor::User { name, role } => Ok((name.clone(), *role == Role::Admin)),
            Actor::Agent { .. } | Actor::Berth => {
                Err(ApiError::new(ErrorCode::Forbidden, "Nobody is to be told."))
            }
        }
    }
}

fn change(place: &mut Option<String>, new: Option<String>) {
    if let Some(new) = new {
        let new = new.trim().to_owned();
        *place = (!new.is_empty()).then_some(new);
    }
}

/// `https://hooks.slack.com/…`: who has the rest can write there.
fn without_secret(url: &str) -> String {
    let end = url
        .match_indices('/')
        .nth(2)
        .map_or(url.len(), |(at, _)| at);
    format!("{}/…", &url[..end])
}
