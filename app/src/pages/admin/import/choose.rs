//! Choosing a file, dropping it, or pasting its rows.

use berth_api::ErrorCode;
use leptos::ev::{DragEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::File;

use super::sheet::Sheet;
use crate::texts::imports as t;

/// As the server has it.
const MOST_BYTES: f64 = 1024.0 * 1024.0;

#[component]
pub(super) fn ChoosePanel(sheet: Sheet) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let pasted = NodeRef::<html::Textarea>::new();
    let over = RwSignal::new(false);
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take(sheet, file);
        }
        // The same file can be chosen again, after it was changed.
        input.set_value("");
    };
    let dragged = move |event: DragEvent| {
        event.prevent_default();
        over.set(true);
    };
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        let files = event.data_transfer().and_then(|data| data.files());
        if let Some(file) = files.and_then(|files| files.get(0)) {
            take(sheet, file);
        }
    };
    let paste = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(pasted) = pasted.get_untracked() {
            sheet.take(t::PASTED_ROWS, Some(pasted.value()), None);
        }
    };
    view! {
        <section class="panel" aria-labelledby="import-file">
            <h2 id="import-file">{t::THE_FILE}</h2>
            <div
                class="import-drop"
                class:import-over=over
                on:dragover=dragged
                on:dragleave=move |_| over.set(false)
                on:drop=dropped
            >
                <label class="import-choose" for="import-input">{t::CHOOSE}</label>
                <input
                    type="file"
                    id="import-input"
                    accept=".csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values"
                    node_ref=input
                    on:change=chosen
                />
                <span class="quiet">{t::OR_DROP}</span>
            </div>
            <details class="import-paste">
                <summary>{t::OR_PASTE}</summary>
                <form on:submit=paste>
                    <label class="visually-hidden" for="import-text">{t::PASTED}</label>
                    <textarea
                        class="input input-code"
                        id="import-text"
                        rows="6"
                        spellcheck="false"
                        required
                        placeholder="Who,GPUs,From,Until"
                        node_ref=pasted
                    ></textarea>
                    <button class="button">{t::LOOK}</button>
                </form>
            </details>
            <div role="status">
                {move || match (sheet.asking.get(), sheet.called()) {
                    (true, _) => view! { <p class="quiet">{t::READING}</p> }.into_any(),
                    (false, Some(called)) => view! { <p>{called}</p> }.into_any(),
                    (false, None) => view! { <p class="quiet">{t::NO_FILE_YET}</p> }.into_any(),
                }}
            </div>
            {move || sheet.problem.get().map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem.to_string()}</p>
            })}
        </section>
    }
    .into_any()
}

fn take(sheet: Sheet, file: File) {
    let name = file.name();
    if file.size() > MOST_BYTES {
        return sheet.refuse(&name, ErrorCode::TooLarge, t::TOO_LARGE);
    }
    sheet.asking.set(true);
    spawn_local(async move {
        match base64(&file).await {
            Some(base64) => sheet.take(&name, None, Some(base64)),
            None => sheet.refuse(&name, ErrorCode::Invalid, t::NOT_READ),
        }
    });
}

/// Its bytes: what is no UTF-8 arrives as it is.
#[cfg(feature = "hydrate")]
async fn base64(file: &File) -> Option<String> {
    let read = wasm_bindgen_futures::JsFuture::from(file.array_buffer());
    let bytes = js_sys::Uint8Array::new(&read.await.ok()?).to_vec();
    let text: String = bytes.into_iter().map(char::from).collect();
    window().btoa(&text).ok()
}

#[cfg(not(feature = "hydrate"))]
async fn base64(_: &File) -> Option<String> {
    None
}
