//! Agents and their mandates, the rules that Berth follows by itself, and the ledger of what all of them
//! did, suggested, or were refused.

pub mod form;

use std::collections::BTreeMap;

use berth_domain::agent::{AgentRule, Mode, Stopped};
use berth_domain::{Card, CardId, JobId, Mandate, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// An agent, what it may do, and what it has used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentView {
    pub name: UserName,
    /// The person for whom it acts: its jobs are theirs.
    pub acts_for: UserName,
    pub mandate: Mandate,
    pub made_at: Timestamp,
    /// Why it does nothing now; also where all are stopped.
    pub stopped: Option<Stopped>,
    /// Of attempts that ended, and of what it reserved and nobody used.
    pub used_gpu_seconds: u64,
    /// What its jobs that wait or run can still use, with what it gave others' jobs and reserved.
    pub ahead_gpu_seconds: u64,
    /// What they ask for together.
    pub gpus: u32,
    pub jobs: u32,
    pub jobs_last_hour: u32,
    pub refusals_last_hour: u32,
    /// In millionths of a dollar.
    pub used_model_micros: u64,
}

/// A rule that Berth follows by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleView {
    pub rule: AgentRule,
    /// A few words for it.
    pub title: String,
    /// What it looks for and does.
    pub text: String,
    pub mode: Mode,
    /// Where a project has another mode.
    pub projects: BTreeMap<String, Mode>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentsAnswer {
    /// By name.
    pub agents: Vec<AgentView>,
    /// All agents and all rules are stopped.
    pub stopped: Option<Stopped>,
    pub rules: Vec<RuleView>,
    /// Cards that wait for an answer, newest first.
    pub open: Vec<CardView>,
}

/// What an open page knows of agents without asking: what waits for whom, and when to ask again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentsPulse {
    /// The number of the next card: it rises whenever something was decided.
    pub next_card: CardId,
    /// Whom the cards ask that wait for an answer; `null`: the admins.
    pub asks: Vec<Option<UserName>>,
    pub agents: u32,
    /// How many of them may not act now.
    pub stopped: u32,
    /// All of them may not, and no rule.
    pub all_stopped: bool,
}

/// A card of the ledger, and what whoever asks may do with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CardView {
    #[serde(flatten)]
    pub card: Card,
    /// What would be done or was, in words: `cancel job 17`.
    pub act_text: Option<String>,
    pub may_answer: bool,
    pub may_undo: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LedgerAnswer {
    /// Newest first.
    pub cards: Vec<CardView>,
    /// Pass as `before` for the next page.
    pub next: Option<CardId>,
}

/// An agent as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetAgentArg {
    /// 1 to 64 of a-z, 0-9, `.`, `_` and `-`; no person's name.
    pub name: String,
    /// Whom it acts for, if not you: only admins say that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_for: Option<String>,
    /// What is left out is careful: 24 GPU-hours, 4 GPUs at once, 30 jobs an hour, its own jobs only.
    #[serde(default)]
    pub mandate: Mandate,
    /// Make a token, which is shown once. A new agent gets one anyway.
    #[serde(default)]
    pub token: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentAnswer {
    pub agent: AgentView,
    /// It is not shown again: only its hash is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AgentArg {
    pub name: String,
}

/// What is to stop, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StopArg {
    /// One agent; all of them and all rules where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    pub why: String,
    /// Cancel their jobs too.
    #[serde(default)]
    pub jobs: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResumeArg {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleArg {
    pub rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// `off`, `shadow`, `suggest`, `act`; left out: as by default, or as for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerCardArg {
    pub card: CardId,
    /// Do it, or do not.
    pub approve: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CardArg {
    pub card: CardId,
}

/// `GET /api/list_agents`: agents, what they may do and have used, the rules, and the cards that wait for an
/// answer.
#[server(prefix = "/api", endpoint = "list_agents", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_agents() -> Result<AgentsAnswer, ApiError> {
    crate::context::Context::here()?.agents().await
}

/// `POST /api/set_agent`: makes an agent that acts for you, or gives it another mandate.
#[server(prefix = "/api", endpoint = "set_agent", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_agent(body: SetAgentArg) -> Result<AgentAnswer, ApiError> {
    crate::context::Context::here()?.set_agent(body).await
}

/// `POST /api/remove_agent`: its tokens end; its jobs stay.
#[server(prefix = "/api", endpoint = "remove_agent", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn remove_agent(body: AgentArg) -> Result<AgentsAnswer, ApiError> {
    crate::context::Context::here()?.remove_agent(body).await
}

/// `POST /api/stop_agents`: stops one agent, or with an admin's rights all of them and all rules, at
/// once. What they had begun stays as it is, unless `jobs` is said.
#[server(prefix = "/api", endpoint = "stop_agents", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn stop_agents(body: StopArg) -> Result<AgentsAnswer, ApiError> {
    crate::context::Context::here()?.stop_agents(body).await
}

/// `POST /api/resume_agents`: lets what was stopped act again.
#[server(prefix = "/api", endpoint = "resume_agents", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn resume_agents(body: ResumeArg) -> Result<AgentsAnswer, ApiError> {
    crate::context::Context::here()?.resume_agents(body).await
}

/// `POST /api/set_agent_rule`: how far a rule goes, for all or for one project. Admins only.
#[server(prefix = "/api", endpoint = "set_agent_rule", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_agent_rule(body: RuleArg) -> Result<AgentsAnswer, ApiError> {
    crate::context::Context::here()?.set_agent_rule(body).await
}

/// `GET /api/ledger`: what was decided, newest first, `limit` (50, 500 at most) a page. `by` is an
/// agent's or a rule's name; `state` one of `shadow`, `suggested`, `acted`, `refused`, `declined`,
/// `expired`, `undone`.
#[server(prefix = "/api", endpoint = "ledger", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn ledger(
    #[server(default)] by: Option<String>,
    #[server(default)] state: Option<String>,
    #[server(default)] job: Option<JobId>,
    #[server(default)] asks: Option<String>,
    #[server(default)] before: Option<CardId>,
    #[server(default)] limit: Option<u32>,
) -> Result<LedgerAnswer, ApiError> {
    let context = crate::context::Context::here()?;
    let filter = crate::context::LedgerArgs {
        by,
        state,
        job,
        asks,
        before,
        limit,
    };
    context.ledger(filter).await
}

/// `POST /api/answer_card`: does what a card suggests, or not. Whom it asks, and admins.
#[server(prefix = "/api", endpoint = "answer_card", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn answer_card(body: AnswerCardArg) -> Result<CardView, ApiError> {
    crate::context::Context::here()?.answer_card(body).await
}

/// `POST /api/undo_card`: takes back what was done, while that can be. Whom it asks, and admins.
#[server(prefix = "/api", endpoint = "undo_card", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn undo_card(body: CardArg) -> Result<CardView, ApiError> {
    crate::context::Context::here()?.undo_card(body).await
}
