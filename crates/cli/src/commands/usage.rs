//! `berth usage`: who used how many GPU-hours, and what came of them.

use berth_api::history::{GetUsage, UsageAnswer, UsageBy, UsageRow};
use jiff::Zoned;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth usage
  berth usage --since 30d --by project
  berth usage --since 2026-11-01 --until 2026-12-01 --by job
  berth usage --json --since 7d --by user

Allocated is held by a lease; busy is when any kernel ran; working is how much of the chip had work.
What nobody observed is counted apart: it is neither busy nor idle.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// From then on: 7d, 12h, 2026-11-01, 18:00 (the last one).
    #[arg(long, value_name = "TIME", default_value = "7d")]
    since: String,
    /// Up to then. Default: now.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Told apart by user, project, node or job.
    #[arg(long, default_value = "user", value_parser = by)]
    by: UsageBy,
    /// At most so many lines.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

fn by(text: &str) -> Result<UsageBy, String> {
    text.parse()
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let now = Zoned::now();
    let past = |text: &String| time::past(text, &now).map_err(Failure::Usage);
    let since = past(&args.since)?;
    let until = args.until.as_ref().map(past).transpose()?;
    let call = || {
        session.berth.call(GetUsage {
            by: Some(args.by.as_str().to_owned()),
            since: Some(since.clone()),
            until: until.clone(),
            limit: args.limit,
        })
    };
    let answer = session.repeat(call).await?;
    if session.json {
        let rows = answer.rows.iter().map(|row| object(row, answer.by));
        return output::json(&rows.collect::<Vec<_>>());
    }
    output::print(&text(&answer, Width::here()))
}

/// A row whose name is under what it is a name of.
fn object(row: &UsageRow, by: UsageBy) -> Value {
    json!({
        by.as_str(): row.name,
        "gpu_hours_allocated": row.gpu_hours_allocated,
        "gpu_hours_busy": row.gpu_hours_busy,
        "gpu_hours_working": row.gpu_hours_working,
        "gpu_hours_unobserved": row.gpu_hours_unobserved,
        "energy_kwh": row.energy_kwh,
        "jobs": row.jobs,
    })
}

fn text(answer: &UsageAnswer, width: Width) -> String {
    let name = answer.by.as_str().to_uppercase();
    let header = [
        name.as_str(),
        "JOBS",
        "GPU-HOURS",
        "BUSY",
        "WORKING",
        "UNOBSERVED",
        "KWH",
    ];
    let cells = |name: String, row: &UsageRow| {
        let or_dash = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), hours);
        vec![
            name,
            row.jobs.to_string(),
            hours(row.gpu_hours_allocated),
            or_dash(row.gpu_hours_busy),
            or_dash(row.gpu_hours_working),
            hours(row.gpu_hours_unobserved),
            or_dash(row.energy_kwh),
        ]
    };
    let named = |row: &UsageRow| {
        let name = row
            .name
            .as_deref()
            .map_or_else(|| "-".to_owned(), table::printable);
        cells(name, row)
    };
    let mut rows: Vec<Vec<String>> = answer.rows.iter().map(named).collect();
    if rows.len() > 1 || answer.left_out > 0 {
        rows.push(cells("all".to_owned(), &answer.total));
    }
    let mut text = table::plain(&header, &[1, 2, 3, 4, 5, 6], rows, width);
    if answer.left_out > 0 {
        text += &format!("{} more; --limit shows them.\n", answer.left_out);
    }
    let (since, until) = (time::local(answer.since), time::local(answer.until));
    text += &format!("\nFrom {since} to {until}.\n");
    text
}

/// One decimal; two where it would otherwise be next to nothing.
pub(super) fn hours(value: f64) -> String {
    if value > 0.0 && value < 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> UsageAnswer {
        let row = UsageRow {
            name: Some("ana".into()),
            gpu_hours_allocated: 24.0,
            gpu_hours_busy: Some(14.64),
            gpu_hours_working: None,
            gpu_hours_unobserved: 0.0125,
            energy_kwh: Some(9.81),
            jobs: 3,
        };
        UsageAnswer {
            since: "2026-11-24T12:00:00Z".parse().unwrap(),
            until: "2026-11-25T12:00:00Z".parse().unwrap(),
            by: UsageBy::User,
            rows: vec![row.clone()],
            left_out: 2,
            total: UsageRow { name: None, ..row },
        }
    }

    #[test]
    fn hours_are_told_apart_and_what_is_not_known_is_no_zero() {
        let text = text(&answer(), Width::Columns(70));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "USER  JOBS  GPU-HOURS  BUSY  WORKING  UNOBSERVED  KWH"
        );
        assert_eq!(
            lines[1],
            "ana      3       24.0  14.6        -        0.01  9.8"
        );
        assert!(lines[2].starts_with("all "), "{text}");
        assert_eq!(lines[3], "2 more; --limit shows them.");
    }

    #[test]
    fn scripts_find_a_row_by_what_it_is_of() {
        let row = object(&answer().rows[0], UsageBy::User);
        assert_eq!(row["user"], "ana");
        assert_eq!(row["gpu_hours_allocated"], 24.0);
        assert_eq!(row["gpu_hours_working"], Value::Null);
        assert_eq!(
            object(&answer().total, UsageBy::Project)["project"],
            Value::Null
        );
    }
}
