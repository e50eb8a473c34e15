//! A discrete-event simulator around the real planner: what a policy would have done with a
//! recorded or made-up load. There is no second scheduler here: every decision is the planner's.

mod engine;
mod metrics;
mod score;
mod synth;
mod table;
mod trace;

pub use engine::{Cluster, Run, features, score_forecasts, simulate};
pub use metrics::{JobResult, Summary, jobs_csv};
pub use score::ForecastScore;
pub use synth::{Synth, synthesize};
pub use table::table;
pub use trace::{TraceError, TraceJob, parse};
