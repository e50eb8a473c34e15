//! What is wrong, what was answered, and processes outside the queue.

use berth_domain::{
    AlertId, AlertRule, AlertState, Answer as Given, Choice, JobId, Severity, Timestamp, UserName,
};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::jobs::JobAnswer;
use crate::{Answer, ApiError, AppClient, Body, Described};

/// An alert, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertView {
    pub id: AlertId,
    pub rule: AlertRule,
    /// A few words for the rule.
    pub title: String,
    pub severity: Severity,
    pub state: AlertState,
    /// `job 17`, `node-1:3`, `node-1`, `the queue`, `the server`.
    pub subject: String,
    pub job: Option<JobId>,
    /// What is wrong, with the figures at the time.
    pub text: String,
    /// What to do about it.
    pub advice: String,
    /// Who is asked first; `null`: the admins.
    pub asks: Option<UserName>,
    pub choices: Vec<Choice>,
    pub opened_at: Timestamp,
    pub answer: Option<Given>,
    pub resolved_at: Option<Timestamp>,
    /// What Berth did by itself, because nobody answered.
    pub climbed: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertsAnswer {
    /// Newest first.
    pub alerts: Vec<AlertView>,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerArg {
    pub id: AlertId,
    /// One of the alert's choices: `keep`, `stop`, `preemptible`, `requeue`, `cordon`, `adopt`,
    /// `ignore`.
    pub choice: String,
    /// Needed to keep things as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// `2h`: how long to keep them so. Two hours if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
}

/// Which process to adopt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdoptArg {
    pub node: String,
    pub pid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// `6h`, from now on; 24 hours if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
}

/// `GET /api/alerts`: what is wrong now; with `all` also the last 200 that are over.
#[server(name = GetAlerts, prefix = "/api", endpoint = "alerts", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn alerts(all: Option<bool>) -> Result<AlertsAnswer, ApiError> {
    let context = crate::context::Context::here()?;
    context.alerts(all.unwrap_or(false)).await
}

/// `POST /api/answer_alert`: answers an alert and does what was chosen. Who is asked, whose job it
/// is, and admins.
#[server(prefix = "/api", endpoint = "answer_alert", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn answer_alert(body: AnswerArg) -> Result<AlertView, ApiError> {
    crate::context::Context::here()?.answer_alert(body).await
}

/// `POST /api/adopt`: makes a process that runs outside the queue a job, with a lease of the GPUs
/// that it uses. Its owner and admins.
#[server(prefix = "/api", endpoint = "adopt", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn adopt(body: AdoptArg) -> Result<JobAnswer, ApiError> {
    crate::context::Context::here()?.adopt(body).await
}
