//! The tmux executor with real tmux, real processes and real signals.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod marked;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use berth_domain::{
    AttemptId, Ended, Exit, GpuRef, GpuUuid, JobId, Lease, NodeLease, NodeName, Report,
};
use berth_executors::{
    ExecutorEvent, ExecutorHandle, LaunchOrder, Order, RunConfig, TmuxConfig, layout, logs, tmux,
};
use marked::left;
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// Nothing here takes as long; what does hangs.
const PATIENCE: Duration = Duration::from_secs(60);

struct Host {
    dir: tempfile::TempDir,
    config: TmuxConfig,
    executor: Option<ExecutorHandle>,
    events: UnboundedReceiver<ExecutorEvent>,
}

impl Host {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut TmuxConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let exe = std::env::current_exe().unwrap();
        let shim = exe.ancestors().nth(2).unwrap().join("examples/shim");
        assert!(shim.is_file(), "cargo builds examples before tests");
        let run = RunConfig {
            data_dir: dir.path().to_owned(),
            shim,
            leftover_grace: Duration::from_millis(200),
            gang_grace: Duration::from_millis(500),
            ..RunConfig::default()
        };
        let mut config = TmuxConfig {
            run,
            socket_dir: Some(dir.path().to_owned()),
            ..TmuxConfig::default()
        };
        change(&mut config);
        let (sender, events) = mpsc::unbounded_channel();
        let executor = Some(tmux::spawn(config.clone(), sender).unwrap());
        Host {
            dir,
            config,
            executor,
            events,
        }
    }

    /// The server goes and another comes.
    async fn restart(&mut self) {
        self.executor = None;
        // The executor ends when its handle is gone, and with it the channel.
        while self.events.recv().await.is_some() {}
        let (sender, events) = mpsc::unbounded_channel();
        self.executor = Some(tmux::spawn(self.config.clone(), sender).unwrap());
        self.events = events;
    }

    fn send(&self, order: Order) {
        self.executor.as_ref().unwrap().send(order);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn next(&mut self) -> ExecutorEvent {
        tokio::time::timeout(PATIENCE, self.events.recv())
            .await
            .expect("an event")
            .unwrap()
    }

    async fn report(&mut self, attempt: AttemptId) -> Report {
        loop {
            match self.next().await {
                ExecutorEvent::Report {
                    attempt: of,
                    report,
                } if of == attempt => return report,
                _ => {}
            }
        }
    }

    async fn running(&mut self, attempt: AttemptId) -> Vec<String> {
        match self.report(attempt).await {
            Report::Running { sessions } => sessions,
            other => panic!("{other:?}"),
        }
    }

    async fn exit(&mut self, attempt: AttemptId) -> Exit {
        loop {
            if let Report::Exited(exit) = self.report(attempt).await {
                return exit;
            }
        }
    }

    fn log(&self, attempt: AttemptId, rank: u32) -> String {
        let folder = layout::rank_dir(self.dir.path(), attempt, rank);
        logs::readable(&logs::read(&folder, 0, 1 << 20).unwrap().bytes, false)
    }

    fn tmux(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("tmux");
        command
            .args(arguments)
            .env("TMUX_TMPDIR", self.dir.path())
            .env_remove("TMUX");
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    /// Waits until the file is there, as a job that began makes it.
    async fn appears(&self, name: &str) -> String {
        let path = self.path(name);
        let wait = async {
            loop {
                if let Ok(text) = std::fs::read_to_string(&path)
                    && text.ends_with('\n')
                {
                    return text;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the file")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
        for pid in left(self.dir.path()) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
    }
}

const FIRST: AttemptId = AttemptId {
    job: JobId(7),
    number: 1,
};

fn part(node: &str, indices: &[u32]) -> NodeLease {
    let gpu = |index: &u32| GpuRef {
        index: *index,
        uuid: GpuUuid(format!("GPU-{node}-{index}")),
    };
    NodeLease {
        node: NodeName::from(node),
        gpus: indices.iter().map(gpu).collect(),
    }
}

fn order(line: &str) -> Box<LaunchOrder> {
    Box::new(LaunchOrder {
        attempt: FIRST,
        job_name: "a job".to_owned(),
        command: ["sh", "-c", line].map(str::to_owned).to_vec(),
        package: None,
        workdir: None,
        env: BTreeMap::new(),
        lease: Lease(vec![part("node-1", &[2, 5])]),
    })
}

#[tokio::test]
async fn a_command_sees_its_devices_and_its_code_comes_back() {
    let mut host = Host::new();
    let line = "echo $CUDA_DEVICE_ORDER $CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES $BERTH_JOB_ID \
                $BERTH_ATTEMPT $BERTH_GPUS $BERTH_NODE $WORLD_SIZE $MINE $CUDA_MINE; pwd; exit 3";
    let mut order = order(line);
    order.env.insert("MINE".into(), "x".into());
    // What the lease means stands above what the user says.
    order
        .env
        .insert("CUDA_VISIBLE_DEVICES".into(), "0,1,2,3,4,5,6,7".into());
    host.send(Order::Launch(order));
    assert_eq!(host.exit(FIRST).await, Exit::code(3));
    let files = layout::files_dir(host.dir.path(), JobId(7));
    let expected = format!(
        "PCI_BUS_ID 2,5 GPU-node-1-2,GPU-node-1-5 7 1 2 node-1 2 x\n{}\n",
        files.display()
    );
    assert_eq!(host.log(FIRST, 0), expected);
}

#[tokio::test]
async fn what_cannot_be_started_is_said_in_words() {
    let mut host = Host::new();
    let mut missing = order("");
    missing.command = vec!["no-such-program".into()];
    host.send(Order::Launch(missing));
    let why = "there is no program 'no-such-program' on this node's PATH".to_owned();
    assert_eq!(host.exit(FIRST).await.ended, Ended::NotLaunched { why });

    let second = AttemptId { number: 2, ..FIRST };
    let mut nowhere = order("true");
    (nowhere.attempt, nowhere.workdir) = (second, Some("/no/such/folder".into()));
    host.send(Order::Launch(nowhere));
    let why = "there is no folder /no/such/folder on this node".to_owned();
    assert_eq!(host.exit(second).await.ended, Ended::NotLaunched { why });
}

#[tokio::test]
async fn nothing_of_a_finished_job_remains() {
    let mut host = Host::new();
    // A child, a grandchild in a session of its own, one that forked twice, all deaf to SIGTERM.
    let line = "trap '' TERM; sleep 1000 & (setsid sh -c 'trap \"\" TERM; sleep 1000' &) ; \
                (sh -c '(sleep 1000 &) &' &); sleep 0.2; exit 5";
    host.send(Order::Launch(order(line)));
    assert_eq!(host.exit(FIRST).await, Exit::code(5));
    assert_eq!(left(host.dir.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn a_stop_is_a_term_a_grace_and_a_kill() {
    let mut host = Host::new();
    // Ends well when told to; a shell hears nothing before its trap is set.
    let set = |name: &str| format!("echo set > {}", host.path(name).display());
    let line = format!(
        "trap 'echo saved; exit 9' TERM; {}; while :; do sleep 0.01; done",
        set("first")
    );
    let deaf = format!(
        "trap '' TERM; sleep 1000 & {}; while :; do sleep 0.01; done",
        set("second")
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("first").await;
    host.send(Order::Stop {
        attempt: FIRST,
        grace: PATIENCE,
    });
    assert_eq!(host.exit(FIRST).await, Exit::code(9));
    // The shell also says that its `sleep` was told to end.
    assert!(host.log(FIRST, 0).ends_with("saved\n"));

    // Does not end, nor does its child.
    let second = AttemptId { number: 2, ..FIRST };
    let mut deaf = order(&deaf);
    deaf.attempt = second;
    host.send(Order::Launch(deaf));
    host.running(second).await;
    host.appears("second").await;
    host.send(Order::Stop {
        attempt: second,
        grace: Duration::from_millis(100),
    });
    assert_eq!(host.exit(second).await.ended, Ended::Signal { signal: 9 });
    assert_eq!(left(host.dir.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn a_stop_before_the_launch_means_that_it_never_runs() {
    let mut host = Host::new();
    let line = format!("echo ran > {}", host.path("ran").display());
    host.send(Order::Stop {
        attempt: FIRST,
        grace: PATIENCE,
    });
    host.send(Order::Launch(order(&line)));
    assert!(matches!(
        host.exit(FIRST).await.ended,
        Ended::NotLaunched { .. }
    ));
    // Nor later, when a shim that was asked for comes after all.
    let rank = layout::rank_dir(host.dir.path(), FIRST, 0);
    let second = AttemptId { number: 2, ..FIRST };
    let mut other = order("true");
    other.attempt = second;
    host.send(Order::Launch(other));
    host.exit(second).await;
    let spec = layout::rank_dir(host.dir.path(), second, 0).join(layout::SPEC);
    std::fs::copy(spec, rank.join(layout::SPEC)).unwrap();
    Command::new(&host.config.run.shim)
        .arg("shim")
        .arg(&rank)
        .status()
        .unwrap();
    assert!(rank.join(layout::EXIT).exists());
    assert!(!host.path("ran").exists());
}

#[tokio::test]
async fn launching_twice_runs_once() {
    let mut host = Host::new();
    let line = format!("echo ran >> {}; sleep 0.2", host.path("ran").display());
    host.send(Order::Launch(order(&line)));
    host.send(Order::Launch(order(&line)));
    host.exit(FIRST).await;
    host.restart().await;
    host.send(Order::Launch(order(&line)));
    assert_eq!(host.exit(FIRST).await, Exit::code(0));
    assert_eq!(std::fs::read_to_string(host.path("ran")).unwrap(), "ran\n");
}

#[tokio::test]
async fn a_job_outlives_tmux_and_the_server() {
    let mut host = Host::new();
    let go = host.path("go");
    let line = format!(
        "while ! test -e {}; do sleep 0.01; done; echo done; exit 4",
        go.display()
    );
    host.send(Order::Launch(order(&line)));
    assert_eq!(host.running(FIRST).await, ["berth-7"]);
    assert!(
        host.tmux(&["has-session", "-t", "berth-7"]),
        "a person can attach to it"
    );
    assert!(host.tmux(&["kill-server"]));
    host.restart().await;
    host.send(Order::Adopt(order(&line)));
    host.running(FIRST).await;
    std::fs::write(&go, "").unwrap();
    assert_eq!(host.exit(FIRST).await, Exit::code(4));
    assert_eq!(host.log(FIRST, 0), "done\n");

    // One that ended while no server was there.
    host.restart().await;
    host.send(Order::Adopt(order(&line)));
    assert_eq!(host.exit(FIRST).await, Exit::code(4));
}

#[tokio::test]
async fn adopting_what_left_no_trace_never_starts_it() {
    let mut host = Host::new();
    host.send(Order::Adopt(order(&format!(
        "echo ran > {}",
        host.path("ran").display()
    ))));
    assert!(matches!(host.exit(FIRST).await.ended, Ended::Lost { .. }));
    assert!(!host.path("ran").exists());
}

#[tokio::test]
async fn a_killed_shim_is_noticed_and_leaves_nothing() {
    let mut host = Host::new();
    let line = format!("echo $PPID > {}; sleep 1000", host.path("shim").display());
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    let shim = host.appears("shim").await;
    assert!(
        Command::new("kill")
            .args(["-9", shim.trim()])
            .status()
            .unwrap()
            .success()
    );
    let why = "its shim was killed".to_owned();
    assert_eq!(host.exit(FIRST).await.ended, Ended::Lost { why });
    let gone = async {
        while !left(host.dir.path()).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("what it left is ended");
}

/// Whether a rank here gets a control group: see `cgroup.rs`.
fn has_cgroup(host: &Host) -> bool {
    let meta = layout::rank_dir(host.dir.path(), FIRST, 0).join(layout::META);
    let meta = std::fs::read_to_string(meta).unwrap();
    let meta: serde_json::Value = serde_json::from_str(&meta).unwrap();
    meta["cgroup"].is_string()
}

#[tokio::test]
async fn what_hid_from_a_killed_shim_is_found_in_its_control_group() {
    let mut host = Host::new();
    // It has a session of its own, another parent, and nothing in its environment.
    let hidden = "env -i setsid sleep 1000";
    let pid = host.path("hidden");
    let line = format!(
        "({hidden} & echo $! > {pid}) & echo $PPID > {}; sleep 1000",
        host.path("shim").display(),
        pid = pid.display(),
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    let (shim, hidden) = (host.appears("shim").await, host.appears("hidden").await);
    let end = |pid: &str| Command::new("kill").args(["-9", pid.trim()]).status();
    assert!(end(&shim).unwrap().success());
    let why = "its shim was killed".to_owned();
    assert_eq!(host.exit(FIRST).await.ended, Ended::Lost { why });
    if !has_cgroup(&host) {
        println!("this host gives no control groups: not tested");
        end(&hidden).unwrap();
        return;
    }
    let process = PathBuf::from(format!("/proc/{}", hidden.trim()));
    let gone = async {
        while process.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("what hid is ended");
}

#[tokio::test]
async fn logs_hold_any_bytes_and_keep_head_and_tail() {
    let mut host = Host::with(|config| config.run.log_limit_bytes = 16 * 1024);
    let line = "printf 'first\\n\\377\\000\\n'; i=0; while [ $i -lt 3000 ]; do echo line $i; \
                i=$((i+1)); done; printf '10%%\\r99%%\\rlast\\n'";
    host.send(Order::Launch(order(line)));
    host.exit(FIRST).await;
    let folder = layout::rank_dir(host.dir.path(), FIRST, 0);
    let head = logs::read(&folder, 0, 100).unwrap();
    assert!(head.bytes.starts_with(b"first\n\xff\0\nline 0\n"));
    let total = logs::total(&folder).unwrap();
    assert!(total > 24 * 1024, "{total}");
    let tail = logs::read(&folder, total - 20, 100).unwrap();
    assert!(
        logs::readable(&tail.bytes, false).ends_with("\nlast\n"),
        "{tail:?}"
    );
    let middle = logs::read(&folder, 10 * 1024, 100).unwrap();
    assert!(middle.start > 10 * 1024, "the middle is not kept");
}

#[tokio::test]
async fn out_of_memory_is_told_from_other_failures() {
    let mut host = Host::new();
    host.send(Order::Launch(order(
        "echo 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB' >&2; exit 1",
    )));
    assert_eq!(
        host.exit(FIRST).await,
        Exit {
            ended: Ended::Code { code: 1 },
            out_of_memory: true
        }
    );
}

#[tokio::test]
async fn a_gang_starts_together_and_ends_with_its_first_failure() {
    let mut host = Host::new();
    let line = "echo rank $NODE_RANK of $NNODES on $BERTH_NODE: $CUDA_VISIBLE_DEVICES $WORLD_SIZE; \
                if [ $NODE_RANK = 1 ]; then exit 6; fi; trap '' TERM; while :; do sleep 0.01; done";
    let mut gang = order(line);
    gang.lease = Lease(vec![part("node-1", &[0, 1]), part("node-2", &[4, 7])]);
    host.send(Order::Launch(gang));
    assert_eq!(host.exit(FIRST).await, Exit::code(6));
    assert_eq!(host.log(FIRST, 0), "rank 0 of 2 on node-1: 0,1 4\n");
    assert_eq!(host.log(FIRST, 1), "rank 1 of 2 on node-2: 4,7 4\n");
    assert_eq!(left(host.dir.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn a_taken_session_name_is_no_obstacle() {
    let mut host = Host::new();
    assert!(host.tmux(&["new-session", "-d", "-s", "berth-7", "sleep 1000"]));
    host.send(Order::Launch(order("echo ran")));
    assert_eq!(host.exit(FIRST).await, Exit::code(0));
    assert_eq!(host.log(FIRST, 0), "ran\n");
}

#[tokio::test]
async fn a_hundred_at_once_all_report() {
    let mut host = Host::new();
    for n in 1..=100u8 {
        let mut one = order(&format!("exit {n}"));
        one.attempt = AttemptId {
            job: JobId(u64::from(n)),
            number: 1,
        };
        host.send(Order::Launch(one));
    }
    let mut codes = BTreeMap::new();
    while codes.len() < 100 {
        if let ExecutorEvent::Report {
            attempt,
            report: Report::Exited(exit),
        } = host.next().await
        {
            codes.insert(attempt.job.0, exit.exit_code());
        }
    }
    assert!(
        codes
            .iter()
            .all(|(job, code)| code.map(i64::from) == i64::try_from(*job).ok())
    );
}

#[tokio::test]
async fn a_host_without_tmux_says_so() {
    let mut host = Host::with(|config| config.tmux = "/no/such/tmux".into());
    host.send(Order::Launch(order("true")));
    let why = "tmux is not installed on this host".to_owned();
    assert_eq!(
        host.exit(FIRST).await.ended,
        Ended::NotLaunched { why: why.clone() }
    );
    assert_eq!(host.next().await, ExecutorEvent::Health(Err(why)));
}
