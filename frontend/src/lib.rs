//! Where the browser begins: takes over the page that the server rendered.

use berth_app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called when the wasm is loaded. The app marks `<body>` with `data-hydrated` when it is done.
#[wasm_bindgen(start)]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
