//! What is wrong with a host, in a sentence that says what to do.

use std::error::Error;

use super::load::{Binary, Seen};

/// What `ssh` says, and what that means for `HOST`.
const MEANINGS: [(&str, &str); 8] = [
    (
        "IDENTIFICATION HAS CHANGED",
        "the key of HOST is not the one in known_hosts: somebody may be in between, or HOST was \
         installed anew. If you are sure, run `ssh-keygen -R HOST` and then `ssh HOST` once",
    ),
    (
        "Host key verification failed",
        "the key of HOST is not known: run `ssh HOST` once as the server's user, compare its \
         fingerprint, and accept it",
    ),
    (
        "Permission denied",
        "HOST does not let the server's user in: run `ssh HOST` as that user. It has to work with a \
         key, from an agent or a file without a passphrase",
    ),
    (
        "Could not resolve hostname",
        "there is no host HOST as far as `ssh` knows: name it in ~/.ssh/config",
    ),
    (
        "Connection refused",
        "HOST is there, but no SSH server answers on it",
    ),
    ("timed out", "HOST does not answer"),
    (
        "No route to host",
        "HOST cannot be reached: it is down, or the network is",
    ),
    (
        "Network is unreachable",
        "HOST cannot be reached: the network is down",
    ),
];

/// That no connection came about.
pub(super) fn no_connection(host: &str, error: &openssh::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        said = inner.to_string();
        source = inner.source();
    }
    if let openssh::Error::Connect(error) = error
        && error.kind() == std::io::ErrorKind::NotFound
    {
        // One that was killed left no log that could be read, which is the same kind of error.
        return match is_installed("ssh") {
            true => format!("the connection to {host} broke off while it was made"),
            false => "the program `ssh` is not installed on the server's host".to_owned(),
        };
    }
    let meaning = MEANINGS.iter().find(|(words, _)| said.contains(words));
    match meaning {
        Some((_, sentence)) => sentence.replace("HOST", host),
        None => format!("{host} cannot be reached: {}", one_line(&said)),
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Why a host cannot be used as it is, if it cannot.
pub(super) fn unfit(host: &str, seen: &Seen, binary: &Binary) -> Option<String> {
    let ours = format!("Linux {}", std::env::consts::ARCH);
    if seen.system != ours {
        let system = &seen.system;
        return Some(format!(
            "{host} is '{system}', and this server's binary runs on {ours} only"
        ));
    }
    for (program, found) in [("tmux", &seen.tmux), ("sha256sum", &seen.sha256sum)] {
        if found.is_empty() {
            return Some(format!("{program} is not installed on {host}"));
        }
    }
    let other = seen.hash.as_ref().filter(|hash| *hash != binary.hash())?;
    let place = binary.place();
    Some(format!(
        "the file {place} on {host} is not what Berth put there (its SHA-256 is {other}): find out \
         who changed it, and remove it"
    ))
}

/// The last line of what somebody said.
pub(super) fn one_line(said: &str) -> String {
    let line = said.lines().rev().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or("without a word").trim();
    line.chars().take(300).collect()
}
