//! What tests of a model that does what it should not share: what makes it do that, what of somebody else's lies
//! about, and what stands in the ledger afterwards.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth_api::Berth;
use berth_api::reservations::{CreateReservation, ReserveArg};
use berth_domain::agent::CardState;
use berth_domain::{JobId, ReservationId, ReserveRequest, Timestamp};
use berth_scripted_model::{Asked, Reply, ScriptedModel};

use super::ledger;

pub(super) const AGENT: &str = "ana.assistant";

/// A model that does what is laid before it, one reply after the other, and says "Done." where nothing is.
pub(super) struct Puppet {
    pub model: ScriptedModel,
    next: Arc<Mutex<VecDeque<Reply>>>,
}

impl Puppet {
    pub async fn start() -> Self {
        let next: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let rest = next.clone();
        let script = move |_: &Asked| {
            let reply = rest.lock().unwrap().pop_front();
            reply.unwrap_or_else(|| Reply::says("Done."))
        };
        Puppet {
            model: ScriptedModel::start(script).await,
            next,
        }
    }

    /// What it does next.
    pub fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.next.lock().unwrap().extend(replies);
    }
}

/// Two GPUs are promised to this person for an hour, from in an hour on.
pub(super) async fn reserved(berth: &Berth, note: Option<&str>) -> ReservationId {
    let start = Timestamp::now() + Duration::from_secs(3600);
    let body = ReserveArg {
        reservation: ReserveRequest {
            gpus: Some(2),
            start: Some(start.to_string()),
            length: Some("1h".to_owned()),
            note: note.map(str::to_owned),
            ..ReserveRequest::default()
        },
        ..ReserveArg::default()
    };
    let made = berth.call(CreateReservation { body }).await.unwrap();
    made.reservation.id
}

/// How its cards stand, by the job that each is about.
pub(super) async fn cards_by_job(berth: &Berth) -> Vec<(Option<JobId>, CardState)> {
    let cards = ledger(berth, AGENT).await.into_iter();
    let mut states: Vec<_> = cards.map(|view| (view.card.job, view.card.state)).collect();
    states.sort_by_key(|(job, _)| *job);
    states
}
