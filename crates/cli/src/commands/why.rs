//! `berth why`: why a job waits, when it should start, and what would let it start sooner.

use std::fmt::Write as _;

use berth_api::planner::{ActionView, ExplainAnswer, ExplainJob};
use berth_domain::{JobId, Timestamp, walltime};

use crate::failure::Failure;
use crate::session::Session;
use crate::time;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "ID", value_parser = super::id::job)]
    id: JobId,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let id = args.id;
    let answer = session
        .repeat(|| session.berth.call(ExplainJob { id }))
        .await?;
    session.show(&answer, |answer| text(answer, Timestamp::now()))
}

fn text(answer: &ExplainAnswer, now: Timestamp) -> String {
    let mut text = format!("{}\n", answer.text);
    // Writing to a string does not fail.
    if let Some(range) = time::range(answer.start_p50, answer.start_p90, now) {
        let _ = writeln!(text, "Starts: {range}");
    }
    if let (Some(deadline), Some(end)) = (answer.deadline, answer.end_p50) {
        let _ = writeln!(text, "Ends:   {}", due(deadline, end, now));
    }
    if let Some(place) = answer.place.filter(|place| *place > 1) {
        let ahead: Vec<String> = answer
            .ahead
            .iter()
            .map(|job| format!("{} {} ({}, {} GPUs)", job.job, job.name, job.user, job.gpus))
            .collect();
        let more = (place - 1).saturating_sub(ahead.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(text, "Ahead:  {}{more}", ahead.join(", "));
    }
    for holder in &answer.holders {
        let _ = writeln!(
            text,
            "Holds:  job {} {} of {}: {} GPUs on {} until about {}",
            holder.job,
            holder.name,
            holder.user,
            holder.gpus,
            holder.node,
            time::short(holder.until, now)
        );
    }
    for action in &answer.actions {
        let _ = writeln!(
            text,
            "Sooner: {} it starts {}   {}",
            action.text,
            when(action, now),
            action.command
        );
    }
    text.trim_end().to_owned()
}

/// Whether a deadline is expected to be met.
fn due(deadline: Timestamp, end: Timestamp, now: Timestamp) -> String {
    let (early, late) = (time::between(end, deadline), time::between(deadline, end));
    let how = if late.is_zero() {
        format!("{} before", walltime::format(early))
    } else {
        format!("{} after", walltime::format(late))
    };
    format!(
        "expected {}, {how} its deadline ({})",
        time::short(end, now),
        time::short(deadline, now)
    )
}

fn when(action: &ActionView, now: Timestamp) -> String {
    match time::range(action.start_p50, action.start_p90, now) {
        Some(range) if !action.starts_now => range,
        _ => "now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{JobId, StateName};

    use super::*;

    #[test]
    fn everything_that_helps_is_said() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let answer = ExplainAnswer {
            job: JobId(3),
            state: StateName::Queued,
            reason: Some("Resources".to_owned()),
            text: "Next in line. Waits for 16 GPUs; 12 are free.".to_owned(),
            place: Some(1),
            ahead: vec![],
            holders: vec![],
            factors: vec![],
            start_p50: Some(now),
            start_p90: Some("2026-11-24T12:20:00Z".parse().unwrap()),
            deadline: Some("2026-11-24T15:00:00Z".parse().unwrap()),
            end_p50: Some("2026-11-24T17:00:00Z".parse().unwrap()),
            actions: vec![ActionView {
                text: "on 8 GPUs".to_owned(),
                command: "berth update 3 -N 1 -g 8".to_owned(),
                starts_now: true,
                start_p50: None,
                start_p90: None,
            }],
        };
        let text = text(&answer, now);
        assert!(text.contains("Starts: now to"), "{text}");
        assert!(text.contains(", 2h after its deadline ("), "{text}");
        let sooner = "Sooner: on 8 GPUs it starts now   berth update 3 -N 1 -g 8";
        assert!(text.ends_with(sooner), "{text}");
    }
}
