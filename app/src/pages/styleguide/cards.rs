//! Made-up cards of agents and rules, in every state. Their numbers are so high that no card has them.

use berth_api::agents::CardView;
use berth_domain::agent::{AgentRule, CardBy, CardEnd, CardState, Considered, Effect};
use berth_domain::{Act, Card, CardId, JobId, JobPatch, SubmitRequest, Timestamp, UserName};

/// Before the first.
const FIRST: u64 = 9_000_000;

fn ago(now: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::from_second(now.as_second() - minutes * 60).unwrap_or(now)
}

fn card(number: u64, state: CardState, by: CardBy, title: &str, now: Timestamp) -> Card {
    Card {
        id: CardId(FIRST + number),
        at: ago(now, 6),
        by,
        state,
        subject: format!("job {}", FIRST + 5),
        job: Some(JobId(FIRST + 5)),
        project: None,
        asks: Some(UserName::from("ana")),
        title: title.to_owned(),
        saw: vec![],
        considered: vec![],
        act: None,
        undo: None,
        predicted: None,
        measured: None,
        why: None,
        until: Some(ago(now, -54)),
        settled: None,
    }
}

fn by_agent() -> CardBy {
    CardBy::Agent {
        agent: UserName::from("tuner"),
    }
}

fn seen(card: Card, may_answer: bool, may_undo: bool) -> CardView {
    CardView {
        act_text: card.act.as_ref().map(Act::words),
        may_answer,
        may_undo,
        card,
    }
}

fn shorter() -> Act {
    let patch = JobPatch {
        time_limit: Some(std::time::Duration::from_secs(2 * 3600)),
        ..JobPatch::default()
    };
    Act::Update {
        job: JobId(FIRST + 5),
        patch: Box::new(patch),
    }
}

fn effect(own_s: f64, worst_s: f64) -> Effect {
    Effect {
        mean_wait_s: -420.0,
        worst_mean_s: -60.0,
        own_wait_s: Some(own_s),
        worst_delay_s: worst_s,
        wasted_gpu_s: 0.0,
    }
}

fn submit() -> Act {
    let request = SubmitRequest {
        command: ["python", "train.py", "--lr", "3e-4"]
            .map(str::to_owned)
            .into(),
        gpus: Some(8),
        time_limit: Some("12h".to_owned()),
        name: Some("sweep-lr-3".to_owned()),
        ..SubmitRequest::default()
    };
    Act::Submit {
        request: Box::new(request),
    }
}

/// One that asks and one that asks somebody else, one of which there is nothing to do, and one for each way that
/// a card can go.
pub fn cards(now: Timestamp) -> Vec<CardView> {
    let rule = |rule| CardBy::Rule { rule };
    let end = |by: &str| CardEnd {
        by: UserName::from(by),
        at: ago(now, 2),
    };
    let gap = Card {
        saw: vec![
            "Job 9000005 asks for 12 h. Jobs like it took 1 h 50 min, 9 of 10 of them less."
                .to_owned(),
            "4 GPUs on node-1 are free until 18:40.".to_owned(),
        ],
        considered: vec![Considered {
            option: "Wait for node-2".to_owned(),
            why_not: "it is free at 22:10 only".to_owned(),
        }],
        act: Some(shorter()),
        predicted: Some(effect(-7200.0, 280.0)),
        ..card(
            1,
            CardState::Suggested,
            rule(AgentRule::ShortenLimit),
            "Give ablation-7 2 h, and it starts now",
            now,
        )
    };
    let big = Card {
        job: None,
        act: Some(submit()),
        asks: Some(UserName::from("bo")),
        ..card(
            2,
            CardState::Suggested,
            by_agent(),
            "Submit sweep-lr-3",
            now,
        )
    };
    let late = Card {
        saw: vec!["Job 9000005 starts at 21:00 and needs 3 h; its deadline is 23:00.".to_owned()],
        ..card(
            3,
            CardState::Suggested,
            rule(AgentRule::Deadline),
            "ablation-7 will miss its deadline",
            now,
        )
    };
    let done = Card {
        id: CardId(FIRST + 4),
        state: CardState::Acted,
        undo: Some(shorter()),
        measured: Some(effect(-6600.0, 0.0)),
        settled: Some(end("ana")),
        ..gap.clone()
    };
    let refused = Card {
        act: Some(submit()),
        why: Some(
            "Agent tuner may not do this: it would need 96 GPU-hours and has 12 GPU-hours left of 24 GPU-hours."
                .to_owned(),
        ),
        ..card(5, CardState::Refused, by_agent(), "Submit sweep-lr-3", now)
    };
    let again = "Queue eval-mmlu again";
    let lost = rule(AgentRule::RequeueLost);
    let shadow = Card {
        saw: vec!["node-3 does not answer; job 9000005 ran there.".to_owned()],
        act: Some(Act::Requeue {
            job: JobId(FIRST + 5),
        }),
        ..card(6, CardState::Shadow, lost, again, now)
    };
    let as_state = |number: u64, state: CardState, settled: Option<CardEnd>| Card {
        id: CardId(FIRST + number),
        state,
        settled,
        ..shadow.clone()
    };
    let declined = as_state(7, CardState::Declined, Some(end("ana")));
    let expired = as_state(8, CardState::Expired, None);
    let undone = as_state(9, CardState::Undone, Some(end("kim")));
    vec![
        seen(gap, true, false),
        seen(big, false, false),
        seen(late, true, false),
        seen(done, false, true),
        seen(refused, false, false),
        seen(shadow, false, false),
        seen(declined, false, false),
        seen(expired, false, false),
        seen(undone, false, false),
    ]
}
