//! Who pays for the move that is tried, and who gains; or the rule that forbids it.

use berth_preview::Toll;
use leptos::prelude::*;

use super::board::Board;
use crate::format;
use crate::icons::{Icon, icon};
use crate::texts::{common, queue as t};

/// Always there, so that rows stay where they are when one is picked up.
#[component]
pub fn TollLine() -> impl IntoView {
    let board = Board::here();
    let text = move || {
        let drag = board.drag.get();
        let Some(drag) = drag else {
            return t::HOW_TO_DRAG.to_owned();
        };
        if let Some(rule) = board.forbidden.get() {
            return rule;
        }
        if let Some(problem) = board.planner.problem.get() {
            return problem;
        }
        if drag.from == drag.to {
            return t::WHERE_IT_IS.to_owned();
        }
        board.planner.told.with(|told| match told {
            None => "…".to_owned(),
            Some(told) if told.moved.tolls.is_empty() => t::NO_START_CHANGES.to_owned(),
            Some(told) => sentence(&told.moved.tolls),
        })
    };
    let bad = move || board.forbidden.with(Option::is_some);
    view! {
        <p
            class="queue-toll"
            class:queue-toll-told=move || board.drag.with(Option::is_some)
            class:queue-toll-bad=bad
        >
            {move || bad().then(|| icon(Icon::Failed))}
            <span>{text}</span>
        </p>
    }
    .into_any()
}

/// `3 jobs of kim start up to 40 min later. 1 job of ana starts up to 2 h earlier.`
fn sentence(tolls: &[Toll]) -> String {
    let say = |count: u32, user: &str, minutes: i64, word: &str| {
        t::toll(count, user, &format::duration(minutes * 60), word)
    };
    let later = tolls.iter().filter(|toll| toll.later > 0);
    let later = later.map(|toll| say(toll.later, &toll.user.0, toll.later_min, common::LATER));
    let earlier = tolls.iter().filter(|toll| toll.earlier > 0);
    let earlier = earlier.map(|toll| {
        say(
            toll.earlier,
            &toll.user.0,
            toll.earlier_min,
            common::EARLIER,
        )
    });
    let all: Vec<String> = later.chain(earlier).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_pays_comes_first() {
        let toll = |user: &str, later, earlier| Toll {
            user: user.into(),
            later,
            later_min: 40,
            earlier,
            earlier_min: 120,
        };
        let said = sentence(&[toll("ana", 0, 1), toll("kim", 3, 0)]);
        let expected = "3 jobs of kim start up to 40 min later. 1 job of ana starts 2 h earlier.";
        assert_eq!(said, expected);
    }
}
