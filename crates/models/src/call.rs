//! One call of one endpoint: what it says is handed on as it comes, and clocks run.

use std::time::Duration;

use futures::StreamExt;
use genai::Client;
use genai::chat::{ChatOptions, ChatStreamEvent, StopReason, StreamEnd, ToolChoice, Usage};
use tokio::time::{Instant, timeout_at};

use crate::bill::Bill;
use crate::config::Kind;
use crate::endpoint::Endpoint;
use crate::endpoints::Answer;
use crate::gathered::{Gathered, whole};
use crate::prompt::Prompt;
use crate::trouble::Trouble;

/// No answer is longer, whatever was agreed.
const LONGEST: usize = 256 * 1024;

/// Who hears what is said, as it is said.
pub(crate) type Ear<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Asks once.
pub(crate) async fn call(
    client: &Client,
    endpoint: &Endpoint,
    prompt: &Prompt,
    (max_tokens, until): (u32, Instant),
    bill: &mut Bill,
    ear: Ear<'_>,
) -> Result<Answer, Trouble> {
    bill.begin(endpoint, prompt.tokens());
    let answered = hear(client, endpoint, prompt, (max_tokens, until), bill, ear).await;
    match &answered {
        Err(trouble) if trouble.may_cost() => bill.guess(),
        Err(_) => bill.free(),
        Ok(_) => {}
    }
    answered
}

async fn hear(
    client: &Client,
    endpoint: &Endpoint,
    prompt: &Prompt,
    (max_tokens, until): (u32, Instant),
    bill: &mut Bill,
    ear: Ear<'_>,
) -> Result<Answer, Trouble> {
    let mut options = options(endpoint, max_tokens);
    if !prompt.may_call && !prompt.tools.is_empty() {
        options = options.with_tool_choice(ToolChoice::None);
    }
    let asked = client.exec_chat_stream(endpoint.target(), prompt.request(), Some(&options));
    let asked = asked.await.map_err(|error| Trouble::of(endpoint, &error))?;
    let mut stream = asked.stream;
    let mut heard = Heard::default();
    let mut patience = endpoint.limits.first;
    loop {
        let next = within(endpoint, patience, until, stream.next()).await?;
        let Some(event) = next else {
            let name = endpoint.name.clone();
            return Err(if heard.anything {
                Trouble::BrokeOff { name }
            } else {
                Trouble::garbage(endpoint, "there is no answer in it")
            });
        };
        let event = event.map_err(|error| Trouble::of(endpoint, &error))?;
        match event {
            // It says so before it has asked.
            ChatStreamEvent::Start => continue,
            ChatStreamEvent::Chunk(piece) => {
                bill.heard(&piece.content);
                heard
                    .say(&piece.content)
                    .map_err(|why| Trouble::garbage(endpoint, why))?;
                ear(&piece.content);
            }
            ChatStreamEvent::ReasoningChunk(piece)
            | ChatStreamEvent::ThoughtSignatureChunk(piece) => {
                bill.heard(&piece.content);
            }
            ChatStreamEvent::ToolCallChunk(piece) => {
                heard.anything = true;
                // Anthropic's are whole each time.
                if endpoint.kind == Kind::Openai {
                    bill.heard(piece.tool_call.fn_arguments.as_str().unwrap_or_default());
                    let taken = heard.calls.take(&piece.tool_call);
                    taken.map_err(|why| Trouble::garbage(endpoint, why))?;
                }
            }
            ChatStreamEvent::Heartbeat => {}
            ChatStreamEvent::End(end) => return ended(endpoint, heard, end, bill),
        }
        patience = endpoint.limits.silence;
    }
}

/// What came until now.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    calls: Gathered,
    anything: bool,
}

impl Heard {
    fn say(&mut self, text: &str) -> Result<(), &'static str> {
        self.anything = true;
        if self.text.len() + text.len() > LONGEST {
            return Err("it does not end");
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn ended(
    endpoint: &Endpoint,
    heard: Heard,
    end: StreamEnd,
    bill: &mut Bill,
) -> Result<Answer, Trouble> {
    bill.settle(end.captured_usage.as_ref().and_then(counted));
    let cut = matches!(end.captured_stop_reason, Some(StopReason::MaxTokens(_)));
    let calls = match endpoint.kind {
        Kind::Openai => heard.calls.calls(),
        Kind::Anthropic => whole(end.captured_into_tool_calls().unwrap_or_default()),
    };
    if heard.text.trim().is_empty() && calls.is_empty() {
        return Err(Trouble::garbage(endpoint, "it says nothing"));
    }
    Ok(Answer {
        text: heard.text,
        calls,
        cut,
        model: endpoint.name.clone(),
    })
}

/// What the endpoint counted; nothing where it counted half.
fn counted(usage: &Usage) -> Option<(u64, u64)> {
    let read = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    Some((read(usage.prompt_tokens)?, read(usage.completion_tokens)?))
}

fn options(endpoint: &Endpoint, max_tokens: u32) -> ChatOptions {
    let of_anthropic = endpoint.kind == Kind::Anthropic;
    let mut options = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_tool_calls(of_anthropic)
        .with_max_tokens(max_tokens);
    options.extra_body = endpoint.named_in_body();
    options
}

/// Waits so long, and in no case longer than until then.
async fn within<T>(
    endpoint: &Endpoint,
    patience: Duration,
    until: Instant,
    next: impl Future<Output = T>,
) -> Result<T, Trouble> {
    let silent = Instant::now() + patience;
    let name = || endpoint.name.clone();
    timeout_at(silent.min(until), next).await.map_err(|_| {
        if silent < until {
            let after_s = patience.as_secs().max(1);
            return Trouble::Silent {
                name: name(),
                after_s,
            };
        }
        Trouble::TooLate { name: name() }
    })
}
