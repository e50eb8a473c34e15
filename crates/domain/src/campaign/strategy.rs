//! How the next trial is chosen. What follows from it is the crate `agent`'s; here is only what can be
//! asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::space::{Dimension, Space};
use super::spec::{Budget, MOST_TRIALS};
use crate::refusal::Refusal;
use crate::submit::is_parameter;
use crate::walltime;

const MOST_POINTS: u32 = 1000;
const MOST_PER_ROUND: u32 = 32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Strategy {
    /// Every combination of so many points of each range, both ends among them, and all choices.
    Grid {
        #[serde(default = "three")]
        points: u32,
    },
    Random {
        trials: u32,
        /// The same seed draws the same values.
        #[serde(default)]
        seed: u32,
    },
    /// Asynchronous successive halving: many begin with little, and of those that have got so far the best
    /// go on with more.
    Asha(Asha),
    /// A language model proposes the trials, and says why it wants each: in rounds, so that it knows what
    /// came of those before.
    Model {
        trials: u32,
        /// It is asked for so many at a time, or fewer.
        #[serde(default = "four")]
        per_round: u32,
    },
}

/// See "A System for Massively Parallel Hyperparameter Tuning" (Li et al., 2018), algorithm 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Asha {
    /// Configurations that begin. A promotion is another trial of the same configuration.
    pub trials: u32,
    /// Of each rung the best of so many go on, with so many times the fidelity.
    #[serde(default = "three")]
    pub eta: u32,
    pub fidelity: Fidelity,
    #[serde(default)]
    pub seed: u32,
}

/// The parameter that says how much a trial does: epochs, steps, minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    pub param: String,
    pub min: u64,
    pub max: u64,
    /// How long a trial takes beside that: `10m`. Where it is said, a trial with a part of the fidelity
    /// has that part of the rest of the time limit, so that it keeps less of the budget while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_time: Option<String>,
}

fn three() -> u32 {
    3
}

fn four() -> u32 {
    4
}

impl Fidelity {
    pub(super) fn time_limit(&self, limit: Duration, fidelity: u64) -> Duration {
        let setup = self.setup_time.as_deref().map(walltime::parse);
        let Some(Ok(setup)) = setup else {
            return limit;
        };
        let (setup, limit) = (setup.as_secs().min(limit.as_secs()), limit.as_secs());
        let part = u128::from(limit - setup) * u128::from(fidelity.min(self.max));
        let part = part.div_ceil(u128::from(self.max.max(1)));
        let part = u64::try_from(part).unwrap_or(limit - setup);
        Duration::from_secs((setup + part).max(1))
    }
}

impl Asha {
    /// The fidelity of each rung, rising from the smallest to the largest.
    #[must_use]
    pub fn rungs(&self) -> Vec<u64> {
        let Fidelity { min, max, .. } = self.fidelity;
        let eta = u64::from(self.eta.max(2));
        let mut rungs = Vec::new();
        let mut level = min.max(1);
        // The last one is the largest: what would be a little less is that.
        while level <= max / eta {
            rungs.push(level);
            level *= eta;
        }
        if rungs.is_empty() {
            rungs.push(min);
        }
        rungs.push(max);
        rungs
    }
}

impl Dimension {
    /// How many values of it a grid has.
    #[must_use]
    pub fn points(&self, points: u32) -> u64 {
        match self {
            Dimension::Choice(values) => values.len() as u64,
            Dimension::Range(_) => {
                let points = u64::from(points);
                self.count().map_or(points, |count| count.min(points))
            }
        }
    }
}

impl Strategy {
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Strategy::Grid { .. } => "grid",
            Strategy::Random { .. } => "random",
            Strategy::Asha(_) => "asha",
            Strategy::Model { .. } => "model",
        }
    }

    /// Whether a language model is asked which trials come next.
    #[must_use]
    pub fn asks_model(&self) -> bool {
        matches!(self, Strategy::Model { .. })
    }

    #[must_use]
    pub fn fidelity(&self) -> Option<&Fidelity> {
        match self {
            Strategy::Asha(asha) => Some(&asha.fidelity),
            Strategy::Grid { .. } | Strategy::Random { .. } | Strategy::Model { .. } => None,
        }
    }

    pub(super) fn check(&self, space: &Space, budget: &Budget) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal::invalid("strategy", why));
        match self {
            Strategy::Grid { points } => {
                if !(1..=MOST_POINTS).contains(points) {
                    return refuse(format!("A grid has 1 to {MOST_POINTS} points of a range."));
                }
                let sizes = space.values().map(|dimension| dimension.points(*points));
                let all = sizes.fold(1u64, u64::saturating_mul);
                if all > u64::from(MOST_TRIALS) {
                    return refuse(format!(
                        "The grid has {all} combinations; at most {MOST_TRIALS} are accepted. Take \
                         fewer points, or strategy random."
                    ));
                }
                Ok(())
            }
            Strategy::Random { trials, .. } => in_number(*trials),
            Strategy::Asha(asha) => asha.check(space),
            Strategy::Model { trials, per_round } => {
                in_number(*trials)?;
                if !(1..=MOST_PER_ROUND).contains(per_round) {
                    return refuse(format!(
                        "{per_round} trials per round is not possible: use 1 to {MOST_PER_ROUND}."
                    ));
                }
                if budget.model_micros.is_none() {
                    return Err(Refusal::invalid(
                        "budget",
                        "Strategy model asks a language model: say in the budget what that may cost, \
                         model_dollars = 2, or 0 where it costs nothing.",
                    ));
                }
                Ok(())
            }
        }
    }

    /// Whether a campaign that is under way can go on with another one.
    pub(super) fn may_become(&self, next: &Strategy) -> Result<(), Refusal> {
        let same = match (self, next) {
            (Strategy::Asha(now), Strategy::Asha(next)) => {
                now.eta == next.eta && now.fidelity == next.fidelity
            }
            (one, other) => one.fidelity().is_none() && other.fidelity().is_none(),
        };
        if same {
            return Ok(());
        }
        Err(Refusal::invalid(
            "strategy",
            "What its trials compare by cannot change in the middle: asha stays asha, with its eta and \
             fidelity, and the others do not become it. Start another campaign.",
        ))
    }
}

impl Asha {
    fn check(&self, space: &Space) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal::invalid("strategy", why));
        in_number(self.trials)?;
        if !(2..=10).contains(&self.eta) {
            return refuse(format!("eta is {}; it is 2 to 10.", self.eta));
        }
        let Fidelity {
            param,
            min,
            max,
            setup_time,
        } = &self.fidelity;
        if !is_parameter(param) {
            return refuse(format!(
                "'{}' is not a parameter's name: use letters, digits and _, beginning with a letter.",
                param.escape_debug()
            ));
        }
        if space.keys().any(|name| name.eq_ignore_ascii_case(param)) {
            return refuse(format!(
                "{param} is the fidelity: it cannot be searched too. Take it out of the space."
            ));
        }
        if *min < 1 || min >= max || *max > i64::MAX.unsigned_abs() {
            return refuse(format!(
                "The fidelity {param} goes from 1 or more to something larger, not from {min} to {max}."
            ));
        }
        if let Some(Err(why)) = setup_time.as_deref().map(walltime::parse) {
            return refuse(format!("setup_time: {why}."));
        }
        Ok(())
    }
}

fn in_number(trials: u32) -> Result<(), Refusal> {
    if (1..=MOST_TRIALS).contains(&trials) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "strategy",
        format!("{trials} trials is not possible: use 1 to {MOST_TRIALS}."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asha(min: u64, max: u64, eta: u32) -> Asha {
        Asha {
            trials: 9,
            eta,
            fidelity: Fidelity {
                param: "epochs".to_owned(),
                min,
                max,
                setup_time: Some("1m".to_owned()),
            },
            seed: 0,
        }
    }

    #[test]
    fn rungs_rise_to_the_largest() {
        assert_eq!(asha(1, 27, 3).rungs(), [1, 3, 9, 27]);
        assert_eq!(asha(1, 10, 3).rungs(), [1, 3, 10]);
        assert_eq!(asha(2, 5, 4).rungs(), [2, 5]);
        assert_eq!(asha(1, 2, 2).rungs(), [1, 2]);
        let most = i64::MAX.unsigned_abs();
        assert_eq!(asha(1, most, 2).rungs().len(), 63);
    }

    #[test]
    fn less_fidelity_keeps_less_of_the_budget() {
        let fidelity = asha(1, 27, 3).fidelity;
        let of = |fidelity: &Fidelity, part| {
            fidelity
                .time_limit(Duration::from_secs(60 + 2700), part)
                .as_secs()
        };
        assert_eq!(
            [of(&fidelity, 1), of(&fidelity, 9), of(&fidelity, 27)],
            [160, 960, 2760]
        );
        let whole = Fidelity {
            setup_time: None,
            ..fidelity
        };
        assert_eq!(of(&whole, 1), 2760);
    }

    #[test]
    fn a_strategy_is_written_with_its_kind() {
        let read = |text: &str| serde_json::from_str::<Strategy>(text);
        assert_eq!(
            read(r#"{"kind":"grid"}"#).unwrap(),
            Strategy::Grid { points: 3 }
        );
        let model = Strategy::Model {
            trials: 24,
            per_round: 4,
        };
        assert_eq!(read(r#"{"kind":"model","trials":24}"#).unwrap(), model);
        let asha =
            read(r#"{"kind":"asha","trials":27,"fidelity":{"param":"epochs","min":1,"max":27}}"#);
        let Strategy::Asha(asha) = asha.unwrap() else {
            panic!("asha")
        };
        assert_eq!((asha.eta, asha.seed), (3, 0));
        for wrong in [
            r#"{"kind":"random"}"#,
            r#"{"kind":"random","trials":3,"eta":2}"#,
            r#"{"kind":"model","trials":3,"seed":2}"#,
            r#"{"kind":"bayes"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
