//! `GET /api/audit/export?format=csv`, or `jsonl`: the audit log as a file, by the page's own query. It is
//! written piece by piece, however long it is.

use axum::body::{Body, Bytes};
use axum::response::Response;
use berth_api::audit::{AuditArg, AuditEntry};
use berth_api::context::Context;
use berth_api::{ApiError, ErrorCode};
use futures::stream;
use serde::Deserialize;

use super::answer::{Asked, download, read, refuse};
use super::caller::Caller;

const PIECE: u32 = 1000;
const HEADER: [&str; 11] = [
    "id",
    "at",
    "actor",
    "acts_for",
    "door",
    "address",
    "act",
    "subject",
    "refused",
    "differences",
    "outcome",
];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    format: String,
    user: Option<String>,
    act: Option<String>,
    subject: Option<String>,
    door: Option<String>,
    /// `yes`, `no`, or either.
    refused: Option<String>,
    since: Option<String>,
    until: Option<String>,
    before: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Csv,
    Lines,
}

pub async fn file(Caller(context): Caller, wanted: Asked<Wanted>) -> Response {
    match begin(&context, wanted).await {
        Ok((format, asked, first)) => {
            let (name, kind) = match format {
                Format::Csv => ("berth-audit.csv", "text/csv; charset=utf-8"),
                Format::Lines => ("berth-audit.jsonl", "application/jsonl"),
            };
            let pieces = stream::try_unfold(Some((context, asked, Some(first))), move |rest| {
                piece(format, rest)
            });
            download(name, kind, Body::from_stream(pieces))
        }
        Err(error) => refuse(&error),
    }
}

type Found = (Vec<AuditEntry>, Option<u64>);

/// The first entries are found before the answer begins: then it can still be a refusal.
async fn begin(
    context: &Context,
    wanted: Asked<Wanted>,
) -> Result<(Format, AuditArg, Found), ApiError> {
    let wanted = read(wanted)?;
    let format = match wanted.format.as_str() {
        "" | "csv" => Format::Csv,
        "jsonl" => Format::Lines,
        _ => return Err(ApiError::invalid("format", "A format is csv or jsonl.")),
    };
    let asked = AuditArg {
        user: wanted.user,
        act: wanted.act,
        subject: wanted.subject,
        door: wanted.door,
        refused: match wanted.refused.as_deref() {
            Some("yes" | "true") => Some(true),
            Some("no" | "false") => Some(false),
            _ => None,
        },
        since: wanted.since,
        until: wanted.until,
        before: wanted.before,
        limit: Some(PIECE),
    };
    let found = context.audit(asked.clone()).await?;
    Ok((format, asked, (found.entries, found.next)))
}

type Rest = Option<(Context, AuditArg, Option<Found>)>;

async fn piece(format: Format, rest: Rest) -> Result<Option<(Bytes, Rest)>, ApiError> {
    let Some((context, mut asked, first)) = rest else {
        return Ok(None);
    };
    let begins = first.is_some();
    let (entries, next) = match first {
        Some(found) => found,
        None => {
            let found = context.audit(asked.clone()).await?;
            (found.entries, found.next)
        }
    };
    let text = match format {
        Format::Csv => csv(&entries, begins)?,
        Format::Lines => lines(&entries)?,
    };
    let rest = next.map(|next| {
        asked.before = Some(next);
        (context, asked, None)
    });
    Ok(Some((Bytes::from(text), rest)))
}

fn lines(entries: &[AuditEntry]) -> Result<Vec<u8>, ApiError> {
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, entry).map_err(not_written)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn csv(entries: &[AuditEntry], with_header: bool) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_header {
        writer.write_record(HEADER).map_err(not_written)?;
    }
    for AuditEntry { id, entry } in entries {
        let differences = serde_json::to_string(&entry.differences).map_err(not_written)?;
        let address = entry.origin.address.map(|address| address.to_string());
        let outcome = if entry.refused.is_some() {
            "refused"
        } else {
            "done"
        };
        let cells = [
            id.to_string(),
            entry.at.to_string(),
            entry.actor.to_string(),
            entry
                .acts_for
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            entry.origin.door.to_string(),
            address.unwrap_or_default(),
            entry.act.clone(),
            entry.subject.clone().unwrap_or_default(),
            entry.refused.clone().unwrap_or_default(),
            differences,
            outcome.to_owned(),
        ];
        writer.write_record(cells.map(plain)).map_err(not_written)?;
    }
    writer.into_inner().map_err(not_written)
}

/// What a spreadsheet would take for a formula begins with a quote instead.
fn plain(cell: String) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell,
    }
}

fn not_written(error: impl std::fmt::Display) -> ApiError {
    tracing::error!(%error, "the audit log cannot be written as a file");
    ApiError::new(ErrorCode::Internal, "The file could not be written.")
}
