//! Situations as hosts have them: files, processes, variables, a driver and a port are really there,
//! and really looked at.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use berth_detect::{ByHand, Choice, Observer, Surroundings, choose};
use berth_domain::{ClusterKind, Detection, SignalName};
use berth_fake_nvml::FakeNvml;
use berth_telemetry::LocalGpus;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// As Ray 2.60 answered on two nodes, shortened to what is read.
const VERSION: &str = include_str!("recorded/version.json");
const NODES: &str = include_str!("recorded/nodes.json");

/// A host of our own making.
struct Host {
    folder: TempDir,
    around: Surroundings,
    by_hand: Option<ByHand>,
    library: PathBuf,
}

impl Host {
    /// With nothing of interest.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["bin", "home/.ssh", "proc/1"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("proc/1/comm"), "init\n").unwrap();
        let variable = |name: &str, folder: PathBuf| (name.to_owned(), folder.into_os_string());
        let variables = BTreeMap::from([
            variable("PATH", folder.path().join("bin")),
            variable("HOME", folder.path().join("home")),
        ]);
        Host {
            around: Surroundings {
                variables,
                proc: folder.path().join("proc"),
                // The discard port, where nothing listens.
                ray: "http://127.0.0.1:9".to_owned(),
            },
            by_hand: None,
            library: folder.path().join("none.so"),
            folder,
        }
    }

    fn gpus(mut self, lines: &str) -> Self {
        let driver = FakeNvml::new(self.folder.path(), lines);
        driver.library().clone_into(&mut self.library);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        let value = OsString::from(value);
        self.around.variables.insert(name.to_owned(), value);
        self
    }

    fn program(self, name: &str) -> Self {
        let path = self.folder.path().join("bin").join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn process(self, pid: u32, name: &str) -> Self {
        let folder = self.folder.path().join("proc").join(pid.to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("comm"), format!("{name}\n")).unwrap();
        self
    }

    fn ssh_config(self, text: &str) -> Self {
        fs::write(self.folder.path().join("home/.ssh/config"), text).unwrap();
        self
    }

    fn by_hand(mut self, by_hand: ByHand) -> Self {
        self.by_hand = Some(by_hand);
        self
    }

    fn ray_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.around.ray);
        self
    }

    async fn detect(&self) -> (Choice, Detection) {
        let program = self.folder.path().join("bin/nvidia-smi");
        let gpus = LocalGpus::new(Some(self.library.clone().into_os_string()), program);
        let observer = Observer::new(self.around.clone(), self.by_hand.clone(), gpus);
        choose(&observer.look().await)
    }
}

/// An HTTP server that answers each path so, and everything else with 404.
async fn serve(answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut first = String::new();
            stream.read_line(&mut first).await.unwrap();
            let mut line = String::from("more");
            while !line.trim().is_empty() {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
            }
            let path = first.split([' ', '?']).nth(1).unwrap_or_default();
            let found = answers.iter().find(|(known, _)| *known == path);
            let (status, body) = found.map_or(("404 Not Found", ""), |(_, body)| ("200 OK", *body));
            let head = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    url
}

async fn ray() -> String {
    serve(&[("/api/version", VERSION), ("/api/v0/nodes", NODES)]).await
}

fn found(detection: &Detection, name: SignalName) -> &str {
    let mut signals = detection.signals.iter();
    &signals.find(|signal| signal.name == name).unwrap().found
}

fn names(detection: &Detection) -> Vec<&'static str> {
    detection
        .signals
        .iter()
        .map(|signal| signal.name.as_str())
        .collect()
}

#[tokio::test]
async fn nothing_is_here() {
    let (choice, detection) = Host::new().detect().await;
    assert_eq!(detection.kind, ClusterKind::Simulated);
    assert_eq!(names(&detection), [""; 0]);
    let size = "2x8".to_owned();
    assert_eq!(choice, Choice::Simulated { size });
}

#[tokio::test]
async fn this_host_has_gpus() {
    let (choice, detection) = Host::new().gpus("gpus 8\n").detect().await;
    assert_eq!(choice, Choice::Local);
    assert_eq!(names(&detection), ["local_gpus"]);
    let text = "8 x NVIDIA H100 80GB HBM3 (NVML, driver 575.57.08)";
    assert_eq!(found(&detection, SignalName::LocalGpus), text);
}

#[tokio::test]
async fn a_driver_that_refuses_or_hangs_is_said_and_holds_nobody_up() {
    for lines in [
        "gpus 1\nfail nvmlInit_v2 * 18\n",
        "gpus 1\nhang nvmlDeviceGetCount_v2\n",
    ] {
        let host = Host::new().gpus(lines);
        let (choice, detection) = host.detect().await;
        assert_eq!(choice.kind(), ClusterKind::Simulated);
        assert!(detection.confidence < 0.5, "{detection:?}");
        assert!(
            detection.sentence.contains("cannot be read"),
            "{detection:?}"
        );
    }
}

#[tokio::test]
async fn ray_by_its_variable() {
    let url = ray().await;
    let host = Host::new().gpus("gpus 8\n").variable("RAY_ADDRESS", &url);
    let (choice, detection) = host.detect().await;
    let text = format!("{url}: Ray 2.60.0, 2 nodes, 16 GPUs");
    assert_eq!(found(&detection, SignalName::RayAddress), text);
    assert_eq!(choice, Choice::Ray { address: url });
    assert_eq!(names(&detection), ["ray_address", "local_gpus"]);
}

#[tokio::test]
async fn ray_by_its_port() {
    let url = ray().await;
    let (choice, detection) = Host::new().ray_at(&url).detect().await;
    assert_eq!(names(&detection), ["ray_head"]);
    assert_eq!(choice, Choice::Ray { address: url });
}

#[tokio::test]
async fn what_is_at_rays_port_may_be_something_else() {
    let url = serve(&[]).await;
    let (choice, detection) = Host::new().ray_at(&url).detect().await;
    assert_eq!(choice.kind(), ClusterKind::Simulated);
    assert_eq!(names(&detection), ["ray_head"]);
}

#[tokio::test]
async fn two_ssh_hosts_are_suggested_and_chosen_only_by_hand() {
    let host = Host::new().ssh_config("Host gpu1 gpu2\n  User ana\nHost *\n  Port 22\n");
    let (choice, detection) = host.detect().await;
    assert_eq!(choice.kind(), ClusterKind::Simulated);
    assert_eq!(
        found(&detection, SignalName::SshConfig),
        "2 hosts: gpu1, gpu2"
    );
    assert!(detection.signals[0].sentence.contains("--ssh gpu1,gpu2"));
    let hosts = vec!["gpu1".to_owned(), "gpu2".to_owned()];
    let host = host.by_hand(ByHand::Ssh(hosts.clone()));
    let (choice, detection) = host.detect().await;
    assert_eq!(choice, Choice::Ssh { hosts });
    assert_eq!(names(&detection), ["configuration", "ssh_config"]);
}

#[tokio::test]
async fn slurm_is_installed_and_runs() {
    let host = Host::new().gpus("gpus 2\n").program("sinfo");
    let (_, detection) = host.detect().await;
    assert_eq!(names(&detection), ["local_gpus", "slurm"]);
    assert!(found(&detection, SignalName::Slurm).starts_with("sinfo in /"));
    let host = host.process(71, "slurmd").variable("SLURM_JOB_ID", "9");
    let (_, detection) = host.detect().await;
    let text = found(&detection, SignalName::Slurm);
    assert!(text.ends_with("slurmd runs, SLURM_JOB_ID is set"), "{text}");
}

#[tokio::test]
async fn kubernetes_is_here() {
    let host = Host::new().variable("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    let (_, detection) = host.process(9, "kubelet").detect().await;
    let text = "kubelet runs, KUBERNETES_SERVICE_HOST is set";
    assert_eq!(found(&detection, SignalName::Kubernetes), text);
}
