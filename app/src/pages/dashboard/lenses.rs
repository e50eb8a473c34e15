//! The switch between lenses, as links.

use berth_domain::Timestamp;
use leptos::prelude::*;

use super::address;
use crate::lens::Lens;
use crate::texts::gpus as t;

#[component]
pub fn Lenses(lens: Memo<Lens>, at: Memo<Option<Timestamp>>) -> impl IntoView {
    let link = move |one: Lens| {
        view! {
            <a
                href=move || address(at.get(), one)
                data-noscroll
                title=one.legend()
                aria-current=move || (lens.get() == one).then_some("true")
            >
                {one.word()}
            </a>
        }
    };
    view! {
        <nav class="switch" aria-label=t::COLOUR_BY>
            {Lens::ALL.map(link).collect_view()}
        </nav>
    }
    .into_any()
}
