//! Who is to be told what: from the journal, and from what waits.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::agent::CardState;
use berth_domain::event::Then;
use berth_domain::{
    Alert, Card, Event, Job, JobId, Occasion, Preferences, Record, Role, Seq, Subject, Timestamp,
    UserName, walltime,
};
use berth_store::{NewDelivery, Store, StoreError};
use tokio::sync::Notify;

use crate::channel::Channel;
use crate::message::{Kind, Message};

/// How many entries of the journal are looked at in one go.
const PAGE: u32 = 500;

/// Reads what happened and queues who is to be told.
#[derive(Debug)]
pub struct Teller {
    pub store: Store,
    /// What the server is reached by.
    pub url: String,
    /// Where the whole team is told of alerts.
    pub team: Preferences,
    /// Whether mail can be sent at all; otherwise none is queued.
    pub sends_mail: bool,
    /// Rung when something was queued.
    pub bell: Arc<Notify>,
}

/// A job that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub job: JobId,
    pub name: String,
    pub owner: UserName,
    pub since: Timestamp,
    /// Why, in a sentence.
    pub reason: String,
}

impl Teller {
    /// Looks at what is new in the journal, up to `now`. What happened before the first look is not
    /// told.
    ///
    /// # Errors
    /// When the database fails; it goes on from there the next time.
    pub async fn look(&self, last: Seq, now: Timestamp) -> Result<(), StoreError> {
        let Some(mut seen) = self.store.told_up_to().await? else {
            return self.store.queue_deliveries(&[], Some(last), now).await;
        };
        while seen < last {
            let page = self.store.journal(seen, PAGE).await?;
            let Some(end) = page.last() else { break };
            let mut messages = Vec::new();
            for record in &page {
                messages.extend(self.of_record(record).await?);
            }
            seen = end.seq;
            self.queue(messages, Some(seen), now).await?;
        }
        Ok(())
    }

    /// Tells whose jobs wait for long, each once a wait.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look_at_waits(
        &self,
        waiting: &[Waiting],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut messages = Vec::new();
        for job in waiting {
            let preferences = self.store.preferences(&job.owner).await?;
            let waits = now.duration_since(job.since);
            let long = waits.unsigned_abs() >= preferences.waits_over();
            if !long || !preferences.on.contains(&Occasion::Waits) {
                continue;
            }
            // To the minute.
            let minutes = waits.unsigned_abs().as_secs() / 60;
            let span = walltime::format(Duration::from_secs(minutes * 60));
            let message = Message {
                kind: Kind::JobWaits,
                title: format!("Job {} ({}) has waited for {span}", job.job, job.name),
                text: job.reason.clone(),
                url: self.of_job(job.job),
                job: Some(job.job),
                alert: None,
                card: None,
                at: now,
            };
            let key = format!("wait:{}:{}", job.job, job.since.as_second());
            messages.extend(self.to(&key, Some(&job.owner), &preferences, &message));
        }
        if messages.is_empty() {
            return Ok(());
        }
        self.queue(messages, None, now).await
    }

    /// Sends somebody a message, to see whether it arrives. Says how many ways there are to them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_out(&self, user: &UserName, now: Timestamp) -> Result<usize, StoreError> {
        let preferences = self.store.preferences(user).await?;
        let message = Message {
            kind: Kind::Test,
            title: "Berth can reach you here".to_owned(),
            text: String::new(),
            url: format!("{}/settings", self.url),
            job: None,
            alert: None,
            card: None,
            at: now,
        };
        let key = format!("test:{}", now.as_microsecond());
        let messages = self.to(&key, Some(user), &preferences, &message);
        let count = messages.len();
        self.queue(messages, None, now).await?;
        Ok(count)
    }

    async fn queue(
        &self,
        messages: Vec<NewDelivery>,
        up_to: Option<Seq>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.queue_deliveries(&messages, up_to, now).await?;
        if !messages.is_empty() {
            self.bell.notify_one();
        }
        Ok(())
    }

    async fn of_record(&self, record: &Record) -> Result<Vec<NewDelivery>, StoreError> {
        match &record.event {
            Event::AttemptRunning { attempt, .. } => {
                self.job(record, attempt.job, Occasion::Started).await
            }
            Event::AttemptExited { attempt, .. } => {
                self.job(record, attempt.job, Occasion::Ended).await
            }
            // What somebody cancelled while it waited they know.
            Event::AlertOpened { alert } => self.alert(record, alert, Kind::AlertOpened).await,
            Event::AlertResolved { alert } => match self.store.alert(*alert).await? {
                Some(alert) => self.alert(record, &alert, Kind::AlertResolved).await,
                None => Ok(vec![]),
            },
            Event::CardMade { card } if card.state == CardState::Suggested => {
                self.card(record, card).await
            }
            _ => Ok(vec![]),
        }
    }

    async fn job(
        &self,
        record: &Record,
        id: JobId,
        occasion: Occasion,
    ) -> Result<Vec<NewDelivery>, StoreError> {
        let Some(job) = self.store.job(id).await? else {
            return Ok(vec![]);
        };
        let preferences = self.store.preferences(&job.owner).await?;
        if !preferences.on.contains(&occasion) {
            return Ok(vec![]);
        }
        let message = Message {
            kind: match occasion {
                Occasion::Started => Kind::JobStarted,
                _ => Kind::JobEnded,
            },
            title: title(&job, &record.event),
            text: record.event.sentence() + ".",
            url: self.of_job(id),
            job: Some(id),
            alert: None,
            card: None,
            at: record.at,
        };
        let key = record.seq.0.to_string();
        Ok(self.to(&key, Some(&job.owner), &preferences, &message))
    }

    /// Who is asked, whose job it is, and the team; the admins where nobody is asked.
    async fn alert(
        &self,
        record: &Record,
        alert: &Alert,
        kind: Kind,
    ) -> Result<Vec<NewDelivery>, StoreError> {
        let finding = &alert.finding;
        let message = Message {
            kind,
            title: match kind {
                Kind::AlertResolved => format!("Over: {}", finding.text),
                _ => finding.text.clone(),
            },
            text: match kind {
                Kind::AlertResolved => String::new(),
                _ => finding.advice.clone(),
            },
            url: format!("{}/alerts#alert-{}", self.url, alert.id),
            job: finding.subject.job(),
            alert: Some(alert.id),
            card: None,
            at: record.at,
        };
        let mut asked: Vec<UserName> = finding.asks.iter().cloned().collect();
        if let Subject::Job { job } = finding.subject {
            asked.extend(self.store.job(job).await?.map(|job| job.owner));
        }
        let key = record.seq.0.to_string();
        let mut messages = self.to(&key, None, &self.team, &message);
        messages.extend(self.ask(&key, asked, Occasion::Alert, &message).await?);
        Ok(messages)
    }

    /// Who is to decide.
    async fn card(&self, record: &Record, card: &Card) -> Result<Vec<NewDelivery>, StoreError> {
        let message = Message {
            kind: Kind::ApprovalAsked,
            title: format!("To decide: {}", card.title),
            text: card.saw.join(" "),
            url: format!("{}/agent#card-{}", self.url, card.id),
            job: card.job,
            alert: None,
            card: Some(card.id),
            at: record.at,
        };
        let asked = card.asks.iter().cloned().collect();
        let key = record.seq.0.to_string();
        self.ask(&key, asked, Occasion::Approval, &message).await
    }

    /// For those who are asked, as far as they want to be told; the admins where nobody is.
    async fn ask(
        &self,
        key: &str,
        mut asked: Vec<UserName>,
        occasion: Occasion,
        message: &Message,
    ) -> Result<Vec<NewDelivery>, StoreError> {
        // Whom Berth does not know it cannot tell: a foreign process may be any Unix user's.
        let users = self.store.users().await?;
        asked.retain(|name| users.iter().any(|user| user.name == *name));
        if asked.is_empty() {
            let admins = users.into_iter().filter(|user| user.role == Role::Admin);
            asked.extend(admins.map(|user| user.name));
        }
        asked.sort();
        asked.dedup();
        let mut messages = Vec::new();
        for user in asked {
            let preferences = self.store.preferences(&user).await?;
            if preferences.on.contains(&occasion) {
                messages.extend(self.to(key, Some(&user), &preferences, message));
            }
        }
        Ok(messages)
    }

    /// The message by every way that there is to somebody.
    fn to(
        &self,
        key: &str,
        user: Option<&UserName>,
        preferences: &Preferences,
        message: &Message,
    ) -> Vec<NewDelivery> {
        let has = |channel: &Channel| match channel {
            Channel::Email => preferences.email.is_some() && self.sends_mail,
            Channel::Slack => preferences.slack.is_some(),
            Channel::Webhook => preferences.webhook.is_some(),
        };
        let Ok(text) = serde_json::to_string(message) else {
            return vec![];
        };
        let who = user.map_or("team", UserName::as_str);
        let delivery = |channel: Channel| NewDelivery {
            key: format!("{key}:{who}:{}", channel.as_str()),
            user: user.cloned(),
            channel: channel.as_str().to_owned(),
            message: text.clone(),
        };
        Channel::ALL.into_iter().filter(has).map(delivery).collect()
    }

    fn of_job(&self, job: JobId) -> String {
        format!("{}/jobs/{job}", self.url)
    }
}

fn title(job: &Job, event: &Event) -> String {
    let name = format!("Job {} ({})", job.id, job.spec.name);
    match event {
        Event::AttemptExited { then, exit, .. } => match then {
            Then::Finished { outcome } if outcome.succeeded() => format!("{name} is done"),
            Then::Finished { outcome } => match exit.exit_code() {
                Some(code) if outcome.token() == "Failed" => {
                    format!("{name} failed with code {code}")
                }
                _ => format!("{name} ended: {}", outcome.token()),
            },
            Then::Queued { .. } => format!("{name} is queued again"),
        },
        _ => format!("{name} runs"),
    }
}
