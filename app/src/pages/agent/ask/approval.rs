//! What the assistant may not do by itself: the whole card with its answers while it waits for one, and
//! then where to read what came of it.

use berth_domain::CardId;
use leptos::prelude::*;

use super::composer::FIELD;
use crate::pages::agent::card::OpenCard;
use crate::pages::agent::desk::Desk;
use crate::pages::agent::filter::Filter;
use crate::texts::agent::ask as t;

#[component]
pub fn Approval(card: CardId, sentence: String, desk: Desk) -> impl IntoView {
    let open = Memo::new(move |_| {
        desk.answer.with(|answer| {
            let mut all = answer.open.iter();
            all.find(|view| view.card.id == card).cloned()
        })
    });
    let shown = move || match open.get() {
        Some(card) => view! { <OpenCard card desk after=FIELD /> }.into_any(),
        None => {
            let told = t::asked_for(card, &sentence);
            view! {
                <p class="agent-why approval" data-card=card.to_string()>
                    {told} " " <a href=in_ledger(card)>{t::WHAT_CAME_OF_IT}</a>
                </p>
            }
            .into_any()
        }
    };
    shown.into_any()
}

/// The ledger from this card on.
pub fn in_ledger(card: CardId) -> String {
    let next = CardId(card.0.saturating_add(1));
    let href = Filter::default().at(Some(next)).href(None);
    format!("{href}#ledger")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_the_first_of_its_part_of_the_ledger() {
        assert_eq!(in_ledger(CardId(12)), "/agent?before=13#ledger");
    }
}
