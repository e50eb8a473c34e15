//! What the hardware is ([`inventory`], [`LocalGpus`], [`RayInventory`]) and what it does now
//! ([`GpuSampler`]).

mod driver;
pub mod inventory;
mod local;
mod nvidia_smi;
mod processes;
mod ray;
mod sampler;
mod simulated;
mod throttle;

pub use inventory::InventoryError;
pub use local::{Hardware, LocalGpus, Through};
pub use ray::RayInventory;
pub use sampler::{GpuSampler, Leased};
