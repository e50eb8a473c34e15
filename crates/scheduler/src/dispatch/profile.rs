//! How many GPUs will be free on each node over time, if everything ends when it is expected to:
//! what reservations, backfill and forecasts are made in.
//!
//! Times are seconds from now. The profile of Feitelson and Weil (1998), a node at a time.

/// The free GPUs of one node as steps: from each time on, until the next.
#[derive(Clone, Debug)]
struct Steps(Vec<(f64, i64)>);

#[derive(Clone, Debug)]
pub(crate) struct Profile {
    nodes: Vec<Steps>,
}

impl Profile {
    /// From what is free now and what ends when: `(node, time, GPUs)`.
    pub(crate) fn new(free: &[u32], ends: &[(usize, f64, u32)]) -> Self {
        let mut ending: Vec<Vec<(f64, u32)>> = vec![Vec::new(); free.len()];
        for (node, at, gpus) in ends {
            ending[*node].push((*at, *gpus));
        }
        let nodes = free.iter().zip(ending).map(|(free, mut ending)| {
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
            nodes: nodes.collect(),
        }
    }

    /// Whether this node has this many GPUs free from `at` for `length`.
    pub(crate) fn fits(&self, node: usize, gpus: u32, at: f64, length: f64) -> bool {
        self.nodes[node].least(at, at + length) >= i64::from(gpus)
    }

    /// The earliest time, not before `from`, at which `count` nodes have `gpus` free for
    /// `length`, and which nodes; `None` if never.
    pub(crate) fn earliest(
        &self,
        count: u32,
        gpus: u32,
        length: f64,
        from: f64,
    ) -> Option<(f64, Vec<usize>)> {
        if count == 1 {
            let first = |node: usize| Some((self.nodes[node].earliest(gpus, length, from)?, node));
            let earliest = (0..self.nodes.len()).filter_map(first);
            return earliest
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
                .map(|(at, node)| (at, vec![node]));
        }
        let mut times: Vec<f64> = self
            .nodes
            .iter()
            .flat_map(|steps| steps.0.iter().map(|step| step.0.max(from)))
            .collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        times.into_iter().find_map(|at| {
            let fitting = (0..self.nodes.len()).filter(|node| self.fits(*node, gpus, at, length));
            let chosen: Vec<usize> = fitting.take(count as usize).collect();
            (chosen.len() == count as usize).then_some((at, chosen))
        })
    }

    /// What is free now on these nodes, `gpus` on each at most, and the GPU-seconds of it that are
    /// free from now until `until`.
    pub(crate) fn idle(&self, nodes: &[usize], gpus: u32, until: f64) -> (u32, f64) {
        let (mut free, mut idle) = (0, 0.0);
        for steps in nodes.iter().map(|node| &self.nodes[*node].0) {
            for (place, step) in steps.iter().enumerate().filter(|(_, step)| step.0 < until) {
                let here = u32::try_from(step.1.max(0)).unwrap_or(0).min(gpus);
                let end = steps.get(place + 1).map_or(until, |next| next.0.min(until));
                idle += f64::from(here) * (end - step.0);
                if place == 0 {
                    free += here;
                }
            }
        }
        (free, idle)
    }

    pub(crate) fn occupy(&mut self, nodes: &[usize], gpus: u32, at: f64, length: f64) {
        for node in nodes {
            self.nodes[*node].occupy(i64::from(gpus), at, at + length);
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
    use super::*;

    #[test]
    fn finds_and_keeps_the_earliest_gap() {
        // Node 0: 2 free, 6 more at 100; node 1: all 8 free at 50.
        let mut profile = Profile::new(&[2, 0], &[(0, 100.0, 6), (1, 50.0, 8)]);
        assert_eq!(profile.earliest(1, 2, 10.0, 0.0), Some((0.0, vec![0])));
        assert_eq!(profile.earliest(1, 8, 10.0, 0.0), Some((50.0, vec![1])));
        assert_eq!(profile.earliest(2, 8, 10.0, 0.0), Some((100.0, vec![0, 1])));
        profile.occupy(&[0, 1], 8, 100.0, 1000.0);
        // Only what ends before the gang starts may use the gap.
        assert!(profile.fits(0, 2, 0.0, 100.0));
        assert!(!profile.fits(0, 2, 0.0, 101.0));
        assert_eq!(profile.earliest(1, 4, 50.0, 0.0), Some((50.0, vec![1])));
        assert_eq!(profile.earliest(1, 4, 51.0, 0.0), Some((1100.0, vec![0])));
        assert_eq!(profile.earliest(1, 9, 1.0, 0.0), None);
    }
}
