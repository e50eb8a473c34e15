//! Whose something is: a stable colour, always with the name or its initials.

use leptos::prelude::*;

use crate::format;

/// Initials in the owner's colour; the name on hover.
#[component]
pub fn OwnerMark(name: String) -> impl IntoView {
    let class = format!("owner-mark hue-{}", format::owner_hue(&name));
    let initials = format::initials(&name);
    view! {
        <span class=class title=name aria-hidden="true">
            {initials}
        </span>
    }
    .into_any()
}

/// Mark and name.
#[component]
pub fn Owner(name: String) -> impl IntoView {
    view! {
        <span class="owner">
            <OwnerMark name=name.clone() />
            <span class="owner-name">{name}</span>
        </span>
    }
    .into_any()
}
