//! What patterns and marks mean.

use leptos::prelude::*;

use crate::texts::timeline as t;

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
        <ul class="tl-legend" aria-label=t::PATTERNS>
            {entry("tl-key tl-is-ok", t::ENDED_WELL)}
            {entry("tl-key tl-is-bad", t::FAILED)}
            {entry("tl-key tl-is-warn", t::TIME_RAN_OUT)}
            {entry("tl-key tl-is-idle", t::CANCELLED)}
            {entry("tl-key tl-key-many", t::MANY_TOGETHER)}
            {entry("tl-key tl-key-run", t::RUNS)}
            {entry("tl-key tl-key-limit", t::UP_TO_LIMIT)}
            {entry("tl-key tl-key-end", t::EXPECTED_END)}
            {entry("tl-key tl-key-wait", t::LIKELY_TO_START)}
            {entry("tl-key tl-key-mark", t::RESERVED)}
        </ul>
    }
    .into_any()
}
