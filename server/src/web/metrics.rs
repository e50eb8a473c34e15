//! `GET /metrics`: the cluster in Prometheus' text format. Labels are nodes, GPUs, states and routes:
//! as many as there are of those, never one a user or a job. docs/metrics.md lists them.

use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use berth_domain::{GpuSample, Severity, StateName, Timestamp};
use berth_orchestrator::{Handle, View};
use prometheus::core::Collector;
use prometheus::{
    Counter, Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter,
    IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::Web;
use crate::clock;

/// What requests cost, since the start.
struct Http {
    requests: IntCounterVec,
    seconds: HistogramVec,
}

static HTTP: LazyLock<Option<Http>> = LazyLock::new(|| {
    let requests = Opts::new("berth_http_requests_total", "Requests by route and status.");
    let seconds = HistogramOpts::new(
        "berth_http_request_duration_seconds",
        "How long requests took until their answer began, by route.",
    );
    Some(Http {
        requests: IntCounterVec::new(requests, &["method", "route", "status"]).ok()?,
        seconds: HistogramVec::new(seconds, &["route"]).ok()?,
    })
});

/// Counts a request.
pub async fn count(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let route = path.map_or("none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let from = Instant::now();
    let answer = next.run(request).await;
    if let Some(http) = &*HTTP {
        let status = answer.status().as_u16().to_string();
        let known = matches!(method.as_str(), "GET" | "POST" | "PUT" | "DELETE" | "HEAD");
        let method = if known { method.as_str() } else { "other" };
        http.requests
            .with_label_values(&[method, &route, &status])
            .inc();
        let seconds: Histogram = http.seconds.with_label_values(&[&route]);
        seconds.observe(from.elapsed().as_secs_f64());
    }
    answer
}

pub async fn metrics(State(web): State<Web>) -> Response {
    let handle = &web.api.handle;
    match text(handle, &handle.view(), clock::now()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Made anew for each scrape, so that nothing that is gone stays.
fn text(handle: &Handle, view: &View, now: Timestamp) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let add = |collector: Box<dyn Collector>| registry.register(collector);
    let build = gauges(
        "berth_build_info",
        "Always 1; the version is a label.",
        &["version"],
    )?;
    build
        .with_label_values(&[env!("CARGO_PKG_VERSION")])
        .set(1.0);
    add(Box::new(build))?;
    gpus(handle, view, &add)?;
    jobs(view, now, &add)?;
    let (plans, took) = handle.planned();
    add(Box::new(counter(
        "berth_scheduler_plans_total",
        "Plans made.",
        plans,
    )?))?;
    let seconds = Counter::new(
        "berth_scheduler_plan_seconds_total",
        "Time that plans took since the start.",
    )?;
    seconds.inc_by(took.as_secs_f64());
    add(Box::new(seconds))?;
    add(Box::new(counter(
        "berth_journal_events_total",
        "Events in the journal.",
        view.seq.0,
    )?))?;
    let down = IntGauge::new("berth_executor_up", "Whether jobs can be launched.")?;
    down.set(i64::from(view.executor_down.is_none()));
    add(Box::new(down))?;
    if let Some(http) = &*HTTP {
        add(Box::new(http.requests.clone()))?;
        add(Box::new(http.seconds.clone()))?;
    }
    let mut written = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut written)?;
    String::from_utf8(written).map_err(|error| prometheus::Error::Msg(error.to_string()))
}

type Add<'a> = dyn Fn(Box<dyn Collector>) -> Result<(), prometheus::Error> + 'a;

/// What is read of a GPU, and how it is called.
type Figure = (&'static str, &'static str, fn(&GpuSample) -> Option<f64>);

const FIGURES: [Figure; 11] = [
    (
        "berth_gpu_busy_ratio",
        "Share of time in which any kernel ran, 0 to 1.",
        |sample| sample.busy_pct.map(ratio),
    ),
    (
        "berth_gpu_working_ratio",
        "Share of multiprocessors with work, 0 to 1.",
        |sample| sample.sm_active_pct.map(ratio),
    ),
    (
        "berth_gpu_tensor_active_ratio",
        "Share of time of the tensor cores, 0 to 1.",
        |sample| sample.tensor_active_pct.map(ratio),
    ),
    ("berth_gpu_memory_used_bytes", "Memory in use.", |sample| {
        sample.mem_used_bytes.map(as_f64)
    }),
    ("berth_gpu_power_watts", "Power drawn.", |sample| {
        sample.power_w.map(f64::from)
    }),
    (
        "berth_gpu_power_limit_watts",
        "Power that may be drawn.",
        |sample| sample.power_limit_w.map(f64::from),
    ),
    ("berth_gpu_temperature_celsius", "Temperature.", |sample| {
        sample.temp_c.map(f64::from)
    }),
    (
        "berth_gpu_sm_clock_hertz",
        "Clock of the multiprocessors.",
        |sample| sample.sm_clock_mhz.map(|mhz| f64::from(mhz) * 1e6),
    ),
    (
        "berth_gpu_throttled",
        "1 if heat or power faults slow it down.",
        |sample| {
            let reasons = sample.throttle.as_ref()?;
            Some(f64::from(u8::from(
                reasons.iter().any(|reason| reason.is_fault()),
            )))
        },
    ),
    (
        "berth_gpu_ecc_uncorrected_errors",
        "Memory errors since the driver was loaded.",
        |sample| sample.ecc_uncorrected.map(as_f64),
    ),
    ("berth_gpu_processes", "Processes on it.", |sample| {
        sample
            .processes
            .as_ref()
            .map(|all| as_f64(all.len() as u64))
    }),
];

fn gpus(handle: &Handle, view: &View, add: &Add) -> Result<(), prometheus::Error> {
    let samples = handle.samples();
    let labels = ["node", "gpu"];
    let allocated = gauges("berth_gpu_allocated", "1 if a job holds it.", &labels)?;
    let foreign = gauges(
        "berth_gpu_foreign_processes",
        "Processes outside its lease.",
        &labels,
    )?;
    let total = gauges("berth_gpu_memory_total_bytes", "Memory it has.", &labels)?;
    let up = gauges("berth_node_up", "1 if the node answers.", &["node"])?;
    let figures: Vec<_> = FIGURES
        .iter()
        .map(|(name, help, read)| Ok((gauges(name, help, &labels)?, read)))
        .collect::<Result<_, prometheus::Error>>()?;
    for node in &view.nodes {
        up.with_label_values(&[node.name.as_str()])
            .set(f64::from(u8::from(node.present)));
        for gpu in &node.gpus {
            let index = gpu.index.to_string();
            let place = [node.name.as_str(), &index];
            let held = view.holders.contains_key(&gpu.uuid);
            allocated
                .with_label_values(&place)
                .set(f64::from(u8::from(held)));
            let others = view.foreign.get(&gpu.uuid).map_or(0, Vec::len);
            foreign.with_label_values(&place).set(as_f64(others as u64));
            total
                .with_label_values(&place)
                .set(as_f64(gpu.mem_total_bytes));
            let Some(sample) = samples.get(&gpu.uuid).filter(|_| node.present) else {
                continue;
            };
            for (gauge, read) in &figures {
                if let Some(figure) = read(sample) {
                    gauge.with_label_values(&place).set(figure);
                }
            }
        }
    }
    for gauge in [allocated, foreign, total, up] {
        add(Box::new(gauge))?;
    }
    figures
        .into_iter()
        .try_for_each(|(gauge, _)| add(Box::new(gauge)))
}

fn jobs(view: &View, now: Timestamp, add: &Add) -> Result<(), prometheus::Error> {
    let jobs = IntGaugeVec::new(
        Opts::new("berth_jobs", "Jobs that are not finished, by state."),
        &["state"],
    )?;
    let active =
        |name: StateName| view.active.iter().filter(|job| job.name() == name).count() as u64;
    let counts = [
        (StateName::Held, u64::from(view.held)),
        (StateName::Queued, u64::from(view.queued)),
        (StateName::Starting, active(StateName::Starting)),
        (StateName::Running, active(StateName::Running)),
        (StateName::Stopping, active(StateName::Stopping)),
    ];
    for (state, count) in counts {
        let gauge = jobs.with_label_values(&[state.as_str().to_lowercase()]);
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    add(Box::new(jobs))?;
    let oldest = Gauge::new(
        "berth_queue_oldest_wait_seconds",
        "How long the one of the first 200 waiting jobs has waited that waits longest.",
    )?;
    let queued = view
        .queue
        .iter()
        .filter(|job| job.name() == StateName::Queued);
    let since = queued.map(|job| job.submitted_at).min();
    oldest.set(since.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0)));
    add(Box::new(oldest))?;
    let alerts = gauges(
        "berth_alerts",
        "What is wrong and not answered, by severity.",
        &["severity"],
    )?;
    for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
        let open = view
            .alerts
            .iter()
            .filter(|alert| alert.answer.is_none() && alert.finding.severity == severity);
        alerts
            .with_label_values(&[severity.as_str()])
            .set(as_f64(open.count() as u64));
    }
    add(Box::new(alerts))
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
    GaugeVec::new(Opts::new(name, help), labels)
}

fn counter(name: &str, help: &str, count: u64) -> Result<IntCounter, prometheus::Error> {
    let counter = IntCounter::new(name, help)?;
    counter.inc_by(count);
    Ok(counter)
}

fn ratio(pct: f32) -> f64 {
    f64::from(pct) / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
