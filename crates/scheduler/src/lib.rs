//! The planner: what starts now and where, what is stopped for it, why everything else waits, and
//! when it would start. With it what it needs: prediction of run times, and a simulator that runs
//! the same planner over a trace.
//!
//! One pure function, [`plan`], on one [`Snapshot`]: dispatch, explanation, forecast and
//! simulation cannot disagree, and the browser can run it too. Nothing here reads a clock or does
//! I/O.

mod carried;
mod dispatch;
mod explain;
mod fair;
mod forecast;
mod free_at;
mod learn;
mod math;
mod plan;
mod policy;
pub mod predict;
mod replay;
mod reserve;
pub mod sim;
mod snapshot;
mod spent;

pub use carried::Carried;
pub use dispatch::{Factor, FactorKind, factors};
pub use explain::{Action, Due, Effect, Explanation, Holding, Remedy, explain};
pub use fair::{Ledger, Usage};
pub use forecast::{
    Change, Experience, Forecast, ForecastScore, forecast, forecast_if, forecast_move,
    forecast_policy, forecast_reservation, moved, to_the_minute,
};
pub use free_at::{FreeAt, free_at};
pub use learn::{Learned, Learning, features_of};
pub use plan::{Plan, Preempt, plan, plan_and_forecast};
pub use policy::{
    Backfill, KNOBS, Knob, KnobError, Measure, Order, Policy, Preemption, PreemptionMode, Quota,
    RunTimeSource, Shortest, UnknownPolicy, Weights,
};
pub use replay::{Replayed, Script, replay};
pub use reserve::Reservation;
pub use snapshot::{Active, Facts, FreeNode, Gate, Pending, Pool, Snapshot};
pub use spent::{Spent, Standing, Use, budget_of_project, budget_of_user};
