//! The terminal of a job on this one: tmux here, or through ssh on the job's host.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::Command;

use berth_api::views::TerminalView;
use berth_domain::commandline::quote;

use crate::failure::Failure;

/// # Errors
/// When there is no terminal here for the job's to be shown on.
pub fn need(verb: &str, instead: &str) -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "berth {verb} needs a terminal to show the job's on; without one: {instead}."
    )))
}

/// Shows a job's terminal until the job ends or the person leaves it.
///
/// # Errors
/// When it cannot be shown.
pub fn show(terminal: &TerminalView) -> Result<(), Failure> {
    let words = line(terminal, &here());
    let said = words.join(" ");
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::Other(
            "The server named no way to the terminal.".to_owned(),
        ));
    };
    // Inside somebody's tmux another one would be refused as nested.
    let status = Command::new(program)
        .args(arguments.iter().map(OsString::from))
        .env_remove("TMUX")
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Other(format!(
            "The terminal could not be shown. What was tried: {said}"
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::Other(format!(
            "There is no {program} on this machine. On the job's host this shows it: {}",
            terminal.command.join(" ")
        ))),
        Err(error) => Err(Failure::Other(format!("{program} cannot run: {error}."))),
    }
}

fn here() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What to run on this machine.
fn line(terminal: &TerminalView, here: &str) -> Vec<String> {
    if terminal.host == here {
        return terminal.command.clone();
    }
    // The other side gives it to a shell.
    let quoted = terminal.command.iter().map(|word| quote(word));
    let ssh = ["ssh", "-t", &terminal.host, "--"].map(str::to_owned);
    ssh.into_iter().chain(quoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_another_host_it_is_shown_through_ssh() {
        let words = [
            "tmux",
            "-S",
            "/tmp/a b",
            "attach-session",
            "-t",
            "=berth-17",
        ];
        let terminal = TerminalView {
            rank: 0,
            host: "gpu-1".into(),
            command: words.map(str::to_owned).to_vec(),
        };
        assert_eq!(line(&terminal, "gpu-1"), words);
        assert_eq!(
            line(&terminal, "laptop").join(" "),
            "ssh -t gpu-1 -- tmux -S '/tmp/a b' attach-session -t '=berth-17'"
        );
    }
}
