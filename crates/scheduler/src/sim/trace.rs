//! Traces: one line a job, with what was known when it was submitted and how long it really ran.

use std::collections::HashMap;

use berth_domain::{PriorityClass, UserName};

/// A job of a trace. Times are seconds; submission counts from the trace's beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceJob {
    pub id: u64,
    pub submit_s: i64,
    /// How long it really runs: the planner never sees this before the job ends.
    pub duration_s: i64,
    pub gpus: u32,
    /// How many nodes it asked for; `None`: as few as hold it.
    pub nodes: Option<u32>,
    pub user: UserName,
    pub group: String,
    /// Its name, without what changes from run to run.
    pub name: Option<String>,
    /// What the user would have asked for.
    pub estimate_s: i64,
    pub class: PriorityClass,
    /// It may be stopped and resumed, if the policy does that.
    pub preemptible: bool,
}

/// A trace that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    #[error(
        "the first line has no column '{0}'; needed are job_id, submit_s, duration_s, gpus and user"
    )]
    Column(&'static str),
    #[error("line {line}: '{value}' is not a whole number ({column})")]
    Number {
        line: usize,
        column: &'static str,
        value: String,
    },
    #[error("line {line} has fewer fields than the first line")]
    Short { line: usize },
}

/// Reads a trace: comma-separated, the first line names the columns; `group` and `est_s` may be
/// missing. Without an estimate a job asks for a day.
///
/// # Errors
/// Names the line and what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<TraceJob>, TraceError> {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map_or("", |(_, line)| line);
    let columns: HashMap<&str, usize> = header
        .split(',')
        .enumerate()
        .map(|(place, name)| (name.trim(), place))
        .collect();
    let needed = |name: &'static str| columns.get(name).copied().ok_or(TraceError::Column(name));
    let (id, submit, duration) = (
        needed("job_id")?,
        needed("submit_s")?,
        needed("duration_s")?,
    );
    let (gpus, user) = (needed("gpus")?, needed("user")?);
    let (group, estimate) = (columns.get("group"), columns.get("est_s"));
    let mut jobs = Vec::new();
    for (place, text) in lines {
        let line = place + 1;
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let field = |at: usize| fields.get(at).copied().ok_or(TraceError::Short { line });
        let number = |at: usize, column: &'static str| {
            let value = field(at)?;
            // Some traces write whole seconds with a decimal point.
            let whole = value.split_once('.').map_or(value, |(whole, _)| whole);
            whole.parse::<i64>().map_err(|_| TraceError::Number {
                line,
                column,
                value: value.to_owned(),
            })
        };
        let estimate_s = match estimate {
            Some(at) => number(*at, "est_s")?,
            None => 86_400,
        };
        jobs.push(TraceJob {
            id: number(id, "job_id")?.unsigned_abs(),
            submit_s: number(submit, "submit_s")?,
            duration_s: number(duration, "duration_s")?.max(1),
            gpus: u32::try_from(number(gpus, "gpus")?).unwrap_or(0),
            nodes: None,
            user: UserName::from(field(user)?),
            group: group.map_or(Ok(""), |at| field(*at))?.to_owned(),
            name: None,
            estimate_s: estimate_s.max(1),
            class: PriorityClass::Normal,
            preemptible: true,
        });
    }
    jobs.sort_by_key(|job| (job.submit_s, job.id));
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_columns_by_name_in_any_order() {
        let text = "user,job_id,gpus,submit_s,duration_s,est_s\nana,7,4,100,60.0,3600\n";
        let jobs = parse(text).unwrap();
        assert_eq!(jobs[0].user.as_str(), "ana");
        assert_eq!((jobs[0].id, jobs[0].gpus, jobs[0].duration_s), (7, 4, 60));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let header = "job_id,submit_s,duration_s,gpus,user";
        assert_eq!(parse("a,b"), Err(TraceError::Column("job_id")));
        let bad = parse(&format!("{header}\n1,2,3,4,ana\n1,x,3,4,ana")).unwrap_err();
        assert_eq!(
            bad.to_string(),
            "line 3: 'x' is not a whole number (submit_s)"
        );
        assert_eq!(
            parse(&format!("{header}\n1,2")),
            Err(TraceError::Short { line: 2 })
        );
    }
}
