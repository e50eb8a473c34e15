//! What the hardware is ([`inventory`], [`LocalGpus`], [`RayInventory`]) and what it does now
//! ([`GpuSampler`]).

pub mod daemon;
mod driver;
pub mod hub;
pub mod inventory;
mod local;
mod nvidia_smi;
mod processes;
mod ray;
mod sampler;
mod simulated;
pub mod wire;

pub use inventory::InventoryError;
pub use local::{Hardware, LocalGpus, Through};
pub use ray::{RayInventory, RayStatistics};
pub use sampler::{GpuSampler, Leased};
