//! What the page was told, and what it does: the sections read it, and what is done changes it. Cheap to
//! copy.

use std::future::Future;

use berth_api::ApiError;
use berth_api::agents::{AgentView, AgentsAnswer, list_agents};
use berth_domain::UserName;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::pace::Pace;
use crate::components::confirm::Confirm;
use crate::notice::Notices;

/// A token that was made, to be shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub agent: UserName,
    pub token: String,
}

#[derive(Clone, Copy, Debug)]
pub struct Desk {
    pub answer: RwSignal<AgentsAnswer>,
    pub made: RwSignal<Option<Made>>,
    /// Rises when the ledger is to be asked for again.
    pub asked: RwSignal<u32>,
    pub notices: Notices,
    pub confirm: Confirm,
    pace: Pace,
}

impl Desk {
    pub fn new(answer: AgentsAnswer) -> Self {
        Desk {
            answer: RwSignal::new(answer),
            made: RwSignal::new(None),
            asked: RwSignal::new(0),
            notices: Notices::here(),
            confirm: Confirm::here(),
            pace: Pace::new(),
        }
    }

    /// How an agent stands, as it was last where it is there no more.
    pub fn agent(self, known: AgentView) -> Memo<AgentView> {
        Memo::new(move |before: Option<&AgentView>| {
            let now = self.answer.with(|answer| {
                let mut all = answer.agents.iter();
                all.find(|one| one.name == known.name).cloned()
            });
            now.or_else(|| before.cloned())
                .unwrap_or_else(|| known.clone())
        })
    }

    /// Does it, says how that went, and shows how all stands afterwards.
    pub fn send(
        self,
        call: impl Future<Output = Result<AgentsAnswer, ApiError>> + 'static,
        said: String,
        then: impl FnOnce() + 'static,
    ) {
        spawn_local(async move {
            match call.await {
                Ok(answer) => {
                    self.notices.say(said);
                    self.take(answer);
                    then();
                }
                Err(error) => self.notices.refuse(&error),
            }
        });
    }

    /// Asks again how all stands. Where that fails, what is known stays.
    pub fn again(self) {
        spawn_local(async move {
            if let Ok(answer) = list_agents().await {
                self.take(answer);
            }
        });
    }

    /// Asks again because others did something: at once, and then not for a while.
    pub fn soon(self) {
        self.pace.soon(move || self.again());
    }

    fn take(self, answer: AgentsAnswer) {
        // The page may be gone by now.
        self.answer.try_set(answer);
        self.asked.try_update(|asked| *asked += 1);
    }
}

/// Goes to this element when it is drawn: for where the focus was on what is there no more.
pub fn focus(id: impl Into<String>) {
    let id = id.into();
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        let element = element.and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if let Some(element) = element {
            // Where it cannot have the focus it stays where it is.
            let _ = element.focus();
        }
    });
}
