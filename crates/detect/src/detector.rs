//! A look and what follows from it, kept until the next.

use std::sync::{Arc, PoisonError, RwLock};

use berth_domain::Detection;

use crate::choose::{Choice, choose};
use crate::observer::Observer;

/// Detects at the start and on demand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Detector {
    observer: Observer,
    last: Arc<RwLock<Option<Detection>>>,
}

impl Detector {
    #[must_use]
    pub fn new(observer: Observer) -> Self {
        Detector {
            observer,
            last: Arc::default(),
        }
    }

    /// Looks now. Takes some seconds if something does not answer.
    pub async fn look(&self) -> (Choice, Detection) {
        let (choice, detection) = choose(&self.observer.look().await);
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        *last = Some(detection.clone());
        (choice, detection)
    }

    /// What the last look found; looks if there was none.
    pub async fn last(&self) -> Detection {
        match self.kept() {
            Some(detection) => detection,
            None => self.look().await.1,
        }
    }

    fn kept(&self) -> Option<Detection> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }
}
