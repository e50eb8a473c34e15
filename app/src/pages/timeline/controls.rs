//! What is shown: zoom or the calendar, a step back and ahead, now, any minute that is over, and the
//! form. Links, so that they work without script.

use leptos::prelude::*;

use super::go::Go;
use super::range::{Look, WEEK, Zoom, moment};
use super::ticks::day_text;
use super::week::{DAY, DAYS};
use crate::clock::Clock;
use crate::components::machine::Machine;
use crate::icons::{Icon, icon};
use crate::texts::timeline as t;

#[component]
pub fn Controls(look: Memo<Look>, go: Go) -> impl IntoView {
    let week = Memo::new(move |_| look.with(|look| look.week));
    let at = Memo::new(move |_| look.with(|look| look.at));
    // That minute is in the middle then.
    let there = Callback::new(move |at: Option<berth_domain::Timestamp>| {
        go.href(&[("at", at.map(|at| at.to_string())), ("from", None)])
    });
    let machine = move || (!week.get()).then(|| view! { <Machine at address=there /> });
    let fresh = move || go.form_href("new", &[]);
    view! {
        <nav class="timeline-bar" aria-label=t::WHAT_IS_SHOWN>
            <Zooms look week go />
            <Steps look week go />
            <a class="button button-small button-main" href=fresh on:click=move |event| go.stay(&event)>
                {t::RESERVE}
            </a>
        </nav>
        {machine}
    }
    .into_any()
}

#[component]
fn Zooms(look: Memo<Look>, week: Memo<bool>, go: Go) -> impl IntoView {
    let zoom = move |zoom: Zoom| {
        let href = move || {
            let from = look.with(|look| look.zoomed(zoom).map(moment));
            let zoom = Some(zoom.as_str().to_owned());
            go.href(&[("view", None), ("zoom", zoom), ("from", from)])
        };
        let current = move || {
            let here = look.with(|look| look.zoom == zoom && !look.week);
            here.then_some("true")
        };
        view! {
            <a class="button button-small" href=href aria-current=current on:click=move |event| go.stay(&event)>
                {zoom.words()}
            </a>
        }
    };
    let calendar = move || {
        let day = look.with(|look| look.from.or(look.at.map(|at| at.as_second())));
        let from = day.map(|from| day_text(from.div_euclid(DAY)));
        go.href(&[
            ("view", Some(WEEK.to_owned())),
            ("from", from),
            ("at", None),
        ])
    };
    view! {
        <span class="actions" role="group" aria-label=t::HOW_MUCH_TIME>
            {Zoom::ALL.map(zoom).collect_view()}
            <a
                class="button button-small"
                href=calendar
                aria-current=move || week.get().then_some("true")
                title=t::CALENDAR_TOLD
                on:click=move |event| go.stay(&event)
            >
                {t::CALENDAR}
            </a>
        </span>
    }
    .into_any()
}

#[component]
fn Steps(look: Memo<Look>, week: Memo<bool>, go: Go) -> impl IntoView {
    let clock = Clock::here();
    let step = move |sign: i64| {
        move || {
            let now = clock.now();
            let from = look.with(|look| {
                if look.week {
                    let today = (now + clock.offset(now)).div_euclid(DAY);
                    return day_text(look.monday(today) + sign * DAYS);
                }
                let range = look.range(now);
                moment(range.from + sign * range.span() / 2)
            });
            go.href(&[("from", Some(from))])
        }
    };
    let follows = move || look.with(|look| look.follows().then_some("true"));
    let words = move |chart: &'static str, calendar: &'static str| {
        move || if week.get() { calendar } else { chart }
    };
    view! {
        <span class="actions" role="group" aria-label=t::WHICH_TIME>
            <a
                class="button button-small"
                href=step(-1)
                aria-label=words(t::EARLIER, t::WEEK_BEFORE)
                on:click=move |event| go.stay(&event)
            >
                {icon(Icon::Left)}
            </a>
            <a
                class="button button-small"
                href=move || go.href(&[("from", None), ("at", None)])
                aria-current=follows
                title=t::FOLLOWS_THE_TIME
                on:click=move |event| go.stay(&event)
            >
                {words(t::NOW, t::TODAY)}
            </a>
            <a
                class="button button-small"
                href=step(1)
                aria-label=words(t::LATER, t::WEEK_AFTER)
                on:click=move |event| go.stay(&event)
            >
                {icon(Icon::Right)}
            </a>
        </span>
    }
    .into_any()
}
