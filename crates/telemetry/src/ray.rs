//! The nodes of a Ray cluster.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use berth_domain::{
    Figure, Gpu, GpuSample, GpuUuid, Node, NodeName, NodeSource, SampleSource, Versions,
};
use berth_ray::{Directory, GpuUse, NamedNode, Ray, RayError, RayGpuStatistics};

use crate::inventory::made_up;

/// Asks a Ray head which nodes there are. Ray counts GPUs; what they are it knows only where the
/// driver answers. Elsewhere a GPU is named by its node and index.
#[derive(Debug)]
pub struct RayInventory {
    ray: Ray,
    directory: Directory,
    /// What the ids of our own jobs begin with.
    prefix: String,
    /// Of Ray, once it told.
    version: Option<String>,
    /// By node id, the last counts of GPUs that others use.
    foreign: BTreeMap<String, VecDeque<u32>>,
}

/// Ray's count of GPUs in use is some seconds behind its list of jobs. What others use is what is
/// not explained by ours at any of the last so many looks.
const LOOKS: usize = 3;

impl RayInventory {
    #[must_use]
    pub fn new(ray: Ray, prefix: String) -> Self {
        RayInventory {
            directory: Directory::new(ray.clone()),
            ray,
            prefix,
            version: None,
            foreign: BTreeMap::new(),
        }
    }

    /// The nodes that are alive now.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn look(&mut self) -> Result<Vec<Node>, RayError> {
        let nodes = self.directory.look().await?;
        if self.version.is_none() {
            self.version = self.ray.version().await.ok();
        }
        match self.ray.gpus_in_use(&self.prefix).await {
            Ok(in_use) => self.count(&in_use),
            Err(error) => tracing::debug!(%error, "not known who uses which GPUs"),
        }
        let node = |found: NamedNode| {
            let foreign = self.foreign_on(&found.node.id);
            node(found, foreign, self.version.clone())
        };
        Ok(nodes.alive.into_iter().map(node).collect())
    }

    fn count(&mut self, in_use: &BTreeMap<String, GpuUse>) {
        self.foreign.retain(|node, _| in_use.contains_key(node));
        for (node, gpus) in in_use {
            let counts = self.foreign.entry(node.clone()).or_default();
            counts.push_back(gpus.used.saturating_sub(gpus.ours));
            if counts.len() > LOOKS {
                counts.pop_front();
            }
        }
    }

    fn foreign_on(&self, node: &str) -> u32 {
        let counts = self
            .foreign
            .get(node)
            .filter(|counts| counts.len() == LOOKS);
        let least = counts.and_then(|counts| counts.iter().min());
        least.copied().unwrap_or(0)
    }
}

fn node(found: NamedNode, foreign: u32, ray: Option<String>) -> Node {
    let known = found.hardware.len() == found.node.gpus as usize;
    let gpus = if known {
        let mut gpus: Vec<Gpu> = found
            .hardware
            .into_iter()
            .map(|gpu| {
                let uuid = GpuUuid(gpu.uuid);
                Gpu::new(gpu.index, uuid, &gpu.model, gpu.mem_total_bytes)
            })
            .collect();
        gpus.sort_by_key(|gpu| gpu.index);
        gpus
    } else {
        (0..found.node.gpus)
            .map(|index| {
                let uuid = made_up(&NodeName(found.name.clone()), index);
                Gpu::new(index, uuid, Gpu::UNKNOWN_MODEL, 0)
            })
            .collect()
    };
    Node {
        foreign,
        address: Some(found.node.ip),
        versions: Versions {
            ray,
            ..Versions::default()
        },
        ..Node::new(NodeName(found.name), NodeSource::Ray, gpus)
    }
}

/// What Ray's own agents say of GPUs: utilisation and memory, some seconds old.
#[derive(Debug)]
pub struct RayStatistics {
    ray: Ray,
    /// What it said last when it could not be asked.
    failing: Option<RayError>,
}

impl RayStatistics {
    /// Its agents look every 5 s.
    pub const EVERY: Duration = Duration::from_secs(5);

    #[must_use]
    pub fn new(ray: Ray) -> Self {
        RayStatistics { ray, failing: None }
    }

    pub(crate) async fn samples(&mut self) -> Vec<GpuSample> {
        match self.ray.gpu_statistics().await {
            Ok(found) => {
                self.failing = None;
                found.into_iter().map(sample).collect()
            }
            Err(error) => {
                if self.failing.as_ref() != Some(&error) {
                    tracing::warn!(%error, "Ray does not tell what its GPUs do");
                    self.failing = Some(error);
                }
                vec![]
            }
        }
    }
}

/// All else is not known from there: with a daemon on the node it is.
fn sample(gpu: RayGpuStatistics) -> GpuSample {
    let known = [
        (Figure::Busy, gpu.busy_pct.is_some()),
        (Figure::Memory, gpu.mem_used_bytes.is_some()),
        (Figure::Power, gpu.power_w.is_some()),
        (Figure::Temperature, gpu.temp_c.is_some()),
        (Figure::Processes, false),
    ];
    let absent = known.into_iter().filter(|(_, is_known)| !is_known);
    let why = |figure| (figure, "Ray does not tell".to_owned());
    GpuSample {
        source: SampleSource::Ray,
        busy_pct: gpu.busy_pct,
        mem_used_bytes: gpu.mem_used_bytes,
        power_w: gpu.power_w,
        temp_c: gpu.temp_c,
        why: absent.map(|(figure, _)| why(figure)).collect(),
        ..GpuSample::of(GpuUuid(gpu.uuid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ours_explain_at_any_look_is_not_foreign() {
        let ray = Ray::new("http://ray:8265", None).unwrap();
        let mut inventory = RayInventory::new(ray, "berth-".to_owned());
        let mut look = |used, ours| {
            let node = ("a".to_owned(), GpuUse { used, ours });
            inventory.count(&BTreeMap::from([node]));
            inventory.foreign_on("a")
        };
        // A job of ours ended, and Ray still counts its four GPUs.
        assert_eq!(look(4, 4), 0);
        assert_eq!(look(4, 0), 0);
        assert_eq!(look(0, 0), 0);
        // Others take three, and we two besides.
        assert_eq!(look(3, 0), 0);
        assert_eq!(look(3, 2), 0);
        assert_eq!(look(5, 2), 1, "of three looks the least");
        assert_eq!(look(5, 2), 1);
        assert_eq!(look(5, 2), 3);
    }
}
