//! What its tables mean. `[N/A]` and the like are unknown, not zero.

use std::str::FromStr;

use berth_domain::{Figure, Gpu, GpuProcess, GpuSample, GpuUuid, SampleSource};
use nvml_wrapper::bitmasks::device::ThrottleReasons;

use super::run::{Fields, Line};
use crate::inventory::InventoryError;
use crate::local::{Hardware, Through};
use crate::throttle::throttle;

const MIB: u64 = 1024 * 1024;

pub(super) const IDENTITY: Fields = Fields {
    all: &["index", "uuid", "name", "memory.total", "driver_version"],
    newer: &["pci.bus_id", "mig.mode.current"],
};

pub(super) const FIGURES: Fields = Fields {
    all: &[
        "uuid",
        "utilization.gpu",
        "memory.used",
        "power.draw",
        "temperature.gpu",
    ],
    newer: &[
        "enforced.power.limit",
        "clocks.sm",
        "clocks.mem",
        "clocks_throttle_reasons.active",
        "ecc.errors.corrected.volatile.total",
        "ecc.errors.uncorrected.volatile.total",
    ],
};

pub(super) const PROCESSES: Fields = Fields {
    all: &["gpu_uuid", "pid", "used_memory"],
    newer: &[],
};

/// A process, and the GPU that it is on.
pub(super) type OnGpu = (GpuUuid, GpuProcess);

pub(super) fn hardware(lines: &[Line]) -> Result<Hardware, InventoryError> {
    let mut found = Hardware {
        gpus: vec![],
        driver: None,
        problems: vec![],
        through: Through::NvidiaSmi,
    };
    for line in lines {
        let unreadable = || {
            let words: Vec<&str> = line.values().map(String::as_str).collect();
            InventoryError::Line(words.join(", "))
        };
        let index: u32 = line["index"].parse().map_err(|_| unreadable())?;
        let memory = &line["memory.total"];
        let mebibytes = memory.parse::<u64>().unwrap_or_else(|_| {
            let why = format!("The memory of GPU {index} is not known: nvidia-smi says {memory}.");
            found.problems.push(why);
            0
        });
        found.driver = Some(line["driver_version"].clone());
        let uuid = GpuUuid(line["uuid"].clone());
        found.gpus.push(Gpu {
            pci: line.get("pci.bus_id").cloned(),
            mig: line
                .get("mig.mode.current")
                .is_some_and(|mode| mode == "Enabled"),
            ..Gpu::new(index, uuid, &line["name"], mebibytes * MIB)
        });
    }
    found.gpus.sort_by_key(|gpu| gpu.index);
    Ok(found)
}

/// `None`: of no GPU.
pub(super) fn sample(line: &Line) -> Option<GpuSample> {
    let mut sample = GpuSample {
        source: SampleSource::NvidiaSmi,
        ..GpuSample::of(GpuUuid(line.get("uuid")?.clone()))
    };
    let of = &mut sample;
    of.busy_pct = read(of, line, Figure::Busy, "utilization.gpu");
    let used: Option<u64> = read(of, line, Figure::Memory, "memory.used");
    of.mem_used_bytes = used.map(|mebibytes| mebibytes * MIB);
    of.power_w = read(of, line, Figure::Power, "power.draw");
    of.power_limit_w = read(of, line, Figure::PowerLimit, "enforced.power.limit");
    of.temp_c = read(of, line, Figure::Temperature, "temperature.gpu");
    of.sm_clock_mhz = read(of, line, Figure::SmClock, "clocks.sm");
    of.mem_clock_mhz = read(of, line, Figure::MemClock, "clocks.mem");
    let mask: Option<Mask> = read(of, line, Figure::Throttle, "clocks_throttle_reasons.active");
    of.throttle = mask.map(|Mask(mask)| throttle(ThrottleReasons::from_bits_truncate(mask)));
    let (mended, not) = (
        "ecc.errors.corrected.volatile.total",
        "ecc.errors.uncorrected.volatile.total",
    );
    of.ecc_corrected = read(of, line, Figure::EccCorrected, mended);
    of.ecc_uncorrected = read(of, line, Figure::EccUncorrected, not);
    let beyond = [
        Figure::SmActive,
        Figure::SmOccupancy,
        Figure::TensorActive,
        Figure::Pcie,
        Figure::Nvlink,
        Figure::ProcessUse,
        Figure::Xid,
    ];
    let why = "only the driver's library tells it, which cannot be loaded";
    of.why.extend(beyond.map(|figure| (figure, why.to_owned())));
    Some(sample)
}

/// A number, or why there is none.
fn read<T: FromStr>(
    sample: &mut GpuSample,
    line: &Line,
    figure: Figure,
    field: &'static str,
) -> Option<T> {
    let text = line.get(field);
    let number = text.and_then(|text| text.parse().ok());
    if number.is_none() {
        let why = text.map_or_else(
            || "this nvidia-smi does not know it".to_owned(),
            |text| format!("nvidia-smi says {text}"),
        );
        sample.why.insert(figure, why);
    }
    number
}

/// `0x0000000000000004`.
struct Mask(u64);

impl FromStr for Mask {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix("0x").ok_or(())?;
        u64::from_str_radix(digits, 16).map(Mask).map_err(|_| ())
    }
}

/// Of lines that can be read.
pub(super) fn processes(lines: &[Line]) -> Vec<OnGpu> {
    let process = |line: &Line| {
        let mebibytes = line.get("used_memory")?.parse::<u64>().ok();
        let process = GpuProcess {
            pid: line.get("pid")?.parse().ok()?,
            mem_bytes: mebibytes.map(|mebibytes| mebibytes * MIB),
            ..GpuProcess::default()
        };
        Some((GpuUuid(line.get("gpu_uuid")?.clone()), process))
    };
    lines.iter().filter_map(process).collect()
}

#[cfg(test)]
mod tests {
    use berth_domain::Throttle;

    use super::*;

    #[test]
    fn what_is_not_known_is_absent() {
        let words = ["GPU-1", "97", "[N/A]", "412.55", "[Unknown Error]"];
        let mut line: Line = FIGURES
            .all
            .iter()
            .copied()
            .zip(words.map(str::to_owned))
            .collect();
        line.insert(
            "clocks_throttle_reasons.active",
            "0x0000000000000044".to_owned(),
        );
        let found = sample(&line).unwrap();
        assert_eq!(found.busy_pct, Some(97.0));
        assert_eq!(found.mem_used_bytes, None);
        assert_eq!(found.power_w, Some(412.55));
        assert_eq!(found.temp_c, None);
        assert_eq!(
            found.throttle,
            Some(vec![Throttle::PowerCap, Throttle::HardThermal])
        );
        assert_eq!(found.why[&Figure::Memory], "nvidia-smi says [N/A]");
        assert_eq!(
            found.why[&Figure::Temperature],
            "nvidia-smi says [Unknown Error]"
        );
        assert_eq!(
            found.why[&Figure::SmClock],
            "this nvidia-smi does not know it"
        );
        assert!(found.why[&Figure::SmActive].contains("library"));
        assert_eq!(sample(&Line::new()), None);
    }
}
