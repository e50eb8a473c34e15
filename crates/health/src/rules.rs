//! What is looked for, as data: each rule can be switched off, made stricter or laxer.

use std::collections::BTreeMap;
use std::time::Duration;

use berth_domain::{AlertRule, Severity};
use serde::{Deserialize, Serialize};

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub on: bool,
    /// From which figure on something is wrong, in the unit of [`Rule::unit`].
    pub limit: f64,
    /// How long it must be so.
    pub lasts: Duration,
    /// How long what happened once, a memory error or one of the driver, is shown.
    pub shown: Duration,
    pub severity: Severity,
}

/// What the configuration says of a rule; `None` leaves the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    pub on: Option<bool>,
    pub limit: Option<f64>,
    /// In seconds.
    pub lasts_s: Option<u64>,
    /// In seconds.
    pub shown_s: Option<u64>,
}

/// All rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules(BTreeMap<AlertRule, Rule>);

impl Rule {
    /// What the limit of a rule counts; empty where it has none.
    #[must_use]
    pub fn unit(rule: AlertRule) -> &'static str {
        match rule {
            AlertRule::NoProcess
            | AlertRule::Throttled
            | AlertRule::XidError
            | AlertRule::XidFatal
            | AlertRule::Foreign
            | AlertRule::Isolation => "",
            AlertRule::IdleProcess | AlertRule::MemoryHeld => "% busy at most",
            AlertRule::Starved => "% busy on average at most",
            AlertRule::HungCollective => "% working at most",
            AlertRule::Temperature => "degrees Celsius",
            AlertRule::EccErrors => "errors",
            AlertRule::MemoryFull => "% of the memory",
            AlertRule::NodeSilent => "seconds",
            AlertRule::DataDisk => "% free at least",
            AlertRule::QueueWait => "minutes",
            AlertRule::FailingLoop => "failures in a row",
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        let default = |rule: &AlertRule| {
            let (limit, minutes, severity) = match rule {
                AlertRule::NoProcess => (0.0, 15, Severity::Warning),
                AlertRule::IdleProcess | AlertRule::MemoryHeld => (1.0, 30, Severity::Warning),
                AlertRule::Starved => (40.0, 30, Severity::Info),
                AlertRule::HungCollective => (25.0, 20, Severity::Warning),
                // H100s slow themselves down at 87 and stop at 92.
                AlertRule::Temperature => (86.0, 1, Severity::Warning),
                AlertRule::Throttled => (0.0, 1, Severity::Warning),
                AlertRule::EccErrors => (1.0, 0, Severity::Critical),
                AlertRule::XidError => (0.0, 0, Severity::Warning),
                AlertRule::XidFatal => (0.0, 0, Severity::Critical),
                AlertRule::MemoryFull => (98.5, 5, Severity::Info),
                AlertRule::NodeSilent => (30.0, 0, Severity::Critical),
                AlertRule::DataDisk => (5.0, 0, Severity::Critical),
                AlertRule::QueueWait => (30.0, 0, Severity::Info),
                AlertRule::FailingLoop => (3.0, 0, Severity::Warning),
                AlertRule::Foreign => (0.0, 0, Severity::Warning),
                AlertRule::Isolation => (0.0, 0, Severity::Critical),
            };
            let rule_data = Rule {
                on: true,
                limit,
                lasts: Duration::from_secs(minutes * 60),
                shown: Duration::from_hours(1),
                severity,
            };
            (*rule, rule_data)
        };
        Rules(AlertRule::ALL.iter().map(default).collect())
    }
}

impl Rules {
    /// The defaults with what the configuration changes.
    ///
    /// # Errors
    /// A sentence, for a rule that is not known or a figure that is none.
    pub fn changed(changes: &BTreeMap<String, RuleChange>) -> Result<Self, String> {
        let mut rules = Rules::default();
        for (name, change) in changes {
            let rule: AlertRule = name.parse()?;
            let known = rules.0.get_mut(&rule).ok_or("it is not known")?;
            known.on = change.on.unwrap_or(known.on);
            known.lasts = change.lasts_s.map_or(known.lasts, Duration::from_secs);
            known.shown = change.shown_s.map_or(known.shown, Duration::from_secs);
            if let Some(limit) = change.limit {
                if !limit.is_finite() || limit < 0.0 {
                    return Err(format!("the limit of {name} must be a number from 0 up"));
                }
                known.limit = limit;
            }
        }
        Ok(rules)
    }

    /// `None` where it is off.
    #[must_use]
    pub fn get(&self, rule: AlertRule) -> Option<Rule> {
        self.0.get(&rule).copied().filter(|rule| rule.on)
    }

    /// All, also those that are off.
    pub fn iter(&self) -> impl Iterator<Item = (AlertRule, Rule)> {
        self.0.iter().map(|(name, rule)| (*name, *rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_changes_what_it_names() {
        let change = RuleChange {
            limit: Some(80.0),
            ..RuleChange::default()
        };
        let off = RuleChange {
            on: Some(false),
            ..RuleChange::default()
        };
        let changes = BTreeMap::from([
            ("temperature".to_owned(), change),
            ("starved".to_owned(), off),
        ]);
        let rules = Rules::changed(&changes).unwrap();
        let default = Rules::default();
        let hot = rules.get(AlertRule::Temperature).unwrap();
        assert_eq!(hot.limit, 80.0);
        assert_eq!(
            hot.lasts,
            default.get(AlertRule::Temperature).unwrap().lasts
        );
        assert_eq!(rules.get(AlertRule::Starved), None);
        let wrong = BTreeMap::from([("heat".to_owned(), RuleChange::default())]);
        let error = Rules::changed(&wrong).unwrap_err();
        assert!(
            error.starts_with("'heat' is not a rule: no_process"),
            "{error}"
        );
    }
}
