//! The program `nvidia-smi`, where the driver's library cannot be loaded: fewer figures, and seldom.

mod gpus;
mod run;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use berth_domain::{Figure, GpuProcess, GpuSample};

use crate::inventory::InventoryError;
use crate::local::Hardware;
use crate::processes::{self, Known};

/// It costs a process and a second of the driver's time.
const EVERY: Duration = Duration::from_secs(4);

/// Runs the program. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct NvidiaSmi {
    program: PathBuf,
    /// What it said last, and when.
    last: Arc<tokio::sync::Mutex<Option<Read>>>,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Read {
    at: Instant,
    samples: Vec<GpuSample>,
}

impl NvidiaSmi {
    pub(crate) fn new(program: PathBuf) -> Self {
        NvidiaSmi {
            program,
            last: Arc::default(),
            known: Arc::default(),
        }
    }

    /// This host's GPUs; `None` when there is no such program.
    pub(crate) async fn hardware(&self) -> Result<Option<Hardware>, InventoryError> {
        let lines = run::query(&self.program, "gpu", &gpus::IDENTITY).await?;
        lines.map(|lines| gpus::hardware(&lines)).transpose()
    }

    /// One sample of each GPU, at most some seconds old; none when there is no such program.
    pub(crate) async fn samples(&self) -> Result<Vec<GpuSample>, InventoryError> {
        let mut last = self.last.lock().await;
        if let Some(read) = &*last
            && read.at.elapsed() < EVERY
        {
            return Ok(read.samples.clone());
        }
        let samples = self.read().await?;
        *last = Some(Read {
            at: Instant::now(),
            samples: samples.clone(),
        });
        Ok(samples)
    }

    async fn read(&self) -> Result<Vec<GpuSample>, InventoryError> {
        let lines = run::query(&self.program, "gpu", &gpus::FIGURES).await?;
        let Some(lines) = lines else {
            return Ok(vec![]);
        };
        let mut samples: Vec<GpuSample> = lines.iter().filter_map(gpus::sample).collect();
        let processes = run::query(&self.program, "compute-apps", &gpus::PROCESSES).await;
        match processes {
            Ok(lines) => {
                let found = gpus::processes(&lines.unwrap_or_default());
                let known = self.known.clone();
                let named = tokio::task::spawn_blocking(move || name(&known, found)).await;
                let named = named.map_err(|error| InventoryError::Failed(error.to_string()))?;
                for sample in &mut samples {
                    let own = named.iter().filter(|(gpu, _)| *gpu == sample.gpu);
                    sample.processes = Some(own.map(|(_, process)| process.clone()).collect());
                }
            }
            Err(error) => {
                for sample in &mut samples {
                    sample.why.insert(Figure::Processes, error.to_string());
                }
            }
        }
        Ok(samples)
    }
}

/// Adds whose they are.
fn name(known: &Mutex<Known>, found: Vec<gpus::OnGpu>) -> Vec<gpus::OnGpu> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let pids: Vec<u32> = found.iter().map(|(_, process)| process.pid).collect();
    known.keep(&pids);
    let mut named = |(gpu, process): gpus::OnGpu| {
        let started = processes::started(process.pid);
        let who = known.get(process.pid, started, || Some(processes::look(process.pid)));
        let process = GpuProcess {
            mem_bytes: process.mem_bytes,
            ..who
        };
        (gpu, process)
    };
    found.into_iter().map(&mut named).collect()
}
