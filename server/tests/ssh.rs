//! A real server and two hosts with real SSH servers: leases kept, and what becomes of jobs when the
//! server, a connection or a host is lost while they run. How a single job runs there is tested with
//! the executor. `BERTH_CRASH_ROUNDS` says how often each is lost; once if it is not set.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../crates/executors/tests/ssh/hosts.rs"]
mod hosts;
#[path = "../../crates/executors/tests/namespaces/mod.rs"]
mod namespaces;
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use berth_api::Berth;
use berth_api::alerts::{AlertView, AnswerAlert, AnswerArg, GetAlerts};
use berth_api::cluster::GetCluster;
use berth_api::notifications::{NotificationsArg, SetNotifications};
use berth_api::views::NodeState;
use berth_domain::{AlertRule, JobId, StateName, SubmitRequest};
use berth_receivers::webhook;
use hosts::Hosts;
use support::contract::{
    PATIENCE, Shared, a_time_limit_and_a_cancelled_one, an_all_reduce, eight, lease, present,
    rounds, sixty_jobs, until_finished, until_running,
};
use support::{Server, get, shell, submit, until_nothing_runs_of, until_within};
use tokio::time::timeout;

struct Site {
    hosts: Hosts,
    server: Server,
    shared: Shared,
}

impl Site {
    fn new(hosts: Hosts) -> Self {
        let shared = Shared {
            here: hosts.shared(),
            there: "/mnt/shared".into(),
        };
        let places = Self::places(&hosts);
        let environment = environment(&places, "60");
        let config = shared.here.join("berth.toml");
        // Hosts that are well tell of themselves every ten seconds.
        std::fs::write(&config, "[alerts.node_silent]\nlimit = 15\n").unwrap();
        let config = config.display().to_string();
        let place = ["--ssh", "node-1,node-2", "--config", &config];
        let server = Server::at(&place, &environment);
        Site {
            hosts,
            server,
            shared,
        }
    }

    fn places(hosts: &Hosts) -> [String; 2] {
        [hosts.config(), hosts.state()].map(|path| path.display().to_string())
    }

    fn restart(&mut self, node_grace: &str) {
        self.server.kill();
        let places = Self::places(&self.hosts);
        self.server.boot(&environment(&places, node_grace));
    }

    async fn until_present(&self, count: usize) {
        until_within(PATIENCE, &self.server.client(), async |berth| {
            present(berth).await == count
        })
        .await;
    }

    /// Each of eight jobs ends with its own code, having run once.
    async fn each_ran_once(&self, ids: &[JobId], name: &str) {
        let finished = until_finished(&self.server.client(), ids).await;
        for (n, job) in (20..).zip(&finished) {
            assert_eq!(job.row.exit_code, Some(n), "{job:?}");
            assert_eq!(job.attempts.len(), 1, "{job:?}");
        }
        let mut expected: Vec<String> = ids.iter().map(|id| format!("{id}.1")).collect();
        expected.sort();
        assert_eq!(self.shared.lines(name), expected, "each ran once");
    }

    /// Of our jobs, on any host.
    async fn nothing_left(&self) {
        let tag = std::fs::read_to_string(self.server.data().join("ssh.tag")).unwrap();
        for host in ["node-1", "node-2"] {
            let runs = Path::new("berth-host").join(&tag).join(host).join("runs");
            until_nothing_runs_of(&runs).await;
        }
    }
}

fn environment<'a>([config, state]: &'a [String; 2], grace: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("BERTH_SSH_CONFIG", config),
        ("XDG_STATE_HOME", state),
        ("BERTH_NODE_GRACE_S", grace),
        ("BERTH_GRACE_S", "2"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_ssh_on_real_hosts() {
    let Some(hosts) = Hosts::start() else {
        return;
    };
    let mut began = Instant::now();
    let mut done = |name: &str| {
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        began = Instant::now();
    };
    let mut site = Site::new(hosts);
    site.until_present(2).await;
    done("started");
    sixty_jobs(&site.server, &site.shared).await;
    done("sixty jobs");
    a_time_limit_and_a_cancelled_one(&site.server).await;
    done("limits");
    gangs(&site).await;
    done("gangs");
    an_all_reduce(&site.server, &site.shared).await;
    done("torch");
    an_uploaded_folder(&site).await;
    done("uploaded folder");
    for round in 1..=rounds() {
        the_server_is_killed(&mut site, round).await;
        done("server killed");
        the_connections_are_killed(&site, round).await;
        done("connections killed");
        a_link_is_down(&site, round).await;
        done("link down");
        site.nothing_left().await;
    }
    a_host_that_is_not_there(&site).await;
    done("unknown host");
    site.restart("2");
    site.until_present(2).await;
    for round in 1..=rounds() {
        a_host_is_killed(&mut site, round).await;
        done("host killed");
    }
    site.nothing_left().await;
}

async fn gangs(site: &Site) {
    let berth = site.server.client();
    let gang = |line: &str| SubmitRequest {
        gpus: Some(8),
        nodes: Some(2),
        ..shell(line)
    };
    // All or nothing: while one GPU is taken, no rank begins.
    let one = SubmitRequest {
        gpus: Some(1),
        ..shell("while ! test -e /mnt/shared/one.go; do sleep 0.05; done")
    };
    let one = submit(&berth, one).await.id;
    until_running(&site.server, &[one]).await;
    let line = "echo $(hostname) $NODE_RANK/$NNODES $WORLD_SIZE $MASTER_ADDR >> /mnt/shared/gang; \
                test $NODE_RANK = 0 && trap '' TERM && exec sleep 1000; \
                while ! grep -q 0/2 /mnt/shared/gang; do sleep 0.02; done; exit 42";
    let failing = submit(&berth, gang(line)).await.id;
    assert_eq!(get(&berth, failing).await.row.state, StateName::Queued);
    let attach = get(&berth, one).await.attach.unwrap();
    let node = lease(&get(&berth, one).await).0;
    assert_eq!(attach, format!("ssh -t {node} tmux attach -t berth-{one}"));
    site.shared.write("one.go");
    let job = until_finished(&berth, &[failing]).await.remove(0);
    assert_eq!(job.row.exit_code, Some(42), "{job:?}");
    assert_eq!(job.row.outcome.as_deref(), Some("Failed"));
    let parts = job.row.lease.as_ref().unwrap();
    let first = parts[0].node.to_string();
    let (number, other) = if first == "node-1" {
        (1, "node-2")
    } else {
        (2, "node-1")
    };
    let master = site.hosts.ip(number);
    let mut expected = vec![
        format!("{first} 0/2 16 {master}"),
        format!("{other} 1/2 16 {master}"),
    ];
    expected.sort();
    assert_eq!(site.shared.lines("gang"), expected);
    site.nothing_left().await;
}

/// It is there on both hosts, whole, although they share nothing with the server.
async fn an_uploaded_folder(site: &Site) {
    let work = tempfile::tempdir().unwrap();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(work.path().join("large"), &large).unwrap();
    let line = "wc -c < large >> /mnt/shared/sizes; basename $(pwd) >> /mnt/shared/sizes";
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut cli = site.server.cli();
        cli.current_dir(work.path());
        cli.args(["submit", "--json", "--upload", "-N", "2", "-g", "4"]);
        let output = cli.args(["--", "sh", "-c", line]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        ids.push(JobId(answer["job"]["id"].as_u64().unwrap()));
    }
    for job in until_finished(&site.server.client(), &ids).await {
        assert_eq!(job.row.exit_code, Some(0), "{job:?}");
    }
    let mut expected = vec!["12000000".to_owned(); 4];
    expected.extend(vec!["code".to_owned(); 4]);
    assert_eq!(site.shared.lines("sizes"), expected);
}

async fn the_server_is_killed(site: &mut Site, round: usize) {
    let name = format!("server-{round}");
    let ids = eight(&site.server, &site.shared, &name, 0).await;
    site.restart("60");
    until_running(&site.server, &ids).await;
    site.shared.write(&format!("{name}.go"));
    site.each_ran_once(&ids, &name).await;
}

async fn the_connections_are_killed(site: &Site, round: usize) {
    let name = format!("connection-{round}");
    let ids = eight(&site.server, &site.shared, &name, 0).await;
    assert!(site.hosts.kill_masters() >= 2);
    site.shared.write(&format!("{name}.go"));
    site.each_ran_once(&ids, &name).await;
}

/// The jobs end while nobody can hear of it.
async fn a_link_is_down(site: &Site, round: usize) {
    let name = format!("link-{round}");
    let ids = eight(&site.server, &site.shared, &name, 0).await;
    site.hosts.link(2, false);
    site.until_present(1).await;
    site.shared.write(&format!("{name}.go"));
    site.hosts.link(2, true);
    site.each_ran_once(&ids, &name).await;
    site.until_present(2).await;
}

/// What ran there is tried again, on the other host as soon as there is room; the rest goes on.
async fn a_host_is_killed(site: &mut Site, round: usize) {
    let name = format!("host-{round}");
    let ids = eight(&site.server, &site.shared, &name, 1).await;
    let berth = site.server.client();
    let mut lost = BTreeSet::new();
    for id in &ids {
        if lease(&get(&berth, *id).await).0 == "node-2" {
            lost.insert(*id);
        }
    }
    assert_eq!(lost.len(), 4);
    let (hook, mut told) = webhook(Arc::new(AtomicBool::new(true))).await;
    let body = NotificationsArg {
        webhook: Some(hook),
        ..NotificationsArg::default()
    };
    berth.call(SetNotifications { body }).await.unwrap();
    // What is wrong from now on is told to the webhook.
    until_silent(&berth, false).await;
    site.hosts.kill(2);
    let silent = until_silent(&berth, true).await.unwrap();
    let body = AnswerArg {
        id: silent.id,
        choice: "ignore".to_owned(),
        because: None,
        lasts: None,
    };
    berth.call(AnswerAlert { body }).await.unwrap();
    for id in &lost {
        until_within(PATIENCE, &berth, async |berth| {
            let job = get(berth, *id).await;
            job.attempts
                .first()
                .is_some_and(|first| first.ended_at.is_some())
        })
        .await;
        let end = get(&berth, *id).await.attempts[0].end.clone();
        let end = end.unwrap_or_default();
        assert!(end.contains("node-2 was away for longer than 2 s"), "{end}");
    }
    site.shared.write(&format!("{name}.go"));
    let finished = until_finished(&berth, &ids).await;
    for (n, job) in (20..).zip(&finished) {
        // A failure of its own is tried again too, once.
        assert_eq!(job.attempts.len(), 2, "{job:?}");
        assert_eq!(job.row.exit_code, Some(n), "{job:?}");
        let retried = lost.contains(&job.row.id);
        assert_eq!(job.attempts[0].exit_code.is_none(), retried, "{job:?}");
    }
    site.hosts.boot(2);
    site.until_present(2).await;
    until_silent(&berth, false).await;
    // What has to be sent again comes after what came later.
    let mut of_it = vec![];
    while of_it.len() < 2 {
        let (_, body) = timeout(PATIENCE, told.recv()).await.unwrap().unwrap();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        if body["alert"] == silent.id.0 {
            of_it.push(body["kind"].as_str().unwrap().to_owned());
        }
    }
    of_it.sort();
    assert_eq!(of_it, ["alert_opened", "alert_resolved"]);
}

/// Waits for somebody to be told that the node is silent, or for that to be over.
async fn until_silent(berth: &Berth, silent: bool) -> Option<AlertView> {
    let mut found = None;
    until_within(PATIENCE, berth, async |berth| {
        let open = berth.call(GetAlerts { all: None }).await.unwrap().alerts;
        let is_of =
            |alert: &AlertView| alert.rule == AlertRule::NodeSilent && alert.subject == "node-2";
        found = open.into_iter().find(is_of);
        found.is_some() == silent
    })
    .await;
    found
}

/// It is shown with what is wrong, and holds up nothing. Beside it, what a host tells of itself.
async fn a_host_that_is_not_there(site: &Site) {
    let places = Site::places(&site.hosts);
    let environment = environment(&places, "60");
    let server = Server::on(["--ssh", "node-1,node-9"], &environment);
    let berth = server.client();
    until_within(PATIENCE, &berth, async |berth| present(berth).await == 1).await;
    let job = submit(&berth, shell("exit 5")).await.id;
    let job = until_finished(&berth, &[job]).await.remove(0);
    assert_eq!(job.row.exit_code, Some(5), "{job:?}");
    // Samples come every 5 s.
    until_within(PATIENCE, &berth, async |berth| {
        let nodes = berth.call(GetCluster {}).await.unwrap().cluster.nodes;
        nodes[0].gpus[3].busy_pct == Some(30.0)
    })
    .await;
    let nodes = berth.call(GetCluster {}).await.unwrap().cluster.nodes;
    let [there, nowhere] = nodes.try_into().unwrap();
    assert_eq!(there.name.as_str(), "node-1");
    assert_eq!(there.address, Some(site.hosts.ip(1)));
    assert_eq!(there.versions.driver.as_deref(), Some("550.54.15"));
    assert_eq!(nowhere.state, NodeState::Absent);
    let why = "there is no host node-9 as far as `ssh` knows: name it in ~/.ssh/config";
    assert_eq!(nowhere.problems, [why]);
}
