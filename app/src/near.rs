//! Whether a part of the page is near the window: of what is far away nobody sees the figures that change
//! every second, nor the lines that follow them, so these stay as they were until it comes nearer.

use leptos::html;
use leptos::prelude::*;

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Near(RwSignal<bool>);

impl Near {
    /// For what is below `part`. Until the browser looks everything counts as near.
    pub fn provide(part: NodeRef<html::Section>) {
        let near = RwSignal::new(true);
        provide_context(Near(near));
        #[cfg(feature = "hydrate")]
        watch::begin(part, near);
        #[cfg(not(feature = "hydrate"))]
        let _ = part;
    }

    /// `signal`, as it was when the part was near last.
    pub fn keep<T>(signal: Signal<T>) -> Signal<T>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        let Some(Near(near)) = use_context() else {
            return signal;
        };
        let kept = Memo::new(move |before: Option<&T>| match before {
            Some(before) if !near.get() => before.clone(),
            _ => signal.get(),
        });
        kept.into()
    }
}

#[cfg(feature = "hydrate")]
mod watch {
    use js_sys::Array;
    use leptos::html;
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

    /// This far from the window is near.
    const MARGIN: &str = "400px";

    pub fn begin(part: NodeRef<html::Section>, near: RwSignal<bool>) {
        Effect::new(move |_| {
            let Some(part) = part.get() else { return };
            let told = Closure::new(move |entries: Array| {
                let last = entries.pop().dyn_into::<IntersectionObserverEntry>();
                if let Ok(entry) = last
                    && near.try_get_untracked() != Some(entry.is_intersecting())
                {
                    near.try_set(entry.is_intersecting());
                }
            });
            let options = IntersectionObserverInit::new();
            options.set_root_margin(MARGIN);
            let hears: &Closure<dyn FnMut(Array)> = &told;
            let observer =
                IntersectionObserver::new_with_options(hears.as_ref().unchecked_ref(), &options);
            // Where there is none everything stays near.
            let Ok(observer) = observer else { return };
            observer.observe(&part);
            let both = StoredValue::new_local((observer, told));
            on_cleanup(move || both.with_value(|(observer, _)| observer.disconnect()));
        });
    }
}
