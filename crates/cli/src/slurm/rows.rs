//! Lists of jobs, page by page.

use berth_api::jobs::ListJobs;
use berth_api::views::JobRow;

use crate::failure::Failure;
use crate::session::Session;

/// The largest page that the server gives.
const PAGE: u32 = 500;

/// Which jobs.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// `None`: everybody's.
    pub user: Option<String>,
    pub project: Option<String>,
    /// As the API has it; `None`: all.
    pub state: Option<String>,
}

impl Query {
    pub fn live(user: Option<String>) -> Self {
        Query {
            user,
            project: None,
            state: Some("live".to_owned()),
        }
    }

    pub fn finished(user: Option<String>) -> Self {
        Query {
            user,
            project: None,
            state: Some("Finished".to_owned()),
        }
    }
}

/// All of them, the newest first, but not more than `most`.
pub async fn fetch(session: &Session, query: &Query, most: usize) -> Result<Vec<JobRow>, Failure> {
    let mut rows = vec![];
    let mut cursor = None;
    loop {
        let call = || ListJobs {
            user: query.user.clone(),
            state: query.state.clone(),
            outcome: None,
            project: query.project.clone(),
            text: None,
            array: None,
            grouped: None,
            limit: Some(PAGE),
            cursor: cursor.clone(),
        };
        let page = session.repeat(|| session.berth.call(call())).await?;
        rows.extend(page.jobs);
        cursor = page.next;
        if cursor.is_none() || rows.len() >= most {
            rows.truncate(most);
            return Ok(rows);
        }
    }
}
