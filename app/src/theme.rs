//! Light, dark, or as the system has it; kept in the browser.

use leptos::prelude::*;

/// The shell's script reads the same key before anything is painted.
const KEY: &str = "berth-theme";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    pub fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn next(self) -> Self {
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

/// The theme that was chosen. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Chosen(RwSignal<Theme>);

impl Chosen {
    pub fn new() -> Self {
        Chosen(RwSignal::new(Theme::System))
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// Follows the choice.
    pub fn get(self) -> Theme {
        self.0.get()
    }

    /// Takes up what this browser keeps.
    pub fn recall(self) {
        self.0.set(Theme::stored());
    }

    pub fn choose(self, theme: Theme) {
        theme.store();
        self.0.set(theme);
    }
}
