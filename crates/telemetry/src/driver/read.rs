//! What the library is asked, and what becomes of a call that fails: that field stays empty, with
//! the reason, and the others are read.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{Figure, Gpu, GpuSample, GpuUuid};
use nvml_wrapper::enum_wrappers::device::{P2pCapabilitiesIndex, P2pStatus, TemperatureSensor};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use crate::local::{Hardware, Through};

pub(super) struct Reader<'a> {
    nvml: &'a Nvml,
    /// By the library's own index: a GPU that does not answer any more does not tell its name either.
    known: BTreeMap<u32, GpuUuid>,
}

/// A GPU that can be leased.
struct Found<'a> {
    device: Device<'a>,
    gpu: Gpu,
    /// Domain, bus and device.
    pci: Option<(u32, u32, u32)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(nvml: &'a Nvml) -> Self {
        Reader {
            nvml,
            known: BTreeMap::new(),
        }
    }

    pub(super) fn hardware(&mut self) -> Result<Hardware, NvmlError> {
        let count = self.nvml.device_count()?;
        let mut problems = Vec::new();
        let mut found: Vec<Found<'_>> = Vec::new();
        for index in 0..count {
            match self.gpu(index, &mut problems) {
                Ok(gpu) => {
                    self.known.insert(index, gpu.gpu.uuid.clone());
                    found.push(gpu);
                }
                Err(error) => problems.push(format!("GPU {index} cannot be leased: {error}.")),
            }
        }
        let whole = u32::try_from(found.len()) == Ok(count);
        if whole && found.iter().all(|gpu| gpu.pci.is_some()) {
            // As CUDA counts them with CUDA_DEVICE_ORDER=PCI_BUS_ID; the library promises no order.
            found.sort_by_key(|gpu| gpu.pci);
            for (index, gpu) in (0..).zip(&mut found) {
                gpu.gpu.index = index;
            }
        }
        join(&mut found);
        Ok(Hardware {
            gpus: found.into_iter().map(|found| found.gpu).collect(),
            driver: self.nvml.sys_driver_version().ok(),
            problems,
            through: Through::Library,
        })
    }

    /// A GPU without its UUID cannot be leased; one without anything else can.
    fn gpu(&self, index: u32, problems: &mut Vec<String>) -> Result<Found<'a>, NvmlError> {
        let device = self.nvml.device_by_index(index)?;
        let uuid = GpuUuid(device.uuid()?);
        let mut or_say = |what: &str, error: NvmlError| {
            problems.push(format!("The {what} of GPU {index} is not known: {error}."));
        };
        let name = device.name();
        let model = name.unwrap_or_else(|error| {
            or_say("model", error);
            Gpu::UNKNOWN_MODEL.to_owned()
        });
        let memory = device.memory_info();
        let mem_total_bytes = memory.map_or_else(
            |error| {
                or_say("memory", error);
                0
            },
            |memory| memory.total,
        );
        let pci = device.pci_info();
        let pci = pci.map_or_else(
            |error| {
                or_say("place on the PCI bus", error);
                None
            },
            |pci| Some((pci.domain, pci.bus, pci.device)),
        );
        let gpu = Gpu::new(index, uuid, &model, mem_total_bytes);
        Ok(Found { device, gpu, pci })
    }

    pub(super) fn samples(&mut self) -> Result<Vec<GpuSample>, NvmlError> {
        let count = self.nvml.device_count()?;
        let mut samples = Vec::new();
        for index in 0..count {
            let device = self.nvml.device_by_index(index);
            let device = device.and_then(|device| {
                let uuid = GpuUuid(device.uuid()?);
                Ok((device, uuid))
            });
            match device {
                Ok((device, uuid)) => {
                    self.known.insert(index, uuid.clone());
                    samples.push(sample(&device, uuid));
                }
                Err(error) => samples.extend(self.known.get(&index).map(|uuid| GpuSample {
                    why: BTreeMap::from([(Figure::Gpu, format!("it does not answer: {error}"))]),
                    ..GpuSample::of(uuid.clone())
                })),
            }
        }
        Ok(samples)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "per cent, milliwatts and degrees are small"
)]
fn sample(device: &Device<'_>, gpu: GpuUuid) -> GpuSample {
    let mut why = BTreeMap::new();
    let busy = device.utilization_rates().map(|rates| rates.gpu as f32);
    let memory = device.memory_info().map(|memory| memory.used);
    let power = device
        .power_usage()
        .map(|milliwatts| milliwatts as f32 / 1000.0);
    let heat = device
        .temperature(TemperatureSensor::Gpu)
        .map(|degrees| degrees as f32);
    let sample = GpuSample {
        busy_pct: or_why(Figure::Busy, busy, &mut why),
        mem_used_bytes: or_why(Figure::Memory, memory, &mut why),
        power_w: or_why(Figure::Power, power, &mut why),
        temp_c: or_why(Figure::Temperature, heat, &mut why),
        ..GpuSample::of(gpu)
    };
    GpuSample { why, ..sample }
}

fn or_why<T>(
    figure: Figure,
    read: Result<T, NvmlError>,
    why: &mut BTreeMap<Figure, String>,
) -> Option<T> {
    read.map_err(|error| why.insert(figure, error.to_string()))
        .ok()
}

/// Numbers the groups of GPUs that reach each other through NVLink. If the driver does not say so
/// of any pair, none is numbered.
fn join(found: &mut [Found<'_>]) {
    let count = found.len();
    let mut islands: Vec<usize> = (0..count).collect();
    for (one, other) in (0..count).flat_map(|one| (0..one).map(move |other| (one, other))) {
        let status = found[one]
            .device
            .p2p_status(&found[other].device, P2pCapabilitiesIndex::NvLink);
        match status {
            Ok(P2pStatus::Ok) => {
                let (keep, join) = (islands[other], islands[one]);
                for island in &mut islands {
                    if *island == join {
                        *island = keep;
                    }
                }
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
    let numbers: BTreeSet<usize> = islands.iter().copied().collect();
    for (gpu, island) in found.iter_mut().zip(islands) {
        let number = numbers.range(..island).count();
        gpu.gpu.nvlink_island = u32::try_from(number).ok();
    }
}
