//! The report's figures: the best so far, the budget, and what is searched and how.

use berth_api::campaigns::CampaignView;
use leptos::prelude::*;

use super::sheet::Sheet;
use super::{look, words};
use crate::components::moment::Moment;
use crate::texts::agent::campaigns as t;

#[component]
pub fn BestPanel(sheet: Sheet) -> impl IntoView {
    let best = Memo::new(move |_| sheet.row(|row| (row.best.clone(), row.metric.clone())));
    let shown = move || {
        let (best, metric) = best.get();
        let better = t::better(&metric.name, metric.better.as_str());
        let Some(best) = best else {
            return view! {
                <p class="quiet">{t::NO_RESULT}</p>
                <p class="hint">{better}</p>
            }
            .into_any();
        };
        let job = best.job;
        view! {
            <p class="campaign-best num">
                <strong title=best.result.to_string()>{words::number(best.result)}</strong> " "
                <span class="quiet">{metric.name}</span>
            </p>
            <p class="campaign-values num">{words::values(&best.values)}</p>
            <p class="hint">
                {t::by_trial(best.trial)} <a href=format!("/jobs/{job}")>{t::job(job.0)}</a> " · " {better}
            </p>
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="best-title">
            <h2 id="best-title">{t::BEST_SO_FAR}</h2>
            {shown}
        </section>
    }
    .into_any()
}

#[component]
pub fn BudgetPanel(sheet: Sheet) -> impl IntoView {
    let limits = move || {
        let budget = sheet.known.with(|known| known.budget);
        let limits = [
            budget.gpus_at_once.map(t::gpus_at_once),
            budget.at_once.map(t::trials_at_once),
            budget.trials.map(t::trials_in_all),
        ];
        let limits = limits.into_iter().flatten();
        limits
            .map(|limit| view! { <li>{limit}</li> })
            .collect_view()
    };
    let money = move || {
        let spent = sheet.row(|row| row.spent);
        let of = spent.of_model_micros?;
        Some(view! { <p class="num">{t::model_money(spent.model_micros, of)}</p> })
    };
    view! {
        <section class="panel" aria-labelledby="budget-title">
            <h2 id="budget-title">{t::BUDGET}</h2>
            {move || sheet.row(|row| look::spent(&row.spent))}
            {money}
            {move || sheet.row(|row| look::trials(&row.counts))}
            <ul class="hint">{limits}</ul>
        </section>
    }
    .into_any()
}

#[component]
pub fn SearchPanel(sheet: Sheet) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="search-title">
            <h2 id="search-title">{t::SEARCH}</h2>
            {move || sheet.known.with(search)}
        </section>
    }
    .into_any()
}

fn search(known: &CampaignView) -> AnyView {
    let lines = |lines: Vec<String>| lines.into_iter().map(|line| view! { <li>{line}</li> });
    let asked = (known.searched != known.space).then(|| {
        view! {
            <p class="hint">{t::NARROWER}</p>
            <ul class="hint num">{lines(words::space(&known.space)).collect_view()}</ul>
        }
    });
    let until = known.stop.until;
    let until = until.map(|at| view! { <li>{t::UNTIL} <Moment at /></li> });
    view! {
        <p>{words::strategy(&known.row.strategy)}</p>
        <ul class="num">{lines(words::space(&known.searched)).collect_view()}</ul>
        {asked}
        <ul class="hint">{lines(words::stop(&known.stop)).collect_view()} {until}</ul>
    }
    .into_any()
}
