//! What the hardware is ([`inventory`], [`LocalGpus`], [`RayInventory`]), what it does now
//! ([`GpuSampler`]), how a node tells that ([`daemon`]), where it comes together ([`hub`]), and what
//! is kept of it ([`rollup`]).

mod batch;
pub mod daemon;
mod driver;
pub mod hub;
pub mod inventory;
mod local;
mod nvidia_smi;
mod processes;
mod ray;
pub mod rollup;
mod sampler;
mod simulated;
mod throttle;
pub mod wire;

pub use batch::Batch;
pub use inventory::InventoryError;
pub use local::{Hardware, LocalGpus, Through};
pub use ray::{RayInventory, RayStatistics};
pub use sampler::{GpuSampler, Leased};
