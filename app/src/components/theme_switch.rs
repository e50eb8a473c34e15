//! Light, dark, or as the system has it; kept in the browser.

use leptos::prelude::*;

use crate::icons::{Icon, icon};

/// The shell's script reads the same key before anything is painted.
const KEY: &str = "berth-theme";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Theme::System => Icon::System,
            Theme::Light => Icon::Light,
            Theme::Dark => Icon::Dark,
        }
    }

    fn next(self) -> Self {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    fn stored() -> Self {
        let stored = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        match stored.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    fn store(self) {
        let root = document().document_element();
        if self == Theme::System {
            let _ = root.map(|root| root.remove_attribute("data-theme"));
            let _ = storage().map(|storage| storage.remove_item(KEY));
        } else {
            let _ = root.map(|root| root.set_attribute("data-theme", self.as_str()));
            let _ = storage().map(|storage| storage.set_item(KEY, self.as_str()));
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::System);
    Effect::new(move |_| theme.set(Theme::stored()));
    let label = move || {
        let theme = theme.get();
        format!(
            "Theme: {}; switch to {}",
            theme.as_str(),
            theme.next().as_str()
        )
    };
    let switch = move |_| {
        let next = theme.get_untracked().next();
        next.store();
        theme.set(next);
    };
    view! {
        <button
            type="button"
            class="button button-quiet button-icon needs-script"
            aria-label=label
            title=label
            on:click=switch
        >
            {move || icon(theme.get().icon())}
        </button>
    }
    .into_any()
}
