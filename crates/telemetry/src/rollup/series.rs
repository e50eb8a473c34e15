//! What there is a series of, and the numbers they are kept under.

use std::collections::HashMap;

use berth_domain::{GpuUuid, JobId, NodeName, UserName};

/// Whose figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    Gpu(GpuUuid),
    Node(NodeName),
    Job(JobId),
    User(UserName),
    Project(String),
    Cluster,
}

impl Series {
    /// Its kind and its name, as they are stored.
    #[must_use]
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Series::Gpu(gpu) => ("gpu", gpu.to_string()),
            Series::Node(node) => ("node", node.to_string()),
            Series::Job(job) => ("job", job.to_string()),
            Series::User(user) => ("user", user.to_string()),
            Series::Project(project) => ("project", project.clone()),
            Series::Cluster => ("cluster", String::new()),
        }
    }

    /// From its kind and its name.
    #[must_use]
    pub fn of(kind: &str, name: &str) -> Option<Self> {
        Some(match kind {
            "gpu" => Series::Gpu(name.into()),
            "node" => Series::Node(name.into()),
            "job" => Series::Job(name.parse().ok()?),
            "user" => Series::User(name.into()),
            "project" => Series::Project(name.to_owned()),
            "cluster" if name.is_empty() => Series::Cluster,
            _ => return None,
        })
    }
}

/// A series' number in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub i64);

/// No series: what a GPU that nobody holds has for its job.
pub(crate) const NONE: SeriesId = SeriesId(0);
const CLUSTER: SeriesId = SeriesId(1);
/// Jobs are many and have numbers of their own.
const JOBS: i64 = 1 << 40;

/// The numbers that were given out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    ids: HashMap<Series, SeriesId>,
    last: i64,
    /// Those that are not on disk.
    fresh: Vec<(SeriesId, Series)>,
}

impl Names {
    pub(crate) fn restore(stored: impl IntoIterator<Item = (SeriesId, Series)>) -> Self {
        let ids: HashMap<Series, SeriesId> =
            stored.into_iter().map(|(id, one)| (one, id)).collect();
        let last = ids.values().map(|id| id.0).max().unwrap_or(0);
        Names {
            ids,
            last,
            fresh: vec![],
        }
    }

    pub(crate) fn find(&self, series: &Series) -> Option<SeriesId> {
        match series {
            Series::Cluster => Some(CLUSTER),
            Series::Job(job) => i64::try_from(job.0).ok()?.checked_add(JOBS).map(SeriesId),
            named => self.ids.get(named).copied(),
        }
    }

    pub(crate) fn intern(&mut self, series: Series) -> SeriesId {
        if let Some(known) = self.find(&series) {
            return known;
        }
        self.last = self.last.max(CLUSTER.0) + 1;
        let id = SeriesId(self.last);
        self.fresh.push((id, series.clone()));
        self.ids.insert(series, id);
        id
    }

    pub(crate) fn take_fresh(&mut self) -> Vec<(SeriesId, Series)> {
        std::mem::take(&mut self.fresh)
    }

    pub(crate) fn gpus(&self) -> impl Iterator<Item = (&GpuUuid, SeriesId)> {
        self.ids.iter().filter_map(|(series, id)| match series {
            Series::Gpu(gpu) => Some((gpu, *id)),
            _ => None,
        })
    }
}
