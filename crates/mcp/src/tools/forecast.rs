//! When a job would start, and when each that waits does.

use berth_api::ApiError;
use berth_api::planner::{AsksArg, ForecastAnswer, ForecastStart};
use berth_domain::SubmitRequest;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::{Deserialize, Serialize};

use super::queue::{Whose, waiting};
use crate::door::Through;
use crate::seen::job::{JobSeen, told};
use crate::seen::words::{Class, lines, moment, start};
use crate::told::{Answer, Told, data};
use crate::{Agent, Door, House};

/// How many waiting jobs are told of.
const WAITING: usize = 50;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForecastArgs {
    /// GPUs on each node when nodes is given; without nodes, GPUs in all. Default 1.
    #[schemars(range(min = 0))]
    pub gpus: Option<i64>,
    /// How many nodes.
    #[schemars(range(min = 1))]
    pub nodes: Option<i64>,
    /// How long it may run: 90m, 6h, 1-12:00:00. Default 24h. Shorter jobs start sooner.
    pub time_limit: Option<String>,
    /// Default normal. Only a lead or an admin can use critical.
    pub class: Option<Class>,
    /// Only on GPUs of one of these models, each by a word or more of its name: H100.
    #[serde(default)]
    pub gpu_model: Vec<String>,
    /// Only on GPUs with at least this much memory: 80G, 40GiB.
    pub gpu_mem: Option<String>,
    /// Only on these nodes.
    #[serde(default)]
    pub nodelist: Vec<String>,
    /// Not on these nodes.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// All its GPUs on a node from one NVLink island.
    #[serde(default)]
    pub nvlink: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ForecastSeen {
    /// Such a job, if it were submitted now.
    pub job: StartSeen,
    /// The first jobs that wait, in the order in which they are planned, each with its start.
    pub waiting: Vec<JobSeen>,
    /// How many more wait.
    pub more_waiting: usize,
}

/// When a job would start; no times where it never could.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StartSeen {
    pub starts_now: bool,
    /// As likely before as after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p50: Option<String>,
    /// Nine times of ten by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_p90: Option<String>,
}

impl StartSeen {
    pub fn new(answer: &ForecastAnswer) -> Self {
        StartSeen {
            starts_now: answer.starts_now,
            start_p50: answer.start_p50.map(moment),
            start_p90: answer.start_p90.map(moment),
        }
    }
}

#[tool_router(router = forecast_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// When a job of this size would start if it were submitted now, and when each job that waits
    /// already should start. Submits nothing. Use it to choose a size or a time limit.
    #[tool(
        output_schema = data::<ForecastSeen>(),
        annotations(
            title = "Forecast of starts",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn forecast(
        Parameters(args): Parameters<ForecastArgs>,
        Through(door): Through<H>,
    ) -> Answer<ForecastSeen> {
        let answer = foretell(&door, &args.into()).await?;
        let (rows, more_waiting) = waiting(&door, Whose::Everybody, WAITING).await?;
        let seen = ForecastSeen {
            job: StartSeen::new(&answer),
            waiting: rows.iter().map(JobSeen::new).collect(),
            more_waiting,
        };
        let first = format!("Such a job {}", starts(&answer));
        let text = lines([first].into_iter().chain(rows.iter().map(told)));
        Ok(Told::new(text, seen))
    }
}

impl From<ForecastArgs> for SubmitRequest {
    fn from(args: ForecastArgs) -> Self {
        SubmitRequest {
            gpus: args.gpus,
            nodes: args.nodes,
            time_limit: args.time_limit,
            class: args.class.map(|class| class.as_str().to_owned()),
            gpu_model: args.gpu_model,
            gpu_mem: args.gpu_mem,
            nodelist: args.nodelist,
            exclude: args.exclude,
            nvlink: args.nvlink,
            ..SubmitRequest::default()
        }
    }
}

/// When a job that asks for this would start if it were submitted now.
pub(super) async fn foretell<D: Door>(
    door: &D,
    request: &SubmitRequest,
) -> Result<ForecastAnswer, ApiError> {
    let asks = AsksArg {
        gpu_model: request.gpu_model.join(","),
        gpu_mem: request.gpu_mem.clone().unwrap_or_default(),
        nodelist: request.nodelist.join(","),
        exclude: request.exclude.join(","),
        nvlink: request.nvlink,
    };
    let call = ForecastStart {
        gpus: request.gpus,
        nodes: request.nodes,
        time_limit: request.time_limit.clone(),
        class: request.class.clone(),
        asks,
    };
    door.call(call).await
}

/// `would start now.`
pub(super) fn starts(answer: &ForecastAnswer) -> String {
    match start(answer.start_p50, answer.start_p90) {
        _ if answer.starts_now => "would start now.".to_owned(),
        Some(when) => format!("would start {when}."),
        None => "could never start as things are.".to_owned(),
    }
}
