//! What the hardware is ([`inventory`], [`LocalGpus`], [`RayInventory`]), what it does now
//! ([`GpuSampler`]), and what is kept of that ([`rollup`]).

mod batch;
mod driver;
pub mod inventory;
mod local;
mod nvidia_smi;
mod ray;
pub mod rollup;
mod sampler;
mod simulated;

pub use batch::Batch;
pub use inventory::InventoryError;
pub use local::{Hardware, LocalGpus, Through};
pub use ray::RayInventory;
pub use sampler::{GpuSampler, Leased};
