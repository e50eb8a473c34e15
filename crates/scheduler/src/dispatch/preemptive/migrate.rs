//! Making room by moving: jobs that are stopped and resume on other nodes at once.

use super::market::Market;

impl Market<'_> {
    /// Stops small jobs that find room on other nodes at once.
    pub(super) fn migrate(&mut self, gpus: u32) -> Option<Vec<usize>> {
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
