//! Where the browser begins: takes over the page that the server rendered.

use berth_app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's own script, when the wasm is loaded. (Not a `start` function: that
/// would be a second call.) The app marks `<body>` with `data-hydrated` when it is done.
#[wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    let path = leptos::prelude::location().pathname();
    if berth_app::load(&path.unwrap_or_default()).await.is_ok() {
        leptos::mount::hydrate_body(App);
    }
}
