//! The plan: what starts now and where, what is stopped, and why everything else waits.
//!
//! Jobs that cannot start whatever is free (held, waiting for another job or for a time) stand
//! aside and hold nobody up; jobs without GPUs compete with nobody and start when a node has room.

use std::collections::HashMap;
use std::time::Duration;

use berth_domain::{
    Constraint, Constraints, GpuRef, JobId, Lease, NodeLease, PendingReason, Place, Timestamp,
};

use crate::dispatch::{self, Decision, Exact, Part, Places, Room, Why};
use crate::forecast::{self, Experience, Forecast};
use crate::policy::Policy;
use crate::snapshot::{Facts, Gate, Snapshot};

/// What to do now, and why everything else waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In the order in which they start.
    pub starts: Vec<(JobId, Lease)>,
    /// Running jobs to stop and queue again. Their GPUs are for others: plan again when they
    /// ended.
    pub preemptions: Vec<Preempt>,
    /// Everything that still waits, next one first; those that stand aside last.
    pub order: Vec<JobId>,
    /// One for each job in `order`.
    pub reasons: HashMap<JobId, PendingReason>,
    /// When the clock alone could change the plan.
    pub wake_at: Option<Timestamp>,
}

/// A running job to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preempt {
    pub job: JobId,
    /// For whom.
    pub beneficiary: JobId,
}

/// Plans: pure and deterministic.
#[must_use]
pub fn plan(snapshot: &Snapshot, policy: &Policy, now: Timestamp) -> Plan {
    of_decision(
        snapshot,
        policy,
        now,
        &dispatch::decide(snapshot, policy, now),
    )
}

/// A plan, and when everything that waits would start: one decision for both.
#[must_use]
pub fn plan_and_forecast(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
) -> (Plan, HashMap<JobId, Forecast>) {
    let decision = dispatch::decide(snapshot, policy, now);
    (
        of_decision(snapshot, policy, now, &decision),
        forecast::of_decision(snapshot, policy, now, experience, &decision),
    )
}

fn of_decision(snapshot: &Snapshot, policy: &Policy, now: Timestamp, decision: &Decision) -> Plan {
    let mut plan = Plan {
        starts: leases(snapshot, policy, now, decision),
        preemptions: preemptions(snapshot, decision),
        wake_at: decision.wake_at,
        ..Plan::default()
    };
    let mut words = Words {
        snapshot,
        policy,
        now,
        places: &decision.places,
        room: Room::of(&snapshot.nodes, &decision.places, policy.cpu_jobs_per_node),
        left: None,
        kept_by: HashMap::new(),
        starts: &decision.starts,
        first: None,
        ahead: 0,
    };
    for (index, why) in decision.waiting.iter().chain(&decision.aside) {
        let job = &snapshot.pending[*index].job;
        plan.order.push(job.id);
        plan.reasons.insert(job.id, words.reason(*index, *why));
    }
    plan
}

/// The exact GPUs of what starts.
pub(crate) fn leases(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    decision: &Decision,
) -> Vec<(JobId, Lease)> {
    let mut exact = Exact::new(snapshot, &decision.places, policy, now);
    let mut lease = |job: &Facts, parts: &[Part]| {
        let of_node = parts.chunk_by(|a, b| a.node == b.node).map(|parts| {
            let gpus = parts.iter().flat_map(|part| exact.take(job, *part));
            let mut gpus: Vec<GpuRef> = gpus.collect();
            // As indices rise in every lease.
            gpus.sort_by_key(|gpu| gpu.index);
            NodeLease {
                node: snapshot.nodes[parts[0].node].name.clone(),
                gpus,
            }
        });
        Lease(of_node.collect())
    };
    let starts = decision.starts.iter();
    starts
        .map(|(index, parts)| {
            let job = &snapshot.pending[*index].job;
            (job.id, lease(job, parts))
        })
        .collect()
}

pub(crate) fn preemptions(snapshot: &Snapshot, decision: &Decision) -> Vec<Preempt> {
    let stops = decision.stops.iter();
    stops
        .map(|stop| Preempt {
            job: snapshot.active[stop.active].job.id,
            beneficiary: stop.beneficiary,
        })
        .collect()
}

/// Turns what blocks a job into what people read.
struct Words<'a> {
    snapshot: &'a Snapshot,
    policy: &'a Policy,
    now: Timestamp,
    places: &'a Places,
    /// Before anything of this plan starts.
    room: Room,
    starts: &'a [(usize, Vec<Part>)],
    /// After everything of this plan has started; made when it is needed.
    left: Option<Room>,
    /// Which of their constraints keep jobs waiting and how many free GPUs are as these ask, by
    /// what they ask and their size.
    kept_by: HashMap<(&'a Constraints, u32, u32), (u32, Constraints)>,
    /// The first job that waits for GPUs, and how many do up to the current one.
    first: Option<JobId>,
    ahead: u32,
}

impl<'a> Words<'a> {
    fn reason(&mut self, index: usize, why: Why) -> PendingReason {
        let pending = &self.snapshot.pending[index];
        let job = &pending.job;
        match why {
            Why::Gate => match &pending.gate {
                Gate::Closed(reason) | Gate::Until(_, reason) => reason.clone(),
                Gate::Open => PendingReason::JobHeldAdmin,
            },
            Why::ArrayLimit(limit) => PendingReason::ArrayLimit { limit },
            Why::ExecutorDown => PendingReason::ExecutorDown {
                why: self.snapshot.executor_down.clone().unwrap_or_default(),
            },
            Why::NeverFits if self.places.any().ever_fits(job.nodes, job.gpus_per_node) => {
                let asks = job.constraints.as_deref().cloned().unwrap_or_default();
                PendingReason::BadConstraints {
                    asks: Box::new(asks),
                }
            }
            Why::NeverFits => PendingReason::NeverFits {
                nodes: job.nodes,
                gpus_per_node: job.gpus_per_node,
                largest_node: self.places.any().largest_node(),
                present_nodes: u32::try_from(self.snapshot.nodes.len()).unwrap_or(u32::MAX),
            },
            Why::CpuSlots => PendingReason::CpuSlots {
                limit: self.policy.cpu_jobs_per_node,
            },
            Why::NoRoom { free, best } => self.no_room(job, free, best),
            Why::Constraints => self.constraints(job),
            Why::Behind => self.behind(job.id).unwrap_or(PendingReason::Resources {
                wanted_gpus: job.gpus(),
                free_gpus: self.room.free_gpus(),
            }),
            Why::QuotaUser { held, limit, hard } => PendingReason::QuotaUser {
                user: job.owner.clone(),
                held,
                wanted: job.gpus(),
                limit,
                hard,
            },
            Why::QuotaProject { held, limit, hard } => PendingReason::QuotaProject {
                project: job.project.clone().unwrap_or_default(),
                held,
                wanted: job.gpus(),
                limit,
                hard,
            },
            Why::BudgetUser {
                used,
                budget,
                until,
            } => PendingReason::BudgetUser {
                user: job.owner.clone(),
                used_gpu_hours: used,
                gpu_hours: budget.gpu_hours,
                period: budget.period,
                until,
                hard: budget.hard,
            },
            Why::BudgetProject {
                used,
                budget,
                until,
            } => PendingReason::BudgetProject {
                project: job.project.clone().unwrap_or_default(),
                used_gpu_hours: used,
                gpu_hours: budget.gpu_hours,
                period: budget.period,
                until,
                hard: budget.hard,
            },
            Why::Reserved(index) => {
                // Others wait behind it all the same.
                let _ = self.behind(job.id);
                let reservation = &self.snapshot.reservations[index];
                PendingReason::Reservation {
                    id: reservation.id,
                    note: reservation.note.clone(),
                    holder: reservation.holder.clone(),
                    start: reservation.start,
                    end: reservation.end,
                }
            }
            Why::Draining { at_s, free, idle_s } => {
                self.behind(job.id)
                    .unwrap_or(PendingReason::DrainingForGang {
                        wanted_gpus: job.gpus(),
                        free_gpus: free,
                        at: later(self.now, at_s),
                        idle_gpu_minutes: whole(idle_s / 60.0),
                    })
            }
            Why::Preempting => {
                let behind = self.behind(job.id);
                behind.unwrap_or(PendingReason::PreemptionPending { gpus: job.gpus() })
            }
        }
    }

    fn no_room(&mut self, job: &Facts, free: u32, best: u32) -> PendingReason {
        if let Some(behind) = self.behind(job.id) {
            return behind;
        }
        match self.cordoned(job) {
            Some(cordoned) => cordoned,
            None if free < job.gpus() => PendingReason::Resources {
                wanted_gpus: job.gpus(),
                free_gpus: free,
            },
            None => PendingReason::Fragmentation {
                nodes: job.nodes,
                gpus_per_node: job.gpus_per_node,
                free_gpus: free,
                best_node_free: best,
            },
        }
    }

    /// What is free after everything of this plan has started.
    fn left(&mut self) -> &Room {
        self.left.get_or_insert_with(|| {
            let mut room = self.room.clone();
            for (_, parts) in self.starts {
                room.take(parts);
            }
            room
        })
    }

    /// A job that could start if nothing was cordoned or used outside the queue.
    fn cordoned(&mut self, job: &Facts) -> Option<PendingReason> {
        let (snapshot, places) = (self.snapshot, self.places);
        if snapshot.cordons.is_empty() && snapshot.foreign.is_empty() {
            return None;
        }
        let mut room = self.left().clone();
        let mut idle_gpus = 0;
        let mut first = None;
        for (at, node) in snapshot.nodes.iter().enumerate() {
            for part in places.parts(&snapshot.nodes, at, &node.kept) {
                room.free[part.pool] += part.gpus;
                idle_gpus += part.gpus;
            }
            if let (None, Some(gpu)) = (&first, node.kept.first()) {
                let mut places = [Some(gpu.index), None].into_iter().map(|gpu| Place {
                    node: node.name.clone(),
                    gpu,
                });
                first = places.find_map(|place| {
                    let kept = snapshot.cordons.contains_key(&place)
                        || snapshot.foreign.contains_key(&place);
                    kept.then_some(place)
                });
            }
        }
        let place = first?;
        let need = places.of_job(job);
        room.choose(need, job.nodes, job.gpus_per_node)?;
        let Some(cordon) = snapshot.cordons.get(&place) else {
            let process = snapshot.foreign.get(&place)?.clone();
            return Some(PendingReason::ForeignProcess {
                place,
                process,
                idle_gpus,
            });
        };
        Some(PendingReason::Cordoned {
            place,
            reason: cordon.reason.clone(),
            by: cordon.by.clone(),
            idle_gpus,
        })
    }

    /// A job that asks for nodes or GPUs that are not free, where others are.
    fn constraints(&mut self, job: &'a Facts) -> PendingReason {
        if let Some(cordoned) = self.cordoned(job) {
            // It waits for GPUs as those behind it do.
            self.behind(job.id);
            return cordoned;
        }
        let (any, nodes, gpus) = (self.places.any(), job.nodes, job.gpus_per_node);
        let left = &self.left().clone();
        let free_gpus = left.free_gpus();
        let fits = |need| left.choose(need, nodes, gpus).is_some();
        let keeps = fits(any) && !fits(self.places.of_job(job));
        let Some(asks) = job.constraints.as_deref().filter(|_| keeps) else {
            // Whoever came later took what it could not have, or what it could is kept for somebody.
            let best = left.best(any);
            return self.no_room(job, free_gpus, best);
        };
        let kept = self.kept_by.entry((asks, nodes, gpus));
        let (fitting_gpus, asks) = kept
            .or_insert_with(|| {
                let keep = that_keep(asks, left, self.snapshot, self.places, (nodes, gpus));
                let need = self.places.need(&self.snapshot.nodes, &keep);
                (left.fitting(&need), keep)
            })
            .clone();
        // It waits for GPUs as those behind it do.
        self.behind(job.id);
        PendingReason::Constraints {
            nodes,
            gpus_per_node: gpus,
            free_gpus,
            fitting_gpus,
            asks: Box::new(asks),
        }
    }

    /// Who is before it, if anybody is.
    fn behind(&mut self, job: JobId) -> Option<PendingReason> {
        let ahead = self.ahead;
        self.ahead += 1;
        let first = *self.first.get_or_insert(job);
        (ahead > 0).then_some(PendingReason::Priority { ahead, first })
    }
}

/// Those of a job's constraints without which it would fit, each alone; all of them if that does
/// not tell.
fn that_keep(
    asks: &Constraints,
    room: &Room,
    snapshot: &Snapshot,
    places: &Places,
    (nodes, gpus): (u32, u32),
) -> Constraints {
    let fits = |asks: &Constraints| {
        let need = places.need(&snapshot.nodes, asks);
        room.choose(&need, nodes, gpus).is_some()
    };
    let asked = Constraint::ALL.into_iter().filter(|one| asks.asks(*one));
    let needless = asked.filter(|one| !fits(&asks.without(*one)));
    let keep = needless.fold(asks.clone(), |less, one| less.without(one));
    if keep.is_empty() || fits(&keep) {
        asks.clone()
    } else {
        keep
    }
}

/// A time so many seconds from now; the far future if that is beyond all clocks.
pub(crate) fn later(now: Timestamp, seconds: f64) -> Timestamp {
    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Rounded to the nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits"
)]
pub(crate) fn whole(value: f64) -> u32 {
    value.round().clamp(0.0, f64::from(u32::MAX)) as u32
}
