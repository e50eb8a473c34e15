//! Where a job's GPUs may come from.
//!
//! GPUs are counted by *pool*: those of a node that are alike, mostly all of it. A *place* is where
//! one node's part of a job may go: the pools of that node that are as the job asks. Counting by
//! pool keeps promises exact where a node has GPUs of several kinds or NVLink islands.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use berth_domain::{Constraints, GpuRef};

use smallvec::{SmallVec, smallvec};

use crate::snapshot::{Facts, FreeNode, Snapshot};

/// Pools of one node.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) node: usize,
    pools: Pools,
}

#[derive(Clone, Debug)]
enum Pools {
    One(usize),
    Several(Box<[usize]>),
}

impl Place {
    fn new(node: usize, pools: &[usize]) -> Self {
        let pools = match pools {
            [one] => Pools::One(*one),
            several => Pools::Several(several.into()),
        };
        Place { node, pools }
    }

    pub(crate) fn pools(&self) -> &[usize] {
        match &self.pools {
            Pools::One(pool) => slice::from_ref(pool),
            Pools::Several(pools) => pools,
        }
    }

    /// What its pools have together.
    pub(crate) fn sum(&self, of: impl Fn(usize) -> u32) -> u32 {
        match &self.pools {
            Pools::One(pool) => of(*pool),
            Pools::Several(pools) => pools.iter().map(|pool| of(*pool)).sum(),
        }
    }

    /// Spreads GPUs over its pools, given how many each has: all from one where that is possible,
    /// the one with the least room that still holds them; else over as few as possible. What
    /// nobody has is laid on the first.
    pub(crate) fn split(&self, gpus: u32, have: impl Fn(usize) -> u32) -> Vec<Part> {
        let node = self.node;
        let part = |pool, gpus| Part { node, pool, gpus };
        let pools = match &self.pools {
            Pools::One(pool) => return vec![part(*pool, gpus)],
            Pools::Several(pools) => pools,
        };
        let holds = pools.iter().filter(|pool| have(**pool) >= gpus);
        if let Some(pool) = holds.min_by_key(|pool| have(**pool)) {
            return vec![part(*pool, gpus)];
        }
        let mut order: Vec<usize> = pools.to_vec();
        order.sort_by_key(|pool| u32::MAX - have(*pool));
        let mut left = gpus;
        let mut parts: Vec<Part> = Vec::new();
        for pool in order {
            let taken = have(pool).min(left);
            left -= taken;
            parts.push(part(pool, taken));
        }
        if let Some(first) = parts.first_mut() {
            first.gpus += left;
        }
        parts.retain(|part| part.gpus > 0);
        parts
    }
}

/// So many GPUs of a pool; 0 for a job without GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) node: usize,
    pub(crate) pool: usize,
    pub(crate) gpus: u32,
}

/// What a job has on one node, mostly of one pool: there are thousands of these.
pub(crate) type Parts = SmallVec<[Part; 1]>;

/// The places of all jobs that ask the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Need {
    /// In the order of the nodes.
    pub(crate) places: Vec<Place>,
    /// Every node is one pool and a place, in order: what nearly every job has, and what is worth
    /// being fast for.
    pub(crate) plain: bool,
    /// GPUs of the best place of each node, largest first.
    totals: Vec<u32>,
}

impl Need {
    fn new(places: Vec<Place>, sizes: &[u32]) -> Self {
        let mut totals: Vec<(usize, u32)> = Vec::with_capacity(places.len());
        for place in &places {
            let size = place.sum(|pool| sizes[pool]);
            match totals.last_mut() {
                Some((node, best)) if *node == place.node => *best = size.max(*best),
                _ => totals.push((place.node, size)),
            }
        }
        let mut totals: Vec<u32> = totals.into_iter().map(|(_, size)| size).collect();
        totals.sort_unstable_by(|a, b| b.cmp(a));
        let plain = |(at, place): (usize, &Place)| place.node == at && place.pools() == [at];
        let plain = places.len() == sizes.len() && places.iter().enumerate().all(plain);
        Need {
            places,
            plain,
            totals,
        }
    }

    /// Whether a job of this size would fit if everything were free.
    pub(crate) fn ever_fits(&self, count: u32, gpus: u32) -> bool {
        match (count as usize).checked_sub(1) {
            Some(last) => self.totals.get(last).is_some_and(|least| *least >= gpus),
            None => true,
        }
    }

    pub(crate) fn largest_node(&self) -> u32 {
        self.totals.first().copied().unwrap_or(0)
    }

    pub(crate) fn total_gpus(&self) -> u32 {
        self.totals.iter().sum()
    }
}

/// The pools of a cluster, and the places of everybody in its queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The first pool of each node.
    first: Vec<usize>,
    /// GPUs of each pool.
    sizes: Vec<u32>,
    any: Need,
    asked: HashMap<Arc<Constraints>, Need>,
}

impl Places {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let mut places = Self::of_nodes(&snapshot.nodes);
        let waiting = snapshot.pending.iter().map(|pending| &pending.job);
        let running = snapshot.active.iter().map(|active| &active.job);
        for asks in waiting
            .chain(running)
            .filter_map(|job| job.constraints.as_ref())
        {
            if !places.asked.contains_key(asks) {
                let need = places.need(&snapshot.nodes, asks);
                places.asked.insert(Arc::clone(asks), need);
            }
        }
        places
    }

    /// Without anybody in the queue.
    pub(crate) fn of_nodes(nodes: &[FreeNode]) -> Self {
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (mut first, mut sizes) = (Vec::with_capacity(nodes.len()), Vec::new());
        let mut any = Vec::with_capacity(nodes.len());
        for (place, node) in nodes.iter().enumerate() {
            first.push(sizes.len());
            if node.pools.len() > 1 {
                sizes.extend(node.pools.iter().map(|pool| narrow(pool.gpus.len())));
            } else {
                sizes.push(narrow(node.gpus));
            }
            let pools: Vec<usize> = (first[place]..sizes.len()).collect();
            any.push(Place::new(place, &pools));
        }
        Places {
            any: Need::new(any, &sizes),
            first,
            sizes,
            asked: HashMap::new(),
        }
    }

    /// Where a job of the queue may go.
    pub(crate) fn of_job(&self, job: &Facts) -> &Need {
        let asks = job.constraints.as_ref();
        asks.and_then(|asks| self.asked.get(asks))
            .unwrap_or(&self.any)
    }

    /// Where a job may go that asks nothing: a place for each node.
    pub(crate) fn any(&self) -> &Need {
        &self.any
    }

    pub(crate) fn pools(&self) -> usize {
        self.sizes.len()
    }

    /// Where a job may go that asks this.
    pub(crate) fn need(&self, nodes: &[FreeNode], asks: &Constraints) -> Need {
        let mut places = Vec::new();
        let allowed = nodes.iter().enumerate();
        for (at, node) in allowed.filter(|(_, node)| asks.allows_node(&node.name)) {
            if node.pools.is_empty() {
                // Nothing is known of its GPUs: they are what any GPU is.
                if asks.allows_gpu("", 0) {
                    places.push(Place::new(at, &[self.first[at]]));
                }
                continue;
            }
            let fitting = node.pools.iter().enumerate();
            let mut fitting: Vec<(Option<u32>, usize)> = fitting
                .filter(|(_, pool)| asks.allows_gpu(&pool.model, pool.mem_total_bytes))
                .map(|(pool, of)| (of.island.filter(|_| asks.nvlink), self.first[at] + pool))
                .collect();
            fitting.sort_unstable();
            for island in fitting.chunk_by(|a, b| a.0 == b.0) {
                let pools: Vec<usize> = island.iter().map(|(_, pool)| *pool).collect();
                places.push(Place::new(at, &pools));
            }
        }
        Need::new(places, &self.sizes)
    }

    /// GPUs of a node, by pool.
    pub(crate) fn parts(&self, nodes: &[FreeNode], node: usize, gpus: &[GpuRef]) -> Parts {
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let part = |pool: usize, gpus| Part {
            node,
            pool: self.first[node] + pool,
            gpus,
        };
        let pools = &nodes[node].pools;
        if pools.len() <= 1 {
            return smallvec![part(0, narrow(gpus.len()))];
        }
        let mut counts = vec![0; pools.len()];
        for gpu in gpus {
            let pool = pools.iter().position(|pool| pool.gpus.contains(&gpu.index));
            counts[pool.unwrap_or(0)] += 1;
        }
        let counts = counts.into_iter().enumerate();
        counts
            .filter(|(_, gpus)| *gpus > 0)
            .map(|(pool, gpus)| part(pool, gpus))
            .collect()
    }

    /// The free GPUs of a pool, in rising index order.
    pub(crate) fn free<'a>(
        &self,
        node: &'a FreeNode,
        part: Part,
    ) -> impl Iterator<Item = &'a GpuRef> + use<'a> {
        let pool = Some(part.pool - self.first[part.node]).filter(|_| node.pools.len() > 1);
        let of_pool = move |gpu: &&GpuRef| match pool {
            None => true,
            Some(0) => !node.pools[1..]
                .iter()
                .any(|other| other.gpus.contains(&gpu.index)),
            Some(pool) => node.pools[pool].gpus.contains(&gpu.index),
        };
        node.free.iter().filter(of_pool)
    }
}
