//! What is wrong on a real server: seen through the driver's library, told, answered and over; and
//! processes that nobody queued.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::host::{Host, Stranger};
use crate::support::{PATIENCE, Server, get, log, shell, submit, until, until_finished};
use berth_api::Berth;
use berth_api::alerts::{Adopt, AdoptArg, AlertView, GetAlerts};
use berth_api::cluster::GetCluster;
use berth_api::notifications::{NotificationsArg, SetNotifications};
use berth_api::views::{GpuView, used_outside};
use berth_domain::{AlertRule, AlertState, JobId, StateName, SubmitRequest};
use berth_receivers::webhook;
use serde_json::Value;

async fn gpus(berth: &Berth) -> Vec<GpuView> {
    let answer = berth.call(GetCluster {}).await.unwrap();
    answer.cluster.nodes[0].gpus.clone()
}

async fn open(berth: &Berth) -> Vec<AlertView> {
    berth.call(GetAlerts { all: None }).await.unwrap().alerts
}

/// Whose the process with this number is, on the GPU that it uses.
async fn whose(berth: &Berth, pid: u32) -> Option<Option<JobId>> {
    let gpus = gpus(berth).await;
    let mut processes = gpus
        .iter()
        .filter_map(|gpu| gpu.processes.as_ref())
        .flatten();
    let process = processes.find(|process| process.pid == pid)?;
    Some(process.attempt.map(|attempt| attempt.job))
}

/// The GPU that a job holds, once it has one, and the numbers that it wrote into its log.
async fn runs(berth: &Berth, id: JobId, numbers: usize) -> (u32, Vec<u32>) {
    let mut pids: Vec<u32> = vec![];
    until(berth, async |berth: &Berth| {
        if get(berth, id).await.row.state != StateName::Running {
            return false;
        }
        let text = log(berth, id, 0).await;
        pids = text
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        pids.len() == numbers
    })
    .await;
    let lease = get(berth, id).await.row.lease.unwrap();
    (lease[0].gpus[0], pids)
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_process_it_is_and_a_foreign_one_is_adopted_until_its_end() {
    let host = Host::new(4);
    let server = host.server("");
    let berth = server.client();
    let one = |line: &str| SubmitRequest {
        gpus: Some(1),
        ..shell(line)
    };
    // A child, and one that left its parents: both of the first job.
    let forks = "sleep 1000 & echo $!; (setsid sh -c 'echo $$; exec sleep 1000' &) ; wait";
    let first = submit(&berth, one(forks)).await;
    let (on_first, of_first) = runs(&berth, first.id, 2).await;
    // As in a container: it is number 1 in there. Outside it has the number that the driver tells.
    let inside = "unshare --pid --fork --kill-child sh -c 'echo in: $$; exec sleep 1001' & \
                  while ! pgrep -P $! ; do :; done; wait";
    let second = submit(&berth, one(inside)).await;
    let (on_second, of_second) = runs(&berth, second.id, 2).await;
    let in_container = of_second.iter().copied().max().unwrap();
    let mut stranger = Stranger::start();
    let foreign = stranger.0.id();
    let third = (0..4)
        .find(|gpu| ![on_first, on_second].contains(gpu))
        .unwrap();
    host.says(&format!(
        "process {on_first} {} 1000 50\nprocess {on_first} {} 1000 50\n\
         process {on_second} {in_container} 2000 80\nprocess {third} {foreign} 3000 90\n",
        of_first[0], of_first[1]
    ));
    until(&berth, async |berth: &Berth| {
        whose(berth, of_first[0]).await == Some(Some(first.id))
            && whose(berth, of_first[1]).await == Some(Some(first.id))
            && whose(berth, in_container).await == Some(Some(second.id))
            && whose(berth, foreign).await == Some(None)
    })
    .await;
    // Nobody gets the GPU that it uses, and who waits for it is told why.
    until(&berth, async |berth: &Berth| {
        let gpus = gpus(berth).await;
        gpus.iter()
            .any(|gpu| used_outside(&gpu.foreign).is_some_and(|one| one.pid == foreign))
    })
    .await;
    let pair = SubmitRequest {
        gpus: Some(2),
        ..shell("true")
    };
    let waits = submit(&berth, pair).await;
    until(&berth, async |berth: &Berth| {
        get(berth, waits.id).await.row.reason.as_deref() == Some("ForeignProcess")
    })
    .await;
    let alerts = open(&berth).await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0].rule, AlertRule::Foreign);
    assert!(
        alerts[0].text.contains(&foreign.to_string()),
        "{}",
        alerts[0].text
    );
    // Adopted, it has a lease, and its end is the job's.
    let node = berth.call(GetCluster {}).await.unwrap().cluster.nodes[0]
        .name
        .to_string();
    let body = AdoptArg {
        node,
        pid: foreign,
        ..AdoptArg::default()
    };
    let adopted = berth.call(Adopt { body }).await.unwrap().job;
    until(&berth, async |berth: &Berth| {
        let job = get(berth, adopted.id).await.row;
        job.state == StateName::Running && open(berth).await.is_empty()
    })
    .await;
    let lease = get(&berth, adopted.id).await.row.lease.unwrap();
    assert_eq!(lease[0].gpus, [third]);
    stranger.end();
    host.says("");
    let done = until_finished(&berth, &[adopted.id, waits.id]).await;
    for job in done {
        assert_eq!(job.row.outcome.as_deref(), Some("Succeeded"));
    }
    let text = log(&berth, adopted.id, 0).await;
    assert!(text.contains(&format!("Process {foreign} ended")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_process_is_ended_when_its_job_is_cancelled() {
    let host = Host::new(4);
    let server = host.server("");
    let berth = server.client();
    let mut stranger = Stranger::start();
    let pid = stranger.0.id();
    host.says(&format!("process 1 {pid} 3000 90\n"));
    until(&berth, async |berth: &Berth| {
        !gpus(berth).await[1].foreign.is_empty()
    })
    .await;
    let node = berth.call(GetCluster {}).await.unwrap().cluster.nodes[0]
        .name
        .to_string();
    let output = server
        .cli()
        .args(["adopt", &format!("{node}:{pid}")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let job = JobId(1);
    until(&berth, async |berth: &Berth| {
        get(berth, job).await.row.state == StateName::Running
    })
    .await;
    let output = server.cli().args(["cancel", "1"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let ended = tokio::task::spawn_blocking(move || stranger.0.wait().unwrap());
    let ended = tokio::time::timeout(PATIENCE, ended)
        .await
        .unwrap()
        .unwrap();
    assert!(!ended.success());
    let done = until_finished(&berth, &[job]).await;
    assert_eq!(done[0].row.outcome.as_deref(), Some("Cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_told_once_answered_and_over_when_it_is_mended() {
    let host = Host::new(4);
    let mut server = host.server("[alerts.temperature]\nlasts_s = 0\n");
    let berth = server.client();
    let (url, mut told) = webhook(Arc::new(AtomicBool::new(true))).await;
    let body = NotificationsArg {
        webhook: Some(url),
        ..NotificationsArg::default()
    };
    berth.call(SetNotifications { body }).await.unwrap();
    host.says("temp 2 97\n");
    until(&berth, async |berth: &Berth| {
        open(berth)
            .await
            .iter()
            .any(|one| one.rule == AlertRule::Temperature)
    })
    .await;
    let output = server.cli().args(["alerts", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed[0]["rule"], "temperature");
    assert_eq!(listed[0]["state"], "open");
    let id = listed[0]["id"].to_string();
    let answer = |choice: &str| {
        server
            .cli()
            .args(["alert", "answer", &id, choice, "--because", "it is July"])
            .output()
            .unwrap()
    };
    let refused = answer("stop");
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("It can be with: cordon, ignore"), "{why}");
    assert!(answer("ignore").status.success());
    let state = open(&berth).await[0].state;
    assert_eq!(state, AlertState::Answered);
    // A server that starts anew knows of it, and does not tell it again.
    server.keep_address();
    server.kill();
    host.boots(&mut server);
    let berth = server.client();
    assert_eq!(open(&berth).await[0].state, AlertState::Answered);
    host.says("temp 2 50\n");
    until(&berth, async |berth: &Berth| open(berth).await.is_empty()).await;
    for expected in ["alert_opened", "alert_resolved"] {
        let next = tokio::time::timeout(PATIENCE, told.recv()).await;
        let (_, body) = next.unwrap().unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["kind"], expected);
    }
    assert!(told.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gpu_that_broke_is_cordoned_and_its_job_runs_elsewhere() {
    let host = Host::new(4);
    let server = host.server("");
    let berth = server.client();
    let job = SubmitRequest {
        gpus: Some(1),
        ..shell("if [ $BERTH_ATTEMPT = 1 ]; then exec sleep 1000; fi")
    };
    let job = submit(&berth, job).await;
    let (gpu, _) = runs(&berth, job.id, 0).await;
    host.says(&format!("xid {gpu} 79\n"));
    let done = until_finished(&berth, &[job.id]).await;
    assert_eq!(done[0].row.outcome.as_deref(), Some("Succeeded"));
    assert_eq!(done[0].attempts.len(), 2);
    let why = done[0].attempts[0].end.as_deref().unwrap();
    assert!(why.contains("is broken") && why.contains("Xid 79"), "{why}");
    let gpus = gpus(&berth).await;
    let cordon = gpus[gpu as usize].cordon.as_ref().unwrap();
    assert_eq!(cordon.by.as_str(), "berth");
    assert_eq!(open(&berth).await[0].rule, AlertRule::XidFatal);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_such_as_promtool_wants_them() {
    let server = Server::with("2x8", &[]);
    let berth = server.client();
    let job = submit(&berth, shell("true")).await;
    until_finished(&berth, &[job.id]).await;
    until(&berth, async |berth: &Berth| {
        gpus(berth).await[0].busy_pct.is_some()
    })
    .await;
    let text = reqwest::get(format!("{}/metrics", server.url))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for name in [
        "berth_gpu_busy_ratio{gpu=\"0\",node=\"node-1\"}",
        "berth_jobs{state=\"queued\"}",
    ] {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("admin"), "no label is a user");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/promtool");
    let promtool = if ours.is_file() {
        ours
    } else {
        "promtool".into()
    };
    let check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut check) = check else {
        println!("NOT TESTED: there is no promtool; scripts/setup test installs it");
        return;
    };
    std::io::Write::write_all(&mut check.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
