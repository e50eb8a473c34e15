//! Prediction of run times from history: a distribution for each job, learned as jobs end.

mod experts;
mod histogram;
mod predictor;
mod run_time;

pub use experts::Expert;
pub use predictor::{Features, Predictor};
pub use run_time::{BINS, Remaining, RunTime, bin_of, bounds};
