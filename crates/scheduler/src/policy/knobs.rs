//! Knobs by name, for command lines and pages.

use super::Policy;
use super::words::{
    backfill, cap, count, duration, measure, mode, number, order, positive, run_time, show,
    show_backfill, show_cap, show_duration, show_measure, show_mode, show_order, show_run_time,
    show_yes, yes,
};

/// One knob: how it is called, what it means, how it is read and set.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    pub name: &'static str,
    pub meaning: &'static str,
    get: fn(&Policy) -> String,
    /// Says what would have been allowed when the text is not.
    set: fn(&mut Policy, &str) -> Result<(), String>,
}

impl Knob {
    /// The value as [`Policy::set`] reads it.
    #[must_use]
    pub fn value(&self, policy: &Policy) -> String {
        (self.get)(policy)
    }
}

/// A knob that does not exist, or a value that it cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnobError {
    #[error("there is no knob '{name}'; the knobs are {known}")]
    Unknown { name: String, known: String },
    #[error("'{value}' is not a value of {knob}: {allowed}")]
    Value {
        knob: &'static str,
        value: String,
        allowed: String,
    },
}

impl Policy {
    /// Sets one knob.
    ///
    /// # Errors
    /// When there is no such knob or the value does not fit; the policy is unchanged.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), KnobError> {
        let knob = KNOBS.iter().find(|knob| knob.name == name);
        let knob = knob.ok_or_else(|| KnobError::Unknown {
            name: name.to_owned(),
            known: KNOBS
                .iter()
                .map(|knob| knob.name)
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        (knob.set)(self, value.trim()).map_err(|allowed| KnobError::Value {
            knob: knob.name,
            value: value.to_owned(),
            allowed,
        })
    }
}

/// A knob for one field of the policy.
macro_rules! knob {
    ($name:literal, $meaning:literal, $($field:ident).+, $read:ident, $show:ident) => {
        Knob {
            name: $name,
            meaning: $meaning,
            get: |policy| $show(&policy.$($field).+),
            set: |policy, text| {
                policy.$($field).+ = $read(text)?;
                Ok(())
            },
        }
    };
}

/// Every knob.
pub const KNOBS: &[Knob] = &[
    knob!(
        "order",
        "what comes first: submission, multifactor or shortest",
        order,
        order,
        show_order
    ),
    knob!(
        "backfill",
        "who may pass a blocked job: none, easy or conservative",
        backfill,
        backfill,
        show_backfill
    ),
    knob!(
        "run_time",
        "whose word on run times backfill goes by: limit or predicted",
        run_time,
        run_time,
        show_run_time
    ),
    knob!(
        "weight_age",
        "multifactor: weight of waiting time",
        weights.age,
        positive,
        show
    ),
    knob!(
        "weight_fair_share",
        "multifactor: weight of having used little",
        weights.fair_share,
        positive,
        show
    ),
    knob!(
        "weight_size",
        "multifactor: weight of the job's size",
        weights.size,
        positive,
        show
    ),
    knob!(
        "weight_deadline",
        "multifactor: weight of a deadline whose latest start draws near",
        weights.deadline,
        positive,
        show
    ),
    knob!(
        "max_age",
        "multifactor: waiting time that counts in full",
        weights.max_age,
        duration,
        show_duration
    ),
    knob!(
        "size_power",
        "shortest: expected run time times GPUs to this power",
        shortest.size_power,
        positive,
        show
    ),
    knob!(
        "measure",
        "shortest: what is taken as a job's length: mean, gittins or median",
        shortest.measure,
        measure,
        show_measure
    ),
    knob!(
        "surety",
        "chance with which a predicted run time is not exceeded where one number is needed",
        shortest.surety,
        positive,
        show
    ),
    knob!(
        "fair_share",
        "shortest: how much recent use makes work count as longer",
        shortest.fair_share,
        positive,
        show
    ),
    knob!(
        "ageing",
        "shortest: how much shorter a job counts that waited as long as it runs",
        shortest.ageing,
        positive,
        show
    ),
    knob!(
        "max_wait",
        "shortest: who waited this long goes first, whatever is left to do",
        shortest.max_wait,
        duration,
        show_duration
    ),
    knob!(
        "deadline",
        "shortest: power with which work counts as shorter as the latest start for its deadline draws near; 0: not at all",
        shortest.deadline,
        positive,
        show
    ),
    knob!(
        "preemption",
        "whether preemptible jobs may be stopped for others: off or on",
        preemption.mode,
        mode,
        show_mode
    ),
    knob!(
        "first_slice",
        "preemption: a new job goes first until it ran this long",
        preemption.first_slice,
        duration,
        show_duration
    ),
    knob!(
        "min_run",
        "preemption: least run time between start and stop",
        preemption.min_run,
        duration,
        show_duration
    ),
    knob!(
        "min_run_new",
        "preemption: the same where a new job waits for its first slice",
        preemption.min_run_new,
        duration,
        show_duration
    ),
    knob!(
        "hysteresis",
        "preemption: how many times more must remain of who is stopped",
        preemption.hysteresis,
        positive,
        show
    ),
    knob!(
        "preempt_measure",
        "preemption: what is taken as a job's remaining length: mean, gittins or median",
        preemption.measure,
        measure,
        show_measure
    ),
    knob!(
        "preempt_size_power",
        "preemption: expected remaining time times GPUs to this power",
        preemption.size_power,
        number,
        show
    ),
    knob!(
        "waste_power",
        "preemption: how much it counts that a stop leaves GPUs idle or fills idle ones",
        preemption.waste_power,
        positive,
        show
    ),
    knob!(
        "new_size_power",
        "preemption: the first slice's expected length times GPUs to this power",
        preemption.new_size_power,
        number,
        show
    ),
    knob!(
        "resume_cost",
        "preemption: work that a resume repeats",
        preemption.resume_cost,
        duration,
        show_duration
    ),
    knob!(
        "max_preemptions",
        "preemption: how often one job may be stopped at most, or none",
        preemption.max_preemptions,
        cap,
        show_cap
    ),
    knob!(
        "preempt_patience",
        "preemption: waits of how many times the service make a job count half as long",
        preemption.patience,
        positive,
        show
    ),
    knob!(
        "migrate",
        "preemption: stop and resume elsewhere to make room: yes or no",
        preemption.migrate,
        yes,
        show_yes
    ),
    knob!(
        "claim",
        "preemption: a job keeps room from others until who holds it may be stopped: yes or no",
        preemption.claim,
        yes,
        show_yes
    ),
    knob!(
        "review",
        "preemption: how often the order is looked at again",
        preemption.review,
        duration,
        show_duration
    ),
    knob!(
        "quota_user",
        "GPUs at once for one user while others wait, or none",
        quota.user_gpus,
        cap,
        show_cap
    ),
    knob!(
        "quota_project",
        "GPUs at once for one project while others wait, or none",
        quota.project_gpus,
        cap,
        show_cap
    ),
    knob!(
        "cpu_jobs_per_node",
        "jobs without GPUs that one node runs at once",
        cpu_jobs_per_node,
        count,
        show
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_reads_what_it_shows() {
        for name in Policy::NAMES {
            let policy = Policy::named(name).unwrap();
            let mut copy = Policy::fifo();
            copy.name = name.to_owned();
            for knob in KNOBS {
                copy.set(knob.name, &knob.value(&policy)).unwrap();
            }
            assert_eq!(copy, policy);
        }
    }

    #[test]
    fn a_wrong_knob_or_value_is_named() {
        let mut policy = Policy::berth();
        let unknown = policy.set("agein", "1").unwrap_err().to_string();
        assert!(unknown.contains("'agein'") && unknown.contains("ageing"));
        assert_eq!(
            policy.set("preemption", "maybe").unwrap_err().to_string(),
            "'maybe' is not a value of preemption: write off or on"
        );
        assert_eq!(policy, Policy::berth());
    }
}
