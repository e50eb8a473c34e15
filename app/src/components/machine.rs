//! The time machine: a slider over the last month, by minutes with the arrow keys, and steps of an hour.
//! Where it stands is `at` in the address of the page that has it.

use std::time::Duration;

use berth_domain::Timestamp;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::params::ParamsMap;

use crate::clock::Clock;
use crate::icons::{Icon, icon};
use crate::texts::dashboard as t;

/// How far back it goes, in minutes.
const MONTH: i64 = 30 * 24 * 60;
const HOUR: i64 = 60;
/// A slider that stands still for so long is where somebody wants to look.
const SETTLES: Duration = Duration::from_millis(150);

/// So many minutes ago; now itself where that is none.
fn ago(minutes: i64, now: i64) -> Option<Timestamp> {
    let minute = now.div_euclid(60) - minutes;
    let at = Timestamp::from_second(minute * 60).ok();
    at.filter(|_| minutes > 0)
}

/// The time that an address looks back at; `None`: now.
pub fn looked_at(query: &ParamsMap) -> Option<Timestamp> {
    query.get_str("at")?.parse().ok()
}

#[component]
pub fn Machine(
    at: Memo<Option<Timestamp>>,
    /// That of the page at a time that is over, or now.
    address: Callback<Option<Timestamp>, String>,
) -> impl IntoView {
    let clock = Clock::here();
    // While the slider moves: minutes ago.
    let sliding = RwSignal::new(None::<i64>);
    let minutes = move || {
        let asked = at
            .get()
            .map(|at| (clock.now_untracked() - at.as_second()).max(0) / 60);
        sliding.get().unwrap_or(asked.unwrap_or(0)).clamp(0, MONTH)
    };
    let navigate = use_navigate();
    let go = Callback::new(move |to: Option<Timestamp>| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&untrack(|| address.run(to)), options);
    });
    let mut settle = leptos::leptos_dom::helpers::debounce(SETTLES, move |minutes: i64| {
        if sliding.try_get_untracked().flatten() == Some(minutes) {
            go.run(ago(minutes, clock.now_untracked()));
            sliding.set(None);
        }
    });
    let slide = move |event| {
        if let Ok(value) = event_target_value(&event).parse::<i64>() {
            sliding.set(Some(-value));
            settle(-value);
        }
    };
    let step = move |by: i64, which: Icon, label: &'static str| {
        let target = move || {
            let minutes = (minutes() + by).clamp(0, MONTH);
            address.run(ago(minutes, clock.now_untracked()))
        };
        view! {
            <a class="button button-quiet button-icon" data-noscroll href=target aria-label=label title=label>
                {icon(which)}
            </a>
        }
    };
    let words = move || match (sliding.get(), at.get()) {
        (Some(minutes), _) => match ago(minutes, clock.now_untracked()) {
            Some(at) => clock.at(at.as_second()),
            None => t::NOW.to_owned(),
        },
        (None, Some(at)) => clock.at(at.as_second()),
        (None, None) => t::NOW.to_owned(),
    };
    view! {
        <div class="machine" role="group" aria-label=t::TIME_MACHINE>
            <span class="machine-label" title=t::ANY_MINUTE>{t::LOOK_BACK}</span>
            {step(HOUR, Icon::Left, t::HOUR_EARLIER)}
            <input
                type="range"
                class="machine-slider"
                aria-label=t::MINUTES_BEFORE_NOW
                aria-valuetext=words
                min=-MONTH
                max="0"
                step="1"
                prop:value=move || (-minutes()).to_string()
                value="0"
                on:input=slide
            />
            {step(-HOUR, Icon::Right, t::HOUR_LATER)}
            <output class="machine-words num">{words}</output>
            {move || at.get().map(|_| view! {
                <a class="button button-small" data-noscroll href=address.run(None)>{t::BACK_TO_NOW}</a>
            })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_ago_is_now() {
        let noon: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        assert_eq!(ago(0, noon.as_second()), None);
        let before: Timestamp = "2026-11-26T11:59:00Z".parse().unwrap();
        assert_eq!(ago(1, noon.as_second() + 59), Some(before));
    }

    #[test]
    fn an_address_without_a_time_is_of_now() {
        let mut query = ParamsMap::new();
        assert_eq!(looked_at(&query), None);
        query.insert("at", "2026-11-26T12:00:00Z".to_owned());
        assert_eq!(looked_at(&query), "2026-11-26T12:00:00Z".parse().ok());
        let mut query = ParamsMap::new();
        query.insert("at", "yesterday".to_owned());
        assert_eq!(looked_at(&query), None);
    }
}
