//! One GPU that is watched: the thread that asks about it, and what it said last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use berth_domain::{Figure, GpuSample, GpuUuid};
use nvml_wrapper::Device;
use tokio::sync::watch;

use super::Library;
use super::errors::Errors;
use super::lane::{Desk, Lane, Silence, lock};
use super::round::Memory;

#[derive(Debug)]
pub(super) struct Watched {
    nvml: Library,
    /// The library's own.
    pub(super) index: u32,
    pub(super) lane: Lane,
    /// Once it was found: a GPU that does not answer any more does not tell its name either.
    found: Mutex<Option<Found>>,
    memory: Memory,
    newest: watch::Sender<Newest>,
}

/// What has to be known of a GPU before it can be asked.
#[derive(Clone, Debug)]
struct Found {
    handle: Arc<Device<'static>>,
    uuid: GpuUuid,
    errors: Arc<Errors>,
}

#[derive(Debug, Default)]
struct Newest {
    sample: Option<GpuSample>,
    /// Since when the next one is being read.
    reading: Option<Instant>,
}

impl Watched {
    pub(super) fn new(nvml: Library, index: u32, patience: Duration) -> Self {
        Watched {
            nvml,
            index,
            lane: Lane::new(patience),
            found: Mutex::default(),
            memory: Memory::default(),
            newest: watch::Sender::default(),
        }
    }

    pub(super) fn uuid(&self) -> Option<GpuUuid> {
        lock(&self.found).as_ref().map(|found| found.uuid.clone())
    }

    /// Asks for it. One that fell off the bus is not found any more.
    pub(super) fn find(&self, desk: &Desk) -> Result<Arc<Device<'static>>, Silence> {
        let device = desk.call("nvmlDeviceGetHandleByIndex_v2", || {
            self.nvml.device_by_index(self.index)
        })?;
        let uuid = GpuUuid(desk.call("nvmlDeviceGetUUID", || device.uuid())?);
        let handle = Arc::new(device);
        let mut found = lock(&self.found);
        let known = found.take().filter(|known| known.uuid == uuid);
        let errors = known.map_or_else(
            || Errors::watch(self.nvml, handle.clone(), self.lane.patience()),
            |known| known.errors,
        );
        *found = Some(Found {
            handle: handle.clone(),
            uuid,
            errors,
        });
        Ok(handle)
    }

    /// Reads a sample, unless one is being read; returns when there is a new one, which may be never.
    pub(super) async fn next(self: Arc<Self>) {
        let mut newest = self.newest.subscribe();
        let mut begins = false;
        self.newest.send_if_modified(|newest| {
            begins = newest.reading.is_none();
            newest.reading.get_or_insert_with(Instant::now);
            false
        });
        if begins {
            let gpu = self.clone();
            // On a task of its own: it goes on when nobody waits any more.
            tokio::spawn(async move {
                let own = gpu.clone();
                let sample = gpu.lane.ask(move |desk| own.read(desk)).await;
                gpu.newest.send_modify(|newest| {
                    newest.reading = None;
                    newest.sample = sample.flatten().or(newest.sample.take());
                });
            });
        }
        // It lasts as long as `self`.
        let _ = newest.changed().await;
    }

    /// What was read last, and the errors since the last time that this was asked. `None` of a GPU
    /// that was never found.
    pub(super) fn newest(&self) -> Option<GpuSample> {
        let found = lock(&self.found).clone()?;
        let newest = self.newest.borrow();
        let silent = newest.reading.map(|since| since.elapsed());
        // A call that hangs is given up in time for that, unless all hang.
        let silent = silent.filter(|silent| *silent > 3 * self.lane.patience());
        let mut sample = match (&newest.sample, silent) {
            (Some(sample), None) => sample.clone(),
            (_, Some(silent)) => gone(&found.uuid, &Silence::Hangs(silent)),
            (None, None) => gone(&found.uuid, &Silence::NotAsked("nothing was read yet")),
        };
        found.errors.tell(&mut sample);
        Some(sample)
    }

    fn read(&self, desk: &Desk) -> Option<GpuSample> {
        let known = lock(&self.found).as_ref().map(|found| found.handle.clone());
        let handle = match known {
            Some(handle) => handle,
            None => self.find(desk).ok()?,
        };
        let uuid = self.uuid()?;
        let sample = self.memory.sample(desk, self.nvml, &handle, uuid.clone());
        Some(sample.unwrap_or_else(|lost| gone(&uuid, &Silence::Refused(lost))))
    }
}

fn gone(uuid: &GpuUuid, silence: &Silence) -> GpuSample {
    GpuSample {
        why: BTreeMap::from([(Figure::Gpu, format!("it does not answer: {silence}"))]),
        ..GpuSample::of(uuid.clone())
    }
}
