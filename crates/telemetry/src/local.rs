//! This host's GPUs: as the driver's library tells, or `nvidia-smi` where that cannot be loaded.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use berth_domain::{Gpu, GpuSample, Node, NodeName, NodeSource, Versions};

use crate::driver::Driver;
use crate::inventory::InventoryError;
use crate::nvidia_smi::NvidiaSmi;

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// NVML.
    Library,
    NvidiaSmi,
}

/// What a host has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardware {
    /// In rising index order.
    pub gpus: Vec<Gpu>,
    /// The driver's version.
    pub driver: Option<String>,
    /// What could not be read, in sentences.
    pub problems: Vec<String>,
    pub through: Through,
}

impl Hardware {
    /// As a node of the cluster: the host that the server is on.
    #[must_use]
    pub fn into_node(self, name: NodeName) -> Node {
        Node {
            address: Some("127.0.0.1".to_owned()),
            versions: Versions {
                berth: Some(env!("CARGO_PKG_VERSION").to_owned()),
                driver: self.driver,
                ray: None,
            },
            problems: self.problems,
            ..Node::new(name, NodeSource::Local, self.gpus)
        }
    }
}

/// Asks for this host's GPUs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LocalGpus {
    driver: Driver,
    program: NvidiaSmi,
}

impl LocalGpus {
    /// `library` is another file than the driver's usual `libnvidia-ml.so.1`, `program` is
    /// `nvidia-smi`.
    #[must_use]
    pub fn new(library: Option<OsString>, program: PathBuf) -> Self {
        LocalGpus {
            driver: Driver::new(library),
            program: NvidiaSmi::new(program),
        }
    }

    /// Gives up on the driver's library after so long, instead of 10 s.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        LocalGpus {
            driver: self.driver.with_patience(patience),
            ..self
        }
    }

    /// For tests: an own look at the driver, of which a call hangs after so long, instead of 1.5 s.
    #[must_use]
    pub fn with_call_patience(self, patience: Duration) -> Self {
        LocalGpus {
            driver: self.driver.with_call_patience(patience),
            ..self
        }
    }

    /// What there is; `None` when there is neither library nor program, or no GPU.
    ///
    /// # Errors
    /// When there is a driver and it does not answer as it should.
    pub async fn look(&self) -> Result<Option<Hardware>, InventoryError> {
        let found = match self.driver.hardware().await {
            Ok(found) => Some(found),
            Err(InventoryError::NoDriver(_)) => self.program.hardware().await?,
            Err(error) => return Err(error),
        };
        Ok(found.filter(|found| !found.gpus.is_empty() || !found.problems.is_empty()))
    }

    /// What each GPU does: its newest sample. Made to be asked every second, and for one asker: an
    /// error (Xid) is told once. Answers within a second whatever hangs, but for the first time; a GPU
    /// that takes longer gives what it gave last, and says so when that is too long ago. `nvidia-smi`,
    /// where it stands in, is run every few seconds.
    ///
    /// # Errors
    /// When there is a driver and it does not answer as it should.
    pub async fn samples(&self) -> Result<Vec<GpuSample>, InventoryError> {
        match self.driver.samples().await {
            Err(InventoryError::NoDriver(_)) => self.program.samples().await,
            other => other,
        }
    }

    /// The same, but waits for what takes long, as [`look`](Self::look) does.
    ///
    /// # Errors
    /// As [`samples`](Self::samples).
    pub async fn whole_samples(&self) -> Result<Vec<GpuSample>, InventoryError> {
        match self.driver.whole_samples().await {
            Err(InventoryError::NoDriver(_)) => self.program.samples().await,
            other => other,
        }
    }
}
