//! What a model answers: trials, each with its values and an argument. Here they are only put into the form
//! that trials have; whether they belong to the space is decided where trials are.

use std::collections::BTreeMap;

use berth_domain::campaign::{Dimension, Space, TrialDraft};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::campaign::line::line;
use crate::campaign::strategy::written;

/// In characters.
const LONGEST_WHY: usize = 500;

/// A trial that a model proposes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Idea {
    pub values: BTreeMap<String, String>,
    /// What the model says for it.
    pub why: String,
}

impl Idea {
    pub fn draft(&self, number: u32) -> TrialDraft {
        TrialDraft {
            number,
            parent: None,
            values: self.values.clone(),
            rung: 0,
            fidelity: None,
            why: self.why.clone(),
        }
    }
}

/// What an answer has to look like.
pub(super) fn schema(space: &Space) -> Value {
    let one = |name: &String| {
        let any = json!({ "type": ["number", "string", "boolean"] });
        (name.clone(), any)
    };
    let values: serde_json::Map<String, Value> = space.keys().map(one).collect();
    let names: Vec<&String> = space.keys().collect();
    json!({
        "type": "object",
        "properties": {
            "trials": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {
                        "values": {
                            "type": "object",
                            "properties": values,
                            "required": names,
                            "additionalProperties": false
                        },
                        "why": { "type": "string", "minLength": 1 }
                    },
                    "required": ["values", "why"]
                }
            }
        },
        "required": ["trials"]
    })
}

#[derive(Deserialize)]
struct Answer {
    trials: Vec<Proposed>,
}

#[derive(Deserialize)]
struct Proposed {
    values: BTreeMap<String, Value>,
    why: String,
}

/// Reads an answer that is as the schema says; of its trials no more than were asked for.
pub(super) fn read(answer: Value, space: &Space, most: u32) -> Result<Vec<Idea>, String> {
    let answer: Answer = serde_json::from_value(answer)
        .map_err(|error| format!("What the model proposed cannot be read: {error}."))?;
    let idea = |one: Proposed| {
        let values = one.values.into_iter().map(|(name, value)| {
            let text = text(space.get(&name), &value);
            (name, text)
        });
        Idea {
            values: values.collect(),
            why: line(one.why.trim(), LONGEST_WHY),
        }
    };
    let trials = answer.trials.into_iter().take(most as usize);
    Ok(trials.map(idea).collect())
}

/// A value as trials have it: a number as on a command line, or the choice that it is.
fn text(dimension: Option<&Dimension>, value: &Value) -> String {
    match (dimension, value) {
        (_, Value::String(text)) => text.clone(),
        (Some(Dimension::Range(range)), Value::Number(number)) => {
            let value = number.as_f64();
            value.map_or_else(|| number.to_string(), |value| written(range, value))
        }
        (Some(Dimension::Choice(choices)), Value::Number(number)) => {
            let same = |choice: &&String| choice.parse().ok() == number.as_f64();
            let choice = choices.iter().find(same);
            choice.cloned().unwrap_or_else(|| number.to_string())
        }
        (_, other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        let text = r#"{
            "lr": {"from": 1e-5, "to": 0.1, "scale": "log"}, "layers": {"from": 2, "to": 8, "int": true},
            "batch": ["16", "32.0"], "amp": ["true", "false"]
        }"#;
        serde_json::from_str(text).unwrap()
    }

    fn values(lr: &str, layers: &str, batch: &str) -> Value {
        let text = format!(r#"{{"lr": {lr}, "layers": {layers}, "batch": {batch}, "amp": true}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn values_are_written_as_trials_have_them() {
        let space = space();
        for (lr, layers, batch, expected) in [
            ("1e-5", "8.0", "16", ["1e-5", "8", "16"]),
            ("0.001", "2", "32", ["0.001", "2", "32.0"]),
            (r#""3e-4""#, r#""4""#, r#""32.0""#, ["3e-4", "4", "32.0"]),
        ] {
            let trial = json!({ "values": values(lr, layers, batch), "why": " It is\nlow. " });
            let answer = json!({ "trials": [trial.clone(), trial] });
            let ideas = read(answer, &space, 1).unwrap();
            assert_eq!(ideas.len(), 1, "no more than were asked for");
            let Idea { values, why } = &ideas[0];
            assert_eq!(
                [&values["lr"], &values["layers"], &values["batch"]],
                expected
            );
            assert_eq!(
                (values["amp"].as_str(), why.as_str()),
                ("true", "It is low.")
            );
            for (name, dimension) in &space {
                assert!(dimension.holds(&values[name]), "{name}={}", values[name]);
            }
        }
    }

    #[test]
    fn what_is_outside_stays_outside() {
        let space = space();
        let trial = json!({ "values": values("7", "2.5", "64"), "why": "Why not." });
        let ideas = read(json!({ "trials": [trial] }), &space, 4).unwrap();
        for name in ["lr", "layers", "batch"] {
            let value = &ideas[0].values[name];
            assert!(!space[name].holds(value), "{name}={value}");
        }
        let long = json!({ "values": {}, "why": "x".repeat(2000) });
        let ideas = read(json!({ "trials": [long] }), &space, 4).unwrap();
        assert_eq!(ideas[0].why.len(), LONGEST_WHY);
        assert!(read(json!({ "trials": 3 }), &space, 4).is_err());
    }
}
