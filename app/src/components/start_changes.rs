//! Words of starts that something would change, before it is done: a reservation, another policy.

use berth_api::planner::ChangeView;

use crate::format;
use crate::texts::queue as t;

/// By so many seconds it would start later; less than nothing: earlier.
pub fn later_by(change: &ChangeView) -> i64 {
    change.after_p50.as_second() - change.before_p50.as_second()
}

/// `+40 min`, and the class that colours it.
pub fn delta(change: &ChangeView) -> (&'static str, String) {
    let by = later_by(change);
    let (class, sign) = if by > 0 {
        ("num is-later", "+")
    } else {
        ("num is-sooner", "−")
    };
    (class, format!("{sign}{}", format::duration(by.abs())))
}

/// Where no start changes, of so many waiting jobs.
pub fn none(waiting: usize) -> String {
    match waiting {
        0 => t::NOBODY_WAITS.to_owned(),
        1 => t::START_DOES_NOT_CHANGE.to_owned(),
        all => t::no_start_changes(all),
    }
}
