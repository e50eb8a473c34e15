//! `PUT /api/packages/SHA256`: a folder as a tar file compressed with gzip, for a job to run in a copy
//! of it. What is there already need not be sent again: `HEAD` answers 200 or 404.

use std::path::Path as FilePath;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, put};
use berth_api::{ApiError, ErrorCode};
use futures::StreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::Web;
use super::answer::refuse;
use super::caller::Caller;

/// Since a job named it last.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

pub fn route() -> MethodRouter<Web> {
    put(upload).head(known)
}

async fn known(Caller(context): Caller, Path(sha256): Path<String>) -> StatusCode {
    match context.package(&sha256) {
        Ok(path) if path.is_file() => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    }
}

async fn upload(
    State(web): State<Web>,
    Caller(context): Caller,
    Path(sha256): Path<String>,
    body: Body,
) -> Response {
    let limit = web.package_limit;
    let allowed = context.may_run().and_then(|()| context.package(&sha256));
    let stored = match allowed {
        Ok(path) => store(body, &path, &sha256, limit).await,
        Err(error) => Err(error),
    };
    match stored {
        Ok(()) => Json(json!({ "package": sha256 })).into_response(),
        Err(error) => refuse(&error),
    }
}

/// Writes it beside its place, and puts it there when it is what its name says.
async fn store(body: Body, path: &FilePath, sha256: &str, limit: u64) -> Result<(), ApiError> {
    if path.is_file() {
        return Ok(());
    }
    let failed = |error: std::io::Error| {
        let why = format!("The package cannot be written: {error}.");
        ApiError::new(ErrorCode::Internal, why)
    };
    let folder = path.parent().unwrap_or(FilePath::new("."));
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let part = tempfile::Builder::new()
        .prefix(".part-")
        .tempfile_in(folder)
        .map_err(failed)?;
    let mut file = tokio::fs::File::from_std(part.reopen().map_err(failed)?);
    let mut pieces = body.into_data_stream();
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    while let Some(piece) = pieces.next().await {
        let piece = piece
            .map_err(|_| ApiError::invalid("package", "The upload broke off. Send it again."))?;
        size += piece.len() as u64;
        if size > limit {
            let why = format!(
                "The package is larger than {} MiB. Leave out data and checkpoints by a \
                 .gitignore or .berthignore, or work in a shared folder instead.",
                limit / (1024 * 1024)
            );
            return Err(ApiError::new(ErrorCode::TooLarge, why));
        }
        hash.update(&piece);
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.sync_all().await.map_err(failed)?;
    if format!("{:x}", hash.finalize()) != sha256 {
        let why = "What was sent has another sha256 than its name says. Send it again.";
        return Err(ApiError::invalid("package", why));
    }
    part.persist(path).map_err(|error| failed(error.error))?;
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || tidy(&folder));
    Ok(())
}

/// Removes what no job has named for a long time.
fn tidy(folder: &FilePath) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let named = entry.metadata().and_then(|meta| meta.modified());
        let age = named.ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
