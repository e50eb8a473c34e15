//! A discrete-event simulator around the real planner: what a policy would have done with a
//! recorded or made-up load. There is no second scheduler here: every decision is the planner's.

mod cluster;
mod engine;
mod history;
mod metrics;
mod score;
mod synth;
mod table;
mod trace;

pub use cluster::Cluster;
pub use engine::{Run, features, score_forecasts, simulate};
pub use history::{History, LeftOut};
pub use metrics::{JobResult, Summary, jobs_csv, waits_min};
pub use synth::{Synth, synthesize};
pub use table::table;
pub use trace::{TraceError, TraceJob, parse};
