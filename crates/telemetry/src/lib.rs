//! What the hardware is ([`inventory`]) and what it does now ([`GpuSampler`]).

pub mod inventory;
mod nvidia_smi;
mod ray;
mod sampler;
mod simulated;

pub use inventory::InventoryError;
pub use ray::RayInventory;
pub use sampler::{GpuSampler, Leased};
