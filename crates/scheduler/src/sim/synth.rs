//! A made-up load for those who have no trace: people with habits, who work by day.

use berth_domain::{PriorityClass, UserName};

use super::trace::TraceJob;
use crate::math;

/// What kind of load to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synth {
    pub seed: u64,
    pub days: u32,
    pub users: u32,
    /// GPUs of the cluster that it is for.
    pub gpus: u32,
    /// Demand over the whole time as a part of the cluster's GPU-time.
    pub load: f64,
    /// The largest job, in GPUs.
    pub largest: u32,
}

impl Default for Synth {
    fn default() -> Self {
        Synth {
            seed: 1,
            days: 28,
            users: 20,
            gpus: 16,
            load: 0.7,
            largest: 16,
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    fn unit(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap_or(0);
        f64::from(bits) / 4_294_967_296.0
    }

    /// Normal with mean 0 and deviation 1 (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * math::ln(1.0 - self.unit())).sqrt();
        radius * math::cos(std::f64::consts::TAU * self.unit())
    }
}

/// What a user's jobs are like.
struct Habit {
    /// Logarithm of the typical run time in seconds.
    typical: f64,
    /// Log2 of the typical size.
    size: f64,
    /// How often a job crashes in its first minutes.
    crashes: f64,
    /// How many times the real run time a user asks for.
    caution: f64,
}

/// Makes a load: the same for the same settings. Users come in sessions of similar jobs, by day;
/// run times are log-normal around each user's habit, with early crashes.
#[must_use]
pub fn synthesize(settings: &Synth) -> Vec<TraceJob> {
    let mut random = Random(settings.seed);
    let habits: Vec<Habit> = (0..settings.users.max(1))
        .map(|_| Habit {
            typical: math::ln(1800.0) + 1.3 * random.normal(),
            size: (random.normal() * 1.1).max(0.0),
            crashes: 0.3 * random.unit(),
            caution: 1.2 + 4.0 * random.unit(),
        })
        .collect();
    let wanted = settings.load * f64::from(settings.gpus) * f64::from(settings.days) * 86_400.0;
    let mut jobs = Vec::new();
    let mut sum = 0.0;
    while sum < wanted {
        let user = whole(random.unit() * f64::from(settings.users.max(1)));
        let habit = &habits[usize::try_from(user).unwrap_or(0) % habits.len()];
        let day = whole(random.unit() * f64::from(settings.days));
        let hour = (14.0 + 3.5 * random.normal()).clamp(0.0, 23.9);
        let mut at = i64::from(day) * 86_400 + i64::from(whole(hour * 3600.0));
        let session = 1 + whole(random.unit() * random.unit() * 12.0);
        let typical = habit.typical + 0.7 * random.normal();
        let power = whole((habit.size + 0.5 * random.normal()).clamp(0.0, 12.0));
        let gpus = (1u32 << power).min(settings.largest.max(1));
        for _ in 0..session {
            let crash = random.unit() < habit.crashes;
            let duration = if crash {
                5.0 + 120.0 * random.unit()
            } else {
                math::exp(typical + 0.5 * random.normal()).clamp(10.0, 86_400.0)
            };
            let asked = (math::exp(typical) * habit.caution).max(duration);
            jobs.push(TraceJob {
                id: 0,
                submit_s: at,
                duration_s: i64::from(whole(duration)).max(1),
                gpus,
                nodes: None,
                user: UserName(format!("user-{user}")),
                group: format!("group-{}", user % 3),
                name: None,
                estimate_s: i64::from(whole(asked / 600.0) + 1) * 600,
                class: PriorityClass::Normal,
                preemptible: true,
            });
            sum += duration * f64::from(gpus);
            at += i64::from(whole(30.0 + 900.0 * random.unit()));
        }
    }
    jobs.sort_by_key(|job| job.submit_s);
    for (job, id) in jobs.iter_mut().zip(0..) {
        job.id = id;
    }
    jobs
}

/// Rounded down; what is made here is never near the limits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped before"
)]
fn whole(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}
