//! What a change would come to: today's queue replayed with it and without, by the planner itself, each
//! time with the same run times, drawn from what is predicted for each job.

use std::rc::Rc;

use super::arrivals::DAY;
use super::bench::Bench;
use super::seen::{Seen, later};
use super::words::seconds;
use berth_domain::JobId;
use berth_domain::agent::Effect;
use berth_scheduler::{Facts, Replayed, Script, Snapshot, replay};

/// So many of those that wait are followed.
pub(super) const JOBS: usize = 64;
/// How far each run is followed: for a day, and in jobs that are planned, of which each plan plans all there
/// are.
const PLANNED: usize = 16_000;
/// How often run times are drawn: as often as one run of a long queue costs three times, within bounds.
const DRAWS: std::ops::RangeInclusive<u64> = 3..=12;

/// The queue as it is, and how it goes on.
pub(super) struct Base {
    pub(super) snapshot: Snapshot,
    runs: Vec<Replayed>,
}

/// What a change would come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Foreseen {
    pub(super) effect: Effect,
    /// How long the job that it is about waits on, in seconds, without it and with it.
    pub(super) without_s: Option<f64>,
    pub(super) with_s: Option<f64>,
    /// The change of the mean wait of those that wait and of those that come, and the same where each job
    /// counts by its GPUs.
    pub(super) all_s: f64,
    pub(super) weighted_s: f64,
    /// The change of the mean wait of those that wait in the draw that is worst.
    pub(super) at_worst_s: f64,
    /// By how much a job of another user loses more than the own one gains, in the draw that is worst.
    /// Negative: less.
    pub(super) against_s: f64,
    /// All that wait now have started by the end of what is followed, with it and, but for the job that it is
    /// about, without, in every draw. Otherwise what it costs may come later.
    pub(super) settles: bool,
}

impl Bench<'_> {
    /// The queue as it is, with this job in it however far behind it is.
    pub(super) fn base(&self, own: Option<JobId>) -> Rc<Base> {
        let common = self.bases.borrow().get(&None).cloned();
        let common = common.unwrap_or_else(|| self.make_base(None));
        let has = |job: JobId| common.snapshot.pending.iter().any(|one| one.job.id == job);
        match own.filter(|job| self.pending(*job).is_some() && !has(*job)) {
            None => common,
            Some(job) => {
                let known = self.bases.borrow().get(&Some(job)).cloned();
                known.unwrap_or_else(|| self.make_base(Some(job)))
            }
        }
    }

    fn make_base(&self, own: Option<JobId>) -> Rc<Base> {
        let Seen { planning, now, .. } = self.seen;
        let also: Vec<JobId> = own.into_iter().collect();
        let snapshot = planning.snapshot.first(&planning.policy, *now, JOBS, &also);
        let first = self.replay(&snapshot, 0);
        let cost = u64::from(first.plans) * jobs(&snapshot) as u64;
        let draws =
            (*DRAWS.start() * PLANNED as u64 / cost.max(1)).clamp(*DRAWS.start(), *DRAWS.end());
        let more = (1..u32::try_from(draws).unwrap_or(1)).map(|draw| self.replay(&snapshot, draw));
        let runs = [first].into_iter().chain(more).collect();
        let base = Rc::new(Base { snapshot, runs });
        self.bases.borrow_mut().insert(own, base.clone());
        base
    }

    fn replay(&self, snapshot: &Snapshot, draw: u32) -> Replayed {
        let Seen { planning, now, .. } = self.seen;
        let arrivals = self.arrivals();
        let script = Script {
            left_s: &|job, ran_s| match arrivals.run_s.get(&job.id) {
                Some(whole) => whole - ran_s,
                None => drawn(job, ran_s, draw),
            },
            arrivals: &arrivals.all,
            until: later(*now, DAY),
            most_plans: most_plans(snapshot),
        };
        let run = replay(snapshot.clone(), &planning.policy, *now, &script);
        self.spend(u64::from(run.plans) * jobs(snapshot) as u64);
        run
    }

    /// What this change would come to; `None` when enough was tried this turn.
    pub(super) fn foresee(
        &self,
        own: Option<JobId>,
        change: impl FnOnce(&mut Snapshot),
    ) -> Option<Foreseen> {
        if self.is_spent() {
            return None;
        }
        let base = self.base(own);
        let mut changed = base.snapshot.clone();
        change(&mut changed);
        let pairs = base.runs.iter().zip(0..);
        let pairs: Vec<(&Replayed, Replayed)> = pairs
            .map(|(without, draw)| (without, self.replay(&changed, draw)))
            .collect();
        Some(self.compare(&base.snapshot, own, &pairs))
    }

    fn compare(
        &self,
        snapshot: &Snapshot,
        own: Option<JobId>,
        pairs: &[(&Replayed, Replayed)],
    ) -> Foreseen {
        let now = self.seen.now;
        let (mut waiting, mut all) = (Sum::default(), Sum::default());
        let (mut idle_s, mut against_s) = (0.0, f64::NEG_INFINITY);
        let (mut at_worst_s, mut worst_mean_s) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        let (mut without_s, mut with_s) = (Mean::default(), Mean::default());
        let mut settles = true;
        let find = |id: JobId| snapshot.pending.iter().find(|one| one.job.id == id);
        let waits = |id| find(id).is_some();
        let owner = own.and_then(find).map(|one| &one.job.owner);
        for (without, with) in pairs {
            let end = without.until.min(with.until).min(later(now, DAY));
            let start =
                |run: &Replayed, job: JobId| run.starts.get(&job).copied().unwrap_or(end).min(end);
            let delay = |id| {
                let change = start(with, id).duration_since(start(without, id));
                change.as_secs_f64()
            };
            idle_s += with.idle_gpu_s - without.idle_gpu_s;
            let started = |run: &Replayed, job| run.starts.get(&job).is_some_and(|at| *at < end);
            settles &= snapshot.pending.iter().all(|one| {
                let id = one.job.id;
                started(with, id) && (own == Some(id) || started(without, id))
            });
            let (mut draw, mut draw_all) = (Sum::default(), Sum::default());
            let mut others_s = 0.0f64;
            for one in &snapshot.pending {
                let (id, gpus) = (one.job.id, one.job.gpus());
                for sum in [&mut waiting, &mut all, &mut draw, &mut draw_all] {
                    sum.add(delay(id), gpus, own == Some(id));
                }
                if owner != Some(&one.job.owner) {
                    others_s = others_s.max(delay(id));
                }
            }
            for (_, one) in self.arrivals().all.iter().filter(|(at, _)| *at < end) {
                for sum in [&mut all, &mut draw_all] {
                    sum.add(delay(one.job.id), one.job.gpus(), false);
                }
                if owner != Some(&one.job.owner) {
                    others_s = others_s.max(delay(one.job.id));
                }
            }
            at_worst_s = at_worst_s.max(draw.mean());
            worst_mean_s = worst_mean_s.max(draw.mean()).max(draw_all.mean());
            against_s = against_s.max(others_s + own.map_or(0.0, delay));
            if let Some(own) = own {
                let wait = |run| seconds(now, start(run, own));
                without_s.add_if(waits(own), wait(without));
                with_s.add_if(waits(own) || with.starts.contains_key(&own), wait(with));
            }
        }
        let draws = f64::from(u32::try_from(pairs.len().max(1)).unwrap_or(u32::MAX));
        let (without_s, with_s) = (without_s.get(), with_s.get());
        let own_wait_s = without_s.zip(with_s);
        Foreseen {
            effect: Effect {
                mean_wait_s: waiting.mean(),
                worst_mean_s,
                own_wait_s: own_wait_s.map(|(without, with)| with - without),
                worst_delay_s: all.worst(),
                wasted_gpu_s: idle_s / draws,
            },
            without_s,
            with_s,
            all_s: all.mean(),
            weighted_s: all.weighted(),
            at_worst_s,
            against_s,
            settles,
        }
    }
}

fn jobs(snapshot: &Snapshot) -> usize {
    (snapshot.pending.len() + snapshot.active.len()).max(8)
}

/// How many plans one run may take, so that a large cluster costs no more than a small one.
pub(super) fn most_plans(snapshot: &Snapshot) -> u32 {
    u32::try_from((PLANNED / jobs(snapshot)).clamp(40, 400)).unwrap_or(400)
}

/// Delays of those that wait.
#[derive(Default)]
pub(super) struct Sum {
    jobs: f64,
    delay: f64,
    gpus: f64,
    gpu_delay: f64,
    worst: f64,
}

impl Sum {
    pub(super) fn add(&mut self, delay_s: f64, gpus: u32, own: bool) {
        self.jobs += 1.0;
        self.delay += delay_s;
        self.gpus += f64::from(gpus);
        self.gpu_delay += delay_s * f64::from(gpus);
        if !own {
            self.worst = self.worst.max(delay_s);
        }
    }

    pub(super) fn mean(&self) -> f64 {
        self.delay / self.jobs.max(1.0)
    }

    fn weighted(&self) -> f64 {
        self.gpu_delay / self.gpus.max(1.0)
    }

    pub(super) fn worst(&self) -> f64 {
        self.worst
    }

    pub(super) fn any(&self) -> bool {
        self.jobs > 0.0
    }
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add_if(&mut self, counts: bool, value: f64) {
        if counts {
            self.sum += value;
            self.count += 1.0;
        }
    }

    fn get(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// How long a job runs on: a quantile of what is predicted that is the job's own in each draw, and over
/// the draws evenly spread. Where nothing is predicted it runs to its limit, as the planner takes it.
fn drawn(job: &Facts, ran_s: f64, draw: u32) -> f64 {
    // Steps of the golden ratio are evenly spread however many there are.
    let chance = own_chance(job.id) + f64::from(draw) * 0.618_033_988_75;
    quantile_s(job, ran_s, chance.fract())
}

/// How long a job runs on with this chance, at most to its limit.
pub(super) fn quantile_s(job: &Facts, ran_s: f64, chance: f64) -> f64 {
    let limit = (job.time_limit.as_secs_f64() - ran_s).max(1.0);
    let served = job.service.as_secs_f64() + ran_s;
    let predicted = job.predicted.as_ref();
    predicted.map_or(limit, |run_time| {
        (run_time.quantile_after(served, chance) - served).clamp(1.0, limit)
    })
}

/// From 0 up to 1, the same for a job whenever it is asked for (SplitMix64; Steele, Lea and Flood 2014).
fn own_chance(job: JobId) -> f64 {
    let mut z = job.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let bits = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or_default();
    f64::from(bits) / 4_294_967_296.0
}
