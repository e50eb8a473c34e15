//! The worker itself: `crates/preview/worker.js` says what is sent and what comes back.

use berth_preview::Moved;
use js_sys::{Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{Busy, Planner, Told};
use crate::texts::queue as t;

/// The worker, and what hears it; both end with the page.
#[derive(Debug)]
pub(super) struct Beside {
    worker: Worker,
    _hears: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// Gives the worker something to do; it must have nothing else.
pub(super) fn send(planner: Planner, what: Busy) {
    let message = match what {
        Busy::No => return,
        Busy::Refreshing => object(&[("refresh", JsValue::from(0))]),
        Busy::Asked(job, to) => {
            let to = serde_json::to_string(&to).unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "there are never so many jobs")]
            let job = job.0 as f64;
            object(&[
                ("ask", JsValue::from(0)),
                ("job", JsValue::from(job)),
                ("to", JsValue::from(to)),
            ])
        }
    };
    if planner.worker.with_value(Option::is_none) {
        match start(planner) {
            Ok(beside) => planner.worker.set_value(Some(beside)),
            Err(why) => return failed(planner, &format!("{why:?}")),
        }
    }
    planner.worker.with_value(|beside| {
        if let Some(beside) = beside {
            // What cannot be sent is not answered either; the page says that nothing is known.
            let _ = beside.worker.post_message(&message);
        }
    });
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a new object does not fail.
        let _ = Reflect::set(&object, &JsValue::from(*name), value);
    }
    object
}

fn start(planner: Planner) -> Result<Beside, JsValue> {
    let html = document().document_element();
    let folder = html.and_then(|html| html.get_attribute("data-pkg"));
    let url = format!("{}/preview-worker.js", folder.unwrap_or_default());
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&url, &options)?;
    let hears = Closure::new(move |event: MessageEvent| hear(planner, &event.data()));
    worker.set_onmessage(Some(hears.as_ref().unchecked_ref()));
    Ok(Beside {
        worker,
        _hears: hears,
    })
}

fn hear(planner: Planner, data: &JsValue) {
    let field = |name: &str| Reflect::get(data, &JsValue::from(name)).ok();
    let text = |name: &str| field(name).and_then(|value| value.as_string());
    let was = planner
        .work
        .try_update_value(|work| std::mem::take(&mut work.busy));
    // The page may be gone.
    let Some(was) = was else { return };
    if let Some(why) = text("why") {
        return failed(planner, &why);
    }
    if let (Busy::Asked(job, to), Some(moved)) = (was, text("moved")) {
        match serde_json::from_str::<Moved>(&moved) {
            Ok(moved) => planner.told.set(Some(Told { job, to, moved })),
            Err(error) => return failed(planner, &error.to_string()),
        }
    }
    planner.problem.set(None);
    planner.go_on();
}

/// Nothing is asked again by itself: the next move is.
fn failed(planner: Planner, why: &str) {
    planner.work.update_value(|work| {
        work.busy = Busy::No;
        work.next = None;
        work.stale = true;
    });
    planner.told.set(None);
    planner.problem.set(Some(t::cannot_be_told(why)));
}
