//! One question at a time for each person, so that cards are known to be its.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use berth_domain::UserName;
use tokio::sync::OwnedMutexGuard;

/// Whose turn it is. Cheap to clone.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<UserName, Lock>>>);

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Held while a question is being answered.
#[derive(Debug)]
pub struct HeldTurn(#[expect(dead_code, reason = "its end is what counts")] OwnedMutexGuard<()>);

impl Turns {
    /// The person's turn, until it is dropped; none where the one before takes longer than this.
    pub async fn begin(&self, person: &UserName, patience: Duration) -> Option<HeldTurn> {
        let lock = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(person.clone()).or_default().clone()
        };
        let held = tokio::time::timeout(patience, lock.lock_owned()).await;
        held.ok().map(HeldTurn)
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_person_is_answered_one_question_at_a_time() {
        let turns = Turns::default();
        let (ana, bo) = ("ana".into(), "bo".into());
        let first = turns.begin(&ana, Duration::ZERO).await.unwrap();
        assert!(turns.begin(&ana, Duration::ZERO).await.is_none());
        let _other = turns.begin(&bo, Duration::ZERO).await.unwrap();
        let (next, ()) = tokio::join!(turns.begin(&ana, Duration::MAX), async { drop(first) });
        next.unwrap();
    }
}
