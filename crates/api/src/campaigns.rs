//! Campaigns: Berth plans trials of a job within a budget, reads their results, and decides the next ones.

pub mod form;
mod tree;

use std::collections::BTreeMap;

use berth_domain::campaign::{
    Budget, CampaignChange, Metric, Note, Space, StopRule, Strategy, TrialState,
};
use berth_domain::{CampaignId, CampaignSpec, JobId, SubmitRequest, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

pub use self::tree::tree;
use crate::{Answer, ApiError, AppClient, Body, Described};

/// A campaign, as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CampaignRow {
    pub id: CampaignId,
    pub name: String,
    /// Whose the jobs are.
    pub user: UserName,
    /// The agent that started it, if one did.
    pub agent: Option<UserName>,
    /// `running`, `paused` or `ended`.
    pub state: String,
    /// Why it is paused or has ended, and who says so.
    pub why: Option<String>,
    /// Why it has no next trial at the moment, where something does not allow one.
    pub waits: Option<String>,
    pub strategy: Strategy,
    pub metric: Metric,
    pub best: Option<BestView>,
    pub counts: CountsView,
    pub spent: SpentView,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// How its trials stand, promotions among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CountsView {
    pub all: usize,
    /// They wait or run.
    pub live: usize,
    pub done: usize,
    pub failed: usize,
    pub stopped: usize,
}

/// What is used of the budget, in GPU seconds, and for language models in millionths of a dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpentView {
    /// By attempts that have ended.
    pub gpu_seconds: u64,
    /// What those that wait or run may use besides, by their time limits.
    pub kept_gpu_seconds: u64,
    pub of_gpu_seconds: u64,
    #[serde(default)]
    pub model_micros: u64,
    /// `None`: none is asked.
    #[serde(default)]
    pub of_model_micros: Option<u64>,
}

/// The best so far: of the trials that went furthest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BestView {
    pub trial: u32,
    pub job: JobId,
    pub result: f64,
    /// By parameter, that of the fidelity among them.
    pub values: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrialView {
    /// Counts from 1.
    pub number: u32,
    /// The trial that it goes on from: a tree.
    pub parent: Option<u32>,
    pub values: BTreeMap<String, String>,
    /// How often it was promoted, and the value of the fidelity's parameter.
    pub rung: u32,
    pub fidelity: Option<u64>,
    pub job: JobId,
    /// `submitted`, `done`, `failed`, `stopped`.
    pub state: TrialState,
    pub result: Option<f64>,
    /// What one that runs has told last.
    pub current: Option<f64>,
    pub best: bool,
    /// Why it was chosen.
    pub why: String,
    /// Why it has no result.
    pub problem: Option<String>,
    pub submitted_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Everything about a campaign: its report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CampaignView {
    #[serde(flatten)]
    pub row: CampaignRow,
    pub goal: String,
    /// The values of `env` are hidden from others.
    pub template: SubmitRequest,
    /// As it was asked for, and what of it is searched now.
    pub space: Space,
    pub searched: Space,
    pub budget: Budget,
    pub stop: StopRule,
    /// What people said to it, oldest first.
    pub notes: Vec<Note>,
    /// By number.
    pub trials: Vec<TrialView>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CampaignList {
    /// Newest first.
    pub campaigns: Vec<CampaignRow>,
}

/// What to do to a campaign: `{"id": 3, "change": "pause", "why": "…"}`, `{"id": 3, "change": "resume"}`,
/// `{"id": 3, "change": "end", "why": "…", "jobs": true}`, `{"id": 3, "change": "steer", "note": "…", …}` with any
/// of `space` (`{"lr": {"from": 1e-4, "to": 1e-2}}`), `budget`, `stop` and `strategy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeCampaignArg {
    pub id: CampaignId,
    #[serde(flatten)]
    pub change: CampaignChange,
}

/// What a campaign would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CampaignPreview {
    /// How many trials it has if nothing ends it sooner; of asha about.
    pub trials: u32,
    /// What they can use at most, by their time limits, within the budget.
    pub most_gpu_seconds: u64,
    /// The budget allows less than the strategy would do.
    pub cut: bool,
    /// When the first would start if it were started now.
    pub starts_now: bool,
    pub start_p50: Option<Timestamp>,
    pub start_p90: Option<Timestamp>,
    /// What may not be meant so, and what it may cost besides, a sentence each.
    pub notes: Vec<String>,
}

/// `POST /api/start_campaign`: starts a search over a space of parameters, within a budget.
#[server(prefix = "/api", endpoint = "start_campaign", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn start_campaign(body: CampaignSpec) -> Result<CampaignView, ApiError> {
    crate::context::Context::here()?.start_campaign(body).await
}

/// `POST /api/preview_campaign`: what it would come to. Starts nothing.
#[server(prefix = "/api", endpoint = "preview_campaign", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn preview_campaign(body: CampaignSpec) -> Result<CampaignPreview, ApiError> {
    crate::context::Context::here()?
        .preview_campaign(body)
        .await
}

/// `GET /api/list_campaigns`: those that go on; with `all` also the last 100 that ended.
#[server(prefix = "/api", endpoint = "list_campaigns", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_campaigns(
    #[server(default)] all: Option<bool>,
) -> Result<CampaignList, ApiError> {
    let context = crate::context::Context::here()?;
    Ok(context.list_campaigns(all.unwrap_or(false)).await)
}

/// `GET /api/campaign?id=3`: a campaign with its trials.
#[server(name = GetCampaign, prefix = "/api", endpoint = "campaign", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn campaign(id: CampaignId) -> Result<CampaignView, ApiError> {
    crate::context::Context::here()?.campaign(id).await
}

/// `POST /api/change_campaign`: pauses, resumes, ends or steers it. Its owner and admins.
#[server(prefix = "/api", endpoint = "change_campaign", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn change_campaign(body: ChangeCampaignArg) -> Result<CampaignView, ApiError> {
    crate::context::Context::here()?.change_campaign(body).await
}

#[cfg(test)]
mod tests {
    use berth_domain::campaign::{Narrow, Steering};

    use super::*;

    #[test]
    fn a_change_is_written_beside_the_number() {
        let read = |text: &str| serde_json::from_str::<ChangeCampaignArg>(text);
        let pause = read(r#"{"id": 3, "change": "pause", "why": "a look"}"#).unwrap();
        let why = "a look".to_owned();
        assert_eq!(
            (pause.id, pause.change),
            (CampaignId(3), CampaignChange::Pause { why })
        );
        let text = r#"{"id": 3, "change": "steer", "note": "n", "space": {"lr": {"from": 1, "to": 2}},
            "budget": {"gpu_seconds": 60}, "stop": {"patience": 3}}"#;
        let steer = read(text).unwrap();
        let CampaignChange::Steer(steering) = &steer.change else {
            panic!("{steer:?}")
        };
        let range = Narrow::Range { from: 1.0, to: 2.0 };
        assert_eq!(steering.space["lr"], range);
        assert_eq!(steering.stop.patience, Some(3));
        assert_ne!(**steering, Steering::default());
        let again = serde_json::to_string(&steer).unwrap();
        assert_eq!(read(&again).unwrap(), steer);
        for wrong in [
            r#"{"id": 3}"#,
            r#"{"id": 3, "change": "steer", "nots": "n"}"#,
            r#"{"id": 3, "change": "stop"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
