//! What patterns and marks mean.

use leptos::prelude::*;

#[component]
pub fn Legend() -> impl IntoView {
    let entry = |class: &'static str, words: &'static str| {
        view! {
            <li>
                <i class=class></i>
                {words}
            </li>
        }
    };
    view! {
        <ul class="tl-legend" aria-label="What the patterns mean">
            {entry("tl-key tl-is-ok", "ended well")}
            {entry("tl-key tl-is-bad", "failed")}
            {entry("tl-key tl-is-warn", "time ran out")}
            {entry("tl-key tl-is-idle", "cancelled")}
            {entry("tl-key tl-key-many", "many, drawn together")}
            {entry("tl-key tl-key-run", "runs")}
            {entry("tl-key tl-key-limit", "up to its limit")}
            {entry("tl-key tl-key-end", "expected end")}
            {entry("tl-key tl-key-wait", "likely to start")}
            {entry("tl-key tl-key-mark", "reserved")}
        </ul>
    }
    .into_any()
}
