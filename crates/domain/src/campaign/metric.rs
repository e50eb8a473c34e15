//! What is measured of a trial, and where it is read.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::tokens::tokens;

const LONGEST_PATTERN: usize = 1000;
const LONGEST_PATH: usize = 1000;
const LONGEST_NAME: usize = 100;

tokens! {
    /// Which of two results is better.
    Better, "a direction" {
        Higher = "higher",
        Lower = "lower",
    }
}

impl Better {
    #[must_use]
    pub fn is_better(self, one: f64, than: f64) -> bool {
        match self {
            Better::Higher => one > than,
            Better::Lower => one < than,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Written", into = "Written")]
pub struct Metric {
    pub name: String,
    pub better: Better,
    pub source: Source,
}

/// Where a job tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A regular expression with one group; the last match in the log of the first rank counts.
    Log { pattern: String },
    /// A file of JSON objects, one a line, by its path in the run folder; the last line with this field
    /// counts.
    File { path: String, field: String },
}

/// A metric as it is written: `log = "loss=(…)"`, or `file = "metrics.jsonl"` with a `field`. Where
/// neither is said, what follows its name in the log.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    better: Better,
    /// A regular expression with one group; its last match in the log of the first rank counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// A file of JSON objects, one a line, by its path in the run folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Of these objects; the last line that has it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl TryFrom<Written> for Metric {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written {
            name,
            better,
            log,
            file,
            field,
        } = written;
        let source = match (log, file, field) {
            (Some(pattern), None, None) => Source::Log { pattern },
            (None, Some(path), field) => {
                let field = field.unwrap_or_else(|| name.clone());
                Source::File { path, field }
            }
            (None, None, None) => Source::Log {
                pattern: after(&name),
            },
            _ => {
                return Err(
                    "a metric is read from a log or from a file with a field, not from both",
                );
            }
        };
        Ok(Metric {
            name,
            better,
            source,
        })
    }
}

impl From<Metric> for Written {
    fn from(metric: Metric) -> Self {
        let (log, file, field) = match metric.source {
            Source::Log { pattern } => (Some(pattern), None, None),
            Source::File { path, field } => (None, Some(path), Some(field)),
        };
        Written {
            name: metric.name,
            better: metric.better,
            log,
            file,
            field,
        }
    }
}

/// `loss=0.3`, `loss: 0.3`.
fn after(name: &str) -> String {
    let name = name.replace('.', r"\.");
    format!(r"\b{name}\s*[=:]\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)")
}

impl Metric {
    /// Whether the pattern is one is told by whoever reads with it.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(Refusal::invalid("metric", why));
        let letter = |ch: char| ch.is_ascii_alphanumeric() || "_-./".contains(ch);
        let name = &self.name;
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(letter) {
            return refuse("A metric's name is of letters, digits, '_', '-', '.' and '/'.");
        }
        match &self.source {
            Source::Log { pattern } => {
                if pattern.is_empty() || pattern.len() > LONGEST_PATTERN {
                    return refuse("The pattern has 1 to 1000 bytes.");
                }
            }
            Source::File { path, field } => {
                let out = path.starts_with('/') || path.split('/').any(|part| part == "..");
                if path.is_empty() || path.len() > LONGEST_PATH || out || path.contains('\0') {
                    return refuse("The file is in the run folder: give its path from there.");
                }
                if field.is_empty() || field.len() > LONGEST_NAME {
                    return refuse("Name the field of the file's lines that holds the metric.");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_written_in_three_ways() {
        let read = |text: &str| serde_json::from_str::<Metric>(text);
        let log = read(r#"{"name":"loss","better":"lower","log":"l=(.*)"}"#).unwrap();
        let pattern = "l=(.*)".to_owned();
        assert_eq!(log.source, Source::Log { pattern });
        let file = read(r#"{"name":"acc","better":"higher","file":"m.jsonl"}"#).unwrap();
        let (path, field) = ("m.jsonl".to_owned(), "acc".to_owned());
        assert_eq!(file.source, Source::File { path, field });
        let named = read(r#"{"name":"eval.loss","better":"lower"}"#).unwrap();
        let Source::Log { pattern } = &named.source else {
            panic!("{named:?}");
        };
        assert!(pattern.starts_with(r"\beval\.loss"), "{pattern}");
        for metric in [log, file, named] {
            metric.check().unwrap();
            let text = serde_json::to_string(&metric).unwrap();
            assert_eq!(read(&text).unwrap(), metric);
        }
        assert!(read(r#"{"name":"a","better":"lower","log":"x","file":"y"}"#).is_err());
        assert!(read(r#"{"name":"a","better":"smaller"}"#).is_err());
    }

    #[test]
    fn a_file_is_in_the_run_folder() {
        for (path, well) in [
            ("m.jsonl", true),
            ("sub/m.jsonl", true),
            ("/etc/passwd", false),
            ("../m", false),
            ("a/../../m", false),
            ("", false),
        ] {
            let source = Source::File {
                path: path.to_owned(),
                field: "x".to_owned(),
            };
            let metric = Metric {
                name: "x".to_owned(),
                better: Better::Lower,
                source,
            };
            assert_eq!(metric.check().is_ok(), well, "{path}");
        }
    }
}
