//! Uploaded folders on their way to a host, each once however many ranks wait for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use berth_domain::NodeName;
use openssh::Session;
use tokio::task::JoinSet;

use super::connect::carry_package;
use super::host::Common;

/// Those that are under way are broken off when it is dropped.
pub(super) struct Loads {
    common: Arc<Common>,
    session: Arc<Session>,
    host: NodeName,
    names: BTreeSet<String>,
    under_way: JoinSet<(String, Result<(), String>)>,
}

impl Loads {
    pub(super) fn new(common: Arc<Common>, session: Arc<Session>, host: NodeName) -> Self {
        Loads {
            common,
            session,
            host,
            names: BTreeSet::new(),
            under_way: JoinSet::new(),
        }
    }

    pub(super) fn begin(&mut self, package: String) {
        if !self.names.insert(package.clone()) {
            return;
        }
        let (common, session) = (self.common.clone(), self.session.clone());
        let host = self.host.clone();
        self.under_way.spawn(async move {
            let done = carry_package(common, session, host, &package).await;
            (package, done)
        });
    }

    /// The next that cannot be carried, and why; `None` while none is under way. May be cancelled.
    pub(super) async fn failed(&mut self) -> Option<(String, String)> {
        while let Some(done) = self.under_way.join_next().await {
            let Ok((package, done)) = done else {
                continue;
            };
            self.names.remove(&package);
            if let Err(why) = done {
                return Some((package, why));
            }
        }
        None
    }
}
