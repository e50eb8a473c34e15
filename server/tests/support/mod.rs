//! A real `berth-server` in a folder of its own, with a tmux of its own, that a test may kill.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod contract;
pub mod kept;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use berth_api::jobs::{GetJob, ListJobs, SubmitJob};
use berth_api::logs::JobLog;
use berth_api::views::{JobDetail, JobRow};
use berth_api::{ApiError, Berth};
use berth_domain::{JobId, SubmitRequest};
use tempfile::TempDir;

/// Nothing in these tests takes as long; what does hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub dir: TempDir,
    pub url: String,
    pub token: String,
    /// How often it was started.
    pub boots: u32,
    child: Option<Child>,
    /// Where it listens; at first any free port.
    addr: String,
    /// Where it runs jobs: a flag and its value, or nothing.
    place: Vec<String>,
}

impl Server {
    pub fn start() -> Self {
        Self::with("2x8", &[])
    }

    pub fn with(simulate: &str, env: &[(&str, &str)]) -> Self {
        Self::on(["--simulate", simulate], env)
    }

    pub fn on(place: [&str; 2], env: &[(&str, &str)]) -> Self {
        Self::at(&place, env)
    }

    /// It chooses by itself where it runs jobs.
    pub fn unasked(env: &[(&str, &str)]) -> Self {
        Self::at(&[], env)
    }

    pub fn at(place: &[&str], env: &[(&str, &str)]) -> Self {
        let dir = tempfile::Builder::new().prefix("berth").tempdir().unwrap();
        // Enough of a site for a server whose pages nobody opens.
        std::fs::create_dir_all(dir.path().join("site/pkg/build")).unwrap();
        std::fs::write(dir.path().join("site/pkg/build/berth.js"), "").unwrap();
        std::fs::create_dir_all(dir.path().join("tmux")).unwrap();
        let mut server = Server {
            dir,
            url: String::new(),
            token: String::new(),
            boots: 0,
            child: None,
            addr: "127.0.0.1:0".to_owned(),
            place: place.iter().map(|part| (*part).to_owned()).collect(),
        };
        server.boot(env);
        server
    }

    /// Starts the server on the same folder, again if it was killed.
    pub fn boot(&mut self, env: &[(&str, &str)]) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_berth-server"))
            .args(["serve", "--addr", &self.addr, "--data"])
            .arg(self.data())
            .args(&self.place)
            .env("BERTH_SITE", self.dir.path().join("site"))
            .env("TMUX_TMPDIR", self.dir.path().join("tmux"))
            .env("BERTH_GRACE_S", "1")
            .env("BERTH_RETRY_BASE_S", "0.1")
            .envs(env.iter().copied())
            .current_dir(self.dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            if let Some(url) = line.strip_prefix("listening on ") {
                url.clone_into(&mut self.url);
                break;
            }
        }
        self.child = Some(child);
        self.boots += 1;
        assert!(!self.url.is_empty(), "the server did not start");
        let token = std::fs::read_to_string(self.data().join("cli.token")).unwrap();
        token.trim().clone_into(&mut self.token);
    }

    /// When it is started again it is where it was.
    pub fn keep_address(&mut self) {
        self.url
            .trim_start_matches("http://")
            .clone_into(&mut self.addr);
    }

    /// A token for the daemon of a node.
    pub fn node_token(&self, name: &str) -> String {
        let output = self.admin(&["node-token", name]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs `berth-server` on the server's data folder.
    pub fn admin(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_berth-server"))
            .args(args)
            .arg("--data")
            .arg(self.data())
            .output()
            .unwrap()
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn client(&self) -> Berth {
        self.client_of(&self.token)
    }

    /// It asks once: a test wants to see what is answered.
    pub fn client_of(&self, token: &str) -> Berth {
        let berth = Berth::new(&self.url, token).unwrap();
        berth.patient(Duration::ZERO)
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let child = self.child.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.child = None;
    }

    /// Waits until the server ended by itself.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the server did not end");
            std::thread::yield_now();
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// A user's token, made on the server's host.
    pub fn add_user(&self, name: &str) -> String {
        let output = self.admin(&["user", "add", name]);
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, rest) = text.split_once("BERTH_TOKEN=").unwrap();
        rest.lines().next().unwrap().to_owned()
    }

    /// The `berth` command, ready to run against this server.
    pub fn cli(&self) -> Command {
        let berth = Path::new(env!("CARGO_BIN_EXE_berth-server")).with_file_name("berth");
        assert!(berth.is_file(), "build the CLI first: make build");
        let mut command = Command::new(berth);
        command
            .env("BERTH_URL", &self.url)
            .env("BERTH_DATA", self.data());
        command
            .env_remove("BERTH_TOKEN")
            .current_dir(self.dir.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = Command::new("tmux")
            .arg("kill-server")
            .env("TMUX_TMPDIR", self.dir.path().join("tmux"))
            .stderr(Stdio::null())
            .status();
        // The shims outlive tmux, as they should; these are ours to end.
        end_processes_of(self.dir.path());
    }
}

/// Processes whose environment names this folder.
pub fn processes_of(folder: &Path) -> Vec<u32> {
    let needle = folder.to_str().unwrap().as_bytes().to_vec();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let ours = |pid: &u32| {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let mentions = |text: Vec<u8>| text.windows(needle.len()).any(|part| part == needle);
        *pid != std::process::id() && (mentions(read("environ")) || mentions(read("cmdline")))
    };
    pids.filter(ours).collect()
}

/// Waits for the last of a job's processes to be gone: a shim writes how the job ended, and then
/// ends itself.
pub async fn until_nothing_runs_of(folder: &Path) {
    let gone = async {
        while !processes_of(folder).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("nothing of the job runs on");
}

fn end_processes_of(folder: &Path) {
    for pid in processes_of(folder) {
        let _ = Command::new("kill")
            .args(["-9", &pid.to_string()])
            .stderr(Stdio::null())
            .status();
    }
}

pub fn shell(line: &str) -> SubmitRequest {
    let command = ["sh", "-c", line].map(str::to_owned).to_vec();
    SubmitRequest {
        command,
        ..SubmitRequest::default()
    }
}

pub async fn submit(berth: &Berth, request: SubmitRequest) -> JobRow {
    berth.call(SubmitJob { body: request }).await.unwrap().job
}

pub async fn get(berth: &Berth, id: JobId) -> JobDetail {
    berth.call(GetJob { id }).await.unwrap().job
}

/// All jobs, newest first.
pub async fn all(berth: &Berth) -> Vec<JobRow> {
    let mut jobs = Vec::new();
    let mut cursor = None;
    loop {
        let page = berth
            .call(ListJobs {
                user: None,
                state: None,
                outcome: None,
                project: None,
                text: None,
                array: None,
                grouped: None,
                limit: Some(500),
                cursor,
            })
            .await
            .unwrap();
        jobs.extend(page.jobs);
        cursor = page.next;
        if cursor.is_none() {
            return jobs;
        }
    }
}

/// Waits for a change that makes `ready` true, told by the live stream.
pub async fn until(berth: &Berth, ready: impl AsyncFnMut(&Berth) -> bool) {
    until_within(PATIENCE, berth, ready).await;
}

pub async fn until_within(
    patience: Duration,
    berth: &Berth,
    mut ready: impl AsyncFnMut(&Berth) -> bool,
) {
    let wait = async {
        let mut live = berth.live().await.unwrap();
        loop {
            if ready(berth).await {
                return;
            }
            live.next()
                .await
                .unwrap()
                .expect("the server closed the stream");
        }
    };
    tokio::time::timeout(patience, wait)
        .await
        .expect("it did not happen");
}

pub async fn until_finished(berth: &Berth, ids: &[JobId]) -> Vec<JobDetail> {
    let mut done = Vec::new();
    for id in ids {
        until(berth, async |berth: &Berth| {
            get(berth, *id).await.row.finished_at.is_some()
        })
        .await;
        done.push(get(berth, *id).await);
    }
    done
}

pub fn refused<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> ApiError {
    answer.expect_err("it should have been refused")
}

/// What a rank's command wrote, from the beginning.
pub async fn log(berth: &Berth, id: JobId, rank: u32) -> String {
    let call = JobLog {
        id,
        attempt: None,
        rank: Some(rank),
        offset: None,
        limit: None,
        wait_s: None,
    };
    berth.call(call).await.unwrap().text
}
