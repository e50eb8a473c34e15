//! What could be stopped for a job, on which nodes, and what that would cost.

use std::borrow::Cow;

use super::running::Running;
use super::waiting::Waiting;
use crate::dispatch::order::{Candidate, NEW};
use crate::dispatch::places::{Place, Places};
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
    pub(super) places: &'a Places,
    pub(super) by_pool: &'a [Vec<usize>],
    pub(super) running: &'a mut [Running],
    pub(super) room: &'a mut Room,
    pub(super) leftover: &'a mut [u32],
    pub(super) waiting: &'a Waiting,
    pub(super) snapshot: &'a Snapshot,
    pub(super) policy: &'a Policy,
}

/// Running jobs to stop in one place, as indices of [`Market::running`].
struct Offer<'a> {
    place: &'a Place,
    stops: Vec<usize>,
    gpus: u32,
    least_yield: f64,
}

impl<'a> Market<'a> {
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
            && let Some(stops) = self.migrate(job)
        {
            return Found::Stops(stops);
        }
        if self.policy.preemption.claim {
            let offers = self.offers(candidate, job.gpus_per_node, Running::sooner_or_later, None);
            if let Some(chosen) = cheapest(offers, job.nodes) {
                for offer in &chosen {
                    // Kept free for it: nobody starts there until the others may be stopped.
                    self.keep(offer.place, job.gpus_per_node);
                    for place in &offer.stops {
                        self.running[*place].stopped = true;
                    }
                }
                return Found::Soon;
            }
        }
        Found::Nothing
    }

    /// What each place could give: free GPUs and those of running jobs that have more left.
    fn offers(
        &self,
        candidate: &Candidate<'_>,
        gpus: u32,
        allowed: fn(&Running) -> bool,
        entitled: Option<&Reservation>,
    ) -> Vec<Offer<'a>> {
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
        for place in &self.places.of_job(job).places {
            let name = &self.snapshot.nodes[place.node].name;
            if entitled.is_some_and(|reservation| !reservation.may_be_on(name)) {
                continue;
            }
            let mut have = self.have(place);
            let mut stops = Vec::new();
            let mut least_yield = f64::INFINITY;
            for index in self.running_in(place).iter().copied() {
                if have >= gpus {
                    break;
                }
                let running = &self.running[index];
                let here = running.on(place);
                if here == 0 || running.stopped || !allowed(running) || !worse(running, least_waste)
                {
                    continue;
                }
                have += here;
                least_yield = least_yield.min(running.yields);
                stops.push(index);
            }
            if have < gpus {
                continue;
            }
            // Whom the later ones made unnecessary goes on.
            let mut kept = Vec::new();
            for index in &stops {
                let here = self.running[*index].on(place);
                if have - here >= gpus {
                    have -= here;
                } else {
                    kept.push(*index);
                }
            }
            let stopped = kept.iter().map(|index| self.running[*index].gpus()).sum();
            // What is stopped against what will run there instead.
            let runs = gpus + self.waiting.fill(have - gpus);
            let waste = math::pow(f64::from(stopped) / f64::from(runs), waste_power);
            if kept
                .iter()
                .any(|index| !worse(&self.running[*index], waste))
            {
                continue;
            }
            offers.push(Offer {
                place,
                stops: kept,
                gpus: stopped,
                least_yield,
            });
        }
        offers
    }

    fn accept(&mut self, chosen: &[Offer<'_>], gpus: u32) -> Vec<usize> {
        let mut stops = Vec::new();
        for offer in chosen {
            for place in &offer.stops {
                let running = &mut self.running[*place];
                if running.stopped {
                    continue;
                }
                running.stopped = true;
                stops.push(running.active);
                for part in &running.parts {
                    self.leftover[part.pool] += part.gpus;
                }
            }
        }
        for offer in chosen {
            self.keep(offer.place, gpus);
        }
        stops
    }

    /// Takes GPUs of a place out of what others may have: first what is free already.
    pub(super) fn keep(&mut self, place: &Place, gpus: u32) {
        let free = self.room.on(place).min(gpus);
        for part in place.split(free, |pool| self.room.free[pool]) {
            self.room.free[part.pool] -= part.gpus;
        }
        for part in place.split(gpus - free, |pool| self.leftover[pool]) {
            let leftover = &mut self.leftover[part.pool];
            *leftover = leftover.saturating_sub(part.gpus);
        }
    }

    /// What a place has free, or will have from those on their way out.
    pub(super) fn have(&self, place: &Place) -> u32 {
        self.room.on(place) + place.sum(|pool| self.leftover[pool])
    }

    /// Who runs in a place, in the order in which they would be stopped.
    pub(super) fn running_in(&self, place: &Place) -> Cow<'a, [usize]> {
        if let [pool] = place.pools() {
            return Cow::Borrowed(&self.by_pool[*pool]);
        }
        let pools = place.pools().iter();
        let mut all: Vec<usize> = pools.flat_map(|pool| self.by_pool[*pool].clone()).collect();
        all.sort_unstable();
        all.dedup();
        Cow::Owned(all)
    }
}

/// The nodes that cost the least: fewest GPUs of stopped jobs, then the most left to do.
fn cheapest(mut offers: Vec<Offer<'_>>, count: u32) -> Option<Vec<Offer<'_>>> {
    if offers.len() < count as usize {
        return None;
    }
    offers.sort_by(|a, b| {
        a.gpus
            .cmp(&b.gpus)
            .then_with(|| b.least_yield.total_cmp(&a.least_yield))
            .then(a.place.node.cmp(&b.place.node))
    });
    let mut chosen: Vec<Offer<'_>> = Vec::with_capacity(count as usize);
    for offer in offers {
        // A node with several islands is still one node.
        let other = chosen.iter().all(|one| one.place.node != offer.place.node);
        if chosen.len() < count as usize && other {
            chosen.push(offer);
        }
    }
    (chosen.len() == count as usize).then_some(chosen)
}
