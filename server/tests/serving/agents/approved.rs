//! What an agent asked for is done with its person's rights, whoever approves it: also where the queue is
//! another by then.

use berth_api::Berth;
use berth_api::agents::{AnswerCard, AnswerCardArg};
use berth_api::jobs::{MoveArg, MoveJob};
use berth_api::planner::{ExplainJob, PolicyArg, SetPolicy};
use berth_domain::agent::{Action, Approval, CardState};
use berth_domain::{JobId, Mandate, MoveTo, SubmitRequest};

use super::{agents, make, shell};
use crate::support::{Server, refused, submit, until};

fn to(id: JobId, to: MoveTo) -> MoveJob {
    MoveJob {
        body: MoveArg { id, to },
    }
}

async fn place(berth: &Berth, id: JobId) -> Option<usize> {
    berth.call(ExplainJob { id }).await.unwrap().place
}

/// Waits until one job stands before another.
async fn stands_before(berth: &Berth, one: JobId, other: JobId) {
    until(berth, async |berth: &Berth| {
        let first = place(berth, one).await;
        first.is_some() && first < place(berth, other).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_passes_nobody_whoever_approves_it() {
    let server = Server::with("1x8", &[]);
    let admin = server.client();
    let body = PolicyArg {
        name: "fifo".to_owned(),
        ..PolicyArg::default()
    };
    admin.call(SetPolicy { body }).await.unwrap();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let bo = Berth::new(&server.url, &server.add_user("bo")).unwrap();
    let all_gpus = || SubmitRequest {
        gpus: Some(8),
        ..shell("sleep 600")
    };
    submit(&ana, all_gpus()).await;
    let first = submit(&ana, all_gpus()).await.id;
    let last = submit(&ana, all_gpus()).await.id;
    let asks = Mandate {
        all_jobs: true,
        approval: Approval {
            actions: [Action::Move].into(),
            ..Approval::default()
        },
        ..Mandate::default()
    };
    let token = make(&ana, "tuner", asks).await.token.unwrap();
    let tuner = Berth::new(&server.url, &token).unwrap();
    let error = refused(tuner.call(to(last, MoveTo::Before(first))).await);
    assert!(
        error.to_string().contains("has to approve it first"),
        "{error}"
    );
    let card = agents(&ana).await.open[0].card.id;
    let approve = || AnswerCard {
        body: AnswerCardArg {
            card,
            approve: true,
        },
    };
    // An admin puts somebody else's job between them.
    let theirs = submit(&bo, all_gpus()).await.id;
    let between = to(theirs, MoveTo::Before(last));
    admin.call(between).await.unwrap();
    stands_before(&admin, theirs, last).await;
    for approver in [&ana, &admin] {
        let error = refused(approver.call(approve()).await);
        let says = format!("would pass job {theirs} of bo");
        assert!(error.to_string().contains(&says), "{error}");
    }
    assert_eq!(agents(&ana).await.open[0].card.id, card, "it still waits");
    // Where nobody is passed any more it is done.
    admin.call(to(theirs, MoveTo::Bottom)).await.unwrap();
    stands_before(&admin, last, theirs).await;
    let done = ana.call(approve()).await.unwrap();
    assert_eq!(done.card.state, CardState::Acted);
    stands_before(&admin, last, first).await;
}
