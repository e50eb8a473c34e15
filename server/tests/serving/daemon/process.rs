//! The daemon as it is run.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};

use berth_api::Berth;
use berth_api::cluster::GetCluster;
use berth_api::views::GpuView;
use berth_domain::{Figure, SampleSource, Throttle};
use berth_fake_nvml::FakeNvml;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{node, picture};
use crate::support::{Server, until};

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
