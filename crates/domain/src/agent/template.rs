//! Commands that an agent may run: words with places for values.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::commandline;
use crate::spec::JobSpec;
use crate::submit::is_plain_parameter;

use super::bar::Bar;

/// One command: `python train.py --lr {float} --seed {int}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// As one would type it. A word may be a place for a value: `{int}`, `{float}`, or `{word}`, which is
    /// of letters, digits, `.`, `_` and `-` and does not begin with `-`. A part of a word may too:
    /// `--lr={float}`.
    pub command: String,
    /// Where it runs; nothing: in the job's own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Variables that may be set for it, each of letters, digits, `.`, `_` and `-`. Those of parameters
    /// (`BERTH_PARAM_LR`) always may.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub env: BTreeSet<String>,
}

impl Template {
    /// # Errors
    /// When the command cannot be read, or has a place of no known kind.
    pub fn check(&self) -> Result<(), String> {
        let words = commandline::parse(&self.command)?;
        if words.is_empty() {
            return Err("a command that may be run cannot be empty".to_owned());
        }
        if words.first().is_some_and(|program| program.contains('{')) {
            return Err("the program itself cannot be a place for a value".to_owned());
        }
        words.iter().try_for_each(|word| pieces(word).map(|_| ()))
    }

    fn is_command_of(&self, spec: &JobSpec) -> bool {
        let Ok(words) = commandline::parse(&self.command) else {
            return false;
        };
        words.len() == spec.command.len()
            && words
                .iter()
                .zip(&spec.command)
                .all(|(word, given)| pieces(word).is_ok_and(|pieces| matches(&pieces, given)))
    }

    fn bars(&self, spec: &JobSpec) -> Option<Bar> {
        if spec.package.is_some() {
            return Some(Bar::Files);
        }
        if spec.workdir != self.workdir {
            let workdir = self.workdir.clone();
            return Some(Bar::Workdir { workdir });
        }
        let forbidden = |(name, value): &(&String, &String)| {
            let named = self.env.contains(*name) && Place::Word.takes(value);
            !named && !is_plain_parameter(name, value)
        };
        let (name, _) = spec.env.iter().find(forbidden)?;
        Some(Bar::Env { name: name.clone() })
    }
}

/// Whether one of these allows a job; what bars it otherwise.
pub(crate) fn allow(templates: &[Template], spec: &JobSpec) -> Result<(), Bar> {
    let mut nearly = None;
    for template in templates.iter().filter(|one| one.is_command_of(spec)) {
        match template.bars(spec) {
            None => return Ok(()),
            bar => nearly = nearly.or(bar),
        }
    }
    Err(nearly.unwrap_or_else(|| {
        let line = commandline::format(&spec.command);
        let command = line.chars().take(200).collect();
        Bar::Command { command }
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Int,
    Float,
    Word,
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A name may stand before the kind: `{lr:float}`.
        match text.rsplit(':').next() {
            Some("int") => Ok(Place::Int),
            Some("float") => Ok(Place::Float),
            Some("word") => Ok(Place::Word),
            _ => Err(format!(
                "'{{{text}}}' is no place for a value: write {{int}}, {{float}} or {{word}}"
            )),
        }
    }
}

impl Place {
    fn takes(self, value: &str) -> bool {
        let short = !value.is_empty() && value.len() <= 200;
        let number = |text: &str| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            digits.starts_with(|ch: char| ch.is_ascii_digit() || ch == '.')
        };
        short
            && match self {
                Place::Int => value.parse::<i64>().is_ok() && number(value),
                Place::Float => value.parse::<f64>().is_ok_and(f64::is_finite) && number(value),
                Place::Word => {
                    let allowed = |ch: char| ch.is_ascii_alphanumeric() || "._-".contains(ch);
                    !value.starts_with(['-', '.']) && value.chars().all(allowed)
                }
            }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Place(Place),
}

fn pieces(word: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some((text, after)) = rest.split_once('{') {
        let (place, after) = after
            .split_once('}')
            .ok_or_else(|| format!("'{word}' has a {{ without its }}"))?;
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        } else if matches!(pieces.last(), Some(Piece::Place(_))) {
            return Err(format!(
                "'{word}' has two places without anything between them"
            ));
        }
        pieces.push(Piece::Place(place.parse()?));
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Whether the text is made of these pieces. Each place ends where the text after it begins first.
fn matches(pieces: &[Piece<'_>], text: &str) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(fixed), after @ ..] => text
            .strip_prefix(fixed)
            .is_some_and(|text| matches(after, text)),
        [Piece::Place(place)] => place.takes(text),
        [Piece::Place(place), after @ ..] => text
            .char_indices()
            .skip(1)
            .any(|(end, _)| place.takes(&text[..end]) && matches(after, &text[end..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(template: &str, command: &[&str]) -> bool {
        let template = Template {
            command: template.to_owned(),
            ..Template::default()
        };
        template.check().unwrap();
        let words = commandline::parse(&template.command).unwrap();
        let all = |(word, given): (&String, &&str)| matches(&pieces(word).unwrap(), given);
        words.len() == command.len() && words.iter().zip(command).all(all)
    }

    #[test]
    fn a_place_takes_its_kind_and_nothing_else() {
        let line = "python train.py --lr {float} --seed={int} --name {run:word}";
        let with = |lr, seed, name| {
            takes(
                line,
                &["python", "train.py", "--lr", lr, seed, "--name", name],
            )
        };
        assert!(with("1e-3", "--seed=7", "run-1.a"));
        assert!(with("-0.5", "--seed=-7", "x"));
        for (lr, seed, name) in [
            ("nan", "--seed=7", "x"),
            ("inf", "--seed=7", "x"),
            ("", "--seed=7", "x"),
            ("1e-3; rm -rf /", "--seed=7", "x"),
            ("1e-3", "--seed=", "x"),
            ("1e-3", "--seed=7 --evil", "x"),
            ("1e-3", "--seed=7", "--eval"),
            ("1e-3", "--seed=7", "../../etc/passwd"),
            ("1e-3", "--seed=7", "$(id)"),
            ("1e-3", "--seed=7", "a b"),
        ] {
            assert!(!with(lr, seed, name), "{lr} {seed} {name}");
        }
        assert!(!takes(line, &["python", "train.py"]));
        assert!(!takes("python train.py", &["python", "other.py"]));
        assert!(takes("run {int}x{int}", &["run", "4x8"]));
        assert!(!takes("run {int}x{int}", &["run", "4x"]));
    }

    #[test]
    fn what_is_no_template_is_said() {
        let problem = |command: &str| {
            let template = Template {
                command: command.to_owned(),
                ..Template::default()
            };
            template.check().unwrap_err()
        };
        assert!(problem("").contains("empty"));
        assert!(problem("{word} train.py").contains("program"));
        assert!(problem("python {any}").contains("'{any}' is no place"));
        assert!(problem("python {int").contains("without its }"));
        assert!(problem("python {int}{int}").contains("between"));
    }
}
