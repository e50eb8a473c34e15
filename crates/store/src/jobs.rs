//! Looking jobs up.

use berth_domain::{Job, JobId, StateName, UserName};
use sqlx::{QueryBuilder, Sqlite};

use crate::load;
use crate::{Store, StoreError, int};

/// The largest page.
const LARGEST_PAGE: u32 = 500;

/// Which jobs; what is empty does not restrict.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub owner: Option<UserName>,
    pub states: Vec<StateName>,
    /// An outcome's token.
    pub outcome: Option<String>,
    /// Part of a name, or a whole number.
    pub text: Option<String>,
    pub project: Option<String>,
    pub array: Option<JobId>,
    /// Of the tasks of an array only the last one.
    pub grouped: bool,
}

#[derive(Clone, Debug)]
pub struct Page {
    pub limit: u32,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Newest first.
#[derive(Clone, Debug, Default)]
pub struct JobPage {
    pub jobs: Vec<Job>,
    pub next: Option<String>,
}

impl Store {
    /// # Errors
    /// When the database cannot be read.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let found = sqlx::query("SELECT doc FROM jobs WHERE id = ?")
            .bind(int(id.0))
            .fetch_optional(&self.readers)
            .await?;
        found.as_ref().map(load::job).transpose()
    }

    /// Those of these jobs that there are, in the order of their numbers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn jobs_numbered(&self, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("SELECT doc FROM jobs WHERE id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(int(id.0));
        }
        query.push(") ORDER BY id");
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(load::job).collect()
    }

    /// # Errors
    /// When the cursor is made up, or the database cannot be read.
    pub async fn jobs(&self, filter: &JobFilter, page: &Page) -> Result<JobPage, StoreError> {
        let limit = page.limit.clamp(1, LARGEST_PAGE);
        let below: Option<i64> = match &page.cursor {
            Some(cursor) => Some(cursor.parse().map_err(|_| StoreError::BadCursor)?),
            None => None,
        };
        let start = if filter.grouped {
            "SELECT doc FROM jobs WHERE id IN (SELECT max(id) FROM jobs WHERE 1"
        } else {
            "SELECT doc FROM jobs WHERE 1"
        };
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(start);
        if let Some(below) = below.filter(|_| !filter.grouped) {
            query.push(" AND id < ").push_bind(below);
        }
        if let Some(owner) = &filter.owner {
            query.push(" AND owner = ").push_bind(owner.0.clone());
        }
        if !filter.states.is_empty() {
            query.push(" AND state IN (");
            let mut list = query.separated(", ");
            for state in &filter.states {
                list.push_bind(state.as_str());
            }
            query.push(")");
        }
        if let Some(outcome) = &filter.outcome {
            query.push(" AND outcome = ").push_bind(outcome.clone());
        }
        if let Some(project) = &filter.project {
            query.push(" AND project = ").push_bind(project.clone());
        }
        if let Some(array) = filter.array {
            query.push(" AND array_id = ").push_bind(int(array.0));
        }
        if let Some(text) = &filter.text {
            let text = text.trim();
            query
                .push(" AND (name LIKE ")
                .push_bind(pattern(text))
                .push(" ESCAPE '\\'");
            if let Ok(id) = text.parse::<i64>() {
                query.push(" OR id = ").push_bind(id);
            }
            query.push(")");
        }
        // One more, to know whether there is more.
        let most = i64::from(limit) + 1;
        if filter.grouped {
            query.push(" GROUP BY coalesce(array_id, id)");
            if let Some(below) = below {
                query.push(" HAVING max(id) < ").push_bind(below);
            }
            query.push(" ORDER BY 1 DESC LIMIT ").push_bind(most);
            query.push(") ORDER BY id DESC");
        } else {
            query.push(" ORDER BY id DESC LIMIT ").push_bind(most);
        }
        let rows = query.build().fetch_all(&self.readers).await?;
        let mut jobs = rows.iter().map(load::job).collect::<Result<Vec<_>, _>>()?;
        let more = jobs.len() > limit as usize;
        jobs.truncate(limit as usize);
        let next = jobs.last().filter(|_| more).map(|job| job.id.to_string());
        Ok(JobPage { jobs, next })
    }
}

/// Contains the text as it is, wildcards included.
fn pattern(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}
