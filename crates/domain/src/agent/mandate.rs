//! What an agent may do: given by the person for whom it acts, or an admin.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::account::MOST_PER_HOUR;
use super::act::Action;
use super::template::Template;
use crate::refusal::Refusal;
use crate::submit::label;

/// Where nothing is said: a careful agent.
const GPU_SECONDS: u64 = 24 * 3600;
const GPUS_AT_ONCE: u32 = 4;
const JOBS_PER_HOUR: u32 = 30;
/// No list is longer.
const MOST: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Mandate {
    /// GPU time in all, counted by time limits until a job has ended; `None`: no limit.
    pub gpu_seconds: Option<u64>,
    /// Of all its jobs that wait or run, together; `None`: no limit.
    pub gpus_at_once: Option<u32>,
    pub jobs_per_hour: u32,
    /// For language models, in millionths of a dollar; `None`: no limit.
    pub model_micros: Option<u64>,
    /// When it may act; `None`: always.
    pub hours: Option<Hours>,
    pub actions: BTreeSet<Action>,
    /// It may change all jobs of the person for whom it acts, not only those that it submitted.
    pub all_jobs: bool,
    /// Its jobs may be of a class that takes GPUs from others.
    pub may_preempt: bool,
    /// Empty: any, and none.
    pub projects: BTreeSet<String>,
    /// Empty: any.
    pub commands: Vec<Template>,
    pub approval: Approval,
}

impl Default for Mandate {
    fn default() -> Self {
        let actions = [
            Action::Submit,
            Action::Cancel,
            Action::Hold,
            Action::Move,
            Action::Update,
            Action::Requeue,
        ];
        Mandate {
            gpu_seconds: Some(GPU_SECONDS),
            gpus_at_once: Some(GPUS_AT_ONCE),
            jobs_per_hour: JOBS_PER_HOUR,
            model_micros: Some(0),
            hours: None,
            actions: actions.into(),
            all_jobs: false,
            may_preempt: false,
            projects: BTreeSet::new(),
            commands: Vec::new(),
            approval: Approval::default(),
        }
    }
}

/// What a person has to approve first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Approval {
    /// Every one of these.
    pub actions: BTreeSet<Action>,
    /// Whatever could use more GPU time than this at once.
    pub above_gpu_seconds: Option<u64>,
}

impl Mandate {
    /// # Errors
    /// When something of it makes no sense.
    pub fn check(&self) -> Result<(), Refusal> {
        let invalid = |field: &str, why: String| Err(Refusal::invalid(field, why));
        if self.jobs_per_hour as usize > MOST_PER_HOUR {
            return invalid(
                "jobs_per_hour",
                format!("An agent may submit {MOST_PER_HOUR} jobs an hour at most."),
            );
        }
        if self.commands.len() > MOST || self.projects.len() > MOST {
            return invalid(
                "commands",
                format!("A mandate holds {MOST} commands and projects at most."),
            );
        }
        for project in &self.projects {
            label("projects", project)?;
        }
        for template in &self.commands {
            if let Err(why) = template.check() {
                return invalid("commands", format!("In `{}`, {why}.", template.command));
            }
        }
        Ok(())
    }
}

/// What [`Hours`] look like.
#[cfg(feature = "schema")]
const TIMES: &str = "^([01]?[0-9]|2[0-3]):[0-5]?[0-9]-([01]?[0-9]|2[0-3]):[0-5]?[0-9]$";

/// From one time of day to another, which is on the next day where it is not later, in UTC. Written
/// `22:00-06:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String", extend("pattern" = TIMES))
)]
pub struct Hours {
    /// Minutes since midnight.
    from: u16,
    to: u16,
}

impl Hours {
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        let time = at.to_zoned(TimeZone::UTC).time();
        let minute = u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute()));
        let minute = minute.unwrap_or_default();
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from, self.to);
        let (from_hour, to_hour) = (from / 60, to / 60);
        write!(
            f,
            "{from_hour:02}:{:02}-{to_hour:02}:{:02}",
            from % 60,
            to % 60
        )
    }
}

impl FromStr for Hours {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let hours = text.split_once('-').and_then(|(from, to)| {
            let (from, to) = (minute(from.trim())?, minute(to.trim())?);
            Some(Hours { from, to })
        });
        hours.ok_or_else(|| {
            format!(
                "'{}' is no time of the day: write 22:00-06:00, in UTC",
                text.escape_debug()
            )
        })
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_pass_midnight() {
        let at =
            |hour: i64, minute: i64| Timestamp::from_second(hour * 3600 + minute * 60).unwrap();
        let night: Hours = "22:00-06:30".parse().unwrap();
        assert_eq!(night.to_string(), "22:00-06:30");
        for (hour, minute, inside) in [
            (22, 0, true),
            (0, 0, true),
            (6, 29, true),
            (6, 30, false),
            (12, 0, false),
            (21, 59, false),
        ] {
            assert_eq!(night.contains(at(hour, minute)), inside, "{hour}:{minute}");
        }
        let day: Hours = "09:00-17:00".parse().unwrap();
        assert!(day.contains(at(9, 0)) && !day.contains(at(17, 0)) && !day.contains(at(3, 0)));
        let all: Hours = "00:00-00:00".parse().unwrap();
        assert!(all.contains(at(3, 0)));
        assert!("25:00-01:00".parse::<Hours>().is_err());
        assert!("9-17".parse::<Hours>().is_err());
    }

    #[test]
    fn what_is_left_out_is_careful() {
        let mandate: Mandate = serde_json::from_str(r#"{"hours": "22:00-06:00"}"#).unwrap();
        assert_eq!(mandate.gpus_at_once, Some(GPUS_AT_ONCE));
        assert!(!mandate.may_preempt && !mandate.actions.contains(&Action::Reserve));
        mandate.check().unwrap();
        assert!(serde_json::from_str::<Mandate>(r#"{"gpu_second": 1}"#).is_err());
    }
}
