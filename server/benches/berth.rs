//! `make bench`: what people feel, measured end to end on a real server, each figure beside a
//! reference taken in the same run on the same machine, because absolute times are the machine's.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../crates/executors/tests/ray/cluster.rs"]
mod cluster;
#[path = "berth/load.rs"]
mod load;
#[path = "../../crates/executors/tests/namespaces/mod.rs"]
mod namespaces;
#[path = "berth/planner.rs"]
mod planner;
#[path = "berth/ray.rs"]
mod ray;
#[path = "berth/scale.rs"]
mod scale;
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use berth_domain::decide::{Decision, Input};
use berth_domain::{Actor, JobId, Record, Role, Rules, State, SubmitRequest, Timestamp, decide};
use berth_scheduler::{Policy, Snapshot, plan};
use berth_telemetry::inventory;
use support::{Server, shell, submit, until_finished};

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("Machine: {}", machine());
    let references = References::take();
    references.print();
    // `cargo bench --bench berth -- scale`: that one alone.
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    match only.as_deref() {
        Some("scale") => return runtime.block_on(scale::scale()),
        Some("load") => return runtime.block_on(load::load()),
        Some("overhead") => return runtime.block_on(ray::overhead()),
        _ => {}
    }
    runtime.block_on(async {
        submit_latency(&references).await;
        free_to_start(&references).await;
        slot_use().await;
        long_queue().await;
        dashboard().await;
        load::load().await;
        scale::scale().await;
        ray::overhead().await;
    });
    plan_time();
    planner::bench();
    page_weight();
    println!("\nLoad afterwards: {}", load_average());
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn machine() -> String {
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find(|line| line.starts_with("model name"))
        .unwrap_or("unknown");
    let model = model.split(": ").last().unwrap_or(model);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} cores, {model}, load {}", load_average())
}

fn load_average() -> String {
    read("/proc/loadavg")
        .split(' ')
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Percentiles of a list of durations, in milliseconds.
struct Spread {
    p50: f64,
    p99: f64,
}

fn spread(mut times: Vec<Duration>) -> Spread {
    times.sort();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let place = ((times.len() - 1) as f64 * share).round() as usize;
        times[place].as_secs_f64() * 1e3
    };
    Spread {
        p50: at(0.5),
        p99: at(0.99),
    }
}

fn row(what: &str, figure: impl Into<String>, goal: &str) {
    let figure: String = figure.into();
    println!("  {what:<52} {figure:<34} {goal}");
}

/// What the machine itself takes for the steps that cannot be left out.
struct References {
    /// Appending a page to a file and waiting for the disk.
    sync: Spread,
    /// Starting a shell that does nothing.
    spawn: Spread,
}

impl References {
    fn take() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut file = fs::File::create(dir.path().join("sync")).expect("a file");
        let timed = |mut step: Box<dyn FnMut()>| {
            let once = |step: &mut Box<dyn FnMut()>| {
                let from = Instant::now();
                step();
                from.elapsed()
            };
            spread((0..200).map(|_| once(&mut step)).collect())
        };
        let sync = timed(Box::new(move || {
            file.write_all(&[0; 4096])
                .and_then(|()| file.sync_data())
                .expect("a write");
        }));
        let spawn = timed(Box::new(|| {
            Command::new("sh")
                .args(["-c", "true"])
                .status()
                .expect("a shell");
        }));
        References { sync, spawn }
    }

    fn print(&self) {
        println!("\nReferences in this run");
        row("4 KiB to disk (fdatasync), p50 / p99", two(&self.sync), "");
        row("sh -c true, p50 / p99", two(&self.spawn), "");
    }
}

fn two(spread: &Spread) -> String {
    format!("{:.2} / {:.2} ms", spread.p50, spread.p99)
}

async fn submit_latency(references: &References) {
    println!("\nSubmit, over HTTP, committed to disk");
    let server = Server::start();
    let berth = server.client();
    let mut times = Vec::new();
    for _ in 0..1000 {
        let request = SubmitRequest {
            hold: true,
            ..shell("true")
        };
        let from = Instant::now();
        submit(&berth, request).await;
        times.push(from.elapsed());
    }
    let spread = spread(times);
    row("one at a time, p50 / p99", two(&spread), "goal p99 < 10 ms");
    row(
        "  against one fdatasync, p50",
        format!("{:.1} x", spread.p50 / references.sync.p50),
        "",
    );
}

async fn free_to_start(references: &References) {
    println!("\nA slot gets free until the next command runs");
    let server = Server::with("1x1", &[]);
    let berth = server.client();
    let records = server.dir.path().join("records");
    let line = format!(
        "date +%s%N >> {0}; sleep 0.05; date +%s%N >> {0}",
        records.display()
    );
    let mut ids = Vec::new();
    for _ in 0..60 {
        ids.push(submit(&berth, shell(&line)).await.id);
    }
    until_finished(&berth, &ids).await;
    let text = fs::read_to_string(&records).expect("the jobs' records");
    let moments: Vec<u64> = text
        .lines()
        .map(|line| line.parse().expect("a time"))
        .collect();
    // Start, end, start, end…: the gaps are between an end and the next start.
    let gaps = moments[1..moments.len() - 1].chunks(2);
    let gaps = gaps
        .map(|gap| Duration::from_nanos(gap[1] - gap[0]))
        .collect();
    let spread = spread(gaps);
    row(
        "as the jobs themselves saw it, p50 / p99",
        two(&spread),
        "goal p50 < 30 ms (Slurm 1800, pueue 305, HyperQueue 9)",
    );
    row(
        "  against one sh, p50",
        format!("{:.1} x", spread.p50 / references.spawn.p50),
        "",
    );
}

async fn slot_use() {
    println!("\n200 jobs of 0.15 s on 16 slots");
    let server = Server::start();
    let berth = server.client();
    let hold = submit(
        &berth,
        SubmitRequest {
            gpus: Some(16),
            ..shell("sleep 1")
        },
    )
    .await
    .id;
    let mut ids = Vec::new();
    for _ in 0..200 {
        let command = ["sleep", "0.15"].map(str::to_owned).to_vec();
        let request = SubmitRequest {
            command,
            ..SubmitRequest::default()
        };
        ids.push(submit(&berth, request).await.id);
    }
    until_finished(&berth, &[hold]).await;
    let done = until_finished(&berth, &ids).await;
    let first = done
        .iter()
        .filter_map(|job| job.attempts.first())
        .map(|a| a.granted_at)
        .min();
    let last = done.iter().filter_map(|job| job.row.finished_at).max();
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    let makespan = last.duration_since(first).as_secs_f64();
    let used = 200.0 * 0.15 / (16.0 * makespan);
    row(
        "share of the slots' time that the jobs used",
        format!("{used:.2} (in {makespan:.2} s)"),
        "goal 0.80 (Slurm 0.26, pueue 0.32, HyperQueue 0.91)",
    );
}

async fn long_queue() {
    println!("\n10,000 jobs in the queue");
    let server = Server::start();
    let berth = server.client();
    submit(
        &berth,
        SubmitRequest {
            gpus: Some(16),
            ..shell("sleep 600")
        },
    )
    .await;
    let from = Instant::now();
    for _ in 0..20 {
        let array = Some("0-499".to_owned());
        submit(
            &berth,
            SubmitRequest {
                array,
                ..shell("true")
            },
        )
        .await;
    }
    row(
        "submitted as 20 arrays of 500 in",
        format!("{:.2} s", from.elapsed().as_secs_f64()),
        "",
    );
    let mut pages = Vec::new();
    let mut submits = Vec::new();
    for _ in 0..100 {
        let from = Instant::now();
        let list = berth_api::jobs::ListJobs {
            user: None,
            state: Some("live".to_owned()),
            outcome: None,
            project: None,
            text: None,
            array: None,
            grouped: None,
            limit: Some(100),
            cursor: None,
        };
        black_box(berth.call(list).await.expect("a page"));
        pages.push(from.elapsed());
        let from = Instant::now();
        submit(&berth, shell("true")).await;
        submits.push(from.elapsed());
    }
    row("a page of 100 jobs, p50 / p99", two(&spread(pages)), "");
    row(
        "a further submit, p50 / p99",
        two(&spread(submits)),
        "goal p99 < 10 ms",
    );
    row(
        "server's memory (RSS)",
        format!("{} MB", rss(&server)),
        "goal < 100 MB",
    );
}

fn rss(server: &Server) -> u64 {
    let status = read(&format!("/proc/{}/status", server.pid()));
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

async fn dashboard() {
    println!("\nThe dashboard, rendered by the server");
    if !Path::new(SITE).join("pkg").is_dir() {
        row("not measured: run `make site` first", "", "");
        return;
    }
    let server = Server::with("2x8", &[("BERTH_SITE", SITE)]);
    let berth = server.client();
    for _ in 0..8 {
        submit(
            &berth,
            SubmitRequest {
                gpus: Some(2),
                ..shell("sleep 600")
            },
        )
        .await;
    }
    for _ in 0..20 {
        submit(&berth, shell("true")).await;
    }
    let http = reqwest::Client::new();
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..200 {
        let from = Instant::now();
        let answer = http
            .get(&server.url)
            .bearer_auth(&server.token)
            .send()
            .await;
        bytes = answer
            .expect("the page")
            .bytes()
            .await
            .expect("the page")
            .len();
        times.push(from.elapsed());
    }
    row(
        "16 GPUs, 8 running, 20 queued, p50 / p99",
        two(&spread(times)),
        "goal p50 < 10 ms",
    );
    row("  its size", format!("{} KB", bytes / 1024), "");
}

/// A state with this many queued jobs on a full cluster of so many nodes.
fn full_state(nodes: u32, jobs: u32) -> State {
    let mut state = State::default();
    let rules = Rules::default();
    let now = Timestamp::UNIX_EPOCH;
    let mut take = |input: Input, actor: Actor| {
        let Decision { events, .. } = decide(&state, &rules, input, now).expect("accepted");
        for event in events {
            let record = Record {
                seq: state.seq.next(),
                at: now,
                actor: actor.clone(),
                event,
            };
            state.apply(&record).expect("legal");
        }
    };
    take(
        Input::Inventory(inventory::simulated(nodes, 8)),
        Actor::Berth,
    );
    let ana = Actor::user("ana", Role::Member);
    for n in 0..jobs {
        let request = SubmitRequest {
            gpus: Some([1, 2, 4, 8][usize::try_from(n % 4).expect("small")]),
            ..shell("true")
        };
        let command = berth_domain::Command::Submit(Box::new(request));
        take(
            Input::Command {
                actor: ana.clone(),
                command,
            },
            ana.clone(),
        );
    }
    // Fill the cluster.
    let starts = plan(&Snapshot::of(&state), &Policy::default(), now).starts;
    let events = decide(&state, &rules, Input::Starts(starts), now)
        .expect("accepted")
        .events;
    for event in events {
        let record = Record {
            seq: state.seq.next(),
            at: now,
            actor: Actor::Berth,
            event,
        };
        state.apply(&record).expect("legal");
    }
    state
}

fn plan_time() {
    println!("\nThe plan, from the state, on a full cluster");
    for (nodes, jobs) in [(2, 1_000), (2, 10_000), (128, 10_000)] {
        let state = full_state(nodes, jobs);
        let now = Timestamp::UNIX_EPOCH;
        let times = (0..30).map(|_| {
            let from = Instant::now();
            black_box(plan(&Snapshot::of(&state), &Policy::default(), now));
            from.elapsed()
        });
        let goal = if nodes == 2 && jobs == 10_000 {
            "goal < 10 ms"
        } else {
            ""
        };
        let what = format!("{jobs} queued, {} GPUs, p50 / p99", nodes * 8);
        row(&what, two(&spread(times.collect())), goal);
    }
    black_box(JobId(0));
}

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site");

fn page_weight() {
    println!("\nThe first load, compressed (brotli)");
    let mut total = 0;
    for file in ["berth_bg.wasm", "berth.js", "berth.css"] {
        let path = Path::new(SITE).join("pkg").join(format!("{file}.br"));
        let Ok(found) = fs::metadata(&path) else {
            row("not measured: run `make site` first", "", "");
            return;
        };
        total += found.len();
        row(file, format!("{} KB", found.len() / 1024), "");
    }
    row("in all", format!("{} KB", total / 1024), "goal <= 350 KB");
}
