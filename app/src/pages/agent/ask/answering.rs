//! What is being answered. It goes on where its page is left, so it is kept beside all pages.

use berth_domain::TalkId;
use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use web_sys::{AbortController, AbortSignal};

use super::turn::{Key, Turn};

/// A question and its answer, until that is over.
#[derive(Clone, Debug)]
pub struct UnderWay {
    /// Where it is kept, once that is known.
    pub talk: Option<TalkId>,
    pub question: Turn,
    pub answer: Turn,
}

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Answering {
    pub way: RwSignal<Option<UnderWay>>,
    said: StoredValue<u64>,
    /// What ends the answer that is under way.
    #[cfg(feature = "hydrate")]
    end: StoredValue<Option<AbortController>, LocalStorage>,
}

impl Answering {
    pub fn new() -> Self {
        Answering {
            way: RwSignal::new(None),
            said: StoredValue::new(0),
            #[cfg(feature = "hydrate")]
            end: StoredValue::new_local(None),
        }
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// For what is said now.
    pub fn next_key(self) -> Key {
        let next = |said: &mut u64| {
            *said += 1;
            *said
        };
        Key::Here(self.said.try_update_value(next).unwrap_or_default())
    }

    /// Follows it.
    pub fn is_under_way(self) -> bool {
        self.way.with(Option::is_some)
    }

    /// Ends the answer that is under way. What was said until then is kept.
    pub fn stop(self) {
        #[cfg(feature = "hydrate")]
        self.end.with_value(|end| {
            if let Some(end) = end {
                end.abort();
            }
        });
    }

    /// What says that it was stopped.
    #[cfg(feature = "hydrate")]
    pub fn begin(self) -> Option<AbortSignal> {
        let end = AbortController::new().ok();
        let signal = end.as_ref().map(AbortController::signal);
        self.end.set_value(end);
        signal
    }

    #[cfg(feature = "hydrate")]
    pub fn over(self) {
        self.end.set_value(None);
        self.way.set(None);
    }
}
