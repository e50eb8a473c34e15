//! The tmux executor with real tmux, real processes and real signals.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod marked;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use berth_domain::{
    AttemptId, Ended, Exit, GpuRef, GpuUuid, JobId, Lease, NodeLease, NodeName, NoticeSignal,
    Report, Timestamp,
};
use berth_executors::{
    ExecutorEvent, ExecutorHandle, LastCall, LaunchOrder, Order, RunConfig, TmuxConfig, Why,
    layout, logs, tmux,
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

/// A shim that we started ourselves, with the record of the first attempt, which is over.
struct ByHand {
    folder: PathBuf,
    shim: std::process::Child,
}

impl ByHand {
    fn start(host: &Host, under: &str, line: &str) -> Self {
        let folder = host.path("by-hand");
        std::fs::create_dir(&folder).unwrap();
        let spec = layout::rank_dir(host.dir.path(), FIRST, 0).join(layout::SPEC);
        let mut spec: serde_json::Value =
            serde_json::from_slice(&std::fs::read(spec).unwrap()).unwrap();
        spec["under"] = under.into();
        spec["command"] = serde_json::json!(["sh", "-c", line]);
        write(&folder, layout::SPEC, &spec);
        let mut shim = Command::new(&host.config.run.shim);
        shim.arg("shim").arg(&folder).stdout(Stdio::null());
        ByHand {
            shim: shim.spawn().unwrap(),
            folder,
        }
    }

    /// Its time limit is near.
    fn near(&self, signal: NoticeSignal) {
        let near = LastCall {
            why: Why::TimeLimit,
            ..call(signal, PATIENCE)
        };
        let near = serde_json::to_value(near).unwrap();
        write(&self.folder, layout::LAST_CALL, &near);
    }

    fn stop(&self, signal: NoticeSignal) {
        let stop = serde_json::json!({"call": call(signal, PATIENCE), "grace_ms": 100});
        write(&self.folder, layout::STOP, &stop);
    }

    fn signal(&self, which: &str) {
        let pid = self.shim.id().to_string();
        let sent = Command::new("kill").args([which, &pid]).status().unwrap();
        assert!(sent.success());
    }

    fn code(&mut self) -> i64 {
        assert!(self.shim.wait().unwrap().success());
        let exit = std::fs::read(self.folder.join(layout::EXIT)).unwrap();
        let exit: serde_json::Value = serde_json::from_slice(&exit).unwrap();
        exit["code"].as_i64().expect("a code")
    }
}

/// As a whole or not at all.
fn write(folder: &Path, name: &str, record: &serde_json::Value) {
    let new = folder.join("new");
    std::fs::write(&new, record.to_string()).unwrap();
    std::fs::rename(new, folder.join(name)).unwrap();
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
        per_gpu: false,
        interactive: false,
        adopted: None,
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
async fn who_asks_for_them_finds_slurms_variables_and_a_file_of_the_output() {
    let mut host = Host::new();
    let line = "echo $SLURM_JOB_ID $SLURM_JOB_NODELIST $SLURM_NNODES $SLURM_NODEID $SLURM_PROCID \
                $SLURM_NTASKS $SLURM_TASKS_PER_NODE $SLURM_GPUS_ON_NODE $SLURM_ARRAY_TASK_ID";
    let mut order = order(line);
    order.lease = Lease(vec![part("node-1", &[2, 5]), part("node-2", &[0, 1])]);
    let folder = host.path("work");
    std::fs::create_dir(&folder).unwrap();
    order.workdir = Some(folder.display().to_string());
    let env = [
        ("BERTH_SLURM", "1"),
        ("BERTH_OUTPUT", "logs/%A_%2a.out"),
        ("BERTH_ARRAY_JOB_ID", "5"),
        ("BERTH_ARRAY_TASK_ID", "4"),
        // What the submission knows better.
        ("SLURM_NTASKS", "6"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    order.env.extend(env);
    host.send(Order::Launch(order));
    assert_eq!(host.exit(FIRST).await, Exit::code(0));
    for (rank, name) in [(0, "logs/5_04.out"), (1, "logs/5_04.out.1")] {
        let expected = format!("7 node-1,node-2 2 {rank} {rank} 6 1(x2) 2 4\n");
        let written = std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(written, expected);
        assert_eq!(host.log(FIRST, rank), expected);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_in_the_log() {
    let mut host = Host::new();
    let mut order = order("echo goes on");
    order
        .env
        .insert("BERTH_OUTPUT".into(), "/dev/null/x".into());
    host.send(Order::Launch(order));
    assert_eq!(host.exit(FIRST).await, Exit::code(0));
    let log = host.log(FIRST, 0);
    assert!(
        log.starts_with("berth: /dev/null/x cannot be written"),
        "{log}"
    );
    assert!(log.ends_with("goes on\n"), "{log}");
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
        call: None,
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
        call: None,
        grace: Duration::from_millis(100),
    });
    assert_eq!(host.exit(second).await.ended, Ended::Signal { signal: 9 });
    assert_eq!(left(host.dir.path()), Vec::<u32>::new());
}

fn call(signal: NoticeSignal, lasts: Duration) -> LastCall {
    LastCall {
        why: Why::Preempted,
        signal,
        script: false,
        until: "2026-11-26T12:00:00Z".parse::<Timestamp>().unwrap(),
        lasts,
    }
}

/// A stop with a last call before it; SIGTERM and SIGKILL are then a moment apart.
fn stop(signal: NoticeSignal, lasts: Duration) -> Order {
    Order::Stop {
        attempt: FIRST,
        call: Some(call(signal, lasts)),
        grace: Duration::from_millis(100),
    }
}

/// A shell's line that tells `name` when it is ready, then waits for ever.
fn ready(host: &Host, name: &str) -> String {
    let path = host.path(name);
    format!(
        "echo ready > {}; while :; do sleep 0.01; done",
        path.display()
    )
}

#[tokio::test]
async fn before_a_stop_it_hears_the_signal_finds_the_file_and_ends_by_itself() {
    let mut host = Host::new();
    let line = format!(
        "trap 'cat $BERTH_PREEMPT_FILE; exit 0' USR1; trap 'echo too late' TERM; {}",
        ready(&host, "set")
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("set").await;
    host.send(stop(NoticeSignal::Usr1, PATIENCE));
    assert_eq!(host.exit(FIRST).await, Exit::code(0));
    let said: serde_json::Value = serde_json::from_str(&host.log(FIRST, 0)).unwrap();
    assert_eq!(
        said,
        serde_json::json!({"why": "preempted", "until": "2026-11-26T12:00:00Z", "seconds": 60.0,
            "signal": "USR1"})
    );
    assert_eq!(left(host.dir.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn who_does_not_catch_the_signal_is_not_killed_by_it() {
    let mut host = Host::new();
    // The outer shell and `sleep` would die of it, and so would a worker that inherited nothing. The
    // inner one catches it, and its child, which has its handler, is not disturbed.
    let inner = "trap 'echo saved by $0; exit 0' USR1;                  (trap 'echo disturbed' USR1; while :; do sleep 0.01; done) &                  echo ready > $1; while :; do sleep 0.01; done";
    let line = format!(
        r#"sleep 1000 & sh -c "$INNER" inner {}; echo outer went on; exit 3"#,
        host.path("set").display()
    );
    let mut order = order(&line);
    order.env.insert("INNER".into(), inner.into());
    host.send(Order::Launch(order));
    host.running(FIRST).await;
    host.appears("set").await;
    host.send(stop(NoticeSignal::Usr1, PATIENCE));
    assert_eq!(host.exit(FIRST).await, Exit::code(3));
    assert_eq!(host.log(FIRST, 0), "saved by inner\nouter went on\n");
}

#[tokio::test]
async fn a_script_that_only_cleans_up_is_left_alone_unless_it_is_meant() {
    // With a trap for EXIT bash catches every signal, and ends. The file is there before the signal, so who
    // is to be ended by the signal may not look for it.
    let line = |host: &Host, until: &str| {
        let set = host.path("set");
        format!(
            "trap 'echo cleaned up' EXIT; echo ready > {}; until {until}; do sleep 0.01; done; echo saved",
            set.display()
        )
    };
    for (script, until, expected) in [
        (false, "test -e $BERTH_PREEMPT_FILE", "saved\ncleaned up\n"),
        (true, "false", "cleaned up\n"),
    ] {
        let mut host = Host::new();
        let mut order = order(&line(&host, until));
        order.command[0] = "bash".into();
        host.send(Order::Launch(order));
        host.running(FIRST).await;
        host.appears("set").await;
        host.send(Order::Stop {
            attempt: FIRST,
            call: Some(LastCall {
                script,
                ..call(NoticeSignal::Usr1, PATIENCE)
            }),
            grace: PATIENCE,
        });
        host.exit(FIRST).await;
        assert_eq!(host.log(FIRST, 0), expected);
    }
}

#[tokio::test]
async fn who_catches_nothing_may_look_for_the_file() {
    let mut host = Host::new();
    let line = format!(
        "echo ready > {}; until test -e $BERTH_PREEMPT_FILE; do sleep 0.01; done; exit 7",
        host.path("set").display()
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("set").await;
    host.send(stop(NoticeSignal::Usr2, PATIENCE));
    assert_eq!(host.exit(FIRST).await, Exit::code(7));
}

#[tokio::test]
async fn who_goes_on_gets_a_term_and_then_a_kill() {
    let mut host = Host::new();
    let line = format!(
        "trap 'echo heard' USR1; trap 'echo term' TERM; {}",
        ready(&host, "set")
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("set").await;
    // Long enough for a shell on a busy machine to say what it heard.
    host.send(Order::Stop {
        attempt: FIRST,
        call: Some(call(NoticeSignal::Usr1, Duration::from_secs(2))),
        grace: Duration::from_secs(2),
    });
    assert_eq!(host.exit(FIRST).await.ended, Ended::Signal { signal: 9 });
    let log = host.log(FIRST, 0);
    let said: Vec<&str> = log.lines().filter(|line| !line.contains("Term")).collect();
    assert_eq!(said, ["heard", "term"]);
}

#[tokio::test]
async fn a_cancel_does_not_wait_for_a_last_call_to_pass() {
    let mut host = Host::new();
    let line = format!(
        "trap 'echo heard' USR1; trap 'exit 9' TERM; {}",
        ready(&host, "set")
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("set").await;
    host.send(stop(NoticeSignal::Usr1, Duration::from_secs(3600)));
    host.send(Order::Stop {
        attempt: FIRST,
        call: None,
        grace: PATIENCE,
    });
    assert_eq!(host.exit(FIRST).await, Exit::code(9));
}

#[tokio::test]
async fn a_call_before_its_limit_is_heard_once_whatever_server_repeats_it() {
    let mut host = Host::new();
    let line = format!(
        "trap 'echo heard >> {heard}' USR1; trap 'echo more >> {heard}; exit 3' USR2; {}",
        ready(&host, "set"),
        heard = host.path("heard").display(),
    );
    let near = |signal| Order::Call {
        attempt: FIRST,
        call: LastCall {
            why: Why::TimeLimit,
            ..call(signal, PATIENCE)
        },
    };
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("set").await;
    host.send(near(NoticeSignal::Usr1));
    assert_eq!(host.appears("heard").await, "heard\n");
    host.restart().await;
    host.send(Order::Adopt(order(&line)));
    host.send(near(NoticeSignal::Usr1));
    host.running(FIRST).await;
    // It has heard this when it ends; the one before would have come first.
    host.send(stop(NoticeSignal::Usr2, PATIENCE));
    assert_eq!(host.exit(FIRST).await, Exit::code(3));
    let heard = std::fs::read_to_string(host.path("heard")).unwrap();
    assert_eq!(heard, "heard\nmore\n");
}

#[tokio::test]
async fn a_shim_that_no_signal_reaches_looks_by_itself() {
    let mut host = Host::new();
    host.send(Order::Launch(order("true")));
    host.exit(FIRST).await;
    // As under Ray: a shim that is asked by files alone.
    let line = format!(
        "trap 'echo heard > {}' USR1; trap 'exit 4' USR2; {}",
        host.path("heard").display(),
        ready(&host, "set")
    );
    let mut hand = ByHand::start(&host, "ray", &line);
    host.appears("set").await;
    hand.near(NoticeSignal::Usr1);
    host.appears("heard").await;
    hand.stop(NoticeSignal::Usr2);
    assert_eq!(hand.code(), 4);
}

#[tokio::test]
async fn a_call_that_is_read_after_a_stop_gives_way_to_it() {
    let mut host = Host::new();
    host.send(Order::Launch(order("true")));
    host.exit(FIRST).await;
    let line = format!(
        "trap 'exit 3' USR1; trap 'exit 4' USR2; {}",
        ready(&host, "set")
    );
    let mut hand = ByHand::start(&host, "tmux", &line);
    host.appears("set").await;
    // Both wait while it sleeps, and SIGTERM has the lower number.
    hand.signal("-STOP");
    hand.near(NoticeSignal::Usr1);
    hand.stop(NoticeSignal::Usr2);
    hand.signal("-URG");
    hand.signal("-TERM");
    hand.signal("-CONT");
    assert_eq!(hand.code(), 4);
}

#[tokio::test]
async fn the_next_attempt_finds_what_the_one_before_saved() {
    let mut host = Host::new();
    let line = format!(
        "cd $BERTH_RUN_DIR; test -e $BERTH_PREEMPT_FILE && exit 1;          if test -e saved; then cat saved; echo attempt $BERTH_ATTEMPT; exit 0; fi;          trap 'echo step 17 > saved; exit 0' USR1; {}",
        ready(&host, "set")
    );
    host.send(Order::Launch(order(&line)));
    host.running(FIRST).await;
    host.appears("set").await;
    host.send(stop(NoticeSignal::Usr1, PATIENCE));
    host.exit(FIRST).await;
    let second = AttemptId { number: 2, ..FIRST };
    let mut again = order(&line);
    again.attempt = second;
    host.send(Order::Launch(again));
    assert_eq!(host.exit(second).await, Exit::code(0));
    assert_eq!(host.log(second, 0), "step 17\nattempt 2\n");
}

#[tokio::test]
async fn one_process_for_each_gpu_knows_its_place() {
    let mut host = Host::new();
    let line = "echo $RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $NODE_RANK $MASTER_ADDR \
                $MASTER_PORT $CUDA_VISIBLE_DEVICES; printf 'no end of line'";
    let mut each = order(line);
    each.per_gpu = true;
    each.lease = Lease(vec![part("node-1", &[0, 1]), part("node-2", &[4, 7])]);
    host.send(Order::Launch(each));
    assert_eq!(host.exit(FIRST).await, Exit::code(0));
    let lines = |rank| {
        let log = host.log(FIRST, rank);
        let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(
        lines(0),
        [
            "[rank 0] 0 0 4 2 0 127.0.0.1 20007 0,1",
            "[rank 0] no end of line",
            "[rank 1] 1 1 4 2 0 127.0.0.1 20007 0,1",
            "[rank 1] no end of line",
        ]
    );
    assert_eq!(lines(1)[0], "[rank 2] 2 0 4 2 1 127.0.0.1 20007 4,7");
}

#[tokio::test]
async fn the_first_process_that_fails_ends_the_others() {
    let mut host = Host::new();
    let line = "if [ $RANK = 2 ]; then echo failing; exit 6; fi; trap '' TERM; \
                while :; do sleep 0.01; done";
    let mut each = order(line);
    each.per_gpu = true;
    each.lease = Lease(vec![part("node-1", &[0, 1]), part("node-2", &[4, 7])]);
    host.send(Order::Launch(each));
    assert_eq!(host.exit(FIRST).await, Exit::code(6));
    assert_eq!(host.log(FIRST, 1), "[rank 2] failing\n");
    assert_eq!(left(host.dir.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn processes_of_each_gpu_save_each_in_its_time() {
    let mut host = Host::new();
    // The first is done at once and says so with a code; the second takes longer.
    let line = format!(
        "trap 'if [ $RANK = 0 ]; then exit 5; fi; sleep 0.7; echo saved; exit 0' USR1; {}",
        ready(&host, "set-$RANK")
    );
    let mut each = order(&line);
    each.per_gpu = true;
    host.send(Order::Launch(each));
    host.running(FIRST).await;
    host.appears("set-0").await;
    host.appears("set-1").await;
    host.send(stop(NoticeSignal::Usr1, PATIENCE));
    assert_eq!(host.exit(FIRST).await, Exit::code(5));
    assert_eq!(host.log(FIRST, 0), "[rank 1] saved\n");
}

#[tokio::test]
async fn a_stop_before_the_launch_means_that_it_never_runs() {
    let mut host = Host::new();
    let line = format!("echo ran > {}", host.path("ran").display());
    host.send(Order::Stop {
        attempt: FIRST,
        call: None,
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
    // The second fails when the first has said what it is.
    let said = host.dir.path().join("said");
    let line = format!(
        "echo rank $NODE_RANK of $NNODES on $BERTH_NODE: $CUDA_VISIBLE_DEVICES $WORLD_SIZE; \
         if [ $NODE_RANK = 1 ]; then until test -e {said}; do sleep 0.01; done; exit 6; fi; \
         trap '' TERM; touch {said}; while :; do sleep 0.01; done",
        said = said.display()
    );
    let mut gang = order(&line);
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
