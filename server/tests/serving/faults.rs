//! A fault for each rule, on one real server: it opens once, is told once by mail and once by webhook,
//! is answered, and is over when its cause is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::host::{Host, Stranger};
use crate::support::{PATIENCE, Server, get, log, shell, submit, until, until_finished};
use berth_api::Berth;
use berth_api::alerts::{AlertView, AnswerAlert, AnswerArg, GetAlerts};
use berth_api::cluster::{PlaceArg, Uncordon};
use berth_api::jobs::{CancelJob, JobArg};
use berth_api::notifications::{NotificationsArg, SetNotifications};
use berth_domain::{AlertId, AlertRule, AlertState, Choice, JobId, Occasion, SubmitRequest};
use berth_receivers::{mail_server, webhook};
use berth_store::Store;
use tokio::sync::mpsc::UnboundedReceiver;

const GPUS: u32 = 10;

/// What is found after minutes elsewhere is found at once; a job is said to be starved as soon as it
/// worked a little, and a driver's error is shown for seconds.
const IMPATIENT: &str = "
[alerts.no_process]
lasts_s = 0
[alerts.idle_process]
lasts_s = 0
[alerts.memory_held]
lasts_s = 0
[alerts.starved]
lasts_s = 0
limit = 90
[alerts.hung_collective]
lasts_s = 0
[alerts.temperature]
lasts_s = 0
[alerts.throttled]
lasts_s = 0
[alerts.memory_full]
lasts_s = 0
[alerts.ecc_errors]
shown_s = 20
[alerts.xid_error]
shown_s = 20
[alerts.queue_wait]
limit = 0
";

async fn all(berth: &Berth) -> Vec<AlertView> {
    let call = GetAlerts { all: Some(true) };
    berth.call(call).await.unwrap().alerts
}

/// Waits for the alert of a rule to be in a state, and answers with it.
async fn until_is(berth: &Berth, rule: AlertRule, state: AlertState) -> AlertView {
    println!("waiting for {rule} to be {state}");
    let mut found = None;
    until(berth, async |berth: &Berth| {
        let mut alerts = all(berth).await.into_iter();
        found = alerts.find(|alert| alert.rule == rule && alert.state == state);
        found.is_some()
    })
    .await;
    found.unwrap()
}

/// Waits for it to open, and answers it.
async fn answered(berth: &Berth, rule: AlertRule, choice: Choice) -> AlertView {
    let alert = until_is(berth, rule, AlertState::Open).await;
    assert!(alert.choices.contains(&choice), "{alert:?}");
    let body = AnswerArg {
        id: alert.id,
        choice: choice.to_string(),
        because: (choice == Choice::Keep).then(|| "it is a test".to_owned()),
        lasts: None,
    };
    berth.call(AnswerAlert { body }).await.unwrap()
}

async fn resolved(berth: &Berth, rules: &[AlertRule]) {
    for rule in rules {
        until_is(berth, *rule, AlertState::Resolved).await;
    }
}

async fn cancel(berth: &Berth, job: JobId) {
    let body = JobArg { id: job };
    berth.call(CancelJob { body }).await.unwrap();
}

/// A job that holds two GPUs, and does everything wrong that a job can, one after the other.
async fn idle_five_ways(host: &Host, berth: &Berth) {
    let pair = SubmitRequest {
        gpus: Some(2),
        ..shell("echo $$; exec sleep 1000")
    };
    let job = submit(berth, pair).await.id;
    answered(berth, AlertRule::NoProcess, Choice::Keep).await;
    queue_that_waits(berth).await;
    let mut pid = String::new();
    until(berth, async |berth: &Berth| {
        log(berth, job, 0).await.trim().clone_into(&mut pid);
        !pid.is_empty()
    })
    .await;
    let lease = get(berth, job).await.row.lease.unwrap();
    let held = lease[0].gpus.clone();
    let says = |of_each: &str| {
        let lines = held
            .iter()
            .map(|gpu| of_each.replace("GPU", &gpu.to_string()));
        lines.collect::<String>()
    };
    let there = format!("process GPU {pid} 500 0\nbusy GPU 0\n");

    host.says(&says(&format!("{there}memory GPU 500\n")));
    answered(berth, AlertRule::IdleProcess, Choice::Preemptible).await;
    resolved(berth, &[AlertRule::NoProcess]).await;

    let mut stranger = Stranger::start();
    let beside = format!("process {} {} 100 0\n", held[0], stranger.0.id());
    host.says(&(says(&format!("{there}memory GPU 60000\n")) + &beside));
    answered(berth, AlertRule::MemoryHeld, Choice::Keep).await;
    resolved(berth, &[AlertRule::IdleProcess]).await;
    let shared = answered(berth, AlertRule::Isolation, Choice::Ignore).await;
    assert!(
        shared.text.contains(&stranger.0.id().to_string()),
        "{}",
        shared.text
    );
    stranger.end();

    let spins = format!("process GPU {pid} 60000 99\nbusy GPU 100\nsm GPU 5\nmemory GPU 60000\n");
    host.says(&says(&spins));
    answered(berth, AlertRule::HungCollective, Choice::Keep).await;
    resolved(berth, &[AlertRule::MemoryHeld, AlertRule::Isolation]).await;

    let works = spins
        .replace("sm GPU 5", "sm GPU 80")
        .replace("busy GPU 100", "busy GPU 60");
    host.says(&says(&works));
    answered(berth, AlertRule::Starved, Choice::Stop).await;
    let done = until_finished(berth, &[job]).await;
    assert_eq!(done[0].row.outcome.as_deref(), Some("Cancelled"));
    resolved(berth, &[AlertRule::HungCollective, AlertRule::Starved]).await;
    host.says("");
}

/// Three jobs that cannot start, because another holds what they need.
async fn queue_that_waits(berth: &Berth) {
    let mut waiting = vec![];
    for _ in 0..3 {
        let large = SubmitRequest {
            gpus: Some(i64::from(GPUS)),
            ..shell("true")
        };
        waiting.push(submit(berth, large).await.id);
    }
    answered(berth, AlertRule::QueueWait, Choice::Ignore).await;
    for job in waiting {
        cancel(berth, job).await;
    }
    resolved(berth, &[AlertRule::QueueWait]).await;
}

/// Everything that can be wrong with a GPU, each on one of its own.
async fn hardware(host: &Host, berth: &Berth) {
    let mut stranger = Stranger::start();
    let pid = stranger.0.id();
    host.says(&format!(
        "temp 0 97\nthrottle 1 0x40\necc 2 3\nxid 3 31\nxid 4 79\nmemory 5 81500\nprocess 6 {pid} 900 10\n"
    ));
    answered(berth, AlertRule::EccErrors, Choice::Cordon).await;
    answered(berth, AlertRule::XidError, Choice::Ignore).await;
    answered(berth, AlertRule::Temperature, Choice::Ignore).await;
    answered(berth, AlertRule::Throttled, Choice::Ignore).await;
    answered(berth, AlertRule::MemoryFull, Choice::Ignore).await;
    // Somebody who lets a stranger be has nothing to be told of any more.
    answered(berth, AlertRule::Foreign, Choice::Ignore).await;
    let broken = answered(berth, AlertRule::XidFatal, Choice::Ignore).await;
    for place in [2, 4] {
        let place = broken.subject.replace(":4", &format!(":{place}"));
        let body = PlaceArg { place };
        berth.call(Uncordon { body }).await.unwrap();
    }
    host.says("");
    stranger.end();
    resolved(
        berth,
        &[
            AlertRule::EccErrors,
            AlertRule::XidError,
            AlertRule::XidFatal,
            AlertRule::Temperature,
            AlertRule::Throttled,
            AlertRule::MemoryFull,
            AlertRule::Foreign,
        ],
    )
    .await;
}

/// A job that ends as soon as it begins, three times.
async fn job_in_a_loop(berth: &Berth) {
    let fails = SubmitRequest {
        gpus: Some(0),
        max_retries: Some(9),
        ..shell("[ $BERTH_ATTEMPT -gt 3 ] && exec sleep 1000; exit 1")
    };
    let job = submit(berth, fails).await.id;
    answered(berth, AlertRule::FailingLoop, Choice::Stop).await;
    until_finished(berth, &[job]).await;
    resolved(berth, &[AlertRule::FailingLoop]).await;
}

/// What came by webhook and by mail.
struct Told {
    calls: UnboundedReceiver<(axum::http::HeaderMap, String)>,
    mails: UnboundedReceiver<String>,
    /// How often each alert was told to be open, and to be over.
    by_webhook: BTreeMap<(AlertId, String), u32>,
    by_mail: BTreeMap<String, u32>,
}

impl Told {
    /// Waits for so many messages by each way; none is under way then.
    async fn until(&mut self, server: &Server, count: usize) {
        while self.by_webhook.len() < count {
            let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await;
            let (_, body) = call.unwrap().unwrap();
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            let alert = AlertId(body["alert"].as_u64().unwrap());
            let kind = body["kind"].as_str().unwrap().to_owned();
            *self.by_webhook.entry((alert, kind)).or_default() += 1;
        }
        while self.by_mail.len() < count {
            let mail = tokio::time::timeout(PATIENCE, self.mails.recv()).await;
            *self.by_mail.entry(mail.unwrap().unwrap()).or_default() += 1;
        }
        // What is sent and not remembered to be is sent again by a server that starts anew.
        let store = Store::open(&server.data().join("berth.db")).await.unwrap();
        while store.next_delivery().await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_opens_once_is_told_once_by_every_way_answered_and_over() {
    let host = Host::new(GPUS);
    let (smtp, mails) = mail_server().await;
    let (hook, calls) = webhook(Arc::new(AtomicBool::new(true))).await;
    let mut told = Told {
        calls,
        mails,
        by_webhook: BTreeMap::new(),
        by_mail: BTreeMap::new(),
    };
    let base = format!("notify_smtp = \"{smtp}\"\n");
    let full = format!("{base}{IMPATIENT}[alerts.data_disk]\nlimit = 100\n");
    let empty = format!("{base}{IMPATIENT}[alerts.data_disk]\nlimit = 0\n");
    let mut server: Server = host.server(&empty);
    let berth = server.client();
    let body = NotificationsArg {
        on: Some(vec![Occasion::Alert]),
        email: Some("ops@example.org".to_owned()),
        webhook: Some(hook),
        ..NotificationsArg::default()
    };
    berth.call(SetNotifications { body }).await.unwrap();
    idle_five_ways(&host, &berth).await;
    hardware(&host, &berth).await;
    job_in_a_loop(&berth).await;
    // The disk fills up and is cleared: to the server, as if what is full changed.
    let mut each = AlertRule::ALL.to_vec();
    // This host cannot fall silent: one does in the test with SSH.
    each.retain(|rule| *rule != AlertRule::NodeSilent);
    let all_told = 2 * each.len();
    server.keep_address();
    told.until(&server, all_told - 2).await;
    server.kill();
    host.configure(&full);
    host.boots(&mut server);
    answered(&server.client(), AlertRule::DataDisk, Choice::Ignore).await;
    told.until(&server, all_told - 1).await;
    server.kill();
    host.configure(&empty);
    host.boots(&mut server);
    resolved(&server.client(), &[AlertRule::DataDisk]).await;
    told.until(&server, all_told).await;
    let berth = server.client();
    let alerts = all(&berth).await;
    let mut rules: Vec<AlertRule> = alerts.iter().map(|alert| alert.rule).collect();
    rules.sort();
    each.sort();
    assert_eq!(rules, each, "each once");
    assert!(alerts.iter().all(|alert| alert.answer.is_some()));

    assert!(told.calls.try_recv().is_err() && told.mails.try_recv().is_err());
    let times: BTreeSet<u32> = told
        .by_webhook
        .values()
        .chain(told.by_mail.values())
        .copied()
        .collect();
    assert_eq!(times, [1].into());
    let expected = alerts.iter().flat_map(|alert| {
        ["alert_opened", "alert_resolved"].map(|kind| (alert.id, kind.to_owned()))
    });
    let expected: BTreeSet<_> = expected.collect();
    assert_eq!(
        told.by_webhook.into_keys().collect::<BTreeSet<_>>(),
        expected
    );
}
