//! Who has memory or work on a GPU, and how much.

use std::collections::BTreeMap;

use berth_domain::{Figure, GpuProcess, GpuSample};
use nvml_wrapper::Device;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;

use super::lane::{Desk, Silence};
use crate::processes::{self, Known};

#[derive(Debug, Default)]
pub(super) struct Working {
    known: Known,
    /// When the driver last saw a process work, by its own clock.
    seen_us: u64,
    /// What each used that worked then, in per cent.
    used: BTreeMap<u32, f32>,
}

/// By pid, the bytes that each has, where they are told.
type Memory = BTreeMap<u32, Option<u64>>;

impl Working {
    /// Adds the processes and what each uses, or why that is not known.
    pub(super) fn read(&mut self, desk: &Desk, device: &Device<'static>, sample: &mut GpuSample) {
        let memory = match memory(desk, device) {
            Ok(memory) => memory,
            Err(silence) => {
                sample.why.insert(Figure::Processes, silence.to_string());
                return;
            }
        };
        let used = if memory.is_empty() {
            BTreeMap::new()
        } else {
            let used = self.used(desk, device);
            used.unwrap_or_else(|silence| {
                sample.why.insert(Figure::ProcessUse, silence.to_string());
                BTreeMap::new()
            })
        };
        let idle = (!sample.why.contains_key(&Figure::ProcessUse)).then_some(0.0);
        let pids: Vec<u32> = memory.keys().copied().collect();
        self.known.keep(&pids);
        let each = memory.into_iter().map(|(pid, mem_bytes)| GpuProcess {
            mem_bytes,
            sm_pct: used.get(&pid).copied().or(idle),
            ..self.who(desk, pid)
        });
        sample.processes = Some(each.collect());
    }

    /// Looking at a process hangs where it hangs itself in the driver.
    fn who(&mut self, desk: &Desk, pid: u32) -> GpuProcess {
        let started = processes::started(pid);
        self.known.get(pid, started, || {
            desk.call("/proc", || Ok(processes::look(pid))).ok()
        })
    }

    /// What each process that worked used. The driver tells each of its measurements once, and
    /// measures about as often as it is asked: where it has no new one, the last one holds once more.
    fn used(
        &mut self,
        desk: &Desk,
        device: &Device<'static>,
    ) -> Result<BTreeMap<u32, f32>, Silence> {
        let since = self.seen_us;
        let told = desk.call("nvmlDeviceGetProcessUtilization", || {
            device.process_utilization_stats(since)
        });
        let mut told = match told {
            // Nobody worked.
            Err(Silence::Refused(NvmlError::NotFound)) => vec![],
            told => told?,
        };
        told.sort_by_key(|told| told.timestamp);
        let mut new = BTreeMap::new();
        for told in told {
            self.seen_us = self.seen_us.max(told.timestamp);
            // It has been seen to tell of more than all.
            if let Ok(sm @ 0..=100) = u8::try_from(told.sm_util) {
                new.insert(told.pid, f32::from(sm));
            }
        }
        let mut shown = std::mem::replace(&mut self.used, new.clone());
        shown.extend(new);
        Ok(shown)
    }
}

fn memory(desk: &Desk, device: &Device<'static>) -> Result<Memory, Silence> {
    let computing = desk.call("nvmlDeviceGetComputeRunningProcesses_v3", || {
        device.running_compute_processes()
    })?;
    let drawing = desk.call("nvmlDeviceGetGraphicsRunningProcesses_v3", || {
        device.running_graphics_processes()
    });
    let drawing = match drawing {
        // Cards for computing alone.
        Err(Silence::Refused(NvmlError::NotSupported)) => vec![],
        drawing => drawing?,
    };
    let mut memory = by_pid(computing);
    // One that does both has the same memory in both.
    for (pid, bytes) in by_pid(drawing) {
        memory.entry(pid).or_insert(bytes);
    }
    Ok(memory)
}

/// A process may be there more than once, with a part of its memory in each slice.
fn by_pid(processes: Vec<ProcessInfo>) -> Memory {
    let mut memory = Memory::new();
    for process in processes {
        let bytes = match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        };
        let all = memory.entry(process.pid).or_insert(Some(0));
        *all = all.zip(bytes).map(|(all, bytes)| all + bytes);
    }
    memory
}
