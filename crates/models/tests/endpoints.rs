//! Endpoints that do what endpoints do: answer, fail, say nonsense, or nothing.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::time::{Duration, Instant};

use berth_models::{
    Answer, Arguments, Bill, Endpoints, Key, Kind, ModelConfig, Prompt, ToolSpec, Trouble, Turn,
    propose,
};
use berth_scripted_model::{Reply, ScriptedModel};
use serde_json::json;

const SECRET: &str = "geheim-4711";

fn config(model: &ScriptedModel) -> ModelConfig {
    ModelConfig {
        key_env: Some("BERTH_TEST_KEY".to_owned()),
        dollars_in: 2.0,
        dollars_out: 10.0,
        first_token_s: 0.4,
        silence_s: 0.4,
        timeout_s: 5.0,
        ..ModelConfig::new("scripted", &model.url, "script-1")
    }
}

fn endpoints(configs: &[ModelConfig]) -> Endpoints {
    let env = |name: &str| (name == "BERTH_TEST_KEY").then(|| SECRET.to_owned());
    Endpoints::configured(configs, env).unwrap()
}

fn prompt() -> Prompt {
    Prompt {
        system: "Be brief.".to_owned(),
        turns: vec![Turn::Person("What runs?".to_owned())],
        tools: vec![ToolSpec {
            name: "job".to_owned(),
            about: "A job.".to_owned(),
            input: json!({ "type": "object", "properties": { "id": { "type": "integer" } } }),
        }],
        may_call: true,
    }
}

struct Came {
    answer: Result<Answer, Trouble>,
    heard: String,
    bill: Bill,
}

async fn ask(endpoints: &Endpoints) -> Came {
    ask_for(endpoints, None).await
}

async fn ask_for(endpoints: &Endpoints, left: Option<u64>) -> Came {
    let mut bill = Bill::default();
    let mut heard = String::new();
    let answer = endpoints
        .ask(&prompt(), left, &mut bill, |text| heard.push_str(text))
        .await;
    Came {
        answer,
        heard,
        bill,
    }
}

#[tokio::test]
async fn what_is_said_is_heard_as_it_comes_and_paid_as_counted() {
    let model = ScriptedModel::with(vec![Reply::says("Job 17 runs since 9:40.")]).await;
    let came = ask(&endpoints(&[config(&model)])).await;
    let answer = came.answer.unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.cut),
        ("Job 17 runs since 9:40.", false)
    );
    assert_eq!(came.heard, answer.text);
    let count = came.bill.count();
    assert_eq!((count.input_tokens, count.output_tokens), (1000, 100));
    assert_eq!((count.micros, count.estimated), (3000, false));
    let asked = &model.asked()[0];
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(asked.header("authorization"), Some("Bearer geheim-4711"));
    assert_eq!(asked.body["model"], "script-1");
    assert_eq!(asked.body["max_tokens"], 4096);
    assert_eq!(asked.body["tools"][0]["function"]["name"], "job");
    assert!(!asked.body.to_string().contains(SECRET));
}

#[tokio::test]
async fn calls_are_put_together_from_their_pieces() {
    let calls = vec![
        ("job".to_owned(), r#"{"id": 17, "events": true}"#.to_owned()),
        ("queue".to_owned(), String::new()),
        ("job".to_owned(), r#"{"id": 17"#.to_owned()),
    ];
    let model = ScriptedModel::with(vec![Reply::Calls(calls)]).await;
    let answer = ask(&endpoints(&[config(&model)])).await.answer.unwrap();
    let read: Vec<(&str, &Arguments)> = answer
        .calls
        .iter()
        .map(|call| (call.tool.as_str(), &call.arguments))
        .collect();
    assert_eq!(read.len(), 3);
    let Arguments::Object(fields) = read[0].1 else {
        panic!("{read:?}")
    };
    assert_eq!(fields["id"], 17);
    assert_eq!(
        read[1],
        ("queue", &Arguments::Object(serde_json::Map::new()))
    );
    assert_eq!(read[2].1, &Arguments::Unreadable(r#"{"id": 17"#.to_owned()));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for trouble in [
        Reply::fails(500),
        Reply::fails(429),
        Reply::Garbage,
        Reply::NoJson,
        Reply::Silence,
        Reply::BreaksOff(vec![]),
        Reply::Says(vec![]),
    ] {
        let what = format!("{trouble:?}");
        let model = ScriptedModel::with(vec![trouble, Reply::says("Yes.")]).await;
        let came = ask(&endpoints(&[config(&model)])).await;
        assert_eq!(came.answer.unwrap().text, "Yes.", "{what}");
        assert_eq!(model.asked().len(), 2, "{what}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again_and_the_next_is_asked() {
    let wrong = ScriptedModel::with(vec![Reply::fails(401)]).await;
    let right = ScriptedModel::with(vec![Reply::says("Yes.")]).await;
    let nobody = ModelConfig::new("nobody", "http://127.0.0.1:1/v1", "m");
    let both = endpoints(&[nobody, config(&wrong), config(&right)]);
    let came = ask(&both).await;
    assert_eq!(came.answer.unwrap().text, "Yes.");
    assert_eq!((wrong.asked().len(), right.asked().len()), (1, 1));
    assert_eq!(came.bill.count().micros, 3000, "the others cost nothing");
}

#[tokio::test]
async fn who_wants_to_be_left_alone_is() {
    let busy = |retry_after| Reply::Fails {
        status: 429,
        retry_after: Some(retry_after),
        body: String::new(),
    };
    let model = ScriptedModel::with(vec![busy(1), Reply::says("Yes.")]).await;
    let began = Instant::now();
    assert!(ask(&endpoints(&[config(&model)])).await.answer.is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1));
    // For longer than there is time: the next one is asked, at once.
    let busy = ScriptedModel::with(vec![busy(600)]).await;
    let other = ScriptedModel::with(vec![Reply::says("Yes.")]).await;
    let began = Instant::now();
    assert!(
        ask(&endpoints(&[config(&busy), config(&other)]))
            .await
            .answer
            .is_ok()
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(busy.asked().len(), 1);
    let alone = ask(&endpoints(&[config(&busy)])).await.answer.unwrap_err();
    assert_eq!(
        alone.to_string(),
        "The model scripted has too much to do for the next 600 s."
    );
}

#[tokio::test]
async fn what_was_heard_is_not_said_twice() {
    for trouble in [
        Reply::Stalls(vec!["Job 17 ".to_owned()]),
        Reply::BreaksOff(vec!["Job 17 ".to_owned()]),
    ] {
        let first = ScriptedModel::with(vec![trouble]).await;
        let second = ScriptedModel::with(vec![Reply::says("Job 18.")]).await;
        let came = ask(&endpoints(&[config(&first), config(&second)])).await;
        came.answer.unwrap_err();
        assert_eq!(came.heard, "Job 17 ");
        assert!(second.asked().is_empty());
        let count = came.bill.count();
        assert!(count.estimated && count.micros > 0, "{count:?}");
    }
}

#[tokio::test]
async fn silence_ends_in_time() {
    let model = ScriptedModel::with(vec![Reply::Silence]).await;
    let config = ModelConfig {
        timeout_s: 1.0,
        ..config(&model)
    };
    let began = Instant::now();
    let trouble = ask(&endpoints(&[config])).await.answer.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let says = trouble.to_string();
    assert!(
        says.contains("said nothing") || says.contains("in time"),
        "{says}"
    );
}

#[tokio::test]
async fn what_is_not_counted_is_guessed() {
    let reply = Reply::Uncounted(Box::new(Reply::says("Twelve chars")));
    let model = ScriptedModel::with(vec![reply]).await;
    let count = ask(&endpoints(&[config(&model)])).await.bill.count();
    assert!(count.estimated);
    assert_eq!(count.output_tokens, 3);
    assert!(count.input_tokens > 10, "{count:?}");
}

#[tokio::test]
async fn what_is_left_bounds_what_is_asked() {
    let model = ScriptedModel::with(vec![Reply::says("Yes.")]).await;
    let all = endpoints(&[config(&model)]);
    ask_for(&all, Some(1100)).await.answer.unwrap();
    let most = model.asked()[0].body["max_tokens"].as_u64().unwrap();
    assert!((1..110).contains(&most), "{most}");
    let trouble = ask_for(&all, Some(1)).await.answer.unwrap_err();
    assert!(matches!(trouble, Trouble::TooDear { .. }), "{trouble}");
    assert_eq!(model.asked().len(), 1);
}

#[tokio::test]
async fn a_key_is_in_no_error() {
    let echo =
        format!(r#"{{"error": {{"message": "Wrong key: {SECRET}, also sk-abcdefghijkl"}}}}"#);
    let body = |status| Reply::Fails {
        status,
        retry_after: None,
        body: echo.clone(),
    };
    let in_stream = Reply::Raw(format!("data: {echo}\n\n"));
    for reply in [body(401), body(500), in_stream] {
        let model = ScriptedModel::with(vec![reply]).await;
        let all = endpoints(&[config(&model)]);
        let trouble = ask(&all).await.answer.unwrap_err();
        for shown in [
            trouble.to_string(),
            format!("{trouble:?}"),
            format!("{all:?}"),
        ] {
            assert!(
                !shown.contains(SECRET) && !shown.contains("sk-abc"),
                "{shown}"
            );
        }
        assert!(
            trouble.to_string().contains("Wrong key: [key]"),
            "{trouble}"
        );
    }
    assert!(!format!("{:?}", Key::new(SECRET)).contains(SECRET));
}

#[tokio::test]
async fn a_key_does_not_go_where_an_endpoint_sends_us() {
    let other = ScriptedModel::with(vec![Reply::says("Thanks.")]).await;
    // A redirection has no body to speak of; what counts is that it is not followed.
    let model = ScriptedModel::with(vec![Reply::Fails {
        status: 307,
        retry_after: None,
        body: other.url.clone(),
    }])
    .await;
    ask(&endpoints(&[config(&model)])).await.answer.unwrap_err();
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn anthropic_is_asked_in_its_own_words() {
    let event = |kind: &str, data: serde_json::Value| format!("event: {kind}\ndata: {data}\n\n");
    let start = json!({ "type": "message_start", "message": { "usage": { "input_tokens": 50, "output_tokens": 1 } } });
    let text = json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
    let tool = json!({
        "type": "content_block_start", "index": 1,
        "content_block": { "type": "tool_use", "id": "toolu_1", "name": "job", "input": {} },
    });
    let delta = |delta: serde_json::Value| json!({ "type": "content_block_delta", "index": 0, "delta": delta });
    let stop = json!({ "type": "content_block_stop", "index": 0 });
    let end = json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 9 } });
    let stream = [
        event("message_start", start),
        event("content_block_start", text),
        event(
            "content_block_delta",
            delta(json!({ "type": "text_delta", "text": "I look." })),
        ),
        event("content_block_stop", stop.clone()),
        event("content_block_start", tool),
        event(
            "content_block_delta",
            delta(json!({ "type": "input_json_delta", "partial_json": "{\"id\":" })),
        ),
        event(
            "content_block_delta",
            delta(json!({ "type": "input_json_delta", "partial_json": " 7}" })),
        ),
        event("content_block_stop", stop),
        event("message_delta", end),
        event("message_stop", json!({ "type": "message_stop" })),
    ];
    let model = ScriptedModel::with(vec![Reply::Raw(stream.concat())]).await;
    let config = ModelConfig {
        kind: Kind::Anthropic,
        ..config(&model)
    };
    let came = ask(&endpoints(&[config])).await;
    let answer = came.answer.unwrap();
    assert_eq!(answer.text, "I look.");
    assert_eq!(
        (answer.calls[0].id.as_str(), answer.calls[0].tool.as_str()),
        ("toolu_1", "job")
    );
    let Arguments::Object(fields) = &answer.calls[0].arguments else {
        panic!("{answer:?}")
    };
    assert_eq!(fields["id"], 7);
    let count = came.bill.count();
    assert_eq!((count.input_tokens, count.output_tokens), (50, 9));
    let asked = &model.asked()[0];
    assert_eq!(asked.path, "/v1/messages");
    assert_eq!(asked.header("x-api-key"), Some(SECRET));
}

#[tokio::test]
async fn a_proposal_is_as_its_schema_says_or_there_is_none() {
    let schema = json!({
        "type": "object",
        "properties": { "lr": { "type": "number", "maximum": 1 } },
        "required": ["lr"],
        "additionalProperties": false,
    });
    let ask = async |replies: Vec<Reply>| {
        let model = ScriptedModel::with(replies).await;
        let all = endpoints(&[config(&model)]);
        let mut bill = Bill::default();
        let question = ("You choose trials.", "Which next?");
        let proposed = propose(&all, question, &schema, None, &mut bill).await;
        (proposed, bill.take().micros, model.asked())
    };
    let (proposed, cost, asked) = ask(vec![Reply::says("```json\n{\"lr\": 0.1}\n```")]).await;
    assert_eq!(proposed, Ok(json!({ "lr": 0.1 })));
    assert_eq!(cost, 3000);
    assert!(
        asked[0].told().contains("\"maximum\":1"),
        "{}",
        asked[0].told()
    );
    let wrong = Reply::says("{\"lr\": 7}");
    let (proposed, _, asked) = ask(vec![wrong.clone(), Reply::says("{\"lr\": 0.7}")]).await;
    assert_eq!(proposed, Ok(json!({ "lr": 0.7 })));
    assert!(
        asked[1].told().contains("not as asked for"),
        "{}",
        asked[1].told()
    );
    let (proposed, cost, asked) = ask(vec![wrong]).await;
    let why = proposed.unwrap_err();
    assert!(
        why.to_string()
            .starts_with("The model did not propose what was asked for"),
        "{why}"
    );
    assert_eq!((asked.len(), cost), (3, 9000));
}
