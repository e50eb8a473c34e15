//! What is wrong, and answers to it.

use std::time::Duration;

use berth_api::ApiError;
use berth_api::alerts::{AlertView, AnswerAlert, AnswerArg, GetAlerts};
use berth_api::cluster::GetWhoami;
use berth_api::jobs::GetJob;
use berth_domain::{AlertId, AlertRule, AlertState, Choice, Refusal, Right, Severity, walltime};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::{Deserialize, Serialize};

use super::cancel;
use super::change::About;
use crate::door::Through;
use crate::seen::preview::ChangePreview;
use crate::seen::words::{lines, moment};
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

/// As the server has it.
const KEEP_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertsArgs {
    /// Also the last 200 that are over.
    #[serde(default)]
    pub all: bool,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerArgs {
    /// The alert's number.
    pub id: u64,
    /// One of the alert's choices. keep: leave it as it is for a while; stop: cancel the job;
    /// preemptible: let others have its GPUs when they need them; requeue: let it save, end and be
    /// queued again; cordon: give the GPU or node no new job; adopt: make the process a job;
    /// ignore: it does not matter.
    pub choice: Chosen,
    /// Why; needed to keep things as they are.
    pub because: Option<String>,
    /// For how long to keep them so: 2h. Default 2h, at most 7 days.
    pub lasts: Option<String>,
}

/// An answer to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Chosen {
    Keep,
    Stop,
    Preemptible,
    Requeue,
    Cordon,
    Adopt,
    Ignore,
}

impl From<Chosen> for Choice {
    fn from(chosen: Chosen) -> Self {
        match chosen {
            Chosen::Keep => Choice::Keep,
            Chosen::Stop => Choice::Stop,
            Chosen::Preemptible => Choice::Preemptible,
            Chosen::Requeue => Choice::Requeue,
            Chosen::Cordon => Choice::Cordon,
            Chosen::Adopt => Choice::Adopt,
            Chosen::Ignore => Choice::Ignore,
        }
    }
}

impl From<Choice> for Chosen {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Keep => Chosen::Keep,
            Choice::Stop => Chosen::Stop,
            Choice::Preemptible => Chosen::Preemptible,
            Choice::Requeue => Chosen::Requeue,
            Choice::Cordon => Chosen::Cordon,
            Choice::Adopt => Chosen::Adopt,
            Choice::Ignore => Chosen::Ignore,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertsSeen {
    /// Newest first.
    pub alerts: Vec<AlertSeen>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AlertSeen {
    pub id: u64,
    /// Such as idle_process or temperature; the page berth://docs/alerts lists them.
    pub rule: String,
    pub severity: SeveritySeen,
    pub state: AlertStateSeen,
    /// Such as: job 17, node-1:3, node-1, the queue, the server.
    pub about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<u64>,
    /// What is wrong, with the figures at the time.
    pub text: String,
    /// What to do about it.
    pub advice: String,
    /// Who is asked first. Absent: the admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    /// How it can be answered.
    pub choices: Vec<Chosen>,
    pub opened_at: String,
    /// What was answered, and by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
    /// What Berth did by itself, because nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_by_berth: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum SeveritySeen {
    Info,
    Warning,
    Critical,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum AlertStateSeen {
    Open,
    Answered,
    Resolved,
}

impl AlertSeen {
    fn new(alert: &AlertView) -> Self {
        let answer = alert.answer.as_ref().map(|answer| {
            let because = answer.because.as_ref();
            let because = because.map_or(String::new(), |why| format!(": {why}"));
            format!("{} by {}{because}", answer.choice, answer.by)
        });
        AlertSeen {
            id: alert.id.0,
            rule: alert.rule.to_string(),
            severity: match alert.severity {
                Severity::Info => SeveritySeen::Info,
                Severity::Warning => SeveritySeen::Warning,
                Severity::Critical => SeveritySeen::Critical,
            },
            state: match alert.state {
                AlertState::Open => AlertStateSeen::Open,
                AlertState::Answered => AlertStateSeen::Answered,
                AlertState::Resolved => AlertStateSeen::Resolved,
            },
            about: alert.subject.clone(),
            job: alert.job.map(|job| job.0),
            text: alert.text.clone(),
            advice: alert.advice.clone(),
            asks: alert.asks.as_ref().map(ToString::to_string),
            choices: alert.choices.iter().copied().map(Chosen::from).collect(),
            opened_at: moment(alert.opened_at),
            answer,
            resolved_at: alert.resolved_at.map(moment),
            done_by_berth: alert.climbed.clone(),
        }
    }
}

/// An alert in words.
fn told(alert: &AlertView) -> String {
    let choices: Vec<&str> = alert.choices.iter().map(|one| one.as_str()).collect();
    format!(
        "Alert {} ({}, {}) about {}: {} {} It can be answered with: {}.",
        alert.id,
        alert.severity,
        alert.state,
        alert.subject,
        alert.text,
        alert.advice,
        choices.join(", ")
    )
}

#[tool_router(router = alert_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// What is wrong now: GPUs held without work, heat, memory errors, silent nodes, foreign
    /// processes. Each alert says what to do and how it can be answered.
    #[tool(
        output_schema = data::<AlertsSeen>(),
        annotations(
            title = "Alerts",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn alerts(
        Parameters(args): Parameters<AlertsArgs>,
        Through(door): Through<H>,
    ) -> Answer<AlertsSeen> {
        let all = args.all.then_some(true);
        let found = door.call(GetAlerts { all }).await?.alerts;
        let text = if found.is_empty() {
            "Nothing is wrong.".to_owned()
        } else {
            lines(found.iter().map(told))
        };
        let alerts = found.iter().map(AlertSeen::new).collect();
        Ok(Told::new(text, AlertsSeen { alerts }))
    }

    /// Answers an alert and does what was chosen, which may stop a job. Who is asked, whose job it
    /// is, and admins may. preview_answer_alert takes the same arguments.
    #[tool(
        output_schema = data::<AlertSeen>(),
        annotations(
            title = "Answer an alert",
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn answer_alert(
        Parameters(args): Parameters<AnswerArgs>,
        Through(door): Through<H>,
    ) -> Answer<AlertSeen> {
        let choice = Choice::from(args.choice);
        let body = AnswerArg {
            id: AlertId(args.id),
            choice: choice.to_string(),
            because: args.because,
            lasts: args.lasts,
        };
        let alert = door.call(AnswerAlert { body }).await?;
        let until = alert.answer.as_ref().and_then(|answer| answer.until);
        let until = until.map_or(String::new(), |until| format!(", until {}", moment(until)));
        let (id, about) = (alert.id, &alert.subject);
        let text = format!("Alert {id} about {about} is answered: {choice}{until}.");
        Ok(Told::new(text, AlertSeen::new(&alert)))
    }

    /// What answer_alert would do with these arguments, or why it would be refused. Changes nothing.
    #[tool(
        output_schema = data::<ChangePreview>(),
        annotations(
            title = "Preview of an answer",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn preview_answer_alert(
        Parameters(args): Parameters<AnswerArgs>,
        Through(door): Through<H>,
    ) -> Answer<ChangePreview> {
        let seen = preview(&door, &args).await?;
        Ok(Told::new(seen.text(), seen))
    }
}

async fn preview<D: Door>(door: &D, args: &AnswerArgs) -> Result<ChangePreview, ApiError> {
    let found = door.call(GetAlerts { all: None }).await?.alerts;
    let found = found.into_iter().find(|alert| alert.id.0 == args.id);
    let Some(alert) = found else {
        let alert = AlertId(args.id);
        return Ok(ChangePreview::refused(None, Refusal::NoSuchAlert { alert }));
    };
    if let Err(refusal) = allowed(door, &alert, args).await? {
        return Ok(ChangePreview::refused(None, refusal));
    }
    follows(door, &alert, args).await
}

/// The same checks as the server's when it is answered.
async fn allowed<D: Door>(
    door: &D,
    alert: &AlertView,
    args: &AnswerArgs,
) -> Result<Result<(), Refusal>, ApiError> {
    let asks = door.call(GetWhoami {}).await?;
    let choice = Choice::from(args.choice);
    let job = match alert.job {
        Some(id) => Some(door.call(GetJob { id }).await?.job.row),
        None => None,
    };
    let may = match (&alert.asks, &job) {
        (Some(asked), _) if *asked == asks.user => asks.may(Right::AnswerAlert, asked, None),
        (_, Some(job)) => asks.may(Right::AnswerAlert, &job.user, job.project.as_deref()),
        (Some(asked), None) => asks.may(Right::AnswerAlert, asked, None),
        (None, None) => asks.admin,
    };
    if !may {
        let id = alert.id;
        return Ok(Err(match alert.asks.clone() {
            Some(asks) => Refusal::AlertNotYours { alert: id, asks },
            None => Refusal::AlertForAdmins { alert: id },
        }));
    }
    if !alert.choices.contains(&choice) {
        let choices: Vec<&str> = alert.choices.iter().map(|one| one.as_str()).collect();
        return Ok(Err(Refusal::NotAChoice {
            alert: alert.id,
            choice,
            choices: choices.join(", "),
        }));
    }
    let because = args.because.as_deref().map(str::trim);
    if choice == Choice::Keep && because.is_none_or(str::is_empty) {
        let why = "Say why it is to stay as it is.";
        return Ok(Err(Refusal::invalid("because", why)));
    }
    match args.lasts.as_deref().map(walltime::parse).transpose() {
        Err(why) => return Ok(Err(Refusal::invalid("lasts", format!("{why}.")))),
        Ok(Some(lasts)) if lasts.is_zero() || lasts > KEEP_MAX => {
            let why = "It can stay as it is for up to 7 days.";
            return Ok(Err(Refusal::invalid("lasts", why)));
        }
        Ok(_) => {}
    }
    if choice == Choice::Cordon && !asks.admin {
        return Ok(Err(Refusal::CordonNotAllowed));
    }
    if choice == Choice::Ignore && alert.rule == AlertRule::Foreign && !asks.admin {
        return Ok(Err(Refusal::AlertForAdmins { alert: alert.id }));
    }
    Ok(Ok(()))
}

/// What the answer would lead to.
async fn follows<D: Door>(
    door: &D,
    alert: &AlertView,
    args: &AnswerArgs,
) -> Result<ChangePreview, ApiError> {
    let about = &alert.subject;
    let lasts = args.lasts.as_deref().unwrap_or("2h");
    let then = match args.choice {
        Chosen::Stop => {
            if let Some(id) = alert.job {
                return cancel::preview(door, &About::new(door, id).await?, false).await;
            }
            format!("The job that holds {about} would be cancelled.")
        }
        Chosen::Keep => format!(
            "Everything would stay as it is for {lasts}. If the cause is still there then, the alert opens anew."
        ),
        Chosen::Preemptible => {
            "The job would go on, and be stopped and queued again when another needs its GPUs."
                .to_owned()
        }
        Chosen::Requeue => {
            "The job would be told to save, be stopped, and be queued again.".to_owned()
        }
        Chosen::Cordon => format!("No new job would start on {about}. What runs there goes on."),
        Chosen::Adopt => format!(
            "The process on {about} would become a job, with a lease of the GPUs that it uses. Whether it \
             still runs, and may be adopted by you, is known when it is done."
        ),
        Chosen::Ignore => "The alert would be closed, and nothing else would change.".to_owned(),
    };
    Ok(ChangePreview::accepted(None, vec![told(alert), then]))
}
