//! Interactive jobs as a person has them: the real CLI on a real terminal, tmux behind it.

use crate::support;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Server, get, shell, submit, until, until_finished};
use berth_api::Berth;
use berth_api::jobs::{CancelJob, JobArg};
use berth_domain::{JobId, StateName, SubmitRequest};
use nix::pty::{Winsize, openpty};

/// The CLI on a terminal, and a person at it.
pub struct Person {
    cli: Child,
    keys: File,
    /// Everything that was shown.
    seen: Arc<Mutex<String>>,
}

impl Person {
    pub fn runs(server: &Server, words: &[&str]) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let cli = server
            .cli()
            .args(words)
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let keys = File::from(pty.master);
        let mut screen = keys.try_clone().unwrap();
        let seen = Arc::new(Mutex::new(String::new()));
        let shown = seen.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]);
                shown.lock().unwrap().push_str(&text);
            }
        });
        Person { cli, keys, seen }
    }

    /// Not faster than tmux believes of a person: it takes that for pasted, and no key of its own.
    pub fn types(&mut self, keys: &str) {
        for key in keys.bytes() {
            self.keys.write_all(&[key]).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until this is shown.
    pub fn sees(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.seen.lock().unwrap().contains(text) {
            let seen = self.seen.lock().unwrap().clone();
            assert!(Instant::now() < end, "{text:?} is not in {seen:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Detaches as a person does: again, where the host was so busy that the keys came all at once.
    pub fn detaches(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && self.cli.try_wait().unwrap().is_none() {
            self.types("\u{2}d");
            let again = Instant::now() + Duration::from_secs(3);
            while Instant::now() < again && self.cli.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.leaves()
    }

    /// Waits until the CLI ended.
    pub fn leaves(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.cli.try_wait().unwrap() {
                return status;
            }
            let seen = self.seen.lock().unwrap().clone();
            assert!(Instant::now() < end, "the CLI did not end: {seen:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The connection is gone.
    fn lose(mut self) {
        self.cli.kill().unwrap();
        self.cli.wait().unwrap();
    }
}

async fn until_running(berth: &Berth, id: JobId) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_outlives_a_lost_connection_and_ends_when_it_is_left() {
    let server = Server::start();
    let berth = server.client();
    let id = JobId(1);
    let mut person = Person::runs(&server, &["shell", "-g", "2"]);
    person.sees("submitted job 1.");
    person.sees("[berth-1");
    // What is typed is not what is looked for.
    person.types("X=kept; echo de''vices=$CUDA_VISIBLE_DEVICES\r");
    person.sees("devices=0,1");
    person.types("test -t 0 && stty size | tr ' ' x\r");
    // All but tmux's own line.
    person.sees("23x80");
    person.lose();

    let mut again = Person::runs(&server, &["attach", "1"]);
    again.sees("[berth-1");
    again.types("echo st''ill $X\r");
    again.sees("still kept");
    // Ctrl-C reaches what runs in it, not the job.
    again.types("echo sl''eeps; sleep 600\r");
    again.sees("sleeps");
    again.types("\u{3}");
    again.types("echo wo''ken\r");
    again.sees("woken");
    assert!(again.detaches().success());
    again.sees("left job 1, which goes on; `berth attach 1`");

    let job = get(&berth, id).await;
    assert_eq!(job.row.state, StateName::Running);
    assert_eq!((job.row.time_limit_s, job.interactive), (8 * 3600, true));

    let mut last = Person::runs(&server, &["attach", "1"]);
    last.sees("[berth-1");
    last.types("exit\r");
    assert!(last.leaves().success());
    last.sees("job 1 succeeded");
    let log = support::log(&berth, id, 0).await;
    assert!(
        log.contains("devices=0,1") && log.contains("still kept"),
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_that_waits_says_why_and_its_code_is_the_clis() {
    let server = Server::with("1x1", &[]);
    let berth = server.client();
    let first = submit(&berth, shell("sleep 600")).await.id;
    until_running(&berth, first).await;
    let mut person = Person::runs(&server, &["shell", "--", "sh"]);
    person.sees("job 2 waits.");
    berth
        .call(CancelJob {
            body: JobArg { id: first },
        })
        .await
        .unwrap();
    person.sees("[berth-2");
    person.types("exit 7\r");
    assert_eq!(person.leaves().code(), Some(7));
    person.sees("failed with exit code 7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_shell_ends_as_at_a_closed_terminal() {
    let server = Server::with("1x1", &[("BERTH_GRACE_S", "3600")]);
    let berth = server.client();
    let person = Person::runs(&server, &["shell", "--", "bash", "--norc"]);
    person.sees("[berth-1");
    // A shell at a terminal is deaf to SIGTERM.
    berth
        .call(CancelJob {
            body: JobArg { id: JobId(1) },
        })
        .await
        .unwrap();
    let done = until_finished(&berth, &[JobId(1)]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("Cancelled"));
    let folder = server.data().join("runs/1");
    support::until_nothing_runs_of(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_job_is_looked_at_and_not_typed_into() {
    let server = Server::start();
    let berth = server.client();
    let id = submit(&berth, shell("echo looking; sleep 600")).await.id;
    let mut person = Person::runs(&server, &["attach", "1"]);
    person.sees("looking");
    person.types("\u{3}");
    assert!(person.detaches().success());
    let job = get(&berth, id).await;
    assert_eq!(job.row.state, StateName::Running);
    assert_eq!(job.terminals.len(), 1);
    assert!(job.terminals[0].command.contains(&"-r".to_owned()));

    // Without a terminal here nothing is submitted.
    let output = server
        .cli()
        .args(["shell", "-g", "1"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("needs a terminal"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_in_a_shell_is_told_that_its_time_is_over() {
    let server = Server::with("1x1", &[]);
    let request = SubmitRequest {
        interactive: true,
        time_limit: Some("2s".into()),
        signal: Some("USR1@1".into()),
        ..shell("exec bash --norc")
    };
    let berth = server.client();
    let id = submit(&berth, request).await.id;
    let done = until_finished(&berth, &[id]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("TimedOut"));
    let log = support::log(&berth, id, 0).await;
    assert!(log.contains("berth: this job ends in"), "{log:?}");
}
