//! The range in a few numbers, each with how it changed.

use berth_api::analytics::{Analytics, Prices, Totals};
use berth_charts::Unit;
use leptos::prelude::*;

use crate::texts::{common, history as t};

struct Headline {
    title: &'static str,
    value: String,
    change: String,
}

pub fn panel(told: &Analytics) -> AnyView {
    let one = |headline: Headline| {
        view! {
            <div>
                <dt>{headline.title}</dt>
                <dd class="num">{headline.value}</dd>
                <dd class="headline-change">{headline.change}</dd>
            </div>
        }
    };
    let all = headlines(told).into_iter().map(one).collect_view();
    view! {
        <section aria-labelledby="headlines-title">
            <h2 class="visually-hidden" id="headlines-title">{t::IN_SHORT}</h2>
            <dl class="headlines">{all}</dl>
        </section>
    }
    .into_any()
}

fn headlines(told: &Analytics) -> Vec<Headline> {
    type Of = fn(&Totals, &Prices) -> Option<f64>;
    let figures: [(&'static str, Unit, Of); 12] = [
        (common::ALLOCATED, Unit::Percent, |all, _| {
            all.share.allocated_pct
        }),
        (common::BUSY, Unit::Percent, |all, _| all.share.busy_pct),
        (common::WORKING, Unit::Percent, |all, _| {
            all.share.working_pct
        }),
        (t::HELD, Unit::GpuHours, |all, _| Some(all.used.allocated_h)),
        (t::WASTED, Unit::GpuHours, |all, _| all.used.wasted_h),
        (t::MEDIAN_WAIT, Unit::Minutes, |all, _| all.waits.p50_min),
        (t::STARTS, Unit::Count, |all, _| Some(f64::from(all.starts))),
        (t::FAILURES, Unit::Count, |all, _| {
            Some(f64::from(all.failures))
        }),
        (t::FORECASTS_KEPT, Unit::Percent, |all, _| {
            all.forecasts.p90_pct
        }),
        (t::ENERGY, Unit::Kwh, |all, _| all.energy_kwh),
        (
            t::COST_OF_ENERGY,
            Unit::Money(told.prices.currency.clone()),
            |all, prices| Some(all.energy_kwh? * prices.kwh?),
        ),
        (
            t::COST_OF_GPU_HOURS,
            Unit::Money(told.prices.currency.clone()),
            |all, prices| Some(all.used.allocated_h * prices.gpu_hour?),
        ),
    ];
    let headline = |(title, unit, of): (&'static str, Unit, Of)| {
        let now = of(&told.totals, &told.prices);
        let before = told.before.as_ref().and_then(|all| of(all, &told.prices));
        Headline {
            title,
            value: unit.say(now),
            change: change(now, before, &unit),
        }
    };
    figures.into_iter().map(headline).collect()
}

/// How a number differs from the one before, in words: shares in points, all else in percent.
fn change(now: Option<f64>, before: Option<f64>, unit: &Unit) -> String {
    let (Some(now), Some(before)) = (now, before) else {
        return match now {
            Some(_) => t::BEFORE_NOT_KNOWN.to_owned(),
            None => common::NOT_KNOWN.to_owned(),
        };
    };
    let word = |up: f64| {
        if up > 0.0 {
            ("▲", t::CHANGE_MORE)
        } else {
            ("▼", t::CHANGE_LESS)
        }
    };
    let (arrow, more) = word(now - before);
    if *unit == Unit::Percent {
        let points = (now - before).abs();
        return match points {
            none if none < 0.05 => t::AS_BEFORE.to_owned(),
            points => t::points(arrow, points, more),
        };
    }
    if (now - before).abs() <= 0.005 * before.abs() {
        return t::AS_BEFORE.to_owned();
    }
    if before.abs() < 1e-9 {
        return t::before(&unit.say(Some(0.0)));
    }
    let times = now / before;
    if times >= 3.0 {
        return t::times_as_much(times);
    }
    format!("{arrow} {:.0}% {more}", 100.0 * (times - 1.0).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_said_in_words() {
        let said = |now, before, unit: Unit| change(now, before, &unit);
        assert_eq!(
            said(Some(83.0), Some(80.0), Unit::Percent),
            "▲ 3.0 points more"
        );
        assert_eq!(said(Some(80.0), Some(80.01), Unit::Percent), "as before");
        assert_eq!(said(Some(50.0), Some(100.0), Unit::Kwh), "▼ 50% less");
        assert_eq!(
            said(Some(400.0), Some(100.0), Unit::Kwh),
            "▲ 4.0 times as much"
        );
        assert_eq!(said(Some(4.0), Some(0.0), Unit::Count), "▲ before: 0");
        assert_eq!(said(Some(0.0), Some(0.0), Unit::Count), "as before");
        assert_eq!(said(Some(4.0), None, Unit::Count), "before: not known");
        assert_eq!(said(None, Some(1.0), Unit::Count), "not known");
    }
}
