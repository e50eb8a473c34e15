//! The loop: looks every so often, sends what the rules propose, and later what came of it. It runs beside
//! the control loop, follows the journal for itself, and nothing that starts a job waits for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::agent::{Card, CardId, Draft, Effect};
use berth_domain::{Actor, Command, Ladder};
use berth_orchestrator::{Clock, CommandError, FollowError, Follower, Handle, View};
use berth_store::{Store, StoreError};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::measure::{acted_at, due, measured};
use super::memory::Memory;
use super::seen::Seen;

/// So many cards are measured in one turn: each reads a part of the journal.
const MEASURED: usize = 2;

/// What the loop needs.
#[derive(Debug)]
pub struct Autopilot {
    pub handle: Handle,
    pub store: Store,
    pub clock: Clock,
    pub ladder: Ladder,
    /// How often it looks. Forecasts are made anew every 30 seconds: sooner there is little to see.
    pub every: Duration,
}

/// What it keeps from one turn to the next.
#[derive(Debug)]
struct Following {
    follower: Follower,
    memory: Memory,
}

#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error("a rule panicked: {0}")]
    Panicked(#[from] tokio::task::JoinError),
    #[error("the control loop has stopped")]
    Stopped,
}

impl Autopilot {
    /// Until the control loop stops.
    pub async fn run(self) {
        let mut ticks = interval(self.every.max(Duration::from_secs(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut following = None;
        // What cannot be measured is not tried again and again.
        let mut tried = HashSet::new();
        for turn in 0.. {
            ticks.tick().await;
            match self.turn(following.take(), &mut tried, turn).await {
                Ok(kept) => following = Some(kept),
                Err(TurnError::Stopped) => return,
                // The state is read anew with the next turn.
                Err(error) => tracing::error!(%error, "the autopilot could not look"),
            }
        }
    }

    async fn turn(
        &self,
        following: Option<Following>,
        tried: &mut HashSet<CardId>,
        turn: u64,
    ) -> Result<Following, TurnError> {
        let mut following = match following {
            Some(known) => known,
            None => Following::open(&self.store).await?,
        };
        let view = self.handle.current().await;
        if self.handle.watch_view().has_changed().is_err() {
            return Err(TurnError::Stopped);
        }
        following.read_up_to(&view).await?;
        let now = self.clock.now();
        let ladder = self.ladder;
        let looked = spawn_blocking({
            let view = view.clone();
            move || {
                let drafts = following.look(&view, ladder, now, turn);
                let state = following.follower.state();
                let cards = state.cards().filter(|card| due(state, card, now));
                let cards: Vec<Card> = cards.cloned().collect();
                (following, drafts, cards)
            }
        });
        let (following, drafts, cards) = looked.await?;
        for draft in drafts {
            let rule = draft.rule;
            let command = Command::Propose(Box::new(draft));
            self.send(command, rule.as_str()).await?;
        }
        let mut following = following;
        let state = following.follower.state();
        tried.retain(|id| state.card(*id).is_some());
        let new = cards.into_iter().filter(|card| tried.insert(card.id));
        for card in new.take(MEASURED).collect::<Vec<_>>() {
            let id = card.id;
            let (kept, effect) = self.measure(following, card, &view).await?;
            following = kept;
            if let Some(effect) = effect {
                self.send(Command::Measured(id, effect), "measured").await?;
            }
        }
        Ok(following)
    }

    async fn send(&self, command: Command, what: &str) -> Result<(), TurnError> {
        match self.handle.send(Actor::Berth, command).await {
            Ok(_) => Ok(()),
            Err(CommandError::Stopped) => Err(TurnError::Stopped),
            Err(error) => {
                tracing::warn!(%error, what, "what the autopilot proposed was not taken");
                Ok(())
            }
        }
    }

    async fn measure(
        &self,
        following: Following,
        card: Card,
        view: &View,
    ) -> Result<(Following, Option<Effect>), TurnError> {
        let now = self.clock.now();
        let Some(at) = acted_at(&card) else {
            return Ok((following, None));
        };
        let cpu_jobs = view.planning.policy.cpu_jobs_per_node;
        let before = following.follower.planning_before(at, now, cpu_jobs).await;
        let before = match before {
            Ok(before) => before,
            Err(error) => {
                tracing::info!(%error, card = card.id.0, "it is not known what came of a card");
                return Ok((following, None));
            }
        };
        let done = spawn_blocking(move || {
            let effect = measured(&before, following.follower.state(), &card, now);
            (following, effect)
        });
        Ok(done.await?)
    }
}

impl Following {
    async fn open(store: &Store) -> Result<Self, StoreError> {
        let (follower, past) = Follower::open(store.clone()).await?;
        let mut memory = Memory::default();
        past.iter().for_each(|record| memory.read(record));
        Ok(Following { follower, memory })
    }

    async fn read_up_to(&mut self, view: &Arc<View>) -> Result<(), FollowError> {
        let memory = &mut self.memory;
        let each = self
            .follower
            .read_up_to(view.seq, |record, state| memory.apply(record, state));
        each.await
    }

    fn look(
        &self,
        view: &View,
        ladder: Ladder,
        now: berth_domain::Timestamp,
        turn: u64,
    ) -> Vec<Draft> {
        super::look(&Seen {
            state: self.follower.state(),
            planning: &view.planning,
            plan: &view.plan,
            forecasts: &view.forecasts,
            memory: &self.memory,
            ladder,
            now,
            turn,
        })
    }
}
