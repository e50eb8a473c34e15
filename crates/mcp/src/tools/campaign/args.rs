//! What can be said of a campaign. It is read as a file of a campaign is: from the same words, by the
//! same code.

use std::collections::BTreeMap;

use berth_api::ApiError;
use berth_domain::campaign::{Budget, BudgetPatch};
use berth_domain::{CampaignSpec, SubmitRequest};
use rmcp::schemars::{self, JsonSchema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::tools::submit::SubmitArgs;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignArgs {
    /// What people see.
    pub name: String,
    /// What it is for, in words.
    pub goal: Option<String>,
    /// The job of each trial, as in submit_job, without array, hold, begin, deadline and
    /// idempotency_key. In command, name, workdir and env {lr} stands for the value of lr; so does
    /// the variable BERTH_PARAM_LR.
    pub template: SubmitArgs,
    /// What is searched, by name: a list of choices (["adam", "sgd"]), or a range with both ends
    /// ({"from": 1e-5, "to": 1e-1, "scale": "log"}).
    pub space: BTreeMap<String, Values>,
    /// What is measured of a trial, and where it is read.
    pub metric: MetricArgs,
    /// How the next trial is chosen.
    pub strategy: StrategyArgs,
    /// What it may use. A trial keeps as much of it as it may use by its time limit, until its job
    /// has ended.
    pub budget: BudgetArgs,
    /// When it is over before its strategy or its budget says so; the first that holds ends it.
    pub stop: Option<StopArgs>,
    /// Any text of up to 200 characters: started again with the same key it is the same campaign.
    /// Default: a new one, which the answer tells.
    pub idempotency_key: Option<String>,
}

/// What a parameter may be.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "what a parameter may be is a list of choices, or a range such as {\"from\": 1, \"to\": 2}"
)]
#[schemars(inline)]
pub enum Values {
    Choice(Vec<Word>),
    Range(RangeArgs),
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged, expecting = "a choice is a text, a number, or true or false")]
#[schemars(inline)]
pub enum Word {
    Text(String),
    Bool(bool),
    Int(i64),
    Float(f64),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct RangeArgs {
    pub from: f64,
    pub to: f64,
    /// How values are spread. Default linear; log for what goes over powers of ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Spread>,
    /// Whole numbers only.
    #[serde(default)]
    pub int: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Spread {
    Linear,
    Log,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MetricArgs {
    /// Such as loss, or eval/accuracy.
    pub name: String,
    /// Which of two results is better.
    pub better: Direction,
    /// A regular expression with one group; its last match in the log counts. Default, where no file
    /// is given: what follows NAME= or NAME: in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Read from this file of the run folder instead: JSON objects, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// With file: the field; the last line with it counts. Default: the metric's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Direction {
    Higher,
    Lower,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct StrategyArgs {
    /// grid: every combination; random: so many trials; asha: many begin with little, and of those
    /// that have got so far the best go on with more; model: a language model proposes them in
    /// rounds, and says why.
    pub kind: Kind,
    /// Of a grid: points of each range, both ends among them. Default 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub points: Option<u32>,
    /// Of random and model: how many. Of asha: how many configurations begin; promotions are further
    /// trials.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub trials: Option<u32>,
    /// Of model: it is asked for so many at a time, or fewer. Default 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 32))]
    pub per_round: Option<u32>,
    /// Of asha: of each rung the best of so many go on, with so many times the fidelity. Default 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub eta: Option<u32>,
    /// Of asha: the parameter that says how much a trial does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<FidelityArgs>,
    /// Of random and asha: the same seed draws the same values. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Kind {
    Grid,
    Random,
    Asha,
    Model,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct FidelityArgs {
    /// Its name, such as epochs. It is not in the space.
    pub param: String,
    /// What a trial begins with.
    #[schemars(range(min = 1))]
    pub min: u64,
    /// All of it.
    #[schemars(range(min = 2))]
    pub max: u64,
    /// How long a trial takes beside that: 10m. Where it is given, a trial with less fidelity has a
    /// shorter time limit, and so keeps less of the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_time: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct BudgetArgs {
    /// In all; 0 where no trial needs a GPU.
    #[schemars(range(min = 0))]
    pub gpu_hours: f64,
    /// GPUs of all its trials that wait or run, together. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_at_once: Option<u32>,
    /// Trials that wait or run. Default 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub at_once: Option<u32>,
    /// Trials in all, promotions among them. Default: as many as the strategy wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub trials: Option<u32>,
    /// What language models may cost that propose trials, in dollars. Needed for strategy model; 0
    /// where they cost nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub model_dollars: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct StopArgs {
    /// A result as good as this is good enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// So many trials after each other were done, and none was better than the best before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub patience: Option<u32>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A budget that is changed: what is not said stays.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct PatchArgs {
    /// In all, what is used already among them.
    #[schemars(range(min = 0))]
    pub gpu_hours: Option<f64>,
    /// GPUs of all its trials that wait or run, together.
    pub gpus_at_once: Option<u32>,
    /// Trials that wait or run.
    #[schemars(range(min = 1, max = 256))]
    pub at_once: Option<u32>,
    /// Trials in all, promotions among them.
    #[schemars(range(min = 1, max = 1000))]
    pub trials: Option<u32>,
    /// What language models may cost that propose trials, in dollars, what they cost already among it.
    #[schemars(range(min = 0))]
    pub model_dollars: Option<f64>,
}

impl CampaignArgs {
    /// # Errors
    /// What of it cannot be understood. Whether it makes sense is said by the server.
    pub fn spec(self) -> Result<CampaignSpec, ApiError> {
        let stop = self.stop.as_ref().map(|stop| read("stop", stop));
        Ok(CampaignSpec {
            name: self.name,
            goal: self.goal.unwrap_or_default(),
            template: Box::new(SubmitRequest::from(self.template)),
            space: read("space", &self.space)?,
            metric: read("metric", &self.metric)?,
            strategy: read("strategy", &self.strategy)?,
            budget: read("budget", &self.budget)?,
            stop: stop.transpose()?.unwrap_or_default(),
            idempotency_key: self.idempotency_key,
        })
    }
}

impl PatchArgs {
    /// # Errors
    /// When the hours are no hours, or the dollars no dollars.
    pub fn patch(&self) -> Result<BudgetPatch, ApiError> {
        let said = BudgetArgs {
            gpu_hours: self.gpu_hours.unwrap_or_default(),
            gpus_at_once: self.gpus_at_once,
            at_once: self.at_once,
            trials: self.trials,
            model_dollars: self.model_dollars,
        };
        let said: Budget = read("budget", &said)?;
        Ok(BudgetPatch {
            gpu_seconds: self.gpu_hours.map(|_| said.gpu_seconds),
            gpus_at_once: said.gpus_at_once,
            at_once: said.at_once,
            trials: said.trials,
            model_micros: said.model_micros,
        })
    }
}

/// What the domain reads from the same words.
pub(super) fn read<T: DeserializeOwned>(
    argument: &str,
    written: &impl Serialize,
) -> Result<T, ApiError> {
    let value = serde_json::to_value(written);
    let read = value.and_then(serde_json::from_value);
    read.map_err(|error| ApiError::invalid(argument, format!("{error}.")))
}

#[cfg(test)]
mod tests {
    use berth_domain::campaign::{Dimension, Strategy};
    use serde_json::{Value, json};

    use super::*;

    fn spec(strategy: &Value) -> Result<CampaignSpec, ApiError> {
        let args = json!({
            "name": "find-lr",
            "template": { "command": ["train", "--lr={lr}"], "gpus": 2 },
            "space": { "lr": { "from": 1e-5, "to": 0.1, "scale": "log" }, "size": [16, 32.5, "all", true] },
            "metric": { "name": "loss", "better": "lower" },
            "strategy": strategy,
            "budget": { "gpu_hours": 1.5, "at_once": 4 },
        });
        serde_json::from_value::<CampaignArgs>(args).unwrap().spec()
    }

    #[test]
    fn what_an_agent_writes_is_what_a_file_says() {
        let file = json!({
            "name": "find-lr",
            "template": { "command": ["train", "--lr={lr}"], "gpus": 2 },
            "space": { "lr": { "from": 1e-5, "to": 0.1, "scale": "log" }, "size": ["16", "32.5", "all", "true"] },
            "metric": { "name": "loss", "better": "lower" },
            "strategy": { "kind": "grid", "points": 4 },
            "budget": { "gpu_seconds": 5400, "at_once": 4 },
        });
        let file: CampaignSpec = serde_json::from_value(file).unwrap();
        let asked = spec(&json!({ "kind": "grid", "points": 4 })).unwrap();
        assert_eq!(asked, file);
        assert!(matches!(asked.space["size"], Dimension::Choice(_)));
        let fidelity = json!({ "param": "epochs", "min": 1, "max": 27 });
        let asha = spec(&json!({ "kind": "asha", "trials": 9, "fidelity": fidelity })).unwrap();
        let Strategy::Asha(asha) = asha.strategy else {
            panic!("it is not read as asha")
        };
        assert_eq!((asha.trials, asha.eta, asha.seed), (9, 3, 0));
        let model = spec(&json!({ "kind": "model", "trials": 9 })).unwrap();
        let per_round = 4;
        assert_eq!(
            model.strategy,
            Strategy::Model {
                trials: 9,
                per_round
            }
        );
    }

    #[test]
    fn what_does_not_belong_together_is_refused_with_its_argument() {
        for (strategy, says) in [
            (json!({ "kind": "random" }), "missing field `trials`"),
            (
                json!({ "kind": "random", "trials": 3, "eta": 2 }),
                "unknown field `eta`",
            ),
            (
                json!({ "kind": "model", "trials": 3, "seed": 2 }),
                "unknown field `seed`",
            ),
        ] {
            let error = spec(&strategy).unwrap_err();
            assert_eq!(error.field(), Some("strategy"));
            assert!(error.to_string().contains(says), "{error}");
        }
        let patch = PatchArgs {
            gpu_hours: Some(-1.0),
            gpus_at_once: None,
            at_once: None,
            trials: None,
            model_dollars: None,
        };
        assert_eq!(patch.patch().unwrap_err().field(), Some("budget"));
        let patch = PatchArgs {
            gpu_hours: None,
            model_dollars: Some(0.5),
            ..patch
        };
        let expected = BudgetPatch {
            model_micros: Some(500_000),
            ..BudgetPatch::default()
        };
        assert_eq!(patch.patch().unwrap(), expected);
    }
}
