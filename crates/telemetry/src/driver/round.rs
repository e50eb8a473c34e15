//! One sample of a GPU: what the library is asked for each figure. One that is not told stays empty,
//! with the reason, and the others are read.

use std::collections::BTreeMap;
use std::sync::Mutex;

use berth_domain::{Figure, GpuSample, GpuUuid};
use nvml_wrapper::Device;
use nvml_wrapper::enum_wrappers::device::{
    Clock, EccCounter, MemoryError, PcieUtilCounter, TemperatureSensor,
};
use nvml_wrapper::error::NvmlError;

use super::Library;
use super::gpm::Gpm;
use super::lane::{Desk, Function, Silence, lock};
use super::working::Working;
use crate::throttle::throttle;

/// What changes seldom is asked for at every so many samples. Each call costs the driver milliseconds.
const LIMIT_EVERY: u64 = 30;
const ERRORS_EVERY: u64 = 10;
/// It measures for 20 ms each way.
const THROUGHPUT_EVERY: u64 = 5;

/// What is kept from one sample to the next. Each part is taken out while it is worked with, so that a
/// call that hangs takes that part away and no other.
#[derive(Debug, Default)]
pub(super) struct Memory {
    gpm: Mutex<Gpm>,
    working: Mutex<Working>,
    seldom: Mutex<Seldom>,
}

#[derive(Debug, Default)]
struct Seldom {
    samples: u64,
    told: BTreeMap<Asked, u64>,
}

/// Figures that are not asked for every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Limit,
    Corrected,
    Uncorrected,
    PcieIn,
    PcieOut,
}

/// Where a sample comes together.
struct Gathered<'a> {
    desk: &'a Desk,
    device: &'a Device<'static>,
    sample: GpuSample,
    /// The GPU fell off the bus.
    lost: Option<NvmlError>,
}

impl Memory {
    /// # Errors
    /// When the GPU is gone.
    pub(super) fn sample(
        &self,
        desk: &Desk,
        nvml: Library,
        device: &Device<'static>,
        gpu: GpuUuid,
    ) -> Result<GpuSample, NvmlError> {
        let mut to = Gathered {
            desk,
            device,
            sample: GpuSample::of(gpu),
            lost: None,
        };
        to.figures();
        if let Some(lost) = to.lost {
            return Err(lost);
        }
        part(desk, &self.seldom, |seldom| to.seldom(seldom));
        let gpm = part(desk, &self.gpm, |gpm| {
            gpm.read(desk, nvml, device, &mut to.sample)
        });
        if !gpm {
            part(desk, &self.seldom, |seldom| to.throughput(seldom));
        }
        part(desk, &self.working, |working| {
            working.read(desk, device, &mut to.sample);
        });
        Ok(to.sample)
    }
}

/// Works with a part of the memory. A thread that was given up keeps it for itself.
fn part<T: Default, R>(desk: &Desk, part: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> R {
    let mut own = std::mem::take(&mut *lock(part));
    let done = work(&mut own);
    if !desk.is_given_up() {
        *lock(part) = own;
    }
    done
}

impl Gathered<'_> {
    fn or_why<T>(&mut self, figure: Figure, told: Result<T, Silence>) -> Option<T> {
        let silence = match told {
            Ok(told) => return Some(told),
            Err(silence) => silence,
        };
        self.sample.why.insert(figure, silence.to_string());
        if let Silence::Refused(error @ NvmlError::GpuLost) = silence {
            self.lost = Some(error);
        }
        None
    }

    fn ask<T>(
        &mut self,
        figure: Figure,
        function: Function,
        call: impl FnOnce(&Device<'static>) -> Result<T, NvmlError>,
    ) -> Option<T> {
        let device = self.device;
        let told = self.desk.call(function, || call(device));
        self.or_why(figure, told)
    }

    /// What is asked for every time.
    #[expect(
        clippy::cast_precision_loss,
        reason = "per cent, milliwatts and degrees are small"
    )]
    fn figures(&mut self) {
        let busy = self.ask(Figure::Busy, "nvmlDeviceGetUtilizationRates", |device| {
            device.utilization_rates()
        });
        let memory = self.ask(Figure::Memory, "nvmlDeviceGetMemoryInfo_v2", |device| {
            device.memory_info()
        });
        let power = self.ask(Figure::Power, "nvmlDeviceGetPowerUsage", |device| {
            device.power_usage()
        });
        let heat = self.ask(Figure::Temperature, "nvmlDeviceGetTemperature", |device| {
            device.temperature(TemperatureSensor::Gpu)
        });
        let sm_clock = self.ask(Figure::SmClock, "nvmlDeviceGetClockInfo", |device| {
            device.clock_info(Clock::SM)
        });
        let mem_clock = self.ask(Figure::MemClock, "nvmlDeviceGetClockInfo", |device| {
            device.clock_info(Clock::Memory)
        });
        let function = "nvmlDeviceGetCurrentClocksThrottleReasons";
        let reasons = self.ask(Figure::Throttle, function, |device| {
            device.current_throttle_reasons()
        });
        let sample = &mut self.sample;
        sample.busy_pct = busy.map(|rates| rates.gpu as f32);
        sample.mem_used_bytes = memory.map(|memory| memory.used);
        sample.power_w = power.map(|milliwatts| milliwatts as f32 / 1000.0);
        sample.temp_c = heat.map(|degrees| degrees as f32);
        sample.sm_clock_mhz = sm_clock;
        sample.mem_clock_mhz = mem_clock;
        sample.throttle = reasons.map(throttle);
    }

    #[expect(clippy::cast_precision_loss, reason = "a GPU draws less than 10 kW")]
    fn seldom(&mut self, seldom: &mut Seldom) {
        seldom.samples += 1;
        let function = "nvmlDeviceGetEnforcedPowerLimit";
        let told = seldom.ask(Asked::Limit, LIMIT_EVERY, || {
            self.desk.call(function, || {
                self.device.enforced_power_limit().map(u64::from)
            })
        });
        let limit = self.or_why(Figure::PowerLimit, told);
        self.sample.power_limit_w = limit.map(|milliwatts| milliwatts as f32 / 1000.0);
        let errors = |kind| {
            self.desk.call("nvmlDeviceGetTotalEccErrors", || {
                self.device.total_ecc_errors(kind, EccCounter::Volatile)
            })
        };
        let corrected = seldom.ask(Asked::Corrected, ERRORS_EVERY, || {
            errors(MemoryError::Corrected)
        });
        let uncorrected = seldom.ask(Asked::Uncorrected, ERRORS_EVERY, || {
            errors(MemoryError::Uncorrected)
        });
        self.sample.ecc_corrected = self.or_why(Figure::EccCorrected, corrected);
        self.sample.ecc_uncorrected = self.or_why(Figure::EccUncorrected, uncorrected);
    }

    /// Where GPM does not say it.
    fn throughput(&mut self, seldom: &mut Seldom) {
        let kilobytes = |way| {
            self.desk.call("nvmlDeviceGetPcieThroughput", || {
                Ok(u64::from(self.device.pcie_throughput(way)?) * 1000)
            })
        };
        let received = seldom.ask(Asked::PcieIn, THROUGHPUT_EVERY, || {
            kilobytes(PcieUtilCounter::Receive)
        });
        let sent = seldom.ask(Asked::PcieOut, THROUGHPUT_EVERY, || {
            kilobytes(PcieUtilCounter::Send)
        });
        self.sample.why.remove(&Figure::Pcie);
        self.sample.pcie_rx_bytes = self.or_why(Figure::Pcie, received);
        self.sample.pcie_tx_bytes = self.or_why(Figure::Pcie, sent);
    }
}

impl Seldom {
    /// What was told last, or asks again where it is time or nothing was told.
    fn ask(
        &mut self,
        what: Asked,
        every: u64,
        ask: impl FnOnce() -> Result<u64, Silence>,
    ) -> Result<u64, Silence> {
        if let Some(told) = self.told.get(&what)
            && !self.samples.is_multiple_of(every)
        {
            return Ok(*told);
        }
        let told = ask();
        match &told {
            Ok(told) => self.told.insert(what, *told),
            Err(_) => self.told.remove(&what),
        };
        told
    }
}
