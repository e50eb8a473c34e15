//! When a waiting job should start: `starts 14:20 to 14:55`.

use berth_api::views::JobRow;
use berth_domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::format;
use crate::texts::{job as t, units};

/// In words; nothing when nobody can tell.
pub fn words(p50: Option<Timestamp>, p90: Option<Timestamp>, clock: Clock) -> Option<String> {
    let (from, to) = (p50?, p90?);
    let now = clock.now();
    let short = |at: Timestamp| {
        if at.as_second() <= now {
            units::NOW.to_owned()
        } else if clock.hydrated() {
            format::local_clock(at, now)
        } else {
            format::utc(at, now)
        }
    };
    let (from, to) = (short(from), short(to));
    Some(if from == to {
        from
    } else {
        units::from_to(&from, &to)
    })
}

/// The range of a row, following it.
#[component]
pub fn StartRange(#[prop(into)] row: Signal<JobRow>) -> impl IntoView {
    let clock = Clock::here();
    let range = Memo::new(move |_| row.with(|row| (row.start_p50, row.start_p90)));
    move || {
        let (p50, p90) = range.get();
        words(p50, p90, clock).map(|words| {
            view! {
                <span
                    class="start-range num"
                    title=t::START_RANGE_TOLD
                >
                    {t::STARTS} {words} "."
                </span>
            }
        })
    }
}
