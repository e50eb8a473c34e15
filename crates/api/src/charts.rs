//! What a job's GPUs did over its life, as charts show it.

use berth_domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::history::JobUse;
use crate::{Answer, ApiError, AppClient, Described};

/// Some metrics over the same time, in the same steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChartsAnswer {
    /// When the first step begins.
    pub since: Timestamp,
    pub step_s: i64,
    /// How many steps there are.
    pub steps: usize,
    /// Which GPUs can be asked for alone, as `node-1:0`.
    pub gpus: Vec<String>,
    /// Of those metrics of which anything is known.
    pub series: Vec<ChartSeries>,
    /// What the job did with its GPUs so far, all attempts together.
    #[serde(rename = "use")]
    pub usage: Option<JobUse>,
}

/// A metric: in each step the least, the mean and the most, to one decimal; `None` where nothing is
/// known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChartSeries {
    pub metric: ChartMetric,
    pub bands: Vec<Option<[f32; 3]>>,
}

/// What is shown, and in which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChartMetric {
    /// GPUs held.
    Allocated,
    /// Percent of the time, mean over the GPUs.
    Busy,
    /// Percent of the multiprocessors, mean over the GPUs.
    Working,
    /// GiB, all GPUs together.
    Memory,
    /// Watts, all GPUs together.
    Power,
    /// Degrees Celsius, of the hottest.
    Temperature,
}

impl ChartMetric {
    pub const ALL: [ChartMetric; 6] = [
        ChartMetric::Allocated,
        ChartMetric::Busy,
        ChartMetric::Working,
        ChartMetric::Memory,
        ChartMetric::Power,
        ChartMetric::Temperature,
    ];
}

impl ChartsAnswer {
    /// A metric's values, if anything is known of it.
    #[must_use]
    pub fn of(&self, metric: ChartMetric) -> Option<&ChartSeries> {
        self.series.iter().find(|series| series.metric == metric)
    }

    /// When a step begins.
    #[must_use]
    pub fn at(&self, step: usize) -> Timestamp {
        let seconds = i64::try_from(step)
            .unwrap_or(i64::MAX)
            .saturating_mul(self.step_s);
        let at = self.since.as_second().saturating_add(seconds);
        Timestamp::from_second(at).unwrap_or(self.since)
    }
}

/// `GET /api/job_charts?id=17`: from the first lease of the job, or of one `attempt`, to its end or
/// now; of all its GPUs, or of one named as `gpu=node-1:0`. `points` steps at most (120, 500 at most).
/// Of a job that never held GPUs there are none.
#[server(prefix = "/api", endpoint = "job_charts", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn job_charts(
    id: JobId,
    #[server(default)] attempt: Option<u32>,
    #[server(default)] gpu: Option<String>,
    #[server(default)] points: Option<u32>,
) -> Result<Option<ChartsAnswer>, ApiError> {
    crate::context::Context::here()?
        .job_charts(id, attempt, gpu.as_deref(), points)
        .await
}
