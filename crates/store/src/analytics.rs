//! What looking back over months reads: narrow rows of a range of time, about everything or about one
//! user, project or node. What they come to is not known here.

use std::sync::Arc;

use berth_domain::{NodeName, Timestamp, UserName};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::{Store, StoreError, micros, time};

/// From a time on, up to but without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub since: Timestamp,
    pub until: Timestamp,
}

/// About whom; what is `None` does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub user: Option<UserName>,
    pub project: Option<String>,
    /// Of jobs: those that held something there. Of what is held and done: the part there.
    pub node: Option<NodeName>,
}

/// What was held in a range, on one node: an attempt over two nodes has two.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    pub job: u64,
    pub attempt: u32,
    pub owner: Arc<str>,
    pub project: Option<Arc<str>>,
    pub node: Arc<str>,
    pub gpus: u32,
    pub granted: Timestamp,
    /// `None`: it holds it still.
    pub ended: Option<Timestamp>,
    /// How it ended: an outcome's token, or `Requeued`, `Preempted`, `GpuFault` or `Idle`.
    pub outcome: Option<Arc<str>>,
}

/// A job that got its first lease in a range.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitRow {
    pub class: Arc<str>,
    pub nodes: u32,
    /// On all nodes.
    pub gpus: u32,
    /// When nothing but GPUs was missing.
    pub ready: Timestamp,
    pub granted: Timestamp,
}

/// What attempts of a user and project did in an hour, in GPU-seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct HourUse {
    pub hour_s: i64,
    pub owner: Arc<str>,
    pub project: Option<Arc<str>>,
    pub observed_s: f64,
    pub busy_s: f64,
    pub working_known_s: f64,
    pub working_s: f64,
    pub power_known_s: f64,
    pub energy_j: f64,
}

/// A forecast that was answered by a start in a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Came {
    pub p50: Timestamp,
    pub p90: Timestamp,
    pub started: Timestamp,
}

/// From then on a node has so many GPUs; none while it is away.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeChange {
    pub at: Timestamp,
    pub node: String,
    pub gpus: u32,
}

/// All of it, of one moment.
#[derive(Clone, Debug, Default)]
pub struct AnalyticsRows {
    /// By job and attempt.
    pub attempts: Vec<AttemptRow>,
    pub waits: Vec<WaitRow>,
    pub uses: Vec<HourUse>,
    pub came: Vec<Came>,
    /// Of all nodes, oldest first, from the beginning of the journal.
    pub nodes: Vec<NodeChange>,
    /// When people changed the order by hand: a job moved, or held by an admin.
    pub by_hand: Vec<Timestamp>,
    /// When the journal begins; `None` while it is empty.
    pub began: Option<Timestamp>,
    /// Of whom there are jobs, by name.
    pub users: Vec<String>,
    pub projects: Vec<String>,
}

/// As in the index of the same name.
const SELDOM: &str = "journal INDEXED BY journal_seldom";
const IS_SELDOM: &str = "event->>'type' IN ('node_seen', 'node_gone', 'job_moved', 'job_held')";

impl Store {
    /// # Errors
    /// When the database cannot be read.
    pub async fn analytics(
        &self,
        range: Range,
        about: &About,
    ) -> Result<AnalyticsRows, StoreError> {
        // One moment for all queries.
        let mut reading = self.readers.begin().await?;
        let began = sqlx::query("SELECT at_us FROM journal ORDER BY seq LIMIT 1")
            .fetch_optional(&mut *reading)
            .await?;
        let began = began.map(|row| time(row.try_get(0)?)).transpose()?;
        Ok(AnalyticsRows {
            attempts: attempts(&mut reading, range, about).await?,
            waits: waits(&mut reading, range, about).await?,
            uses: uses(&mut reading, range, about).await?,
            came: came(&mut reading, range, about).await?,
            nodes: nodes(&mut reading, range).await?,
            by_hand: by_hand(&mut reading, range, about).await?,
            began,
            users: names(&mut reading, "SELECT DISTINCT owner FROM lives ORDER BY 1").await?,
            projects: names(
                &mut reading,
                "SELECT DISTINCT project FROM lives WHERE project IS NOT NULL ORDER BY 1",
            )
            .await?,
        })
    }
}

async fn attempts(
    connection: &mut SqliteConnection,
    range: Range,
    about: &About,
) -> Result<Vec<AttemptRow>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT job, attempt, owner, project, node, held.gpus, attempts.granted_us, ended_us, \
         outcome FROM attempts JOIN held USING (job, attempt) JOIN lives USING (job) \
         WHERE (ended_us IS NULL OR ended_us > ",
    );
    query.push_bind(micros(range.since));
    query.push(") AND attempts.granted_us < ");
    query.push_bind(micros(range.until));
    whose(&mut query, about);
    if let Some(node) = &about.node {
        query
            .push(" AND node = ")
            .push_bind(node.as_str().to_owned());
    }
    query.push(" ORDER BY job, attempt");
    let rows = query.build().fetch_all(connection).await?;
    let mut words = Words::default();
    let mut row = |row: &SqliteRow| {
        Ok(AttemptRow {
            job: row.try_get::<i64, _>(0)?.unsigned_abs(),
            attempt: row.try_get(1)?,
            owner: words.word(row.try_get(2)?),
            project: row
                .try_get::<Option<&str>, _>(3)?
                .map(|text| words.word(text)),
            node: words.word(row.try_get(4)?),
            gpus: row.try_get(5)?,
            granted: time(row.try_get(6)?)?,
            ended: row.try_get::<Option<i64>, _>(7)?.map(time).transpose()?,
            outcome: row
                .try_get::<Option<&str>, _>(8)?
                .map(|text| words.word(text)),
        })
    };
    rows.iter().map(&mut row).collect()
}

async fn waits(
    connection: &mut SqliteConnection,
    range: Range,
    about: &About,
) -> Result<Vec<WaitRow>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT class, nodes, gpus, ready_us, granted_us FROM lives WHERE granted_us >= ",
    );
    query.push_bind(micros(range.since));
    query.push(" AND granted_us < ");
    query.push_bind(micros(range.until));
    whose(&mut query, about);
    held_there(&mut query, about);
    let rows = query.build().fetch_all(connection).await?;
    let mut words = Words::default();
    let mut row = |row: &SqliteRow| {
        Ok(WaitRow {
            class: words.word(row.try_get(0)?),
            nodes: row.try_get(1)?,
            gpus: row.try_get(2)?,
            ready: time(row.try_get(3)?)?,
            granted: time(row.try_get(4)?)?,
        })
    };
    rows.iter().map(&mut row).collect()
}

/// Gathered by hour, user and project: that is as fine as anybody asks for.
async fn uses(
    connection: &mut SqliteConnection,
    range: Range,
    about: &About,
) -> Result<Vec<HourUse>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT hour_s, owner, project, sum(observed_s), sum(busy_s), sum(working_known_s), \
         sum(working_s), sum(power_known_s), sum(energy_j) \
         FROM telemetry_uses JOIN lives USING (job) WHERE hour_s >= ",
    );
    query.push_bind(range.since.as_second());
    query.push(" AND hour_s < ");
    query.push_bind(range.until.as_second());
    whose(&mut query, about);
    if let Some(node) = &about.node {
        query.push(" AND node IN (SELECT id FROM telemetry_names WHERE kind = 'node' AND name = ");
        query.push_bind(node.as_str().to_owned());
        query.push(")");
    }
    query.push(" GROUP BY hour_s, owner, project ORDER BY hour_s");
    let rows = query.build().fetch_all(connection).await?;
    let mut words = Words::default();
    let mut row = |row: &SqliteRow| {
        Ok(HourUse {
            hour_s: row.try_get(0)?,
            owner: words.word(row.try_get(1)?),
            project: row
                .try_get::<Option<&str>, _>(2)?
                .map(|text| words.word(text)),
            observed_s: row.try_get(3)?,
            busy_s: row.try_get(4)?,
            working_known_s: row.try_get(5)?,
            working_s: row.try_get(6)?,
            power_known_s: row.try_get(7)?,
            energy_j: row.try_get(8)?,
        })
    };
    rows.iter().map(&mut row).collect()
}

async fn came(
    connection: &mut SqliteConnection,
    range: Range,
    about: &About,
) -> Result<Vec<Came>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT p50_us, p90_us, started_us FROM forecasts JOIN lives USING (job) \
         WHERE started_us >= ",
    );
    query.push_bind(micros(range.since));
    query.push(" AND started_us < ");
    query.push_bind(micros(range.until));
    whose(&mut query, about);
    held_there(&mut query, about);
    let rows = query.build().fetch_all(connection).await?;
    let row = |row: &SqliteRow| {
        Ok(Came {
            p50: time(row.try_get(0)?)?,
            p90: time(row.try_get(1)?)?,
            started: time(row.try_get(2)?)?,
        })
    };
    rows.iter().map(row).collect()
}

async fn nodes(
    connection: &mut SqliteConnection,
    range: Range,
) -> Result<Vec<NodeChange>, StoreError> {
    let mut query = QueryBuilder::new(format!(
        "SELECT at_us, coalesce(event->>'$.node.name', event->>'node'), \
         CASE WHEN event->>'$.node.present' THEN json_array_length(event, '$.node.gpus') ELSE 0 END \
         FROM {SELDOM} WHERE {IS_SELDOM} AND job IS NULL AND at_us < "
    ));
    query.push_bind(micros(range.until));
    query.push(" ORDER BY at_us, seq");
    let rows = query.build().fetch_all(connection).await?;
    let row = |row: &SqliteRow| {
        Ok(NodeChange {
            at: time(row.try_get(0)?)?,
            node: row.try_get(1)?,
            gpus: row.try_get(2)?,
        })
    };
    rows.iter().map(row).collect()
}

async fn by_hand(
    connection: &mut SqliteConnection,
    range: Range,
    about: &About,
) -> Result<Vec<Timestamp>, StoreError> {
    let mut query = QueryBuilder::new(format!(
        "SELECT at_us FROM {SELDOM} JOIN lives USING (job) WHERE {IS_SELDOM} \
         AND (event->>'type' = 'job_moved' OR event->>'by' = 'admin') AND at_us >= "
    ));
    query.push_bind(micros(range.since));
    query.push(" AND at_us < ");
    query.push_bind(micros(range.until));
    whose(&mut query, about);
    held_there(&mut query, about);
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| time(row.try_get(0)?)).collect()
}

async fn names(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn whose(query: &mut QueryBuilder<Sqlite>, about: &About) {
    if let Some(user) = &about.user {
        query
            .push(" AND owner = ")
            .push_bind(user.as_str().to_owned());
    }
    if let Some(project) = &about.project {
        query.push(" AND project = ").push_bind(project.clone());
    }
}

fn held_there(query: &mut QueryBuilder<Sqlite>, about: &About) {
    if let Some(node) = &about.node {
        query.push(" AND EXISTS (SELECT 1 FROM held WHERE held.job = lives.job AND held.node = ");
        query.push_bind(node.as_str().to_owned()).push(")");
    }
}

/// Few words in many rows, each kept once.
#[derive(Default)]
struct Words(std::collections::HashSet<Arc<str>>);

impl Words {
    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.0.insert(new.clone());
        new
    }
}
