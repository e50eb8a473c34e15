//! Two plain hosts with real SSH servers on this host, each in network, process and mount namespaces
//! of its own (`ssh-host`), with eight made-up GPUs each. They end with the test, however that ends.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::namespaces::{Network, first_child};

pub struct Hosts {
    dir: tempfile::TempDir,
    hosts: [Option<Child>; 2],
    network: Network,
}

/// This file's folder: other packages' tests use it too.
fn here() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    root.expect("the workspace")
        .join("crates/executors/tests/ssh")
}

/// Whether hosts can be made here; if not, says loudly that it is not tested.
fn possible() -> bool {
    let found = |program: &str| {
        let line = format!("PATH=/usr/sbin:$PATH command -v {program}");
        let found = Command::new("sh")
            .args(["-c", &line])
            .stdout(Stdio::null())
            .status();
        found.is_ok_and(|status| status.success())
    };
    let is_root = Command::new("id").arg("-u").output();
    let why = if !is_root.is_ok_and(|id| id.stdout == b"0\n") {
        "only root can make network namespaces"
    } else if !found("sshd") || !found("ssh") {
        "there is no sshd: scripts/setup"
    } else if !found("ip") || !found("unshare") {
        "there is no ip or unshare: scripts/setup"
    } else {
        return true;
    };
    // Not by `eprintln`, which nobody sees of a test that passes.
    let said = format!("\n*** NOT TESTED: the SSH executor. {why}.\n\n");
    let _ = std::io::stderr().write_all(said.as_bytes());
    false
}

impl Hosts {
    /// `None` where that is not possible.
    pub fn start() -> Option<Self> {
        if !possible() {
            return None;
        }
        let dir = tempfile::Builder::new()
            .prefix("berth-ssh")
            .tempdir()
            .unwrap();
        fs::create_dir(dir.path().join("shared")).unwrap();
        make_key(&dir.path().join("shared/key"));
        for number in [1, 2] {
            let host = dir.path().join(format!("host-{number}"));
            fs::create_dir_all(host.join("home")).unwrap();
            make_key(&host.join("key"));
        }
        let mut hosts = Hosts {
            dir,
            hosts: [None, None],
            network: Network::new(),
        };
        hosts.write_config();
        hosts.boot(1);
        hosts.boot(2);
        Some(hosts)
    }

    pub fn boot(&mut self, number: u8) {
        let mut host = Command::new(here().join("ssh-host"))
            .arg(self.dir.path())
            .arg(number.to_string())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        self.network.join(number, first_child(host.id()));
        host.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
        self.hosts[usize::from(number - 1)] = Some(host);
    }

    /// Power off: all that runs there is gone at once.
    pub fn kill(&mut self, number: u8) {
        let host = self.hosts[usize::from(number - 1)].take();
        let mut host = host.expect("a host that runs");
        host.kill().unwrap();
        host.wait().unwrap();
    }

    /// For whoever has to find out why a host is not reached.
    pub fn all_that_is_known(&self) -> String {
        let logs = [1, 2].map(|number| {
            let log = self.dir.path().join(format!("host-{number}/sshd.log"));
            fs::read_to_string(log).unwrap_or_else(|why| why.to_string())
        });
        format!("{}\n{}", self.network.all_that_is_known(), logs.join("\n"))
    }

    /// Pulls the plug out of the network, or puts it in again.
    pub fn link(&self, number: u8, up: bool) {
        self.network.link(number, up);
    }

    pub fn ip(&self, number: u8) -> String {
        self.network.ip(number)
    }

    /// What every host sees as `/mnt/shared`.
    pub fn shared(&self) -> PathBuf {
        self.dir.path().join("shared")
    }

    /// The home folder of the user there.
    pub fn home(&self, number: u8) -> PathBuf {
        self.dir.path().join(format!("host-{number}/home"))
    }

    /// For `XDG_STATE_HOME`.
    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// For `ssh -F`.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    fn known_hosts(&self) -> PathBuf {
        self.dir.path().join("known_hosts")
    }

    fn write_config(&self) {
        let mut config = String::new();
        for number in [1, 2] {
            config += &format!(
                "Host node-{number}\n  HostName {}\n  User root\n  IdentityFile {}\n  \
                 IdentitiesOnly yes\n  UserKnownHostsFile {}\n",
                self.ip(number),
                self.shared().join("key").display(),
                self.known_hosts().display(),
            );
        }
        fs::write(self.config(), config).unwrap();
        self.know([1, 2]);
    }

    /// Host 1 is known by the key of host `keys[0]`, and so on; 0: not at all.
    pub fn know(&self, keys: [u8; 2]) {
        let mut known = String::new();
        for (number, of) in (1..).zip(keys).filter(|(_, of)| *of > 0) {
            let key = self.dir.path().join(format!("host-{of}/key.pub"));
            let key = fs::read_to_string(key).unwrap();
            known += &format!("{} {key}", self.ip(number));
        }
        fs::write(self.known_hosts(), known).unwrap();
    }

    /// The connections of whoever uses our configuration: the pids of `ssh`'s masters.
    pub fn masters(&self) -> Vec<u32> {
        let mark = self.config().display().to_string();
        let is_master = |pid: &u32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words: Vec<_> = line.split(|byte| *byte == 0).collect();
            let has = |word: &[u8]| words.contains(&word);
            has(mark.as_bytes()) && has(b"-M")
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(is_master).collect()
    }

    /// `kill -9`.
    pub fn kill_masters(&self) -> usize {
        let masters = self.masters();
        for pid in &masters {
            let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
            assert!(killed.is_ok());
        }
        masters.len()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in self.hosts.iter_mut().flatten() {
            let _ = host.kill();
            let _ = host.wait();
        }
        for pid in self.masters() {
            let _ = Command::new("kill").arg(pid.to_string()).status();
        }
    }
}

fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}
