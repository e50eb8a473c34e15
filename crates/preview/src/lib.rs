//! What a move would change, while somebody drags: the server's own planner, on the snapshot that
//! the server plans by (`GET /api/planning`). In the browser it runs in a worker (`worker.js`), so
//! that a page with a long queue stays smooth.

mod moved;
#[cfg(feature = "worker")]
mod wasm;

use std::collections::HashMap;

use berth_domain::{JobId, MoveTo, Timestamp, UserName};
use berth_scheduler::{Carried, Experience, Forecast, Policy, Snapshot, forecast, moved};
use serde::{Deserialize, Serialize};

pub use moved::{Moved, Start, Toll};

/// What the server answers to `GET /api/planning`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planning {
    /// The server's time when it was asked.
    pub now: Timestamp,
    pub planning: Carried,
}

/// A queue to try moves on. Nothing here changes anything.
#[derive(Debug)]
pub struct Preview {
    snapshot: Snapshot,
    policy: Policy,
    experience: Experience,
    now: Timestamp,
    /// As things are.
    before: HashMap<JobId, Forecast>,
    owners: HashMap<JobId, UserName>,
}

impl Preview {
    #[must_use]
    pub fn new(sent: Planning) -> Self {
        let (snapshot, policy, experience) = sent.planning.unpack();
        let owner = |job: &berth_scheduler::Facts| (job.id, job.owner.clone());
        Preview {
            before: forecast(&snapshot, &policy, sent.now, &experience),
            owners: snapshot.pending.iter().map(|one| owner(&one.job)).collect(),
            snapshot,
            policy,
            experience,
            now: sent.now,
        }
    }

    /// Reads what the server answered.
    ///
    /// # Errors
    /// A sentence, where that is something else.
    pub fn read(text: &str) -> Result<Self, String> {
        let sent = serde_json::from_str(text);
        let sent =
            sent.map_err(|error| format!("The server's snapshot cannot be read: {error}"))?;
        Ok(Self::new(sent))
    }

    /// Whose start a move would change, by a minute or more.
    #[must_use]
    pub fn moved(&self, job: JobId, to: MoveTo) -> Moved {
        let with = moved(&self.snapshot, job, to);
        let after = forecast(&with, &self.policy, self.now, &self.experience);
        Moved::between(&self.before, &after, |id| self.owners.get(&id))
    }
}

#[cfg(test)]
mod tests {
    use berth_samples::case;
    use berth_scheduler::forecast_move;

    use super::*;

    /// What the server would say of the same move.
    #[test]
    fn it_says_what_the_server_says() {
        let mut changed = 0;
        for number in 0..200 {
            let made = case(number);
            let policy = Policy::berth();
            let planning = Planning {
                now: made.now,
                planning: Carried::pack(&made.snapshot, &policy, &made.experience),
            };
            let text = serde_json::to_string(&planning).expect("it can be written");
            let preview = Preview::read(&text).expect("it can be read");
            let Some(job) = made.snapshot.pending.last().map(|one| one.job.id) else {
                continue;
            };
            let told = preview.moved(job, MoveTo::Top);
            let (snapshot, experience) = (&made.snapshot, &made.experience);
            let server = forecast_move(snapshot, &policy, made.now, experience, job, MoveTo::Top);
            let minute = |at| berth_scheduler::to_the_minute(at).as_second() / 60;
            let server: Vec<(JobId, i64, i64)> = server
                .iter()
                .map(|one| (one.job, minute(one.before.p50), minute(one.after.p50)))
                .filter(|(_, before, after)| before != after)
                .collect();
            let told: Vec<(JobId, i64, i64)> = told
                .starts
                .iter()
                .map(|one| (one.job, one.before, one.p50))
                .collect();
            assert_eq!(told, server, "case {number}");
            changed += told.len();
        }
        assert!(changed > 100, "only {changed} starts changed in all cases");
    }

    #[test]
    fn nonsense_is_said_in_a_sentence() {
        let error = Preview::read("{}").expect_err("that is no snapshot");
        assert!(error.contains("cannot be read"), "{error}");
    }
}
