//! A server that answers always the same, and remembers what it was asked: so that one sees which
//! functions a tool calls. It is spoken to as a real one, over HTTP.

mod made_up;

use std::sync::{Arc, Mutex};

use berth_api::Berth;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A call that came.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Value,
}

#[derive(Clone, Default)]
pub struct Stub {
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Stub {
    pub async fn start() -> (Self, Berth) {
        let stub = Stub::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stub = answering.clone();
                tokio::spawn(async move { stub.answer(stream).await });
            }
        });
        (stub, Berth::new(&url, "token").unwrap())
    }

    /// What was asked since this was called last.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut text = Vec::new();
        let (head, rest) = loop {
            if let Some(end) = text.windows(4).position(|part| part == b"\r\n\r\n") {
                let rest = text.split_off(end + 4);
                break (String::from_utf8(text).unwrap(), rest);
            }
            let mut piece = [0; 4096];
            match stream.read(&mut piece).await {
                Ok(count) if count > 0 => text.extend_from_slice(&piece[..count]),
                _ => return,
            }
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().unwrap())
        });
        let mut body = rest;
        while body.len() < length.unwrap_or(0) {
            let mut piece = [0; 4096];
            match stream.read(&mut piece).await {
                Ok(count) if count > 0 => body.extend_from_slice(&piece[..count]),
                _ => return,
            }
        }
        let mut words = head.split(' ');
        let method = words.next().unwrap().to_owned();
        let target = words.next().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let call = Call {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        self.calls.lock().unwrap().push(call.clone());
        let (status, answer) = made_up::answer(&call);
        let answer = answer.to_string();
        let length = answer.len();
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{answer}"
        );
        let _ = stream.write_all(text.as_bytes()).await;
    }
}
