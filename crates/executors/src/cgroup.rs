//! A control group for each rank, where this host lets us make one (cgroup v2, delegated or root).
//!
//! It is the second net under the subreaper: a process that cleared its environment and whose shim
//! was killed is still found here, and `cgroup.kill` ends all at once, faster than they can fork.
//! No controller is used, so nothing is limited by it. See cgroups(7) and the kernel's
//! `admin-guide/cgroup-v2`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use berth_domain::AttemptId;

/// Makes the group of a rank below our own; `None` where that is not allowed or not there.
pub(crate) fn create(attempt: AttemptId, rank: u32) -> Option<PathBuf> {
    let group = own()?.join(name(attempt, rank));
    fs::create_dir(&group).ok()?;
    Some(group)
}

/// The pid is there because two servers on one host count their jobs alike.
fn name(attempt: AttemptId, rank: u32) -> String {
    format!("berth-{attempt}-{rank}-{}", std::process::id())
}

/// The file that a process writes `0` into to join.
pub(crate) fn door(group: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .open(group.join("cgroup.procs"))
}

/// Ends every process in the group at once. Does nothing before Linux 5.14, which has no
/// `cgroup.kill`.
pub(crate) fn kill(group: &Path) {
    let _ = fs::write(group.join("cgroup.kill"), "1");
}

/// Removes the group, once nothing is in it.
pub(crate) fn remove(group: &Path) {
    // Below it there may be groups that the job made itself.
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

/// Removes what shims left beside this group that were killed. One that still holds a process stays: the
/// kernel refuses.
pub(crate) fn sweep(beside: &Path) {
    let all = beside.parent().map(fs::read_dir);
    for entry in all.into_iter().flatten().flatten().flatten() {
        if owner(&entry.file_name().to_string_lossy()).is_some_and(is_gone) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The pid in a group's name, if it is one of ours.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix("berth-")?
        .rsplit('-')
        .next()?
        .parse()
        .ok()
}

fn is_gone(pid: u32) -> bool {
    !Path::new("/proc").join(pid.to_string()).exists()
}

/// Our own group in the v2 hierarchy, as a folder.
fn own() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    Some(mount_point(&mounts)?.join(own_path(&groups)?))
}

/// Where cgroup v2 is mounted, from `/proc/self/mountinfo`: the fifth field of the line whose type,
/// after the separator `-`, is `cgroup2`.
fn mount_point(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (fields, rest) = line.split_once(" - ")?;
        let kind = rest.split(' ').next()?;
        (kind == "cgroup2").then(|| fields.split(' ').nth(4).map(PathBuf::from))?
    })
}

/// The path of the v2 hierarchy's line, `0::/user.slice`, without its first slash.
fn own_path(groups: &str) -> Option<&str> {
    let line = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(line.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_v2_hierarchy_is_found_beside_v1() {
        let mounts = "24 30 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                      31 30 0:27 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 none rw\n";
        assert_eq!(mount_point(mounts), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point("24 30 0:22 / /proc rw - proc proc rw\n"), None);
        let groups = "4:memory:/a\n0::/user.slice/user-1000.slice\n";
        assert_eq!(own_path(groups), Some("user.slice/user-1000.slice"));
        assert_eq!(own_path("4:memory:/a\n"), None);
    }

    #[test]
    fn only_groups_of_shims_that_are_gone_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let group = |name: &str| {
            let group = folder.path().join(name);
            fs::create_dir(&group).unwrap();
            group
        };
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let left = group(&format!("berth-7.1-0-{}", ended.id()));
        let own = group(&format!("berth-8.1-0-{}", std::process::id()));
        let others = [group("berth"), group("berth-x"), group("system.slice")];
        sweep(&own);
        assert!(!left.exists() && own.exists() && others.iter().all(|one| one.exists()));
    }
}
