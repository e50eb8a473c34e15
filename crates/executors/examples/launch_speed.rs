//! How fast attempts are launched: `launch_speed [SHIM]`, in release mode on a quiet machine.
//! SHIM is `berth-server`, or the example `shim` beside this one.
//!
//! Times are from the order to: the first instruction of the user's program, the report that it
//! runs, the report that it ended. The processor's time is that of the whole machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use berth_domain::{AttemptId, JobId, Lease, NodeLease, NodeName, Report};
use berth_executors::{ExecutorEvent, ExecutorHandle, LaunchOrder, Order, TmuxConfig, tmux};
use tokio::sync::mpsc::UnboundedReceiver;

const ONE_BY_ONE: u64 = 100;
const AT_ONCE: u64 = 400;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let exe = std::env::current_exe().expect("Linux has /proc");
    match (arguments.next(), arguments.next()) {
        (Some(verb), Some(file)) if verb == "stamp" => {
            std::fs::write(file, since_epoch().as_nanos().to_string()).expect("a file");
        }
        (shim, _) => {
            let shim = shim.map_or_else(|| exe.with_file_name("shim"), PathBuf::from);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(measure(&exe, &std::path::absolute(shim).expect("a path")));
        }
    }
}

fn since_epoch() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock after 1970")
}

struct Bench {
    executor: ExecutorHandle,
    events: UnboundedReceiver<ExecutorEvent>,
}

impl Bench {
    fn launch(&self, job: u64, command: Vec<String>) {
        self.executor.send(Order::Launch(Box::new(LaunchOrder {
            attempt: AttemptId {
                job: JobId(job),
                number: 1,
            },
            job_name: "bench".to_owned(),
            command,
            workdir: None,
            env: BTreeMap::new(),
            lease: Lease(vec![NodeLease {
                node: NodeName::from("node-1"),
                gpus: vec![],
            }]),
        })));
    }

    async fn report(&mut self) -> Report {
        loop {
            if let ExecutorEvent::Report { report, .. } = self.events.recv().await.expect("it runs")
            {
                return report;
            }
        }
    }
}

async fn measure(exe: &Path, shim: &Path) {
    let dir = tempfile::tempdir().expect("a folder");
    let (sender, events) = tokio::sync::mpsc::unbounded_channel();
    let config = TmuxConfig {
        data_dir: dir.path().to_owned(),
        shim: shim.to_owned(),
        socket_dir: Some(dir.path().to_owned()),
        ..TmuxConfig::default()
    };
    let executor = tmux::spawn(config, sender).expect("an executor");
    let mut bench = Bench { executor, events };
    println!("shim: {}", shim.display());

    // One attempt that stays, as on a machine in use: the tmux server need not be started.
    let stay = ["sleep", "1000"].map(str::to_owned).to_vec();
    let cold = Instant::now();
    bench.launch(1, stay);
    bench.report().await;
    println!("the first, with tmux's server: {:.1?} until it is reported to run", cold.elapsed());

    let stamp = dir.path().join("stamp").display().to_string();
    let (mut began, mut running, mut ended) = (vec![], vec![], vec![]);
    for job in 0..ONE_BY_ONE {
        let (sent, ordered) = (Instant::now(), since_epoch());
        let exe = exe.display().to_string();
        bench.launch(100 + job, vec![exe, "stamp".to_owned(), stamp.clone()]);
        loop {
            match bench.report().await {
                Report::Running { .. } => running.push(sent.elapsed()),
                Report::Exited(_) => break,
            }
        }
        ended.push(sent.elapsed());
        let text = std::fs::read_to_string(&stamp).expect("the stamp");
        let nanos: u64 = text.parse().expect("a number");
        began.push(Duration::from_nanos(nanos).saturating_sub(ordered));
    }
    line("order to user's program", &mut began);
    line("order to reported running", &mut running);
    line("order to reported exit", &mut ended);

    let (cpu, start) = (busy(), Instant::now());
    for job in 0..AT_ONCE {
        bench.launch(1000 + job, vec!["true".to_owned()]);
    }
    let mut left = AT_ONCE;
    while left > 0 {
        if let Report::Exited(exit) = bench.report().await {
            assert_eq!(exit.exit_code(), Some(0));
            left -= 1;
        }
    }
    let took = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let (each, rate) = ((busy() - cpu) * 10.0 / AT_ONCE as f64, AT_ONCE as f64 / took);
    println!("{AT_ONCE} at once: {took:.2} s until the last exit is reported, {rate:.0}/s, {each:.1} ms of processor each");

    let attempt = AttemptId {
        job: JobId(1),
        number: 1,
    };
    let grace = Duration::from_secs(1);
    bench.executor.send(Order::Stop { attempt, grace });
    while !matches!(bench.report().await, Report::Exited(_)) {}
}

fn line(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let count = times.len();
    println!("{what:28} n={count:3}  p50 {:.1?}  p90 {:.1?}  p99 {:.1?}", at(50), at(90), at(99));
}

/// Ticks of 10 ms that the machine's processors were busy.
fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = stat.lines().next().unwrap_or_default();
    let fields: Vec<f64> = first.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    fields.iter().take(8).sum::<f64>() - fields.iter().skip(3).take(2).sum::<f64>()
}
