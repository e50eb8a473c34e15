//! `GET /api/job_files/raw?id=17&path=…`: a file of a run folder as it is, as a download.

use axum::body::Body;
use axum::response::Response;
use berth_api::context::RawFile;
use berth_domain::JobId;
use serde::Deserialize;
use tokio::io::AsyncReadExt;

use super::answer::{Asked, download, read, refuse};
use super::caller::Caller;

const PIECE: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
pub struct Which {
    id: JobId,
    path: String,
}

pub async fn raw_file(Caller(context): Caller, which: Asked<Which>) -> Response {
    let which = match read(which) {
        Ok(which) => which,
        Err(error) => return refuse(&error),
    };
    let RawFile { file, bytes, name } = match context.raw_file(which.id, &which.path).await {
        Ok(found) => found,
        Err(error) => return refuse(&error),
    };
    // As large as it was when it was opened: it may grow meanwhile.
    let file = tokio::fs::File::from_std(file).take(bytes);
    let pieces = futures::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then_some((piece, file)))
    });
    download(&name, "application/octet-stream", Body::from_stream(pieces))
}
