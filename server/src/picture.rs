//! The comparison of policies as a file.

use std::fs;
use std::path::Path;

use berth_charts::{Compared, comparison};
use berth_scheduler::sim::{Run, TraceJob, waits_min};

use crate::AnyError;

/// Policies on one load, as they are tried.
pub struct Picture {
    title: String,
    policies: Vec<Compared>,
}

impl Picture {
    pub fn new(title: &str) -> Self {
        Picture {
            title: title.to_owned(),
            policies: Vec::new(),
        }
    }

    pub fn add(&mut self, policy: &str, jobs: &[TraceJob], run: &Run) {
        self.policies.push(Compared {
            name: policy.to_owned(),
            waits_min: waits_min(jobs, &run.jobs),
            wait_mean_min: run.summary.wait_mean_min,
            wait_p95_min: run.summary.wait_p95_min,
            d10_mean_min: run.summary.d10_mean_min,
            worst_user_slowdown: run.summary.worst_user_slowdown,
        });
    }

    pub fn write(&self, file: &Path) -> Result<(), AnyError> {
        let svg = comparison(&self.title, &self.policies)?;
        fs::write(file, svg)
            .map_err(|error| format!("cannot write {}: {error}", file.display()).into())
    }
}
