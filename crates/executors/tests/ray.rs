//! The Ray executor on a real Ray cluster of two nodes. One cluster for all, since it takes seconds
//! to start; each case has a job of its own.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "ray/cluster.rs"]
mod cluster;

mod marked;
mod namespaces;
mod orders;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit, JobId, NodeName, Report};
use berth_executors::{
    ExecutorEvent, ExecutorHandle, Order, RayConfig, RunConfig, layout, logs, ray,
};
use berth_ray::{Ray, Token};
use cluster::{Cluster, TOKEN};
use marked::left;
use orders::{attempt, order, part};
use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// Nothing here takes as long; what does hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(2);

struct Site {
    cluster: Cluster,
    dir: tempfile::TempDir,
    executor: Option<ExecutorHandle>,
    events: UnboundedReceiver<ExecutorEvent>,
    /// Heard while something else was waited for.
    reports: Vec<(AttemptId, Report)>,
    grown: Vec<(AttemptId, u32)>,
    health: Vec<Result<(), String>>,
}

impl Site {
    fn new(cluster: Cluster) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (_, events) = mpsc::unbounded_channel();
        let mut site = Site {
            cluster,
            dir,
            executor: None,
            events,
            reports: vec![],
            grown: vec![],
            health: vec![],
        };
        site.start();
        site
    }

    fn start(&mut self) {
        self.start_with(Some(TOKEN));
    }

    fn start_with(&mut self, token: Option<&str>) {
        let exe = std::env::current_exe().unwrap();
        let shim = exe.ancestors().nth(2).unwrap().join("examples/shim");
        let run = RunConfig {
            data_dir: self.dir.path().to_owned(),
            shim,
            leftover_grace: Duration::from_millis(200),
            gang_grace: GRACE,
            ..RunConfig::default()
        };
        let ray = Ray::new(&self.cluster.url(), token.map(Token::new).as_ref()).unwrap();
        let config = RayConfig {
            start_patience: Duration::from_secs(40),
            node_grace: Duration::from_secs(3),
            ..RayConfig::new(run, ray)
        };
        let (sender, events) = mpsc::unbounded_channel();
        self.executor = Some(ray::spawn(config, sender).unwrap());
        self.events = events;
    }

    /// The server goes and another comes.
    async fn restart(&mut self) {
        self.executor = None;
        while self.events.recv().await.is_some() {}
        self.reports.clear();
        self.start();
    }

    fn send(&self, order: Order) {
        self.executor.as_ref().unwrap().send(order);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn hear(&mut self) {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        match event
            .unwrap_or_else(|_| panic!("no event comes, after {:?}", self.reports))
            .unwrap()
        {
            ExecutorEvent::Report { attempt, report } => self.reports.push((attempt, report)),
            ExecutorEvent::LogGrew { attempt, rank } => self.grown.push((attempt, rank)),
            ExecutorEvent::Health(health) => self.health.push(health),
        }
    }

    async fn report(&mut self, of: AttemptId, running: bool) -> Report {
        loop {
            let wanted = |(attempt, report): &(AttemptId, Report)| {
                *attempt == of && matches!(report, Report::Running { .. }) == running
            };
            if let Some(place) = self.reports.iter().position(wanted) {
                return self.reports.remove(place).1;
            }
            let other = self.reports.iter().find(|(attempt, _)| *attempt == of);
            assert!(!running || other.is_none(), "it ended: {other:?}");
            self.hear().await;
        }
    }

    async fn running(&mut self, attempt: AttemptId) {
        self.report(attempt, true).await;
    }

    async fn exit(&mut self, attempt: AttemptId) -> Exit {
        match self.report(attempt, false).await {
            Report::Exited(exit) => exit,
            Report::Running { .. } => unreachable!("what was asked for"),
        }
    }

    fn log(&self, attempt: AttemptId, rank: u32) -> String {
        let folder = layout::rank_dir(self.dir.path(), attempt, rank);
        logs::readable(&logs::read(&folder, 0, 1 << 20).unwrap().bytes, false)
    }

    /// Waits until a job wrote this file.
    async fn appears(&self, name: &str) -> String {
        let path = self.path(name);
        until(async || std::fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n'))).await;
        std::fs::read_to_string(&path).unwrap()
    }

    /// Waits until nothing of our jobs runs on any node.
    async fn nothing_left(&self) {
        until(async || left(self.dir.path()).is_empty()).await;
    }

    /// Waits until Ray's table holds none of our jobs.
    async fn tidied(&self) {
        let prefix = ray::id_prefix(self.dir.path()).unwrap();
        let ours = async || {
            let jobs = self.cluster.jobs().await;
            jobs.into_iter()
                .filter(|id| id.starts_with(&prefix))
                .count()
        };
        until(async || ours().await == 0).await;
    }
}

async fn until(mut ready: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !ready().await {
        assert!(Instant::now() < until, "it did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ray_on_real_hosts() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let mut site = Site::new(cluster);
    let mut began = Instant::now();
    let mut done = |name: &str| {
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        began = Instant::now();
    };
    runs_where_its_lease_says(&mut site).await;
    done("lease");
    codes_signals_and_words(&mut site).await;
    done("codes");
    logs_are_whole(&mut site).await;
    done("logs");
    stops(&mut site).await;
    done("stops");
    a_stop_while_pending_means_that_it_never_runs(&mut site).await;
    done("pending");
    gangs(&mut site).await;
    done("gangs");
    launched_once(&mut site).await;
    done("once");
    submissions_that_broke_off(&mut site).await;
    done("broken off");
    what_ray_or_somebody_kills_is_lost(&mut site).await;
    done("killed");
    site.tidied().await;
    done("tidied");
    tokens(&mut site).await;
    done("tokens");
}

async fn runs_where_its_lease_says(site: &mut Site) {
    let line = "echo $(hostname) $CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES $BERTH_NODE \
                $WORLD_SIZE $MASTER_ADDR $MINE; env | grep -c -e ^RAY_ -e ^OMP_ -e ^PYTHONBR; \
                echo ${PATH:+path}; pwd";
    let mut first = order(1, vec![part(2, &[3, 5])], line);
    first.env.insert("MINE".into(), "x".into());
    site.send(Order::Launch(first));
    let mut second = order(
        2,
        vec![part(1, &[])],
        "echo $(hostname) [$CUDA_VISIBLE_DEVICES]$OMP_NUM_THREADS",
    );
    second.env.insert("OMP_NUM_THREADS".into(), "7".into());
    site.send(Order::Launch(second));
    assert_eq!(site.exit(attempt(1)).await, Exit::code(0));
    assert_eq!(site.exit(attempt(2)).await, Exit::code(0));
    let files = layout::files_dir(site.dir.path(), JobId(1));
    let expected = format!(
        "node-2 3,5 GPU-node-2-3,GPU-node-2-5 node-2 2 {} x\n0\npath\n{}\n",
        site.cluster.ip(2),
        files.display()
    );
    assert_eq!(site.log(attempt(1), 0), expected);
    assert_eq!(site.log(attempt(2), 0), "node-1 []7\n");
}

async fn codes_signals_and_words(site: &mut Site) {
    site.send(Order::Launch(order(10, vec![part(1, &[0])], "exit 7")));
    site.send(Order::Launch(order(11, vec![part(2, &[0])], "kill -9 $$")));
    let mut missing = order(12, vec![part(1, &[1])], "");
    missing.command = vec!["no-such-program".into()];
    site.send(Order::Launch(missing));
    let mut nowhere = order(13, vec![part(1, &[2])], "true");
    nowhere.lease.0[0].node = NodeName::from("node-9");
    site.send(Order::Launch(nowhere));
    let leftovers =
        "trap '' TERM; sleep 1000 & (setsid sh -c 'trap \"\" TERM; sleep 1000' &); exit 5";
    site.send(Order::Launch(order(14, vec![part(2, &[1])], leftovers)));
    assert_eq!(site.exit(attempt(10)).await, Exit::code(7));
    let killed = Ended::Signal { signal: 9 };
    assert_eq!(site.exit(attempt(11)).await.ended, killed);
    let why = "there is no program 'no-such-program' on this node's PATH".to_owned();
    assert_eq!(
        site.exit(attempt(12)).await.ended,
        Ended::NotLaunched { why }
    );
    let why = "node node-9 is not part of the Ray cluster now".to_owned();
    assert_eq!(site.exit(attempt(13)).await.ended, Ended::Lost { why });
    assert_eq!(site.exit(attempt(14)).await, Exit::code(5));
    site.nothing_left().await;
}

async fn logs_are_whole(site: &mut Site) {
    // 5 MB of any bytes, and the last without a line's end.
    let line = "printf '\\377\\376\\0'; head -c 5000000 /dev/zero | tr '\\0' '\\377'; printf end";
    site.send(Order::Launch(order(20, vec![part(2, &[0])], line)));
    let slow = format!(
        "echo one; until test -e {}; do sleep 0.02; done; echo two",
        site.path("go").display()
    );
    site.send(Order::Launch(order(21, vec![part(1, &[0])], &slow)));
    while !site.grown.contains(&(attempt(21), 0)) {
        site.hear().await;
    }
    assert_eq!(site.log(attempt(21), 0), "one\n", "seen while it runs");
    std::fs::write(site.path("go"), "").unwrap();
    site.exit(attempt(21)).await;
    assert_eq!(site.log(attempt(21), 0), "one\ntwo\n");
    site.exit(attempt(20)).await;
    let folder = layout::rank_dir(site.dir.path(), attempt(20), 0);
    let log = logs::read(&folder, 0, 10_000_000).unwrap().bytes;
    assert_eq!(log.len(), 3 + 5_000_000 + 3);
    assert!(log.starts_with(b"\xff\xfe\0\xff") && log.ends_with(b"\xffend"));
}

async fn stops(site: &mut Site) {
    let set = |name: &str| format!("echo set > {}", site.path(name).display());
    let good = format!(
        "trap 'echo saved; exit 9' TERM; {}; while :; do sleep 0.01; done",
        set("good")
    );
    let deaf = format!(
        "trap '' TERM; sleep 1000 & {}; while :; do sleep 0.01; done",
        set("deaf")
    );
    site.send(Order::Launch(order(30, vec![part(1, &[0])], &good)));
    site.send(Order::Launch(order(31, vec![part(2, &[0])], &deaf)));
    for (job, name, grace) in [
        (30, "good", PATIENCE),
        (31, "deaf", Duration::from_millis(300)),
    ] {
        site.running(attempt(job)).await;
        site.appears(name).await;
        site.send(Order::Stop {
            attempt: attempt(job),
            call: None,
            grace,
        });
    }
    assert_eq!(site.exit(attempt(30)).await, Exit::code(9));
    assert!(site.log(attempt(30), 0).ends_with("saved\n"));
    let killed = Ended::Signal { signal: 9 };
    assert_eq!(site.exit(attempt(31)).await.ended, killed);
    site.nothing_left().await;
}

/// Somebody else holds the node's GPUs through Ray.
async fn a_stop_while_pending_means_that_it_never_runs(site: &mut Site) {
    let node = site.cluster.node_id(2).await;
    let foreign = json!({
        "submission_id": "foreign",
        "entrypoint": format!("echo holds > {}; sleep 1000", site.path("foreign").display()),
        "entrypoint_num_gpus": 8,
        "entrypoint_label_selector": { "ray.io/node-id": node },
    });
    assert_eq!(site.cluster.post("api/jobs/", &foreign).await.0, 200);
    site.appears("foreign").await;
    let line = format!("echo ran > {}", site.path("ran").display());
    site.send(Order::Launch(order(40, vec![part(2, &[0])], &line)));
    let id = format!("{}40-1-0", ray::id_prefix(site.dir.path()).unwrap());
    until(async || site.cluster.jobs().await.contains(&id)).await;
    site.send(Order::Stop {
        attempt: attempt(40),
        call: None,
        grace: PATIENCE,
    });
    let why = "stopped before it began".to_owned();
    assert_eq!(
        site.exit(attempt(40)).await.ended,
        Ended::NotLaunched { why }
    );
    // Ray starts it when the GPUs are free, for all that it was stopped; it must run nothing.
    site.cluster.post("api/jobs/foreign/stop", &json!({})).await;
    site.tidied().await;
    assert!(!site.path("ran").exists());
}

async fn gangs(site: &mut Site) {
    let line = "echo $(hostname): rank $NODE_RANK of $NNODES, $NPROC_PER_NODE of $WORLD_SIZE, \
                $CUDA_VISIBLE_DEVICES, $MASTER_ADDR:$MASTER_PORT";
    let all = [0, 1, 2, 3, 4, 5, 6, 7];
    let lease = || vec![part(2, &all), part(1, &all)];
    site.send(Order::Launch(order(50, lease(), line)));
    assert_eq!(site.exit(attempt(50)).await, Exit::code(0));
    let master = site.cluster.ip(2);
    for (rank, node) in [(0, "node-2"), (1, "node-1")] {
        let expected =
            format!("{node}: rank {rank} of 2, 8 of 16, 0,1,2,3,4,5,6,7, {master}:20050\n");
        assert_eq!(site.log(attempt(50), rank), expected);
    }
    // One rank fails: the other ends within the grace, and its code is the job's.
    let line = format!(
        "if [ $NODE_RANK = 0 ]; then trap '' TERM; echo set > {set}; while :; do sleep 0.01; done; \
         fi; until test -e {set}; do sleep 0.01; done; exit 6",
        set = site.path("set").display()
    );
    site.send(Order::Launch(order(51, lease(), &line)));
    assert_eq!(site.exit(attempt(51)).await, Exit::code(6));
    site.nothing_left().await;
}

async fn launched_once(site: &mut Site) {
    let ran = site.path("once");
    let line = format!(
        "echo ran >> {}; until test -e {}; do sleep 0.02; done; exit 4",
        ran.display(),
        site.path("once-go").display()
    );
    let one = || order(60, vec![part(1, &[0])], &line);
    site.send(Order::Launch(one()));
    site.send(Order::Launch(one()));
    site.running(attempt(60)).await;
    // The server is killed, and comes back.
    site.restart().await;
    site.send(Order::Adopt(one()));
    site.running(attempt(60)).await;
    std::fs::write(site.path("once-go"), "").unwrap();
    assert_eq!(site.exit(attempt(60)).await, Exit::code(4));
    site.restart().await;
    site.send(Order::Adopt(one()));
    assert_eq!(site.exit(attempt(60)).await, Exit::code(4));
    assert_eq!(std::fs::read_to_string(ran).unwrap(), "ran\n");
    // Of what left no trace, nothing is started.
    site.send(Order::Adopt(order(61, vec![part(1, &[0])], "true")));
    let ended = site.exit(attempt(61)).await.ended;
    assert!(matches!(ended, Ended::Lost { .. }), "{ended:?}");
}

/// A server that is killed while it submits: of a submission that broke off Ray can keep a job that
/// it will never begin.
async fn submissions_that_broke_off(site: &mut Site) {
    let jobs = 200..206;
    let launch = |site: &Site| {
        for job in jobs.clone() {
            let line = format!("echo {job} >> {}", site.path("broken").display());
            let gpu = u32::try_from(job - 200).unwrap();
            site.send(Order::Launch(order(job, vec![part(1, &[gpu])], &line)));
        }
    };
    launch(site);
    let prefix = format!("{}20", ray::id_prefix(site.dir.path()).unwrap());
    let begun = async || {
        let jobs = site.cluster.jobs().await;
        jobs.iter().any(|id| id.starts_with(&prefix))
    };
    until(begun).await;
    site.restart().await;
    launch(site);
    for job in jobs {
        assert_eq!(site.exit(attempt(job)).await, Exit::code(0));
    }
    let ran = std::fs::read_to_string(site.path("broken")).unwrap();
    let mut ran: Vec<&str> = ran.lines().collect();
    ran.sort_unstable();
    assert_eq!(ran, ["200", "201", "202", "203", "204", "205"], "each once");
    let again = site.cluster.jobs().await;
    let again = again.iter().filter(|id| id.contains("-again")).count();
    println!("  {again} of 6 had to be submitted by another name");
}

async fn what_ray_or_somebody_kills_is_lost(site: &mut Site) {
    let line = |name: &str| {
        format!(
            "trap '' TERM; sleep 1000 & echo $PPID > {}; wait; sleep 1000",
            site.path(name).display()
        )
    };
    site.send(Order::Launch(order(
        70,
        vec![part(1, &[0])],
        &line("guard"),
    )));
    site.send(Order::Launch(order(71, vec![part(2, &[0])], &line("shim"))));
    site.running(attempt(70)).await;
    site.running(attempt(71)).await;
    site.appears("guard").await;
    site.appears("shim").await;
    // Ray gives a job up by killing its process group, in which there is the guard.
    kill(&process_running(site, 70, true));
    // The shim itself, as the kernel does when memory runs out.
    kill(&process_running(site, 71, false));
    for job in [70, 71] {
        let ended = site.exit(attempt(job)).await.ended;
        assert!(matches!(ended, Ended::Lost { .. }), "{job}: {ended:?}");
    }
    site.nothing_left().await;
}

/// The guard or the shim of a job, by this host's count.
fn process_running(site: &Site, job: u64, guard: bool) -> String {
    let folder = layout::rank_dir(site.dir.path(), attempt(job), 0);
    let is_shim = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("shim\0shim\0") && line.contains(folder.to_str().unwrap())
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pids: Vec<u32> = pids.filter(is_shim).collect();
    let parent = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, rest) = stat.rsplit_once(')').unwrap();
        rest.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(pids.len(), 2, "a guard and a shim");
    let is_guard = |pid: &u32| !pids.contains(&parent(*pid));
    let found = pids.iter().find(|pid| is_guard(pid) == guard);
    found.unwrap().to_string()
}

fn kill(pid: &str) {
    let killed = std::process::Command::new("kill")
        .args(["-9", pid])
        .status();
    assert!(killed.unwrap().success());
}

/// Nothing is launched without the right one, and people read why.
async fn tokens(site: &mut Site) {
    for (token, words) in [
        (None, "wants a token"),
        (Some("wrong"), "refuses our token"),
    ] {
        site.executor = None;
        while site.events.recv().await.is_some() {}
        site.health.clear();
        site.start_with(token);
        site.send(Order::Launch(order(90, vec![part(1, &[0])], "true")));
        while site.health.is_empty() {
            site.hear().await;
        }
        let why = site.health[0].clone().unwrap_err();
        assert!(
            why.contains(words) && why.contains("RAY_AUTH_TOKEN"),
            "{why}"
        );
    }
    site.restart().await;
    site.send(Order::Launch(order(90, vec![part(1, &[0])], "true")));
    assert_eq!(site.exit(attempt(90)).await, Exit::code(0));
}
