//! Fifty people with a live page open each, and two hundred calls of the CLI a second, each with a
//! connection of its own as each run of the CLI has, for a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use berth_api::Berth;
use futures::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::support::Server;
use crate::{row, spread, two};

const PEOPLE: usize = 50;
const A_SECOND: u32 = 200;
const FOR: Duration = Duration::from_secs(60);

/// What is called, one after the other: six reads, and a job that is submitted, held back and cancelled.
const CALLS: [&str; 10] = [
    "list_jobs?user=all",
    "get_job?id=1",
    "queue_order",
    "submit_job",
    "cluster",
    "whoami",
    "list_jobs?state=live",
    "alerts",
    "cancel_job",
    "explain_job?id=1",
];

pub async fn load() {
    let seconds = FOR.as_secs();
    println!("\n{PEOPLE} people with a live page each, {A_SECOND} calls a second, for {seconds} s");
    let server = Server::with("2x8", &[]);
    let tokens: Vec<String> = (0..PEOPLE)
        .map(|person| server.add_user(&format!("person-{person}")))
        .collect();
    // Something to look at: what runs, what waits, and what one sees of it.
    for token in &tokens {
        for gpus in [1, 4] {
            let job = json!({ "command": ["sleep", "1000"], "gpus": gpus });
            call(&server.url, token, "submit_job", &job).await.unwrap();
        }
    }
    let heard = Arc::new(AtomicU64::new(0));
    let (stop, stopped) = watch::channel(false);
    let pages = tokens.iter().map(|token| {
        let berth = Berth::new(&server.url, token).unwrap();
        tokio::spawn(page(berth, heard.clone(), stopped.clone()))
    });
    let pages: Vec<_> = pages.collect();
    let last = Arc::new(AtomicU64::new(1));
    let begin = Instant::now();
    let calls = (0..A_SECOND * u32::try_from(seconds).unwrap()).map(|number| {
        let at = begin + Duration::from_secs(1) * number / A_SECOND;
        let place = usize::try_from(number).unwrap();
        let (url, token) = (server.url.clone(), tokens[place % PEOPLE].clone());
        let (what, last) = (CALLS[place % CALLS.len()], last.clone());
        tokio::spawn(async move {
            tokio::time::sleep_until(at).await;
            let body = match what {
                "submit_job" => json!({ "command": ["true"], "gpus": 1, "hold": true }),
                "cancel_job" => json!({ "id": last.load(Ordering::Relaxed) }),
                _ => Value::Null,
            };
            let answer = call(&url, &token, what, &body).await;
            // From when it was to begin: what waits for its turn counts.
            let took = at.elapsed();
            if let (Ok(answer), "submit_job") = (&answer, what) {
                let id = answer["job"]["id"].as_u64().unwrap();
                last.store(id, Ordering::Relaxed);
            }
            (what, took, answer.err())
        })
    });
    let calls: Vec<_> = calls.collect();
    // The same way for nothing, in the same minute.
    let reference = tokio::spawn(nothing(server.url.clone()));
    let done: Vec<_> = join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    stop.send_replace(true);
    let lost = join_all(pages)
        .await
        .into_iter()
        .filter(|page| !page.as_ref().unwrap());
    let lost = lost.count();
    // Another one's job, or one that is over already, is refused, and that is an answer.
    let failed = done.iter().filter(|(_, _, error)| error.is_some());
    for (what, _, error) in failed.clone().take(5) {
        println!("    {what}: {}", error.as_ref().unwrap());
    }
    let failed = failed.count();
    let all = spread(done.iter().map(|(_, took, _)| *took).collect());
    let reference = spread(reference.await.unwrap());
    row("a call", two(&all), "p99 < 50 ms");
    row("GET /healthz in the same minute", two(&reference), "");
    for what in CALLS {
        let of = done.iter().filter(|(one, ..)| *one == what);
        let of = spread(of.map(|(_, took, _)| *took).collect());
        row(&format!("  {what}"), two(&of), "");
    }
    let heard = heard.load(Ordering::Relaxed);
    row("errors", format!("{failed} of {}", done.len()), "none");
    row(
        "live pages that broke off",
        format!("{lost} of {PEOPLE}, {heard} messages"),
        "none",
    );
}

/// A page that is open: everything that comes is read. Whether it stayed until the end.
async fn page(berth: Berth, heard: Arc<AtomicU64>, mut stopped: watch::Receiver<bool>) -> bool {
    let mut live = berth.live().await.unwrap();
    loop {
        tokio::select! {
            message = live.next() => match message {
                Ok(Some(_)) => heard.fetch_add(1, Ordering::Relaxed),
                _ => return false,
            },
            _ = stopped.changed() => return true,
        };
    }
}

async fn nothing(url: String) -> Vec<Duration> {
    let mut all = Vec::new();
    let from = Instant::now();
    while from.elapsed() < FOR {
        let began = Instant::now();
        let client = Client::new();
        client.get(format!("{url}/healthz")).send().await.unwrap();
        all.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    all
}

/// An answer, also one that says no; what is none is an error.
async fn call(url: &str, token: &str, what: &str, body: &Value) -> Result<Value, String> {
    let url = format!("{url}/api/{what}");
    let client = Client::new();
    let request = match body {
        Value::Null => client.get(url),
        body => client.post(url).json(body),
    };
    let sent = request.bearer_auth(token).send().await;
    let answer = sent.map_err(|error| error.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if status.is_server_error() || status == reqwest::StatusCode::UNAUTHORIZED {
        return Err(format!("{status} {text}"));
    }
    serde_json::from_str(&text).map_err(|error| error.to_string())
}
