//! 128 daemons of eight GPUs each, a look a second, over real websockets into a real server, and a page
//! that watches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use berth_api::Berth;
use berth_api::live::{LiveMessage, Picture};
use berth_domain::{GpuSample, Node, NodeName, SampleSource, Timestamp};
use berth_telemetry::daemon::{self, Host, Limits, NotConnected, Settings, Tally};
use berth_telemetry::rollup::{Metric, Tier};
use berth_telemetry::{Hardware, Through, inventory};
use futures::future::join_all;
use tokio::sync::watch;

use crate::support::Server;
use crate::support::kept::Kept;
use crate::{row, rss, spread, two};

const NODES: u32 = 128;
const GPUS: u32 = 8;
const FOR: Duration = Duration::from_secs(60);
/// Until all are connected and the cluster's own source has given way.
const WARM_UP: Duration = Duration::from_secs(10);
const YEAR_S: f64 = 365.0 * 86_400.0;

/// When each node looked for the n-th time.
type Looks = Arc<Mutex<HashMap<(NodeName, u32), Instant>>>;

pub async fn scale() {
    println!(
        "\n{NODES} nodes of {GPUS} GPUs, a look a second, for {} s",
        FOR.as_secs()
    );
    let mut server = Server::with(&format!("{NODES}x{GPUS}"), &[]);
    let nodes = inventory::simulated(NODES, GPUS);
    let tokens = tokens(&server, &nodes);
    let looks = Looks::default();
    let (stop, stopped) = watch::channel(false);
    let daemons = nodes.iter().zip(tokens).map(|(node, token)| {
        let berth = Berth::new(&server.url, &token).unwrap();
        let host = Moving {
            node: node.clone(),
            looks: looks.clone(),
            count: 0,
        };
        tokio::spawn(run(berth, host, stopped.clone()))
    });
    let daemons: Vec<_> = daemons.collect();
    tokio::time::sleep(WARM_UP).await;
    let page = tokio::spawn(watch_page(server.client(), looks.clone(), stopped));
    let (from, used) = (Instant::now(), cpu_s(server.pid()));
    tokio::time::sleep(FOR).await;
    let cores = (cpu_s(server.pid()) - used) / from.elapsed().as_secs_f64();
    let memory = rss(&server);
    stop.send_replace(true);
    let ended = join_all(daemons).await;
    let tallies: Vec<Tally> = ended.into_iter().map(|tally| tally.unwrap()).collect();
    let page = page.await.unwrap();
    server.kill();
    let kept = Kept::read(&server).await;

    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let taken = sum(|tally| tally.taken);
    let acknowledged = sum(|tally| tally.on_disk);
    let written = written(&kept);
    row(
        "samples taken / acknowledged / on disk after kill -9",
        format!(
            "{} / {} / {written}",
            taken * u64::from(GPUS),
            acknowledged * u64::from(GPUS)
        ),
        "proof: none lost",
    );
    row(
        "server's processor time",
        format!("{cores:.2} cores"),
        "goal < 1",
    );
    row(
        "server's memory (RSS)",
        format!("{memory} MB"),
        "goal < 300 MB",
    );
    row(
        "from the look to the page's delta, p50 / p99",
        two(&spread(page.late)),
        "goal p99 < 200 ms",
    );
    let each_s = page.bytes as f64 / FOR.as_secs_f64() / 1024.0;
    row("what a page is sent", format!("{each_s:.0} KiB/s"), "");
    row(
        "database after a year, extrapolated",
        format!("{:.1} GB", year(&kept)),
        "",
    );
}

fn tokens(server: &Server, nodes: &[Node]) -> Vec<String> {
    let names = nodes.iter().map(|node| node.name.as_str());
    let args: Vec<&str> = ["node-token"].into_iter().chain(names).collect();
    let printed = String::from_utf8(server.admin(&args).stdout).unwrap();
    printed.lines().map(str::to_owned).collect()
}

async fn run(berth: Berth, host: Moving, mut stopped: watch::Receiver<bool>) -> Tally {
    let settings = Settings {
        name: host.node.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        limits: Limits::default(),
        now: Timestamp::now,
    };
    let connect = || async {
        let socket = berth.websocket("/api/node").await;
        socket.map_err(|error| NotConnected::Away(error.to_string()))
    };
    let stop = async { drop(stopped.wait_for(|stopped| *stopped).await) };
    daemon::run(settings, host, connect, stop).await.unwrap()
}

/// A host on which everything changes each second. The count of its looks is the power of its GPUs.
struct Moving {
    node: Node,
    looks: Looks,
    count: u16,
}

impl Host for Moving {
    async fn look(&mut self) -> Result<Hardware, String> {
        Ok(Hardware {
            gpus: self.node.gpus.clone(),
            driver: None,
            problems: vec![],
            through: Through::Library,
        })
    }

    async fn sample(&mut self) -> Vec<GpuSample> {
        self.count += 1;
        let key = (self.node.name.clone(), u32::from(self.count));
        self.looks.lock().unwrap().insert(key, Instant::now());
        let wave = f32::from(self.count % 17);
        let bytes = u64::from(self.count) << 25;
        let sample = |gpu: &berth_domain::Gpu| GpuSample {
            source: SampleSource::Nvml,
            busy_pct: Some(80.0 + wave),
            sm_active_pct: Some(60.0 + wave),
            sm_occupancy_pct: Some(30.0 + wave),
            tensor_active_pct: Some(40.0 + wave),
            mem_used_bytes: Some((40 << 30) + bytes),
            power_w: Some(f32::from(self.count)),
            power_limit_w: Some(700.0),
            temp_c: Some(50.0 + wave),
            sm_clock_mhz: Some(1800 + 5 * u32::from(self.count % 30)),
            mem_clock_mhz: Some(2619),
            throttle: Some(vec![]),
            pcie_rx_bytes: Some(bytes),
            pcie_tx_bytes: Some(bytes * 2),
            nvlink_rx_bytes: Some(bytes * 40),
            nvlink_tx_bytes: Some(bytes * 41),
            ecc_corrected: Some(0),
            ecc_uncorrected: Some(0),
            processes: Some(vec![]),
            ..GpuSample::of(gpu.uuid.clone())
        };
        self.node.gpus.iter().map(sample).collect()
    }
}

/// What an open page saw.
struct Page {
    /// How long after its node looked the first GPU of each node changed.
    late: Vec<Duration>,
    bytes: usize,
}

async fn watch_page(berth: Berth, looks: Looks, mut stopped: watch::Receiver<bool>) -> Page {
    let mut live = berth.live().await.unwrap();
    let mut picture = Picture::default();
    let mut page = Page {
        late: vec![],
        bytes: 0,
    };
    loop {
        let message = tokio::select! {
            message = live.next() => message.unwrap().expect("an open stream"),
            _ = stopped.changed() => return page,
        };
        let heard = Instant::now();
        match message {
            LiveMessage::Snapshot(snapshot) => picture = *snapshot,
            LiveMessage::Delta(delta) => {
                page.bytes += serde_json::to_string(&delta).unwrap().len();
                let changed = picture.apply(*delta).unwrap();
                let gpus = picture.gpus().enumerate();
                let first =
                    gpus.filter(|(place, (_, gpu))| gpu.index == 0 && changed.contains(place));
                let looks = looks.lock().unwrap();
                for (_, (node, gpu)) in first {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a count"
                    )]
                    let count = gpu.power_w.unwrap_or(0.0) as u32;
                    let looked = looks.get(&(node.clone(), count));
                    page.late.extend(looked.map(|looked| heard - *looked));
                }
            }
            LiveMessage::Log(_) | LiveMessage::Heartbeat => {}
        }
    }
}

/// How many looks of GPUs are on disk. Each has a power of its own; only daemons tell of working.
fn written(kept: &Kept) -> usize {
    let working = kept.seconds(Metric::Working);
    let of = |(gpu, powers): (&String, &BTreeMap<i64, f32>)| {
        let known = working.get(gpu);
        let seconds = powers.iter();
        let seconds =
            seconds.filter(|(second, _)| known.is_some_and(|known| known.contains_key(second)));
        let powers: BTreeSet<u32> = seconds.map(|(_, power)| power.to_bits()).collect();
        powers.len()
    };
    kept.seconds(Metric::Power).iter().map(of).sum()
}

/// Of the block with the most: as if all were as full, for a year, in GB.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn year(kept: &Kept) -> f64 {
    let full = Tier::Second.blob_s() as f64;
    let sizes = kept.blocks.iter().map(|block| {
        let closed = kept.close(*block);
        let seconds = kept.seconds(Metric::Power).into_values();
        let within = *block..*block + Tier::Second.blob_s();
        let covered = seconds
            .map(|known| known.range(within.clone()).count())
            .max();
        let covered = covered.unwrap_or(0).max(1) as f64;
        let bytes = closed.blobs.iter().map(|(_, tier, _, blob)| {
            let kept_s = tier.kept_s().map_or(YEAR_S, |kept| kept as f64);
            let share = if *tier == Tier::Hour {
                1.0
            } else {
                full / covered
            };
            // A row's key and its place in the indexes besides.
            (blob.len() as f64 * share + 40.0) * kept_s / tier.blob_s() as f64
        });
        (covered, bytes.sum::<f64>())
    });
    let most = sizes.max_by(|one, other| one.0.total_cmp(&other.0));
    most.map_or(0.0, |(_, bytes)| bytes / 1e9)
}

/// Processor time of a process so far, proc_pid_stat(5): fields 14 and 15, in hundredths of a second.
fn cpu_s(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let fields = after.split(' ').skip(11).take(2);
    fields
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
