//! Who held a GPU when, as far back as late samples reach.

use berth_domain::AttemptId;

use super::series::SeriesId;

/// Times are in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) from: i64,
    /// Exclusive; the largest number while it is held.
    pub(crate) until: i64,
    pub(crate) attempt: AttemptId,
    /// The series of job, user and project.
    pub(crate) groups: [SeriesId; 3],
}

/// The holders of one GPU, oldest first; no two at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders(Vec<Held>);

impl Holders {
    pub(crate) fn grant(&mut self, held: Held) {
        self.0.retain(|known| known.attempt != held.attempt);
        self.0.push(held);
        self.0.sort_by_key(|held| held.from);
    }

    pub(crate) fn end(&mut self, attempt: AttemptId, at: i64) {
        let of_it = self.0.iter_mut().filter(|held| held.attempt == attempt);
        for held in of_it {
            held.until = at;
        }
    }

    pub(crate) fn forget_before(&mut self, at: i64) {
        self.0.retain(|held| held.until > at);
    }

    pub(crate) fn at(&self, at: i64) -> Option<&Held> {
        self.0
            .iter()
            .rev()
            .find(|held| held.from <= at && at < held.until)
    }

    /// Who held it in `from..until`, each with its part of that.
    pub(crate) fn within(&self, from: i64, until: i64) -> impl Iterator<Item = (&Held, i64, i64)> {
        self.0.iter().filter_map(move |held| {
            let (from, until) = (held.from.max(from), held.until.min(until));
            (from < until).then_some((held, from, until))
        })
    }
}
