//! Whom a list was asked for and who has nothing in it: a name that may be misspelt.

use berth_api::cluster::GetPicture;
use berth_api::history::GetUsage;
use jiff::{Timestamp, ToSpan};

use crate::output::note;
use crate::session::Session;
use crate::suggest;

/// So long ago somebody is still known.
const HOURS: i64 = 60 * 24;

/// Says so where a list has nothing of a person or project; with the name that may be meant.
pub async fn say(session: &Session, user: Option<&str>, project: Option<&str>) {
    for (kind, written) in [("user", user), ("project", project)] {
        let Some(written) = written.filter(|name| *name != "me") else {
            continue;
        };
        let known = known(session, kind).await;
        if known.iter().any(|name| name == written) {
            continue;
        }
        let meant = suggest::sentence(written, known.iter().map(String::as_str));
        note(&format!(
            "no jobs of a {kind} '{written}' are known.{meant}"
        ));
    }
}

/// Who has jobs or had some of late. Where that cannot be known nothing is suggested.
async fn known(session: &Session, kind: &str) -> Vec<String> {
    let mut names = vec![];
    if let Ok(picture) = session.berth.call(GetPicture {}).await {
        let rows = picture.rows.into_values();
        names.extend(rows.filter_map(|row| match kind {
            "user" => Some(row.user.0),
            _ => row.project,
        }));
    }
    let since = Timestamp::now() - HOURS.hours();
    let call = GetUsage {
        by: Some(kind.to_owned()),
        since: Some(since.to_string()),
        until: None,
        limit: None,
    };
    if let Ok(usage) = session.berth.call(call).await {
        names.extend(usage.rows.into_iter().filter_map(|row| row.name));
    }
    names.sort();
    names.dedup();
    names
}
