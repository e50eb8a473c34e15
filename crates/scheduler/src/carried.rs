//! A snapshot as it travels, with what it is planned by: to the browser, which runs the same planner
//! on it while somebody drags. Every number arrives as it was, to the last bit.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::forecast::Experience;
use crate::policy::Policy;
use crate::predict::RunTime;
use crate::snapshot::{Facts, Snapshot};

/// What a plan and its forecasts are made from, but for the time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Carried {
    snapshot: Snapshot,
    policy: Policy,
    experience: Experience,
    /// Predicted run times, each once: many jobs share one.
    run_times: Vec<Arc<RunTime>>,
    /// Which of them is that of each waiting job, and of each running one.
    of_pending: Vec<Option<u32>>,
    of_active: Vec<Option<u32>>,
}

impl Carried {
    #[must_use]
    pub fn pack(snapshot: &Snapshot, policy: &Policy, experience: &Experience) -> Self {
        let mut known = HashMap::new();
        let mut run_times = Vec::new();
        let mut number = |job: &Facts| {
            let run_time = job.predicted.as_ref()?;
            let next = u32::try_from(run_times.len()).ok()?;
            let number = *known.entry(Arc::as_ptr(run_time)).or_insert(next);
            if number == next {
                run_times.push(run_time.clone());
            }
            Some(number)
        };
        let of_pending = snapshot.pending.iter().map(|one| number(&one.job));
        let of_pending = of_pending.collect();
        let of_active = snapshot.active.iter().map(|one| number(&one.job)).collect();
        Carried {
            snapshot: snapshot.clone(),
            policy: policy.clone(),
            experience: experience.clone(),
            run_times,
            of_pending,
            of_active,
        }
    }

    #[must_use]
    pub fn unpack(self) -> (Snapshot, Policy, Experience) {
        let mut snapshot = self.snapshot;
        let run_times = self.run_times;
        let run_time =
            |number: Option<u32>| number.and_then(|number| run_times.get(number as usize).cloned());
        for (one, number) in snapshot.pending.iter_mut().zip(self.of_pending) {
            one.job.predicted = run_time(number);
        }
        for (one, number) in snapshot.active.iter_mut().zip(self.of_active) {
            one.job.predicted = run_time(number);
        }
        (snapshot, self.policy, self.experience)
    }
}
