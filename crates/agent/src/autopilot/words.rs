//! Words that cards share.

use berth_domain::{Job, Timestamp};

/// `40 s`, `12 min`, `3.5 h`, `2.1 days`.
pub(super) fn span(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

/// `1 GPU`, `8 GPUs`.
pub(super) fn gpus(count: u32) -> String {
    match count {
        1 => "1 GPU".to_owned(),
        _ => format!("{count} GPUs"),
    }
}

/// `1 job`, `3 jobs`.
pub(super) fn count(count: usize, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {more}"),
    }
}

/// `14:05 UTC`, on another day than `now` with the date.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let format = if day(at) == day(now) {
        "%H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M UTC"
    };
    at.strftime(format).to_string()
}

/// `Job 17 (train)`.
pub(super) fn job(job: &Job) -> String {
    format!("Job {} ({})", job.id, job.spec.name)
}

/// From one time to another, in seconds; never negative.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_exact_as_it_matters() {
        assert_eq!(span(-3.0), "0 s");
        assert_eq!(span(59.6), "60 s");
        assert_eq!(span(600.0), "10 min");
        assert_eq!(span(9000.0), "2.5 h");
        assert_eq!(span(200_000.0), "2.3 days");
    }

    #[test]
    fn a_moment_of_another_day_has_its_date() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let soon: Timestamp = "2026-11-26T18:30:00Z".parse().unwrap();
        let then: Timestamp = "2026-11-27T18:30:00Z".parse().unwrap();
        assert_eq!(moment(soon, now), "18:30 UTC");
        assert_eq!(moment(then, now), "2026-11-27 18:30 UTC");
    }
}
