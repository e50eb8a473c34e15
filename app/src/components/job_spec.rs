//! What a job was submitted with.

use berth_api::views::JobDetail;
use leptos::prelude::*;

use super::copy::CopyButton;
use super::gpu_squares::GpuSquares;
use super::job_row::limit;
use super::moment::Moment;
use crate::draft;

/// Where it runs.
fn folder(detail: &JobDetail) -> Option<String> {
    let package = detail.request.package.as_deref();
    let uploaded =
        package.map(|sha256| format!("a copy of the upload {}", &sha256[..8.min(sha256.len())]));
    let given = uploaded.or_else(|| detail.workdir.clone());
    given.or_else(|| Some("its run folder".to_owned()))
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
            <dt>"Command"</dt>
            <dd class="spec-code">
                <code>{command}</code>
                <CopyButton text=command what="command" />
            </dd>
            <dt>"GPUs"</dt>
            <dd>
                {move || {
                    let (nodes, gpus_per_node) = size.get();
                    view! { <GpuSquares nodes gpus_per_node /> }
                }}
            </dd>
            <dt>"Time limit"</dt>
            <dd class="num">{text(|d| Some(limit(d.row.time_limit_s)))}</dd>
            <dt>"Class"</dt>
            <dd>{text(|d| Some(d.row.class.to_string()))}</dd>
            <dt>"Project"</dt>
            <dd>{text(|d| d.row.project.clone())}</dd>
            <dt>"Folder"</dt>
            <dd class="spec-code">
                <code>{text(folder)}</code>
            </dd>
            <dt>"Run folder"</dt>
            <dd class="spec-code">
                <code>{run_dir}</code>
                <CopyButton text=run_dir what="run folder" />
            </dd>
            <dt>"Retries"</dt>
            <dd class="num">{text(|d| Some(d.max_retries.to_string()))}</dd>
            <dt>"Preemptible"</dt>
            <dd>{text(|d| Some(if d.preemptible { "yes" } else { "no" }.to_owned()))}</dd>
            {move || told.get().map(|told| view! {
                <dt>"Told to save"</dt>
                <dd class="num">{told}</dd>
            })}
            {move || per_gpu.get().then(|| view! {
                <dt>"Processes"</dt>
                <dd>"one for each GPU"</dd>
            })}
            {move || asks.get().map(|asks| view! {
                <dt>"Asks for GPUs"</dt>
                <dd>{asks}</dd>
            })}
            {move || deadline.get().map(|at| view! {
                <dt>"Deadline"</dt>
                <dd><Moment at /></dd>
            })}
            {move || begin.get().map(|at| view! {
                <dt>"Not before"</dt>
                <dd><Moment at /></dd>
            })}
            {move || {
                let after = after.get();
                (!after.is_empty()).then(|| view! {
                    <dt>"After"</dt>
                    <dd>{after.into_iter().map(dependency).collect_view()}</dd>
                })
            }}
            {move || {
                let env = env.get();
                let lines = env.into_iter().map(|(name, value)| format!("{name}={value}\n"));
                let lines = lines.collect::<String>();
                (!lines.is_empty()).then(|| view! {
                    <dt>"Environment"</dt>
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
        "afternotok" => " failed",
        "afterany" => " ended",
        _ => " succeeded",
    };
    view! {
        <span class="dependency">
            <a href=format!("/jobs/{job}")>"job " {job.to_owned()}</a>
            {words}
        </span>
    }
    .into_any()
}
