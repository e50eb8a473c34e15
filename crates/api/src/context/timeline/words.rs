//! What did not fit, in sentences.

use super::MOST_OPEN;
use crate::timeline::LeftOut;

pub(super) fn sentences(left_out: &LeftOut) -> String {
    let mut all = Vec::new();
    if left_out.attempts > 0 {
        let what = many(left_out.attempts, "short attempt");
        all.push(format!(
            "{what} drawn together, not one by one: choose a shorter time or fewer nodes."
        ));
    }
    if let Some(before) = left_out.before {
        let before = before.strftime("%Y-%m-%d %H:%M UTC");
        all.push(format!(
            "More jobs ended than are read at once: nothing is told of those that ended before \
             {before}. Choose a shorter time."
        ));
    }
    if left_out.active > 0 {
        let what = many(left_out.active, "running job");
        all.push(format!("{what} told without an expected end."));
    }
    if left_out.waiting > 0 {
        all.push(format!(
            "{} left out.",
            many(left_out.waiting, "waiting job")
        ));
    }
    if left_out.occurrences > 0 {
        all.push(of_reservations(left_out.occurrences));
    }
    if left_out.nodes > 0 {
        let what = many(left_out.nodes, "more node");
        all.push(format!(
            "{what} not told one by one: at most {MOST_OPEN} are at once."
        ));
    }
    all.join(" ")
}

/// How many times of reservations did not fit; nothing where all did.
pub(super) fn of_reservations(times: usize) -> String {
    match times {
        0 => String::new(),
        times => format!("{} left out of reservations.", many(times, "time")),
    }
}

fn many(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one} is"),
        count => format!("{count} {one}s are"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(sentences(&LeftOut::default()), "");
        let left_out = LeftOut {
            attempts: 1,
            active: 2,
            waiting: 3,
            before: Some("2026-11-30T18:00:00Z".parse().unwrap()),
            ..LeftOut::default()
        };
        assert_eq!(
            sentences(&left_out),
            "1 short attempt is drawn together, not one by one: choose a shorter time or fewer nodes. \
             More jobs ended than are read at once: nothing is told of those that ended before \
             2026-11-30 18:00 UTC. Choose a shorter time. 2 running jobs are told without an expected \
             end. 3 waiting jobs are left out."
        );
        assert_eq!(of_reservations(0), "");
        assert_eq!(of_reservations(1), "1 time is left out of reservations.");
    }
}
