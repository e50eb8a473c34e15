//! The SSH executor on two hosts with real SSH servers. One pair for all; each case has a job of its
//! own.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "ssh/hosts.rs"]
mod hosts;

mod marked;
mod namespaces;
mod orders;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit, JobId, NodeName, NoticeSignal, Report};
use berth_executors::{
    ExecutorEvent, ExecutorHandle, LastCall, Order, RunConfig, SshConfig, Why, layout, logs, ssh,
};
use hosts::Hosts;
use marked::left;
use orders::{attempt, order, part};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;

/// Nothing here takes as long; what does hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(1);

struct Site {
    hosts: Hosts,
    dir: tempfile::TempDir,
    executor: Option<ExecutorHandle>,
    events: UnboundedReceiver<ExecutorEvent>,
    states: watch::Receiver<ssh::HostStates>,
    /// Heard while something else was waited for.
    reports: Vec<(AttemptId, Report)>,
    grown: Vec<(AttemptId, u32)>,
}

impl Site {
    async fn new(hosts: Hosts) -> Self {
        let (_, events) = mpsc::unbounded_channel();
        let (_, states) = watch::channel(ssh::HostStates::new());
        let mut site = Site {
            hosts,
            dir: tempfile::tempdir().unwrap(),
            executor: None,
            events,
            states,
            reports: vec![],
            grown: vec![],
        };
        site.start();
        site.until_up(&["node-1", "node-2"]).await;
        site
    }

    fn start(&mut self) {
        let exe = std::env::current_exe().unwrap();
        let shim = exe.ancestors().nth(2).unwrap().join("examples/shim");
        let run = RunConfig {
            data_dir: self.dir.path().to_owned(),
            shim,
            leftover_grace: Duration::from_millis(200),
            gang_grace: GRACE,
            ..RunConfig::default()
        };
        let config = SshConfig {
            run,
            hosts: ssh::parse_hosts("node-1,node-2").unwrap(),
            config_file: Some(self.hosts.config()),
            node_grace: Duration::from_secs(10),
        };
        let (sender, events) = mpsc::unbounded_channel();
        let hosts = ssh::connect(config).unwrap();
        self.states = hosts.states();
        self.executor = Some(hosts.spawn(sender).unwrap());
        self.events = events;
    }

    /// The server goes and another comes.
    async fn restart(&mut self) {
        self.executor = None;
        while self.events.recv().await.is_some() {}
        self.reports.clear();
        self.start();
    }

    async fn until_up(&mut self, hosts: &[&str]) {
        let up = |states: &ssh::HostStates| {
            let up = |host: &&str| states[&NodeName::from(*host)].up;
            hosts.iter().all(up)
        };
        let up = tokio::time::timeout(PATIENCE, self.states.wait_for(up)).await;
        let up = up.map(|up| drop(up.unwrap()));
        assert!(up.is_ok(), "not up: {}", self.all_that_is_known());
    }

    /// Waits until a host is away, and says why.
    async fn problem(&mut self, host: &str, words: &str) -> String {
        let name = NodeName::from(host);
        let problem = |states: &ssh::HostStates| {
            let state = &states[&name];
            let problem = state.problem.as_ref().filter(|why| why.contains(words));
            !state.up && problem.is_some()
        };
        let seen = tokio::time::timeout(PATIENCE, self.states.wait_for(problem)).await;
        let seen = seen.map(|states| states.unwrap()[&name].problem.clone());
        let now = self.states.borrow()[&name].clone();
        seen.unwrap_or_else(|_| panic!("it is not '{words}': {now:?}"))
            .unwrap()
    }

    fn send(&self, order: Order) {
        self.executor.as_ref().unwrap().send(order);
    }

    /// A file that all hosts see, by our path.
    fn path(&self, name: &str) -> PathBuf {
        self.hosts.shared().join(name)
    }

    /// For whoever has to find out what went wrong.
    fn all_that_is_known(&self) -> String {
        let processes = Command::new("ps")
            .args(["-eo", "pid,ppid,stat,args"])
            .output();
        let processes = processes.map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
        let states = self.states.borrow();
        format!(
            "{:?}\n{:?}\n{}\n{}",
            *states,
            self.reports,
            self.hosts.all_that_is_known(),
            processes.unwrap_or_default()
        )
    }

    async fn hear(&mut self) {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        let event =
            event.unwrap_or_else(|_| panic!("no event comes: {}", self.all_that_is_known()));
        match event.unwrap() {
            ExecutorEvent::Report { attempt, report } => self.reports.push((attempt, report)),
            ExecutorEvent::LogGrew { attempt, rank } => self.grown.push((attempt, rank)),
            ExecutorEvent::Health(health) => panic!("{health:?}"),
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

    async fn running(&mut self, attempt: AttemptId) -> Vec<String> {
        match self.report(attempt, true).await {
            Report::Running { sessions } => sessions,
            Report::Exited(_) => unreachable!("what was asked for"),
        }
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
        until(async || fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n'))).await;
        fs::read_to_string(&path).unwrap()
    }

    /// Our folder on both hosts, by their path.
    fn folder(&self) -> PathBuf {
        let tag = layout::tag(self.dir.path(), layout::SSH_TAG).unwrap();
        Path::new("/root/.local/share/berth-host").join(tag)
    }

    /// Waits until nothing of our jobs runs on any host.
    async fn nothing_left(&self) {
        until(async || left(&self.folder()).is_empty()).await;
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
async fn ssh_on_real_hosts() {
    let Some(hosts) = Hosts::start() else {
        return;
    };
    let mut began = Instant::now();
    let mut done = |name: &str| {
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        began = Instant::now();
    };
    let mut site = Site::new(hosts).await;
    done("connected");
    what_the_hosts_are(&site);
    runs_where_its_lease_says(&mut site).await;
    done("lease");
    codes_signals_and_words(&mut site).await;
    done("codes");
    logs_are_whole(&mut site).await;
    done("logs");
    an_uploaded_folder_is_carried(&mut site).await;
    done("uploaded");
    stops(&mut site).await;
    saves(&mut site).await;
    done("stops");
    gangs(&mut site).await;
    done("gangs");
    launched_once(&mut site).await;
    done("once");
    a_shim_that_is_killed_is_lost(&mut site).await;
    done("killed");
    a_broken_connection_is_made_again(&mut site).await;
    done("connection");
    a_host_that_was_given_up_comes_back(&mut site).await;
    done("given up");
    what_is_tampered_with_is_refused(&mut site).await;
    done("refused");
}

fn what_the_hosts_are(site: &Site) {
    let states = site.states.borrow();
    for number in [1, 2] {
        let state = &states[&NodeName(format!("node-{number}"))];
        assert_eq!(state.address, Some(site.hosts.ip(number)));
        let gpus: Vec<&str> = state
            .hardware
            .gpus
            .iter()
            .map(|gpu| gpu.uuid.as_str())
            .collect();
        let expected: Vec<String> = (0..8).map(|i| format!("GPU-node-{number}-{i}")).collect();
        assert_eq!(gpus, expected);
    }
}

async fn runs_where_its_lease_says(site: &mut Site) {
    let line = "echo $(hostname) $CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES $BERTH_NODE \
                $WORLD_SIZE $MASTER_ADDR $MINE; env | grep -c -e ^SSH_ -e ^TMUX; \
                echo ${PATH:+path}; pwd; until test -e /mnt/shared/seen; do sleep 0.02; done";
    let mut first = order(1, vec![part(2, &[3, 5])], line);
    first.env.insert("MINE".into(), "x".into());
    site.send(Order::Launch(first));
    let second = order(
        2,
        vec![part(1, &[])],
        "echo $(hostname) [$CUDA_VISIBLE_DEVICES]",
    );
    site.send(Order::Launch(second));
    // One that ends at once may never be seen to run.
    assert_eq!(site.running(attempt(1)).await, ["berth-1"]);
    fs::write(site.path("seen"), "").unwrap();
    assert_eq!(site.exit(attempt(1)).await, Exit::code(0));
    assert_eq!(site.exit(attempt(2)).await, Exit::code(0));
    let files = layout::files_dir(&site.folder().join("node-2"), JobId(1));
    let expected = format!(
        "node-2 3,5 GPU-node-2-3,GPU-node-2-5 node-2 2 {} x\n0\npath\n{}\n",
        site.hosts.ip(2),
        files.display()
    );
    assert_eq!(site.log(attempt(1), 0), expected);
    assert_eq!(site.log(attempt(2), 0), "node-1 []\n");
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
    let mut homeless = order(15, vec![part(2, &[2])], "true");
    homeless.workdir = Some("/no/such/folder".into());
    site.send(Order::Launch(homeless));
    assert_eq!(site.exit(attempt(10)).await, Exit::code(7));
    let killed = Ended::Signal { signal: 9 };
    assert_eq!(site.exit(attempt(11)).await.ended, killed);
    let not_launched = |why: &str| Ended::NotLaunched { why: why.into() };
    assert_eq!(
        site.exit(attempt(12)).await.ended,
        not_launched("there is no program 'no-such-program' on this node's PATH")
    );
    let why = "node-9 is not one of the server's hosts any more".to_owned();
    assert_eq!(site.exit(attempt(13)).await.ended, Ended::Lost { why });
    assert_eq!(site.exit(attempt(14)).await, Exit::code(5));
    assert_eq!(
        site.exit(attempt(15)).await.ended,
        not_launched("there is no folder /no/such/folder on this node")
    );
    site.nothing_left().await;
}

async fn logs_are_whole(site: &mut Site) {
    // 5 MB of any bytes, and the last without a line's end.
    let line = "printf '\\377\\376\\0'; head -c 5000000 /dev/zero | tr '\\0' '\\377'; printf end";
    site.send(Order::Launch(order(20, vec![part(2, &[0])], line)));
    let slow = "echo one; until test -e /mnt/shared/go; do sleep 0.02; done; echo two";
    site.send(Order::Launch(order(21, vec![part(1, &[0])], slow)));
    while !site.grown.contains(&(attempt(21), 0)) {
        site.hear().await;
    }
    assert_eq!(site.log(attempt(21), 0), "one\n", "seen while it runs");
    fs::write(site.path("go"), "").unwrap();
    site.exit(attempt(21)).await;
    assert_eq!(site.log(attempt(21), 0), "one\ntwo\n");
    site.exit(attempt(20)).await;
    let folder = layout::rank_dir(site.dir.path(), attempt(20), 0);
    let log = logs::read(&folder, 0, 10_000_000).unwrap().bytes;
    assert_eq!(log.len(), 3 + 5_000_000 + 3);
    assert!(log.starts_with(b"\xff\xfe\0\xff") && log.ends_with(b"\xffend"));
}

async fn an_uploaded_folder_is_carried(site: &mut Site) {
    let shell = |line: &str| {
        let run = std::process::Command::new("sh")
            .args(["-euc", line])
            .current_dir(site.dir.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    };
    let hash = shell(
        "mkdir -p code packages; echo words > code/file; tar -C code -czf new.tar.gz .; \
         h=$(sha256sum < new.tar.gz | cut -c1-64); mv new.tar.gz packages/$h.tar.gz; echo $h",
    );
    // Two at once, and on both hosts.
    let mut orders = Vec::new();
    for (job, node) in [(25, 1), (26, 1), (27, 2)] {
        let mut order = order(job, vec![part(node, &[])], "cat file");
        order.package = Some(hash.clone());
        orders.push(order);
    }
    let mut missing = order(28, vec![part(1, &[])], "cat file");
    missing.package = Some("0".repeat(64));
    orders.push(missing);
    for order in orders {
        site.send(Order::Launch(order));
    }
    for job in [25, 26, 27] {
        assert_eq!(site.exit(attempt(job)).await, Exit::code(0));
        assert_eq!(site.log(attempt(job), 0), "words\n");
    }
    let Ended::NotLaunched { why } = site.exit(attempt(28)).await.ended else {
        panic!("it was launched");
    };
    assert!(
        why.starts_with("the uploaded folder cannot be carried to node-1"),
        "{why}"
    );
}

async fn stops(site: &mut Site) {
    let good = "trap 'echo saved; exit 9' TERM; echo set > /mnt/shared/good; \
                while :; do sleep 0.01; done";
    let deaf = "trap '' TERM; sleep 1000 & echo set > /mnt/shared/deaf; \
                while :; do sleep 0.01; done";
    site.send(Order::Launch(order(30, vec![part(1, &[0])], good)));
    site.send(Order::Launch(order(31, vec![part(2, &[0])], deaf)));
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
    // Before it was ordered, and at once after.
    let line = "echo ran > /mnt/shared/ran";
    for (job, first) in [(32, true), (33, false)] {
        let stop = Order::Stop {
            attempt: attempt(job),
            call: None,
            grace: GRACE,
        };
        let launch = Order::Launch(order(job, vec![part(1, &[0])], line));
        if first {
            site.send(stop.clone());
            site.send(launch);
        } else {
            site.send(launch);
            site.send(stop);
        }
        let ended = site.exit(attempt(job)).await.ended;
        if first {
            let why = "stopped before it began".to_owned();
            assert_eq!(ended, Ended::NotLaunched { why });
            assert!(!site.path("ran").exists());
        }
    }
    site.nothing_left().await;
}

/// Told before its limit, and then to make room: each is heard on the host.
async fn saves(site: &mut Site) {
    let line = "trap 'echo heard > /mnt/shared/heard' USR1; \
                trap 'cat $BERTH_PREEMPT_FILE; exit 5' USR2; echo set > /mnt/shared/saves; \
                while :; do sleep 0.01; done";
    site.send(Order::Launch(order(40, vec![part(1, &[0])], line)));
    site.running(attempt(40)).await;
    site.appears("saves").await;
    let call = |why, signal| LastCall {
        why,
        signal,
        script: false,
        until: "2026-11-26T12:00:00Z".parse().unwrap(),
        lasts: PATIENCE,
    };
    site.send(Order::Call {
        attempt: attempt(40),
        call: call(Why::TimeLimit, NoticeSignal::Usr1),
    });
    site.appears("heard").await;
    site.send(Order::Stop {
        attempt: attempt(40),
        call: Some(call(Why::Preempted, NoticeSignal::Usr2)),
        grace: PATIENCE,
    });
    assert_eq!(site.exit(attempt(40)).await, Exit::code(5));
    assert!(site.log(attempt(40), 0).contains(r#""why":"preempted""#));
}

async fn gangs(site: &mut Site) {
    let line = "echo $(hostname): rank $NODE_RANK of $NNODES, $NPROC_PER_NODE of $WORLD_SIZE, \
                $CUDA_VISIBLE_DEVICES, $MASTER_ADDR:$MASTER_PORT; \
                ping -c 1 -W 5 $MASTER_ADDR > /dev/null 2>&1 || true";
    let all = [0, 1, 2, 3, 4, 5, 6, 7];
    let lease = || vec![part(2, &all), part(1, &all)];
    site.send(Order::Launch(order(50, lease(), line)));
    assert_eq!(site.exit(attempt(50)).await, Exit::code(0));
    let master = site.hosts.ip(2);
    for (rank, node) in [(0, "node-2"), (1, "node-1")] {
        let expected =
            format!("{node}: rank {rank} of 2, 8 of 16, 0,1,2,3,4,5,6,7, {master}:20050\n");
        assert_eq!(site.log(attempt(50), rank), expected);
    }
    // One rank fails: the other ends within the grace, and its code is the job's.
    let line = "if [ $NODE_RANK = 0 ]; then trap '' TERM; echo set > /mnt/shared/set; \
                while :; do sleep 0.01; done; fi; \
                until test -e /mnt/shared/set; do sleep 0.01; done; exit 42";
    site.send(Order::Launch(order(51, lease(), line)));
    assert_eq!(site.exit(attempt(51)).await, Exit::code(42));
    // With a process for each GPU, ranks count on from host to host.
    let mut each = order(
        53,
        vec![part(1, &[0, 1]), part(2, &[0, 1])],
        "echo $RANK/$WORLD_SIZE",
    );
    each.per_gpu = true;
    site.send(Order::Launch(each));
    assert_eq!(site.exit(attempt(53)).await, Exit::code(0));
    for (rank, expected) in [(0, ["0/4", "1/4"]), (1, ["2/4", "3/4"])] {
        let log = site.log(attempt(53), rank);
        let mut words: Vec<&str> = log
            .lines()
            .flat_map(|line| line.split(' ').next_back())
            .collect();
        words.sort_unstable();
        assert_eq!(words, expected);
    }
    // A stop reaches all.
    let line = "trap 'exit 3' TERM; echo up > /mnt/shared/up-$NODE_RANK; \
                while :; do sleep 0.01; done";
    site.send(Order::Launch(order(52, lease(), line)));
    site.appears("up-0").await;
    site.appears("up-1").await;
    site.send(Order::Stop {
        attempt: attempt(52),
        call: None,
        grace: PATIENCE,
    });
    assert_eq!(site.exit(attempt(52)).await, Exit::code(3));
    site.nothing_left().await;
}

async fn launched_once(site: &mut Site) {
    let ran = site.path("once");
    let line = "echo ran >> /mnt/shared/once; \
                until test -e /mnt/shared/once-go; do sleep 0.02; done; echo end; exit 4";
    let one = || order(60, vec![part(1, &[0])], line);
    site.send(Order::Launch(one()));
    site.send(Order::Launch(one()));
    site.running(attempt(60)).await;
    // The server is killed, and comes back.
    site.restart().await;
    site.send(Order::Launch(one()));
    site.running(attempt(60)).await;
    site.restart().await;
    site.send(Order::Adopt(one()));
    site.running(attempt(60)).await;
    fs::write(site.path("once-go"), "").unwrap();
    assert_eq!(site.exit(attempt(60)).await, Exit::code(4));
    assert_eq!(site.log(attempt(60), 0), "end\n");
    site.restart().await;
    site.send(Order::Adopt(one()));
    assert_eq!(site.exit(attempt(60)).await, Exit::code(4));
    assert_eq!(fs::read_to_string(ran).unwrap(), "ran\n");
    // Of what left no trace, nothing is started.
    site.send(Order::Adopt(order(61, vec![part(1, &[0])], "true")));
    let why = "its run folder on node-1 is gone".to_owned();
    assert_eq!(site.exit(attempt(61)).await.ended, Ended::Lost { why });
}

async fn a_shim_that_is_killed_is_lost(site: &mut Site) {
    let line = "trap '' TERM; sleep 1000 & echo here > /mnt/shared/shim; wait; sleep 1000";
    site.send(Order::Launch(order(70, vec![part(2, &[0])], line)));
    site.running(attempt(70)).await;
    site.appears("shim").await;
    let folder = layout::rank_dir(&site.folder().join("node-2"), attempt(70), 0);
    let is_shim = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        // tmux's own command line, which is that of the session it began with, has it further on.
        let words: Vec<&str> = line.split('\0').take(3).collect();
        matches!(words[..], [program, "shim", of]
            if program.ends_with("berth-server") && Path::new(of) == folder)
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let shims: Vec<u32> = pids.filter(is_shim).collect();
    assert_eq!(shims.len(), 1);
    let killed = std::process::Command::new("kill")
        .args(["-9", &shims[0].to_string()])
        .status();
    assert!(killed.unwrap().success());
    let why = "its shim was killed".to_owned();
    assert_eq!(site.exit(attempt(70)).await.ended, Ended::Lost { why });
    site.nothing_left().await;
}

async fn a_broken_connection_is_made_again(site: &mut Site) {
    let line = "echo before; echo ran >> /mnt/shared/broken; \
                until test -e /mnt/shared/broken-go; do sleep 0.02; done; echo after; exit 8";
    site.send(Order::Launch(order(80, vec![part(1, &[0])], line)));
    site.send(Order::Launch(order(81, vec![part(2, &[0])], line)));
    for job in [80, 81] {
        site.running(attempt(job)).await;
    }
    // Those of the servers before may not have noticed yet that they have nothing to do.
    assert!(site.hosts.kill_masters() >= 2);
    fs::write(site.path("broken-go"), "").unwrap();
    for job in [80, 81] {
        assert_eq!(site.exit(attempt(job)).await, Exit::code(8));
        assert_eq!(site.log(attempt(job), 0), "before\nafter\n");
    }
    assert_eq!(
        fs::read_to_string(site.path("broken")).unwrap(),
        "ran\nran\n"
    );
}

/// One host's network is gone for longer than it may be. What ran there, and what was to, is lost; a
/// gang ends on the other host too. When it is back, it is ended there and nothing is begun.
async fn a_host_that_was_given_up_comes_back(site: &mut Site) {
    let line = "echo $NODE_RANK >> /mnt/shared/given; trap '' TERM; while :; do sleep 0.02; done";
    site.send(Order::Launch(order(90, vec![part(2, &[0])], line)));
    site.send(Order::Launch(order(
        91,
        vec![part(1, &[1]), part(2, &[1])],
        line,
    )));
    for job in [90, 91] {
        site.running(attempt(job)).await;
    }
    site.hosts.link(2, false);
    site.hosts.kill_masters();
    // Whoever hears that it is lost knows that the host is away: otherwise it would be sent there again.
    let ended = site.exit(attempt(90)).await.ended;
    let Ended::Lost { why } = ended else {
        panic!("{ended:?}");
    };
    assert!(
        why.contains("node-2 was away for longer than 10 s"),
        "{why}"
    );
    assert!(!site.states.borrow()[&NodeName::from("node-2")].up, "{why}");
    site.problem("node-2", "node-2").await;
    let never = "echo never >> /mnt/shared/given";
    site.send(Order::Launch(order(92, vec![part(2, &[2])], never)));
    for job in [91, 92] {
        let ended = site.exit(attempt(job)).await.ended;
        let Ended::Lost { why } = ended else {
            panic!("{job}: {ended:?}");
        };
        assert!(
            why.contains("node-2 was away for longer than 10 s"),
            "{why}"
        );
    }
    let folder = site.folder();
    until(async || left(&folder.join("node-1")).is_empty()).await;
    assert!(!left(&folder.join("node-2")).is_empty(), "nobody told it");
    // The server is another one by then, which never heard of them.
    site.restart().await;
    site.hosts.link(2, true);
    site.until_up(&["node-2"]).await;
    site.nothing_left().await;
    let mut lines: Vec<String> = fs::read_to_string(site.path("given"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    assert_eq!(lines, ["0", "0", "1"]);
}

async fn what_is_tampered_with_is_refused(site: &mut Site) {
    let cache = site.hosts.home(1).join(".cache/berth");
    let versions: Vec<_> = fs::read_dir(&cache).unwrap().flatten().collect();
    assert_eq!(versions.len(), 1);
    let binary = versions[0].path().join("berth-server");
    let mut bytes = fs::read(&binary).unwrap();
    bytes.push(0);
    fs::remove_file(&binary).unwrap();
    fs::write(&binary, bytes).unwrap();
    site.hosts.know([1, 1]);
    site.restart().await;
    site.problem("node-1", "is not what Berth put there").await;
    site.problem("node-2", "is not the one in known_hosts")
        .await;
    // A gang does not wait for ever for a host that was never reached.
    let gang = order(101, vec![part(2, &[0]), part(1, &[0])], "true");
    site.send(Order::Launch(gang));
    fs::remove_file(&binary).unwrap();
    site.hosts.know([1, 0]);
    site.until_up(&["node-1"]).await;
    site.problem("node-2", "the key of node-2 is not known")
        .await;
    site.hosts.know([1, 2]);
    site.until_up(&["node-1", "node-2"]).await;
    site.send(Order::Launch(order(100, vec![part(2, &[0])], "exit 6")));
    assert_eq!(site.exit(attempt(100)).await, Exit::code(6));
}
