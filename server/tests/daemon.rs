//! The daemons of nodes: what they see reaches pages and disk, whoever is away in between.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};

use berth_api::cluster::{GetCluster, GetPicture};
use berth_api::views::{ClusterView, GpuView, NodeView};
use berth_api::{Berth, ErrorCode, Socket};
use berth_domain::{Figure, Gpu, GpuProcess, GpuSample, SampleSource, Throttle, Timestamp};
use berth_fake_nvml::FakeNvml;
use berth_telemetry::daemon::{self, Host, Limits, NotConnected, Settings, Tally};
use berth_telemetry::rollup::Metric;
use berth_telemetry::wire::{Batch, FromNode, Hello, PROTOCOL, ToNode};
use berth_telemetry::{Hardware, Through, inventory};
use futures::{SinkExt, StreamExt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use support::kept::Kept;
use support::{PATIENCE, Server, until};
use tokio::sync::{oneshot, watch};
use tokio_tungstenite::tungstenite::Message;

/// The GPUs of `node-1` in a simulated cluster.
fn gpus() -> Vec<Gpu> {
    inventory::simulated(2, 8).remove(0).gpus
}

fn hello(name: &str) -> Hello {
    Hello {
        protocol: PROTOCOL,
        name: name.into(),
        version: "0.1.0".to_owned(),
        gpus: gpus(),
        driver: Some("575.57.08".to_owned()),
        problems: vec!["A fan is loud.".to_owned()],
    }
}

/// A daemon of which the test is the hand.
struct ByHand {
    socket: Socket,
}

impl ByHand {
    async fn connect(server: &Server, token: &str) -> Self {
        let berth = Berth::new(&server.url, token).unwrap();
        let socket = berth.websocket("/api/node").await.unwrap();
        ByHand { socket }
    }

    async fn say(&mut self, word: FromNode) {
        let text = serde_json::to_string(&word).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next word; `None` when the server closed the connection.
    async fn hear(&mut self) -> Option<ToNode> {
        let next = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if let Message::Text(text) = message {
                    return Some(serde_json::from_str(&text).unwrap());
                }
            }
            None
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    async fn is_welcome(&mut self, name: &str) {
        self.say(FromNode::Hello(hello(name))).await;
        let answer = self.hear().await;
        assert!(matches!(answer, Some(ToNode::Welcome { .. })), "{answer:?}");
    }

    async fn refused(&mut self) -> (String, bool) {
        let Some(ToNode::Refused { why, try_again }) = self.hear().await else {
            panic!()
        };
        assert_eq!(self.hear().await, None, "and closed");
        (why, try_again)
    }

    async fn look(&mut self, seq: u64, samples: Vec<GpuSample>) {
        let batch = Batch {
            seq,
            at: Timestamp::now().as_millisecond(),
            samples,
            ..Batch::default()
        };
        self.say(FromNode::Batch(batch)).await;
        assert_eq!(self.hear().await, Some(ToNode::Ack { seq }));
    }
}

fn node<'a>(cluster: &'a ClusterView, name: &str) -> &'a NodeView {
    let mut nodes = cluster.nodes.iter();
    nodes.find(|node| node.name.as_str() == name).unwrap()
}

/// The first GPU of `node-1`.
fn first(cluster: &ClusterView) -> GpuView {
    node(cluster, "node-1").gpus[0].clone()
}

async fn picture(berth: &Berth) -> ClusterView {
    berth.call(GetPicture {}).await.unwrap().cluster
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_daemon_sees_is_in_the_live_picture() {
    let server = Server::start();
    let berth = server.client();
    let mut daemon = ByHand::connect(&server, &server.node_token("node-1")).await;
    daemon.is_welcome("node-1").await;
    let gpu = gpus()[0].uuid.clone();
    let process = GpuProcess {
        pid: 4711,
        started: 99,
        user: Some("ana".to_owned()),
        command: Some("python train.py".to_owned()),
        mem_bytes: Some(20 << 30),
        sm_pct: Some(88.0),
        attempt: None,
        parents: vec![1, 2],
    };
    let sample = GpuSample {
        gpu,
        source: SampleSource::Nvml,
        busy_pct: Some(97.4),
        sm_active_pct: Some(71.2),
        sm_occupancy_pct: Some(33.0),
        tensor_active_pct: Some(54.9),
        mem_used_bytes: Some((70 << 30) + 5),
        power_w: Some(655.6),
        power_limit_w: Some(700.0),
        temp_c: Some(61.0),
        sm_clock_mhz: Some(1980),
        mem_clock_mhz: Some(2619),
        throttle: Some(vec![Throttle::PowerCap]),
        pcie_rx_bytes: Some(1 << 30),
        pcie_tx_bytes: Some(2 << 30),
        nvlink_rx_bytes: Some(100 << 30),
        nvlink_tx_bytes: Some(200 << 30),
        ecc_corrected: Some(3),
        ecc_uncorrected: Some(1),
        processes: Some(vec![process.clone()]),
        xids: vec![94],
        why: BTreeMap::from([(Figure::ProcessUse, "Not Supported".to_owned())]),
    };
    daemon.look(1, vec![sample.clone()]).await;
    until(&berth, async |berth: &Berth| {
        first(&picture(berth).await).source == Some(SampleSource::Nvml)
    })
    .await;
    let cluster = picture(&berth).await;
    let shown = first(&cluster);
    let expected = GpuView {
        busy_pct: Some(97.0),
        sm_active_pct: Some(71.0),
        sm_occupancy_pct: Some(33.0),
        tensor_active_pct: Some(55.0),
        mem_used_bytes: Some(70 << 30),
        power_w: Some(656.0),
        power_limit_w: Some(700.0),
        temp_c: Some(61.0),
        sm_clock_mhz: Some(1980),
        mem_clock_mhz: Some(2620),
        throttle: Some(vec![Throttle::PowerCap]),
        pcie_rx_bytes: Some(1 << 30),
        pcie_tx_bytes: Some(2 << 30),
        nvlink_rx_bytes: Some(100 << 30),
        nvlink_tx_bytes: Some(200 << 30),
        ecc_corrected: Some(3),
        ecc_uncorrected: Some(1),
        processes: Some(vec![GpuProcess {
            parents: vec![],
            ..process
        }]),
        xids: vec![94],
        why: sample.why.clone(),
        unknown: sample.unknown(),
        ..shown.clone()
    };
    assert_eq!(shown, expected);
    // The others of the node are told of by the cluster's own source.
    let own = node(&cluster, "node-1").gpus[1].source;
    assert_eq!(own, Some(SampleSource::Simulated));
    let found = berth.call(GetCluster {}).await.unwrap().cluster;
    let found = node(&found, "node-1");
    let telemetry = found.telemetry.clone().unwrap();
    assert!(telemetry.connected && !telemetry.silent && telemetry.last.is_some());
    assert_eq!(telemetry.daemon.as_deref(), Some("0.1.0"));
    assert_eq!(found.versions.driver.as_deref(), Some("575.57.08"));
    assert_eq!(found.problems, ["A fan is loud."]);

    // It goes, and the coarser source stands in.
    drop(daemon);
    until(&berth, async |berth: &Berth| {
        let cluster = picture(berth).await;
        let telemetry = node(&cluster, "node-1").telemetry.clone().unwrap();
        !telemetry.connected && first(&cluster).source == Some(SampleSource::Simulated)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_token_opens_one_door_and_people_do_not_open_it() {
    let server = Server::start();
    let token = server.node_token("node-1");
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let everything = [
        ("GET", "/"),
        ("GET", "/jobs"),
        ("GET", "/cluster"),
        ("GET", "/login"),
        ("GET", "/nothing"),
        ("GET", "/api/whoami"),
        ("GET", "/api/cluster"),
        ("GET", "/api/picture"),
        ("GET", "/api/live"),
        ("GET", "/api/job_log/raw?id=1"),
        ("GET", "/api/node/"),
        ("GET", "/api/nodes"),
        ("POST", "/api/submit_job"),
        ("POST", "/api/cordon"),
        ("POST", "/forms/submit"),
        ("POST", "/forms/cancel/1"),
        ("POST", "/login"),
        ("POST", "/logout"),
        ("HEAD", "/api/packages/abc"),
        ("PUT", "/api/packages/abc"),
    ];
    for (method, path) in everything {
        let request = http.request(method.parse().unwrap(), format!("{}{path}", server.url));
        let answer = request.bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
        if method != "HEAD" {
            let text = answer.text().await.unwrap();
            assert!(
                text.contains("token of node node-1"),
                "{method} {path}: {text}"
            );
        }
    }
    let refused = async |token: &str| {
        let berth = Berth::new(&server.url, token).unwrap();
        let error = berth.websocket("/api/node").await.unwrap_err();
        (error.code(), error.to_string())
    };
    let (code, sentence) = refused(&server.token).await;
    assert_eq!(code, ErrorCode::Forbidden);
    assert!(sentence.contains("berth-server node-token"), "{sentence}");
    let (code, sentence) = refused("berth_wrong").await;
    assert_eq!(code, ErrorCode::Unauthenticated);
    assert!(sentence.contains("not known here"), "{sentence}");
    let nobody = http.get(format!("{}/api/node", server.url)).send().await;
    assert_eq!(nobody.unwrap().status(), StatusCode::UNAUTHORIZED);
    // Nor does it log anybody in.
    let form = http.post(format!("{}/login", server.url));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("token={token}")).send().await.unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with("/login?error="), "{to}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_who_they_say_is_sent_away_with_a_sentence() {
    let server = Server::start();
    let token = server.node_token("node-1");
    let mut first = ByHand::connect(&server, &token).await;
    first.is_welcome("node-1").await;
    // Another of the same node takes its place.
    let mut second = ByHand::connect(&server, &token).await;
    let (why, try_again) = first.refused().await;
    assert!(
        why.contains("Another daemon took the place") && !try_again,
        "{why}"
    );
    second.is_welcome("node-1").await;

    let mut other = ByHand::connect(&server, &server.node_token("node-2")).await;
    other.say(FromNode::Hello(hello("node-1"))).await;
    let (why, _) = other.refused().await;
    assert!(why.contains("--name node-2"), "{why}");
    let mut newer = ByHand::connect(&server, &server.node_token("node-2")).await;
    let hello = Hello {
        protocol: PROTOCOL + 1,
        ..hello("node-2")
    };
    newer.say(FromNode::Hello(hello)).await;
    let (why, try_again) = newer.refused().await;
    assert!(
        why.contains("update the server first") && try_again,
        "{why}"
    );
    let mut rude = ByHand::connect(&server, &server.node_token("node-2")).await;
    rude.say(FromNode::Batch(Batch::default())).await;
    assert!(rude.refused().await.0.contains("first who it is"));

    let listed = server.admin(&["node-token", "--list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let nodes: Vec<_> = listed
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(nodes, ["node-1", "node-2", "node-2", "node-2"]);
    assert!(!listed.contains("berth_"), "{listed}");
    assert!(
        server
            .admin(&["node-token", "--revoke", "node-1"])
            .status
            .success()
    );
    second.say(FromNode::Hello(self::hello("node-1"))).await;
    assert!(second.refused().await.0.contains("revoked"));
    let again = server.admin(&["node-token", "--revoke", "node-1"]);
    assert!(!again.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_of_another_cluster_is_shown_as_one() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let mut stranger = ByHand::connect(&server, &server.node_token("gpu-9")).await;
    let gpus = vec![Gpu::new(0, "GPU-9".into(), "H100", 80 << 30)];
    let hello = Hello {
        gpus,
        ..hello("gpu-9")
    };
    stranger.say(FromNode::Hello(hello)).await;
    until(&berth, async |berth: &Berth| {
        let unknown = picture(berth).await.unknown_daemons;
        unknown
            .iter()
            .any(|known| known.name.as_str() == "gpu-9" && known.gpus == 1)
    })
    .await;
    drop(stranger);
    until(&berth, async |berth: &Berth| {
        picture(berth).await.unknown_daemons.is_empty()
    })
    .await;
}

/// A host whose looks are counted.
struct Counted {
    looks: watch::Sender<u64>,
}

impl Host for Counted {
    async fn look(&mut self) -> Result<Hardware, String> {
        Ok(Hardware {
            gpus: gpus(),
            driver: None,
            problems: vec![],
            through: Through::Library,
        })
    }

    /// The number of the look is the power of its GPUs.
    async fn sample(&mut self) -> Vec<GpuSample> {
        self.looks.send_modify(|looks| *looks += 1);
        let look = u16::try_from(*self.looks.borrow()).unwrap();
        let sample = |gpu: Gpu| GpuSample {
            power_w: Some(f32::from(look)),
            ..GpuSample::of(gpu.uuid)
        };
        gpus().into_iter().map(sample).collect()
    }
}

/// The daemon of `node-1` in this process.
struct InHere {
    looks: watch::Receiver<u64>,
    stop: oneshot::Sender<()>,
    ends: tokio::task::JoinHandle<Tally>,
}

impl InHere {
    fn start(server: &Server, limits: Limits) -> Self {
        let berth = Berth::new(&server.url, &server.node_token("node-1")).unwrap();
        let (looks, counted) = watch::channel(0);
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = Settings {
            name: "node-1".into(),
            version: "0.1.0".to_owned(),
            limits,
            now: Timestamp::now,
        };
        let ends = tokio::spawn(async move {
            let connect = || async {
                let socket = berth.websocket("/api/node").await;
                socket.map_err(|error| NotConnected::Away(error.to_string()))
            };
            let stop = async { drop(stopped.await) };
            let run = daemon::run(settings, Counted { looks }, connect, stop);
            run.await.unwrap()
        });
        InHere {
            looks: counted,
            stop,
            ends,
        }
    }

    async fn until_looked(&mut self, more: u64) {
        let now = *self.looks.borrow();
        let looked = self.looks.wait_for(|looks| *looks >= now + more);
        tokio::time::timeout(PATIENCE, looked)
            .await
            .unwrap()
            .unwrap();
    }

    async fn end(self) -> Tally {
        self.stop.send(()).unwrap();
        self.ends.await.unwrap()
    }
}

async fn until_connected(berth: &Berth, is_connected: bool) {
    until(berth, async |berth: &Berth| {
        let cluster = picture(berth).await;
        let telemetry = node(&cluster, "node-1").telemetry.clone();
        telemetry.is_some_and(|telemetry| telemetry.connected == is_connected)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_while_the_server_was_killed_arrives() {
    let mut server = Server::start();
    server.keep_address();
    let mut daemon = InHere::start(&server, Limits::default());
    until_connected(&server.client(), true).await;
    daemon.until_looked(2).await;
    server.kill();
    daemon.until_looked(3).await;
    server.boot(&[]);
    until_connected(&server.client(), true).await;
    daemon.until_looked(1).await;
    let tally = daemon.end().await;
    assert!(tally.taken >= 6, "{tally:?}");
    assert_eq!((tally.dropped, tally.on_disk), (0, tally.taken));
    // On disk each look is there, in order. One that came late stands for a second more.
    server.kill();
    let seconds = Kept::read(&server).await.seconds(Metric::Power);
    for gpu in gpus() {
        let mut powers: Vec<f32> = seconds[gpu.uuid.as_str()].values().copied().collect();
        powers.dedup();
        let looks = (1..=tally.taken).map(|look| f32::from(u16::try_from(look).unwrap()));
        // Before the daemon came the cluster's own source was kept.
        let own = powers.iter().take_while(|power| **power > 60.0).count();
        assert_eq!(powers[own..], looks.collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_counted_and_told() {
    let mut server = Server::start();
    server.keep_address();
    let limits = Limits {
        batches: 2,
        ..Limits::default()
    };
    let mut daemon = InHere::start(&server, limits);
    until_connected(&server.client(), true).await;
    server.kill();
    daemon.until_looked(5).await;
    server.boot(&[]);
    let berth = server.client();
    until(&berth, async |berth: &Berth| {
        let cluster = picture(berth).await;
        let telemetry = node(&cluster, "node-1").telemetry.clone();
        telemetry.is_some_and(|telemetry| telemetry.dropped >= 3)
    })
    .await;
    let tally = daemon.end().await;
    assert!(tally.dropped >= 3, "{tally:?}");
    assert_eq!(tally.on_disk + tally.dropped, tally.taken, "{tally:?}");
}

/// `berth-server node --join`, on a host with two GPUs of a made-up driver.
struct Process {
    child: Child,
    driver: FakeNvml,
    _folder: tempfile::TempDir,
}

impl Process {
    fn start(server: &Server, name: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driver = FakeNvml::new(folder.path(), "gpus 2\n");
        let file = folder.path().join("token");
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let written =
            std::io::Write::write_all(&mut options.open(&file).unwrap(), token.as_bytes());
        written.unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_berth-server"))
            .args(["node", "--join", &server.url, "--name", name])
            .arg("--token-file")
            .arg(file)
            .arg("--nvml-lib")
            .arg(driver.library())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Process {
            child,
            driver,
            _folder: folder,
        }
    }

    fn terminate(self) -> (Option<i32>, String) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        self.end()
    }

    /// How it ended, and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let errors = self.child.stderr.as_mut().unwrap();
        errors.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_itself_joins_and_ends_when_it_is_told() {
    let server = Server::start();
    let daemon = Process::start(&server, "node-1", &server.node_token("node-1"));
    let berth = server.client();
    // It is connected; that its GPUs are others than the inventory's is told.
    until(&berth, async |berth: &Berth| {
        let found = berth.call(GetCluster {}).await.unwrap().cluster;
        let found = node(&found, "node-1");
        let mut problems = found.problems.iter();
        problems.any(|problem| problem.contains("2 GPUs that are not part"))
    })
    .await;
    let (code, said) = daemon.terminate();
    assert_eq!(code, Some(0), "{said}");
}

/// From the driver's library through the daemon and the server to the page.
#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_driver_reaches_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let own = FakeNvml::new(folder.path(), "gpus 2\n");
    let library = own.library().to_str().unwrap();
    let server = Server::unasked(&[("BERTH_LOCAL", "true"), ("BERTH_NVML", library)]);
    let berth = server.client();
    let name = picture(&berth).await.nodes.remove(0).name.to_string();
    let daemon = Process::start(&server, &name, &server.node_token(&name));
    let said = format!(
        "gpus 2\nbusy 1 97\nsm 1 81\noccupancy 1 42\ntensor 1 63\nmemory 1 65536\npower 1 412550\n\
         limit 1 650000\ntemp 1 77\nclock 1 1755\nmemclock 1 2600\nthrottle 1 0x24\npcie_rx 1 320\n\
         pcie_tx 1 160\nnvlink_rx 1 4096\nnvlink_tx 1 5120\ncorrected 1 12\necc 1 3\n\
         process 1 {} 1024 50\n",
        std::process::id()
    );
    daemon.driver.say(&said);
    let gpu = async |berth: &Berth| picture(berth).await.nodes[0].gpus[1].clone();
    until(&berth, async |berth: &Berth| {
        let gpu = gpu(berth).await;
        // Some figures compare two looks.
        gpu.sm_active_pct == Some(81.0)
            && gpu.pcie_rx_bytes == Some(320 << 20)
            && gpu.nvlink_rx_bytes == Some(4096 << 20)
    })
    .await;
    let shown = gpu(&berth).await;
    let expected = GpuView {
        source: Some(SampleSource::Nvml),
        busy_pct: Some(97.0),
        sm_active_pct: Some(81.0),
        sm_occupancy_pct: Some(42.0),
        tensor_active_pct: Some(63.0),
        mem_used_bytes: Some(64 << 30),
        power_w: Some(413.0),
        power_limit_w: Some(650.0),
        temp_c: Some(77.0),
        sm_clock_mhz: Some(1755),
        mem_clock_mhz: Some(2600),
        throttle: Some(vec![Throttle::PowerCap, Throttle::SoftThermal]),
        pcie_rx_bytes: Some(320 << 20),
        pcie_tx_bytes: Some(160 << 20),
        nvlink_rx_bytes: Some(4096 << 20),
        nvlink_tx_bytes: Some(5120 << 20),
        ecc_corrected: Some(12),
        ecc_uncorrected: Some(3),
        ..shown.clone()
    };
    assert_eq!(shown, expected);
    let process = shown.processes.as_ref().unwrap()[0].clone();
    assert_eq!(process.pid, std::process::id());
    assert_eq!(process.mem_bytes, Some(1 << 30));
    assert!(
        process.user.is_some() && process.command.is_some(),
        "{process:?}"
    );

    // An error and a call that fails arrive as well.
    daemon.driver.say(&format!(
        "{said}xid 1 13\nfail nvmlDeviceGetTemperature 1 3\n"
    ));
    until(&berth, async |berth: &Berth| {
        let gpu = gpu(berth).await;
        gpu.xids == [13] && gpu.temp_c.is_none() && gpu.why.contains_key(&Figure::Temperature)
    })
    .await;
    assert_eq!(gpu(&berth).await.power_w, Some(413.0), "the rest goes on");
    let (code, said) = daemon.terminate();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_daemon_says_why_it_is_refused() {
    let server = Server::start();
    let (code, said) = Process::start(&server, "node-1", "berth_wrong").end();
    assert_eq!(code, Some(1));
    assert!(said.contains("The token is not known here"), "{said}");
    let (code, said) = Process::start(&server, "node-1", &server.node_token("gpu-7")).end();
    assert_eq!(code, Some(1));
    assert!(said.contains("--name gpu-7"), "{said}");
}
