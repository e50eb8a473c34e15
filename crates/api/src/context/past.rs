//! Running the past again, and judging forecasts by it.

use berth_domain::{PolicyChoice, Timestamp};
use berth_orchestrator::resolve;
use berth_scheduler::sim::{Cluster, History, Run, Summary, simulate};
use berth_scheduler::{Forecast, ForecastScore, Policy};
use berth_store::{Lived, Store, StoreError};
use jiff::SignedDuration;
use tokio::sync::Semaphore;

use super::{Context, store_error};
use crate::past::{
    ForecastScoreAnswer, LeftOutView, ReplayAnswer, ReplayArg, ReplayRow, ScoreView,
};
use crate::{ApiError, ErrorCode};

/// The longest past that is run again for whoever asks.
const MOST_DAYS: u32 = 90;
/// How many policies one call may ask for.
const MOST_POLICIES: usize = 8;
/// Longer histories would keep a core busy for minutes: they are for the command line.
const MOST_JOBS: usize = 50_000;
/// Over how many days forecasts are judged.
const SCORED_DAYS: [u32; 2] = [7, 28];

/// One simulation at a time: the cores are for serving.
static TURN: Semaphore = Semaphore::const_new(1);

/// What ran lately, to be run again.
#[derive(Debug)]
pub struct Past {
    pub since: Timestamp,
    pub history: History,
    name: String,
    cluster: Cluster,
}

impl Past {
    /// Reads what was submitted in the last so many days.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(store: &Store, days: u32, now: Timestamp) -> Result<Self, StoreError> {
        let since = ago(days, now);
        let name = format!("{days} days");
        let Lived {
            jobs,
            releases,
            nodes,
        } = store.lived(since).await?;
        let cluster = Cluster::of(&nodes);
        Ok(Past {
            since,
            history: History::of(&name, &jobs, &releases, since, &cluster),
            name,
            cluster,
        })
    }

    /// What would have happened under a policy, on the nodes that are present now. Takes up to
    /// minutes: not where requests are answered.
    #[must_use]
    pub fn under(&self, policy: &Policy) -> Run {
        simulate(&self.name, &self.history.trace, &self.cluster, policy)
    }
}

fn ago(days: u32, now: Timestamp) -> Timestamp {
    let span = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}

impl Context {
    pub(crate) async fn replay(&self, arg: ReplayArg) -> Result<ReplayAnswer, ApiError> {
        if !(1..=MOST_DAYS).contains(&arg.days) {
            let sentence = format!("'days' must be between 1 and {MOST_DAYS}.");
            return Err(ApiError::invalid("days", sentence));
        }
        if arg.policies.len() > MOST_POLICIES {
            let sentence = format!("Ask for {MOST_POLICIES} policies at most.");
            return Err(ApiError::invalid("policies", sentence));
        }
        let policies = self.policies_of(&arg)?;
        let turn = TURN.acquire().await.map_err(|_| failed())?;
        let now = self.state.clock.now();
        let past = Past::read(&self.state.store, arg.days, now).await;
        let past = past.map_err(store_error)?;
        let jobs = past.history.trace.len();
        if jobs > MOST_JOBS {
            let sentence = format!(
                "{jobs} jobs are more than are run again here. Choose fewer days, or use \
                 `berth-server replay` on the server's host."
            );
            return Err(ApiError::invalid("days", sentence));
        }
        let work = move || {
            let runs: Vec<Run> = policies.iter().map(|policy| past.under(policy)).collect();
            answer(&past, &runs)
        };
        let done = tokio::task::spawn_blocking(work).await;
        drop(turn);
        done.map_err(|_| failed())
    }

    /// Those asked for, or the one in force.
    fn policies_of(&self, arg: &ReplayArg) -> Result<Vec<Policy>, ApiError> {
        let planning = &self.view().planning;
        if arg.policies.is_empty() {
            return Ok(vec![planning.policy.clone()]);
        }
        let cpu_jobs = planning.policy.cpu_jobs_per_node;
        let policy = |asked: &crate::planner::PolicyArg| {
            let choice = PolicyChoice {
                name: asked.name.clone(),
                knobs: asked.knobs.clone(),
            };
            resolve(&choice, cpu_jobs).map_err(|why| ApiError::invalid("policies", why))
        };
        arg.policies.iter().map(policy).collect()
    }

    pub(crate) async fn forecast_score(&self) -> Result<ForecastScoreAnswer, ApiError> {
        let now = self.state.clock.now();
        let mut windows = Vec::new();
        for days in SCORED_DAYS {
            let starts = self.state.store.forecasts_of_starts(ago(days, now)).await;
            let came = starts.map_err(store_error)?.into_iter();
            let came = came.map(|(said, start)| {
                let forecast = Forecast {
                    p50: said.p50,
                    p90: said.p90,
                    queue_s: said.queue_s,
                };
                (forecast, start)
            });
            let score = ForecastScore::of(&came.collect::<Vec<_>>());
            windows.push(ScoreView {
                days,
                jobs: score.jobs,
                p50_pct: score.p50_pct,
                p90_pct: score.p90_pct,
                median_error_min: score.median_error_min,
                median_width_min: score.median_width_min,
            });
        }
        Ok(ForecastScoreAnswer { windows })
    }
}

fn failed() -> ApiError {
    ApiError::new(ErrorCode::Internal, "The simulation failed. Try again.")
}

fn answer(past: &Past, runs: &[Run]) -> ReplayAnswer {
    let history = &past.history;
    let left = history.left_out;
    ReplayAnswer {
        since: past.since,
        jobs: history.trace.len(),
        left_out: LeftOutView {
            running: left.running,
            waiting: left.waiting,
            never_ran: left.never_ran,
            without_gpus: left.without_gpus,
            too_large: left.too_large,
        },
        left_out_text: left.sentence().unwrap_or_default(),
        what_happened: row(&history.real.summary),
        policies: runs.iter().map(|run| row(&run.summary)).collect(),
    }
}

fn row(summary: &Summary) -> ReplayRow {
    ReplayRow {
        policy: summary.policy.clone(),
        wait_mean_min: summary.wait_mean_min,
        wait_p50_min: summary.wait_p50_min,
        wait_p95_min: summary.wait_p95_min,
        wait_p99_min: summary.wait_p99_min,
        d10_mean_min: summary.d10_mean_min,
        pack_pct: summary.pack_pct,
        alloc_pct: summary.alloc_pct,
        slowdown_mean: summary.slowdown_mean,
        worst_user_slowdown: summary.worst_user_slowdown,
        jain: summary.jain,
        preemptions: summary.preemptions,
    }
}
