//! Arrays and sweeps, counted from the rows of their tasks.

use std::collections::BTreeMap;

use berth_domain::array::common_name;
use berth_domain::{Array, JobId, StateName, Tasks, UserName};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::{Store, StoreError, int};

impl Store {
    /// How these arrays stand, by number; what is none is left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn arrays(&self, ids: &[JobId]) -> Result<Vec<(JobId, Array)>, StoreError> {
        // One moment for both queries.
        let mut reading = self.readers.begin().await?;
        load(&mut reading, Some(ids)).await
    }
}

/// These arrays, or all.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    ids: Option<&[JobId]>,
) -> Result<Vec<(JobId, Array)>, StoreError> {
    let only = |query: &mut QueryBuilder<Sqlite>| {
        if let Some(ids) = ids {
            query.push(" AND array_id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(int(id.0));
            }
            query.push(")");
        }
    };
    let mut firsts = QueryBuilder::new("SELECT id, owner, name FROM jobs WHERE id = array_id");
    only(&mut firsts);
    let firsts = firsts.build().fetch_all(&mut *connection).await?;
    let mut counts = QueryBuilder::new(
        "SELECT array_id, state, outcome, count(*) FROM jobs WHERE array_id IS NOT NULL",
    );
    only(&mut counts);
    counts.push(" GROUP BY array_id, state, outcome");
    let counts = counts.build().fetch_all(&mut *connection).await?;

    let id = |row: &SqliteRow| JobId(row.get::<i64, _>(0).unsigned_abs());
    let mut tasks: BTreeMap<JobId, Tasks> = BTreeMap::new();
    for row in &counts {
        let state: StateName = row.get::<&str, _>(1).parse().map_err(StoreError::State)?;
        let count = u32::try_from(row.get::<i64, _>(3)).unwrap_or(u32::MAX);
        *tasks.entry(id(row)).or_default().of(state, row.get(2)) += count;
    }
    let array = |row: &SqliteRow| {
        let id = id(row);
        let array = Array {
            owner: UserName(row.get(1)),
            name: common_name(row.get(2)),
            tasks: tasks.get(&id).copied().unwrap_or_default(),
        };
        (id, array)
    };
    Ok(firsts.iter().map(array).collect())
}
