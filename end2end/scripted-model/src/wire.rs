//! HTTP as far as a test needs it, and chat completions as they are streamed.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Asked, Reply};

/// Tokens that every answer is said to have cost.
const USAGE: (u64, u64) = (1000, 100);

/// Answers one request, and closes the connection where the answer does.
pub(crate) async fn answer(mut stream: TcpStream, decide: impl FnOnce(Asked) -> Reply) {
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    let mut reply = decide(asked);
    let mut counted = true;
    while let Reply::Uncounted(inner) = reply {
        counted = false;
        reply = *inner;
    }
    let written = match &reply {
        Reply::Fails {
            status,
            retry_after,
            body,
        } => {
            let after = retry_after.map_or(String::new(), |s| format!("retry-after: {s}\r\n"));
            whole(&format!("{status} no"), "application/json", &after, body)
        }
        Reply::Garbage => whole("200 OK", "text/html", "", "<html>Log in first</html>"),
        Reply::Silence => String::new(),
        Reply::NoJson => head() + "data: {no json\n\n",
        Reply::Raw(text) => head() + text,
        Reply::Says(pieces) => head() + &said(pieces) + &end("stop", counted),
        Reply::Calls(calls) => head() + &called(calls) + &end("tool_calls", counted),
        Reply::SaysAndCalls(pieces, calls) => {
            head() + &said(pieces) + &called(calls) + &end("tool_calls", counted)
        }
        Reply::Stalls(pieces) | Reply::BreaksOff(pieces) => head() + &said(pieces),
        Reply::Uncounted(_) => String::new(),
    };
    let _ = stream.write_all(written.as_bytes()).await;
    let _ = stream.flush().await;
    if matches!(reply, Reply::Silence | Reply::Stalls(_)) {
        // Until the other side has enough.
        let mut nothing = [0; 16];
        while stream.read(&mut nothing).await.is_ok_and(|count| count > 0) {}
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut more = async |bytes: &mut Vec<u8>| {
        let mut piece = [0; 8192];
        let count = stream.read(&mut piece).await.unwrap_or(0);
        bytes.extend_from_slice(&piece[..count]);
        (count > 0).then_some(())
    };
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        more(&mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
    while bytes.len() < end + 4 + length {
        more(&mut bytes).await?;
    }
    let body = serde_json::from_slice(&bytes[end + 4..]).unwrap_or_default();
    Some(Asked {
        path,
        headers,
        body,
        number: 0,
    })
}

fn whole(status: &str, kind: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn head() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_owned()
}

fn piece(delta: &Value, finish: Option<&str>) -> String {
    let chunk = json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
    });
    format!("data: {chunk}\n\n")
}

fn said(pieces: &[String]) -> String {
    let first = piece(&json!({ "role": "assistant", "content": "" }), None);
    let rest = pieces
        .iter()
        .map(|text| piece(&json!({ "content": text }), None));
    std::iter::once(first).chain(rest).collect()
}

/// Each call begins with its name, and its arguments follow in pieces of a few characters; the pieces of
/// several calls take turns.
fn called(calls: &[(String, String)]) -> String {
    let of = |number: usize, more: Value| {
        let mut call = json!({ "index": number });
        for (key, value) in more.as_object().into_iter().flatten() {
            call[key] = value.clone();
        }
        piece(&json!({ "tool_calls": [call] }), None)
    };
    let mut text = String::new();
    for (number, (tool, _)) in calls.iter().enumerate() {
        let begin = json!({
            "id": format!("tool-{number}"), "type": "function",
            "function": { "name": tool, "arguments": "" },
        });
        text += &of(number, begin);
    }
    let mut rests: Vec<Vec<char>> = calls
        .iter()
        .map(|(_, rest)| rest.chars().collect())
        .collect();
    while rests.iter().any(|rest| !rest.is_empty()) {
        for (number, rest) in rests.iter_mut().enumerate() {
            let next: String = rest.drain(..rest.len().min(7)).collect();
            if !next.is_empty() {
                text += &of(number, json!({ "function": { "arguments": next } }));
            }
        }
    }
    text
}

fn end(reason: &str, counted: bool) -> String {
    let mut text = piece(&json!({}), Some(reason));
    if counted {
        let (input, output) = USAGE;
        let usage = json!({
            "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [],
            "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output },
        });
        text += &format!("data: {usage}\n\n");
    }
    text + "data: [DONE]\n\n"
}
