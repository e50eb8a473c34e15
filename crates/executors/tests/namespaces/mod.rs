//! A network of its own for hosts in namespaces, on a bridge of this host.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// On a busy host.
const PATIENCE: Duration = Duration::from_secs(120);

/// 10.99.SUBNET.0/24, where host NUMBER has the address NUMBER.
pub struct Network {
    bridge: String,
    subnet: u8,
    _taken: UnixListener,
}

impl Network {
    pub fn new() -> Self {
        let (subnet, taken) = free_subnet();
        let bridge = format!("berth{subnet}");
        // One that a test left which was killed.
        delete_link(&bridge);
        let address = format!("10.99.{subnet}.254/24");
        ip(&["link", "add", &bridge, "type", "bridge"]);
        ip(&["addr", "add", &address, "dev", &bridge]);
        ip(&["link", "set", &bridge, "up"]);
        Network {
            bridge,
            subnet,
            _taken: taken,
        }
    }

    pub fn subnet(&self) -> u8 {
        self.subnet
    }

    pub fn ip(&self, number: u8) -> String {
        format!("10.99.{}.{number}", self.subnet)
    }

    fn name(&self, number: u8) -> String {
        format!("v{}-{number}", self.subnet)
    }

    /// Puts the host into the network whose process 1 has this pid.
    pub fn join(&self, number: u8, inside: u32) {
        let (link, inside) = (self.name(number), inside.to_string());
        // The kernel takes a while to remove that of a host that was killed.
        delete_link(&link);
        ip(&[
            "link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &inside,
        ]);
        ip(&["link", "set", &link, "master", &self.bridge, "up"]);
        let address = format!("{}/24", self.ip(number));
        let entered = Command::new("nsenter")
            .args(["-t", &inside, "-n", "ip", "addr", "add"])
            .args([&address, "dev", "eth0"])
            .status();
        assert!(entered.unwrap().success());
    }

    /// For whoever has to find out why a host is not seen.
    pub fn all_that_is_known(&self) -> String {
        let known = [
            &["-br", "addr"][..],
            &["-br", "link"],
            &["route"],
            &["neigh"],
        ];
        let outputs = known.map(|words| Command::new("ip").args(words).output());
        let said = outputs.into_iter().flatten();
        let said: String = said
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .collect();
        format!("{}:\n{said}", self.bridge)
    }

    pub fn link(&self, number: u8, up: bool) {
        ip(&[
            "link",
            "set",
            &self.name(number),
            if up { "up" } else { "down" },
        ]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for link in [self.name(1), self.name(2), self.bridge.clone()] {
            delete_link(&link);
        }
    }
}

/// A part of 10.99.0.0/16 that no other test uses. Who listens by an abstract name has it: such names
/// are the network's own, so a test with another `/tmp` sees it too, and they end with their process.
fn free_subnet() -> (u8, UnixListener) {
    let take = |subnet: u8| {
        let name = format!("berth-test-network-{subnet}");
        let name = SocketAddr::from_abstract_name(name).ok()?;
        Some((subnet, UnixListener::bind_addr(&name).ok()?))
    };
    (10..250).find_map(take).expect("a free network")
}

fn delete_link(name: &str) {
    let _ = Command::new("ip")
        .args(["link", "del", name])
        .stderr(Stdio::null())
        .status();
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "ip {arguments:?}"
    );
}

/// Process 1 of a host, as this host counts.
pub fn first_child(parent: u32) -> u32 {
    let until = Instant::now() + PATIENCE;
    loop {
        let path = format!("/proc/{parent}/task/{parent}/children");
        let children = std::fs::read_to_string(path).unwrap();
        if let Some(child) = children.split_whitespace().next() {
            return child.parse().unwrap();
        }
        assert!(Instant::now() < until, "the host did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
}
