//! A random cluster with everything that a snapshot can hold, made from a number.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{
    Budget, Constraints, GpuRef, GpuUuid, Holder, JobId, Lease, MoveTo, NodeLease, NodeName,
    PendingReason, Period, PriorityClass, Quota, Rank, Timestamp, UserName,
};
use berth_scheduler::predict::{Features, Predictor};
use berth_scheduler::{
    Active, Experience, Facts, FreeNode, Gate, Pending, Pool, Reservation, Snapshot, Use,
};
use fastrand::Rng;

/// When every case takes place.
const NOW_S: i64 = 40 * 86_400;

/// What a plan is made from, but for the policy.
#[derive(Clone, Debug)]
pub struct Case {
    pub snapshot: Snapshot,
    pub experience: Experience,
    pub now: Timestamp,
}

/// The case of this number: the same on every platform.
#[must_use]
pub fn case(number: u32) -> Case {
    let mut making = Making {
        rng: Rng::with_seed(u64::from(number)),
        predictor: Predictor::default(),
        snapshot: Snapshot::default(),
    };
    making.learn();
    making.add_nodes();
    making.add_running();
    making.add_waiting();
    making.add_reservations();
    making.add_quotas();
    let experience = making.experience();
    Case {
        snapshot: making.snapshot,
        experience,
        now: at(0),
    }
}

/// So many seconds from now.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW_S + second).unwrap_or(Timestamp::MAX)
}

struct Making {
    rng: Rng,
    predictor: Predictor,
    snapshot: Snapshot,
}

impl Making {
    fn chance(&mut self, of: f64) -> bool {
        self.rng.f64() < of
    }

    /// Not with a `usize`, of which the generator makes others in WebAssembly.
    fn one_of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        let count = u32::try_from(N).unwrap_or(u32::MAX);
        all[self.rng.u32(0..count) as usize]
    }

    /// From ten seconds to a day, in seconds; short ones as likely as long ones.
    fn span_s(&mut self) -> f64 {
        10.0 * 2f64.powi(self.rng.i32(0..13)) * (1.0 + self.rng.f64())
    }

    fn user(&mut self) -> UserName {
        UserName(format!("user-{}", self.rng.u32(0..5)))
    }

    fn limit(&mut self) -> Duration {
        Duration::from_secs(60 * u64::from(self.rng.u32(1..3000)))
    }

    fn features(&mut self) -> Features {
        Features {
            owner: self.user(),
            project: None,
            name: Some(format!("run-{}", self.rng.u32(0..4))),
            gpus: self.rng.u32(1..9),
            time_limit: self.limit(),
        }
    }

    /// Sometimes too little to foretell anything.
    fn learn(&mut self) {
        for _ in 0..self.rng.u32(0..60) {
            let features = self.features();
            let guess = self.predictor.guess(features);
            let ran = Duration::from_secs_f64(self.span_s());
            self.predictor.observe(&guess, ran);
        }
        for _ in 0..self.rng.u32(0..10) {
            let (user, used, before) = (self.user(), self.span_s(), self.rng.i64(0..2_000_000));
            let project = self.chance(0.5).then_some("vision");
            let usage = &mut self.snapshot.usage;
            usage.charge(&user, project, used, at(-before));
        }
    }

    fn experience(&mut self) -> Experience {
        let mut experience = Experience::default();
        for _ in 0..self.rng.u32(0..30) {
            let (foretold, real) = (self.span_s(), self.span_s());
            experience.observe(foretold, real);
        }
        experience
    }

    fn add_nodes(&mut self) {
        for n in 1..=self.rng.u32(1..7) {
            let name = format!("node-{n}");
            let gpus = if self.chance(0.8) { 8 } else { 4 };
            let gpu = |index| GpuRef {
                index,
                uuid: GpuUuid(format!("{name}-{index}")),
            };
            let mut free: Vec<GpuRef> = (0..gpus).map(gpu).collect();
            // Somebody uses one outside the queue.
            if self.chance(0.1) {
                free.remove(0);
            }
            let pools = if gpus == 8 {
                self.pools()
            } else {
                Arc::default()
            };
            let node = FreeNode {
                name: NodeName(name),
                gpus: gpus as usize,
                pools,
                free,
                cpu_jobs: self.rng.u32(0..3),
                cordoned: self.chance(0.05),
                kept: Vec::new(),
            };
            self.snapshot.nodes.push(node);
        }
    }

    fn facts(&mut self, id: u64) -> Facts {
        let mut job = Facts {
            class: self.one_of([1, 1, 1, 1, 1, 1, 1, 0, 2, 3].map(|n| PriorityClass::ALL[n])),
            // Distinct, in an order that has nothing to do with the numbers.
            rank: Rank::ordinal(u64::from(self.rng.u32(1..1000)) * 1000 + id),
            nodes: self.one_of([1, 1, 1, 1, 1, 2, 3]),
            gpus_per_node: self.one_of([0, 1, 1, 1, 2, 2, 3, 4, 8]),
            owner: self.user(),
            project: self.chance(0.5).then(|| "vision".to_owned()),
            submitted_at: at(-self.rng.i64(0..1_500_000)),
            time_limit: self.limit(),
            preemptible: self.chance(0.6),
            ..Facts::new(JobId(id))
        };
        if self.chance(0.2) {
            job.service = Duration::from_secs_f64(self.span_s());
            job.preemptions = self.rng.u32(1..4);
        }
        if self.chance(0.1) {
            job.array = Some((JobId(1), Some(self.rng.u32(1..4))));
        }
        if self.chance(0.7) {
            let features = Features {
                owner: job.owner.clone(),
                gpus: job.gpus(),
                time_limit: job.time_limit,
                ..self.features()
            };
            job.predicted = self.predictor.predict(&features);
        }
        if self.chance(0.2) {
            job.constraints = Some(Arc::new(self.asks(job.gpus_per_node)));
        }
        if self.chance(0.2) {
            job.deadline = Some(at(self.rng.i64(-3600..200_000)));
        }
        job
    }

    /// Who needs no GPU asks nothing of them.
    fn asks(&mut self, gpus: u32) -> Constraints {
        let node = |n: u32| NodeName(format!("node-{n}"));
        let others = (gpus == 0 || self.chance(0.3)).then(|| node(self.rng.u32(1..4)));
        if gpus == 0 {
            return Constraints {
                exclude: others.into_iter().collect(),
                ..Constraints::default()
            };
        }
        Constraints {
            gpu_models: self
                .chance(0.5)
                .then(|| "H100".to_owned())
                .into_iter()
                .collect(),
            min_gpu_mem_bytes: self.chance(0.3).then_some(60_000_000_000),
            nodes: others.into_iter().collect(),
            exclude: Vec::new(),
            nvlink: self.chance(0.5),
        }
    }

    /// Of a node with eight: one kind, two islands, or two kinds; sometimes nobody knows.
    fn pools(&mut self) -> Arc<[Pool]> {
        let pool = |model: &str, gigabytes: u64, island, gpus: [u32; 4]| Pool {
            model: model.to_owned(),
            mem_total_bytes: gigabytes * 1_000_000_000,
            island,
            gpus: gpus.to_vec(),
        };
        let (h100, a100) = ("NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB");
        match self.rng.u32(0..4) {
            0 => Arc::default(),
            1 => {
                let mut all = pool(h100, 85, Some(0), [0, 1, 2, 3]);
                all.gpus.extend([4, 5, 6, 7]);
                Arc::from([all])
            }
            2 => Arc::from([
                pool(h100, 85, Some(0), [0, 1, 2, 3]),
                pool(h100, 85, Some(1), [4, 5, 6, 7]),
            ]),
            _ => Arc::from([
                pool(a100, 42, None, [0, 2, 4, 6]),
                pool(h100, 85, None, [1, 3, 5, 7]),
            ]),
        }
    }

    fn add_running(&mut self) {
        for id in 1000..1000 + u64::from(self.rng.u32(0..20)) {
            let mut job = self.facts(id);
            job.gpus_per_node = job.gpus_per_node.max(1);
            let gpus = job.gpus_per_node as usize;
            let nodes = self.snapshot.nodes.iter_mut();
            let mut fitting: Vec<&mut FreeNode> =
                nodes.filter(|node| node.free.len() >= gpus).collect();
            if fitting.len() < job.nodes as usize {
                continue;
            }
            let parts = fitting.iter_mut().take(job.nodes as usize);
            let lease = parts.map(|node| NodeLease {
                node: node.name.clone(),
                gpus: node.free.drain(..gpus).collect(),
            });
            let lease = Lease(lease.collect());
            // Not beyond its limit, nor before it was submitted.
            let limit = i64::try_from(job.time_limit.as_secs()).unwrap_or(i64::MAX);
            let waited = at(0).duration_since(job.submitted_at).as_secs();
            let ran = self.rng.i64(0..=limit.min(waited));
            let saved = self.chance(0.3).then(|| at(-ran / 2));
            let active = Active {
                job,
                lease,
                since: Some(at(-ran)),
                checkpoint_at: saved,
                stopping: self.chance(0.05),
            };
            self.snapshot.active.push(active);
        }
    }

    fn add_waiting(&mut self) {
        let count = u64::from(self.rng.u32(0..40));
        for id in 1..=count {
            let mut job = self.facts(id);
            if self.chance(0.1) {
                let other = JobId(self.rng.u64(1..=count));
                job.moved = Some(match self.rng.u32(0..4) {
                    0 => MoveTo::Top,
                    1 => MoveTo::Bottom,
                    2 => MoveTo::Before(other),
                    _ => MoveTo::After(other),
                });
            }
            let gate = match self.rng.u32(0..12) {
                0 => Gate::Closed(PendingReason::JobHeldUser),
                1 => {
                    let then = at(self.rng.i64(-600..7200));
                    Gate::Until(then, PendingReason::BeginTime { at: then })
                }
                _ => Gate::Open,
            };
            self.snapshot.pending.push(Pending { job, gate });
        }
    }

    fn add_reservations(&mut self) {
        for id in 1..=u64::from(self.rng.u32(0..3)) {
            let start = self.rng.i64(-7200..50_000);
            let holder = if self.chance(0.5) {
                Holder::User(self.user())
            } else {
                Holder::Project("vision".to_owned())
            };
            let no_show = self.chance(0.5).then(|| Duration::from_secs(1800));
            let span = (at(start), at(start + self.rng.i64(600..40_000)));
            let size = (self.rng.u32(1..3), self.rng.u32(1..9));
            let mut reservation = Reservation {
                no_show,
                used: self.chance(0.3),
                ..Reservation::new(id, holder, size, span)
            };
            // Some name their GPUs.
            if self.chance(0.3) {
                let nodes = u32::try_from(self.snapshot.nodes.len()).unwrap_or(u32::MAX);
                let node = &self.snapshot.nodes[self.rng.u32(0..nodes) as usize];
                let last = u32::try_from(node.gpus).unwrap_or(1).min(size.1);
                reservation.only = vec![node.name.clone()];
                reservation.exact = (0..last).collect();
                (reservation.nodes, reservation.gpus_per_node) = (1, last);
            }
            self.snapshot.reservations.push(reservation);
        }
    }

    /// Of which some is used, and somebody has more shares than others.
    fn add_budgets(&mut self) {
        let budget = Budget {
            gpu_hours: self.rng.u32(1..200),
            period: Period::ALL[self.rng.u32(0..3) as usize],
            hard: self.chance(0.5),
        };
        let (user, shares) = (self.user(), self.rng.u32(1..5));
        let quotas = &mut self.snapshot.quotas;
        quotas.hours.user = Some(budget);
        quotas.shares.users.insert(user.clone(), Some(shares));
        let to = at(-self.rng.i64(0..100_000));
        let used = Use {
            gpus: self.rng.u32(1..16),
            from: to.checked_sub(Duration::from_secs(36_000)).unwrap_or(to),
            to,
        };
        self.snapshot.spent.charge(&user, None, used);
    }

    fn add_quotas(&mut self) {
        if self.chance(0.3) {
            let gpus = self.rng.u32(1..24);
            let hard = self.chance(0.5);
            let user = self.user();
            let quotas = &mut self.snapshot.quotas;
            quotas.gpus.user = Some(Quota { gpus, hard });
            quotas.gpus.users.insert(user, None);
        }
        if self.chance(0.3) {
            self.add_budgets();
        }
    }
}
