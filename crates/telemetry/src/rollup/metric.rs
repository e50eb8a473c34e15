//! What is kept of a sample, and what it is for several GPUs together.

use berth_domain::{GpuSample, SampleSource};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Percent.
    Busy,
    /// SM active, percent.
    Working,
    /// Percent.
    Occupancy,
    /// Percent.
    Tensor,
    /// Bytes.
    Memory,
    /// Watts.
    Power,
    /// Degrees Celsius.
    Temperature,
    /// Bytes a second, both ways together.
    Pcie,
    /// Bytes a second, both ways and all links together.
    Nvlink,
    /// How many of the GPUs known then were held by an attempt; 0 or 1 of a single one.
    Allocated,
}

/// How the values of several GPUs at a second become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverGpus {
    Mean,
    Sum,
    Most,
}

impl Metric {
    pub const ALL: [Metric; 10] = [
        Metric::Busy,
        Metric::Working,
        Metric::Occupancy,
        Metric::Tensor,
        Metric::Memory,
        Metric::Power,
        Metric::Temperature,
        Metric::Pcie,
        Metric::Nvlink,
        Metric::Allocated,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Metric::Busy => "busy",
            Metric::Working => "working",
            Metric::Occupancy => "occupancy",
            Metric::Tensor => "tensor",
            Metric::Memory => "memory",
            Metric::Power => "power",
            Metric::Temperature => "temperature",
            Metric::Pcie => "pcie",
            Metric::Nvlink => "nvlink",
            Metric::Allocated => "allocated",
        }
    }

    #[must_use]
    pub fn over_gpus(self) -> OverGpus {
        match self {
            Metric::Busy | Metric::Working | Metric::Occupancy | Metric::Tensor => OverGpus::Mean,
            Metric::Memory | Metric::Power | Metric::Pcie | Metric::Nvlink | Metric::Allocated => {
                OverGpus::Sum
            }
            Metric::Temperature => OverGpus::Most,
        }
    }

    /// Its place in [`Metric::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// By [`Metric::index`]; what is not known is NaN. Whether it is allocated is for the keeper to say.
pub(crate) type Values = [f32; Metric::ALL.len()];

pub(crate) fn values(sample: &GpuSample) -> Values {
    let number = |value: Option<f32>| value.unwrap_or(f32::NAN);
    let bytes = |value: Option<u64>| value.map_or(f32::NAN, |bytes| bytes as f32);
    let both =
        |from: Option<u64>, to: Option<u64>| from.zip(to).map(|(from, to)| from.saturating_add(to));
    [
        number(sample.busy_pct),
        number(sample.sm_active_pct),
        number(sample.sm_occupancy_pct),
        number(sample.tensor_active_pct),
        bytes(sample.mem_used_bytes),
        number(sample.power_w),
        number(sample.temp_c),
        bytes(both(sample.pcie_rx_bytes, sample.pcie_tx_bytes)),
        bytes(both(sample.nvlink_rx_bytes, sample.nvlink_tx_bytes)),
        f32::NAN,
    ]
}

/// For how many seconds a sample of a source stands if none follows: some times the pause between
/// two. Later than that nothing is known, which is not the same as idle.
#[must_use]
pub fn longest_hold_s(source: SampleSource) -> i64 {
    match source {
        SampleSource::Nvml | SampleSource::Simulated => 5,
        SampleSource::NvidiaSmi | SampleSource::Ray => LONGEST_HOLD_S,
    }
}

/// Of any source.
pub(crate) const LONGEST_HOLD_S: i64 = 15;
