//! How people reach the terminals of running jobs.

use std::path::PathBuf;
use std::sync::Arc;

use berth_domain::{Job, JobState, NodeLease};

use crate::views::TerminalView;

/// Where jobs have their terminals. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Terminals {
    /// In tmux on this host, whose server listens at this socket.
    Tmux {
        host: Arc<str>,
        socket: Arc<PathBuf>,
    },
    /// In tmux on the nodes, reached by their names; its server listens where it does for everybody.
    OnNodes,
    /// Nowhere, for this reason: a whole sentence.
    Nowhere { why: Arc<str> },
}

impl Terminals {
    /// Those of a job: none unless it runs.
    pub(crate) fn of(&self, job: &Job) -> Vec<TerminalView> {
        let (JobState::Running { sessions, .. }, Some(lease)) = (&job.state, job.lease()) else {
            return vec![];
        };
        let ranks = (0..).zip(sessions).zip(&lease.0);
        let view = |((rank, session), part): ((u32, &String), &NodeLease)| {
            let (host, socket) = match self {
                Terminals::Tmux { host, socket } => (host.to_string(), Some(socket)),
                Terminals::OnNodes => (part.node.to_string(), None),
                Terminals::Nowhere { .. } => return None,
            };
            let mut command = vec!["tmux".to_owned()];
            if let Some(socket) = socket {
                command.extend(["-S".to_owned(), socket.display().to_string()]);
            }
            command.push("attach-session".to_owned());
            if !job.spec.interactive {
                command.push("-r".to_owned());
            }
            // Exactly this session, and no other whose name begins alike.
            command.extend(["-t".to_owned(), format!("={session}")]);
            Some(TerminalView {
                rank,
                host,
                command,
            })
        };
        ranks.filter_map(view).collect()
    }
}
