//! Made-up inputs for the planner, the same natively and in WebAssembly: random cases whose plans
//! are compared byte for byte (`scripts/samples compare`), and long queues that are timed in both
//! (`make bench`).

mod case;
mod queue;
mod text;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use case::{Case, case};
pub use queue::LongQueue;
pub use text::{of_case, of_sent_case};
