//! Prediction of run times from history: a distribution for each job, learned as jobs end.

mod calibration;
mod experts;
mod histogram;
mod predictor;
mod run_time;

pub use calibration::{Calibration, Past, QUANTILES, calibrate};
pub use experts::Expert;
pub use predictor::{Features, Guess, Predictor};
pub use run_time::{BINS, Remaining, RunTime, bin_of, bounds};
