//! What is known of processes that were seen before: names do not change, and looking costs.

use std::collections::BTreeMap;

use berth_domain::GpuProcess;

/// One without an attempt may have been moved into a control group, or have lost its parent.
const LOOK_AGAIN_AFTER: u32 = 10;

#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<u32, Seen>);

#[derive(Debug)]
struct Seen {
    process: GpuProcess,
    /// How often it was asked for since it was looked at.
    asked: u32,
}

impl Known {
    /// The process of this number that began then; `look` is what is seen when it is not known, and
    /// `None` where it could not be looked at.
    pub(crate) fn get(
        &mut self,
        pid: u32,
        started: Option<u64>,
        look: impl FnOnce() -> Option<GpuProcess>,
    ) -> GpuProcess {
        let known = self.0.get_mut(&pid).filter(|seen| {
            let again = seen.process.attempt.is_none() && seen.asked >= LOOK_AGAIN_AFTER;
            started.is_some_and(|started| started == seen.process.started) && !again
        });
        if let Some(seen) = known {
            seen.asked += 1;
            return seen.process.clone();
        }
        let Some(process) = look() else {
            return GpuProcess {
                pid,
                started: started.unwrap_or(0),
                ..GpuProcess::default()
            };
        };
        let seen = Seen {
            process: process.clone(),
            asked: 0,
        };
        self.0.insert(pid, seen);
        process
    }

    /// Forgets the others.
    pub(crate) fn keep(&mut self, pids: &[u32]) {
        self.0.retain(|pid, _| pids.contains(pid));
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{AttemptId, JobId};

    use super::*;

    fn process(started: u64, attempt: Option<u64>) -> GpuProcess {
        GpuProcess {
            pid: 7,
            started,
            attempt: attempt.map(|job| AttemptId {
                job: JobId(job),
                number: 1,
            }),
            ..GpuProcess::default()
        }
    }

    #[test]
    fn a_process_is_looked_at_once_and_another_of_its_number_again() {
        let mut known = Known::default();
        let first = process(100, Some(1));
        assert_eq!(known.get(7, Some(100), || Some(first.clone())), first);
        for _ in 0..30 {
            assert_eq!(known.get(7, Some(100), || unreachable!()), first);
        }
        let second = process(200, Some(2));
        assert_eq!(known.get(7, Some(200), || Some(second.clone())), second);
        known.keep(&[8]);
        assert_eq!(known.get(7, Some(200), || Some(first.clone())), first);
    }

    #[test]
    fn one_without_an_attempt_is_looked_at_again_now_and_then() {
        let mut known = Known::default();
        known.get(7, Some(100), || Some(process(100, None)));
        let mut found = process(100, None);
        for _ in 0..=LOOK_AGAIN_AFTER {
            found = known.get(7, Some(100), || Some(process(100, Some(3))));
        }
        assert_eq!(found, process(100, Some(3)));
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_kept() {
        let mut known = Known::default();
        let found = known.get(7, Some(100), || None);
        assert_eq!(found, process(100, None));
        let seen = process(100, Some(1));
        assert_eq!(known.get(7, Some(100), || Some(seen.clone())), seen);
    }
}
