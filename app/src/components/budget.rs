//! What one may hold and use, and how it stands with that.

use berth_api::quotas::{HoursView, Limit, QuotaView};
use berth_domain::Budget;
use leptos::prelude::*;

use crate::components::meter::bar;
use crate::components::moment::Moment;
use crate::format;
use crate::texts::quotas as t;

/// `8, soft`.
pub fn words(limit: Option<Limit>) -> String {
    match limit {
        None => t::NO_LIMIT.to_owned(),
        Some(Limit { gpus, hard: true }) => t::hard_limit(gpus),
        Some(Limit { gpus, hard: false }) => t::soft_limit(gpus),
    }
}

/// What is used of how many GPU-hours, and when they are used up.
pub fn budget(one: &QuotaView, every: bool) -> AnyView {
    let Some(limit) = one.budget else {
        return t::NO_LIMIT.into_any();
    };
    let usual = (!every && !one.budget_named)
        .then(|| view! { <span class="quiet">{t::AS_EVERYBODY}</span> });
    let Some(spent) = one.spent else {
        return view! { {of_period(limit)} {usual} }.into_any();
    };
    let tenths = |hours: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bar for a glance"
        )]
        let tenths = (hours.max(0.0) * 10.0) as u64;
        tenths
    };
    let (used, coming) = (spent.used_gpu_hours, spent.coming_gpu_hours);
    let shown = bar(
        tenths(used),
        tenths(coming),
        Some(u64::from(limit.gpu_hours) * 10),
    );
    view! {
        <span class="num">{t::used(used)}</span>
        {t::OF}
        {of_period(limit)}
        {usual}
        " "
        {shown}
        <span class="quiet">{outlook(spent)}</span>
    }
    .into_any()
}

/// `2,000 a month, soft`.
fn of_period(
    Budget {
        gpu_hours,
        period,
        hard,
    }: Budget,
) -> String {
    t::budget(&format::thousands(gpu_hours.into()), period, hard)
}

/// When it is used up, or what the period comes to.
fn outlook(spent: HoursView) -> AnyView {
    let moment = |at| view! { <Moment at /> };
    match (spent.is_spent, spent.runs_out_at, spent.at_end_gpu_hours) {
        (true, _, _) => view! { {t::USED_UP_UNTIL} {moment(spent.until)} }.into_any(),
        (false, Some(at), _) => view! { {t::USED_UP_AT} {moment(at)} }.into_any(),
        (false, None, Some(end)) => view! { {t::comes_to(end)} {moment(spent.until)} }.into_any(),
        (false, None, None) => ().into_any(),
    }
}
