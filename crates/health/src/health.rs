//! One look after another: what is wrong for long enough is a finding, until it is not any more.

use std::collections::BTreeMap;

use berth_domain::{Alert, AlertRule, Finding, Seen, Subject, Timestamp};
use jiff::SignedDuration;

use crate::condition::{Condition, Verdict};
use crate::foreign::{self, Strangers};
use crate::gpu::{self, Happened};
use crate::job::{self, Means};
use crate::observed::Observed;
use crate::place;
use crate::rules::{Rule, Rules};

/// What was wrong for long must be well for so long before it is over.
const CLEARS: SignedDuration = SignedDuration::from_secs(30);

type Key = (AlertRule, Subject);

/// Looks, and remembers since when things are as they are.
#[derive(Debug)]
pub struct Health {
    rules: Rules,
    wrong_since: BTreeMap<Key, Timestamp>,
    fine_since: BTreeMap<Key, Timestamp>,
    means: Means,
    happened: Happened,
    strangers: Strangers,
}

impl Health {
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Health {
            rules,
            wrong_since: BTreeMap::new(),
            fine_since: BTreeMap::new(),
            means: Means::default(),
            happened: Happened::default(),
            strangers: Strangers::default(),
        }
    }

    /// Everything that is wrong now. What is open already and cannot be judged now still is.
    pub fn look(&mut self, observed: &Observed) -> Seen {
        let (foreign, strange) = foreign::look(observed, &mut self.strangers);
        let mut conditions = strange;
        conditions.extend(gpu::look(observed, &self.rules, &mut self.happened));
        conditions.extend(job::look(observed, &self.rules, &mut self.means));
        conditions.extend(place::look(observed, &self.rules));
        let open: BTreeMap<Key, &Alert> = observed
            .alerts
            .iter()
            .map(|alert| (key(alert.finding.rule, &alert.finding.subject), alert))
            .collect();
        let mut wrong = BTreeMap::new();
        let mut fine = BTreeMap::new();
        let mut findings = Vec::new();
        for condition in conditions {
            let Some(rule) = self.rules.get(condition.rule) else {
                continue;
            };
            let key = key(condition.rule, &condition.subject);
            let known = open.get(&key).copied();
            let since =
                |map: &BTreeMap<Key, Timestamp>| map.get(&key).copied().unwrap_or(observed.now);
            let (wrong_since, fine_since) = (since(&self.wrong_since), since(&self.fine_since));
            match &condition.verdict {
                Verdict::Wrong(_) => {
                    wrong.insert(key, wrong_since);
                }
                Verdict::Fine => {
                    fine.insert(key, fine_since);
                }
                Verdict::Unknown => {
                    wrong.extend(self.wrong_since.get(&key).map(|at| (key, *at)));
                }
            }
            let times = (wrong_since, fine_since);
            findings.extend(finding(condition, rule, known, times, observed.now));
        }
        self.wrong_since = wrong;
        self.fine_since = fine;
        Seen { foreign, findings }
    }
}

fn key(rule: AlertRule, subject: &Subject) -> Key {
    (rule, subject.clone())
}

fn finding(
    condition: Condition,
    rule: Rule,
    known: Option<&Alert>,
    (wrong_since, fine_since): (Timestamp, Timestamp),
    now: Timestamp,
) -> Option<Finding> {
    let lasts = SignedDuration::try_from(rule.lasts).unwrap_or(SignedDuration::MAX);
    match condition.verdict {
        Verdict::Wrong(words) => {
            let long = now.duration_since(wrong_since) >= lasts;
            (long || known.is_some())
                .then(|| words.finding(condition.rule, condition.subject, rule.severity))
        }
        // A moment of work does not end what was wrong for long.
        Verdict::Fine => known
            .filter(|_| !lasts.is_zero() && now.duration_since(fine_since) < CLEARS)
            .map(|alert| alert.finding.clone()),
        Verdict::Unknown => known.map(|alert| alert.finding.clone()),
    }
}
