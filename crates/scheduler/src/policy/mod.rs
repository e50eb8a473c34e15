//! Policies as data: how the planner orders, backfills, predicts and preempts.

mod builtin;
mod knobs;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use builtin::UnknownPolicy;
pub use knobs::{KNOBS, Knob, KnobError};

/// How the planner decides. Every field is a knob; [`KNOBS`] lists them by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// The built-in that it was made from.
    pub name: String,
    pub order: Order,
    pub backfill: Backfill,
    /// Whose word on run times backfill and reservations go by.
    pub run_time: RunTimeSource,
    pub weights: Weights,
    pub shortest: Shortest,
    pub preemption: Preemption,
    pub quota: Quota,
    /// How many jobs without GPUs one node runs at once.
    pub cpu_jobs_per_node: u32,
}

/// What comes first among waiting jobs of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// First come, first served; people's moves change it.
    Submission,
    /// The highest sum of weighted factors: Slurm's multifactor plugin.
    Multifactor,
    /// The shortest expected work, by what is predicted; waiting makes a job count as shorter.
    Shortest,
}

/// Who may pass a job that cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backfill {
    /// Nobody: strict order.
    None,
    /// Who does not delay the first blocked job (Lifka 1995, "The ANL/IBM SP scheduling system").
    Easy,
    /// Who does not delay any blocked job (Feitelson and Weil 1998).
    Conservative,
}

/// Whose word on run times counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunTimeSource {
    /// The user's time limit: never exceeded, so what is protected is surely protected.
    Limit,
    /// The prediction, where there is one.
    Predicted,
}

/// Slurm's `PriorityWeight*`: each factor is between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weights {
    /// Waiting time, 1 at `max_age`.
    pub age: f64,
    /// 1 for who used nothing of late; see [`Usage`](crate::Usage).
    pub fair_share: f64,
    /// GPUs asked for, 1 for the whole cluster.
    pub size: f64,
    /// 1 for who must start now to be done by the deadline, 0 for who has none, time enough, or no
    /// chance any more.
    pub deadline: f64,
    /// Slurm's `PriorityMaxAge`.
    pub max_age: Duration,
}

/// Knobs of [`Order::Shortest`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shortest {
    /// How much a job's size counts: its expected run time is multiplied by GPUs to this power.
    /// 0: run time alone; 1: GPU-time, which is what others wait for.
    pub size_power: f64,
    /// What is taken as the length of a job.
    pub measure: Measure,
    /// How much a user's recent use counts: expected work is multiplied by 1 plus this times the
    /// use relative to an equal part.
    pub fair_share: f64,
    /// How fast waiting makes up for length: a job that waited as long as it is expected to run
    /// (ten minutes at least) counts as shorter by a factor of 1 plus this.
    pub ageing: f64,
    /// Who waited this long goes before everybody else of the class, in the order of submission:
    /// so long may the shortest pass a job, and no longer.
    pub max_wait: Duration,
    /// How early a deadline makes a job count as shorter: what is left of the time to the latest
    /// start that meets it (1 long before, 0 then) to this power is a factor on expected work. 0:
    /// deadlines do not matter.
    pub deadline: f64,
    /// The chance with which a predicted run time is not exceeded, where
    /// [`RunTimeSource::Predicted`] asks for one number.
    pub surety: f64,
}

/// What is taken as the length of a job whose run time is a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The expected remaining run time: shortest expected processing time first.
    Mean,
    /// The Gittins index: likely to end soon counts, though it may also run long.
    Gittins,
    /// What it exceeds in half of the cases.
    Median,
}

/// Stopping running jobs so that others start sooner. Never without [`Preemption::mode`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preemption {
    pub mode: PreemptionMode,
    /// A new job comes before all others until it has run this long: early crashes show at once.
    pub first_slice: Duration,
    /// The least run time between start and preemption.
    pub min_run: Duration,
    /// The same where a new job waits for its first slice.
    pub min_run_new: Duration,
    /// A running job is stopped only for one whose expected remaining work is smaller by this
    /// factor: each resume repeats work.
    pub hysteresis: f64,
    /// What is taken as the remaining length of a job.
    pub measure: Measure,
    /// How much it counts that stopping jobs for another leaves GPUs idle, or fills idle ones: the
    /// factor of `hysteresis` is multiplied by (GPUs stopped / GPUs started) to this power.
    pub waste_power: f64,
    /// How much a job's size counts in the order of what remains; as [`Shortest::size_power`].
    pub size_power: f64,
    /// The same in the order of first slices, which are about equally long.
    pub new_size_power: f64,
    /// What a resume repeats, for the planner's own estimate of whether it is worth it.
    pub resume_cost: Duration,
    /// How often one job may be stopped at most; `None`: as often as the order says, which
    /// `min_run` limits to a rate.
    pub max_preemptions: Option<u32>,
    /// A job that waited this many times its attained service (at least `first_slice`) since it
    /// last ran counts as half as long; twice as many, a third, and so on.
    pub patience: f64,
    /// Running jobs may be stopped to be resumed elsewhere at once when that makes room.
    pub migrate: bool,
    /// A waiting job whose room is held only by jobs that may not be stopped yet keeps that room
    /// from others, so that large jobs do not starve behind small ones.
    pub claim: bool,
    /// How often the order among running and waiting jobs is looked at again.
    pub review: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreemptionMode {
    /// What runs, runs to its end.
    Off,
    /// Jobs that were submitted as preemptible may be stopped.
    On,
}

/// Caps. They bind only while somebody else waits: idle GPUs may be borrowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quota {
    /// GPUs at once for one user.
    pub user_gpus: Option<u32>,
    /// GPUs at once for one project.
    pub project_gpus: Option<u32>,
}

impl Default for Weights {
    fn default() -> Self {
        Weights {
            age: 1000.0,
            fair_share: 10_000.0,
            size: 1000.0,
            deadline: 10_000.0,
            max_age: Duration::from_secs(7 * 86_400),
        }
    }
}

impl Default for Shortest {
    fn default() -> Self {
        Shortest {
            size_power: 0.5,
            fair_share: 0.0,
            ageing: 0.3,
            max_wait: Duration::from_secs(10 * 86_400),
            deadline: 1.0,
            measure: Measure::Mean,
            surety: 0.5,
        }
    }
}

impl Shortest {
    /// What a length in seconds counts as after a wait.
    pub(crate) fn aged(&self, expected_s: f64, waited_s: f64) -> f64 {
        expected_s / (1.0 + self.ageing * waited_s / expected_s.max(600.0))
    }
}

impl Default for Preemption {
    fn default() -> Self {
        Preemption {
            mode: PreemptionMode::Off,
            first_slice: Duration::from_secs(600),
            min_run: Duration::from_secs(600),
            min_run_new: Duration::from_secs(60),
            hysteresis: 2.0,
            measure: Measure::Gittins,
            waste_power: 1.0,
            size_power: -0.3,
            new_size_power: 1.0,
            resume_cost: Duration::from_secs(60),
            max_preemptions: None,
            patience: 100.0,
            migrate: true,
            claim: true,
            review: Duration::from_secs(300),
        }
    }
}
