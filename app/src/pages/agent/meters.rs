//! What an agent has used of what its mandate allows. The words say all; the bars are for a glance.

use berth_api::agents::AgentView;
use leptos::prelude::*;

use super::words::gpu_hours;
use crate::components::meter::bar;
use crate::texts::agent as t;

pub fn meters(agent: &AgentView) -> AnyView {
    let mandate = &agent.mandate;
    let hours = |seconds: Option<u64>| seconds.map(gpu_hours);
    let ahead = Some(agent.ahead_gpu_seconds).filter(|seconds| *seconds > 0);
    let used = t::used(
        &gpu_hours(agent.used_gpu_seconds),
        hours(ahead).as_deref(),
        hours(mandate.gpu_seconds).as_deref(),
    );
    let most = |most: Option<u32>| most.map(u64::from);
    let hours_bar = bar(
        agent.used_gpu_seconds,
        agent.ahead_gpu_seconds,
        mandate.gpu_seconds,
    );
    let gpus_bar = bar(0, agent.gpus.into(), most(mandate.gpus_at_once));
    let jobs = agent.jobs_last_hour;
    let jobs_bar = bar(jobs.into(), 0, most(Some(mandate.jobs_per_hour)));
    let refused = agent.refusals_last_hour.to_string();
    view! {
        <dl class="meters">
            {meter(t::USED_HOURS, used, hours_bar)}
            {meter(t::AT_ONCE, t::of(agent.gpus, mandate.gpus_at_once), gpus_bar)}
            {meter(t::JOBS_THIS_HOUR, t::of(jobs, Some(mandate.jobs_per_hour)), jobs_bar)}
            {meter(t::REFUSED_THIS_HOUR, refused, None)}
        </dl>
    }
    .into_any()
}

fn meter(name: &'static str, words: String, bar: Option<AnyView>) -> AnyView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd class="num">{words} {bar}</dd>
        </div>
    }
    .into_any()
}
