//! Why a job waits: one enum, one sentence each, the same on every page, CLI and API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::constraints::Constraints;
use crate::cordon::Place;
use crate::ids::{JobId, ReservationId, UserName};
use crate::quota::Period;
use crate::reservation::{Holder, label};
use crate::sentence::{gpus, moment, span};

/// What a waiting job waits for. The planner gives one to each job that it does not start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "token")]
pub enum PendingReason {
    /// It is next, and what it needs is in use.
    Resources {
        wanted_gpus: u32,
        free_gpus: u32,
    },
    /// Enough GPUs are free, but not together as the job needs them.
    Fragmentation {
        nodes: u32,
        gpus_per_node: u32,
        free_gpus: u32,
        best_node_free: u32,
    },
    /// Others are before it.
    Priority {
        ahead: u32,
        first: JobId,
    },
    /// These jobs must end first.
    Dependency {
        jobs: Vec<JobId>,
    },
    /// A job that it depends on ended in the wrong way.
    DependencyNeverSatisfied {
        job: JobId,
    },
    BeginTime {
        at: Timestamp,
    },
    /// It failed before and is tried again at this time.
    RetryBackoff {
        at: Timestamp,
        attempt: u32,
    },
    /// As many tasks of its array run as it allows.
    ArrayLimit {
        limit: u32,
    },
    /// It needs no GPU, but each node runs as many of such jobs as it may.
    CpuSlots {
        limit: u32,
    },
    JobHeldUser,
    JobHeldAdmin,
    /// No node could ever hold it as the cluster is now.
    NeverFits {
        nodes: u32,
        gpus_per_node: u32,
        largest_node: u32,
        present_nodes: u32,
    },
    /// Enough GPUs are free for it, but not such as it asks for.
    Constraints {
        nodes: u32,
        gpus_per_node: u32,
        free_gpus: u32,
        /// Of these, such as it asks for.
        fitting_gpus: u32,
        /// Those of its constraints that keep it waiting.
        asks: Box<Constraints>,
    },
    /// It could start if nothing was cordoned.
    Cordoned {
        /// The first cordon that keeps GPUs from it.
        place: Place,
        reason: String,
        by: UserName,
        /// Idle GPUs that get no job, on all cordoned places.
        idle_gpus: u32,
    },
    /// It could start if nobody used GPUs outside the queue.
    ForeignProcess {
        /// The first GPU that is kept from it.
        place: Place,
        /// What uses it.
        process: String,
        /// Idle GPUs that get no job for such reasons.
        idle_gpus: u32,
    },
    /// No nodes could ever give it what it asks for, as the cluster is now.
    BadConstraints {
        asks: Box<Constraints>,
    },
    /// With it its owner would hold more GPUs than one user may.
    QuotaUser {
        user: UserName,
        held: u32,
        wanted: u32,
        limit: u32,
        /// Also while nobody else waits.
        hard: bool,
    },
    /// With it its project would hold more GPUs than one project may.
    QuotaProject {
        project: String,
        held: u32,
        wanted: u32,
        limit: u32,
        hard: bool,
    },
    /// Its owner has used their GPU-hours of this period, with what is expected yet of what runs.
    BudgetUser {
        user: UserName,
        used_gpu_hours: u32,
        gpu_hours: u32,
        period: Period,
        /// When the next period begins.
        until: Timestamp,
        /// Also while nobody else waits.
        hard: bool,
    },
    /// Its project has.
    BudgetProject {
        project: String,
        used_gpu_hours: u32,
        gpu_hours: u32,
        period: Period,
        until: Timestamp,
        hard: bool,
    },
    /// What is free is promised to somebody else for this time.
    Reservation {
        id: ReservationId,
        note: Option<String>,
        holder: Holder,
        start: Timestamp,
        end: Timestamp,
    },
    /// It is next and needs whole nodes, which are kept free for it as they become so.
    DrainingForGang {
        wanted_gpus: u32,
        free_gpus: u32,
        /// When all of them are expected to be free, by the time limits or predictions of what
        /// runs there.
        at: Timestamp,
        /// What the waiting costs: GPU-minutes that stay idle until then.
        idle_gpu_minutes: u32,
    },
    /// Running jobs are being stopped for it.
    PreemptionPending {
        gpus: u32,
    },
    /// What launches jobs does not work at the moment.
    ExecutorDown {
        why: String,
    },
}

impl PendingReason {
    /// The stable token, as in Slurm's `NODELIST(REASON)` column.
    #[must_use]
    pub fn token(&self) -> &'static str {
        match self {
            PendingReason::Resources { .. } => "Resources",
            PendingReason::Fragmentation { .. } => "Fragmentation",
            PendingReason::Priority { .. } => "Priority",
            PendingReason::Dependency { .. } => "Dependency",
            PendingReason::DependencyNeverSatisfied { .. } => "DependencyNeverSatisfied",
            PendingReason::BeginTime { .. } => "BeginTime",
            PendingReason::RetryBackoff { .. } => "RetryBackoff",
            PendingReason::ArrayLimit { .. } => "ArrayLimit",
            PendingReason::CpuSlots { .. } => "CpuSlots",
            PendingReason::JobHeldUser => "JobHeldUser",
            PendingReason::JobHeldAdmin => "JobHeldAdmin",
            PendingReason::NeverFits { .. } => "NeverFits",
            PendingReason::Constraints { .. } => "Constraints",
            PendingReason::Cordoned { .. } => "Cordoned",
            PendingReason::ForeignProcess { .. } => "ForeignProcess",
            PendingReason::BadConstraints { .. } => "BadConstraints",
            PendingReason::QuotaUser { .. } => "QuotaUser",
            PendingReason::QuotaProject { .. } => "QuotaProject",
            PendingReason::BudgetUser { .. } => "BudgetUser",
            PendingReason::BudgetProject { .. } => "BudgetProject",
            PendingReason::Reservation { .. } => "Reservation",
            PendingReason::DrainingForGang { .. } => "DrainingForGang",
            PendingReason::PreemptionPending { .. } => "PreemptionPending",
            PendingReason::ExecutorDown { .. } => "ExecutorDown",
        }
    }

    /// What it waits for and, where there is something to do, what to do.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            PendingReason::Resources { wanted_gpus: 0, .. } => "Next to start.".to_owned(),
            PendingReason::Resources {
                wanted_gpus,
                free_gpus: 0,
            } => {
                format!(
                    "Next in line. Waits for {}; none is free.",
                    gpus(*wanted_gpus)
                )
            }
            PendingReason::Resources {
                wanted_gpus,
                free_gpus,
            } => {
                let verb = if *free_gpus == 1 { "is" } else { "are" };
                format!(
                    "Next in line. Waits for {}; {free_gpus} {verb} free.",
                    gpus(*wanted_gpus)
                )
            }
            PendingReason::Fragmentation {
                nodes: 1,
                gpus_per_node,
                free_gpus,
                best_node_free,
            } => {
                format!(
                    "{} are free, but at most {best_node_free} on one node; this job needs \
                     {gpus_per_node} together.",
                    gpus(*free_gpus)
                )
            }
            PendingReason::Fragmentation {
                nodes,
                gpus_per_node,
                free_gpus,
                ..
            } => format!(
                "{} are free, but not {gpus_per_node} on each of {nodes} nodes.",
                gpus(*free_gpus)
            ),
            PendingReason::Priority { ahead: 1, first } => {
                format!("Waits behind job {first}.")
            }
            PendingReason::Priority { ahead, first } => {
                format!("Waits behind {ahead} jobs; job {first} is next.")
            }
            PendingReason::Dependency { jobs } => {
                let names: Vec<String> = jobs.iter().map(|job| format!("job {job}")).collect();
                format!("Waits until {} ended.", join(&names))
            }
            PendingReason::DependencyNeverSatisfied { job } => format!(
                "Depends on job {job}, which did not end as needed. Cancel this job, or change \
                 what it depends on."
            ),
            PendingReason::BeginTime { at } => format!("Starts no earlier than {}.", moment(*at)),
            PendingReason::RetryBackoff { at, attempt } => {
                format!(
                    "Attempt {attempt} failed; tried again after {}.",
                    moment(*at)
                )
            }
            PendingReason::ArrayLimit { limit } => {
                format!("{limit} tasks of its array run, as many as the array allows at once.")
            }
            PendingReason::CpuSlots { limit } => {
                format!("Each node runs {limit} jobs without GPUs, as many as it may at once.")
            }
            PendingReason::JobHeldUser => "Held by its owner. Release it to queue it.".to_owned(),
            PendingReason::JobHeldAdmin => "Held by an admin. Ask them to release it.".to_owned(),
            PendingReason::NeverFits {
                nodes,
                gpus_per_node,
                largest_node,
                present_nodes,
            } => {
                format!(
                    "Cannot start: it needs {gpus_per_node} GPUs on each of {nodes} nodes; there \
                     are {present_nodes} nodes with up to {largest_node} GPUs. Change its size, or \
                     wait for nodes to come back."
                )
            }
            PendingReason::Constraints {
                nodes,
                gpus_per_node,
                free_gpus,
                fitting_gpus,
                asks,
            } => constraints(*nodes, *gpus_per_node, *free_gpus, *fitting_gpus, asks),
            PendingReason::Cordoned {
                place,
                reason,
                by,
                idle_gpus,
            } => format!(
                "{} {} idle and kept from new jobs: {place} is cordoned by {by} ({reason}). It \
                 starts when that ends, or others come free.",
                gpus(*idle_gpus),
                if *idle_gpus == 1 { "is" } else { "are" },
            ),
            PendingReason::ForeignProcess {
                place,
                process,
                idle_gpus,
            } => format!(
                "{} {} kept from new jobs: {process} uses {place} outside the queue. It starts when \
                 that ends, or others come free; its owner can make it a job with `berth adopt`.",
                gpus(*idle_gpus),
                if *idle_gpus == 1 { "is" } else { "are" },
            ),
            PendingReason::BadConstraints { asks } => format!(
                "Cannot start: there are not enough GPUs {}. Ask for less with `berth update`, or \
                 wait for nodes to come back.",
                asks.phrase()
            ),
            PendingReason::QuotaUser {
                user,
                held,
                wanted,
                limit,
                hard,
            } => quota(user.as_str(), *held, *wanted, *limit, *hard),
            PendingReason::QuotaProject {
                project,
                held,
                wanted,
                limit,
                hard,
            } => quota(&format!("Project {project}"), *held, *wanted, *limit, *hard),
            PendingReason::BudgetUser {
                user,
                used_gpu_hours,
                gpu_hours,
                period,
                until,
                hard,
            } => budget(
                user.as_str(),
                *used_gpu_hours,
                *gpu_hours,
                *period,
                *until,
                *hard,
            ),
            PendingReason::BudgetProject {
                project,
                used_gpu_hours,
                gpu_hours,
                period,
                until,
                hard,
            } => budget(
                &format!("Project {project}"),
                *used_gpu_hours,
                *gpu_hours,
                *period,
                *until,
                *hard,
            ),
            PendingReason::Reservation {
                id,
                note,
                holder,
                start,
                end,
            } => format!(
                "What is free is kept for {} from {}, and this job could run into it. A shorter \
                 time limit helps where it ends before.",
                label(holder, *id, note.as_deref()),
                span(*start, *end)
            ),
            PendingReason::DrainingForGang {
                wanted_gpus,
                free_gpus,
                at,
                idle_gpu_minutes,
            } => {
                let verb = if *free_gpus == 1 { "stays" } else { "stay" };
                format!(
                    "Next in line. Of {} that it needs, {free_gpus} {verb} free for it; the rest \
                     is expected about {}. Idle until then: {}.",
                    gpus(*wanted_gpus),
                    at.strftime("%Y-%m-%d %H:%M UTC"),
                    gpu_time(*idle_gpu_minutes)
                )
            }
            PendingReason::PreemptionPending { gpus: count } => format!(
                "Next in line. Running jobs are being stopped so that it gets its {}.",
                gpus(*count)
            ),
            PendingReason::ExecutorDown { why } => {
                format!("Jobs cannot be launched at the moment: {why}")
            }
        }
    }
}

/// `45 GPU-minutes`, from two hours on `229 GPU-hours`.
fn gpu_time(minutes: u32) -> String {
    match minutes {
        1 => "1 GPU-minute".to_owned(),
        0..120 => format!("{minutes} GPU-minutes"),
        _ => format!("{} GPU-hours", (minutes + 30) / 60),
    }
}

/// `4 GPUs are free, but none of them is an H100.`
fn constraints(nodes: u32, per_node: u32, free: u32, fitting: u32, asks: &Constraints) -> String {
    let verb = if free == 1 { "is" } else { "are" };
    let is = join(&asks.predicates());
    let island = if asks.nvlink {
        " in one NVLink island"
    } else {
        ""
    };
    let together = match nodes {
        1 => format!("not {per_node} together{island}"),
        _ => format!("not {per_node} on each of {nodes} nodes{island}"),
    };
    let but = if fitting == 0 {
        format!("none of them {is}")
    } else if fitting == 1 && nodes.saturating_mul(per_node) > 1 {
        format!("only 1 of them {is}")
    } else if fitting < nodes.saturating_mul(per_node) {
        format!("only {fitting} where each {is}")
    } else if asks.predicates().is_empty() {
        together
    } else {
        format!("{together} where each {is}")
    };
    format!("{} {verb} free, but {but}.", gpus(free))
}

/// Who holds how much of what they may.
fn quota(who: &str, held: u32, wanted: u32, limit: u32, hard: bool) -> String {
    let (needs, allowed) = (gpus(wanted), gpus(limit));
    if wanted > limit && hard {
        return format!(
            "It needs {needs}, more than the {allowed} that {who} may hold at once. Ask for fewer, \
             or an admin for a higher cap."
        );
    }
    let when = match (hard, wanted > limit) {
        (true, _) => "enough of them are given back",
        (false, true) => "nobody else waits",
        (false, false) => "enough of them are given back, or nobody else waits",
    };
    format!(
        "{who} uses {held} of {allowed} allowed; this job needs {needs}. It starts when {when}."
    )
}

fn budget(
    who: &str,
    used: u32,
    allowed: u32,
    period: Period,
    until: Timestamp,
    hard: bool,
) -> String {
    let next = moment(until);
    let when = if hard {
        format!(
            "at {next}, when the next {} begins, or when an admin allows more",
            period.as_str()
        )
    } else {
        format!(
            "when nobody else waits, or at {next}, when the next {} begins",
            period.as_str()
        )
    };
    format!(
        "{who} has used {used} of {allowed} GPU-hours of this {}, with what is expected of what runs. It \
         starts {when}.",
        period.as_str()
    )
}

fn join(parts: &[String]) -> String {
    match parts {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_keeping_gpus_for_a_gang_costs() {
        let said = |idle_gpu_minutes| {
            PendingReason::DrainingForGang {
                wanted_gpus: 16,
                free_gpus: 1,
                at: Timestamp::UNIX_EPOCH,
                idle_gpu_minutes,
            }
            .sentence()
        };
        assert_eq!(
            said(13_740),
            "Next in line. Of 16 GPUs that it needs, 1 stays free for it; the rest is expected \
             about 1970-01-01 00:00 UTC. Idle until then: 229 GPU-hours."
        );
        assert!(said(119).ends_with(": 119 GPU-minutes."));
        assert!(said(1).ends_with(": 1 GPU-minute."));
    }

    #[test]
    fn says_which_constraint_keeps_a_job_waiting() {
        let asks = |asks: Constraints, nodes, per_node, fitting_gpus| {
            PendingReason::Constraints {
                nodes,
                gpus_per_node: per_node,
                free_gpus: 4,
                fitting_gpus,
                asks: Box::new(asks),
            }
            .sentence()
        };
        let h100 = || Constraints {
            gpu_models: vec!["H100".to_owned()],
            ..Constraints::default()
        };
        let node = Constraints {
            nodes: vec!["node-1".into(), "node-2".into()],
            ..h100()
        };
        let elsewhere = Constraints {
            exclude: vec!["node-3".into()],
            ..Constraints::default()
        };
        let island = || Constraints {
            nvlink: true,
            ..Constraints::default()
        };
        for (said, expected) in [
            (asks(h100(), 1, 1, 0), "none of them is an H100"),
            (asks(h100(), 1, 2, 1), "only 1 of them is an H100"),
            (asks(h100(), 1, 3, 2), "only 2 where each is an H100"),
            (
                asks(elsewhere, 1, 1, 0),
                "none of them is elsewhere than on node-3",
            ),
            (
                asks(node, 1, 1, 0),
                "none of them is an H100 and is on node-1 or node-2",
            ),
            (
                asks(h100(), 2, 1, 2),
                "not 1 on each of 2 nodes where each is an H100",
            ),
            (
                asks(island(), 1, 4, 4),
                "not 4 together in one NVLink island",
            ),
        ] {
            assert_eq!(said, format!("4 GPUs are free, but {expected}."));
        }
    }
}
