//! From the journal to the mailbox: a real database, a mail server and a webhook of our own.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use berth_domain::agent::{AgentRule, Draft, Mode};
use berth_domain::decide::{Input, Rules, Seen, decide};
use berth_domain::{
    Actor, AlertRule, Choice, Command, Exit, Finding, Gpu, GpuRef, GpuUuid, JobId, Lease, Node,
    NodeLease, NodeName, NodeSource, Occasion, Preferences, Record, Report, Role, Severity, State,
    Subject, SubmitRequest, Timestamp, UserName,
};
use berth_notify::{Channels, Sender, Teller, Waiting};
use berth_receivers::{mail_server, webhook};
use berth_store::Store;
use tokio::sync::Notify;

/// A journal that is written as the control loop writes it.
struct World {
    _dir: tempfile::TempDir,
    store: Store,
    state: State,
    clock: Arc<AtomicI64>,
}

impl World {
    /// Ana has job 1, which runs.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let mut world = World {
            _dir: dir,
            store,
            state: State::default(),
            clock,
        };
        for (name, role) in [("ana", Role::Member), ("root", Role::Admin)] {
            let name = UserName::from(name);
            world
                .store
                .ensure_user(&name, role, world.now())
                .await
                .unwrap();
        }
        let gpu = Gpu::new(0, GpuUuid::from("GPU-0"), "H100", 80 << 30);
        let node = Node::new(NodeName::from("n1"), NodeSource::Local, vec![gpu]);
        world.does(Input::Inventory(vec![node])).await;
        world
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn does(&mut self, input: Input) {
        let now = self.now();
        let events = decide(&self.state, &Rules::default(), input, now)
            .unwrap()
            .events;
        let mut seq = self.state.seq;
        let records: Vec<Record> = events
            .into_iter()
            .map(|event| {
                seq = seq.next();
                Record {
                    seq,
                    at: now,
                    actor: Actor::Berth,
                    event,
                }
            })
            .collect();
        let changes = self.state.project(&records).unwrap();
        let commit = self.store.commit(&records, &changes, changes.counters, &[]);
        commit.await.unwrap();
        for record in &records {
            self.state.apply(record).unwrap();
        }
    }

    /// Job 1 from start to end.
    async fn run_a_job(&mut self) {
        let request = SubmitRequest {
            command: vec!["train".to_owned()],
            gpus: Some(1),
            ..SubmitRequest::default()
        };
        let actor = Actor::user("ana", Role::Member);
        let command = Command::Submit(Box::new(request));
        self.does(Input::Command { actor, command }).await;
        let lease = Lease(vec![NodeLease {
            node: NodeName::from("n1"),
            gpus: vec![GpuRef {
                index: 0,
                uuid: GpuUuid::from("GPU-0"),
            }],
        }]);
        self.does(Input::Starts(vec![(JobId(1), lease)])).await;
        let attempt = self.state.live_job(JobId(1)).unwrap().attempt_id().unwrap();
        let running = Report::Running { sessions: vec![] };
        self.does(Input::Reports([(attempt, running)].into())).await;
        let exited = Report::Exited(Exit::code(3));
        self.does(Input::Reports([(attempt, exited)].into())).await;
    }

    async fn sees(&mut self, wrong: bool) {
        let finding = Finding {
            rule: AlertRule::Temperature,
            subject: Subject::Node {
                node: NodeName::from("n1"),
            },
            severity: Severity::Warning,
            text: "n1 is hot.".to_owned(),
            advice: "Open a window.".to_owned(),
            asks: None,
            choices: vec![Choice::Ignore],
        };
        let findings = wrong.then_some(finding).into_iter().collect();
        let seen = Seen {
            findings,
            ..Seen::default()
        };
        self.does(Input::Seen(seen)).await;
    }

    async fn prefers(&self, name: &str, preferences: Preferences) {
        let user = UserName::from(name);
        self.store
            .set_preferences(&user, &preferences)
            .await
            .unwrap();
    }

    fn teller(&self) -> Teller {
        Teller {
            store: self.store.clone(),
            url: "http://berth".to_owned(),
            team: Preferences::default(),
            sends_mail: true,
            bell: Arc::new(Notify::new()),
        }
    }

    async fn tell(&self) {
        let last = self.state.seq;
        self.teller().look(last, self.now()).await.unwrap();
    }

    fn sender(&self, smtp: &str) -> Sender<impl Fn() -> Timestamp + Send + Sync + use<>> {
        let clock = self.clock.clone();
        Sender {
            store: self.store.clone(),
            channels: Channels::new(smtp, "Berth <berth@example.org>", Preferences::default())
                .unwrap(),
            now: move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap(),
            bell: Arc::new(Notify::new()),
        }
    }
}

#[tokio::test]
async fn a_job_is_told_by_mail_slack_and_webhook_each_once() {
    let mut world = World::new().await;
    // From now on, not what was before.
    world.tell().await;
    let (smtp, mut mails) = mail_server().await;
    let (url, mut calls) = webhook(Arc::new(AtomicBool::new(true))).await;
    let secret = "a secret of enough length";
    let preferences = Preferences {
        on: [Occasion::Started, Occasion::Ended].into(),
        email: Some("ana@example.org".to_owned()),
        slack: Some(format!("{url}?slack")),
        webhook: Some(url),
        webhook_secret: Some(secret.to_owned()),
        ..Preferences::default()
    };
    world.prefers("ana", preferences).await;
    world.run_a_job().await;
    world.tell().await;
    // As after a crash between telling and remembering: it is not told twice.
    world.tell().await;
    let sender = world.sender(&smtp);
    assert_eq!(sender.send_due().await.unwrap(), 6);
    assert_eq!(sender.send_due().await.unwrap(), 0);
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let mail = mails.recv().await.unwrap();
        assert!(mail.contains("To: ana@example.org"), "{mail}");
        let subject = mail.lines().find_map(|line| line.strip_prefix("Subject: "));
        subjects.push(subject.unwrap().to_owned());
    }
    subjects.sort();
    let expected = [
        "[Berth] Job 1 (train) failed with code 3",
        "[Berth] Job 1 (train) runs",
    ];
    assert_eq!(subjects, expected);
    let mut signed = 0;
    let mut told = Vec::new();
    for _ in 0..4 {
        let (headers, body) = calls.recv().await.unwrap();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        if let Some(kind) = body["kind"].as_str() {
            assert_eq!(body["url"], "http://berth/jobs/1");
            told.push(kind.to_owned());
            let signature = headers["x-berth-signature-256"].to_str().unwrap();
            assert!(signature.starts_with("sha256=") && signature.len() == 71);
            signed += 1;
        } else {
            assert!(
                body["text"]
                    .as_str()
                    .unwrap()
                    .starts_with("*<http://berth/jobs/1|Job 1")
            );
        }
    }
    told.sort();
    assert_eq!(
        (signed, told),
        (2, vec!["job_ended".to_owned(), "job_started".to_owned()])
    );
    assert!(mails.try_recv().is_err() && calls.try_recv().is_err());
}

#[tokio::test]
async fn what_does_not_arrive_is_tried_again_and_in_the_end_given_up_with_the_reason() {
    let mut world = World::new().await;
    world.tell().await;
    let well = Arc::new(AtomicBool::new(false));
    let (url, mut calls) = webhook(well.clone()).await;
    let preferences = Preferences {
        webhook: Some(url),
        ..Preferences::default()
    };
    world.prefers("root", preferences).await;
    world.sees(true).await;
    world.tell().await;
    let sender = world.sender("");
    assert_eq!(sender.send_due().await.unwrap(), 1);
    assert_eq!(sender.send_due().await.unwrap(), 0, "not at once again");
    world.later(5);
    well.store(true, Ordering::SeqCst);
    assert_eq!(sender.send_due().await.unwrap(), 1);
    let (_, body) = calls.recv().await.unwrap();
    assert!(
        body.contains("\"kind\":\"alert_opened\"") && body.contains("Open a window."),
        "{body}"
    );
    // Its end is told too, and nobody is there.
    well.store(false, Ordering::SeqCst);
    world.sees(false).await;
    world.tell().await;
    let mut tries = 0;
    while world.store.next_delivery().await.unwrap().is_some() {
        tries += sender.send_due().await.unwrap();
        world.later(3600);
    }
    assert_eq!(tries, 10);
    let dead = world.store.dead_deliveries(None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    let why = dead[0].problem.as_deref();
    assert_eq!(
        (dead[0].tries, why),
        (10, Some("it was answered with 502 Bad Gateway"))
    );
    let mine = world
        .store
        .dead_deliveries(Some(&UserName::from("ana")), 10)
        .await
        .unwrap();
    assert_eq!(mine, []);
}

#[tokio::test]
async fn who_waits_for_long_is_told_once() {
    let world = World::new().await;
    let (url, mut calls) = webhook(Arc::new(AtomicBool::new(true))).await;
    let preferences = Preferences {
        webhook: Some(url),
        waits_over_s: 3600,
        ..Preferences::default()
    };
    world.prefers("ana", preferences).await;
    let waiting = Waiting {
        job: JobId(9),
        name: "train".to_owned(),
        owner: UserName::from("ana"),
        since: world.now(),
        reason: "Others are before it.".to_owned(),
    };
    let (teller, sender) = (world.teller(), world.sender(""));
    let look = async || {
        let waiting = std::slice::from_ref(&waiting);
        teller.look_at_waits(waiting, world.now()).await.unwrap();
        sender.send_due().await.unwrap()
    };
    world.later(3500);
    assert_eq!(look().await, 0);
    world.later(200);
    assert_eq!(look().await, 1);
    world.later(3600);
    assert_eq!(look().await, 0);
    let (_, body) = calls.recv().await.unwrap();
    assert!(body.contains("Job 9 (train) has waited for 1h1m"), "{body}");
}

#[tokio::test]
async fn who_is_to_decide_about_a_card_is_sent_to_it() {
    let mut world = World::new().await;
    world.tell().await;
    let (url, mut calls) = webhook(Arc::new(AtomicBool::new(true))).await;
    let preferences = Preferences {
        slack: Some(url),
        ..Preferences::default()
    };
    world.prefers("ana", preferences).await;
    let rule = AgentRule::Deadline;
    let proposal = |subject: &str, asks: Option<&str>, world: &World| {
        Command::Propose(Box::new(Draft {
            rule,
            subject: subject.to_owned(),
            job: None,
            project: None,
            asks: asks.map(UserName::from),
            title: "It may be late".to_owned(),
            saw: vec!["It is due tonight.".to_owned()],
            considered: vec![],
            act: None,
            undo: None,
            predicted: None,
            until: world.now() + jiff::SignedDuration::from_hours(1),
        }))
    };
    for mode in [Mode::Shadow, Mode::Suggest] {
        let set = Command::SetRule {
            rule,
            project: None,
            mode: Some(mode),
        };
        let admin = Actor::user("root", Role::Admin);
        world
            .does(Input::Command {
                actor: admin,
                command: set,
            })
            .await;
        for (about, asks) in [("hers", Some("ana")), ("theirs", None)] {
            let command = proposal(&format!("{about} {mode}"), asks, &world);
            let actor = Actor::Berth;
            world.does(Input::Command { actor, command }).await;
        }
    }
    world.tell().await;
    // Only what asks her: no shadow, and not what asks the admins.
    assert_eq!(world.sender("").send_due().await.unwrap(), 1);
    let (_, body) = calls.recv().await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body["text"],
        "*<http://berth/agent#card-3|To decide: It may be late>*\nIt is due tonight."
    );
}
