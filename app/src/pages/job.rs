//! `/jobs/ID`: one job, from submission to its last line.

use berth_api::charts::{ChartsAnswer, job_charts};
use berth_api::jobs::{get_job, job_events};
use berth_api::logs::{LinePlace, LogText, job_log, log_place};
use berth_api::planner::{ExplainAnswer, explain_job};
use berth_api::views::{EventView, JobDetail, JobRow};
use berth_api::{ApiError, ErrorCode};
use berth_domain::JobId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

use crate::components::attempts::Attempts;
use crate::components::copy::{CopyButton, CopyLine};
use crate::components::job_actions::JobActions;
use crate::components::job_change::JobChange;
use crate::components::job_charts::JobCharts;
use crate::components::job_processes::JobProcesses;
use crate::components::job_row::why;
use crate::components::job_spec::JobSpec;
use crate::components::job_waits::JobWaits;
use crate::components::lease::LeaseTiles;
use crate::components::log_view::{LogView, Which, parse_lines};
use crate::components::moment::Lasting;
use crate::components::owner::Owner;
use crate::components::problem::ProblemView;
use crate::components::run_files::RunFiles;
use crate::components::sooner::Sooner;
use crate::components::start_range::StartRange;
use crate::components::state_badge::StateBadge;
use crate::components::timeline::Timeline;
use crate::draft;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{common, job as t};

/// The page comes with this much of the log: its end, or what is around the line that is asked for.
const LOG_BYTES: u32 = 64 * 1024;
/// So much of it is before that line.
const BEFORE: u64 = 20 * 1024;

/// Everything that the page comes with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    detail: JobDetail,
    events: Vec<EventView>,
    log: LogText,
    /// The line that was asked for.
    line: Option<LinePlace>,
    which: (Option<u32>, u32),
    /// Of a job that waits.
    explained: Option<ExplainAnswer>,
    /// Of a job that held GPUs.
    charts: Option<ChartsAnswer>,
}

/// What the address asks for; a change of it is another page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    id: String,
    attempt: Option<u32>,
    rank: u32,
}

/// What it asks for besides: looked at when the page is made, and then by its parts.
#[derive(Clone, Debug, Default)]
struct Beside {
    line: Option<u64>,
    gpu: Option<String>,
}

async fn find(asked: Asked, beside: Beside) -> Result<Found, ApiError> {
    let Asked { id, attempt, rank } = asked;
    let id: JobId = id
        .parse()
        .map_err(|_| ApiError::new(ErrorCode::NotFound, t::no_number(&id)))?;
    let detail = get_job(id).await?.job;
    let explained = match detail.row.is_waiting() {
        true => Some(explain_job(id).await?),
        false => None,
    };
    let line = match beside.line {
        Some(line) => Some(log_place(id, attempt, Some(rank), Some(line), None).await?),
        None => None,
    };
    let offset = match line {
        Some(place) => i64::try_from(place.offset.saturating_sub(BEFORE)).unwrap_or(0),
        None => -i64::from(LOG_BYTES),
    };
    // A GPU that it never held is no reason to show nothing.
    let charts = match job_charts(id, attempt, beside.gpu, None).await {
        Err(error) if error.code() == ErrorCode::NotFound => {
            job_charts(id, attempt, None, None).await?
        }
        other => other?,
    };
    Ok(Found {
        detail,
        explained,
        charts,
        line,
        events: job_events(id, None).await?.events,
        log: job_log(id, attempt, Some(rank), Some(offset), Some(LOG_BYTES), None).await?,
        which: (attempt, rank),
    })
}

#[component]
pub fn JobPage() -> impl IntoView {
    let waiting = Waiting::here();
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let id = params.with(|params| params.get("id")).unwrap_or_default();
        let number = |name: &str| query.with(|query| query.get(name)?.parse::<u32>().ok());
        Asked {
            id,
            attempt: number("attempt"),
            rank: number("rank").unwrap_or(0),
        }
    });
    let beside = move || {
        query.with_untracked(|query| Beside {
            line: query
                .get("line")
                .and_then(|text| Some(parse_lines(&text)?.0)),
            gpu: query.get("gpu"),
        })
    };
    let found = Resource::new_blocking(move || asked.get(), move |asked| find(asked, beside()));
    let problem = move || query.with_untracked(|query| query.get("error"));
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let found = match waiting.ready().await {
                    Ok(()) => found.await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(found) => view! {
                        {problem().map(|problem| view! {
                            <p class="banner banner-bad" role="alert">{problem}</p>
                        })}
                        <JobView found />
                    }
                    .into_any(),
                    Err(error) => view! {
                        <Title text=common::JOB />
                        <ProblemView error />
                    }
                    .into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn JobView(found: Found) -> impl IntoView {
    let Found {
        detail,
        events,
        log,
        line,
        which,
        explained,
        charts,
    } = found;
    let id = detail.row.id;
    let row = Signal::<JobRow>::from(Live::here().pin(detail.row.clone()));
    let user = detail.row.user.0.clone();
    let detail = RwSignal::new(detail);
    let events = RwSignal::new(events);
    keep_current(id, detail, events);

    let name = Memo::new(move |_| row.with(|row| row.name.clone()));
    let times = Memo::new(move |_| row.with(|row| (row.started_at, row.finished_at)));
    let reason = move || row.with(why);
    let state = Signal::derive(move || row.with(|row| row.state));
    let cli = Signal::derive(move || detail.with(|detail| draft::as_cli(&detail.request)));
    let attach = Memo::new(move |_| detail.with(|detail| detail.attach.clone()));
    let held =
        Memo::new(move |_| row.with(|row| row.lease.clone().filter(|lease| !lease.is_empty())));
    let nodes = Memo::new(move |_| row.with(|row| row.nodes));
    let of_array = row.with_untracked(|row| row.array).map(|place| {
        view! {
            {t::TASK} {place.index} {t::TASK_OF}
            <a href=format!("/jobs?user=all&array={}", place.array)>
                {t::OF_ARRAY} {place.array.to_string()}
            </a>
        }
    });
    let log_of = Which {
        job: id,
        attempt: which.0,
        rank: which.1,
    };
    view! {
        <Title text=move || format!("{id} {}", name.get()) />
        <article class="job" data-job=id.to_string()>
            <header class="job-head">
                <div class="job-title">
                    <p class="job-id num">{t::JOB_NUMBER} {id.to_string()} {of_array}</p>
                    <h1>{name}</h1>
                </div>
                <div class="job-facts">
                    <StateBadge row />
                    {move || match times.get() {
                        (Some(from), to) => view! { <Lasting from to /> }.into_any(),
                        _ => ().into_any(),
                    }}
                    <Owner name=user />
                </div>
                <div class="job-buttons" data-page-actions>
                    <JobActions row />
                    <a class="button" href=format!("/submit?from={id}")>
                        {t::SUBMIT_AGAIN}
                    </a>
                    <CopyButton text=cli what=t::COPY_AS_COMMAND worded=true />
                </div>
                <p class="job-reason">{reason} " " <StartRange row /></p>
            </header>
            <div class="job-main">
                <Ranks id nodes which=log_of />
                <LogView which=log_of first=log known=line state />
                <JobCharts id row events first=charts />
                <Attempts id detail shown=which.0 />
                <JobProcesses id row />
                <RunFiles id row />
            </div>
            <div class="job-side">
                <Sooner id row first=explained />
                {move || held.get().map(|lease| {
                    let active = row.with_untracked(|row| row.is_active());
                    let title = if active { t::HOLDS } else { t::HELD };
                    view! {
                        <section class="panel">
                            <h2>{title}</h2>
                            <LeaseTiles lease />
                        </section>
                    }
                })}
                {move || attach.get().map(|attach| view! {
                    <section class="panel">
                        <h2>{t::TERMINAL}</h2>
                        <CopyLine text=attach what=common::COPY_COMMAND />
                        <p class="hint">{t::TERMINAL_TOLD}</p>
                    </section>
                })}
                <section class="panel">
                    <h2>{common::TIMELINE}</h2>
                    <Timeline events />
                    <JobWaits id row />
                </section>
                <section class="panel">
                    <h2>{t::SUBMITTED_WITH}</h2>
                    <JobSpec detail />
                    <JobChange id row />
                    <h3>{t::SAME_FROM_A_SHELL}</h3>
                    <div class="copy-line">
                        <code data-cli>{cli}</code>
                        <CopyButton text=cli what=common::COPY_COMMAND />
                    </div>
                </section>
            </div>
        </article>
    }
    .into_any()
}

/// Asks again for details and events when the job changed; not when only its reason did.
fn keep_current(id: JobId, detail: RwSignal<JobDetail>, events: RwSignal<Vec<EventView>>) {
    let live = Live::here();
    let asked = detail.with_untracked(|detail| detail.row.clone());
    let row = Signal::<JobRow>::from(live.pin(asked.clone()));
    // The live row may be newer than what was asked for before this page was made.
    let asked = (without_reason(asked), live.resynced.get_untracked());
    let changed = Memo::new(move |_| (without_reason(row.get()), live.resynced.get()));
    Effect::new(move |before: Option<(JobRow, u32)>| {
        let now = changed.get();
        if before.as_ref().unwrap_or(&asked) == &now {
            return now;
        }
        spawn_local(async move {
            if let Ok(answer) = get_job(id).await {
                detail.try_set(answer.job);
            }
            let last = events.try_with_untracked(|events| events.last().map(|event| event.seq));
            if let Ok(more) = job_events(id, last.flatten()).await {
                events.try_update(|events| {
                    let last = events.last().map_or(0, |event| event.seq);
                    events.extend(more.events.into_iter().filter(|event| event.seq > last));
                });
            }
        });
        now
    });
}

fn without_reason(row: JobRow) -> JobRow {
    JobRow {
        start_p50: None,
        start_p90: None,
        reason: None,
        reason_text: None,
        ..row
    }
}

/// The ranks of a job on several nodes: each writes a log of its own.
#[component]
fn Ranks(id: JobId, nodes: Memo<u32>, which: Which) -> impl IntoView {
    move || {
        let nodes = nodes.get();
        (nodes > 1).then(|| {
            let attempt = which
                .attempt
                .map(|n| format!("&attempt={n}"))
                .unwrap_or_default();
            let link = |rank: u32| {
                view! {
                    <a
                        class="button button-small"
                        href=format!("/jobs/{id}?rank={rank}{attempt}")
                        aria-current=(rank == which.rank).then_some("true")
                    >
                        {t::RANK} {rank}
                    </a>
                }
            };
            view! {
                <nav class="ranks" aria-label=t::RANKS>
                    {(0..nodes).map(link).collect_view()}
                </nav>
            }
        })
    }
}
