//! GPM, the counters that tell what a GPU really works (Hopper and later): each figure compares two
//! samples of them, ours and the one before.

use std::mem::ManuallyDrop;

use berth_domain::{Figure, GpuSample};
use nvml_wrapper::enums::gpm::GpmMetricId;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::gpm::gpm_metrics_get;
use nvml_wrapper::struct_wrappers::gpm::GpmMetricResult;
use nvml_wrapper::{Device, GpmSample};

use super::Library;
use super::lane::{Desk, Silence};

const ASKED: [(Figure, GpmMetricId); 7] = [
    (Figure::SmActive, GpmMetricId::SmUtil),
    (Figure::SmOccupancy, GpmMetricId::SmOccupancy),
    (Figure::TensorActive, GpmMetricId::AnyTensorUtil),
    (Figure::Pcie, GpmMetricId::PcieRxPerSec),
    (Figure::Pcie, GpmMetricId::PcieTxPerSec),
    (Figure::Nvlink, GpmMetricId::NvlinkTotalRxPerSec),
    (Figure::Nvlink, GpmMetricId::NvlinkTotalTxPerSec),
];
/// GPM counts traffic in these.
const MIB: f64 = 1024.0 * 1024.0;
const FREE: &str = "nvmlGpmSampleFree";

#[derive(Debug, Default)]
pub(super) struct Gpm {
    /// Whether the GPU has it, once that is known.
    offered: Option<bool>,
    earlier: Option<GpmSample<'static>>,
}

impl Gpm {
    /// Adds what GPM tells, or why it does not. Whether it is there: at the first sample it tells
    /// nothing yet.
    pub(super) fn read(
        &mut self,
        desk: &Desk,
        nvml: Library,
        device: &Device<'static>,
        sample: &mut GpuSample,
    ) -> bool {
        let told = match self.compare(desk, nvml, device) {
            Ok(Some(told)) => told,
            Ok(None) => {
                let why = "it compares two samples, of which this is the first";
                explain(sample, why);
                return true;
            }
            Err(silence) => {
                explain(sample, &silence.to_string());
                return false;
            }
        };
        for ((figure, metric), value) in ASKED.into_iter().zip(told) {
            match value {
                Ok(value) => set(sample, metric, value),
                Err(why) => drop(sample.why.insert(figure, why.to_string())),
            }
        }
        true
    }

    /// In the order of [`ASKED`]; `None` as long as there is nothing to compare with.
    fn compare(
        &mut self,
        desk: &Desk,
        nvml: Library,
        device: &Device<'static>,
    ) -> Result<Option<Vec<Result<f64, Silence>>>, Silence> {
        if let Err(error) = &nvml.lib().nvmlGpmSampleFree {
            // Letting go of a sample would panic.
            let error = NvmlError::FailedToLoadSymbol(error.to_string());
            return Err(Silence::Refused(error));
        }
        // Samples that cannot be freed would pile up.
        desk.is_away(FREE)?;
        if self.offered.is_none() {
            let offered = desk.call("nvmlGpmQueryDeviceSupport", || device.gpm_support())?;
            self.offered = Some(offered);
        }
        if self.offered == Some(false) {
            return Err(Silence::NotAsked("this GPU has no GPM"));
        }
        let new = desk.call("nvmlGpmSampleGet", || device.gpm_sample())?;
        let Some(earlier) = self.earlier.take() else {
            self.earlier = Some(new);
            return Ok(None);
        };
        let asked = ASKED.map(|(_, metric)| metric);
        let told = desk.call("nvmlGpmMetricsGet", || {
            gpm_metrics_get(nvml, &earlier, &new, &asked)
        });
        self.earlier = Some(new);
        free(desk, earlier);
        let value = |result: Result<GpmMetricResult, NvmlError>| match result {
            Ok(result) if result.value.is_finite() && result.value >= 0.0 => Ok(result.value),
            Ok(_) => Err(Silence::NotAsked("the driver says what cannot be")),
            Err(error) => Err(Silence::Refused(error)),
        };
        Ok(Some(told?.into_iter().map(value).collect()))
    }
}

fn explain(sample: &mut GpuSample, why: &str) {
    let each = ASKED.map(|(figure, _)| (figure, why.to_owned()));
    sample.why.extend(each);
}

/// Freeing is a call like others. One that is not made leaves the sample where it is.
fn free(desk: &Desk, sample: GpmSample<'static>) {
    let kept = ManuallyDrop::new(sample);
    let _ = desk.call(FREE, || ManuallyDrop::into_inner(kept).free());
}

fn set(sample: &mut GpuSample, metric: GpmMetricId, value: f64) {
    match metric {
        GpmMetricId::SmUtil => sample.sm_active_pct = Some(per_cent(value)),
        GpmMetricId::SmOccupancy => sample.sm_occupancy_pct = Some(per_cent(value)),
        GpmMetricId::AnyTensorUtil => sample.tensor_active_pct = Some(per_cent(value)),
        GpmMetricId::PcieRxPerSec => sample.pcie_rx_bytes = Some(bytes(value)),
        GpmMetricId::PcieTxPerSec => sample.pcie_tx_bytes = Some(bytes(value)),
        GpmMetricId::NvlinkTotalRxPerSec => sample.nvlink_rx_bytes = Some(bytes(value)),
        GpmMetricId::NvlinkTotalTxPerSec => sample.nvlink_tx_bytes = Some(bytes(value)),
        _ => {}
    }
}

#[expect(clippy::cast_possible_truncation, reason = "per cent are small")]
fn per_cent(value: f64) -> f32 {
    value.min(100.0) as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and no link carries exabytes"
)]
fn bytes(mebibytes: f64) -> u64 {
    (mebibytes * MIB) as u64
}
