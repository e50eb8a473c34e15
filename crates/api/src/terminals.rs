//! How people reach the terminals of running jobs.

use std::path::PathBuf;
use std::sync::Arc;

use berth_domain::{Job, JobState};

use crate::views::TerminalView;

/// Where jobs have their terminals. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Terminals {
    /// In tmux on this host, whose server listens at this socket.
    Tmux {
        host: Arc<str>,
        socket: Arc<PathBuf>,
    },
    /// Nowhere, for this reason: a whole sentence.
    Nowhere { why: Arc<str> },
}

impl Terminals {
    /// Those of a job: none unless it runs.
    pub(crate) fn of(&self, job: &Job) -> Vec<TerminalView> {
        let (Terminals::Tmux { host, socket }, JobState::Running { sessions, .. }) =
            (self, &job.state)
        else {
            return vec![];
        };
        let socket = socket.display().to_string();
        let read_only = (!job.spec.interactive).then_some("-r");
        let command = |session: &str| {
            // Exactly this session, and no other whose name begins alike.
            let target = format!("={session}");
            let words = ["tmux", "-S", &socket, "attach-session"];
            let words = words.into_iter().chain(read_only).chain(["-t", &target]);
            words.map(str::to_owned).collect()
        };
        (0..)
            .zip(sessions)
            .map(|(rank, session)| TerminalView {
                rank,
                host: host.to_string(),
                command: command(session),
            })
            .collect()
    }
}
