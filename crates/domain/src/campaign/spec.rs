//! A campaign as it is asked for.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::metric::Metric;
use super::room::Cost;
use super::space::Space;
use super::strategy::Strategy;
use crate::submit::{DEFAULT_TIME_LIMIT, SubmitRequest};
use crate::walltime;

/// No campaign has more.
pub const MOST_TRIALS: u32 = 1000;
/// So many trials wait or run at a time where nothing is said.
pub const DEFAULT_AT_ONCE: u32 = 16;
pub const MOST_AT_ONCE: u32 = 256;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CampaignSpec {
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub goal: String,
    /// The job of each trial. `{lr}` in command, name, workdir and env stands for the value of `lr`; so
    /// does `$BERTH_PARAM_LR`.
    pub template: Box<SubmitRequest>,
    pub space: Space,
    pub metric: Metric,
    pub strategy: Strategy,
    pub budget: Budget,
    #[serde(default, skip_serializing_if = "StopRule::is_empty")]
    pub stop: StopRule,
    /// Any text of up to 200 characters: the same key returns the same campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// What it may use. Written with `gpu_hours` or `gpu_seconds`, and `model_dollars` or `model_micros`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Written", into = "Written")]
pub struct Budget {
    /// GPU time in all, counted by time limits until a job has ended.
    pub gpu_seconds: u64,
    /// Of all its jobs that wait or run, together; `None`: no limit.
    pub gpus_at_once: Option<u32>,
    /// Trials that wait or run; `None`: [`DEFAULT_AT_ONCE`].
    pub at_once: Option<u32>,
    /// Trials in all, promotions among them; `None`: as many as the strategy wants.
    pub trials: Option<u32>,
    /// For language models, in millionths of a dollar; `None`: none is asked.
    pub model_micros: Option<u64>,
}

#[derive(Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct Written {
    /// GPU time in all, counted by time limits until a job has ended; or `gpu_hours`. One of the two is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu_seconds: Option<u64>,
    /// 0 where no trial needs a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu_hours: Option<f64>,
    /// Of all its jobs that wait or run, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpus_at_once: Option<u32>,
    /// Trials that wait or run.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_once: Option<u32>,
    /// Trials in all; as many as the strategy wants unless it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    trials: Option<u32>,
    /// For language models, in millionths of a dollar; or `model_dollars`.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_micros: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_dollars: Option<f64>,
}

impl TryFrom<Written> for Budget {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let gpu_seconds = match (written.gpu_seconds, written.gpu_hours) {
            (Some(seconds), None) => seconds,
            (None, Some(hours)) => {
                whole(hours * 3600.0).ok_or("gpu_hours is a number of 0 or more")?
            }
            (Some(_), Some(_)) => return Err("say gpu_hours or gpu_seconds, not both"),
            (None, None) => return Err("a budget says gpu_hours; 0 where no trial needs a GPU"),
        };
        let model_micros = match (written.model_micros, written.model_dollars) {
            (micros, None) => micros,
            (None, Some(dollars)) => {
                Some(whole(dollars * 1e6).ok_or("model_dollars is a number of 0 or more")?)
            }
            (Some(_), Some(_)) => return Err("say model_dollars or model_micros, not both"),
        };
        Ok(Budget {
            gpu_seconds,
            gpus_at_once: written.gpus_at_once,
            at_once: written.at_once,
            trials: written.trials,
            model_micros,
        })
    }
}

impl From<Budget> for Written {
    fn from(budget: Budget) -> Self {
        Written {
            gpu_seconds: Some(budget.gpu_seconds),
            gpu_hours: None,
            gpus_at_once: budget.gpus_at_once,
            at_once: budget.at_once,
            trials: budget.trials,
            model_micros: budget.model_micros,
            model_dollars: None,
        }
    }
}

/// The nearest whole number; `None` for what can be no amount.
fn whole(amount: f64) -> Option<u64> {
    let amount = amount.round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be neither negative nor too large"
    )]
    (0.0..1e15).contains(&amount).then_some(amount as u64)
}

/// When it is over before the strategy or the budget says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StopRule {
    /// A result as good as this is good enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// So many trials after each other were done and none was better than the best before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl StopRule {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == StopRule::default()
    }
}

impl CampaignSpec {
    /// How long a trial may run.
    #[must_use]
    pub fn time_limit(&self, fidelity: Option<u64>) -> Duration {
        let written = self.template.time_limit.as_deref();
        let limit = written.and_then(|text| walltime::parse(text).ok());
        let limit = limit.unwrap_or(DEFAULT_TIME_LIMIT);
        match (&self.strategy, fidelity) {
            (Strategy::Asha(asha), Some(fidelity)) => asha.fidelity.time_limit(limit, fidelity),
            _ => limit,
        }
    }

    /// What a trial can use at most.
    #[must_use]
    pub fn cost(&self, fidelity: Option<u64>) -> Cost {
        let narrow = |value: i64| u32::try_from(value).unwrap_or_default();
        let on_each = narrow(self.template.gpus.unwrap_or(1));
        let gpus = on_each.saturating_mul(narrow(self.template.nodes.unwrap_or(1)));
        let tries = u64::from(narrow(self.template.max_retries.unwrap_or(0))) + 1;
        let seconds = self.time_limit(fidelity).as_secs().saturating_mul(tries);
        Cost {
            gpus,
            gpu_seconds: u64::from(gpus).saturating_mul(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_said_in_hours_or_seconds_and_in_dollars() {
        let read = |text: &str| serde_json::from_str::<Budget>(text);
        let budget = read(r#"{"gpu_hours": 1.5, "gpus_at_once": 4}"#).unwrap();
        assert_eq!((budget.gpu_seconds, budget.gpus_at_once), (5400, Some(4)));
        let text = serde_json::to_string(&budget).unwrap();
        assert_eq!(text, r#"{"gpu_seconds":5400,"gpus_at_once":4}"#);
        assert_eq!(read(&text).unwrap(), budget);
        let money = read(r#"{"gpu_hours": 0, "model_dollars": 2.5}"#).unwrap();
        assert_eq!(money.model_micros, Some(2_500_000));
        let text = serde_json::to_string(&money).unwrap();
        assert_eq!(text, r#"{"gpu_seconds":0,"model_micros":2500000}"#);
        for wrong in [
            "{}",
            r#"{"gpu_hours":-1}"#,
            r#"{"gpu_hours":1e300}"#,
            r#"{"gpu_hours":1,"gpu_seconds":3600}"#,
            r#"{"gpu_hours":1,"hours":1}"#,
            r#"{"gpu_hours":1,"model_dollars":-1}"#,
            r#"{"gpu_hours":1,"model_dollars":1,"model_micros":1}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
