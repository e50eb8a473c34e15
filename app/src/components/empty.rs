//! What is shown where there is nothing yet, and what to do about it.

use leptos::prelude::*;

use super::copy::CopyLine;
use crate::texts::{common, frame as t};

/// The command that every empty page offers.
pub const FIRST_JOB: &str = "berth submit -g 1 -- python train.py";

#[component]
pub fn Empty(
    /// What is not there, as a sentence.
    #[prop(into)]
    text: String,
    /// Whether to offer a first command.
    #[prop(optional)]
    offer: bool,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p>{text}</p>
            {offer
                .then(|| view! {
                    <CopyLine text=FIRST_JOB what=common::COPY_COMMAND />
                    <p>
                        {t::OR}<a href="/submit">{t::FILL_IN_THE_FORM}</a>"."
                    </p>
                })}
        </div>
    }
    .into_any()
}
