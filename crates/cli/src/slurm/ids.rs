//! Jobs as Slurm names them: `17`, `17_3` for a task of an array, `17_[1-3]` for some.

use std::fmt;
use std::str::FromStr;

use berth_api::jobs::ListJobs;
use berth_api::views::JobRow;
use berth_domain::JobId;

use crate::failure::Failure;
use crate::session::Session;

/// A job, or a task of an array by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    pub job: JobId,
    pub index: Option<u32>,
}

impl FromStr for Task {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || format!("'{text}' is not a job's number: write 17, or 17_3 for a task");
        // Of a step the job: Berth has none.
        let text = text.split('.').next().unwrap_or(text);
        let (job, index) = match text.split_once('_') {
            Some((job, index)) => (job, Some(index.parse().map_err(|_| refuse())?)),
            None => (text, None),
        };
        let job = job.parse().map_err(|_| refuse())?;
        Ok(Task { job, index })
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}_{index}", self.job),
            None => self.job.fmt(f),
        }
    }
}

/// Reads a list with commas; `17_[1-3]` is three of them.
pub fn list(text: &str) -> Result<Vec<Task>, String> {
    let mut tasks = vec![];
    for part in super::hostlist::expand(text).map_err(|_| format!("'{text}' names no jobs."))? {
        tasks.push(part.parse().map_err(|why| format!("{why}."))?);
    }
    Ok(tasks)
}

/// What a task is called: `17_3`, or the number of a job that is in no array.
pub fn name(row: &JobRow) -> String {
    match row.array {
        Some(place) => format!("{}_{}", place.array, place.index),
        None => row.id.to_string(),
    }
}

/// Whether a row is what was named: the job, any task of the array, or that task.
pub fn is(row: &JobRow, task: Task) -> bool {
    match (row.array, task.index) {
        (Some(place), Some(index)) => place.array == task.job && place.index == index,
        (Some(place), None) => place.array == task.job || row.id == task.job,
        (None, None) => row.id == task.job,
        (None, Some(_)) => false,
    }
}

/// The jobs that were named: all tasks of an array, or one of them.
pub async fn rows(session: &Session, task: Task) -> Result<Vec<JobRow>, Failure> {
    let row = session.job(task.job).await?.job.row;
    let whole = row.array.map(|place| place.array);
    let rows = if whole == Some(task.job) {
        tasks(session, task.job).await?
    } else {
        vec![row]
    };
    let rows: Vec<JobRow> = rows.into_iter().filter(|row| is(row, task)).collect();
    if rows.is_empty() {
        return Err(Failure::Other(format!(
            "There is no job {task}: job {} has no such task.",
            task.job
        )));
    }
    Ok(rows)
}

/// All tasks of an array, the first one first.
async fn tasks(session: &Session, array: JobId) -> Result<Vec<JobRow>, Failure> {
    let mut all = vec![];
    let mut cursor = None;
    loop {
        let call = || ListJobs {
            user: None,
            state: None,
            outcome: None,
            project: None,
            text: None,
            array: Some(array),
            grouped: None,
            limit: Some(500),
            cursor: cursor.clone(),
        };
        let page = session.repeat(|| session.berth.call(call())).await?;
        all.extend(page.jobs);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    all.sort_by_key(|row| row.id);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use berth_api::views::ArrayPlace;
    use berth_domain::StateName;

    use super::*;
    use crate::table;

    #[test]
    fn jobs_and_tasks_are_told_apart() {
        let list = |text: &str| {
            let list = list(text)?;
            let words: Vec<String> = list.iter().map(ToString::to_string).collect();
            Ok::<_, String>(words.join(" "))
        };
        assert_eq!(list("17").unwrap(), "17");
        assert_eq!(list("17_3,18,19_[1-2]").unwrap(), "17_3 18 19_1 19_2");
        assert_eq!(list("17.batch").unwrap(), "17");
        assert!(list("x").is_err() && list("17_x").is_err() && list("").is_err());
    }

    #[test]
    fn an_array_is_all_its_tasks() {
        let mut row = table::tests::row(12, StateName::Queued);
        row.array = Some(ArrayPlace {
            array: JobId(10),
            index: 2,
        });
        let is = |text: &str| is(&row, text.parse().unwrap());
        assert!(is("10") && is("12") && is("10_2"));
        assert!(!is("10_3") && !is("11") && !is("12_2"));
        assert_eq!(name(&row), "10_2");
    }
}
