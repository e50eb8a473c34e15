//! Sweeps: one job for each combination of parameters.

use std::collections::BTreeMap;

use super::{MAX_ARRAY_TASKS, label, words};
use crate::refusal::Refusal;
use crate::spec::JobSpec;

/// What a parameter's variable begins with: `BERTH_PARAM_LR`.
const VARIABLE: &str = "BERTH_PARAM_";

/// Parameters and their values, the first one turning slowest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    params: Vec<Param>,
    /// How many of its jobs may run at once.
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Param {
    name: String,
    values: Vec<String>,
}

/// Reads `lr=1e-3,1e-4` and `seed=0..4`; `None` without any.
pub(super) fn sweep(texts: &[String], at_once: Option<i64>) -> Result<Option<Sweep>, Refusal> {
    let limit = match at_once {
        None => None,
        Some(_) if texts.is_empty() => {
            return Err(Refusal::invalid(
                "at_once",
                "at_once is for a sweep; an array says it as 0-9%4.",
            ));
        }
        Some(count) => Some(
            u32::try_from(count)
                .ok()
                .filter(|count| *count > 0)
                .ok_or_else(|| {
                    Refusal::invalid("at_once", format!("{count} at once: use 1 or more."))
                })?,
        ),
    };
    if texts.is_empty() {
        return Ok(None);
    }
    let params = texts.iter().map(|text| param(text));
    let params: Vec<Param> = params.collect::<Result<_, _>>()?;
    for (place, param) in params.iter().enumerate() {
        if params[..place].iter().any(|other| other.name == param.name) {
            return Err(refuse(format!(
                "The parameter {} is given twice.",
                param.name
            )));
        }
    }
    let jobs = params.iter().fold(1usize, |jobs, param| {
        jobs.saturating_mul(param.values.len())
    });
    if jobs > MAX_ARRAY_TASKS {
        return Err(refuse(format!(
            "The sweep has {jobs} combinations; at most {MAX_ARRAY_TASKS} are accepted. Split it."
        )));
    }
    Ok(Some(Sweep { params, limit }))
}

fn refuse(message: String) -> Refusal {
    Refusal::invalid("sweep", message)
}

fn param(text: &str) -> Result<Param, Refusal> {
    let (name, values) = text.split_once('=').ok_or_else(|| {
        refuse(format!(
            "'{}' is no parameter: write NAME=VALUE,VALUE or NAME=0..4.",
            text.escape_debug()
        ))
    })?;
    let (name, values) = (name.trim(), values.trim());
    if !is_parameter(name) {
        return Err(refuse(format!(
            "'{}' is not a parameter's name: use letters, digits and _, beginning with a letter.",
            name.escape_debug()
        )));
    }
    let values = match range(values) {
        Some(range) => range?,
        None => values
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect(),
    };
    for value in &values {
        label("sweep", value).map_err(|_| {
            refuse(format!(
                "A value of {name} is empty, too long or holds a control character."
            ))
        })?;
    }
    Ok(Param {
        name: name.to_owned(),
        values,
    })
}

/// Whether a parameter may be called so.
pub(crate) fn is_parameter(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|ch| ch.is_ascii_alphabetic())
        && chars.all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

/// The variable in which a job finds a parameter's value.
fn parameter_variable(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_ascii_uppercase())
}

/// Whether a variable is a parameter's whose value is a number or a plain word, which no shell takes for more.
pub(crate) fn is_plain_parameter(variable: &str, value: &str) -> bool {
    let letter = |ch: char| ch.is_ascii_alphanumeric() || "._+-".contains(ch);
    variable.starts_with(VARIABLE) && value.chars().all(letter)
}

/// `0..4`: whole numbers, both ends included.
fn range(text: &str) -> Option<Result<Vec<String>, Refusal>> {
    let (from, to) = text.split_once("..")?;
    let (from, to): (i64, i64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    let count = usize::try_from(to.checked_sub(from)?).ok();
    Some(match count {
        Some(count) if count < MAX_ARRAY_TASKS => {
            Ok((from..=to).map(|value| value.to_string()).collect())
        }
        Some(_) => Err(refuse(format!(
            "{text} has more than {MAX_ARRAY_TASKS} values."
        ))),
        None => Err(refuse(format!("{text} ends before it begins."))),
    })
}

impl Sweep {
    /// How many combinations there are.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.params.iter().map(|param| param.values.len()).product()
    }

    /// The job of each combination.
    ///
    /// # Errors
    /// When a combination's command cannot be run.
    pub(crate) fn specs(&self, spec: &JobSpec) -> Result<Vec<JobSpec>, Refusal> {
        (0..self.jobs())
            .map(|number| with(spec, &self.combination(number)))
            .collect()
    }

    fn combination(&self, number: usize) -> Vec<(&str, &str)> {
        let mut left = number;
        let mut combination: Vec<(&str, &str)> = Vec::with_capacity(self.params.len());
        for param in self.params.iter().rev() {
            let value = &param.values[left % param.values.len()];
            left /= param.values.len();
            combination.push((&param.name, value));
        }
        combination.reverse();
        combination
    }
}

/// A job with these values of parameters.
///
/// # Errors
/// When its command cannot be run.
pub(crate) fn with_values(
    spec: &JobSpec,
    values: &BTreeMap<String, String>,
) -> Result<JobSpec, Refusal> {
    let values = values.iter();
    let combination: Vec<(&str, &str)> = values
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    with(spec, &combination)
}

fn with(spec: &JobSpec, combination: &[(&str, &str)]) -> Result<JobSpec, Refusal> {
    let command = spec.command.iter();
    let given = spec.env.iter();
    let given = given.map(|(name, value)| (name.clone(), filled(value, combination)));
    let params = combination
        .iter()
        .map(|(name, value)| (parameter_variable(name), (*value).to_owned()));
    let made = JobSpec {
        name: named(&spec.name, combination),
        command: command.map(|word| filled(word, combination)).collect(),
        workdir: spec.workdir.as_deref().map(|dir| filled(dir, combination)),
        env: params.chain(given).collect(),
        ..spec.clone()
    };
    words::command(&made.command)?;
    Ok(made)
}

/// Puts values in the place of `{name}`; `${name}` is the shell's, and other braces are anybody's.
fn filled(text: &str, combination: &[(&str, &str)]) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        done.push_str(before);
        let of_shell = done.ends_with('$');
        let inside = &from[1..];
        let known = inside.find('}').and_then(|end| {
            let mut params = combination.iter();
            let value = params.find(|(name, _)| *name == &inside[..end])?.1;
            Some((value, end)).filter(|_| !of_shell)
        });
        match known {
            Some((value, end)) => {
                done.push_str(value);
                rest = &inside[end + 1..];
            }
            None => {
                done.push('{');
                rest = inside;
            }
        }
    }
    done.push_str(rest);
    done
}

/// The job's name says which combination it is, if it was not written so that it does.
fn named(name: &str, combination: &[(&str, &str)]) -> String {
    let filled = filled(name, combination);
    if filled != name {
        return filled;
    }
    let mut said = filled;
    for (name, value) in combination {
        said.push_str(&format!(" {name}={value}"));
    }
    said.chars().take(super::MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Option<Sweep>, Refusal> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        sweep(&texts, None)
    }

    #[test]
    fn every_combination_once_the_last_parameter_turning_fastest() {
        let sweep = read(&["lr=1e-3,1e-4", "seed=0..2"]).unwrap().unwrap();
        let all: Vec<_> = (0..6).map(|number| sweep.combination(number)).collect();
        assert_eq!(all[0], [("lr", "1e-3"), ("seed", "0")]);
        assert_eq!(all[1], [("lr", "1e-3"), ("seed", "1")]);
        assert_eq!(all[5], [("lr", "1e-4"), ("seed", "2")]);
    }

    #[test]
    fn values_take_the_place_of_their_names_and_of_nothing_else() {
        let combination = [("lr", "1e-3"), ("n", "{lr}")];
        for (text, expected) in [
            ("--lr={lr}", "--lr=1e-3"),
            ("{lr}{n}", "1e-3{lr}"),
            ("${lr} {x} {", "${lr} {x} {"),
            ("awk '{print $1}' {{lr}}", "awk '{print $1}' {1e-3}"),
            ("{\"lr\": {lr}}", "{\"lr\": 1e-3}"),
        ] {
            assert_eq!(filled(text, &combination), expected);
        }
    }

    #[test]
    fn what_is_no_sweep_is_said() {
        assert_eq!(read(&[]), Ok(None));
        for (texts, says) in [
            (&["lr"][..], "write NAME=VALUE"),
            (&["=1"], "not a parameter's name"),
            (&["1x=1"], "not a parameter's name"),
            (&["lr=1,,2"], "empty"),
            (&["lr="], "empty"),
            (&["a=1", "a=2"], "given twice"),
            (&["a=4..0"], "ends before it begins"),
            (&["a=0..1000"], "more than 1000"),
            (&["a=1..100", "b=1..100"], "10000 combinations"),
        ] {
            let error = read(texts).unwrap_err().to_string();
            assert!(error.contains(says), "{texts:?}: {error}");
        }
        let one = ["a=1".to_owned()];
        assert!(sweep(&one, Some(0)).is_err() && sweep(&[], Some(1)).is_err());
    }
}
