//! The range in a few numbers, each with how it changed.

use berth_api::analytics::{Analytics, Prices, Totals};
use berth_charts::Unit;
use leptos::prelude::*;

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
            <h2 class="visually-hidden" id="headlines-title">"In short"</h2>
            <dl class="headlines">{all}</dl>
        </section>
    }
    .into_any()
}

fn headlines(told: &Analytics) -> Vec<Headline> {
    type Of = fn(&Totals, &Prices) -> Option<f64>;
    let figures: [(&'static str, Unit, Of); 12] = [
        ("Allocated", Unit::Percent, |all, _| all.share.allocated_pct),
        ("Busy", Unit::Percent, |all, _| all.share.busy_pct),
        ("Working", Unit::Percent, |all, _| all.share.working_pct),
        ("Held", Unit::GpuHours, |all, _| Some(all.used.allocated_h)),
        ("Wasted", Unit::GpuHours, |all, _| all.used.wasted_h),
        ("Median wait", Unit::Minutes, |all, _| all.waits.p50_min),
        ("Starts", Unit::Count, |all, _| Some(f64::from(all.starts))),
        ("Failures", Unit::Count, |all, _| {
            Some(f64::from(all.failures))
        }),
        ("Forecasts kept by p90", Unit::Percent, |all, _| {
            all.forecasts.p90_pct
        }),
        ("Energy", Unit::Kwh, |all, _| all.energy_kwh),
        (
            "Cost of energy",
            Unit::Money(told.prices.currency.clone()),
            |all, prices| Some(all.energy_kwh? * prices.kwh?),
        ),
        (
            "Cost of GPU-hours",
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
            Some(_) => "before: not known".to_owned(),
            None => "not known".to_owned(),
        };
    };
    let word = |up: f64| {
        if up > 0.0 {
            ("▲", "more")
        } else {
            ("▼", "less")
        }
    };
    let (arrow, more) = word(now - before);
    if *unit == Unit::Percent {
        let points = (now - before).abs();
        return match points {
            none if none < 0.05 => "as before".to_owned(),
            points => format!("{arrow} {points:.1} points {more}"),
        };
    }
    if (now - before).abs() <= 0.005 * before.abs() {
        return "as before".to_owned();
    }
    if before.abs() < 1e-9 {
        return format!("▲ before: {}", unit.say(Some(0.0)));
    }
    let times = now / before;
    if times >= 3.0 {
        return format!("▲ {times:.1} times as much");
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
