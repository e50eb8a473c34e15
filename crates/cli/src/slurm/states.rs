//! Slurm's names for states, and its way to write times.

use berth_api::views::JobRow;
use berth_domain::{StateName, Timestamp};
use jiff::tz::TimeZone;

/// Code, long name, and whether such a job is over.
const STATES: [(&str, &str, bool); 10] = [
    ("PD", "PENDING", false),
    ("CF", "CONFIGURING", false),
    ("R", "RUNNING", false),
    ("CG", "COMPLETING", false),
    ("CD", "COMPLETED", true),
    ("F", "FAILED", true),
    ("CA", "CANCELLED", true),
    ("TO", "TIMEOUT", true),
    ("NF", "NODE_FAIL", true),
    ("OOM", "OUT_OF_MEMORY", true),
];

/// States that jobs of Berth never have, with what they are here.
const NEVER: [(&str, &str); 8] = [
    ("S", "SUSPENDED"),
    ("PR", "PREEMPTED"),
    ("BF", "BOOT_FAIL"),
    ("DL", "DEADLINE"),
    ("RQ", "REQUEUED"),
    ("RS", "RESIZING"),
    ("SI", "SIGNALING"),
    ("RV", "REVOKED"),
];

/// A state in capital letters.
pub fn long(row: &JobRow) -> &'static str {
    let found = STATES.iter().find(|(code, _, _)| *code == row.code);
    found.map_or("UNKNOWN", |(_, name, _)| name)
}

/// Which states a list of codes or names asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States(Vec<&'static str>);

impl States {
    pub fn read(text: &str) -> Result<Self, String> {
        let mut codes = vec![];
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            if part.eq_ignore_ascii_case("all") {
                return Ok(States(STATES.map(|(code, _, _)| code).to_vec()));
            }
            let is = |code: &str, name: &str| {
                part.eq_ignore_ascii_case(code) || part.eq_ignore_ascii_case(name)
            };
            let found = STATES.iter().find(|(code, name, _)| is(code, name));
            match found {
                Some((code, _, _)) => codes.push(*code),
                None if NEVER.iter().any(|(code, name)| is(code, name)) => {}
                None => {
                    let known = STATES.map(|(code, _, _)| code).join(", ");
                    return Err(format!("'{part}' is not a state: {known}, or all."));
                }
            }
        }
        Ok(States(codes))
    }

    /// What the queue shows unless it is asked otherwise.
    pub fn live() -> Self {
        let live = STATES.iter().filter(|(_, _, over)| !over);
        States(live.map(|(code, _, _)| *code).collect())
    }

    pub fn has(&self, row: &JobRow) -> bool {
        self.0.contains(&row.code.as_str())
    }

    /// Whether any of them is that of a finished job.
    pub fn any_over(&self) -> bool {
        let over = STATES.iter().filter(|(_, _, over)| *over);
        over.into_iter().any(|(code, _, _)| self.0.contains(code))
    }
}

/// `2026-11-24T18:00:07`, where this machine is.
pub fn moment(at: Option<Timestamp>) -> Option<String> {
    let at = at?.to_zoned(TimeZone::system());
    Some(at.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// `01:02:03`, `2-00:00:00`, as `sacct` and `scontrol` write a length of time.
pub fn length(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        rest / 3600,
        rest % 3600 / 60,
        rest % 60
    );
    if days > 0 {
        format!("{days}-{clock}")
    } else {
        clock
    }
}

/// Why a job waits, in a word.
pub fn reason(row: &JobRow) -> String {
    let waits = matches!(row.state, StateName::Held | StateName::Queued);
    let token = row.reason.clone().filter(|_| waits);
    token.unwrap_or_else(|| "None".to_owned())
}

/// `3:0`; `0:9` where signal 9 ended it.
pub fn exit_code(row: &JobRow) -> String {
    match row.exit_code {
        Some(code) if code > 128 && code < 160 => format!("0:{}", code - 128),
        Some(code) => format!("{code}:0"),
        None if matches!(row.code.as_str(), "F" | "NF") => "1:0".to_owned(),
        None => "0:0".to_owned(),
    }
}

/// The short name of a model: `h100` of `NVIDIA H100 80GB HBM3`.
pub fn model(name: &str) -> String {
    let words = name.split([' ', '-']);
    let of_digits = |word: &str| word.chars().any(|ch| ch.is_ascii_digit());
    let found = words.into_iter().find(|word| of_digits(word));
    found.unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::row;

    #[test]
    fn states_by_code_and_by_name() {
        let states = States::read("PD,running,s").unwrap();
        let mut job = row(1, StateName::Queued);
        assert!(states.has(&job) && !states.any_over());
        job.code = "CD".into();
        assert!(!states.has(&job) && long(&job) == "COMPLETED");
        assert!(States::read("all").unwrap().has(&job));
        assert!(States::read("CD").unwrap().any_over());
        assert!(States::read("busy").unwrap_err().contains("OOM"));
    }

    #[test]
    fn codes_and_lengths_are_written_as_slurms() {
        let mut job = row(1, StateName::Finished);
        assert_eq!(exit_code(&job), "0:0");
        job.exit_code = Some(3);
        assert_eq!(exit_code(&job), "3:0");
        job.exit_code = Some(137);
        assert_eq!(exit_code(&job), "0:9");
        let seconds = std::time::Duration::from_secs;
        assert_eq!(length(seconds(3723)), "01:02:03");
        assert_eq!(length(seconds(176_400)), "2-01:00:00");
        assert_eq!(model("NVIDIA H100 80GB HBM3"), "h100");
        assert_eq!(model("A100-SXM4-40GB"), "a100");
    }
}
