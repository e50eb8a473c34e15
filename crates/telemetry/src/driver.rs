//! The NVIDIA driver's library (NVML): which GPUs there are and what they do.
//!
//! Each GPU is asked on a thread of its own ([`lane`]), so that a call that hangs holds up neither the
//! other GPUs nor the other figures of its own. Whoever asks here waits a bounded time in any case.

mod errors;
mod gpm;
mod gpu;
mod identity;
mod lane;
mod round;
mod working;

use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth_domain::GpuSample;
use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::gpu::Watched;
use self::lane::{Lane, Silence, lock};
use crate::inventory::InventoryError;
use crate::local::{Hardware, Through};

/// How long whoever asks what there is waits for the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A call that takes longer hangs. Less than what whoever asks has, so that the rest is told.
const CALL_PATIENCE: Duration = Duration::from_millis(1500);
/// Samples are asked for every second: a GPU that takes longer gives what it gave last.
const SAMPLE_PATIENCE: Duration = Duration::from_millis(500);
/// What drivers install. Without the 1 it is only there with the developers' package.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// The library, once it is loaded. Never unloaded: a call that hangs is in it for good.
type Library = &'static Nvml;

/// Asks the driver. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    library: OsString,
    patience: Duration,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// For what is about no GPU.
    lane: Lane,
    loaded: Mutex<Option<Library>>,
    /// By the library's own index.
    gpus: Mutex<Vec<Arc<Watched>>>,
}

impl Driver {
    /// `library`: another file than the one that drivers install.
    pub(crate) fn new(library: Option<OsString>) -> Self {
        Driver {
            library: library.unwrap_or_else(|| LIBRARY.into()),
            patience: PATIENCE,
            shared: Arc::new(Shared {
                lane: Lane::new(CALL_PATIENCE),
                loaded: Mutex::default(),
                gpus: Mutex::default(),
            }),
        }
    }

    /// The same, but who asks what there is gives up earlier.
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Driver { patience, ..self }
    }

    /// The same library anew, of which a call hangs after this long.
    pub(crate) fn with_call_patience(self, patience: Duration) -> Self {
        Driver {
            shared: Arc::new(Shared {
                lane: Lane::new(patience),
                loaded: Mutex::default(),
                gpus: Mutex::default(),
            }),
            ..self
        }
    }

    pub(crate) async fn hardware(&self) -> Result<Hardware, InventoryError> {
        let (library, shared) = (self.library.clone(), self.shared.clone());
        // On a task of its own: it goes on when nobody waits any more.
        let found = tokio::spawn(async move { shared.hardware(library).await });
        match timeout(self.patience, found).await {
            Ok(found) => {
                found.unwrap_or_else(|error| Err(InventoryError::Driver(error.to_string())))
            }
            Err(_) => Err(InventoryError::DriverHangs(self.patience.as_secs_f32())),
        }
    }

    /// The newest sample of each GPU, in the library's order.
    pub(crate) async fn samples(&self) -> Result<Vec<GpuSample>, InventoryError> {
        self.samples_within(SAMPLE_PATIENCE).await
    }

    /// The same, but waits for those that take long.
    pub(crate) async fn whole_samples(&self) -> Result<Vec<GpuSample>, InventoryError> {
        self.samples_within(self.patience).await
    }

    async fn samples_within(&self, patience: Duration) -> Result<Vec<GpuSample>, InventoryError> {
        let known = lock(&self.shared.gpus).clone();
        let gpus = if known.is_empty() {
            let (library, shared) = (self.library.clone(), self.shared.clone());
            let found = tokio::spawn(async move { shared.gpus(library).await });
            match timeout(self.patience, found).await {
                Ok(Ok(found)) => found?.1,
                Ok(Err(error)) => return Err(InventoryError::Driver(error.to_string())),
                Err(_) => return Err(InventoryError::DriverHangs(self.patience.as_secs_f32())),
            }
        } else {
            known
        };
        let mut rounds: JoinSet<()> = gpus.iter().map(|gpu| gpu.clone().next()).collect();
        let all = async { while rounds.join_next().await.is_some() {} };
        let _ = timeout(patience, all).await;
        Ok(gpus.iter().filter_map(|gpu| gpu.newest()).collect())
    }
}

impl Shared {
    /// Loads the library if it is not loaded, and counts the GPUs.
    async fn gpus(
        &self,
        library: OsString,
    ) -> Result<(Library, Vec<Arc<Watched>>), InventoryError> {
        let loaded = *lock(&self.loaded);
        let job = move |desk: &lane::Desk| {
            let nvml = match loaded {
                Some(nvml) => nvml,
                None => {
                    let load = || Nvml::builder().lib_path(&library).init();
                    let nvml = desk.call("nvmlInit_v2", load);
                    let nvml = nvml.map_err(|silence| unusable(&library, silence))?;
                    &*Box::leak(Box::new(nvml))
                }
            };
            let count = desk.call("nvmlDeviceGetCount_v2", || nvml.device_count());
            Ok((nvml, count.map_err(refused)))
        };
        let answer = self.lane.ask(job).await;
        let (nvml, count) = answer.ok_or_else(no_thread)??;
        *lock(&self.loaded) = Some(nvml);
        let count = usize::try_from(count?).unwrap_or(usize::MAX);
        let mut gpus = lock(&self.gpus);
        gpus.truncate(count);
        for index in (0..).skip(gpus.len()).take(count - gpus.len()) {
            gpus.push(Arc::new(Watched::new(nvml, index, self.lane.patience())));
        }
        Ok((nvml, gpus.clone()))
    }

    async fn hardware(&self, library: OsString) -> Result<Hardware, InventoryError> {
        let (nvml, gpus) = self.gpus(library).await?;
        let version = move |desk: &lane::Desk| {
            desk.call("nvmlSystemGetDriverVersion", || nvml.sys_driver_version())
        };
        let driver = self.lane.ask(version).await.and_then(Result::ok);
        let (gpus, problems) = identity::all(&gpus).await;
        Ok(Hardware {
            gpus,
            driver,
            problems,
            through: Through::Library,
        })
    }
}

fn refused(silence: Silence) -> InventoryError {
    match silence {
        Silence::Hangs(since) => {
            InventoryError::DriverHangs((since.as_secs_f32() * 10.0).round() / 10.0)
        }
        other => InventoryError::Driver(other.to_string()),
    }
}

fn unusable(library: &OsString, silence: Silence) -> InventoryError {
    match silence {
        Silence::Refused(NvmlError::LibloadingError(_)) => {
            InventoryError::NoDriver(library.to_string_lossy().into_owned())
        }
        other => refused(other),
    }
}

fn no_thread() -> InventoryError {
    InventoryError::Driver("no thread can be started to ask it".to_owned())
}
