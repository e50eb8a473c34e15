//! Making a connection: `ssh`'s own master, over which everything goes, our binary carried over if it
//! is not there, and the agent started.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::NodeName;
use openssh::{
    Child, ChildStderr, ChildStdin, ChildStdout, ControlPersist, KnownHosts, Session,
    SessionBuilder, Stdio,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;

use super::host::Common;
use super::load::{Load, Seen};
use super::problem::{no_connection, one_line, unfit};
use super::wire::{self, Frame, FromAgent, Hello, Settings, ToAgent};

/// For the TCP connection.
const CONNECT: Duration = Duration::from_secs(10);
/// For each thing that is asked over it.
const ANSWER: Duration = Duration::from_secs(20);
/// For carrying a file over.
const CARRY: Duration = Duration::from_secs(300);
/// `ssh` looks this often whether the host is still there, and gives up after three times.
const ALIVE: Duration = Duration::from_secs(5);
/// A master whose server was killed ends after this long, in seconds.
const IDLE: NonZeroUsize = NonZeroUsize::new(10).expect("ten is not zero");
/// A login shell may say something before the agent does; not more than this.
const NOISE_LINES: usize = 200;
/// What was heard and not taken yet.
const UNDER_WAY: usize = 8;
/// Of what is said at the end, in bytes.
const LAST_WORDS: u64 = 64 * 1024;

/// An agent that said hello.
pub(super) struct Link {
    pub hello: Hello,
    pub say: mpsc::UnboundedSender<ToAgent>,
    pub heard: mpsc::Receiver<io::Result<Frame>>,
    pub ending: Ending,
}

/// What a connection is ended with.
pub(super) struct Ending {
    agent: Child<Arc<Session>>,
    errors: Option<ChildStderr>,
    session: Arc<Session>,
}

/// # Errors
/// A sentence.
pub(super) async fn connect(common: Arc<Common>, name: NodeName) -> Result<Link, String> {
    let host = name.as_str();
    let mut builder = SessionBuilder::default();
    builder
        .known_hosts_check(KnownHosts::Strict)
        .connect_timeout(CONNECT)
        .server_alive_interval(ALIVE)
        .control_persist(ControlPersist::IdleFor(IDLE))
        .control_directory(&common.sockets);
    if let Some(file) = &common.config.config_file {
        builder.config_file(file);
    }
    // Somebody may have tidied up.
    let _ = std::fs::create_dir_all(&common.sockets);
    // `ssh` has its own limit for the connection; this one is for what comes after it.
    let session = within(host, CONNECT + ANSWER, builder.connect(host)).await?;
    let session = Arc::new(session.map_err(|error| no_connection(host, &error))?);
    let link = start(&common, &name, session.clone()).await;
    if link.is_err() {
        close(session).await;
    }
    link
}

async fn start(common: &Common, name: &NodeName, session: Arc<Session>) -> Result<Link, String> {
    let host = name.as_str();
    let binary = &common.binary;
    let seen = ask(&session, host, &binary.look()).await?;
    let seen = Seen::parse(&seen);
    if let Some(why) = unfit(host, &seen, binary) {
        return Err(why);
    }
    if seen.hash.is_none() {
        carry(&session, host, &binary.load()).await?;
    }
    let folder = folder(common, host);
    let line = format!("exec \"{}\" agent \"{folder}\"", binary.place());
    let mut agent = session
        .clone()
        .arc_command("sh")
        .args(["-c", line.as_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .await
        .map_err(|error| no_connection(host, &error))?;
    let missing = || format!("the agent on {host} cannot be spoken to");
    let mut input = agent.stdin().take().ok_or_else(missing)?;
    let output = agent.stdout().take().ok_or_else(missing)?;
    let mut output = BufReader::new(output);
    let run = &common.config.run;
    let settings = ToAgent::Settings(Settings {
        node: name.clone(),
        server_url: run.server_url.clone(),
        log_limit_bytes: run.log_limit_bytes,
        leftover_grace: run.leftover_grace,
        gang_grace: run.gang_grace,
    });
    let ending = Ending {
        errors: agent.stderr().take(),
        agent,
        session,
    };
    let hello = async {
        wire::write(&mut input, &settings).await?;
        hello(&mut output).await
    };
    match within(host, ANSWER, hello).await {
        Ok(Ok(Some(hello))) => Ok(Link {
            hello,
            say: writer(input),
            heard: reader(output),
            ending,
        }),
        Ok(_) => {
            let said = ending.last_words().await;
            let said = said.as_deref().unwrap_or("it says nothing");
            Err(format!("Berth does not start on {host}: {said}"))
        }
        Err(why) => Err(why),
    }
}

/// A task that writes what is said; it ends with the connection, or when no more will be.
fn writer(mut input: ChildStdin) -> mpsc::UnboundedSender<ToAgent> {
    let (say, mut said) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(word) = said.recv().await {
            if wire::write(&mut input, &word).await.is_err() {
                return;
            }
        }
    });
    say
}

/// A task that reads, as fast as what it reads is taken.
fn reader(mut output: BufReader<ChildStdout>) -> mpsc::Receiver<io::Result<Frame>> {
    let (hear, heard) = mpsc::channel(UNDER_WAY);
    tokio::spawn(async move {
        while let Some(frame) = wire::read(&mut output).await.transpose() {
            let failed = frame.is_err();
            if hear.send(frame).await.is_err() || failed {
                return;
            }
        }
    });
    heard
}

/// Skips what a login shell may say first.
async fn hello(output: &mut BufReader<ChildStdout>) -> io::Result<Option<Hello>> {
    for _ in 0..NOISE_LINES {
        let mut line = Vec::new();
        if output.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if let Ok(FromAgent::Hello(hello)) = serde_json::from_slice(&line) {
            return Ok(Some(hello));
        }
    }
    Ok(None)
}

async fn within<T>(
    host: &str,
    patience: Duration,
    what: impl Future<Output = T>,
) -> Result<T, String> {
    tokio::time::timeout(patience, what)
        .await
        .map_err(|_| format!("{host} does not answer within {} s", patience.as_secs()))
}

/// Runs a line of `sh` and returns what it says.
async fn ask(session: &Session, host: &str, line: &str) -> Result<String, String> {
    let mut command = session.command("sh");
    command.args(["-c", line]).stdin(Stdio::null());
    let output = within(host, ANSWER, command.output()).await?;
    let output = output.map_err(|error| no_connection(host, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = one_line(&String::from_utf8_lossy(&output.stderr));
    Err(format!("nothing can be run on {host}: {said}"))
}

/// Our folder on the host, for a shell there.
fn folder(common: &Common, host: &str) -> String {
    format!("$HOME/.local/share/berth-host/{}/{host}", common.tag)
}

/// Carries an uploaded folder over.
///
/// # Errors
/// A sentence.
pub(super) async fn carry_package(
    common: Arc<Common>,
    session: Arc<Session>,
    name: NodeName,
    package: &str,
) -> Result<(), String> {
    let host = name.as_str();
    let data = &common.config.run.data_dir;
    let load = Load::package(data, package, &folder(&common, host));
    carry(&session, host, &load).await
}

/// Carries a file over. It is used only if it arrives as it left.
async fn carry(session: &Session, host: &str, load: &Load) -> Result<(), String> {
    within(host, CARRY, send(session, host, load)).await?
}

async fn send(session: &Session, host: &str, load: &Load) -> Result<(), String> {
    let what = load.what;
    tracing::info!(host, "carries {what} over");
    let failed = |why: String| format!("{what} cannot be carried to {host}: {why}");
    let mut file = tokio::fs::File::open(&load.from)
        .await
        .map_err(|error| failed(format!("{}: {error}", load.from.display())))?;
    let mut receiver = session
        .command("sh")
        .args(["-c", load.receive().as_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .await
        .map_err(|error| no_connection(host, &error))?;
    if let Some(mut input) = receiver.stdin().take() {
        let send = async {
            tokio::io::copy(&mut file, &mut input).await?;
            input.shutdown().await
        };
        // If the other end broke off, it says why.
        if let Err(error) = send.await {
            tracing::debug!(host, %error, "carrying broke off");
        }
    }
    let output = receiver.wait_with_output().await;
    let output = output.map_err(|error| no_connection(host, &error))?;
    let arrived = Seen::parse(&String::from_utf8_lossy(&output.stdout)).hash;
    match arrived {
        Some(hash) if hash == load.hash => Ok(()),
        Some(hash) => Err(failed(format!("what arrived has the SHA-256 {hash}"))),
        None => Err(failed(one_line(&String::from_utf8_lossy(&output.stderr)))),
    }
}

impl Ending {
    pub(super) fn session(&self) -> Arc<Session> {
        self.session.clone()
    }

    /// What the agent, or `ssh`, said last.
    async fn last_words(self) -> Option<String> {
        let mut said = Vec::new();
        if let Some(errors) = self.errors {
            let mut errors = errors.take(LAST_WORDS);
            let all = errors.read_to_end(&mut said);
            let _ = tokio::time::timeout(Duration::from_secs(1), all).await;
        }
        drop(self.agent);
        let said = String::from_utf8_lossy(&said).into_owned();
        (!said.trim().is_empty()).then(|| one_line(&said))
    }

    /// Ends the connection, and tells what was last said over it.
    pub(super) async fn close(self) -> Option<String> {
        let session = self.session.clone();
        let said = self.last_words().await;
        close(session).await;
        said
    }
}

/// Dropping it tells `ssh`'s master to end and waits for that.
async fn close(session: Arc<Session>) {
    let _ = tokio::task::spawn_blocking(move || drop(session)).await;
}
