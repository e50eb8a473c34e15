//! What a GPU does at a moment. Absent values are absent, never zero.

use serde::{Deserialize, Serialize};

use crate::ids::GpuUuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GpuSample {
    pub gpu: GpuUuid,
    /// The driver's utilisation: the share of time in which any kernel ran, 0 to 100.
    pub busy_pct: Option<f32>,
    pub mem_used_bytes: Option<u64>,
    pub power_w: Option<f32>,
    pub temp_c: Option<f32>,
    /// Why what is absent is not known, as the driver says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}
