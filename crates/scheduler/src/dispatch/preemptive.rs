//! The walk of policies that stop running jobs: in order, each waiting job takes what is free, or
//! what running jobs hold that have much more left to do.
//!
//! Every job's key is its expected remaining work (see [`Keys`]); nothing runs to its end just
//! because it came first. Each resume repeats work, so that a job is only stopped for one that has
//! less left by a factor, and never before it ran for a while.

use std::collections::{BTreeMap, HashMap, HashSet};

use berth_domain::PriorityClass;

use super::order::{Candidate, Keys, NEW, ran_s, seconds_since};
use super::room::Room;
use super::walk::Walk;
use super::{Decision, Stop, Why};
use crate::policy::Policy;

/// A running job, as far as stopping it goes.
#[derive(Clone, Debug)]
struct Running {
    active: usize,
    class: PriorityClass,
    key: f64,
    /// What a stop costs in run time: the work since its last checkpoint, and the resume.
    cost: f64,
    /// Where it is and with how many GPUs.
    parts: Vec<(usize, u32)>,
    /// It may be stopped now.
    stoppable: bool,
    /// It may be stopped now for a job that has its first slice before it.
    yields_to_new: bool,
    /// It may be stopped once it ran for a while longer, or is being stopped already.
    soon: bool,
    stopped: bool,
}

impl Running {
    fn on(&self, node: usize) -> u32 {
        let here = self.parts.iter().filter(|part| part.0 == node);
        here.map(|part| part.1).sum()
    }

    fn gpus(&self) -> u32 {
        self.parts.iter().map(|part| part.1).sum()
    }
}

pub(super) fn walk<'a>(mut walk: Walk<'a>, open: &[Candidate<'a>]) -> Decision {
    let running = running(&mut walk);
    let mut by_node = vec![Vec::new(); walk.room.nodes()];
    for (place, one) in running.iter().enumerate() {
        for (node, _) in &one.parts {
            by_node[*node].push(place);
        }
    }
    let mut line = Line {
        running,
        by_node,
        hopeless: HashSet::new(),
        waiting: Waiting::of(open),
        leftover: vec![0; walk.room.nodes()],
        any_waits: false,
    };
    for candidate in open {
        line.next(&mut walk, candidate);
    }
    for candidate in walk.borrowers() {
        line.next(&mut walk, &candidate);
    }
    if line.any_waits
        && let Ok(at) = walk.now.checked_add(walk.policy.preemption.review)
    {
        walk.decision.wake(at);
    }
    walk.decision
}

struct Line {
    running: Vec<Running>,
    /// Places in `running` of who is on each node.
    by_node: Vec<Vec<usize>>,
    /// Classes and sizes for which nothing could be stopped, since anything last changed: those
    /// who come later have more to do, so that even less can be stopped for them.
    hopeless: HashSet<(PriorityClass, bool, u32, u32)>,
    waiting: Waiting,
    /// What stopped jobs will leave beyond what they were stopped for.
    leftover: Vec<u32>,
    any_waits: bool,
}

impl Line {
    fn next<'a>(&mut self, walk: &mut Walk<'a>, candidate: &Candidate<'a>) {
        if !walk.admit(candidate) {
            return;
        }
        let job = candidate.job;
        let (count, gpus) = (job.nodes, job.gpus_per_node);
        self.waiting.remove(count, gpus);
        if let Some(chosen) = walk.room.choose(count, gpus) {
            walk.start(candidate, chosen);
            self.hopeless.clear();
            return;
        }
        self.any_waits = true;
        let (free, best) = (walk.room.free_gpus(), walk.room.best_node());
        let kind = (job.class, candidate.key < -NEW / 2.0, count, gpus);
        if self.hopeless.contains(&kind) {
            walk.wait(candidate, Why::NoRoom { free, best });
            return;
        }
        let mut market = Market {
            by_node: &self.by_node,
            running: &mut self.running,
            room: &mut walk.room,
            leftover: &mut self.leftover,
            waiting: &self.waiting,
            policy: walk.policy,
        };
        let why = match market.make_room(candidate) {
            Found::Stops(stops) => {
                let stop = |active| Stop {
                    active,
                    beneficiary: job.id,
                };
                walk.decision.stops.extend(stops.into_iter().map(stop));
                self.hopeless.clear();
                Why::Preempting
            }
            Found::Soon => {
                self.hopeless.clear();
                Why::Preempting
            }
            Found::Nothing => {
                self.hopeless.insert(kind);
                Why::NoRoom { free, best }
            }
        };
        walk.wait(candidate, why);
    }
}

/// GPUs that waiting jobs of one node ask for, by size.
struct Waiting(BTreeMap<u32, u32>);

impl Waiting {
    fn of(open: &[Candidate<'_>]) -> Self {
        let mut sizes = BTreeMap::new();
        for candidate in open.iter().filter(|candidate| candidate.job.nodes == 1) {
            *sizes.entry(candidate.job.gpus_per_node).or_default() += candidate.job.gpus_per_node;
        }
        Waiting(sizes)
    }

    fn remove(&mut self, nodes: u32, gpus: u32) {
        if nodes == 1
            && let Some(sum) = self.0.get_mut(&gpus)
        {
            *sum = sum.saturating_sub(gpus);
        }
    }

    /// How much of a gap they would fill.
    fn fill(&self, gap: u32) -> u32 {
        self.0
            .range(..=gap)
            .map(|(_, sum)| *sum)
            .sum::<u32>()
            .min(gap)
    }
}

fn running(walk: &mut Walk<'_>) -> Vec<Running> {
    let (snapshot, policy, now) = (walk.snapshot, walk.policy, walk.now);
    let keys = Keys::new(snapshot, policy, now);
    let places: HashMap<_, usize> = snapshot
        .nodes
        .iter()
        .enumerate()
        .map(|(place, node)| (&node.name, place))
        .collect();
    let place = |name| places.get(name).copied();
    let min_run = policy.preemption.min_run;
    let mut all = Vec::with_capacity(snapshot.active.len());
    for (index, active) in snapshot.active.iter().enumerate() {
        let parts = active.lease.0.iter().filter_map(|part| {
            let gpus = u32::try_from(part.gpus.len()).unwrap_or(u32::MAX);
            Some((place(&part.node)?, gpus)).filter(|_| gpus > 0)
        });
        let long_enough = ran_s(active, now) >= min_run.as_secs_f64();
        let may = active.job.preemptible && !active.stopping;
        if may
            && !long_enough
            && let Some(since) = active.since
            && let Ok(at) = since.checked_add(min_run)
            && !snapshot.pending.is_empty()
        {
            walk.decision.wake(at);
        }
        let lost = active
            .checkpoint_at
            .map_or(0.0, |at| seconds_since(at, now));
        let again = policy.preemption.max_preemptions;
        let may = may && again.is_none_or(|most| active.job.preemptions < most);
        all.push(Running {
            active: index,
            cost: lost + policy.preemption.resume_cost.as_secs_f64(),
            class: active.job.class,
            key: keys.running(active),
            parts: parts.collect(),
            stoppable: may && long_enough,
            yields_to_new: may
                && (long_enough
                    || keys.running(active) > -NEW / 2.0
                        && ran_s(active, now) >= policy.preemption.min_run_new.as_secs_f64()),
            soon: active.stopping || may && !long_enough,
            stopped: false,
        });
    }
    // Those with most left to do are stopped first.
    all.sort_by(|a, b| b.key.total_cmp(&a.key).then(a.active.cmp(&b.active)));
    all
}

enum Found {
    /// Places in [`Snapshot::active`].
    Stops(Vec<usize>),
    /// Room will be there as soon as who runs may be stopped; it is kept.
    Soon,
    Nothing,
}

struct Market<'a> {
    by_node: &'a [Vec<usize>],
    running: &'a mut [Running],
    room: &'a mut Room,
    leftover: &'a mut [u32],
    waiting: &'a Waiting,
    policy: &'a Policy,
}

/// Running jobs to stop on one node, as places in [`Market::running`].
struct Offer {
    node: usize,
    stops: Vec<usize>,
    gpus: u32,
    least_key: f64,
}

impl Market<'_> {
    fn make_room(&mut self, candidate: &Candidate<'_>) -> Found {
        let job = candidate.job;
        let allowed = if candidate.key < -NEW / 2.0 {
            Running::for_new
        } else {
            Running::now
        };
        let offers = self.offers(candidate, job.gpus_per_node, allowed);
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
            let offers = self.offers(candidate, job.gpus_per_node, Running::sooner_or_later);
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
    ) -> Vec<Offer> {
        let job = candidate.job;
        let new = candidate.key < -NEW / 2.0;
        let worse = |running: &Running, waste: f64| {
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
        let least_waste = (1.0 / f64::from(gpus)).powf(waste_power);
        let mut offers = Vec::new();
        for node in 0..self.room.nodes() {
            let mut have = self.room.free[node] + self.leftover[node];
            let mut stops = Vec::new();
            let mut least_key = f64::INFINITY;
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
                least_key = least_key.min(running.key);
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
            let waste = (f64::from(stopped) / f64::from(runs)).powf(waste_power);
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
                least_key,
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
    fn keep(&mut self, node: usize, gpus: u32) {
        let free = self.room.free[node].min(gpus);
        self.room.free[node] -= free;
        self.leftover[node] = self.leftover[node].saturating_sub(gpus - free);
    }

    /// Stops small jobs that find room on other nodes at once.
    fn migrate(&mut self, gpus: u32) -> Option<Vec<usize>> {
        if self.room.free_gpus() < gpus {
            return None;
        }
        let mut best: Option<(u32, usize, Vec<usize>)> = None;
        for node in 0..self.room.nodes() {
            let mut elsewhere = self.room.free.clone();
            elsewhere[node] = 0;
            let mut have = self.room.free[node] + self.leftover[node];
            let mut moved = Vec::new();
            let mut cost = 0;
            let mut here: Vec<usize> = self.by_node[node]
                .iter()
                .copied()
                .filter(|place| {
                    let running = &self.running[*place];
                    running.stoppable && !running.stopped && running.parts.len() == 1
                })
                .collect();
            here.sort_by_key(|place| self.running[*place].gpus());
            for place in here {
                if have >= gpus {
                    break;
                }
                let size = self.running[place].gpus();
                let target = (0..elsewhere.len())
                    .filter(|other| elsewhere[*other] >= size)
                    .min_by_key(|other| elsewhere[*other]);
                if let Some(target) = target {
                    elsewhere[target] -= size;
                    have += size;
                    cost += size;
                    moved.push(place);
                }
            }
            if have >= gpus && best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, node, moved));
            }
        }
        let (_, node, moved) = best?;
        let mut stops = Vec::new();
        for place in moved {
            let size = self.running[place].gpus();
            self.running[place].stopped = true;
            stops.push(self.running[place].active);
            self.leftover[node] += size;
            // Its new place is kept for it.
            let target = (0..self.room.nodes())
                .filter(|other| *other != node && self.room.free[*other] >= size)
                .min_by_key(|other| self.room.free[*other]);
            if let Some(target) = target {
                self.room.free[target] -= size;
            }
        }
        self.keep(node, gpus);
        Some(stops)
    }
}

impl Running {
    fn now(&self) -> bool {
        self.stoppable
    }

    fn for_new(&self) -> bool {
        self.yields_to_new
    }

    fn sooner_or_later(&self) -> bool {
        self.stoppable || self.soon
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
            .then_with(|| b.least_key.total_cmp(&a.least_key))
            .then(a.node.cmp(&b.node))
    });
    offers.truncate(count as usize);
    Some(offers)
}
