//! What a job was submitted with.

use berth_api::views::JobDetail;
use leptos::prelude::*;

use super::copy::CopyButton;
use super::gpu_squares::GpuSquares;
use super::job_row::limit;
use super::moment::Moment;
use crate::draft;
use crate::texts::{common, job as t};

/// Where it runs.
fn folder(detail: &JobDetail) -> Option<String> {
    let package = detail.request.package.as_deref();
    let uploaded = package.map(|sha256| t::copy_of_upload(&sha256[..8.min(sha256.len())]));
    let given = uploaded.or_else(|| detail.workdir.clone());
    given.or_else(|| Some(t::ITS_RUN_FOLDER.to_owned()))
}

#[component]
pub fn JobSpec(#[prop(into)] detail: Signal<JobDetail>) -> impl IntoView {
    let text = move |part: fn(&JobDetail) -> Option<String>| {
        move || detail.with(part).unwrap_or_else(|| "—".to_owned())
    };
    let size = Memo::new(move |_| detail.with(|d| (d.row.nodes, d.row.gpus_per_node)));
    let after = Memo::new(move |_| detail.with(|d| d.after.clone()));
    let env = Memo::new(move |_| detail.with(|d| d.env.clone()));
    let begin = Memo::new(move |_| detail.with(|d| d.begin));
    let deadline = Memo::new(move |_| detail.with(|d| d.deadline));
    let asks = Memo::new(move |_| {
        let phrase = detail.with(|d| d.constraints.phrase());
        (!phrase.is_empty()).then_some(phrase)
    });
    let told = Memo::new(move |_| {
        let notice = detail.with(|d| d.notice);
        (!notice.is_default()).then(|| notice.to_string())
    });
    let per_gpu = Memo::new(move |_| detail.with(|d| d.per_gpu));
    let command = Signal::derive(move || detail.with(|d| draft::command_text(&d.command)));
    let run_dir = Signal::derive(move || detail.with(|d| d.run_dir.clone()));
    view! {
        <dl class="spec">
            <dt>{common::COMMAND}</dt>
            <dd class="spec-code">
                <code>{command}</code>
                <CopyButton text=command what=common::COPY_COMMAND />
            </dd>
            <dt>{common::GPUS}</dt>
            <dd>
                {move || {
                    let (nodes, gpus_per_node) = size.get();
                    view! { <GpuSquares nodes gpus_per_node /> }
                }}
            </dd>
            <dt>{common::TIME_LIMIT}</dt>
            <dd class="num">{text(|d| Some(limit(d.row.time_limit_s)))}</dd>
            <dt>{common::CLASS}</dt>
            <dd>{text(|d| Some(d.row.class.to_string()))}</dd>
            <dt>{common::PROJECT}</dt>
            <dd>{text(|d| d.row.project.clone())}</dd>
            <dt>{common::FOLDER}</dt>
            <dd class="spec-code">
                <code>{text(folder)}</code>
            </dd>
            <dt>{common::RUN_FOLDER}</dt>
            <dd class="spec-code">
                <code>{run_dir}</code>
                <CopyButton text=run_dir what=t::COPY_RUN_FOLDER />
            </dd>
            <dt>{common::RETRIES}</dt>
            <dd class="num">{text(|d| Some(d.max_retries.to_string()))}</dd>
            <dt>{common::PREEMPTIBLE}</dt>
            <dd>{text(|d| Some(if d.preemptible { t::YES } else { t::NO }.to_owned()))}</dd>
            {move || told.get().map(|told| view! {
                <dt>{t::TOLD_TO_SAVE}</dt>
                <dd class="num">{told}</dd>
            })}
            {move || per_gpu.get().then(|| view! {
                <dt>{common::PROCESSES}</dt>
                <dd>{t::ONE_FOR_EACH_GPU}</dd>
            })}
            {move || asks.get().map(|asks| view! {
                <dt>{t::ASKS_FOR_GPUS}</dt>
                <dd>{asks}</dd>
            })}
            {move || deadline.get().map(|at| view! {
                <dt>{common::DEADLINE}</dt>
                <dd><Moment at /></dd>
            })}
            {move || begin.get().map(|at| view! {
                <dt>{common::NOT_BEFORE}</dt>
                <dd><Moment at /></dd>
            })}
            {move || {
                let after = after.get();
                (!after.is_empty()).then(|| view! {
                    <dt>{common::AFTER}</dt>
                    <dd>{after.into_iter().map(dependency).collect_view()}</dd>
                })
            }}
            {move || {
                let env = env.get();
                let lines = env.into_iter().map(|(name, value)| format!("{name}={value}\n"));
                let lines = lines.collect::<String>();
                (!lines.is_empty()).then(|| view! {
                    <dt>{common::ENVIRONMENT}</dt>
                    <dd><pre class="spec-env">{lines}</pre></dd>
                })
            }}
        </dl>
    }
    .into_any()
}

/// `afterok:17` with a link to 17.
fn dependency(text: String) -> AnyView {
    let (kind, job) = text.split_once(':').unwrap_or(("afterok", &text));
    let words = match kind {
        "afternotok" => t::AFTER_FAILED,
        "afterany" => t::AFTER_ENDED,
        _ => t::AFTER_SUCCEEDED,
    };
    view! {
        <span class="dependency">
            <a href=format!("/jobs/{job}")>{t::AFTER_JOB} {job.to_owned()}</a>
            {words}
        </span>
    }
    .into_any()
}
