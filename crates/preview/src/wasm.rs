//! What the worker calls.

use berth_domain::{JobId, MoveTo};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// See [`crate::Preview`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Preview(crate::Preview);

#[wasm_bindgen]
impl Preview {
    /// `text`: what the server answered to `GET /api/planning`.
    ///
    /// # Errors
    /// Where that is something else.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str) -> Result<Preview, JsError> {
        let read = crate::Preview::read(text);
        read.map(Preview).map_err(|error| JsError::new(&error))
    }

    /// The [`Moved`](crate::Moved) as JSON; `to` is a [`MoveTo`] as JSON.
    ///
    /// # Errors
    /// Where `to` is something else.
    pub fn moved(&self, job: u32, to: &str) -> Result<String, JsError> {
        let to: MoveTo = serde_json::from_str(to)?;
        Ok(serde_json::to_string(
            &self.0.moved(JobId(u64::from(job)), to),
        )?)
    }
}
