//! Looking back over a range: what is read, and what it comes to. The arithmetic is in the files of
//! `analytics/`, pure functions of rows and a window; nothing there reads or asks the time.

mod groups;
mod hours;
mod numbers;
mod scores;
mod tally;
#[cfg(test)]
mod tests;
mod window;

use berth_domain::{NodeName, Timestamp, UserName};
use berth_orchestrator::{Metric, Series};
use berth_store::{About, AnalyticsRows, Range};

use self::hours::Hours;
use self::numbers::Mean;
use self::window::{HOUR_S, Window};
use super::history::history_error;
use super::{Context, store_error};
use crate::ApiError;
use crate::analytics::{Analytics, AnalyticsArg, Prices, Totals};

pub use self::scores::SubmitTimes;

/// So many users, projects and nodes can be chosen from.
const NAMES: usize = 500;

/// What all of it is made of: both ranges, read once.
#[derive(Clone, Debug, Default)]
struct Rows {
    stored: AnalyticsRows,
    /// What GPUs did, by hour, of a node or the cluster; `None` about a user or a project, whose use
    /// is among the stored.
    figures: Option<Vec<HourFigures>>,
    /// Only this one is asked about.
    node: Option<String>,
}

/// What all GPUs of a node or the cluster did in an hour, whoever had them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct HourFigures {
    hour_s: i64,
    /// Percent, weighted by the seconds in which it was known.
    busy: Mean,
    working: Mean,
    energy_j: Option<f64>,
}

/// What is known besides what was kept.
struct Besides {
    prices: Prices,
    /// In milliseconds.
    submits: Option<f64>,
}

impl Context {
    /// # Errors
    /// When what is asked makes no sense, or the database cannot be read.
    pub async fn analytics(&self, asked: AnalyticsArg) -> Result<Analytics, ApiError> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let asked = AnalyticsArg {
            range: given(asked.range),
            from: given(asked.from),
            to: given(asked.to),
            user: given(asked.user),
            project: given(asked.project),
            node: given(asked.node),
            ..asked
        };
        let now = self.state.clock.now();
        let window = Window::of(&asked, now)?;
        let about = About {
            user: asked.user.clone().map(UserName),
            project: asked.project.clone(),
            node: asked.node.as_deref().map(NodeName::from),
        };
        let range = Range {
            since: window.before().since(),
            until: window.until(),
        };
        let stored = self.state.store.analytics(range, &about).await;
        let rows = Rows {
            stored: stored.map_err(store_error)?,
            figures: self.figures(&about, range).await?,
            node: asked.node.clone(),
        };
        let besides = Besides {
            prices: (*self.state.prices).clone(),
            submits: self.state.submits.p99_ms(),
        };
        // Tens of thousands of jobs are some milliseconds of arithmetic.
        let work = move || answer(&rows, asked, window, now, besides);
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| ApiError::new(crate::ErrorCode::Internal, "The sums failed. Try again."))
    }

    /// What GPUs did, hour by hour; `None` about a user or a project.
    async fn figures(
        &self,
        about: &About,
        range: Range,
    ) -> Result<Option<Vec<HourFigures>>, ApiError> {
        if about.user.is_some() || about.project.is_some() {
            return Ok(None);
        }
        let series = about.node.clone().map_or(Series::Cluster, Series::Node);
        let hours = (range.until.as_second() - range.since.as_second()) / HOUR_S;
        // One more at either end: as wide as an hour, and not wider.
        let most = u32::try_from(hours).unwrap_or(u32::MAX).saturating_add(2);
        let history = self.state.handle.history();
        let found = history
            .series(&series, (range.since, range.until), most)
            .await;
        let found = found.map_err(history_error)?;
        let hour = |row: &berth_orchestrator::Row| {
            let mean = |metric: Metric| {
                let mut mean = Mean::default();
                if let Some(bucket) = row.get(metric) {
                    mean.add(bucket.avg, f64::from(bucket.count));
                }
                mean
            };
            let power = row.get(Metric::Power);
            HourFigures {
                hour_s: row.start_s,
                busy: mean(Metric::Busy),
                working: mean(Metric::Working),
                // Watts of all GPUs together, in so many seconds.
                energy_j: power.map(|bucket| bucket.avg * f64::from(bucket.count)),
            }
        };
        Ok(Some(found.rows.iter().map(hour).collect()))
    }
}

/// What the rows come to.
fn answer(
    rows: &Rows,
    asked: AnalyticsArg,
    window: Window,
    now: Timestamp,
    besides: Besides,
) -> Analytics {
    let hours = Hours::of(rows, window, now);
    let totals = tally::totals(rows, window, &hours, now);
    let scoreboard = scores::scoreboard(rows, window, &hours, &totals, besides.submits);
    let first = |names: &[String]| names.iter().take(NAMES).cloned().collect();
    let mut nodes: Vec<String> = rows
        .stored
        .nodes
        .iter()
        .map(|one| one.node.clone())
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes.truncate(NAMES);
    Analytics {
        since: window.since(),
        until: window.until(),
        now,
        compared_days: window.days(),
        utc_offset: asked.utc_offset.unwrap_or(0),
        user: asked.user,
        project: asked.project,
        node: asked.node,
        users: first(&rows.stored.users),
        projects: first(&rows.stored.projects),
        nodes,
        began: rows.stored.began,
        scoreboard,
        before: before(rows, window.before(), now),
        totals,
        step_s: window.step_s(),
        over_time: hours.over_time(window.step_s()),
        by_hour: hours.by_hour(),
        by_weekday: hours.by_weekday(),
        by_user: groups::by_user(rows, window, now),
        by_project: groups::by_project(rows, window, now),
        waits_by_size: tally::waits_by_size(rows, window),
        waits_by_class: tally::waits_by_class(rows, window),
        period_s: window.period_s(),
        periods: tally::periods(rows, window, &hours),
        prices: besides.prices,
    }
}

/// `None` when the journal begins later.
fn before(rows: &Rows, window: Window, now: Timestamp) -> Option<Totals> {
    rows.stored.began.filter(|began| *began < window.until())?;
    let hours = Hours::of(rows, window, now);
    Some(tally::totals(rows, window, &hours, now))
}
