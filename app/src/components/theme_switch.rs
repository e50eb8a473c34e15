//! The button that goes from one theme to the next.

use leptos::prelude::*;

use crate::icons::{Icon, icon};
use crate::texts::frame as t;
use crate::theme::{Chosen, Theme};

/// The icon that stands for a theme.
pub fn look(theme: Theme) -> Icon {
    match theme {
        Theme::System => Icon::System,
        Theme::Light => Icon::Light,
        Theme::Dark => Icon::Dark,
    }
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = Chosen::here();
    Effect::new(move |_| chosen.recall());
    let label = move || {
        let theme = chosen.get();
        t::theme(theme.as_str(), theme.next().as_str())
    };
    let switch = move |_| chosen.choose(untrack(|| chosen.get()).next());
    view! {
        <button
            type="button"
            class="button button-quiet button-icon needs-script"
            aria-label=label
            title=label
            on:click=switch
        >
            {move || icon(look(chosen.get()))}
        </button>
    }
    .into_any()
}
