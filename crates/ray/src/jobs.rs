//! Jobs. Only those that we submitted: each is asked for by its own id.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::client::Ray;
use crate::error::RayError;

/// What Ray calls the actor that runs a job, before the job's id.
pub(crate) const SUPERVISOR: &str = "_ray_internal_job_actor_";

/// A job for Ray. Nothing in it is secret: Ray shows it to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Letters, digits, `_` and `-`.
    pub id: String,
    /// A line for the node's shell.
    pub entrypoint: String,
    /// Where it runs: there, or not at all.
    pub node_id: String,
    /// How many GPUs Ray counts as taken.
    pub gpus: u32,
    pub env: BTreeMap<String, String>,
    /// Tells our job from another's of the same id.
    pub metadata: BTreeMap<String, String>,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    New,
    /// There is this very job already.
    Known,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobStatus {
    Pending,
    Running,
    Succeeded,
    Failed,
    Stopped,
    #[serde(other)]
    Other,
}

impl JobStatus {
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(
            self,
            JobStatus::Succeeded | JobStatus::Failed | JobStatus::Stopped
        )
    }
}

/// A job as Ray sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Job {
    pub status: JobStatus,
    /// Of a failed job also the end of its log.
    #[serde(default)]
    pub message: Option<String>,
    /// Why Ray takes it for failed, for example `JOB_SUPERVISOR_ACTOR_DIED`.
    #[serde(default)]
    pub error_type: Option<String>,
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub submission_id: Option<String>,
}

impl Ray {
    /// Submits a job. To submit it again is no error, so that one whose answer was lost can be.
    ///
    /// # Errors
    /// When Ray cannot be asked, or refuses it.
    pub async fn submit(&self, job: &Submission) -> Result<Submitted, RayError> {
        let body = json!({
            "submission_id": job.id,
            "entrypoint": job.entrypoint,
            "entrypoint_num_gpus": job.gpus,
            // By the id and not the address: a node that came back is another one, and a job for
            // the one that went must not run there later.
            "entrypoint_label_selector": { "ray.io/node-id": job.node_id },
            "runtime_env": { "env_vars": job.env },
            "metadata": job.metadata,
        });
        let refused = match self.post("api/jobs/", &body).await {
            Ok(_) => return Ok(Submitted::New),
            // A duplicate answers 500, with this text.
            Err(RayError::Status { status, text }) if text.contains("already exists") => {
                RayError::Status { status, text }
            }
            Err(error) => return Err(error),
        };
        match self.job(&job.id).await? {
            Some(known) if known.metadata.as_ref() == Some(&job.metadata) => Ok(Submitted::Known),
            _ => Err(refused),
        }
    }

    /// `None` when Ray knows no such job.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn job(&self, id: &str) -> Result<Option<Job>, RayError> {
        unless_unknown(self.get(&format!("api/jobs/{id}")).await)
    }

    /// Whether anything in Ray will ever begin a job that waits. Of a submission that was broken off
    /// the job can stay, pending for ever, without anything (ray-project/ray#62766).
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn will_begin(&self, id: &str) -> Result<bool, RayError> {
        let name = format!("filter_keys=name&filter_predicates=%3D&filter_values={SUPERVISOR}{id}");
        let path = format!("api/v0/actors?{name}");
        Ok(!self.rows::<serde_json::Value>(&path).await?.is_empty())
    }

    /// The ids of all jobs that begin so. The one question whose answer grows with what ever ran.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn job_ids(&self, prefix: &str) -> Result<Vec<String>, RayError> {
        let jobs: Vec<Job> = self.get("api/jobs/").await?;
        let ids = jobs.into_iter().filter_map(|job| job.submission_id);
        Ok(ids.filter(|id| id.starts_with(prefix)).collect())
    }

    /// Asks Ray to end a job; one that waits only ends once it could begin.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn stop(&self, id: &str) -> Result<(), RayError> {
        let stopped = self.post(&format!("api/jobs/{id}/stop"), &json!({})).await;
        unless_unknown(stopped.map(|_| ())).map(|_| ())
    }

    /// Removes a job that is over from Ray's table.
    ///
    /// # Errors
    /// When Ray cannot be asked, or the job is not over.
    pub async fn delete(&self, id: &str) -> Result<(), RayError> {
        let deleted = self.remove(&format!("api/jobs/{id}")).await;
        unless_unknown(deleted).map(|_| ())
    }
}

fn unless_unknown<T>(answer: Result<T, RayError>) -> Result<Option<T>, RayError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(RayError::Status { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
