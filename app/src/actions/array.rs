//! What can be done to all tasks of an array or sweep at once.

use berth_api::ApiError;
use berth_api::jobs::{ArrayAnswer, ArrayArg, change_array};
use berth_api::views::ArrayView;
use berth_domain::{ArrayChange, Tasks};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Doer, worded};
use crate::components::confirm::Ask;
use crate::texts::acts as t;

/// What fits any of the tasks.
pub fn fitting(tasks: &Tasks) -> Vec<ArrayChange> {
    let changes = [
        (tasks.failed > 0, ArrayChange::RetryFailed),
        (tasks.held > 0, ArrayChange::Release),
        (tasks.queued > 0, ArrayChange::Hold),
        (tasks.live() > 0, ArrayChange::Cancel),
    ];
    let fitting = changes.into_iter().filter(|(fits, _)| *fits);
    fitting.map(|(_, change)| change).collect()
}

/// What the button says.
pub fn label(change: ArrayChange) -> &'static str {
    match change {
        ArrayChange::Cancel => t::CANCEL_ALL,
        ArrayChange::Hold => t::HOLD_ALL,
        ArrayChange::Release => t::RELEASE_ALL,
        ArrayChange::RetryFailed => t::RETRY_FAILED,
    }
}

fn done(change: ArrayChange, answer: &ArrayAnswer) -> String {
    let (id, total) = (answer.array.array, answer.array.tasks.total());
    let done = match change {
        ArrayChange::Cancel => t::ARRAY_CANCELLED,
        ArrayChange::Hold => t::ARRAY_HELD,
        ArrayChange::Release => t::ARRAY_RELEASED,
        ArrayChange::RetryFailed => t::ARRAY_QUEUED_AGAIN,
    };
    t::array_done(answer.tasks.len(), total, id, done)
}

/// Only what ends something is asked about.
fn question(change: ArrayChange, array: &ArrayView) -> Option<Ask> {
    let count = array.tasks.live();
    (change == ArrayChange::Cancel).then(|| Ask {
        title: t::cancel_array(count, array.array, &array.name),
        text: t::ARRAY_TASKS_GET_SIGTERM.to_owned(),
        verb: t::CANCEL_ALL,
    })
}

async fn send(change: ArrayChange, array: &ArrayView) -> Result<ArrayAnswer, ApiError> {
    let id = array.array;
    change_array(ArrayArg { id, change }).await
}

impl Doer {
    /// Asks if need be, then does it and says how that went.
    pub fn act_on_array(self, change: ArrayChange, array: &ArrayView) {
        let asked = question(change, array);
        let array = array.clone();
        let go = move || {
            let array = array.clone();
            spawn_local(async move {
                match send(change, &array).await {
                    Ok(answer) => self.notices.say(done(change, &answer)),
                    Err(error) => self.notices.refuse(&worded(error)),
                }
            });
        };
        match asked {
            Some(question) => self.confirm.ask(question, Callback::new(move |()| go())),
            None => go(),
        }
    }
}
