//! The exact use of an attempt: integrals over its time, not sums of rollups.

use berth_domain::AttemptId;

use super::series::SeriesId;

/// Uses are kept by the hour, so that a range of time can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UseKey {
    pub attempt: AttemptId,
    /// The series of the node.
    pub node: SeriesId,
    /// When the hour begins, in seconds since 1970.
    pub hour_s: i64,
}

/// GPU-seconds of one or more GPUs, and what they did in them. What is not observed is in none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Use {
    /// In which it was known how busy they are.
    pub observed_s: f64,
    /// The integral of busy.
    pub busy_s: f64,
    /// In which it was known how much of them works.
    pub working_known_s: f64,
    /// The integral of SM active.
    pub working_s: f64,
    /// In which the power was known.
    pub power_known_s: f64,
    pub energy_j: f64,
    /// The most that one of them had in use.
    pub peak_mem_bytes: u64,
}

impl Use {
    pub fn add(&mut self, other: &Use) {
        self.observed_s += other.observed_s;
        self.busy_s += other.busy_s;
        self.working_known_s += other.working_known_s;
        self.working_s += other.working_s;
        self.power_known_s += other.power_known_s;
        self.energy_j += other.energy_j;
        self.peak_mem_bytes = self.peak_mem_bytes.max(other.peak_mem_bytes);
    }

    /// Of a GPU that is so for so many seconds.
    pub(crate) fn piece(seconds: f64, [busy, working, power]: [f32; 3]) -> Self {
        let mut piece = Use::default();
        if !busy.is_nan() {
            piece.observed_s = seconds;
            piece.busy_s = seconds * f64::from(busy) / 100.0;
        }
        if !working.is_nan() {
            piece.working_known_s = seconds;
            piece.working_s = seconds * f64::from(working) / 100.0;
        }
        if !power.is_nan() {
            piece.power_known_s = seconds;
            piece.energy_j = seconds * f64::from(power);
        }
        piece
    }
}
