//! Alerts and their answers; adopting what runs outside the queue.

use berth_domain::command::AdoptRequest;
use berth_domain::{Alert, Choice, Command, NodeName, Rung, walltime};

use super::{Context, command_error, store_error};
use crate::ApiError;
use crate::alerts::{AdoptArg, AlertView, AlertsAnswer, AnswerArg};
use crate::jobs::JobAnswer;

/// How many are looked back at.
const LOOK_BACK: u32 = 200;

impl Context {
    pub(crate) async fn alerts(&self, all: bool) -> Result<AlertsAnswer, ApiError> {
        let mut alerts = if all {
            let stored = self.state.store.alerts(None, LOOK_BACK).await;
            stored.map_err(store_error)?
        } else {
            self.state.handle.current().await.alerts.clone()
        };
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.id));
        Ok(AlertsAnswer {
            alerts: alerts.iter().map(view).collect(),
        })
    }

    /// # Errors
    /// When it is not open, cannot be answered so, or the caller may not answer it.
    pub async fn answer_alert(&self, arg: AnswerArg) -> Result<AlertView, ApiError> {
        let choice: Choice = arg
            .choice
            .parse()
            .map_err(|why| ApiError::invalid("choice", format!("{why}.")))?;
        let lasts = arg.lasts.as_deref().map(walltime::parse).transpose();
        let command = Command::Answer {
            alert: arg.id,
            choice,
            because: arg.because.filter(|because| !because.trim().is_empty()),
            lasts: lasts.map_err(|why| ApiError::invalid("lasts", why.to_string()))?,
        };
        let sent = self.send(command).await;
        sent.map_err(command_error)?;
        let found = self.state.store.alert(arg.id).await.map_err(store_error)?;
        let gone = berth_domain::Refusal::NoSuchAlert { alert: arg.id };
        found.as_ref().map(view).ok_or_else(|| gone.into())
    }

    /// # Errors
    /// When no such process is known, or the caller may not adopt it.
    pub async fn adopt(&self, arg: AdoptArg) -> Result<JobAnswer, ApiError> {
        let limit = arg.time_limit.as_deref().map(walltime::parse).transpose();
        let request = AdoptRequest {
            node: NodeName(arg.node),
            pid: arg.pid,
            name: arg.name,
            project: arg.project,
            time_limit: limit.map_err(|why| ApiError::invalid("time_limit", why.to_string()))?,
        };
        self.command(Command::Adopt(Box::new(request))).await
    }
}

pub(crate) fn view(alert: &Alert) -> AlertView {
    let finding = &alert.finding;
    AlertView {
        id: alert.id,
        rule: finding.rule,
        title: finding.rule.title().to_owned(),
        severity: finding.severity,
        state: alert.state(),
        subject: finding.subject.to_string(),
        job: finding.subject.job(),
        text: finding.text.clone(),
        advice: finding.advice.clone(),
        asks: finding.asks.clone(),
        choices: finding.choices.clone(),
        opened_at: alert.opened_at,
        answer: alert.answer.clone(),
        resolved_at: alert.resolved_at,
        climbed: (alert.rung > Rung::Ask).then(|| alert.rung.sentence().to_owned()),
    }
}
