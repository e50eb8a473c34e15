//! The loop: it looks by itself, what it finds is in the ledger on disk, and it ends with the control loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use berth_agent::autopilot::Autopilot;
use berth_domain::agent::{AgentRule, CardState, Mode};
use berth_domain::decide::Rules;
use berth_domain::{Act, Actor, Card, Command, Ladder, ReserveRequest, Timestamp};
use berth_executors::{RunConfig, TmuxConfig, tmux};
use berth_health::Rules as HealthRules;
use berth_orchestrator::{Breakpoints, Clock, Grace, Settings, start};
use berth_store::{CardFilter, Store};
use berth_telemetry::GpuSampler;
use jiff::SignedDuration;
use tokio::sync::{mpsc, watch};

use crate::world::{node, root, train, user};

async fn card(store: &Store) -> Card {
    loop {
        let found = store.cards(&CardFilter::default(), 1).await.unwrap();
        if let Some(card) = found.into_iter().next() {
            return card;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_looks_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("berth.db")).await.unwrap();
    let (events, reports) = mpsc::unbounded_channel();
    let config = TmuxConfig {
        run: RunConfig {
            data_dir: folder.path().to_owned(),
            ..RunConfig::default()
        },
        socket_dir: Some(folder.path().to_owned()),
        ..TmuxConfig::default()
    };
    let ahead = Arc::new(AtomicI64::new(0));
    let clock = Clock::new({
        let ahead = ahead.clone();
        move || Timestamp::now() + SignedDuration::from_mins(ahead.load(Ordering::Relaxed))
    });
    let settings = Settings {
        clock: clock.clone(),
        rules: Rules::default(),
        cpu_jobs_per_node: 4,
        grace: Grace {
            usual: Duration::from_secs(1),
            preempted: Duration::from_secs(1),
        },
        health: HealthRules::default(),
        data_dir: folder.path().to_owned(),
        breakpoints: Breakpoints::default(),
    };
    let (_nodes, nodes) = watch::channel(Some(vec![node("n1", 2, 80)]));
    let executor = tmux::spawn(config, events).unwrap();
    let sampler = GpuSampler::simulated(0, 0);
    let started = start(store.clone(), settings, nodes, sampler, (executor, reports));
    let (handle, control) = started.await.unwrap();

    let send = |actor: Actor, command| handle.send(actor, command);
    let suggest = Command::SetRule {
        rule: AgentRule::ReleaseNoShow,
        project: None,
        mode: Some(Mode::Suggest),
    };
    send(root(), suggest).await.unwrap();
    // Ana keeps everything and does not come; bo waits.
    let request = ReserveRequest {
        gpus: Some(2),
        length: Some("6h".into()),
        ..ReserveRequest::default()
    };
    let reserve = Command::Reserve(None, Box::new(request));
    let id = send(user("ana"), reserve)
        .await
        .unwrap()
        .reservation
        .unwrap();
    let submit = Command::Submit(Box::new(train("train", 2, "1h")));
    send(user("bo"), submit).await.unwrap();
    ahead.store(20, Ordering::Relaxed);

    let autopilot = Autopilot {
        handle: handle.clone(),
        store: store.clone(),
        clock,
        ladder: Ladder::default(),
        every: Duration::from_secs(1),
    };
    let looking = tokio::spawn(autopilot.run());
    let card = tokio::time::timeout(Duration::from_secs(60), card(&store)).await;
    let card = card.unwrap();
    assert_eq!(card.state, CardState::Suggested);
    assert_eq!(card.act, Some(Act::EndReservation { id }));
    assert_eq!(card.asks, Some("ana".into()));

    control.abort();
    let ended = tokio::time::timeout(Duration::from_secs(30), looking).await;
    ended.unwrap().unwrap();
}
