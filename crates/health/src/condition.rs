//! A condition of a rule: whether something is wrong now.

use berth_domain::{AlertRule, Choice, Finding, Severity, Subject, UserName};

/// What a look says of one rule and one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Something is wrong; it counts once it lasted.
    Wrong(Words),
    Fine,
    /// What it depends on is not known: what was wrong still is.
    Unknown,
}

/// What is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) advice: String,
    pub(crate) asks: Option<UserName>,
    pub(crate) choices: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) rule: AlertRule,
    pub(crate) subject: Subject,
    pub(crate) verdict: Verdict,
}

impl Words {
    pub(crate) fn finding(self, rule: AlertRule, subject: Subject, severity: Severity) -> Finding {
        Finding {
            rule,
            subject,
            severity,
            text: self.text,
            advice: self.advice,
            asks: self.asks,
            choices: self.choices,
        }
    }
}

/// Wrong if there are words for it.
pub(crate) fn if_wrong(words: Option<Words>) -> Verdict {
    words.map_or(Verdict::Fine, Verdict::Wrong)
}
