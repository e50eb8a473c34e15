//! A mail server and a webhook on ports of their own, which hand on what they get: where tests look
//! whether somebody was told.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "for tests, which end where something is wrong"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A mail server that takes everything; each mail as it came.
pub async fn mail_server() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (mails, inbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mails = mails.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 mail\r\n").await.unwrap();
                let mut mail: Option<String> = None;
                while let Ok(Some(line)) = lines.next_line().await {
                    match (&mut mail, line.as_str()) {
                        (Some(text), ".") => {
                            mails.send(std::mem::take(text)).unwrap();
                            mail = None;
                            write.write_all(b"250 taken\r\n").await.unwrap();
                        }
                        (Some(text), line) => {
                            text.push_str(line);
                            text.push('\n');
                        }
                        (None, "DATA") => {
                            mail = Some(String::new());
                            write.write_all(b"354 go on\r\n").await.unwrap();
                        }
                        (None, "QUIT") => {
                            let _ = write.write_all(b"221 bye\r\n").await;
                            return;
                        }
                        (None, _) => write.write_all(b"250 mail\r\n").await.unwrap(),
                    }
                }
            });
        }
    });
    (url, inbox)
}

/// A webhook that takes what comes, as long as it is well.
pub async fn webhook(
    well: Arc<AtomicBool>,
) -> (String, mpsc::UnboundedReceiver<(HeaderMap, String)>) {
    let (calls, inbox) = mpsc::unbounded_channel();
    let take = move |headers: HeaderMap, body: String| {
        let (calls, well) = (calls.clone(), well.load(Ordering::SeqCst));
        async move {
            if !well {
                return StatusCode::BAD_GATEWAY;
            }
            calls.send((headers, body)).unwrap();
            StatusCode::NO_CONTENT
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(take));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, inbox)
}
