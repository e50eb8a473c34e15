//! Who used how much.

use berth_api::history::{GetUsage, UsageRow};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::{Deserialize, Serialize};

use crate::door::Through;
use crate::seen::words::{lines, moment};
use crate::told::{Answer, Told, data};
use crate::{Agent, Door as _, House};

/// How many rows unless said otherwise, and at most.
const USUAL: u32 = 20;
const MOST: u32 = 200;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageArgs {
    /// A row for each user (the default), project, node or job.
    #[serde(default)]
    pub by: By,
    /// RFC 3339. Default: 7 days before until.
    pub since: Option<String>,
    /// RFC 3339. Default: now.
    pub until: Option<String>,
    /// How many rows, those who held most first. Default 20.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum By {
    #[default]
    User,
    Project,
    Node,
    Job,
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            By::User => "user",
            By::Project => "project",
            By::Node => "node",
            By::Job => "job",
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct UsageSeen {
    pub since: String,
    pub until: String,
    /// Who held most first.
    pub rows: Vec<UsageRowSeen>,
    /// How many more rows there are.
    pub left_out: usize,
    /// Of all, also of those left out.
    pub total: UsageRowSeen,
}

/// GPU-hours: held by a lease, busy by the driver's utilisation, working by SM activity,
/// unobserved. What was never observed is absent, not zero.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UsageRowSeen {
    /// A user, project, node or job number; absent of jobs without a project, and of the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub gpu_hours_held: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_hours_busy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_hours_working: Option<f64>,
    pub gpu_hours_unobserved: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_kwh: Option<f64>,
    pub jobs: usize,
}

impl UsageRowSeen {
    fn new(row: &UsageRow) -> Self {
        UsageRowSeen {
            name: row.name.clone(),
            gpu_hours_held: row.gpu_hours_allocated,
            gpu_hours_busy: row.gpu_hours_busy,
            gpu_hours_working: row.gpu_hours_working,
            gpu_hours_unobserved: row.gpu_hours_unobserved,
            energy_kwh: row.energy_kwh,
            jobs: row.jobs,
        }
    }

    fn text(&self, otherwise: &str) -> String {
        let name = self.name.as_deref().unwrap_or(otherwise);
        let busy = self.gpu_hours_busy;
        let busy = busy.map_or(String::new(), |hours| format!(", {hours:.1} busy"));
        let (held, jobs) = (self.gpu_hours_held, self.jobs);
        format!("{name}: {held:.1} GPU-hours held{busy}, {jobs} jobs")
    }
}

#[tool_router(router = usage_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// How many GPU-hours were held, busy and working in a time, by user, project, node or job. The
    /// last 7 days unless said otherwise.
    #[tool(
        output_schema = data::<UsageSeen>(),
        annotations(
            title = "Usage",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn usage(
        Parameters(args): Parameters<UsageArgs>,
        Through(door): Through<H>,
    ) -> Answer<UsageSeen> {
        let call = GetUsage {
            by: Some(args.by.as_str().to_owned()),
            since: args.since,
            until: args.until,
            limit: Some(args.limit.unwrap_or(USUAL).clamp(1, MOST)),
        };
        let answer = door.call(call).await?;
        let seen = UsageSeen {
            since: moment(answer.since),
            until: moment(answer.until),
            rows: answer.rows.iter().map(UsageRowSeen::new).collect(),
            left_out: answer.left_out,
            total: UsageRowSeen::new(&answer.total),
        };
        let first = format!("From {} to {}.", seen.since, seen.until);
        let rows = seen.rows.iter().map(|row| row.text("without a project"));
        let total = seen.total.text("In all");
        let text = lines([first].into_iter().chain(rows).chain([total]));
        Ok(Told::new(text, seen))
    }
}
