//! The planner as people meet it, on the real executor: explanations whose advice is true, forecasts,
//! policies that are chosen while it runs, and preemption that lets a job save and resume.

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::jobs::{JobArg, ReleaseJob, UpdateArg, UpdateJob};
use berth_api::planner::{
    AsksArg, ExplainAnswer, ExplainJob, ForecastStart, GetPolicy, PolicyArg, PreviewPolicy,
    SetPolicy,
};
use berth_domain::{JobId, StateName, SubmitRequest};

fn sized(gpus: i64, limit: &str, line: &str) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        time_limit: Some(limit.to_owned()),
        ..shell(line)
    }
}

async fn until_state(berth: &berth_api::Berth, id: JobId, state: StateName) {
    until(berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.row.state == state
    })
    .await;
}

async fn explain(berth: &berth_api::Berth, id: JobId) -> ExplainAnswer {
    berth.call(ExplainJob { id }).await.unwrap()
}

fn policy(name: &str, knobs: &[(&str, &str)]) -> PolicyArg {
    PolicyArg {
        name: name.to_owned(),
        knobs: knobs
            .iter()
            .map(|(knob, value)| ((*knob).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_that_is_followed_comes_true() {
    let server = Server::with("1x4", &[]);
    let berth = server.client();
    let holder = submit(&berth, sized(2, "1h", "sleep 600")).await.id;
    until_state(&berth, holder, StateName::Running).await;
    // Next in line for the whole node, and one behind it that would fit, were it shorter.
    let head = submit(&berth, sized(4, "1h", "true")).await.id;
    let long = submit(&berth, sized(2, "1d", "sleep 600")).await.id;

    let answer = explain(&berth, head).await;
    assert_eq!(answer.place, Some(1), "{answer:?}");
    assert_eq!(answer.holders.len(), 1, "{answer:?}");
    assert_eq!(answer.holders[0].job, holder);
    assert!(answer.start_p50.is_some() && answer.start_p50 <= answer.start_p90);

    let answer = explain(&berth, long).await;
    assert_eq!(answer.ahead.first().map(|job| job.job), Some(head));
    let advice = answer.actions.iter().find(|action| action.starts_now);
    let advice = advice.unwrap_or_else(|| panic!("no advice: {answer:?}"));
    let words: Vec<&str> = advice.command.split(' ').collect();
    let ["berth", "update", _, "-t", limit] = words[..] else {
        panic!("{advice:?}")
    };
    assert_eq!(get(&berth, long).await.row.state, StateName::Queued);
    let body = UpdateArg {
        time_limit: Some(limit.to_owned()),
        ..UpdateArg::of(long)
    };
    berth.call(UpdateJob { body }).await.unwrap();
    until_state(&berth, long, StateName::Running).await;
    // It passed the head because it is done in time for it.
    assert_eq!(get(&berth, head).await.row.state, StateName::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_would_it_start() {
    let server = Server::with("1x4", &[]);
    let berth = server.client();
    let ask = |gpus, limit: &str| ForecastStart {
        gpus: Some(gpus),
        nodes: None,
        time_limit: Some(limit.to_owned()),
        class: None,
        asks: AsksArg::default(),
    };
    assert!(berth.call(ask(4, "1h")).await.unwrap().starts_now);
    let holder = submit(&berth, sized(2, "1h", "sleep 600")).await.id;
    until_state(&berth, holder, StateName::Running).await;
    assert!(berth.call(ask(2, "1h")).await.unwrap().starts_now);
    let later = berth.call(ask(4, "1h")).await.unwrap();
    assert!(!later.starts_now && later.start_p50.is_some(), "{later:?}");
    let never = refused(berth.call(ask(5, "1h")).await);
    assert!(never.to_string().contains("the cluster has 4"), "{never}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_chosen_previewed_and_kept() {
    let mut server = Server::with("1x2", &[]);
    let berth = server.client();
    let holder = submit(&berth, sized(1, "1h", "sleep 600")).await.id;
    until_state(&berth, holder, StateName::Running).await;
    let _head = submit(&berth, sized(2, "1h", "true")).await.id;
    let held = SubmitRequest {
        hold: true,
        ..sized(1, "10m", "sleep 600")
    };
    let small = submit(&berth, held).await.id;

    let body = policy("fifo", &[]);
    let answer = berth.call(SetPolicy { body: body.clone() }).await.unwrap();
    assert_eq!(answer.policy.name, "fifo");
    // Strict order: nobody passes.
    berth
        .call(ReleaseJob {
            body: JobArg { id: small },
        })
        .await
        .unwrap();
    assert_eq!(
        get(&berth, small).await.row.reason.as_deref(),
        Some("Priority")
    );
    let preview = PreviewPolicy {
        body: policy("easy", &[]),
    };
    let preview = berth.call(preview).await.unwrap();
    assert!(
        preview.changes.iter().any(|change| change.job == small),
        "{preview:?}"
    );

    // It is kept over a restart, and nonsense is refused with what there is.
    server.kill();
    server.boot(&[]);
    let berth = server.client();
    let kept = berth.call(GetPolicy {}).await.unwrap();
    assert_eq!(kept.policy.name, "fifo");
    for (wrong, says) in [
        (policy("lottery", &[]), "sjf, slurm or berth"),
        (policy("berth", &[("luck", "1")]), "There is no knob 'luck'"),
        (policy("berth", &[("preemption", "maybe")]), "preemption"),
    ] {
        let error = refused(berth.call(SetPolicy { body: wrong }).await);
        assert!(error.to_string().contains(says), "{error}");
    }
    let body = policy("easy", &[]);
    berth.call(SetPolicy { body }).await.unwrap();
    until_state(&berth, small, StateName::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preempted_job_is_warned_saves_and_resumes() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let body = policy(
        "berth",
        &[
            ("preemption", "on"),
            ("min_run", "1s"),
            ("min_run_new", "1s"),
            ("first_slice", "1s"),
            ("review", "1s"),
        ],
    );
    berth.call(SetPolicy { body }).await.unwrap();
    let dir = server.dir.path().display();
    // Counts, saves its count when it is told to stop, and goes on from there.
    let line = format!(
        "n=$(cat {dir}/saved 2>/dev/null || echo 0); echo from $n >> {dir}/attempts; \
         trap 'echo $n > {dir}/saved; exit 0' USR1; \
         while ! test -e {dir}/enough; do n=$((n+1)); sleep 0.05; done"
    );
    let victim = SubmitRequest {
        preemptible: true,
        ..sized(2, "1d", &line)
    };
    let victim = submit(&berth, victim).await.id;
    until_state(&berth, victim, StateName::Running).await;
    let never = sized(2, "1d", "sleep 600");
    let short = submit(&berth, sized(2, "5m", "sleep 0.3")).await.id;
    until_finished(&berth, &[short]).await;
    until(&berth, async |berth: &berth_api::Berth| {
        let job = get(berth, victim).await;
        job.row.state == StateName::Running && job.attempts.len() == 2
    })
    .await;
    std::fs::write(server.dir.path().join("enough"), "").unwrap();
    let done = until_finished(&berth, &[victim]).await.remove(0);
    assert_eq!(done.row.outcome.as_deref(), Some("Succeeded"), "{done:?}");
    let attempts = std::fs::read_to_string(server.dir.path().join("attempts")).unwrap();
    let from: Vec<u64> = attempts
        .lines()
        .map(|line| line.trim_start_matches("from ").parse().unwrap())
        .collect();
    assert_eq!(from.len(), 2, "{from:?}");
    assert!(
        from[0] == 0 && from[1] > 0,
        "it went on where it was: {from:?}"
    );

    // Who did not allow it is never stopped.
    let firm = submit(&berth, never).await.id;
    until_state(&berth, firm, StateName::Running).await;
    let short = submit(&berth, sized(2, "5m", "true")).await.id;
    // A job without GPUs that begins later: when it ran, the planner has looked at the others again,
    // after they ran for longer than the least run time.
    let later = berth_domain::Timestamp::now() + std::time::Duration::from_secs(3);
    let clock = SubmitRequest {
        gpus: Some(0),
        begin: Some(later.to_string()),
        ..shell("true")
    };
    let clock = submit(&berth, clock).await.id;
    until_finished(&berth, &[clock]).await;
    assert_eq!(get(&berth, firm).await.row.state, StateName::Running);
    assert_eq!(get(&berth, short).await.row.state, StateName::Queued);
}
