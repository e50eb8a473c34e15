//! What is free, as counts a pool: placement decides by these, and only what starts gets exact
//! GPUs. A gang gets all its GPUs or none; best fit keeps whole nodes whole.

use super::places::{Need, Part, Place, Places};
use crate::snapshot::FreeNode;

/// Free GPUs by pool, and places for jobs without GPUs by node.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) free: Vec<u32>,
    cpu_left: Vec<u32>,
    open: Vec<bool>,
}

/// What is free at one moment. Most of a long queue only needs to know that it is too little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauge {
    pub(crate) free: u32,
    /// The most free GPUs on one node.
    pub(crate) best: u32,
}

impl Room {
    pub(crate) fn of(nodes: &[FreeNode], places: &Places, cpu_jobs_per_node: u32) -> Self {
        let mut free = vec![0; places.pools()];
        for (place, node) in nodes.iter().enumerate().filter(|(_, node)| !node.cordoned) {
            for part in places.parts(nodes, place, &node.free) {
                free[part.pool] += part.gpus;
            }
        }
        Room {
            free,
            cpu_left: nodes
                .iter()
                .map(|node| cpu_jobs_per_node.saturating_sub(node.cpu_jobs))
                .collect(),
            open: nodes.iter().map(|node| !node.cordoned).collect(),
        }
    }

    /// What a job of this size would take: of the nodes with the least room that still fits, so
    /// that larger gaps stay for larger jobs; by name where that leaves a choice. Rank 0 gets the
    /// first by name.
    pub(crate) fn choose(&self, need: &Need, count: u32, gpus: u32) -> Option<Vec<Part>> {
        self.choose_if(need, count, gpus, |pool| self.free[pool])
    }

    /// As [`Room::choose`], of no pool more than is allowed.
    pub(crate) fn choose_if(
        &self,
        need: &Need,
        count: u32,
        gpus: u32,
        allowed: impl Fn(usize) -> u32,
    ) -> Option<Vec<Part>> {
        let may = |pool: usize| {
            let free = self.free[pool];
            if free == 0 {
                0
            } else {
                free.min(allowed(pool))
            }
        };
        let fits = |place: &&Place| match gpus {
            0 => self.open[place.node] && self.cpu_left[place.node] > 0,
            _ => self.on(place) >= gpus && place.sum(may) >= gpus,
        };
        let fullness = |place: &&Place| match gpus {
            0 => u32::MAX - self.cpu_left[place.node],
            _ => self.on(place),
        };
        if count == 1 {
            let place = need.places.iter().filter(fits).min_by_key(fullness)?;
            return Some(place.split(gpus, may));
        }
        let count = count as usize;
        let mut fitting: Vec<&Place> = need.places.iter().filter(fits).collect();
        if fitting.len() < count {
            return None;
        }
        fitting.sort_by_key(fullness);
        let mut chosen: Vec<&Place> = Vec::with_capacity(count);
        for place in fitting {
            // A node with several islands is still one node.
            if chosen.len() < count
                && (need.plain || chosen.iter().all(|one| one.node != place.node))
            {
                chosen.push(place);
            }
        }
        if chosen.len() < count {
            return None;
        }
        chosen.sort_unstable_by_key(|place| place.node);
        let parts = chosen.into_iter().flat_map(|place| place.split(gpus, may));
        Some(parts.collect())
    }

    pub(crate) fn take(&mut self, parts: &[Part]) {
        for part in parts {
            if part.gpus == 0 {
                self.cpu_left[part.node] -= 1;
            } else {
                self.free[part.pool] -= part.gpus;
            }
        }
    }

    /// What is free in a place.
    pub(crate) fn on(&self, place: &Place) -> u32 {
        place.sum(|pool| self.free[pool])
    }

    pub(crate) fn free_gpus(&self) -> u32 {
        self.free.iter().sum()
    }

    /// The most free GPUs in one place.
    pub(crate) fn best(&self, need: &Need) -> u32 {
        if need.plain {
            return self.free.iter().copied().max().unwrap_or(0);
        }
        let all = need.places.iter().map(|place| self.on(place));
        all.max().unwrap_or(0)
    }

    /// Free GPUs that are as a job asks, whether or not they are together.
    pub(crate) fn fitting(&self, need: &Need) -> u32 {
        need.places.iter().map(|place| self.on(place)).sum()
    }
}
