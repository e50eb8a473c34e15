//! What Ray's word on a rank's job means.

use std::time::{Duration, Instant};

use berth_ray::{Job, JobStatus};

/// Ray's answer is believed when it is the same after this long: the shared file system may be a
/// little behind it.
const CONFIRM: Duration = Duration::from_secs(2);
/// The same for "no such job", which a head that just came back says too.
const CONFIRM_UNKNOWN: Duration = Duration::from_secs(10);
/// Longer messages are cut.
const MESSAGE: usize = 200;

/// What was seen of a rank's job, each since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// It is over, for this reason.
    over: Option<(Instant, String)>,
    unknown: Option<Instant>,
    pending: Option<Instant>,
    node_gone: Option<(Instant, String)>,
}

/// What to do about a rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing of it runs any more, or soon nothing will.
    Gone(String),
    /// It waits longer than it may.
    StillPending,
}

impl Seen {
    /// Takes in what Ray says of the job; `None`: it knows no such job.
    pub(super) fn job(&mut self, job: Option<&Job>, now: Instant) {
        let status = job.map(|job| job.status);
        keep(&mut self.unknown, job.is_none(), now);
        keep(&mut self.pending, status == Some(JobStatus::Pending), now);
        self.over = match job.filter(|job| job.status.is_over()) {
            Some(job) => {
                let since = self.over.take().map_or(now, |(since, _)| since);
                Some((since, reason(job)))
            }
            None => None,
        };
    }

    /// Takes in whether its node is alive, and if not, why.
    pub(super) fn node(&mut self, gone: Option<String>, now: Instant) {
        self.node_gone = gone.map(|why| {
            let since = self.node_gone.take().map_or(now, |(since, _)| since);
            (since, why)
        });
    }

    /// Whether its node was there when that was last looked at.
    pub(super) fn has_node(&self) -> bool {
        self.node_gone.is_none()
    }

    pub(super) fn verdict(
        &self,
        now: Instant,
        start_patience: Duration,
        node_grace: Duration,
    ) -> Option<Verdict> {
        let passed = |since: Instant, wait| now.saturating_duration_since(since) >= wait;
        match (&self.over, &self.node_gone) {
            (Some((since, why)), _) if passed(*since, CONFIRM) => {
                return Some(Verdict::Gone(why.clone()));
            }
            (_, Some((since, why))) if passed(*since, node_grace) => {
                return Some(Verdict::Gone(why.clone()));
            }
            _ => {}
        }
        if self
            .unknown
            .is_some_and(|since| passed(since, CONFIRM_UNKNOWN))
        {
            let why = "Ray does not know its job any more: its head was restarted, or somebody \
                       deleted the job";
            return Some(Verdict::Gone(why.to_owned()));
        }
        let pending = self
            .pending
            .is_some_and(|since| passed(since, start_patience));
        pending.then_some(Verdict::StillPending)
    }
}

fn keep(since: &mut Option<Instant>, is: bool, now: Instant) {
    *since = is.then(|| since.unwrap_or(now));
}

/// Why a job is over, as far as Ray knows.
fn reason(job: &Job) -> String {
    let first = job.message.as_deref().unwrap_or_default().lines().next();
    let message: String = first.unwrap_or_default().chars().take(MESSAGE).collect();
    match (job.status, job.error_type.as_deref()) {
        (_, Some("JOB_SUPERVISOR_ACTOR_DIED")) => {
            "what Ray ran it in was killed, or its node went down".to_owned()
        }
        (_, Some("JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE")) => {
            "its node left the Ray cluster before it began".to_owned()
        }
        (JobStatus::Stopped, _) => "somebody stopped it in Ray".to_owned(),
        (JobStatus::Succeeded, _) => "its shim left no record of its end".to_owned(),
        _ => format!("Ray says: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(60);
    const PATIENCE: Duration = Duration::from_secs(120);

    fn job(status: JobStatus) -> Job {
        Job {
            status,
            message: Some("Job entrypoint command failed with exit code 127\nmore".to_owned()),
            error_type: None,
            metadata: None,
            submission_id: None,
        }
    }

    fn later(seconds: u64) -> Instant {
        // One start for all of a test's moments.
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *START.get_or_init(Instant::now) + Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_over_is_believed_when_it_was_said_twice() {
        let mut seen = Seen::default();
        seen.job(Some(&job(JobStatus::Failed)), later(0));
        assert_eq!(seen.verdict(later(1), PATIENCE, GRACE), None);
        seen.job(Some(&job(JobStatus::Failed)), later(2));
        let why = "Ray says: Job entrypoint command failed with exit code 127".to_owned();
        assert_eq!(
            seen.verdict(later(2), PATIENCE, GRACE),
            Some(Verdict::Gone(why))
        );
    }

    #[test]
    fn a_job_that_ray_forgot_for_a_moment_is_not_gone() {
        let mut seen = Seen::default();
        seen.job(None, later(0));
        seen.job(Some(&job(JobStatus::Running)), later(9));
        seen.job(None, later(10));
        assert_eq!(seen.verdict(later(15), PATIENCE, GRACE), None);
        assert!(seen.verdict(later(20), PATIENCE, GRACE).is_some());
    }

    #[test]
    fn a_node_may_be_away_for_its_grace() {
        let mut seen = Seen::default();
        seen.job(Some(&job(JobStatus::Running)), later(0));
        seen.node(Some("gone".into()), later(0));
        seen.node(Some("gone".into()), later(59));
        assert_eq!(seen.verdict(later(59), PATIENCE, GRACE), None);
        seen.node(None, later(59));
        assert_eq!(seen.verdict(later(70), PATIENCE, GRACE), None);
        seen.node(Some("gone".into()), later(70));
        let gone = Some(Verdict::Gone("gone".into()));
        assert_eq!(seen.verdict(later(130), PATIENCE, GRACE), gone);
    }

    #[test]
    fn a_job_may_wait_as_long_as_ray_has_to_begin_it() {
        let mut seen = Seen::default();
        seen.job(Some(&job(JobStatus::Pending)), later(0));
        assert_eq!(seen.verdict(later(119), PATIENCE, GRACE), None);
        let pending = Some(Verdict::StillPending);
        assert_eq!(seen.verdict(later(120), PATIENCE, GRACE), pending);
        seen.job(Some(&job(JobStatus::Running)), later(121));
        assert_eq!(seen.verdict(later(300), PATIENCE, GRACE), None);
    }
}
