//! The pages that were visited lately, newest first; kept for as long as the browser's tab is there.

use leptos::prelude::*;

const KEY: &str = "berth-visits";
/// So many are kept.
const MOST: usize = 8;

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Visits {
    paths: RwSignal<Vec<String>>,
    /// Since the app was loaded.
    count: StoredValue<u32>,
}

impl Visits {
    pub fn new() -> Self {
        Visits {
            paths: RwSignal::new(vec![]),
            count: StoredValue::new(0),
        }
    }

    /// Notes each page that is come to.
    pub fn follow(self, path: Memo<String>) {
        Effect::new(move |_| {
            let path = path.get();
            self.count.update_value(|count| *count += 1);
            let storage = window().session_storage().ok().flatten();
            self.paths.update(|paths| {
                if paths.is_empty() {
                    let kept = storage
                        .as_ref()
                        .and_then(|kept| kept.get_item(KEY).ok().flatten());
                    paths.extend(kept.unwrap_or_default().lines().map(str::to_owned));
                }
                paths.retain(|known| *known != path);
                paths.insert(0, path);
                paths.truncate(MOST);
            });
            let text = self.paths.with_untracked(|paths| paths.join("\n"));
            let _ = storage.map(|storage| storage.set_item(KEY, &text));
        });
    }

    pub fn came_from_within(self) -> bool {
        self.count.get_value() > 1
    }

    /// This page first.
    pub fn paths(self) -> Vec<String> {
        self.paths.get_untracked()
    }
}
