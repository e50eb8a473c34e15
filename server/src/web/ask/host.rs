//! The server's side of a talk: its agent's budget, its switch, and its cards.

use berth_api::context::{ApiState, command_error};
use berth_chat::{Host, SeenCard};
use berth_domain::agent::Bar;
use berth_domain::{Actor, Card, CardId, Command, Refusal, Timestamp, UserName};
use berth_store::CardFilter;

/// One call of a tool leaves no more than one or two.
const MOST_CARDS: u32 = 20;

pub struct OfAgent {
    pub state: ApiState,
    pub agent: UserName,
}

impl OfAgent {
    /// The sentence that everybody gets for it.
    fn barred(&self, bar: Bar) -> String {
        let agent = self.agent.clone();
        Refusal::Mandate { agent, bar }.to_string()
    }
}

impl Host for OfAgent {
    fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    async fn may_go_on(&self) -> Result<(), String> {
        let view = self.state.handle.current().await;
        match view.agents.may_ask_model(&self.agent) {
            // That is looked at before each question to a model.
            Ok(_) | Err(Bar::ModelBudget { .. }) => Ok(()),
            Err(bar) => Err(self.barred(bar)),
        }
    }

    async fn left(&self) -> Result<Option<u64>, String> {
        let view = self.state.handle.current().await;
        let left = view.agents.may_ask_model(&self.agent);
        left.map_err(|bar| self.barred(bar))
    }

    async fn spent(&self, micros: u64) -> Result<(), String> {
        let agent = self.agent.clone();
        let counted = Command::UseModel { agent, micros };
        let counted = self.state.handle.send(Actor::Berth, counted).await;
        counted
            .map(drop)
            .map_err(|error| command_error(error).to_string())
    }

    async fn cards(&self, after: Option<CardId>) -> Vec<SeenCard> {
        let filter = CardFilter {
            by: Some(self.agent.to_string()),
            ..CardFilter::default()
        };
        let most = if after.is_some() { MOST_CARDS } else { 1 };
        let cards = self
            .state
            .store
            .cards(&filter, most)
            .await
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the ledger cannot be read");
                vec![]
            });
        let new = |card: &Card| after.is_none_or(|after| card.id > after);
        let mut cards: Vec<SeenCard> = cards.into_iter().filter(new).map(seen).collect();
        cards.reverse();
        cards
    }
}

fn seen(card: Card) -> SeenCard {
    SeenCard {
        id: card.id,
        state: card.state,
        title: card.title,
    }
}
