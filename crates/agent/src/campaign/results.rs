//! What came of a trial: its metric, from its job's log or from a file of its run folder. Both were written by
//! the job and may say anything: so much of them is read and no more, and only a finite number is taken.

mod file;
mod log;

use std::path::Path;

use berth_domain::campaign::{Metric, Source, TrialEnd};
use berth_domain::{AttemptId, Job, Outcome};
use berth_executors::layout;
use regex::{Regex, RegexBuilder};

/// What a pattern may come to, in bytes; matching takes time linear in the text.
const LARGEST_PATTERN: usize = 1 << 20;
/// No number is written longer.
const LONGEST_NUMBER: usize = 64;
/// Of why something failed so much is kept.
const LONGEST_WHY: usize = 500;

/// Whether a metric can be read so.
///
/// # Errors
/// What is wrong with its pattern, as a sentence.
pub fn check(metric: &Metric) -> Result<(), String> {
    match &metric.source {
        Source::Log { pattern } => self::pattern(pattern).map(drop),
        Source::File { .. } => Ok(()),
    }
}

fn pattern(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build();
    let regex = built.map_err(|error| {
        let last = error.to_string();
        let last = last.lines().last().unwrap_or_default().to_owned();
        format!(
            "The pattern cannot be read: {}.",
            last.trim_start_matches("error: ")
        )
    })?;
    if regex.captures_len() != 2 {
        let groups = regex.captures_len() - 1;
        return Err(format!(
            "The pattern has {groups} groups; it needs one, around the number: loss=([0-9.]+). Others are \
             written (?:…)."
        ));
    }
    Ok(regex)
}

/// Why there is no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// The job told none. The end of a sentence.
    Told(String),
    /// It cannot be read at the moment: too many files are open, or a disk does not answer.
    Unreadable(String),
}

impl Nothing {
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Nothing::Told(why) | Nothing::Unreadable(why) => why,
        }
    }
}

/// What came of a trial whose job has ended. What ran until its time limit counts by what it told until then.
///
/// # Errors
/// When that cannot be read at the moment: with what it comes to if it never can.
pub fn of(data_dir: &Path, job: &Job, metric: &Metric) -> Result<TrialEnd, TrialEnd> {
    let failed = |why: String| TrialEnd::Failed { why: plain(&why) };
    Ok(match job.outcome() {
        Some(Outcome::Cancelled { by }) => TrialEnd::Stopped {
            why: format!("Job {} was cancelled by {by}.", job.id),
        },
        Some(Outcome::Succeeded | Outcome::TimedOut) => match read(data_dir, job, metric) {
            Ok(result) => TrialEnd::Done { result },
            Err(nothing) => {
                let why = nothing.why();
                let end = failed(format!("Job {} told no {}: {why}.", job.id, metric.name));
                return match nothing {
                    Nothing::Told(_) => Ok(end),
                    Nothing::Unreadable(_) => Err(end),
                };
            }
        },
        // That says nothing of its values.
        Some(outcome @ Outcome::NodeLost { .. }) => TrialEnd::Stopped {
            why: plain(&format!("Job {}: {}.", job.id, outcome.sentence())),
        },
        Some(outcome) => failed(format!("Job {}: {}.", job.id, outcome.sentence())),
        None => failed(format!("How job {} ended is not known.", job.id)),
    })
}

/// The metric of a job's last attempt as it is now, also while that runs.
///
/// # Errors
/// Why there is none.
pub fn read(data_dir: &Path, job: &Job, metric: &Metric) -> Result<f64, Nothing> {
    match &metric.source {
        Source::Log { pattern } => {
            let live = job.attempt().map(|attempt| attempt.number);
            let last = live.or_else(|| job.past.last().map(|past| past.number));
            let number = last.ok_or_else(|| Nothing::Told("it did not run".to_owned()))?;
            let attempt = AttemptId {
                job: job.id,
                number,
            };
            let regex = self::pattern(pattern).map_err(Nothing::Told)?;
            log::last(&layout::rank_dir(data_dir, attempt, 0), &regex)
        }
        Source::File { path, field } => {
            file::last(&layout::files_dir(data_dir, job.id), path, field)
        }
    }
}

/// A number as a job wrote it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let short = text.len() <= LONGEST_NUMBER;
    let number: f64 = text.parse().ok().filter(|_| short)?;
    number.is_finite().then_some(number)
}

/// On one line, and not too long.
fn plain(text: &str) -> String {
    let plain = |ch: char| if ch.is_control() { ' ' } else { ch };
    text.chars().map(plain).take(LONGEST_WHY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(pattern: &str) -> Metric {
        let metric = serde_json::json!({"name": "loss", "better": "lower", "log": pattern});
        serde_json::from_value(metric).unwrap()
    }

    #[test]
    fn a_pattern_has_one_group() {
        for pattern in [
            "loss=([0-9.]+)",
            "(?:a|b) (.*)",
            r"\bloss\s*[=:]\s*([-+]?[0-9.]+)",
        ] {
            assert_eq!(check(&metric(pattern)), Ok(()), "{pattern}");
        }
        for (pattern, says) in [
            ("loss=[0-9]+", "0 groups"),
            ("(a)(b)", "2 groups"),
            ("loss=(", "cannot be read"),
            ("(a{1000}){1000}", "cannot be read"),
        ] {
            let why = check(&metric(pattern)).unwrap_err();
            assert!(why.contains(says) && why.ends_with('.'), "{why}");
            assert!(!why.contains('\n'), "{why}");
        }
        // What is read where nothing is said.
        let named = r#"{"name": "eval.loss", "better": "lower"}"#;
        assert_eq!(check(&serde_json::from_str(named).unwrap()), Ok(()));
    }

    #[test]
    fn only_a_finite_number_is_one() {
        assert_eq!(number(" 1e-3 "), Some(1e-3));
        assert_eq!(number("-.5"), Some(-0.5));
        let long = "1".repeat(65);
        for text in [
            "", "nan", "NaN", "inf", "-inf", "1e999", "0x1", "1,5", "1; rm", &long,
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
