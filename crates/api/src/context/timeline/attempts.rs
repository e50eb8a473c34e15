//! What ended: the largest attempts one by one, the others together.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::job::PastAttempt;
use berth_domain::{Job, Lease, NodeName, Outcome, StopCause};

use super::many::many;
use super::{NAME, Span, count, short};
use crate::convert;
use crate::timeline::{ManyView, PastView};

/// So many are told one by one, and so many parts of their leases: each is some 450 and 50 bytes.
const MOST: usize = 800;
const MOST_PARTS: usize = 2000;
const END: usize = 120;

/// Those that ended, with how large each is in view.
#[derive(Default)]
pub(super) struct Attempts(Vec<(f64, PastView)>);

impl Attempts {
    pub(super) fn add(
        &mut self,
        job: &Job,
        past: &PastAttempt,
        (from, to): Span,
        open: &BTreeSet<NodeName>,
    ) {
        if past.ended_at < from || past.granted_at > to {
            return;
        }
        let mut lease = convert::lease(&past.lease);
        lease.retain(|part| open.contains(&part.node) && !part.gpus.is_empty());
        if lease.is_empty() {
            return;
        }
        let shown = past
            .ended_at
            .min(to)
            .duration_since(past.granted_at.max(from));
        let held = count(lease.iter().map(|part| part.gpus.len()).sum());
        let view = PastView {
            job: job.id,
            attempt: past.number,
            name: short(&job.spec.name, NAME),
            user: job.owner.clone(),
            gpus: gpus(&past.lease),
            lease,
            from: past.granted_at,
            to: past.ended_at,
            outcome: outcome(job, past).to_owned(),
            end: short(&convert::how(past), END),
        };
        self.0.push((shown.as_secs_f64() * held, view));
    }

    /// As many as fit one by one, oldest first, and the rest together.
    pub(super) fn told(self, span: Span) -> Told {
        let mut all = self.0;
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.job.cmp(&b.1.job)));
        let mut parts = 0;
        let fit = all.iter().take(MOST).take_while(|(_, one)| {
            parts += one.lease.len();
            parts <= MOST_PARTS
        });
        let fit = fit.count();
        let rest = all.split_off(fit).into_iter();
        let rest: Vec<PastView> = rest.map(|(_, one)| one).collect();
        let mut single: Vec<PastView> = all.into_iter().map(|(_, one)| one).collect();
        single.sort_by_key(|one| (one.from, one.job, one.attempt));
        Told {
            single,
            many: many(&rest, span),
            together: rest.len(),
        }
    }
}

/// What is told of those that ended.
pub(super) struct Told {
    pub single: Vec<PastView>,
    pub many: BTreeMap<NodeName, Vec<ManyView>>,
    /// How many attempts `many` stands for.
    pub together: usize,
}

/// What became of an attempt: of the last one what became of the job.
fn outcome(job: &Job, past: &PastAttempt) -> &'static str {
    let last = job
        .past
        .last()
        .is_some_and(|last| last.number == past.number);
    if let (true, Some(outcome)) = (last, job.outcome()) {
        return outcome.token();
    }
    match &past.stopped {
        Some(StopCause::Preempted { .. }) => "Preempted",
        Some(StopCause::Requeued { .. }) => "Requeued",
        Some(StopCause::GpuFault { .. }) => "GpuFault",
        Some(StopCause::Idle { .. }) => "Idle",
        Some(StopCause::TimeLimit) => Outcome::TimedOut.token(),
        Some(StopCause::Cancelled { .. }) => "Cancelled",
        None => past.exit.outcome().token(),
    }
}

fn gpus(lease: &Lease) -> u32 {
    u32::try_from(lease.gpu_count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use berth_domain::{JobId, Timestamp};

    use super::*;
    use crate::views::LeasePart;

    const BEGAN: i64 = 1_790_000_000;

    fn past(job: u32, parts: usize) -> PastView {
        let part = |n: usize| LeasePart {
            node: NodeName(format!("a-node-with-a-long-name-{n}")),
            gpus: (0..8).collect(),
        };
        // One after the other, a tenth of a second apart.
        let from = 1_000_000 * BEGAN + 123_456 + 100_000 * i64::from(job);
        PastView {
            job: JobId(job.into()),
            attempt: 1,
            name: "x".repeat(NAME),
            user: "somebody.with-a-name".into(),
            gpus: 8,
            lease: (0..parts).map(part).collect(),
            from: Timestamp::from_microsecond(from).unwrap(),
            to: Timestamp::from_microsecond(from + 90_000).unwrap(),
            outcome: "OutOfMemory".to_owned(),
            end: "y".repeat(END),
        }
    }

    fn hour() -> Span {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        (at(BEGAN), at(BEGAN + 3600))
    }

    #[test]
    fn the_largest_are_told_and_the_rest_is_told_together() {
        for parts in [1, 2, 16] {
            let all = (0..5000).map(|job| (f64::from(job), past(job, parts)));
            let told = Attempts(all.collect()).told(hour());
            let kept = told.single.len();
            assert_eq!(kept + told.together, 5000);
            assert_eq!(kept, MOST.min(MOST_PARTS / parts));
            // The largest were the last ones.
            assert!(
                told.single
                    .iter()
                    .all(|one| one.job.0 >= 5000 - kept as u64)
            );
            assert!(told.single.windows(2).all(|pair| pair[0].job < pair[1].job));
            let size = serde_json::to_string(&told.single).unwrap().len();
            assert!(size < 450_000, "{size} bytes");
            // One after the other they are one bar of each GPU, which counts them.
            assert_eq!(told.many.len(), parts);
            for bars in told.many.values() {
                let gpus: Vec<u32> = bars.iter().map(|bar| bar.gpu).collect();
                assert_eq!(gpus, [0, 1, 2, 3, 4, 5, 6, 7]);
                assert!(
                    bars.iter()
                        .all(|bar| bar.attempts as usize == told.together)
                );
            }
        }
    }

    #[test]
    fn few_are_all_told_one_by_one() {
        let all = (0..9).map(|job| (0.001, past(job, 1)));
        let told = Attempts(all.collect()).told(hour());
        assert_eq!((told.single.len(), told.together), (9, 0));
        assert!(told.many.is_empty());
    }
}
