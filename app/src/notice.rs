//! Short messages about what was just done. They never take the focus.

use std::time::Duration;

use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;

/// How long a message of success stays.
const STAYS: Duration = Duration::from_secs(6);

#[derive(Clone, Debug)]
pub struct Notice {
    pub number: u32,
    pub bad: bool,
    pub text: String,
    /// What can be done about it: the button's word, and doing it.
    pub offer: Option<(&'static str, Callback<()>)>,
}

/// The messages on the page. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Notices(RwSignal<Vec<Notice>>);

impl Notices {
    pub fn new() -> Self {
        Notices(RwSignal::new(vec![]))
    }

    pub fn here() -> Self {
        expect_context()
    }

    pub fn all(self) -> Vec<Notice> {
        self.0.get()
    }

    pub fn say(self, text: impl Into<String>) {
        let number = self.push(false, text.into(), None);
        set_timeout(move || self.dismiss(number), STAYS);
    }

    /// Says what was done, and offers to do something about it for a while.
    pub fn offer(self, text: String, offer: (&'static str, Callback<()>), lasts: Duration) {
        let number = self.push(false, text, Some(offer));
        set_timeout(move || self.dismiss(number), lasts);
    }

    /// Says why something was refused; stays until it is dismissed.
    pub fn refuse(self, error: &ApiError) {
        if error.code() == ErrorCode::Unauthenticated {
            let _ = location().set_href("/login");
            return;
        }
        self.push(true, error.to_string(), None);
    }

    pub fn dismiss(self, number: u32) {
        self.0
            .update(|all| all.retain(|notice| notice.number != number));
    }

    fn push(self, bad: bool, text: String, offer: Option<(&'static str, Callback<()>)>) -> u32 {
        let last = self
            .0
            .with_untracked(|all| all.last().map_or(0, |notice| notice.number));
        let number = last + 1;
        self.0.update(|all| {
            // Three at once are all that anybody reads.
            if all.len() >= 3 {
                all.remove(0);
            }
            all.push(Notice {
                number,
                bad,
                text,
                offer,
            });
        });
        number
    }
}
