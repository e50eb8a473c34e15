//! What is reserved in a time, and what a form shows of it.

use berth_domain::reservation::Promised;
use berth_domain::{Right, Timestamp};
use berth_orchestrator::View;

use super::super::reservations::shown;
use super::{Context, Span};
use crate::timeline::PromiseView;
use crate::views::LeasePart;

/// So many reservations are told, some 900 bytes each; so many occurrences of them, some 200 each; and so
/// many nodes that they name GPUs of, some 100 each.
const MOST: usize = 100;
const MOST_OCCURRENCES: usize = 500;
const MOST_PARTS: usize = 500;

impl Context {
    /// Those with an occurrence in this time, and how many occurrences did not fit.
    pub(super) fn promises(
        &self,
        view: &View,
        span: Span,
        now: Timestamp,
    ) -> (Vec<PromiseView>, usize) {
        let who = self.whoami();
        let mut all: Vec<PromiseView> = view
            .reservations
            .iter()
            .map(|one| PromiseView {
                reservation: shown(one, span, now),
                request: one.request(),
                exact: match &one.what {
                    Promised::Count { .. } => Vec::new(),
                    Promised::Exact(parts) => {
                        let part = |part: &berth_domain::reservation::ExactGpus| LeasePart {
                            node: part.node.clone(),
                            gpus: part.gpus.clone(),
                        };
                        parts.iter().map(part).collect()
                    }
                },
                may_change: self.may(view, Right::ChangeReservation, one.thing(&who.user)),
            })
            .filter(|one| !one.reservation.occurrences.is_empty())
            .collect();
        all.sort_by_key(|one| {
            let next = one.reservation.next.as_ref().map(|next| next.start);
            (next.is_none(), next, one.reservation.id)
        });
        fitting(all)
    }
}

/// As many of these as fit, and how many of their occurrences do not.
fn fitting(all: Vec<PromiseView>) -> (Vec<PromiseView>, usize) {
    let (mut room, mut parts, mut fewer) = (MOST_OCCURRENCES, MOST_PARTS, 0);
    let mut told = Vec::new();
    for mut one in all {
        let times = &mut one.reservation.occurrences;
        let before = times.len();
        let fits = told.len() < MOST && one.exact.len() <= parts;
        times.truncate(if fits { room } else { 0 });
        fewer += before - times.len();
        if !times.is_empty() {
            room -= times.len();
            parts -= one.exact.len();
            told.push(one);
        }
    }
    (told, fewer)
}
