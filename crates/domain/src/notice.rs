//! How a job is told to save its work before it is stopped: the signal that it gets, and how long
//! before the end. Written as Slurm has it: `USR1`, `SIGTERM@120`, `B:USR1@60`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// As long before its end as a job may ask to be told: more would only hold GPUs.
pub const MAX_AHEAD: Duration = Duration::from_secs(3600);
/// What Slurm takes for a signal with an `@` and nothing behind it.
const DEFAULT_AHEAD: Duration = Duration::from_secs(60);

/// What a job wants to hear before it is stopped for its time limit or for another job. What a
/// person cancels is not told: it gets SIGTERM at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Notice {
    pub signal: NoticeSignal,
    /// So long it has from the signal to its end. With it the signal comes before the time limit;
    /// `None`: at the limit, and then it has the server's grace.
    pub ahead: Option<Duration>,
    /// Also for a shell that catches every signal in order to clean up (bash with a trap for EXIT does,
    /// and then ends): it has a trap for this one. Slurm's `B:`.
    pub script: bool,
}

/// A signal that programs catch in order to save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeSignal {
    Hup,
    Int,
    Quit,
    #[default]
    Usr1,
    Usr2,
    Term,
}

impl NoticeSignal {
    pub const ALL: [NoticeSignal; 6] = [
        NoticeSignal::Hup,
        NoticeSignal::Int,
        NoticeSignal::Quit,
        NoticeSignal::Usr1,
        NoticeSignal::Usr2,
        NoticeSignal::Term,
    ];

    /// Without `SIG`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeSignal::Hup => "HUP",
            NoticeSignal::Int => "INT",
            NoticeSignal::Quit => "QUIT",
            NoticeSignal::Usr1 => "USR1",
            NoticeSignal::Usr2 => "USR2",
            NoticeSignal::Term => "TERM",
        }
    }

    /// Its number on Linux.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            NoticeSignal::Hup => 1,
            NoticeSignal::Int => 2,
            NoticeSignal::Quit => 3,
            NoticeSignal::Usr1 => 10,
            NoticeSignal::Usr2 => 12,
            NoticeSignal::Term => 15,
        }
    }
}

impl Notice {
    /// Whether it is what every job gets that says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Notice::default()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.script {
            f.write_str("B:")?;
        }
        f.write_str(self.signal.as_str())?;
        match self.ahead {
            Some(ahead) => write!(f, "@{}", ahead.as_secs()),
            None => Ok(()),
        }
    }
}

impl From<Notice> for String {
    fn from(notice: Notice) -> String {
        notice.to_string()
    }
}

impl TryFrom<String> for Notice {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Notice {
    type Err = String;
    /// `USR1`, `SIGUSR1`, `10`, `USR1@60`, each also with `B:` before it.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let script = text.strip_prefix("B:");
        let rest = script.unwrap_or(text);
        let (name, ahead) = match rest.split_once('@') {
            Some((name, ahead)) => (name, Some(ahead)),
            None => (rest, None),
        };
        let plain = name.to_ascii_uppercase();
        let plain = plain.strip_prefix("SIG").unwrap_or(&plain);
        let signal = NoticeSignal::ALL
            .into_iter()
            .find(|signal| plain == signal.as_str() || plain == signal.number().to_string())
            .ok_or_else(|| {
                format!(
                    "'{name}' is not a signal that a program can save at: USR1, USR2, TERM, INT, \
                     HUP or QUIT, with @60 behind it for 60 seconds before the end"
                )
            })?;
        let seconds = |text: &str| {
            if text.is_empty() {
                return Ok(DEFAULT_AHEAD);
            }
            text.parse()
                .ok()
                .map(Duration::from_secs)
                .filter(|ahead| !ahead.is_zero() && *ahead <= MAX_AHEAD)
                .ok_or_else(|| {
                    let most = MAX_AHEAD.as_secs();
                    format!("'@{text}' is not possible: write 1 to {most} seconds behind the @")
                })
        };
        let ahead = ahead.map(seconds).transpose()?;
        Ok(Notice {
            signal,
            ahead,
            script: script.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_and_slurm_write_it() {
        let notice = |signal, ahead: Option<u64>| Notice {
            signal,
            ahead: ahead.map(Duration::from_secs),
            script: false,
        };
        for (text, expected) in [
            ("USR1", notice(NoticeSignal::Usr1, None)),
            ("sigterm", notice(NoticeSignal::Term, None)),
            ("12@300", notice(NoticeSignal::Usr2, Some(300))),
            (
                "B:USR1@60",
                Notice {
                    script: true,
                    ..notice(NoticeSignal::Usr1, Some(60))
                },
            ),
            (" SIGHUP@ ", notice(NoticeSignal::Hup, Some(60))),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            // What is written is read as the same.
            assert_eq!(expected.to_string().parse(), Ok(expected));
        }
        assert_eq!(
            notice(NoticeSignal::Usr2, Some(300)).to_string(),
            "USR2@300"
        );
        for text in [
            "",
            "KILL",
            "9",
            "@60",
            "USR1@0",
            "USR1@1m",
            "USR1@3601",
            "R:",
        ] {
            assert!(text.parse::<Notice>().is_err(), "{text}");
        }
    }
}
