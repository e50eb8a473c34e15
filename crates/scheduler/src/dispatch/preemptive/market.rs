//! What could be stopped for a job, on which nodes, and what that would cost.

use super::running::Running;
use super::waiting::Waiting;
use crate::dispatch::order::{Candidate, NEW};
use crate::dispatch::room::Room;
use crate::math;
use crate::policy::Policy;
use crate::reserve::Reservation;
use crate::snapshot::Snapshot;

pub(super) enum Found {
    /// Places in [`Snapshot::active`].
    Stops(Vec<usize>),
    /// Room will be there as soon as who runs may be stopped; it is kept.
    Soon,
    Nothing,
}

pub(super) struct Market<'a> {
    pub(super) by_node: &'a [Vec<usize>],
    pub(super) running: &'a mut [Running],
    pub(super) room: &'a mut Room,
    pub(super) leftover: &'a mut [u32],
    pub(super) waiting: &'a Waiting,
    pub(super) snapshot: &'a Snapshot,
    pub(super) policy: &'a Policy,
}

/// Running jobs to stop on one node, as places in [`Market::running`].
struct Offer {
    node: usize,
    stops: Vec<usize>,
    gpus: u32,
    least_yield: f64,
}

impl Market<'_> {
    pub(super) fn make_room(
        &mut self,
        candidate: &Candidate<'_>,
        entitled: Option<&Reservation>,
    ) -> Found {
        let job = candidate.job;
        let allowed = if entitled.is_some() {
            Running::sooner_or_later
        } else if candidate.key < -NEW / 2.0 {
            Running::for_new
        } else {
            Running::now
        };
        let offers = self.offers(candidate, job.gpus_per_node, allowed, entitled);
        if let Some(chosen) = cheapest(offers, job.nodes) {
            return Found::Stops(self.accept(&chosen, job.gpus_per_node));
        }
        if self.policy.preemption.migrate
            && job.nodes == 1
            && let Some(stops) = self.migrate(job.gpus_per_node)
        {
            return Found::Stops(stops);
        }
        if self.policy.preemption.claim {
            let offers = self.offers(candidate, job.gpus_per_node, Running::sooner_or_later, None);
            if let Some(chosen) = cheapest(offers, job.nodes) {
                for offer in &chosen {
                    // Kept free for it: nobody starts there until the others may be stopped.
                    self.keep(offer.node, job.gpus_per_node);
                    for place in &offer.stops {
                        self.running[*place].stopped = true;
                    }
                }
                return Found::Soon;
            }
        }
        Found::Nothing
    }

    /// What each node could give: free GPUs and those of running jobs that have more left.
    fn offers(
        &self,
        candidate: &Candidate<'_>,
        gpus: u32,
        allowed: fn(&Running) -> bool,
        entitled: Option<&Reservation>,
    ) -> Vec<Offer> {
        let job = candidate.job;
        let new = candidate.key < -NEW / 2.0;
        let worse = |running: &Running, waste: f64| {
            if let Some(reservation) = entitled {
                // Only its holder's own jobs have as good a claim.
                return !reservation.includes(&self.snapshot.active[running.active].job);
            }
            if running.class != job.class {
                return running.class < job.class;
            }
            let newer = running.key < -NEW / 2.0;
            match (new, newer) {
                (true, false) => true,
                (false, true) => false,
                (true, true) => {
                    running.key + NEW > (candidate.key + NEW) * self.policy.preemption.hysteresis
                }
                (false, false) => {
                    let gain = candidate.key + running.cost;
                    running.key > gain * self.policy.preemption.hysteresis * waste
                }
            }
        };
        let waste_power = self.policy.preemption.waste_power;
        // One GPU stopped for the whole job is the most favourable case.
        let least_waste = math::pow(1.0 / f64::from(gpus), waste_power);
        let mut offers = Vec::new();
        for node in 0..self.room.nodes() {
            let name = &self.snapshot.nodes[node].name;
            if entitled.is_some_and(|reservation| !reservation.may_be_on(name)) {
                continue;
            }
            let mut have = self.room.free[node] + self.leftover[node];
            let mut stops = Vec::new();
            let mut least_yield = f64::INFINITY;
            for place in self.by_node[node].iter().copied() {
                if have >= gpus {
                    break;
                }
                let running = &self.running[place];
                let here = running.on(node);
                if here == 0 || running.stopped || !allowed(running) || !worse(running, least_waste)
                {
                    continue;
                }
                have += here;
                least_yield = least_yield.min(running.yields);
                stops.push(place);
            }
            if have < gpus {
                continue;
            }
            // Whom the later ones made unnecessary goes on.
            let mut kept = Vec::new();
            for place in &stops {
                let here = self.running[*place].on(node);
                if have - here >= gpus {
                    have -= here;
                } else {
                    kept.push(*place);
                }
            }
            let stopped = kept.iter().map(|place| self.running[*place].gpus()).sum();
            // What is stopped against what will run there instead.
            let runs = gpus + self.waiting.fill(have - gpus);
            let waste = math::pow(f64::from(stopped) / f64::from(runs), waste_power);
            if kept
                .iter()
                .any(|place| !worse(&self.running[*place], waste))
            {
                continue;
            }
            offers.push(Offer {
                node,
                stops: kept,
                gpus: stopped,
                least_yield,
            });
        }
        offers
    }

    fn accept(&mut self, chosen: &[Offer], gpus: u32) -> Vec<usize> {
        let mut stops = Vec::new();
        for offer in chosen {
            for place in &offer.stops {
                let running = &mut self.running[*place];
                if running.stopped {
                    continue;
                }
                running.stopped = true;
                stops.push(running.active);
                for (node, freed) in &running.parts {
                    self.leftover[*node] += freed;
                }
            }
        }
        for offer in chosen {
            self.keep(offer.node, gpus);
        }
        stops
    }

    /// Takes GPUs of a node out of what others may have: first what is free already.
    pub(super) fn keep(&mut self, node: usize, gpus: u32) {
        let free = self.room.free[node].min(gpus);
        self.room.free[node] -= free;
        self.leftover[node] = self.leftover[node].saturating_sub(gpus - free);
    }
}

/// The nodes that cost the least: fewest GPUs of stopped jobs, then the most left to do.
fn cheapest(mut offers: Vec<Offer>, count: u32) -> Option<Vec<Offer>> {
    if offers.len() < count as usize {
        return None;
    }
    offers.sort_by(|a, b| {
        a.gpus
            .cmp(&b.gpus)
            .then_with(|| b.least_yield.total_cmp(&a.least_yield))
            .then(a.node.cmp(&b.node))
    });
    offers.truncate(count as usize);
    Some(offers)
}
