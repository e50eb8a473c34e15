//! What a move would change, in minutes: forecasts are no more exact than that.

use std::collections::{BTreeMap, HashMap};

use berth_domain::{JobId, Timestamp, UserName};
use berth_scheduler::{Forecast, to_the_minute};
use serde::{Deserialize, Serialize};

/// What a move would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// By number.
    pub starts: Vec<Start>,
    /// What it costs and gives whom, by name.
    pub tolls: Vec<Toll>,
}

/// A start that would change; all times in minutes since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub job: JobId,
    /// As likely before as after: as things are, and after the move.
    pub before: i64,
    pub p50: i64,
    /// Nine times of ten by then, after the move.
    pub p90: i64,
}

/// What a move does to somebody's jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toll {
    pub user: UserName,
    /// How many of them start later, and by how many minutes at most.
    pub later: u32,
    pub later_min: i64,
    pub earlier: u32,
    pub earlier_min: i64,
}

impl Moved {
    pub(crate) fn between<'a>(
        before: &HashMap<JobId, Forecast>,
        after: &HashMap<JobId, Forecast>,
        owner: impl Fn(JobId) -> Option<&'a UserName>,
    ) -> Self {
        let minute = |at: Timestamp| to_the_minute(at).as_second() / 60;
        let start = |(job, after): (&JobId, &Forecast)| {
            let start = Start {
                job: *job,
                before: minute(before.get(job)?.p50),
                p50: minute(after.p50),
                p90: minute(after.p90),
            };
            (start.before != start.p50).then_some(start)
        };
        let mut starts: Vec<Start> = after.iter().filter_map(start).collect();
        starts.sort_by_key(|start| start.job);
        let mut tolls: BTreeMap<&UserName, Toll> = BTreeMap::new();
        for start in &starts {
            let Some(user) = owner(start.job) else {
                continue;
            };
            let toll = tolls.entry(user).or_insert_with(|| Toll {
                user: user.clone(),
                later: 0,
                later_min: 0,
                earlier: 0,
                earlier_min: 0,
            });
            let later = start.p50 - start.before;
            if later > 0 {
                toll.later += 1;
                toll.later_min = toll.later_min.max(later);
            } else {
                toll.earlier += 1;
                toll.earlier_min = toll.earlier_min.max(-later);
            }
        }
        Moved {
            starts,
            tolls: tolls.into_values().collect(),
        }
    }
}
