//! What `/proc` knows.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Tells this boot of the host from the next.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// The fields of `/proc/PID/stat` after the name, which may hold anything. The first is the state.
fn stat_fields(pid: i32) -> Option<Vec<String>> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// When a process started, in ticks since boot (field 22).
pub(crate) fn start_ticks(pid: i32) -> Option<u64> {
    stat_fields(pid)?.get(19)?.parse().ok()
}

fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return vec![];
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Every process below `root`, zombies left out.
pub(crate) fn descendants(root: i32) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    let mut dead = HashSet::new();
    for pid in pids() {
        let Some(fields) = stat_fields(pid) else {
            continue;
        };
        let Some(parent) = fields.get(1).and_then(|parent| parent.parse().ok()) else {
            continue;
        };
        if fields.first().is_some_and(|state| state == "Z") {
            dead.insert(pid);
        }
        children.entry(parent).or_default().push(pid);
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            open.push(child);
            if !dead.contains(&child) {
                found.push(child);
            }
        }
    }
    found
}

/// Every process whose environment has `name=value`, as it was when it started its program.
pub(crate) fn marked(name: &str, value: &str) -> Vec<i32> {
    let mark = format!("{name}={value}").into_bytes();
    let has_mark = |pid: &i32| {
        let environ = fs::read(Path::new("/proc").join(pid.to_string()).join("environ"));
        environ.is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == mark))
    };
    pids().into_iter().filter(has_mark).collect()
}

pub(crate) fn signal(pid: i32, signal: Signal) -> bool {
    kill(Pid::from_raw(pid), signal).is_ok()
}
