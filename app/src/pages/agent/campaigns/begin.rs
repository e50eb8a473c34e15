//! How a campaign is started: a command, and a file to begin with.

use leptos::prelude::*;

use crate::components::copy::{CopyButton, CopyLine};
use crate::texts::agent::campaigns as t;
use crate::texts::common;

const COMMAND: &str = "berth campaign start find-lr.toml";

/// A small one, as docs/campaigns.md explains it.
const EXAMPLE: &str = r#"name = "find-lr"
goal = "The best learning rate within 12 GPU-hours"

[template]
command = ["python", "train.py", "--lr", "{lr}"]
gpus = 1
time_limit = "2h"

[space]
lr = { from = 1e-5, to = 1e-1, scale = "log" }

[metric]
name = "loss"
better = "lower"

[strategy]
kind = "random"
trials = 20

[budget]
gpu_hours = 12
"#;

#[component]
pub fn Begin() -> impl IntoView {
    view! {
        <div class="campaign-begin">
            <p class="hint">{t::BEGIN_TOLD}</p>
            <CopyLine text=COMMAND what=common::COPY_COMMAND />
            <div class="copy-line campaign-example">
                <pre><code>{EXAMPLE}</code></pre>
                <CopyButton text=EXAMPLE.to_owned() what=t::COPY_FILE />
            </div>
        </div>
    }
    .into_any()
}
