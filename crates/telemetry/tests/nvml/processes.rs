//! Whose the processes on a GPU are: real ones, which the made-up driver tells of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use berth_domain::{AttemptId, GpuProcess, JobId};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, getuid};
use tempfile::TempDir;

use crate::host::Host;

const MIB: u64 = 1 << 20;
/// No Linux gives this number.
const NOBODY: u32 = 5_000_000;

/// A job's first process, and one that came of it and that it told the number of.
struct Job {
    folder: TempDir,
    first: Child,
    pid: u32,
}

impl Job {
    /// Runs the line in a shell with an attempt's environment. It writes the number of a process that
    /// sleeps to `$PID`.
    fn run(line: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("pid");
        let first = Command::new("sh")
            .args(["-c", line])
            .env("BERTH_JOB_ID", "17")
            .env("BERTH_ATTEMPT", "2")
            .env("PID", &file)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let pid = loop {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n') {
                break pid.parse().unwrap();
            }
        };
        // It has become what it was started as.
        while !command_of(pid).starts_with("sleep") {}
        Job { folder, first, pid }
    }

    async fn seen(&self) -> GpuProcess {
        seen(self.pid).await
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = kill(pid(self.pid), Signal::SIGKILL);
        let _ = self.first.kill();
        let _ = self.first.wait();
        assert!(self.folder.path().exists());
    }
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap())
}

fn command_of(pid: u32) -> String {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.replace('\0', " ")
}

fn started(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    rest.split_whitespace().nth(19).unwrap().parse().unwrap()
}

fn attempt() -> Option<AttemptId> {
    Some(AttemptId {
        job: JobId(17),
        number: 2,
    })
}

/// As telemetry sees this process on a GPU.
async fn seen(pid: u32) -> GpuProcess {
    let host = Host::new(&format!("gpus 1\nprocess 0 {pid} 300 40\n"));
    let processes = host.samples().await.remove(0).processes;
    processes.unwrap().remove(0)
}

#[tokio::test]
async fn all_that_is_told_of_a_process() {
    let job = Job::run("echo $$ > $PID.new; mv $PID.new $PID; exec sleep 1000");
    let user = User::from_uid(getuid()).unwrap().unwrap();
    let expected = GpuProcess {
        pid: job.pid,
        started: started(job.pid),
        user: Some(user.name),
        command: Some("sleep 1000".to_owned()),
        mem_bytes: Some(300 * MIB),
        sm_pct: Some(40.0),
        attempt: attempt(),
        parents: vec![],
    };
    assert_eq!(job.seen().await, expected);
}

#[tokio::test]
async fn a_child_is_the_attempts() {
    let job = Job::run("sleep 1000 & echo $! > $PID; wait");
    assert_eq!(job.seen().await.attempt, attempt());
}

#[tokio::test]
async fn a_child_that_cleared_its_environment_is_the_attempts_by_its_parent() {
    let job = Job::run("env -i sleep 1000 & echo $! > $PID; wait");
    assert_eq!(job.seen().await.attempt, attempt());
}

#[tokio::test]
async fn what_forked_twice_and_lost_its_parent_is_the_attempts() {
    let mut job = Job::run("setsid sh -c 'sleep 1000 & echo $! > $PID'");
    job.first.wait().unwrap();
    assert_eq!(job.seen().await.attempt, attempt());
}

#[tokio::test]
async fn what_is_in_a_pid_namespace_of_its_own_is_the_attempts() {
    let unshare = |flags: &str| format!("unshare {flags} --pid --fork");
    let allowed = |flags: &&str| {
        let done = Command::new("sh")
            .args(["-c", &format!("{} true", unshare(flags))])
            .output();
        done.is_ok_and(|done| done.status.success())
    };
    let Some(flags) = ["", "--user --map-root-user"].into_iter().find(allowed) else {
        eprintln!("NOT TESTED: this host lets us make no pid namespace");
        return;
    };
    // The one inside does not know what it is called outside, and has nothing of the job but its
    // parent.
    let line = format!(
        "{} env -i sleep 1000 & \
         until inner=$(cat /proc/$!/task/$!/children) && test -n \"$inner\"; do :; done; \
         echo $inner > $PID; wait",
        unshare(flags)
    );
    let job = Job::run(&line);
    let spaces = ["self".to_owned(), job.pid.to_string()]
        .map(|process| fs::read_link(format!("/proc/{process}/ns/pid")).unwrap());
    assert_ne!(spaces[0], spaces[1]);
    assert_eq!(job.seen().await.attempt, attempt());
}

#[tokio::test]
async fn what_has_nothing_of_a_job_is_foreign_and_names_its_parents() {
    let mut job = Job::run("env -i PID=$PID setsid sh -c 'sleep 1000 & echo $! > $PID'");
    job.first.wait().unwrap();
    let found = job.seen().await;
    assert_eq!(found.attempt, None);
    assert_eq!(found.command.as_deref(), Some("sleep 1000"));
    assert!(found.user.is_some());
    assert_eq!(found.parents.last(), Some(&1), "{:?}", found.parents);
}

/// Where control groups of version 2 are, if we may make some.
fn groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(line.split(' ').nth(4)?).join(own))
}

#[tokio::test]
async fn what_cleared_all_but_its_control_group_is_the_attempts() {
    let group = groups().map(|groups| groups.join(format!("berth-17.2-0-{}", std::process::id())));
    let Some(group) = group.filter(|group| fs::create_dir(group).is_ok()) else {
        eprintln!("NOT TESTED: this host lets us make no control group");
        return;
    };
    let line = format!(
        "echo 0 > {}/cgroup.procs; env -i PID=$PID setsid sh -c 'sleep 1000 & echo $! > $PID'",
        group.display()
    );
    let mut job = Job::run(&line);
    job.first.wait().unwrap();
    assert_eq!(job.seen().await.attempt, attempt());
    drop(job);
    // It may take a moment to die.
    while fs::remove_dir(&group).is_err() {}
}

#[tokio::test]
async fn a_process_that_is_not_to_be_seen_from_here_is_there_all_the_same() {
    let expected = GpuProcess {
        pid: NOBODY,
        mem_bytes: Some(300 * MIB),
        sm_pct: Some(40.0),
        ..GpuProcess::default()
    };
    assert_eq!(seen(NOBODY).await, expected);
}

#[tokio::test]
async fn processes_come_and_go_and_rest() {
    let host = Host::new("gpus 2\n");
    assert_eq!(host.samples().await[0].processes, Some(vec![]));
    host.driver
        .say("gpus 2\nprocess 1 5000001 -1 70\nprocess 1 5000002 20 30\ngraphics 1 5000003 5\n");
    let told = |pid, mem_bytes, sm_pct| GpuProcess {
        pid,
        mem_bytes,
        sm_pct: Some(sm_pct),
        ..GpuProcess::default()
    };
    let work = vec![
        told(5_000_001, None, 70.0),
        told(5_000_002, Some(20 * MIB), 30.0),
        told(5_000_003, Some(5 * MIB), 0.0),
    ];
    let samples = host.samples().await;
    assert_eq!(samples[1].processes, Some(work));
    assert_eq!(samples[0].processes, Some(vec![]));
    // Nobody works: the driver has nothing to tell, which is no failure.
    host.driver.say("gpus 2\nprocess 1 5000002 20 0\n");
    let rests = vec![told(5_000_002, Some(20 * MIB), 0.0)];
    let samples = host
        .samples_when(|samples| samples[1].processes.as_ref() == Some(&rests))
        .await;
    assert!(
        !samples[1]
            .why
            .contains_key(&berth_domain::Figure::ProcessUse)
    );
}
