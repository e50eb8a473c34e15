//! `--dependency`: which jobs have to end, and how.

use berth_domain::DependencyKind;

use super::ids::Task;

/// A job, or a task of an array, that has to end first. An array means all its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    pub kind: DependencyKind,
    pub task: Task,
}

/// Reads `afterok:17:18,afterany:19_3`.
pub fn read(text: &str) -> Result<Vec<After>, String> {
    let mut all = vec![];
    if text.contains('?') {
        return Err(
            "--dependency with ? would start after any one of them; Berth waits for all: write them \
             with commas."
                .to_owned(),
        );
    }
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (kind, jobs) = part.split_once(':').unwrap_or((part, ""));
        let kind = match kind {
            "afterok" => DependencyKind::AfterOk,
            "afternotok" => DependencyKind::AfterNotOk,
            "afterany" => DependencyKind::AfterAny,
            other => return Err(refusal(other)),
        };
        if jobs.is_empty() {
            return Err(format!("--dependency={part}: name a job, as in {part}:17."));
        }
        for job in jobs.split(':') {
            let task = job
                .parse()
                .map_err(|_| format!("--dependency={part}: '{job}' is not a job's number."))?;
            all.push(After { kind, task });
        }
    }
    Ok(all)
}

fn refusal(kind: &str) -> String {
    let why = match kind {
        "after" => "a job waits for others to end, not to start: write afterany:ID",
        "singleton" => {
            "Berth does not go by names; write afterany:ID, or one array with %1 for one at a time"
        }
        "aftercorr" => "tasks of arrays are not paired; write afterok:ID for the whole array",
        _ => "write afterok:ID, afterany:ID or afternotok:ID",
    };
    format!("--dependency={kind}: {why}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_jobs_are_read() {
        let read = |text: &str| {
            let all = read(text)?;
            let one = |after: &After| format!("{}:{}", after.kind.as_str(), after.task);
            Ok::<_, String>(all.iter().map(one).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(
            read("afterok:17:18,afterany:19_3").unwrap(),
            "afterok:17 afterok:18 afterany:19_3"
        );
        assert_eq!(read("afternotok:4").unwrap(), "afternotok:4");
        for (text, says) in [
            ("singleton", "one array with %1"),
            ("after:3", "afterany:ID"),
            ("aftercorr:3", "not paired"),
            ("afterok:1?afterok:2", "any one of them"),
            ("afterok", "afterok:17"),
            ("afterok:x", "'x' is not a job's number"),
            ("17", "afterok:ID"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
