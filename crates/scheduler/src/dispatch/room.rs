//! What is free, as counts a node: placement decides by these, and only what starts gets exact
//! GPUs. A gang gets all its GPUs or none; best fit keeps whole nodes whole.

use crate::snapshot::FreeNode;

/// Free GPUs and places for jobs without GPUs, by node in the snapshot's order.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) free: Vec<u32>,
    /// GPUs of the nodes, largest first.
    total: Vec<u32>,
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
    pub(crate) fn of(nodes: &[FreeNode], cpu_jobs_per_node: u32) -> Self {
        let mut total: Vec<u32> = nodes
            .iter()
            .map(|node| u32::try_from(node.gpus).unwrap_or(u32::MAX))
            .collect();
        total.sort_unstable_by(|a, b| b.cmp(a));
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Room {
            free: nodes
                .iter()
                .map(|node| {
                    if node.cordoned {
                        0
                    } else {
                        narrow(node.free.len())
                    }
                })
                .collect(),
            total,
            cpu_left: nodes
                .iter()
                .map(|node| cpu_jobs_per_node.saturating_sub(node.cpu_jobs))
                .collect(),
            open: nodes.iter().map(|node| !node.cordoned).collect(),
        }
    }

    /// The nodes that a job of this size would take: those with the least room that still fits, so
    /// that larger gaps stay for larger jobs; by name where that leaves a choice. Rank 0 gets the
    /// first by name.
    pub(crate) fn choose(&self, count: u32, gpus: u32) -> Option<Vec<usize>> {
        self.choose_if(count, gpus, |_| true)
    }

    /// As [`Room::choose`], among the nodes that the condition allows.
    pub(crate) fn choose_if(
        &self,
        count: u32,
        gpus: u32,
        allowed: impl Fn(usize) -> bool,
    ) -> Option<Vec<usize>> {
        let fits = |place: &usize| {
            let room = if gpus == 0 {
                self.open[*place] && self.cpu_left[*place] > 0
            } else {
                self.free[*place] >= gpus
            };
            room && allowed(*place)
        };
        let all = 0..self.free.len();
        let fullness = |place: &usize| match gpus {
            0 => u32::MAX - self.cpu_left[*place],
            _ => self.free[*place],
        };
        if count == 1 {
            return all
                .filter(fits)
                .min_by_key(fullness)
                .map(|place| vec![place]);
        }
        let count = count as usize;
        let mut fitting: Vec<usize> = all.filter(fits).collect();
        if fitting.len() < count {
            return None;
        }
        fitting.sort_by_key(fullness);
        fitting.truncate(count);
        fitting.sort_unstable();
        Some(fitting)
    }

    pub(crate) fn take(&mut self, chosen: &[usize], gpus: u32) {
        for place in chosen {
            if gpus == 0 {
                self.cpu_left[*place] -= 1;
            } else {
                self.free[*place] -= gpus;
            }
        }
    }

    /// Whether the job would fit if everything were free.
    pub(crate) fn ever_fits(&self, count: u32, gpus: u32) -> bool {
        match (count as usize).checked_sub(1) {
            Some(last) => self.total.get(last).is_some_and(|least| *least >= gpus),
            None => true,
        }
    }

    /// What is free: in all, and on the best node.
    pub(crate) fn gauge(&self) -> Gauge {
        Gauge {
            free: self.free_gpus(),
            best: self.best_node(),
        }
    }

    pub(crate) fn free_gpus(&self) -> u32 {
        self.free.iter().sum()
    }

    /// The most free GPUs on one node.
    pub(crate) fn best_node(&self) -> u32 {
        self.free.iter().copied().max().unwrap_or(0)
    }

    pub(crate) fn largest_node(&self) -> u32 {
        self.total.first().copied().unwrap_or(0)
    }

    pub(crate) fn total_gpus(&self) -> u32 {
        self.total.iter().sum()
    }

    pub(crate) fn nodes(&self) -> usize {
        self.free.len()
    }
}
