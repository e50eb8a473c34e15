//! `GET /api/job_log/raw?id=17`: a whole log as it was written, as a download.

use axum::body::Body;
use axum::response::Response;
use berth_domain::JobId;
use berth_executors::logs;
use serde::Deserialize;

use super::answer::{Asked, download, read, refuse};
use super::caller::Caller;

const PIECE: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
pub struct Which {
    id: JobId,
    attempt: Option<u32>,
    #[serde(default)]
    rank: u32,
}

pub async fn raw_log(Caller(context): Caller, which: Asked<Which>) -> Response {
    let which = match read(which) {
        Ok(which) => which,
        Err(error) => return refuse(&error),
    };
    let log = match context.raw_log(which.id, which.attempt, which.rank).await {
        Ok(log) => log,
        Err(error) => return refuse(&error),
    };
    // Piece by piece: a log may be larger than memory should be.
    let pieces = futures::stream::try_unfold((log.folder, 0), |(folder, offset)| async move {
        let read = tokio::task::spawn_blocking(move || {
            let chunk = logs::read(&folder, offset, PIECE);
            (folder, chunk)
        });
        let (folder, chunk) = read.await.map_err(std::io::Error::other)?;
        let chunk = match chunk {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if chunk.bytes.is_empty() {
            return Ok::<_, std::io::Error>(None);
        }
        let mut bytes = chunk.bytes;
        if chunk.start > offset {
            let gap = chunk.start - offset;
            let note = format!("\n[… {gap} bytes are not kept …]\n");
            bytes.splice(0..0, note.into_bytes());
        }
        Ok(Some((bytes, (folder, chunk.next))))
    });
    let kind = "text/plain; charset=utf-8";
    download(&log.name, kind, Body::from_stream(pieces))
}
