//! Making room by moving: jobs that are stopped and resume on other nodes at once.

use super::market::Market;
use crate::dispatch::places::Place;
use crate::snapshot::Facts;

impl Market<'_> {
    /// Stops small jobs that find room elsewhere at once.
    pub(super) fn migrate(&mut self, job: &Facts) -> Option<Vec<usize>> {
        let gpus = job.gpus_per_node;
        if self.room.free_gpus() < gpus {
            return None;
        }
        let mut best: Option<(u32, &Place, Vec<usize>)> = None;
        for place in &self.places.of_job(job).places {
            let mut elsewhere = self.room.free.clone();
            for pool in place.pools() {
                elsewhere[*pool] = 0;
            }
            let mut have = self.have(place);
            let mut moved = Vec::new();
            let mut cost = 0;
            let mut here: Vec<usize> = self
                .running_in(place)
                .iter()
                .copied()
                .filter(|index| {
                    let running = &self.running[*index];
                    running.stoppable && !running.stopped && running.is_together()
                })
                .collect();
            here.sort_by_key(|index| self.running[*index].gpus());
            for index in here {
                if have >= gpus {
                    break;
                }
                let size = self.running[index].gpus();
                if let Some(target) = self.target(index, &elsewhere) {
                    for part in target.split(size, |pool| elsewhere[pool]) {
                        elsewhere[part.pool] -= part.gpus;
                    }
                    have += self.running[index].on(place);
                    cost += size;
                    moved.push(index);
                }
            }
            if have >= gpus && best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, place, moved));
            }
        }
        let (_, place, moved) = best?;
        let mut stops = Vec::new();
        for index in moved {
            let size = self.running[index].gpus();
            self.running[index].stopped = true;
            stops.push(self.running[index].active);
            for part in &self.running[index].parts {
                self.leftover[part.pool] += part.gpus;
            }
            // Its new place is kept for it.
            let mut elsewhere = self.room.free.clone();
            for pool in place.pools() {
                elsewhere[*pool] = 0;
            }
            if let Some(target) = self.target(index, &elsewhere) {
                let parts = target.split(size, |pool| elsewhere[pool]);
                self.room.take(&parts);
            }
        }
        self.keep(place, gpus);
        Some(stops)
    }

    /// Where a running job would go: of the places that hold it the one with the least room.
    fn target(&self, index: usize, free: &[u32]) -> Option<&Place> {
        let running = &self.running[index];
        let job = &self.snapshot.active[running.active].job;
        let room = |place: &&Place| place.sum(|pool| free[pool]);
        let all = self.places.of_job(job).places.iter();
        all.filter(|place| room(place) >= running.gpus())
            .min_by_key(room)
    }
}
