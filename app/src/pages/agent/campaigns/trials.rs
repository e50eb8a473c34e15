//! The trials as a tree: what was promoted is below what it goes on from.

use berth_api::campaigns::{TrialView, tree};
use berth_domain::campaign::TrialState;
use leptos::prelude::*;

use super::sheet::Sheet;
use super::{look, words};
use crate::components::empty::Empty;
use crate::components::state_badge::StateBadge;
use crate::live::Live;
use crate::texts::agent::campaigns as t;
use crate::texts::common;

#[component]
pub fn TrialsPanel(sheet: Sheet) -> impl IntoView {
    let fidelity = sheet.known.with_untracked(|known| {
        let of = known.row.strategy.fidelity();
        of.map(|of| of.param.clone())
    });
    let metric = sheet
        .known
        .with_untracked(|known| known.row.metric.name.clone());
    let count = Memo::new(move |_| sheet.known.with(|known| known.trials.len()));
    let with_fidelity = fidelity.is_some();
    let order = move || {
        sheet.known.with(|known| {
            let ordered = tree(&known.trials).into_iter();
            let ordered = ordered.map(|(depth, trial)| (depth, trial.clone()));
            ordered.collect::<Vec<(usize, TrialView)>>()
        })
    };
    let none = move || (count.get() == 0).then(|| view! { <Empty text=t::NO_TRIAL_YET /> });
    view! {
        <section class="panel">
            <h2 id="trials-title">{t::TRIALS} " " <span class="quiet num">{count}</span></h2>
            {none}
            <div
                class="table-scroll"
                class:is-empty=move || count.get() == 0
                tabindex="0"
                role="region"
                aria-labelledby="trials-title"
            >
                <table class="table num campaign-trials">
                    <thead>
                        <tr>
                            <th scope="col">{t::TRIAL}</th>
                            <th scope="col">{t::VALUES}</th>
                            {fidelity.map(|param| view! {
                                <th scope="col" class="num campaign-rung">{t::RUNG}</th>
                                <th scope="col" class="num campaign-rung">{param}</th>
                            })}
                            <th scope="col">{common::STATE}</th>
                            <th scope="col" class="num">{metric}</th>
                            <th scope="col" class="num">{common::JOB}</th>
                            <th scope="col">{t::WHY}</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=order
                            key=|(_, trial)| trial.number
                            children=move |(depth, known)| {
                                let trial = current(known, sheet);
                                view! { <Row trial depth with_fidelity /> }
                            }
                        />
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// A trial as it is now.
fn current(known: TrialView, sheet: Sheet) -> Memo<TrialView> {
    // They are listed by their numbers, from 1.
    let place = usize::try_from(known.number).unwrap_or_default();
    let place = place.saturating_sub(1);
    Memo::new(move |_| {
        let now = sheet.known.with(|known| known.trials.get(place).cloned());
        now.unwrap_or_else(|| known.clone())
    })
}

#[component]
fn Row(trial: Memo<TrialView>, depth: usize, with_fidelity: bool) -> impl IntoView {
    let live = Live::here();
    let known = trial.get_untracked();
    let job = known.job;
    let branch = known.parent.map(|parent| {
        view! {
            <span class="quiet" aria-hidden="true">"└ "</span>
            <span class="visually-hidden">{t::goes_on_from(parent)}</span>
        }
    });
    // What waits and what runs are told apart where it is known.
    let state = move || match (trial.with(|trial| trial.state), live.row(job)) {
        (TrialState::Submitted, Some(row)) => view! { <StateBadge row /> }.into_any(),
        (state, _) => look::trial(state),
    };
    let fidelity = with_fidelity.then(|| {
        view! {
            <td class="num campaign-rung">{known.rung}</td>
            <td class="num campaign-rung">{known.fidelity.map(|fidelity| fidelity.to_string())}</td>
        }
    });
    view! {
        <tr
            data-trial=known.number.to_string()
            data-job=job.to_string()
            class:is-best=move || trial.with(|trial| trial.best)
        >
            <th scope="row" style=format!("--depth: {depth}")>
                {branch} {known.number}
            </th>
            <td class="campaign-values">{words::values(&known.values)}</td>
            {fidelity}
            <td>{state}</td>
            <td class="num">{move || trial.with(result)}</td>
            <td class="num"><a data-row-link href=format!("/jobs/{job}")>{job.to_string()}</a></td>
            <td class="campaign-because">
                {known.why}
                {move || trial.with(|trial| trial.problem.clone()).map(|problem| view! {
                    <span class="campaign-problem">{problem}</span>
                })}
            </td>
        </tr>
    }
    .into_any()
}

fn result(trial: &TrialView) -> AnyView {
    let best = trial
        .best
        .then(|| view! { <span class="tag">{t::BEST}</span> " " });
    match (trial.result, trial.current) {
        (Some(result), _) => view! {
            {best} <span title=result.to_string()>{words::number(result)}</span>
        }
        .into_any(),
        (None, Some(current)) => view! {
            <span class="quiet">{t::so_far(&words::number(current))}</span>
        }
        .into_any(),
        (None, None) => view! { <span class="quiet">"—"</span> }.into_any(),
    }
}
