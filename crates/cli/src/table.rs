//! Tables of jobs and nodes.

use berth_api::views::{ArrayView, JobRow, LeasePart};
use berth_domain::{StateName, Tasks, Timestamp};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::time;

/// How wide a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A terminal of so many columns: what does not fit is cut.
    Columns(usize),
    /// No terminal: nothing is cut.
    Whole,
}

impl Width {
    /// That of stdout.
    pub fn here() -> Self {
        let table = Table::new();
        match table.width() {
            Some(columns) if table.is_tty() => Width::Columns(usize::from(columns)),
            _ => Width::Whole,
        }
    }
}

/// Columns with a header, nothing drawn around them.
pub fn plain(header: &[&str], right: &[usize], rows: Vec<Vec<String>>, width: Width) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    let last = header.len().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
        .lines()
        .map(|line| cut(line.trim_end(), width) + "\n")
        .collect()
}

/// The first lines of a text that fit.
fn cut(line: &str, width: Width) -> String {
    match width {
        Width::Columns(columns) if line.chars().count() > columns && columns > 1 => {
            let kept: String = line.chars().take(columns - 1).collect();
            format!("{}…", kept.trim_end())
        }
        _ => line.to_owned(),
    }
}

/// The queue as `squeue` shows it. A task of one of these arrays stands for the whole array.
pub fn jobs(rows: &[JobRow], arrays: &[ArrayView], now: Timestamp, width: Width) -> String {
    let header = [
        "JOBID",
        "NAME",
        "USER",
        "ST",
        "TIME",
        "GPUS",
        "START",
        "NODELIST(REASON)",
    ];
    let cells = |row: &JobRow| {
        let whole = row.array.map(|place| place.array);
        if let Some(array) = arrays.iter().find(|one| Some(one.array) == whole) {
            return array_cells(array, row, now);
        }
        vec![
            row.id.to_string(),
            printable(&name(row)),
            row.user.to_string(),
            row.code.clone(),
            time::clock(run_time(row, now)),
            row.gpus.to_string(),
            start(row, now),
            place(row),
        ]
    };
    plain(&header, &[0, 4, 5], rows.iter().map(cells).collect(), width)
}

/// One row for all tasks. The row is that of one of them.
fn array_cells(array: &ArrayView, row: &JobRow, now: Timestamp) -> Vec<String> {
    let tasks = &array.tasks;
    let code = match (tasks.active, tasks.live()) {
        (0, 0) => row.code.as_str(),
        (0, _) => "PD",
        _ => "R",
    };
    vec![
        array.array.to_string(),
        printable(&format!("{} [{} tasks]", short(&array.name), tasks.total())),
        array.user.to_string(),
        code.to_owned(),
        String::new(),
        row.gpus.to_string(),
        if tasks.active == 0 {
            start(row, now)
        } else {
            String::new()
        },
        counts(tasks),
    ]
}

/// `3 run, 5 wait, 2 done, 1 failed`.
pub fn counts(tasks: &Tasks) -> String {
    let parts = [
        (tasks.active, "run"),
        (tasks.queued, "wait"),
        (tasks.held, "held"),
        (tasks.succeeded, "done"),
        (tasks.failed, "failed"),
        (tasks.cancelled, "cancelled"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

fn short(name: &str) -> String {
    if name.chars().count() > 24 {
        name.chars().take(23).chain(['…']).collect()
    } else {
        name.to_owned()
    }
}

fn name(row: &JobRow) -> String {
    let name = short(&row.name);
    match row.array {
        Some(place) => format!("{name} [{}]", place.index),
        None => name,
    }
}

/// When it is as likely to have started as not; nothing once it has.
fn start(row: &JobRow, now: Timestamp) -> String {
    row.start_p50
        .map(|at| time::short(at, now))
        .unwrap_or_default()
}

/// How long it has run, or ran.
fn run_time(row: &JobRow, now: Timestamp) -> std::time::Duration {
    row.started_at
        .map(|started| time::between(started, row.finished_at.unwrap_or(now)))
        .unwrap_or_default()
}

/// Where it runs; or why it waits, token and words; or how it ended.
fn place(row: &JobRow) -> String {
    let held = row.lease.as_deref().filter(|_| row.is_active()).map(lease);
    if let Some(place) = held.filter(|place| !place.is_empty()) {
        return place;
    }
    if row.state == StateName::Finished {
        return row
            .outcome
            .as_deref()
            .map(|outcome| format!("({outcome}{})", exit(row)))
            .unwrap_or_default();
    }
    match (&row.reason, &row.reason_text) {
        (Some(token), Some(text)) => format!("({token}) {}", printable(text)),
        (Some(token), None) => format!("({token})"),
        _ => String::new(),
    }
}

fn exit(row: &JobRow) -> String {
    row.exit_code
        .filter(|code| *code != 0)
        .map(|code| format!(" {code}"))
        .unwrap_or_default()
}

/// `node-1[0-3,6] node-2[0]`.
pub fn lease(parts: &[LeasePart]) -> String {
    parts
        .iter()
        .map(LeasePart::words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Without what could move the cursor or fake another line.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|ch| if ch.is_control() { ' ' } else { ch })
        .collect()
}

/// `NAME  VALUE` lines, the names in one column.
pub fn fields(fields: &[(&str, String)]) -> String {
    let wide = fields
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    fields
        .iter()
        .map(|(name, value)| format!("{name:<wide$}  {}\n", printable(value)))
        .collect()
}

#[cfg(test)]
pub mod tests {
    use berth_domain::{JobId, PriorityClass};

    use super::*;

    pub fn row(id: u64, state: StateName) -> JobRow {
        JobRow {
            id: JobId(id),
            name: "train".into(),
            user: "ana".into(),
            project: None,
            state,
            code: "PD".into(),
            reason: None,
            reason_text: None,
            start_p50: None,
            start_p90: None,
            gpus: 4,
            nodes: 1,
            gpus_per_node: 4,
            class: PriorityClass::Normal,
            time_limit_s: 3600,
            submitted_at: "2026-11-24T12:00:00Z".parse().unwrap(),
            started_at: None,
            finished_at: None,
            outcome: None,
            outcome_text: None,
            exit_code: None,
            lease: None,
            array: None,
        }
    }

    fn some_jobs() -> Vec<JobRow> {
        let mut running = row(7, StateName::Running);
        running.code = "R".into();
        running.started_at = Some("2026-11-24T12:00:01Z".parse().unwrap());
        running.lease = Some(vec![
            LeasePart {
                node: "node-1".into(),
                gpus: vec![0, 1, 2, 6],
            },
            LeasePart {
                node: "node-2".into(),
                gpus: vec![3],
            },
        ]);
        let mut waiting = row(12, StateName::Queued);
        waiting.name = "sweep\u{1b}[2J over many learning rates".into();
        waiting.array = Some(berth_api::views::ArrayPlace {
            array: JobId(11),
            index: 3,
        });
        waiting.start_p50 = Some("2026-11-24T13:00:00Z".parse().unwrap());
        waiting.reason = Some("Priority".into());
        waiting.reason_text = Some("Waits behind 3 jobs; job 8 is next.".into());
        let mut failed = row(3, StateName::Finished);
        failed.code = "F".into();
        failed.started_at = running.started_at;
        failed.finished_at = Some("2026-11-24T12:01:04Z".parse().unwrap());
        failed.outcome = Some("Failed".into());
        failed.exit_code = Some(3);
        vec![running, waiting, failed]
    }

    #[test]
    fn the_queue_reads_like_slurms() {
        let now = "2026-11-24T13:00:01Z".parse().unwrap();
        let sweep = ArrayView {
            array: JobId(20),
            name: "sweep".into(),
            user: "ana".into(),
            tasks: Tasks {
                active: 2,
                queued: 3,
                failed: 1,
                ..Tasks::default()
            },
        };
        let mut task = row(25, StateName::Queued);
        task.array = Some(berth_api::views::ArrayPlace {
            array: JobId(20),
            index: 5,
        });
        let rows: Vec<JobRow> = some_jobs().into_iter().chain([task]).collect();
        let text = jobs(&rows, &[sweep], now, Width::Whole);
        let expected = "\
JOBID  NAME                          USER  ST     TIME  GPUS  START  NODELIST(REASON)
    7  train                         ana   R   1:00:00     4         node-1[0-2,6] node-2[3]
   12  sweep [2J over many lea… [3]  ana   PD     0:00     4  now    (Priority) Waits behind 3 jobs; job 8 is next.
    3  train                         ana   F      1:03     4         (Failed 3)
   20  sweep [6 tasks]               ana   R               4         2 run, 3 wait, 1 failed
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_narrow_terminal_cuts_lines() {
        let now = "2026-11-24T13:00:01Z".parse().unwrap();
        let text = jobs(&some_jobs(), &[], now, Width::Columns(70));
        assert!(
            text.lines().all(|line| line.chars().count() <= 70),
            "{text}"
        );
        assert!(text.contains("…\n"), "{text}");
    }
}
