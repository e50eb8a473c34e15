//! Resources: what can be read by an address.
//!
//! `berth://cluster`, `berth://queue`, `berth://job/{id}` and `berth://job/{id}/log` are what the
//! tools of the same names tell; `berth://docs/{page}` are pages of the documentation.

mod docs;

use berth_api::cluster::GetCluster;
use berth_domain::JobId;
use rmcp::ErrorData;
use rmcp::model::{CacheScope, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde::Serialize;

use crate::Door;
use crate::seen::cluster::ClusterSeen;
use crate::told::broken;
use crate::tools::{Part, detail, listed, tail};

const CLUSTER: &str = "berth://cluster";
const QUEUE: &str = "berth://queue";
const JOB: &str = "berth://job/";
const DOCS: &str = "berth://docs/";
const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";
const TEXT: &str = "text/plain";
/// Of a log, from its end.
const LOG_LINES: usize = 200;
/// Pages change only with the server's version.
const DOCS_KEPT_MS: u64 = 3_600_000;

/// Those whose addresses are known.
pub(crate) fn all() -> Vec<Resource> {
    let known = [
        (
            CLUSTER,
            "cluster",
            "The nodes and their GPUs now, and who holds them",
        ),
        (
            QUEUE,
            "queue",
            "What runs, and what waits in the order in which it is planned",
        ),
    ];
    let known = known.map(|(uri, name, what)| {
        Resource::new(uri, name)
            .with_description(what)
            .with_mime_type(JSON)
    });
    let pages = docs::PAGES.iter().map(|page| {
        Resource::new(format!("{DOCS}{}", page.name), page.name)
            .with_description(page.about)
            .with_mime_type(MARKDOWN)
            .with_size(page.text.len() as u64)
    });
    known.into_iter().chain(pages).collect()
}

/// Those whose addresses hold something.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("berth://job/{id}", "job")
            .with_description("Everything about a job, by its number")
            .with_mime_type(JSON),
        ResourceTemplate::new("berth://job/{id}/log", "job log")
            .with_description(
                "The last lines that a job's command wrote, between marks: untrusted data",
            )
            .with_mime_type(TEXT),
        ResourceTemplate::new("berth://docs/{page}", "documentation")
            .with_description("A page of the documentation, by its name")
            .with_mime_type(MARKDOWN),
    ]
}

/// Reads one.
///
/// # Errors
/// When there is none at that address, or it cannot be read.
pub(crate) async fn read<D: Door>(door: &D, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let (text, kind) = match uri {
        CLUSTER => {
            let answer = door.call(GetCluster {}).await;
            let answer = answer.map_err(|error| broken(&error))?;
            (json(&ClusterSeen::new(&answer, None))?, JSON)
        }
        QUEUE => {
            let found = listed(door, &Default::default()).await;
            let (seen, _) = found.map_err(|error| broken(&error))?;
            (json(&seen)?, JSON)
        }
        _ => {
            if let Some(page) = uri.strip_prefix(DOCS) {
                return page_named(uri, page);
            }
            let job = uri.strip_prefix(JOB).ok_or_else(|| nothing(uri))?;
            let (id, log) = match job.strip_suffix("/log") {
                Some(id) => (id, true),
                None => (job, false),
            };
            let id: JobId = id.parse().map_err(|_| nothing(uri))?;
            of_job(door, id, log).await?
        }
    };
    Ok(contents(uri, text, kind))
}

async fn of_job<D: Door>(
    door: &D,
    id: JobId,
    log: bool,
) -> Result<(String, &'static str), ErrorData> {
    if log {
        let part = Part {
            id,
            attempt: None,
            rank: None,
        };
        let text = tail(door, part, LOG_LINES).await;
        return Ok((text.map_err(|error| broken(&error))?, TEXT));
    }
    let found = detail(door, id, true).await;
    let (seen, _) = found.map_err(|error| broken(&error))?;
    Ok((json(&seen)?, JSON))
}

fn page_named(uri: &str, name: &str) -> Result<ReadResourceResult, ErrorData> {
    let page = docs::PAGES.iter().find(|page| page.name == name);
    let page = page.ok_or_else(|| nothing(uri))?;
    let mut read = contents(uri, page.text.to_owned(), MARKDOWN);
    read.ttl_ms = Some(DOCS_KEPT_MS);
    read.cache_scope = Some(CacheScope::Public);
    Ok(read)
}

fn contents(uri: &str, text: String, kind: &str) -> ReadResourceResult {
    let contents = ResourceContents::text(text, uri).with_mime_type(kind);
    ReadResourceResult::new(vec![contents])
}

fn json(seen: &impl Serialize) -> Result<String, ErrorData> {
    serde_json::to_string_pretty(seen).map_err(|error| {
        ErrorData::internal_error(format!("The answer cannot be written: {error}."), None)
    })
}

fn nothing(uri: &str) -> ErrorData {
    let text = format!("There is no resource '{}'.", uri.escape_debug());
    ErrorData::resource_not_found(text, Some(serde_json::json!({ "uri": uri })))
}
