//! How many GPUs of each pool will be free over time, if everything ends when it is expected to:
//! what reservations, backfill and forecasts are made in.
//!
//! Times are seconds from now. The profile of Feitelson and Weil (1998), a pool at a time.

use super::places::{Need, Part, Place};

/// The free GPUs of one pool as steps: from each time on, until the next.
#[derive(Clone, Debug)]
struct Steps(Vec<(f64, i64)>);

#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pools: Vec<Steps>,
}

impl Profile {
    /// From what is free now and what ends when: `(pool, time, GPUs)`.
    pub(crate) fn new(free: &[u32], ends: &[(usize, f64, u32)]) -> Self {
        let mut ending: Vec<Vec<(f64, u32)>> = vec![Vec::new(); free.len()];
        for (pool, at, gpus) in ends {
            ending[*pool].push((*at, *gpus));
        }
        let pools = free.iter().zip(ending).map(|(free, mut ending)| {
            ending.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut steps = Vec::with_capacity(ending.len() + 1);
            let mut last = (0.0, i64::from(*free));
            for (at, gpus) in ending {
                if at > last.0 {
                    steps.push(last);
                    last.0 = at;
                }
                last.1 += i64::from(gpus);
            }
            steps.push(last);
            Steps(steps)
        });
        Profile {
            pools: pools.collect(),
        }
    }

    /// The least that a pool has free from `at` for `length`.
    pub(crate) fn least(&self, pool: usize, at: f64, length: f64) -> u32 {
        let least = self.pools[pool].least(at, at + length);
        u32::try_from(least.max(0)).unwrap_or(u32::MAX)
    }

    /// Whether this place has this many GPUs free from `at` for `length`.
    pub(crate) fn fits(&self, place: &Place, gpus: u32, at: f64, length: f64) -> bool {
        place.sum(|pool| self.least(pool, at, length)) >= gpus
    }

    /// The earliest time at which `count` nodes have `gpus` free for `length`, and which GPUs;
    /// `None` if never.
    pub(crate) fn earliest(
        &self,
        need: &Need,
        count: u32,
        gpus: u32,
        length: f64,
    ) -> Option<(f64, Vec<Part>)> {
        let split = |place: &Place, at: f64| {
            let least = |pool| self.least(pool, at, length);
            place.split(gpus, least)
        };
        if count == 1 {
            let first = |place| Some((self.earliest_in(place, gpus, length)?, place));
            let earliest = need.places.iter().filter_map(first);
            // The first by name where that leaves a choice.
            let (at, place) = earliest.min_by(|a, b| a.0.total_cmp(&b.0))?;
            return Some((at, split(place, at)));
        }
        let pools = need.places.iter().flat_map(Place::pools);
        self.times(pools).into_iter().find_map(|at| {
            let mut chosen: Vec<&Place> = Vec::new();
            for place in &need.places {
                let other = chosen.last().is_none_or(|last| last.node != place.node);
                if other && self.fits(place, gpus, at, length) {
                    chosen.push(place);
                }
                if chosen.len() == count as usize {
                    let parts = chosen.iter().flat_map(|place| split(place, at));
                    return Some((at, parts.collect()));
                }
            }
            None
        })
    }

    fn earliest_in(&self, place: &Place, gpus: u32, length: f64) -> Option<f64> {
        if let [pool] = place.pools() {
            return self.pools[*pool].earliest(gpus, length, 0.0);
        }
        let times = self.times(place.pools()).into_iter();
        let mut fitting = times.filter(|at| self.fits(place, gpus, *at, length));
        fitting.next()
    }

    /// When anything changes in these pools, in order.
    fn times<'a>(&self, pools: impl IntoIterator<Item = &'a usize>) -> Vec<f64> {
        let steps = pools.into_iter().flat_map(|pool| &self.pools[*pool].0);
        let mut times: Vec<f64> = steps.map(|step| step.0.max(0.0)).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        times
    }

    /// What is free now of this, and the GPU-seconds of it that are free from now until `until`.
    pub(crate) fn idle(&self, parts: &[Part], until: f64) -> (u32, f64) {
        let (mut free, mut idle) = (0, 0.0);
        for part in parts {
            let steps = &self.pools[part.pool].0;
            for (place, step) in steps.iter().enumerate().filter(|(_, step)| step.0 < until) {
                let here = u32::try_from(step.1.max(0)).unwrap_or(0).min(part.gpus);
                let end = steps.get(place + 1).map_or(until, |next| next.0.min(until));
                idle += f64::from(here) * (end - step.0);
                if place == 0 {
                    free += here;
                }
            }
        }
        (free, idle)
    }

    pub(crate) fn occupy(&mut self, parts: &[Part], at: f64, length: f64) {
        for part in parts {
            self.pools[part.pool].occupy(i64::from(part.gpus), at, at + length);
        }
    }
}

impl Steps {
    /// The step that holds at a time.
    fn at(&self, at: f64) -> usize {
        self.0.partition_point(|step| step.0 <= at).max(1) - 1
    }

    fn least(&self, from: f64, to: f64) -> i64 {
        let first = self.at(from);
        self.0[first..]
            .iter()
            .enumerate()
            .take_while(|(place, step)| *place == 0 || step.0 < to)
            .map(|(_, step)| step.1)
            .min()
            .unwrap_or(0)
    }

    fn earliest(&self, gpus: u32, length: f64, from: f64) -> Option<f64> {
        let wanted = i64::from(gpus);
        let mut since: Option<f64> = None;
        for step in &self.0[self.at(from)..] {
            if let Some(at) = since
                && step.0 >= at + length
            {
                return Some(at);
            }
            if step.1 < wanted {
                since = None;
            } else {
                since.get_or_insert(step.0.max(from));
            }
        }
        since
    }

    fn occupy(&mut self, gpus: i64, from: f64, to: f64) {
        let first = self.split(from);
        let last = self.split(to);
        for step in &mut self.0[first..last] {
            step.1 -= gpus;
        }
    }

    /// The place of the step that begins at `at`, made if there is none.
    fn split(&mut self, at: f64) -> usize {
        let place = self.0.partition_point(|step| step.0 < at);
        if self.0.get(place).is_none_or(|step| step.0 > at) {
            let free = self.0[place.max(1) - 1].1;
            self.0.insert(place, (at, free));
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use berth_domain::NodeName;

    use super::super::places::Places;
    use super::*;
    use crate::snapshot::FreeNode;

    #[test]
    fn finds_and_keeps_the_earliest_gap() {
        let node = |n: usize| FreeNode {
            name: NodeName(format!("node-{n}")),
            gpus: 8,
            pools: Arc::default(),
            free: Vec::new(),
            cpu_jobs: 0,
            cordoned: false,
            kept: Vec::new(),
        };
        let places = Places::of_nodes(&[node(0), node(1)]);
        let [first, second] = places.any().places.as_slice() else {
            panic!("two nodes are two places");
        };
        // Node 0: 2 free, 6 more at 100; node 1: all 8 free at 50.
        let mut profile = Profile::new(&[2, 0], &[(0, 100.0, 6), (1, 50.0, 8)]);
        let earliest = |profile: &Profile, count, gpus, length| {
            let found = profile.earliest(places.any(), count, gpus, length);
            found.map(|(at, parts)| (at, parts.iter().map(|part| part.node).collect::<Vec<_>>()))
        };
        assert_eq!(earliest(&profile, 1, 2, 10.0), Some((0.0, vec![0])));
        assert_eq!(earliest(&profile, 1, 8, 10.0), Some((50.0, vec![1])));
        assert_eq!(earliest(&profile, 2, 8, 10.0), Some((100.0, vec![0, 1])));
        let all = [first, second].map(|place| place.split(8, |_| 8)).concat();
        profile.occupy(&all, 100.0, 1000.0);
        // Only what ends before the gang starts may use the gap.
        assert!(profile.fits(first, 2, 0.0, 100.0));
        assert!(!profile.fits(first, 2, 0.0, 101.0));
        assert_eq!(earliest(&profile, 1, 4, 50.0), Some((50.0, vec![1])));
        assert_eq!(earliest(&profile, 1, 4, 51.0), Some((1100.0, vec![0])));
        assert_eq!(earliest(&profile, 1, 9, 1.0), None);
    }
}
