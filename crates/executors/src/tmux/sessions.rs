//! The thread that prepares run folders and asks tmux for sessions, several at once when several
//! wait, so that neither files nor forks hold up whoever ordered.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use berth_domain::{AttemptId, Ended, Exit};
use tokio::sync::mpsc;

use super::{TmuxConfig, ToStart};
use crate::launch::Told;
use crate::layout;
use crate::prepare::{self, Setting};
use crate::record::{self, Spec, Under};

/// How many sessions one call of tmux makes.
const BATCH: usize = 8;
/// A tmux server that is just ending refuses; the next one does not.
const TRIES: u32 = 5;

/// Starts the thread; it ends when the orders' sender is dropped.
pub(super) fn start(
    config: TmuxConfig,
    told: mpsc::UnboundedSender<Told>,
) -> io::Result<std::sync::mpsc::Sender<ToStart>> {
    let (orders, inbox) = std::sync::mpsc::channel::<ToStart>();
    std::thread::Builder::new()
        .name("launcher".to_owned())
        .spawn(move || {
            while let Ok(first) = inbox.recv() {
                let mut batch = vec![first];
                batch.extend(inbox.try_iter().take(BATCH - 1));
                for result in launch(&config, &batch) {
                    if told.send(result).is_err() {
                        return;
                    }
                }
            }
        })?;
    Ok(orders)
}

/// A rank that is ready to be started.
struct Session {
    attempt: AttemptId,
    name: String,
    folder: PathBuf,
}

fn launch(config: &TmuxConfig, batch: &[ToStart]) -> Vec<Told> {
    let mut results = Vec::new();
    let mut sessions = Vec::new();
    for ToStart {
        order,
        master,
        node,
    } in batch
    {
        let setting = Setting {
            under: Under::Tmux,
            base: host_environment(),
            master,
            node: node.as_ref(),
            session: session_name,
        };
        match prepare::prepare(&config.run, &setting, order) {
            Ok(places) => sessions.extend(places.into_iter().map(|place| Session {
                attempt: place.attempt,
                name: session_name(place.attempt, place.rank),
                folder: place.folder,
            })),
            Err(error) => {
                let why = format!("the run folder cannot be written: {error}");
                results.push(failed(order.attempt, why));
            }
        }
    }
    if sessions.is_empty() {
        return results;
    }
    let mut failures: BTreeMap<AttemptId, String> = BTreeMap::new();
    if tmux(config, sessions.iter()).is_err() {
        // One that fails keeps the ones behind it from being made: each by itself then. Shims are
        // started once however often they are asked for.
        for session in &sessions {
            if let Err(why) = alone(config, session) {
                failures.insert(session.attempt, why);
            }
        }
    }
    let mut attempts: Vec<AttemptId> = sessions.iter().map(|session| session.attempt).collect();
    attempts.dedup();
    for attempt in attempts {
        match failures.remove(&attempt) {
            Some(why) => {
                results.push(failed(attempt, why.clone()));
                results.push(Told::Health(Err(why)));
            }
            None => results.push(Told::Health(Ok(()))),
        }
    }
    results
}

fn failed(attempt: AttemptId, why: String) -> Told {
    let exit = Exit {
        ended: Ended::NotLaunched { why },
        out_of_memory: false,
    };
    Told::Failed { attempt, exit }
}

/// This host's environment, without what is about us and our terminal.
fn host_environment() -> BTreeMap<String, String> {
    let ours = |name: &str| {
        let prefixes = ["BERTH_", "TMUX", "CUDA_VISIBLE"];
        let names = ["SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY"];
        prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name)
    };
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !ours(name))
        .collect()
}

/// What a person attaches to: `berth-17`, further ranks `berth-17-rank1`.
fn session_name(attempt: AttemptId, rank: u32) -> String {
    if rank == 0 {
        format!("berth-{}", attempt.job)
    } else {
        format!("berth-{}-rank{rank}", attempt.job)
    }
}

fn tmux<'a>(
    config: &TmuxConfig,
    sessions: impl Iterator<Item = &'a Session>,
) -> Result<(), String> {
    let mut command = Command::new(&config.tmux);
    for (place, session) in sessions.enumerate() {
        if place > 0 {
            command.arg(";");
        }
        command
            .args([
                "new-session",
                "-d",
                "-x",
                "200",
                "-y",
                "50",
                "-s",
                &session.name,
                "-c",
                "/",
            ])
            .arg(&config.run.shim)
            .arg("shim")
            .arg(&session.folder);
    }
    command.envs(config.socket_dir.iter().map(|dir| ("TMUX_TMPDIR", dir)));
    // Inside somebody's tmux we would be refused as nested, and reach a server of theirs.
    command
        .env_remove("TMUX")
        .env_remove("TMUX_PANE")
        .stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "tmux is not installed on this host".to_owned(),
        _ => format!("tmux cannot be started: {error}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "tmux refused: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// One session, under another name if its own is taken by something else.
fn alone(config: &TmuxConfig, session: &Session) -> Result<(), String> {
    let mut name = session.name.clone();
    let mut result = Ok(());
    for attempt in 1..=TRIES {
        let named = Session {
            name: name.clone(),
            folder: session.folder.clone(),
            ..*session
        };
        result = tmux(config, std::iter::once(&named));
        match &result {
            Ok(()) => {
                rename(&session.folder, &name);
                return Ok(());
            }
            Err(why) if why.contains("duplicate session") => {
                name = format!("{}-{}-{attempt}", session.name, session.attempt.number);
            }
            Err(why) if why.contains("not installed") => return result,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20 << attempt)),
        }
    }
    result
}

/// Tells the records what the session is really called. A shim that began already keeps the old
/// name, which is only shown.
fn rename(folder: &Path, name: &str) {
    if let Ok(Some(mut spec)) = record::read::<Spec>(folder, layout::SPEC)
        && spec.session != name
    {
        name.clone_into(&mut spec.session);
        let _ = record::write(folder, layout::SPEC, &spec);
    }
}
