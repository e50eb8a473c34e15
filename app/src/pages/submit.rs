//! `/submit`: the form, checked as it is typed by what checks it on the server.

use std::collections::BTreeSet;
use std::time::Duration;

use berth_api::ApiError;
use berth_api::jobs::{get_job, submit_job};
use berth_api::planner::{AsksArg, ForecastAnswer, forecast_start};
use berth_domain::submit::form::{CHECKS, TEXTS};
use berth_domain::{JobId, PriorityClass, SubmitRequest, commandline};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::clock::Clock;
use crate::components::copy::CopyButton;
use crate::components::field::{Field, Kind};
use crate::components::free_at::{FreeAtList, when};
use crate::components::problem::ProblemView;
use crate::components::start_range;
use crate::draft::{self, Draft, Problem};
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{common, dashboard, job, submit as t};

/// So long after the last key the planner is asked.
const ASK_AFTER: Duration = Duration::from_millis(250);

const SIZES: [u32; 5] = [1, 2, 4, 8, 16];

#[component]
pub fn SubmitPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let from = Memo::new(move |_| query.with(|query| query.get("from")?.parse::<JobId>().ok()));
    let source = Resource::new_blocking(
        move || from.get(),
        |from| async move {
            match from {
                Some(id) => get_job(id).await.map(|answer| Some(answer.job.request)),
                None => Ok(None),
            }
        },
    );
    view! {
        <Title text=common::SUBMIT />
        <div class="page">
            <div class="page-head">
                <h1>{common::SUBMIT_A_JOB}</h1>
            </div>
            <Suspense>
                {move || Suspend::new(async move {
                    let found = match waiting.ready().await {
                        Ok(()) => source.await,
                        Err(error) => Err(error),
                    };
                    match found {
                        Ok(request) => view! { <SubmitForm request /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

/// What the form knows. Cheap to copy.
#[derive(Clone, Copy)]
struct Form {
    draft: Draft,
    /// What is wrong with what is typed.
    local: Memo<Vec<Problem>>,
    /// What the server said was wrong with what was sent.
    refused: RwSignal<Option<Problem>>,
    /// Fields that were left: only these are spoken of before something is sent.
    left: RwSignal<BTreeSet<&'static str>>,
    tried: RwSignal<bool>,
    sending: RwSignal<bool>,
}

impl Form {
    fn problem(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let of = |problem: &Problem| (problem.0 == name).then(|| problem.1.clone());
            let spoken = self.tried.get() || self.left.with(|left| left.contains(name));
            let local = spoken.then(|| self.local.with(|all| all.iter().find_map(of)));
            local
                .flatten()
                .or_else(|| self.refused.with(|refused| refused.as_ref().and_then(of)))
        })
    }

    fn field(
        self,
        name: &'static str,
        label: &'static str,
        kind: Kind,
        hint: &'static str,
        placeholder: &'static str,
    ) -> AnyView {
        let left = self.left;
        let leave = Callback::new(move |name| {
            left.update(|left| {
                left.insert(name);
            });
        });
        let value = self.draft.text(name);
        view! { <Field name label value problem=self.problem(name) left=leave kind hint placeholder /> }
            .into_any()
    }
}

#[component]
fn SubmitForm(request: Option<SubmitRequest>) -> impl IntoView {
    let live = Live::here();
    let query = use_query_map().get_untracked();
    let draft = Draft::from_query(&query);
    let again = request.is_some();
    if let Some(request) = request {
        draft.fill(&request);
    }
    let refused = query
        .get("error")
        .map(|why| (query.get("field").unwrap_or_default(), why));
    let form = Form {
        draft,
        local: Memo::new(move |_| draft.problems(live.capacity())),
        refused: RwSignal::new(refused),
        left: RwSignal::new(BTreeSet::new()),
        tried: RwSignal::new(false),
        sending: RwSignal::new(false),
    };
    // What belongs to no field stands above the form.
    let general = move || {
        form.refused.with(|refused| {
            let known = |field: &str| TEXTS.contains(&field) || CHECKS.contains(&field);
            refused
                .as_ref()
                .filter(|(field, _)| !known(field))
                .map(|(_, why)| why.clone())
        })
    };
    let navigate = use_navigate();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let navigate = navigate.clone();
        send(form, move |id| {
            navigate(&format!("/jobs/{id}"), NavigateOptions::default());
        });
    };
    let advanced = again
        || TEXTS[7..]
            .iter()
            .chain(&CHECKS)
            .any(|name| query.get(name).is_some_and(|text| !text.is_empty()));
    view! {
        <div class="submit">
            <form class="submit-form" method="post" action="/forms/submit" novalidate on:submit=submit>
                {move || general().map(|why| view! {
                    <p class="banner banner-bad" role="alert">{why}</p>
                })}
                {form.field("command", common::COMMAND, Kind::Lines(3), "", "python train.py --lr 1e-4")}
                <Runs draft />
                <Size form />
                <Starts draft />
                <div class="field-row">
                    {form.field("time_limit", common::TIME_LIMIT, Kind::Line, t::TIME_LIMIT_HINT, "24h")}
                    <Class form />
                </div>
                <div class="field-row">
                    {form.field("name", common::NAME, Kind::Line, t::NAME_HINT, "")}
                    {form.field("project", common::PROJECT, Kind::Line, "", "")}
                </div>
                <details class="more-fields" open=advanced>
                    <summary>{t::MORE}</summary>
                    {form.field("nodes", common::NODES, Kind::Number, t::NODES_HINT, "")}
                    {form.field("workdir", common::FOLDER, Kind::Code, t::FOLDER_HINT, "/home/ana/project")}
                    {form.field("package", t::UPLOADED_FOLDER, Kind::Code, t::UPLOADED_FOLDER_HINT, "")}
                    {form.field("env", common::ENVIRONMENT, Kind::Lines(3), t::ENVIRONMENT_HINT, "WANDB_MODE=offline")}
                    <div class="field-row">
                        {form.field("after", common::AFTER, Kind::Code, t::AFTER_HINT, "17 afterany:18")}
                        {form.field("begin", common::NOT_BEFORE, Kind::Code, t::NOT_BEFORE_HINT, "2026-11-30T18:00:00+01:00")}
                    </div>
                    {form.field("deadline", common::DEADLINE, Kind::Code, t::DEADLINE_HINT, "2026-12-01T09:00:00+01:00")}
                    <div class="field-row">
                        {form.field("gpu_model", t::GPU_MODEL, Kind::Code, t::GPU_MODEL_HINT, "H100")}
                        {form.field("gpu_mem", t::GPU_MEMORY, Kind::Code, t::GPU_MEMORY_HINT, "80G")}
                    </div>
                    <div class="field-row">
                        {form.field("nodelist", t::ONLY_ON_NODES, Kind::Code, t::ONLY_ON_NODES_HINT, "node-1 node-2")}
                        {form.field("exclude", t::NOT_ON_NODES, Kind::Code, "", "node-3")}
                    </div>
                    <Check name="nvlink" on=draft.check("nvlink") label=t::ONE_ISLAND hint=t::ONE_ISLAND_HINT />
                    <div class="field-row">
                        {form.field("array", t::ARRAY, Kind::Code, t::ARRAY_HINT, "0-9%4")}
                        {form.field("max_retries", common::RETRIES, Kind::Number, t::RETRIES_HINT, "0")}
                    </div>
                    <Check name="per_gpu" on=draft.check("per_gpu") label=t::PER_GPU hint=t::PER_GPU_HINT />
                    {form.field("signal", t::SIGNAL, Kind::Code, t::SIGNAL_HINT, "USR1")}
                    <Check name="preemptible" on=draft.check("preemptible") label=common::PREEMPTIBLE hint=t::PREEMPTIBLE_HINT />
                    <Check name="hold" on=draft.check("hold") label=common::HOLD hint=t::HOLD_HINT />
                </details>
                <div class="submit-buttons">
                    // Pressing it must not leave the field first: a problem that then appears would
                    // move the button away from under the pointer.
                    <button
                        class="button button-main"
                        disabled=form.sending
                        on:mousedown=|event| event.prevent_default()
                    >
                        {move || if form.sending.get() { t::SUBMITTING } else { common::SUBMIT }}
                    </button>
                    <CopyButton
                        text=Signal::derive(move || draft::as_cli(&draft.request().0))
                        what=job::COPY_AS_COMMAND
                        worded=true
                    />
                </div>
            </form>
            <aside class="submit-side">
                <FreeAtList />
            </aside>
        </div>
    }
    .into_any()
}

/// Sends the form, unless something is wrong with it.
fn send(form: Form, then: impl FnOnce(JobId) + 'static) {
    form.tried.set(true);
    form.refused.set(None);
    let first = form
        .local
        .with_untracked(|all| all.first().map(|(field, _)| field.clone()));
    if let Some(field) = first {
        focus(&field);
        return;
    }
    if form.sending.get_untracked() {
        return;
    }
    form.sending.set(true);
    let (request, _) = untrack(|| form.draft.request());
    spawn_local(async move {
        match submit_job(request).await {
            Ok(answer) => then(answer.job.id),
            Err(error) => refuse(form, &error),
        }
        form.sending.try_set(false);
    });
}

fn refuse(form: Form, error: &ApiError) {
    let field = error.field().unwrap_or_default().to_owned();
    focus(&field);
    form.refused.try_set(Some((field, error.to_string())));
}

/// Goes to the field that is to blame, opening what hides it.
fn focus(field: &str) {
    use leptos::wasm_bindgen::JsCast;
    let Some(input) = document().get_element_by_id(field) else {
        return;
    };
    if let Ok(Some(details)) = input.closest("details") {
        let _ = details.set_attribute("open", "");
    }
    if let Ok(input) = input.dyn_into::<web_sys::HtmlElement>() {
        let _ = input.focus();
    }
}

/// What will run: a program with its arguments, or a line of shell.
#[component]
fn Runs(draft: Draft) -> impl IntoView {
    let text = move || match draft.argv() {
        Ok(words) if words.is_empty() => ().into_any(),
        Ok(words) => {
            let shell = matches!(words.as_slice(), [sh, c, _] if sh == "sh" && c == "-c");
            let how = if shell { t::RUNS_IN_A_SHELL } else { t::RUNS };
            view! {
                {how}
                <code>{commandline::format(&words)}</code>
            }
            .into_any()
        }
        Err(_) => ().into_any(),
    };
    view! { <p class="runs" aria-live="polite">{text}</p> }
}

/// How many GPUs, with when so many would be free.
#[component]
fn Size(form: Form) -> impl IntoView {
    let (live, clock) = (Live::here(), Clock::here());
    let value = form.draft.text("gpus");
    let most = move || live.capacity().gpus;
    let choices = move || {
        let most = most();
        let fits = SIZES.into_iter().filter(|n| *n as usize <= most);
        fits.map(|n| {
            let free = move || {
                live.free_at
                    .with(|all| all.iter().find(|free| free.gpus == n).copied())
            };
            view! {
                <button
                    type="button"
                    class="size"
                    aria-pressed=move || if value.get() == n.to_string() { "true" } else { "false" }
                    on:click=move |_| value.set(n.to_string())
                >
                    <b class="num">{n}</b>
                    <small>{move || free().map(|free| short(&when(&free, clock)))}</small>
                </button>
            }
        })
        .collect_view()
    };
    view! {
        <div class="size-field">
            {form.field("gpus", common::GPUS, Kind::Number, "", "1")}
            <div class="sizes needs-script" role="group" aria-label=t::GPUS_AND_WHEN_FREE>
                {choices}
            </div>
        </div>
    }
    .into_any()
}

/// When what is typed would start, asked of the planner as it is typed.
#[component]
fn Starts(draft: Draft) -> impl IntoView {
    let (live, clock) = (Live::here(), Clock::here());
    let answer = RwSignal::new(None::<ForecastAnswer>);
    let asked = Memo::new(move |_| {
        let (request, problems) = draft.request();
        let fits = problems.iter().all(|(field, _)| field == "command");
        // Nothing else matters to the answer.
        fits.then(|| SubmitRequest {
            gpus: request.gpus,
            nodes: request.nodes,
            time_limit: request.time_limit,
            class: request.class,
            gpu_model: request.gpu_model,
            gpu_mem: request.gpu_mem,
            nodelist: request.nodelist,
            exclude: request.exclude,
            nvlink: request.nvlink,
            ..SubmitRequest::default()
        })
    });
    let mut ask = leptos::leptos_dom::helpers::debounce(ASK_AFTER, move |()| {
        // The page may be gone by now.
        let asked = asked.try_get_untracked().flatten();
        let Some(asked) = asked else {
            answer.try_set(None);
            return;
        };
        spawn_local(async move {
            // What cannot be forecast is said at its field.
            let asks = AsksArg {
                gpu_model: asked.gpu_model.join(","),
                gpu_mem: asked.gpu_mem.unwrap_or_default(),
                nodelist: asked.nodelist.join(","),
                exclude: asked.exclude.join(","),
                nvlink: asked.nvlink,
            };
            let found =
                forecast_start(asked.gpus, asked.nodes, asked.time_limit, asked.class, asks);
            answer.try_set(found.await.ok());
        });
    });
    Effect::new(move |_| {
        asked.track();
        // Whenever the queue changes, so may the answer.
        live.active.track();
        live.queue.track();
        ask(());
    });
    let text = move || {
        answer.get().map(|answer| {
            let range = start_range::words(answer.start_p50, answer.start_p90, clock);
            match range.filter(|_| !answer.starts_now) {
                Some(range) => t::would_start(&range),
                None => t::WOULD_START_NOW.to_owned(),
            }
        })
    };
    view! { <p class="starts needs-script" role="status">{text}</p> }
}

fn short(text: &str) -> String {
    text.trim_end_matches(dashboard::AT_THE_LATEST).to_owned()
}

#[component]
fn Class(form: Form) -> impl IntoView {
    let value = form.draft.text("class");
    let problem = form.problem("class");
    let option = move |class: PriorityClass| {
        let note = match class {
            PriorityClass::Low => t::CLASS_LAST,
            PriorityClass::Normal => "",
            PriorityClass::High => t::CLASS_HIGH,
            PriorityClass::Critical => t::CLASS_CRITICAL,
        };
        view! {
            <option value=class.as_str() selected=value.get_untracked() == class.as_str()>
                {class.as_str()} {note}
            </option>
        }
    };
    view! {
        <div class="field">
            <label for="class">{common::CLASS}</label>
            <select
                class="input"
                id="class"
                name="class"
                aria-describedby="class-hint class-problem"
                aria-invalid=move || problem.with(Option::is_some).then_some("true")
                on:change=move |event| value.set(event_target_value(&event))
            >
                {PriorityClass::ALL.map(option).collect_view()}
            </select>
            <p class="field-problem" id="class-problem" aria-live="polite">{problem}</p>
            <p class="hint" id="class-hint">{t::CLASS_HINT}</p>
        </div>
    }
    .into_any()
}

#[component]
fn Check(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    on: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <div class="check">
            <input
                type="checkbox"
                id=name
                name=name
                checked=on.get_untracked()
                prop:checked=on
                aria-describedby=format!("{name}-hint")
                on:change=move |event| on.set(event_target_checked(&event))
            />
            <label for=name>{label}</label>
            <p class="hint" id=format!("{name}-hint")>{hint}</p>
        </div>
    }
    .into_any()
}
