//! The planner's answers: why a job waits, when one would start, and which policy is followed.

use std::collections::BTreeMap;

use berth_domain::{JobId, NodeName, PolicyChoice, StateName, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// Why a job waits, and what would help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainAnswer {
    pub job: JobId,
    pub state: StateName,
    /// The reason's token; absent when it does not wait.
    pub reason: Option<String>,
    /// The sentence.
    pub text: String,
    /// Its place among those that wait, counted from 1.
    pub place: Option<usize>,
    /// Those before it, next one first; ten at most.
    pub ahead: Vec<AheadView>,
    /// Who holds the GPUs that it would get first, earliest end first.
    pub holders: Vec<HolderView>,
    /// What made its place in the order.
    pub factors: Vec<FactorView>,
    pub start_p50: Option<Timestamp>,
    pub start_p90: Option<Timestamp>,
    /// When it is to be done, if it has a deadline, and when it is expected to be.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    #[serde(default)]
    pub end_p50: Option<Timestamp>,
    /// What would let it start sooner, at most three; each was tried by planning with it.
    pub actions: Vec<ActionView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AheadView {
    pub job: JobId,
    pub name: String,
    pub user: UserName,
    pub gpus: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HolderView {
    pub job: JobId,
    pub name: String,
    pub user: UserName,
    pub node: NodeName,
    pub gpus: usize,
    /// When it is expected to end.
    pub until: Timestamp,
}

/// One thing that the policy looks at; see `docs/scheduler.md` for what shares mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FactorView {
    /// `submission`, `age`, `fair_share`, `size`, `deadline`, `run_time`, `longest_wait`,
    /// `first_slice`.
    pub name: String,
    pub share: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActionView {
    /// `with a time limit of 2h`.
    pub text: String,
    /// `berth update 17 -t 2h`.
    pub command: String,
    pub starts_now: bool,
    pub start_p50: Option<Timestamp>,
    pub start_p90: Option<Timestamp>,
}

/// When a job would start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForecastAnswer {
    pub starts_now: bool,
    /// As likely before as after; absent when it could never start.
    pub start_p50: Option<Timestamp>,
    /// Nine times of ten by then.
    pub start_p90: Option<Timestamp>,
}

/// The policy in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyAnswer {
    /// As it was chosen.
    pub policy: PolicyChoice,
    /// Every knob with its value.
    pub knobs: Vec<KnobView>,
    /// The built-in ones.
    pub names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KnobView {
    pub name: String,
    pub value: String,
    pub meaning: String,
    /// It differs from the built-in policy of that name.
    pub changed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PolicyArg {
    /// `fifo`, `easy`, `slurm` or `berth`.
    pub name: String,
    /// What differs from it.
    #[serde(default)]
    pub knobs: BTreeMap<String, String>,
}

impl PolicyArg {
    /// The field of a form that names the policy.
    pub const NAME_FIELD: &str = "policy";

    /// The field of a form that sets a knob.
    #[must_use]
    pub fn knob_field(knob: &str) -> String {
        format!("knob-{knob}")
    }

    /// What a form says: a knob that is left empty is as the policy has it. `None` where no policy is
    /// named.
    #[must_use]
    pub fn from_form<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut arg = PolicyArg::default();
        for (field, value) in fields {
            let value = value.trim();
            if field == Self::NAME_FIELD {
                value.clone_into(&mut arg.name);
            } else if let Some(knob) = field.strip_prefix("knob-")
                && !value.is_empty()
            {
                arg.knobs.insert(knob.to_owned(), value.to_owned());
            }
        }
        (!arg.name.is_empty()).then_some(arg)
    }

    /// The fields of a form that says so.
    #[must_use]
    pub fn to_form(&self) -> Vec<(String, String)> {
        let knobs = self.knobs.iter();
        let knobs = knobs.map(|(knob, value)| (Self::knob_field(knob), value.clone()));
        let name = (Self::NAME_FIELD.to_owned(), self.name.clone());
        [name].into_iter().chain(knobs).collect()
    }
}

/// Whose start another policy would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreviewAnswer {
    pub changes: Vec<ChangeView>,
    /// Waiting jobs whose start is forecast, changed or not.
    pub waiting: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeView {
    pub job: JobId,
    pub name: String,
    pub user: UserName,
    pub before_p50: Timestamp,
    pub after_p50: Timestamp,
}

/// `GET /api/explain_job?id=17`: why a job waits, who is before it, and what would let it start sooner.
#[server(prefix = "/api", endpoint = "explain_job", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn explain_job(id: JobId) -> Result<ExplainAnswer, ApiError> {
    crate::context::Context::here()?.explain(id).await
}

/// What a job asks of nodes and GPUs, as in a submission; lists with commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct AsksArg {
    pub gpu_model: String,
    pub gpu_mem: String,
    pub nodelist: String,
    pub exclude: String,
    pub nvlink: bool,
}

/// `GET /api/forecast_start?gpus=4&time_limit=2h&asks[gpu_model]=H100`: when such a job would start
/// if it were submitted now; sizes and limits as in a submission.
#[server(prefix = "/api", endpoint = "forecast_start", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn forecast_start(
    #[server(default)] gpus: Option<i64>,
    #[server(default)] nodes: Option<i64>,
    #[server(default)] time_limit: Option<String>,
    #[server(default)] class: Option<String>,
    #[server(default)] asks: AsksArg,
) -> Result<ForecastAnswer, ApiError> {
    let list = |text: &str| -> Vec<String> {
        let parts = text.split(',').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let request = berth_domain::SubmitRequest {
        command: vec!["true".to_owned()],
        gpus,
        nodes,
        time_limit: time_limit.filter(|text| !text.is_empty()),
        class: class.filter(|text| !text.is_empty()),
        gpu_model: list(&asks.gpu_model),
        gpu_mem: Some(asks.gpu_mem).filter(|text| !text.is_empty()),
        nodelist: list(&asks.nodelist),
        exclude: list(&asks.exclude),
        nvlink: asks.nvlink,
        ..berth_domain::SubmitRequest::default()
    };
    crate::context::Context::here()?.forecast(&request).await
}

/// `GET /api/get_policy`: the policy in force, with all its knobs.
#[server(prefix = "/api", endpoint = "get_policy", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn get_policy() -> Result<PolicyAnswer, ApiError> {
    crate::context::Context::here()?.policy().await
}

/// `POST /api/set_policy`: admins only.
#[server(prefix = "/api", endpoint = "set_policy", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_policy(body: PolicyArg) -> Result<PolicyAnswer, ApiError> {
    crate::context::Context::here()?.set_policy(body).await
}

/// `POST /api/preview_policy`: what a change would do to today's queue. Changes nothing.
#[server(prefix = "/api", endpoint = "preview_policy", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn preview_policy(body: PolicyArg) -> Result<PreviewAnswer, ApiError> {
    crate::context::Context::here()?.preview_policy(body).await
}
