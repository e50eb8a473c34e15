//! What a talk needs of the server that it is in.

use berth_domain::agent::CardState;
use berth_domain::{CardId, Timestamp};

/// A card of the ledger that came of what was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCard {
    pub id: CardId,
    pub state: CardState,
    /// `Cancel job 17`.
    pub title: String,
}

/// The agent's side of the server: what it may spend, whether it was stopped, and its cards.
pub trait Host: Send + Sync + 'static {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Whether the agent may go on. It is asked before each step.
    ///
    /// # Errors
    /// Who stopped it and why, in a sentence.
    fn may_go_on(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// What is left for language models, in millionths of a dollar; `None`: no limit.
    ///
    /// # Errors
    /// Why nothing may be spent, in a sentence.
    fn left(&self) -> impl Future<Output = Result<Option<u64>, String>> + Send;

    /// Counts what a model cost, in millionths of a dollar.
    ///
    /// # Errors
    /// Why it could not be counted, in a sentence: then the talk ends.
    fn spent(&self, micros: u64) -> impl Future<Output = Result<(), String>> + Send;

    /// The agent's cards with a number above this one, oldest first; with `None` the last one alone.
    fn cards(&self, after: Option<CardId>) -> impl Future<Output = Vec<SeenCard>> + Send;
}
