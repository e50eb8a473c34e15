//! Campaigns on the real server: started from a file, killed in the middle, steered, stopped, and reported.

mod model;
mod switch;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{PATIENCE, Server, all};
use berth_api::Berth;
use berth_api::campaigns::{CampaignView, GetCampaign, ListCampaigns};
use berth_domain::CampaignId;
use berth_domain::campaign::TrialState;

pub(crate) const FIRST: CampaignId = CampaignId(1);

/// What a trial runs: it tells 1 + (log10 lr + 3)² + 1/epochs, and writes down that it ran.
pub(crate) fn line(server: &Server, seconds: &str) -> String {
    let dir = server.dir.path().display();
    format!(
        "echo $BERTH_JOB_ID.$BERTH_ATTEMPT >> {dir}/records; sleep {seconds}; \
         awk -v lr={{lr}} -v e=${{BERTH_PARAM_EPOCHS:-9}} \
         'BEGIN {{ l = log(lr) / log(10) + 3; print \"loss=99\"; print \"loss=\" 1 + l * l + 1 / e }}'"
    )
}

/// A campaign of such trials.
fn file(server: &Server, name: &str, strategy: &str, seconds: &str) -> String {
    let line = line(server, seconds);
    let text = format!(
        "name = '{name}'\ngoal = 'The best learning rate'\n\
         space = {{ lr = {{ from = 1e-5, to = 0.1, scale = 'log' }} }}\n\
         metric = {{ name = 'loss', better = 'lower' }}\n\
         strategy = {strategy}\n\
         budget = {{ gpu_hours = 100, at_once = 4 }}\n\
         [template]\ncommand = ['sh', '-c', '''{line}''']\ngpus = 1\ntime_limit = '10m'\n"
    );
    let path = server.dir.path().join(format!("{name}.toml"));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const ASHA: &str = "{ kind = 'asha', trials = 27, seed = 7, \
                    fidelity = { param = 'epochs', min = 1, max = 9 } }";

pub(crate) fn ok(server: &Server, args: &[&str]) -> String {
    let output = server.cli().arg("campaign").args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn campaign(berth: &Berth, id: CampaignId) -> CampaignView {
    berth.call(GetCampaign { id }).await.unwrap()
}

/// Waits until a campaign is so.
pub(crate) async fn until(
    berth: &Berth,
    id: CampaignId,
    ready: impl Fn(&CampaignView) -> bool,
) -> CampaignView {
    let wait = async {
        loop {
            let known = campaign(berth, id).await;
            if ready(&known) {
                return known;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    waited.expect("it did not happen")
}

/// Which attempts ran, each as often as it did.
pub(crate) fn records(server: &Server) -> Vec<String> {
    let text = std::fs::read_to_string(server.dir.path().join("records")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_killed_twice_and_doubles_nothing() {
    let mut server = Server::start();
    let file = file(&server, "find-lr", ASHA, "0.1");
    let preview = ok(&server, &["start", &file, "--dry-run"]);
    assert!(preview.starts_with("About 39 trials"), "{preview}");
    assert!(preview.contains("start at once"), "{preview}");
    assert_eq!(all(&server.client()).await.len(), 0);
    assert_eq!(ok(&server, &["start", &file]), "Started campaign 1\n");
    for trials in [5, 17] {
        until(&server.client(), FIRST, |one| one.trials.len() >= trials).await;
        server.kill();
        server.boot(&[]);
    }
    let berth = server.client();
    let ended = until(&berth, FIRST, |one| one.row.ended_at.is_some()).await;
    let counts = ended.row.counts;
    assert_eq!((counts.done, counts.live), (counts.all, 0), "{ended:?}");
    let roots = ended.trials.iter().filter(|trial| trial.parent.is_none());
    assert_eq!(roots.count(), 27);
    assert_eq!(all(&berth).await.len(), counts.all, "each trial is one job");
    let ran = records(&server);
    let each: BTreeSet<String> = (1..=counts.all).map(|job| format!("{job}.1")).collect();
    assert_eq!(ran.len(), counts.all, "none ran twice");
    assert_eq!(ran.into_iter().collect::<BTreeSet<_>>(), each);
    let best = ended.row.best.unwrap();
    assert_eq!(best.values["epochs"], "9");
    // The optimum is 1 + 1/9.
    assert!(best.result < 1.05 * (1.0 + 1.0 / 9.0), "{best:?}");
    assert_eq!(ended.row.spent.kept_gpu_seconds, 0);
    let report = ok(&server, &["show", "1"]);
    assert!(
        report.contains("*best*") && report.contains("└ "),
        "{report}"
    );
    assert!(report.contains("27 configurations began"), "{report}");
    assert!(ok(&server, &["list"]).contains("No campaign goes on"));
    assert!(ok(&server, &["list", "--all"]).contains("find-lr"));
    let json = ok(&server, &["show", "1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["state"], "ended");
    assert_eq!(json["trials"].as_array().unwrap().len(), counts.all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_paused_steered_and_ended() {
    let server = Server::start();
    let berth = server.client();
    let random = "{ kind = 'random', trials = 500 }";
    let file = file(&server, "long", random, "0.1");
    ok(&server, &["start", &file]);
    until(&berth, FIRST, |one| one.trials.len() >= 5).await;
    let paused = ok(&server, &["pause", "1", "--because", "a look"]);
    assert!(
        paused.contains("Campaign 1 is paused") && paused.contains("a look"),
        "{paused}"
    );
    // What runs goes on, and its result is read.
    let still = until(&berth, FIRST, |one| one.row.counts.live == 0).await;
    let then = still.trials.len();
    assert_eq!(still.row.counts.done, then);
    ok(
        &server,
        &[
            "steer",
            "1",
            "--range",
            "lr=1e-4..1e-2",
            "--note",
            "it lies there",
        ],
    );
    assert_eq!(all(&berth).await.len(), then);
    ok(&server, &["resume", "1"]);
    let steered = until(&berth, FIRST, |one| one.trials.len() >= then + 6).await;
    for trial in &steered.trials[then..] {
        let lr: f64 = trial.values["lr"].parse().unwrap();
        assert!((1e-4..=1e-2).contains(&lr), "{trial:?}");
    }
    assert_eq!(steered.notes[0].text, "it lies there");
    // A budget that has no room for a trial of ten minutes ends it.
    let almost = steered.row.spent.gpu_seconds + 300;
    let hours = (almost as f64 / 3600.0).to_string();
    ok(&server, &["steer", "1", "--gpu-hours", &hours]);
    let ended = until(&berth, FIRST, |one| one.row.ended_at.is_some()).await;
    assert!(ended.row.why.unwrap().contains("Its budget is used"));
    assert!(ended.row.spent.gpu_seconds <= ended.row.spent.of_gpu_seconds);
    let again = server
        .cli()
        .args(["campaign", "resume", "1"])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    let why = String::from_utf8(again.stderr).unwrap();
    assert!(why.contains("Campaign 1 is ended"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_pauses_a_campaign_and_its_end_cancels_its_jobs() {
    let server = Server::start();
    let berth = server.client();
    let random = "{ kind = 'random', trials = 50 }";
    let path = file(&server, "silent", random, "0");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("loss=", "lost ")).unwrap();
    ok(&server, &["start", &path]);
    let paused = until(&berth, FIRST, |one| one.row.state == "paused").await;
    let why = paused.row.why.unwrap();
    assert!(why.starts_with("berth: The last 5 trials failed."), "{why}");
    assert!(why.contains("no line of its log matches"), "{why}");
    // A second one, whose trials take long.
    let path = file(&server, "slow", random, "1000");
    ok(&server, &["start", &path]);
    let second = CampaignId(2);
    until(&berth, second, |one| one.row.counts.live == 4).await;
    ok(&server, &["end", "2"]);
    let ended = campaign(&berth, second).await;
    assert_eq!(ended.row.counts.stopped, 4);
    assert!(
        ended
            .trials
            .iter()
            .all(|trial| trial.state == TrialState::Stopped)
    );
    let jobs: Vec<_> = ended.trials.iter().map(|trial| trial.job).collect();
    crate::support::until_finished(&berth, &jobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let server = Server::start();
    let path = file(&server, "wrong", ASHA, "0");
    let text = std::fs::read_to_string(&path).unwrap();
    let refused = |from: &str, to: &str| {
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let output = server
            .cli()
            .args(["campaign", "start", &path])
            .output()
            .unwrap();
        assert!(!output.status.success(), "{to}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("gpu_hours = 100", "gpu_hours = 0.1").contains("one trial may use"));
    assert!(refused("better = 'lower'", "better = 'lower', log = 'loss=('").contains("pattern"));
    assert!(refused("gpus = 1", "gpus = 99").contains("99 GPUs were asked for"));
    assert!(refused("gpus = 1", "gpu = 1").contains("gpu"));
    assert!(refused("from = 1e-5", "from = 0").contains("above 0"));
    let list = server
        .client()
        .call(ListCampaigns { all: Some(true) })
        .await;
    assert_eq!(list.unwrap().campaigns, []);
}
