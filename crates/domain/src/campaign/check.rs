//! Whether a campaign that is asked for makes sense, as far as that can be said without looking at other
//! jobs.

use jiff::Timestamp;

use super::CampaignId;
use super::spec::{Budget, CampaignSpec, MOST_AT_ONCE, MOST_TRIALS, StopRule};
use crate::node::Capacity;
use crate::refusal::Refusal;
use crate::sentence::{gpu_hours, gpus};
use crate::spec::{JobSpec, PriorityClass};
use crate::submit::{SubmitRequest, label};

const LONGEST_GOAL: usize = 4000;
const MOST_DIMENSIONS: usize = 32;

impl CampaignSpec {
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, cluster: Capacity, now: Timestamp) -> Result<(), Refusal> {
        self.checked(cluster, now).map(drop)
    }

    /// The same, with the job that some trial of it would be.
    pub(crate) fn checked(&self, cluster: Capacity, now: Timestamp) -> Result<JobSpec, Refusal> {
        label("name", &self.name)?;
        goal(&self.goal)?;
        if let Some(key) = &self.idempotency_key {
            label("idempotency_key", key)?;
        }
        self.check_space()?;
        self.metric.check()?;
        self.strategy.check(&self.space, &self.budget)?;
        self.budget.check()?;
        self.stop.check(now)?;
        template(&self.template)?;
        self.template.check(cluster)?;
        let example = self.job(CampaignId(0), &self.example(), None, cluster)?;
        if example.class == PriorityClass::Critical {
            return Err(Refusal::invalid(
                "class",
                "Trials are not of class critical: choose high or less.",
            ));
        }
        self.check_cost()?;
        Ok(example)
    }

    fn check_space(&self) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(Refusal::invalid("space", why));
        if self.space.is_empty() || self.space.len() > MOST_DIMENSIONS {
            return refuse(
                "Search 1 to 32 parameters: lr = { from = 1e-5, to = 1e-1, scale = \"log\" }.",
            );
        }
        for (name, dimension) in &self.space {
            dimension.check(name)?;
            let others = self.space.keys().filter(|other| *other != name);
            if others
                .into_iter()
                .any(|other| other.eq_ignore_ascii_case(name))
            {
                return refuse(
                    "Two parameters differ only by capital letters; their variables would be one.",
                );
            }
        }
        Ok(())
    }

    /// Whether its budget has room for one trial at least.
    fn check_cost(&self) -> Result<(), Refusal> {
        let fidelity = self.strategy.fidelity().map(|fidelity| fidelity.min);
        let cost = self.cost(fidelity);
        if cost.gpu_seconds > self.budget.gpu_seconds {
            return Err(Refusal::invalid(
                "budget",
                format!(
                    "By its time limit one trial may use {}, and the budget is {}: give it a shorter \
                     time_limit, or a larger budget.",
                    gpu_hours(cost.gpu_seconds),
                    gpu_hours(self.budget.gpu_seconds)
                ),
            ));
        }
        if let Some(most) = self.budget.gpus_at_once.filter(|most| *most < cost.gpus) {
            return Err(Refusal::invalid(
                "budget",
                format!(
                    "One trial needs {}, and it may have {most} at once.",
                    gpus(cost.gpus)
                ),
            ));
        }
        Ok(())
    }
}

impl Budget {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let in_range = |what: &str, value: Option<u32>, most: u32| match value {
            Some(value) if !(1..=most).contains(&value) => Err(Refusal::invalid(
                "budget",
                format!("{what} is {value}; it is 1 to {most}."),
            )),
            _ => Ok(()),
        };
        in_range("trials", self.trials, MOST_TRIALS)?;
        in_range("at_once", self.at_once, MOST_AT_ONCE)
    }
}

impl StopRule {
    /// # Errors
    /// What of it cannot be.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal::invalid("stop", why));
        if self.target.is_some_and(|target| !target.is_finite()) {
            return refuse("The target is not a number.".to_owned());
        }
        if self.patience == Some(0) {
            return refuse("A patience of 0 is none: use 1 or more.".to_owned());
        }
        match self.until {
            Some(until) if until <= now => refuse(format!("{until} is over: say a later time.")),
            _ => Ok(()),
        }
    }
}

/// What is not for a trial.
fn template(request: &SubmitRequest) -> Result<(), Refusal> {
    let given = [
        ("array", request.array.is_some()),
        ("sweep", !request.sweep.is_empty()),
        ("at_once", request.at_once.is_some()),
        ("interactive", request.interactive),
        ("hold", request.hold),
        ("begin", request.begin.is_some()),
        ("deadline", request.deadline.is_some()),
        ("idempotency_key", request.idempotency_key.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((field, _)) => Err(Refusal::invalid(
            field,
            format!("A template has no {field}: the campaign says which jobs there are, and when."),
        )),
        None => Ok(()),
    }
}

fn goal(text: &str) -> Result<(), Refusal> {
    let odd = |ch: char| ch.is_control() && !matches!(ch, '\n' | '\t');
    if text.chars().any(odd) || text.chars().count() > LONGEST_GOAL {
        return Err(Refusal::invalid(
            "goal",
            format!("The goal is plain text of up to {LONGEST_GOAL} characters."),
        ));
    }
    Ok(())
}
