//! What the page knows of one GPU, in two signals: who has it changes with jobs, its figures every second. Of a
//! thousand GPUs few are in sight, and what tells only whose they are is left alone by the figures.

use berth_api::views::{GpuView, JobRef};
use berth_domain::{Cordon, ForeignProcess};
use leptos::prelude::*;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct GpuCell {
    /// Everything, as it is now.
    pub gpu: ArcRwSignal<GpuView>,
    pub holding: ArcRwSignal<Holding>,
}

/// Who has a GPU, or why nobody gets it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holding {
    pub job: Option<JobRef>,
    pub cordon: Option<Cordon>,
    /// The processes that use it outside its lease.
    pub foreign: Vec<ForeignProcess>,
}

impl GpuCell {
    pub(super) fn new(gpu: GpuView) -> Self {
        GpuCell {
            holding: ArcRwSignal::new(Holding::of(&gpu)),
            gpu: ArcRwSignal::new(gpu),
        }
    }

    /// Touches only those who follow what changed.
    pub(super) fn set(&self, gpu: GpuView) {
        if !self.holding.with_untracked(|known| known.is_of(&gpu)) {
            self.holding.set(Holding::of(&gpu));
        }
        if self.gpu.with_untracked(|known| *known != gpu) {
            self.gpu.set(gpu);
        }
    }
}

impl Holding {
    pub fn of(gpu: &GpuView) -> Self {
        Holding {
            job: gpu.job.clone(),
            cordon: gpu.cordon.clone(),
            foreign: gpu.foreign.clone(),
        }
    }

    fn is_of(&self, gpu: &GpuView) -> bool {
        self.job == gpu.job && self.cordon == gpu.cordon && self.foreign == gpu.foreign
    }
}
