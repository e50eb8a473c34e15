//! What Node calls.

use berth_scheduler::PreemptionMode;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// See [`crate::of_sent_case`].
///
/// # Errors
/// Where a snapshot cannot be written or read.
#[wasm_bindgen]
pub fn of_case(number: u32) -> Result<String, JsError> {
    Ok(crate::of_sent_case(number)?)
}

/// See [`crate::LongQueue`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct LongQueue(crate::LongQueue);

#[wasm_bindgen]
impl LongQueue {
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(nodes: u32, jobs: u32, preemption: bool) -> Self {
        let mode = if preemption {
            PreemptionMode::On
        } else {
            PreemptionMode::Off
        };
        LongQueue(crate::LongQueue::new(nodes, jobs, mode))
    }

    #[must_use]
    pub fn plan(&self) -> usize {
        self.0.plan()
    }

    #[must_use]
    pub fn moved(&self) -> usize {
        self.0.moved()
    }
}
