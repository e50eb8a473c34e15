//! What a GPU does at a moment, and who uses it. What could not be read is absent, never zero, and
//! says why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{AttemptId, GpuUuid};

/// Who said it: how fine and how often differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SampleSource {
    /// The NVIDIA driver's library, once a second.
    #[default]
    Nvml,
    /// The program `nvidia-smi`, every few seconds.
    NvidiaSmi,
    /// Ray's own statistics of its nodes, every few seconds.
    Ray,
    /// Made up.
    Simulated,
}

impl SampleSource {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            SampleSource::Nvml => "NVML, every second",
            SampleSource::NvidiaSmi => "nvidia-smi, every few seconds",
            SampleSource::Ray => "Ray's node statistics, every few seconds",
            SampleSource::Simulated => "simulated",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuSample {
    pub gpu: GpuUuid,
    #[serde(default)]
    pub source: SampleSource,
    /// The driver's utilisation: the share of time in which any kernel ran, 0 to 100.
    pub busy_pct: Option<f32>,
    /// *Working*: the share of multiprocessors that had work, 0 to 100 (GPM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_active_pct: Option<f32>,
    /// How many warps were resident of those that could be, 0 to 100 (GPM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_occupancy_pct: Option<f32>,
    /// The share of time in which tensor cores worked, 0 to 100 (GPM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tensor_active_pct: Option<f32>,
    pub mem_used_bytes: Option<u64>,
    pub power_w: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit_w: Option<f32>,
    pub temp_c: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_clock_mhz: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem_clock_mhz: Option<u32>,
    /// Why it does not run at full clock; an empty list where nothing holds it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Vec<Throttle>>,
    /// To the GPU, a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pcie_rx_bytes: Option<u64>,
    /// From the GPU, a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pcie_tx_bytes: Option<u64>,
    /// Over all links, a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_rx_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_tx_bytes: Option<u64>,
    /// Memory errors since the driver was loaded that were mended, and that were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc_corrected: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc_uncorrected: Option<u64>,
    /// Who has memory or work there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Vec<GpuProcess>>,
    /// The errors that the driver told of since the sample before: NVIDIA's Xid numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xids: Vec<u32>,
    /// Why what is absent is not known, as the driver says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub why: BTreeMap<Figure, String>,
}

impl GpuSample {
    /// Of which nothing is known.
    #[must_use]
    pub fn of(gpu: GpuUuid) -> Self {
        GpuSample {
            gpu,
            ..GpuSample::default()
        }
    }

    /// All reasons in one line.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        unknown(&self.why)
    }
}

/// All reasons in one line.
#[must_use]
pub fn unknown(why: &BTreeMap<Figure, String>) -> Option<String> {
    let each = |(figure, why): (&Figure, &String)| format!("{}: {why}", figure.words());
    let all: Vec<String> = why.iter().map(each).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What can be read of a GPU, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Everything: the GPU itself does not answer.
    Gpu,
    Busy,
    SmActive,
    SmOccupancy,
    TensorActive,
    Memory,
    Power,
    PowerLimit,
    Temperature,
    SmClock,
    MemClock,
    Throttle,
    Pcie,
    Nvlink,
    EccCorrected,
    EccUncorrected,
    Processes,
    /// What each process uses of the multiprocessors.
    ProcessUse,
    Xid,
}

impl Figure {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Figure::Gpu => "the GPU",
            Figure::Busy => "busy",
            Figure::SmActive => "working",
            Figure::SmOccupancy => "occupancy",
            Figure::TensorActive => "tensor cores",
            Figure::Memory => "memory",
            Figure::Power => "power",
            Figure::PowerLimit => "power limit",
            Figure::Temperature => "temperature",
            Figure::SmClock => "clock",
            Figure::MemClock => "memory clock",
            Figure::Throttle => "throttling",
            Figure::Pcie => "PCIe",
            Figure::Nvlink => "NVLink",
            Figure::EccCorrected => "mended memory errors",
            Figure::EccUncorrected => "memory errors",
            Figure::Processes => "processes",
            Figure::ProcessUse => "use by process",
            Figure::Xid => "Xid errors",
        }
    }
}

/// Why a GPU does not run at full clock (`nvmlClocksEventReasons`). Being idle is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Throttle {
    /// Somebody set its clocks.
    ApplicationClocks,
    /// It draws as much as it may.
    PowerCap,
    /// The driver keeps it cool.
    SoftThermal,
    /// The hardware keeps it from overheating.
    HardThermal,
    /// The hardware slows it: heat, power or a brake.
    HardSlowdown,
    /// The machine's power supply asks it to.
    PowerBrake,
    /// It keeps step with others.
    SyncBoost,
    /// Its screen asks for it.
    DisplayClocks,
}

impl Throttle {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Throttle::ApplicationClocks => "clocks were set",
            Throttle::PowerCap => "power limit",
            Throttle::SoftThermal => "heat",
            Throttle::HardThermal => "overheating",
            Throttle::HardSlowdown => "hardware slowdown",
            Throttle::PowerBrake => "power brake",
            Throttle::SyncBoost => "sync boost",
            Throttle::DisplayClocks => "display",
        }
    }

    /// Whether something is wrong: a power limit that is reached is every day's work.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Throttle::SoftThermal
                | Throttle::HardThermal
                | Throttle::HardSlowdown
                | Throttle::PowerBrake
        )
    }
}

/// A process on a GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GpuProcess {
    /// On its host, also where it runs in a container.
    pub pid: u32,
    /// When it began, in clock ticks since the host's: tells it from a later one of the same number.
    /// 0: not known.
    #[serde(default)]
    pub started: u64,
    /// The Unix user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its program and the first of its arguments, cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem_bytes: Option<u64>,
    /// What it uses of the multiprocessors, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_pct: Option<f32>,
    /// Whose it is, as its environment or control group or that of a parent tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// Its parents up to the host's first process, nearest first; not told where `attempt` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<u32>,
}
