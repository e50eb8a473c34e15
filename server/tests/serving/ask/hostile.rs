//! A hostile model tries more than a hundred things through the real endpoint: other people's jobs, more
//! than its budget, outside its hours, preempting, shells, secrets. Nothing comes of any, and each refusal
//! stands in the ledger.

use std::collections::BTreeSet;

use berth_api::Berth;
use berth_api::agents::CardView;
use berth_api::jobs::{HoldJob, JobArg};
use berth_api::planner::{PolicyArg, SetPolicy};
use berth_api::queue::{GetQueueOrder, QueueOrder};
use berth_api::reservations::{ListReservations, ReservationView};
use berth_api::talks::Said;
use berth_domain::agent::CardState;
use berth_domain::{
    CardId, JobId, PriorityClass, ReservationId, StateName, SubmitRequest, Timestamp,
};
use berth_scripted_model::Reply;

use super::scene::{AGENT, Puppet, reserved};
use super::tries::{Comes, There, Try, rounds};
use super::{SECRET, agent, ask, ledger, mandate, person, runs, server, text};
use crate::support::{Server, all, shell, submit, until_finished};

const SECRET_OF_BO: &str = "sesame-of-bo";

/// Everything that could have been changed.
#[derive(Debug, PartialEq)]
struct Seen {
    jobs: Vec<(JobId, String, StateName, PriorityClass, u32, u64)>,
    /// With who holds what, in the order in which it is planned.
    order: QueueOrder,
    reservations: Vec<(ReservationId, String, Option<String>, Timestamp, Timestamp)>,
}

impl Seen {
    async fn now(berth: &Berth) -> Self {
        let rows = all(berth).await.into_iter();
        let job = |row: berth_api::views::JobRow| {
            (
                row.id,
                row.name,
                row.state,
                row.class,
                row.gpus,
                row.time_limit_s,
            )
        };
        let call = ListReservations {
            from: None,
            to: None,
        };
        let reserved = berth.call(call).await.unwrap().reservations.into_iter();
        let one = |one: ReservationView| (one.id, one.what, one.note, one.start, one.end);
        Seen {
            jobs: rows.map(job).collect(),
            order: berth.call(GetQueueOrder {}).await.unwrap(),
            reservations: reserved.map(one).collect(),
        }
    }
}

/// Jobs of two people in every state, and a reservation, in a queue that keeps to its order.
async fn set_up(server: &Server, ana: &Berth, bo: &Berth) -> There {
    let admin = server.client();
    let body = PolicyArg {
        name: "fifo".to_owned(),
        ..PolicyArg::default()
    };
    admin.call(SetPolicy { body }).await.unwrap();
    let ended = submit(ana, shell("true")).await.id;
    until_finished(ana, &[ended]).await;
    let with_secret = SubmitRequest {
        gpus: Some(2),
        env: [("TOKEN".to_owned(), SECRET_OF_BO.to_owned())].into(),
        ..shell("sleep 600")
    };
    let theirs = submit(bo, with_secret).await.id;
    let with_key = SubmitRequest {
        idempotency_key: Some("key-of-ana".to_owned()),
        ..shell("sleep 600")
    };
    let mine = submit(ana, with_key).await.id;
    runs(bo, theirs).await;
    runs(ana, mine).await;
    let waits = || SubmitRequest {
        gpus: Some(8),
        ..shell("true")
    };
    let held = || SubmitRequest {
        hold: true,
        ..waits()
    };
    let before = submit(bo, waits()).await.id;
    let first = submit(ana, waits()).await.id;
    let last = submit(ana, waits()).await.id;
    let frozen = submit(ana, waits()).await.id;
    let body = JobArg { id: frozen };
    admin.call(HoldJob { body }).await.unwrap();
    let kept = submit(ana, held()).await.id;
    let four = SubmitRequest {
        array: Some("0-3".to_owned()),
        ..held()
    };
    let array = submit(bo, four).await.id;
    There {
        theirs,
        before,
        array,
        reserved: reserved(bo, None).await,
        mine,
        first,
        last,
        kept,
        frozen,
        ended,
    }
}

/// Of each call: whether it was done, how its answer begins, and its card.
type Came = (bool, String, Option<CardId>);

/// Has it try these, as many as one question allows and then the next question.
async fn try_all(puppet: &Puppet, ana: &Berth, tries: &[Try]) -> Vec<Came> {
    let mut came = Vec::new();
    for part in tries.chunks(20) {
        let call = |one: &Try| Reply::Calls(vec![(one.tool.to_owned(), one.arguments.clone())]);
        puppet.will(part.iter().map(call));
        let said = ask(ana, "Is all well?").await;
        assert_eq!(text(&said), "Done.", "{said:?}");
        came.extend(said.into_iter().filter_map(|one| match one {
            Said::ToolAnswered {
                ok, summary, card, ..
            } => Some((ok, summary, card)),
            _ => None,
        }));
    }
    assert_eq!(came.len(), tries.len());
    came
}

/// That it came as the table says.
fn check(cards: &[CardView], one: &Try, (ok, summary, card): &Came) {
    let known = card.map(|id| cards.iter().find(|view| view.card.id == id).unwrap());
    let known = known.map(|view| (view.card.state, view.card.why.as_deref()));
    let came = format!("{}: {ok}, {summary}, {known:?}", one.what);
    let as_said = match (one.comes, known) {
        (Comes::Refused(part), Some((CardState::Refused, Some(why)))) => !ok && why.contains(part),
        (Comes::Waits, Some((CardState::Suggested, _))) => !ok,
        (Comes::Nothing(part), None) => !ok && summary.contains(part),
        (Comes::Told, None) => *ok,
        _ => false,
    };
    assert!(as_said, "{came}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_model_gets_nowhere() {
    let puppet = Puppet::start().await;
    let server = server(&puppet.model);
    let (ana, bo) = (person(&server, "ana"), person(&server, "bo"));
    let there = set_up(&server, &ana, &bo).await;
    let before = Seen::now(&ana).await;
    let mut tried = Vec::new();
    let mut written = BTreeSet::new();
    for (given, tries) in rounds(&there) {
        mandate(&ana, AGENT, given.clone()).await;
        let came = try_all(&puppet, &ana, &tries).await;
        let cards = ledger(&ana, AGENT).await;
        for (one, came) in tries.iter().zip(&came) {
            check(&cards, one, came);
            written.extend(came.2);
        }
        // Nothing came of any of it.
        assert_eq!(Seen::now(&ana).await, before);
        assert_eq!(agent(&ana, AGENT).await.mandate, given);
        tried.extend(tries.into_iter().map(|one| one.comes));
    }
    assert!(tried.len() >= 100, "{}", tried.len());
    // Each refusal is a card of its own, as is each question to her, and nothing else is.
    let cards = ledger(&ana, AGENT).await;
    let states = |state| cards.iter().filter(|view| view.card.state == state).count();
    let comes = |of: fn(&Comes) -> bool| tried.iter().filter(|comes| of(comes)).count();
    let refused = comes(|comes| matches!(comes, Comes::Refused(_)));
    let waits = comes(|comes| *comes == Comes::Waits);
    assert_eq!(states(CardState::Refused), refused);
    assert_eq!(states(CardState::Suggested), waits);
    assert_eq!((cards.len(), written.len()), (refused + waits, cards.len()));
    // Nor was it told anybody's secret, or the key by which it is asked.
    for asked in puppet.model.asked() {
        let body = asked.body.to_string();
        for secret in [SECRET, SECRET_OF_BO, server.token.as_str()] {
            assert!(!body.contains(secret), "{body}");
        }
        assert_eq!(
            asked.header("authorization"),
            Some(format!("Bearer {SECRET}").as_str())
        );
    }
}
