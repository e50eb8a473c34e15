//! From the template to the job of a trial.

use std::collections::BTreeMap;

use super::CampaignId;
use super::spec::CampaignSpec;
use super::trial::TrialDraft;
use crate::ids::JobId;
use crate::node::Capacity;
use crate::refusal::Refusal;
use crate::spec::JobSpec;
use crate::submit::{SubmitRequest, with_values};

const CAMPAIGN: &str = "BERTH_CAMPAIGN";
const TRIAL: &str = "BERTH_TRIAL";
const PARENT: &str = "BERTH_PARENT_JOB";

/// A trial's job as its owner wrote it: without the numbers that Berth tells it.
pub(crate) fn as_written(spec: &JobSpec) -> JobSpec {
    let mut written = spec.clone();
    for name in [CAMPAIGN, TRIAL, PARENT] {
        written.env.remove(name);
    }
    written
}

impl CampaignSpec {
    /// What a trial asks for, its values not yet in their places.
    #[must_use]
    pub fn request(&self, fidelity: Option<u64>) -> SubmitRequest {
        let seconds = self.time_limit(fidelity).as_secs();
        SubmitRequest {
            name: Some(
                self.template
                    .name
                    .clone()
                    .unwrap_or_else(|| self.name.clone()),
            ),
            time_limit: Some(format!("{seconds}s")),
            ..(*self.template).clone()
        }
    }

    /// The values of a trial, that of the fidelity among them.
    fn all_values(&self, draft: &TrialDraft) -> BTreeMap<String, String> {
        let fidelity = self.strategy.fidelity().zip(draft.fidelity);
        let fidelity = fidelity.map(|(of, value)| (of.param.clone(), value.to_string()));
        draft.values.clone().into_iter().chain(fidelity).collect()
    }

    /// The job of a trial.
    ///
    /// # Errors
    /// When there can be no such job.
    pub(crate) fn job(
        &self,
        campaign: CampaignId,
        draft: &TrialDraft,
        parent: Option<JobId>,
        cluster: Capacity,
    ) -> Result<JobSpec, Refusal> {
        let checked = self.request(draft.fidelity).check(cluster)?;
        let mut spec = with_values(&checked.spec, &self.all_values(draft))?;
        let told = [
            (CAMPAIGN, Some(campaign.0)),
            (TRIAL, Some(u64::from(draft.number))),
            (PARENT, parent.map(|job| job.0)),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                spec.env.insert(name.to_owned(), value.to_string());
            }
        }
        Ok(spec)
    }

    /// Some trial, the same each time: for checks before there is one.
    pub(crate) fn example(&self) -> TrialDraft {
        let values = self.space.iter();
        TrialDraft {
            number: 1,
            parent: None,
            values: values
                .map(|(name, dimension)| (name.clone(), dimension.example()))
                .collect(),
            rung: 0,
            fidelity: self.strategy.fidelity().map(|fidelity| fidelity.min),
            why: String::new(),
        }
    }
}
