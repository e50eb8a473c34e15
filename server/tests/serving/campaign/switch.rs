//! The switch, with ten campaigns at work: nothing of theirs begins any more, what they know is kept,
//! also when the server is killed meanwhile, and afterwards all ten go on.

use std::time::Duration;

use berth_api::Berth;
use berth_api::agents::{ListAgents, ResumeAgents, ResumeArg, StopAgents, StopArg};
use berth_api::campaigns::CampaignView;
use berth_domain::{CampaignId, JobId};

use super::{campaign, file, ok, until};
use crate::support::{Server, shell, submit, until_finished};

/// More trials than it gets to while this lasts.
const RANDOM: &str = "{ kind = 'random', trials = 900 }";
/// Within so long all has to stand still.
const AT_ONCE: Duration = Duration::from_secs(1);

fn ids() -> impl Iterator<Item = CampaignId> {
    (1..=10).map(CampaignId)
}

/// All ten, once each is so.
async fn once(berth: &Berth, ready: impl Fn(&CampaignView) -> bool) -> Vec<CampaignView> {
    let mut all = Vec::new();
    for id in ids() {
        all.push(until(berth, id, &ready).await);
    }
    all
}

/// Of each, what its trials are and what they told.
fn trials(all: &[CampaignView]) -> Vec<Vec<(u32, JobId, Option<f64>)>> {
    let of = |one: &CampaignView| {
        let trials = one.trials.iter();
        trials
            .map(|trial| (trial.number, trial.job, trial.result))
            .collect()
    };
    all.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_stops_ten_campaigns_at_once_and_all_go_on_afterwards() {
    let mut server = Server::start();
    let berth = server.client();
    for id in ids() {
        let path = file(&server, &format!("campaign-{id}"), RANDOM, "0.2");
        ok(&server, &["start", &path]);
    }
    let working = once(&berth, |one| one.row.counts.done > 0).await;
    for one in &working {
        assert_eq!(one.row.state, "running", "{one:?}");
    }
    let body = StopArg {
        agent: None,
        why: "Something is wrong".to_owned(),
        jobs: false,
    };
    let stopped = berth.call(StopAgents { body }).await.unwrap().stopped;
    let stopped_at = stopped.unwrap().at;
    // What they had begun ends, and is read.
    once(&berth, |one| one.row.counts.live == 0).await;
    // People go on: a job of theirs takes longer than the campaigns have.
    let longer = submit(&berth, shell("sleep 1.5")).await;
    let longer = until_finished(&berth, &[longer.id]).await.remove(0).row;
    let ended_at = longer.finished_at.unwrap();
    assert!(longer.started_at.unwrap() >= stopped_at && ended_at > stopped_at + AT_ONCE);
    let still = once(&berth, |_| true).await;
    for one in &still {
        for trial in &one.trials {
            assert!(trial.submitted_at <= stopped_at + AT_ONCE, "{trial:?}");
        }
        assert_eq!(one.row.state, "running", "what it knows is kept");
        let waits = one.row.waits.as_deref().unwrap_or_default();
        assert!(waits.contains("stopped it"), "{waits}");
        assert_eq!(one.row.counts.done, one.row.counts.all);
    }
    // It stays so when the server is killed.
    server.kill();
    server.boot(&[]);
    let berth = server.client();
    let agents = berth.call(ListAgents {}).await.unwrap();
    assert_eq!(agents.stopped.unwrap().why, "Something is wrong");
    let kept = once(&berth, |_| true).await;
    assert_eq!(trials(&kept), trials(&still));
    let body = ResumeArg { agent: None };
    let resumed = berth.call(ResumeAgents { body }).await.unwrap();
    assert_eq!(resumed.stopped, None);
    for before in &still {
        let (id, done) = (before.row.id, before.row.counts.done);
        let on = until(&berth, id, |one| one.row.counts.done > done).await;
        for trial in &on.trials[before.trials.len()..] {
            assert!(trial.submitted_at >= ended_at, "{trial:?}");
        }
        assert_eq!(
            trials(&[on])[0][..before.trials.len()],
            trials(std::slice::from_ref(before))[0]
        );
    }
    for id in ids() {
        assert_eq!(campaign(&berth, id).await.row.ended_at, None);
    }
}
