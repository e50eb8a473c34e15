//! What a job asks of nodes and GPUs, on the real executor: it gets that and nothing else, it says
//! why it waits for it, and what would help helps. Deadlines.

use crate::support::{Server, get, shell, submit, until};
use berth_api::jobs::{UpdateArg, UpdateJob};
use berth_api::planner::{AsksArg, ExplainJob, ForecastStart};
use berth_domain::{JobId, StateName, SubmitRequest, Timestamp};

fn sized(gpus: i64) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        time_limit: Some("1h".to_owned()),
        ..shell("sleep 600")
    }
}

fn on(node: &str) -> Vec<String> {
    vec![node.to_owned()]
}

async fn until_running(berth: &berth_api::Berth, id: JobId) {
    until(berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
}

/// Where a job runs.
async fn node_of(berth: &berth_api::Berth, id: JobId) -> String {
    let lease = get(berth, id).await.row.lease.unwrap();
    assert_eq!(lease.len(), 1);
    lease[0].node.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_list_pins_the_lease_also_over_a_restart() {
    let mut server = Server::with("2x8", &[]);
    let berth = server.client();
    // Alone it would go to the first node.
    let all = SubmitRequest {
        nodelist: on("node-2"),
        gpu_model: vec!["h100".to_owned()],
        gpu_mem: Some("80G".to_owned()),
        nvlink: true,
        ..sized(8)
    };
    let holder = submit(&berth, all).await.id;
    until_running(&berth, holder).await;
    assert_eq!(node_of(&berth, holder).await, "node-2");

    let pinned = SubmitRequest {
        nodelist: on("node-2"),
        ..sized(2)
    };
    let pinned = submit(&berth, pinned).await.id;
    let other = SubmitRequest {
        exclude: on("node-2"),
        ..sized(1)
    };
    let other = submit(&berth, other).await.id;
    until_running(&berth, other).await;
    assert_eq!(node_of(&berth, other).await, "node-1");

    server.kill();
    server.boot(&[]);
    let berth = server.client();
    let waits = get(&berth, pinned).await;
    assert_eq!(waits.constraints.nodes[0].as_str(), "node-2");
    assert_eq!(waits.request.nodelist, on("node-2"));
    let answer = berth.call(ExplainJob { id: pinned }).await.unwrap();
    assert_eq!(answer.reason.as_deref(), Some("Constraints"), "{answer:?}");
    assert_eq!(
        answer.text,
        "7 GPUs are free, but none of them is on node-2."
    );
    assert_eq!(answer.holders[0].job, holder);
    let advice = &answer.actions[0];
    assert!(advice.starts_now, "{advice:?}");
    assert_eq!(
        advice.command,
        format!("berth update {pinned} --nodelist none")
    );

    let ask = |nodelist: &str| ForecastStart {
        gpus: Some(2),
        nodes: None,
        time_limit: None,
        class: None,
        asks: AsksArg {
            gpu_model: "H100".to_owned(),
            nodelist: nodelist.to_owned(),
            ..AsksArg::default()
        },
    };
    assert!(berth.call(ask("node-1")).await.unwrap().starts_now);
    assert!(!berth.call(ask("node-2")).await.unwrap().starts_now);

    let body = UpdateArg {
        nodelist: Some(vec![]),
        ..UpdateArg::of(pinned)
    };
    berth.call(UpdateJob { body }).await.unwrap();
    until_running(&berth, pinned).await;
    assert_eq!(node_of(&berth, pinned).await, "node-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_raises_a_job_and_is_spoken_of() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let holder = submit(&berth, sized(2)).await.id;
    until_running(&berth, holder).await;
    let first = submit(&berth, sized(2)).await.id;
    // It has an hour to run and hardly more to be done: it must start now.
    let at = Timestamp::now() + std::time::Duration::from_secs(3660);
    let hurried = SubmitRequest {
        deadline: Some(at.to_string()),
        ..sized(2)
    };
    let hurried = submit(&berth, hurried).await.id;
    let answer = berth.call(ExplainJob { id: hurried }).await.unwrap();
    assert_eq!(answer.place, Some(1), "{answer:?}");
    assert_eq!(answer.deadline, Some(at));
    // Which it cannot, so that it will be late.
    assert!(answer.end_p50 > answer.deadline, "{answer:?}");
    let share = answer.factors.iter().find(|one| one.name == "deadline");
    assert!(share.is_some_and(|one| one.share < 0.1), "{answer:?}");

    let body = UpdateArg {
        deadline: Some(String::new()),
        ..UpdateArg::of(hurried)
    };
    berth.call(UpdateJob { body }).await.unwrap();
    let answer = berth.call(ExplainJob { id: hurried }).await.unwrap();
    assert_eq!((answer.place, answer.deadline), (Some(2), None));
    assert_eq!(answer.ahead[0].job, first);
}
