//! What GPUs do, in a delta: of each GPU that changed a few whole numbers. A thousand GPUs change each
//! second, and each page is told.

use std::collections::BTreeSet;

use berth_domain::{GpuProcess, Throttle};

use crate::views::GpuView;

/// How many figures a GPU has. New ones are added at the end: their place is their bit.
const COUNT: usize = 17;
/// Absent: not known.
type Figures = [Option<i64>; COUNT];

const MEMORY: u64 = 16 << 20;
const PCIE: u64 = 16 << 20;
const NVLINK: u64 = 64 << 20;
const CLOCK: u32 = 5;
/// In a delta, what is not known.
const UNKNOWN: i64 = -1;

/// The bits of what throttles; new ones are added at the end.
const THROTTLES: [Throttle; 8] = [
    Throttle::ApplicationClocks,
    Throttle::PowerCap,
    Throttle::SoftThermal,
    Throttle::HardThermal,
    Throttle::HardSlowdown,
    Throttle::PowerBrake,
    Throttle::SyncBoost,
    Throttle::DisplayClocks,
];

/// Memory of a process that changed by less looks the same.
const PROCESS_BYTES: u64 = 64 << 20;
/// And its use, of 100.
const PROCESS_PERCENT: f32 = 5.0;

/// In units that can be told apart in a picture.
fn figures(gpu: &GpuView) -> Figures {
    [
        whole(gpu.busy_pct),
        units(gpu.mem_used_bytes, MEMORY),
        whole(gpu.power_w),
        whole(gpu.temp_c),
        whole(gpu.sm_active_pct),
        whole(gpu.sm_occupancy_pct),
        whole(gpu.tensor_active_pct),
        whole(gpu.power_limit_w),
        units(gpu.sm_clock_mhz, CLOCK),
        units(gpu.mem_clock_mhz, CLOCK),
        units(gpu.pcie_rx_bytes, PCIE),
        units(gpu.pcie_tx_bytes, PCIE),
        units(gpu.nvlink_rx_bytes, NVLINK),
        units(gpu.nvlink_tx_bytes, NVLINK),
        units(gpu.ecc_corrected, 1u64),
        units(gpu.ecc_uncorrected, 1u64),
        gpu.throttle.as_deref().map(bits),
    ]
}

fn place(gpu: &mut GpuView, figures: &Figures) {
    let [
        busy,
        memory,
        power,
        temperature,
        active,
        occupancy,
        tensor,
        limit,
        sm_clock,
        mem_clock,
        pcie_rx,
        pcie_tx,
        nvlink_rx,
        nvlink_tx,
        corrected,
        uncorrected,
        throttle,
    ] = *figures;
    gpu.busy_pct = number(busy);
    gpu.mem_used_bytes = count(memory, MEMORY);
    gpu.power_w = number(power);
    gpu.temp_c = number(temperature);
    gpu.sm_active_pct = number(active);
    gpu.sm_occupancy_pct = number(occupancy);
    gpu.tensor_active_pct = number(tensor);
    gpu.power_limit_w = number(limit);
    gpu.sm_clock_mhz = megahertz(sm_clock);
    gpu.mem_clock_mhz = megahertz(mem_clock);
    gpu.pcie_rx_bytes = count(pcie_rx, PCIE);
    gpu.pcie_tx_bytes = count(pcie_tx, PCIE);
    gpu.nvlink_rx_bytes = count(nvlink_rx, NVLINK);
    gpu.nvlink_tx_bytes = count(nvlink_tx, NVLINK);
    gpu.ecc_corrected = count(corrected, 1);
    gpu.ecc_uncorrected = count(uncorrected, 1);
    gpu.throttle = throttle.map(throttles);
}

impl GpuView {
    /// Rounds the figures to what can be told apart in a picture: a percent, a watt, 16 MiB.
    #[must_use]
    pub fn rounded(mut self) -> Self {
        let rounded = figures(&self);
        place(&mut self, &rounded);
        for process in self.processes.iter_mut().flatten() {
            let memory = units(process.mem_bytes, MEMORY);
            process.mem_bytes = count(memory, MEMORY);
            process.sm_pct = number(whole(process.sm_pct));
        }
        self
    }
}

/// Appends what leads from one GPU's figures to another's: which GPU it is, a bit for each figure that
/// changed, and these.
pub(super) fn write(numbers: &mut Vec<i64>, gpu: u32, old: &GpuView, new: &GpuView) {
    let (old, new) = (figures(old), figures(new));
    let changed = (0..COUNT).filter(|place| old[*place] != new[*place]);
    let mask = changed.clone().fold(0, |mask, place| mask | (1 << place));
    if mask != 0 {
        numbers.extend([i64::from(gpu), mask]);
        numbers.extend(changed.map(|place| new[place].unwrap_or(UNKNOWN)));
    }
}

/// Reads what [`write`] wrote; tells which GPUs it was about. What makes no sense is left out.
pub(super) fn read(numbers: &[i64], gpus: &mut [&mut GpuView]) -> BTreeSet<usize> {
    let mut numbers = numbers.iter().copied();
    let mut touched = BTreeSet::new();
    while let (Some(gpu), Some(mask)) = (numbers.next(), numbers.next()) {
        let gpu = usize::try_from(gpu).unwrap_or(usize::MAX);
        let known = gpus.get_mut(gpu);
        let mut all = known
            .as_deref()
            .map_or([None; COUNT], |known| figures(known));
        // A newer server's figures stand at the end.
        for place in (0..63).filter(|place| mask & (1 << place) != 0) {
            let value = numbers.next().filter(|value| *value != UNKNOWN);
            if let Some(figure) = all.get_mut(place) {
                *figure = value;
            }
        }
        if let Some(known) = known {
            place(known, &all);
            touched.insert(gpu);
        }
    }
    touched
}

/// Whether two GPUs differ in no more than figures and processes.
pub(super) fn same_but_figures(old: &GpuView, new: &GpuView) -> bool {
    (old.index, &old.uuid, &old.model) == (new.index, &new.uuid, &new.model)
        && old.mem_total_bytes == new.mem_total_bytes
        && (&old.job, &old.cordon) == (&new.job, &new.cordon)
        && old.foreign == new.foreign
        && (old.source, &old.xids) == (new.source, &new.xids)
        && old.why == new.why
}

/// Whether nobody would see the difference.
pub(super) fn look_the_same(old: Option<&[GpuProcess]>, new: Option<&[GpuProcess]>) -> bool {
    let (Some(old), Some(new)) = (old, new) else {
        return old.is_none() && new.is_none();
    };
    let alike = |(old, new): (&GpuProcess, &GpuProcess)| {
        let memory = match (old.mem_bytes, new.mem_bytes) {
            (Some(old), Some(new)) => old.abs_diff(new) < PROCESS_BYTES,
            (old, new) => old == new,
        };
        let percent = match (old.sm_pct, new.sm_pct) {
            (Some(old), Some(new)) => (old - new).abs() < PROCESS_PERCENT,
            (old, new) => old == new,
        };
        memory
            && percent
            && (old.pid, old.started) == (new.pid, new.started)
            && (&old.user, &old.command) == (&new.user, &new.command)
            && old.attempt == new.attempt
    };
    old.len() == new.len() && old.iter().zip(new).all(alike)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "percent, watts and degrees"
)]
fn whole(value: Option<f32>) -> Option<i64> {
    value.map(|value| value.round().max(0.0) as i64)
}

#[expect(clippy::cast_precision_loss, reason = "percent, watts and degrees")]
fn number(value: Option<i64>) -> Option<f32> {
    value.map(|value| value as f32)
}

fn units<T: Into<u64>>(value: Option<T>, unit: T) -> Option<i64> {
    let unit = unit.into();
    value.map(|value| {
        i64::try_from(value.into().saturating_add(unit / 2) / unit).unwrap_or(i64::MAX)
    })
}

fn count(value: Option<i64>, unit: u64) -> Option<u64> {
    value.map(|value| value.unsigned_abs().saturating_mul(unit))
}

fn megahertz(value: Option<i64>) -> Option<u32> {
    value.map(|value| {
        u32::try_from(value)
            .unwrap_or(u32::MAX)
            .saturating_mul(CLOCK)
    })
}

fn bits(throttle: &[Throttle]) -> i64 {
    let is_set = |place: &usize| throttle.contains(&THROTTLES[*place]);
    let set = (0..THROTTLES.len()).filter(is_set);
    set.fold(0, |bits, place| bits | (1 << place))
}

fn throttles(bits: i64) -> Vec<Throttle> {
    let set = THROTTLES.iter().enumerate();
    set.filter(|(place, _)| bits & (1 << place) != 0)
        .map(|(_, throttle)| *throttle)
        .collect()
}
