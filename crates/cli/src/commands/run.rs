//! `berth run`: submit, follow, and end as the job ends.

use std::process::ExitCode;
use std::time::Duration;

use berth_api::jobs::{CancelJob, GetJob, JobArg};
use berth_api::views::JobRow;
use berth_domain::{JobId, StateName, SubmitRequest};

use super::job_args::{self, JobArgs};
use crate::failure::Failure;
use crate::follow::{self, Place};
use crate::output::{self, note};
use crate::session::Session;
use crate::table;
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth run -g 1 -- nvidia-smi
  berth run -g 8 -t 2h -- python train.py && echo trained

The log goes to stdout, what happens to the job to stderr. The first Ctrl-C cancels the job and
waits for its end, the second one leaves.";

/// Between two looks at the job's state.
const LOOK: Duration = Duration::from_secs(1);
/// As a shell has it for a command ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    job: JobArgs,
}

pub async fn run(session: &Session, args: Args) -> Result<ExitCode, Failure> {
    let request = job_args::request(session, args.job).await?;
    submit_and_follow(session, &request, true).await
}

/// Submits a job and stays with it; `show` its log on stdout.
pub async fn submit_and_follow(
    session: &Session,
    request: &SubmitRequest,
    show: bool,
) -> Result<ExitCode, Failure> {
    let answer = job_args::submit(session, request).await?;
    let id = answer.job.id;
    note(&format!("submitted job {id}."));
    tokio::select! {
        ended = to_the_end(session, id, show) => ended,
        () = follow_state(session, id) => Err(Failure::Other(format!("Lost sight of job {id}."))),
        left = interrupts(session, id) => left,
    }
}

async fn to_the_end(session: &Session, id: JobId, show: bool) -> Result<ExitCode, Failure> {
    let place = Place {
        job: id,
        attempt: None,
        rank: None,
        offset: 0,
    };
    let print = |piece: &berth_api::logs::LogText| {
        if !show {
            return Ok(());
        }
        if session.json {
            eprint!("{}", piece.text);
            return Ok(());
        }
        output::raw(&piece.text)
    };
    follow::until_job_ends(session, place, print).await?;
    let answer = follow::patient(session, || session.berth.call(GetJob { id })).await?;
    if session.json {
        output::json(&answer)?;
    }
    let (code, sentence) = end(&answer.job.row);
    note(&sentence);
    Ok(ExitCode::from(code))
}

/// Says why the job waits and where it starts. Never ends.
pub async fn follow_state(session: &Session, id: JobId) {
    let mut said = None;
    let mut soon = Duration::from_millis(300);
    loop {
        tokio::time::sleep(soon).await;
        soon = LOOK;
        // When the server does not answer, the follower of the log says so.
        let Ok(answer) = session.berth.call(GetJob { id }).await else {
            continue;
        };
        let row = &answer.job.row;
        let key = (row.state, row.reason.clone());
        if said.as_ref() != Some(&key) {
            if let Some(line) = standing(row) {
                note(&line);
            }
            said = Some(key);
        }
    }
}

fn standing(row: &JobRow) -> Option<String> {
    let id = row.id;
    match row.state {
        StateName::Held | StateName::Queued => row
            .reason_text
            .as_ref()
            .map(|reason| format!("job {id} waits. {}", table::printable(reason))),
        StateName::Running => {
            let place = row.lease.as_deref().map(table::lease).unwrap_or_default();
            Some(format!("job {id} runs on {place}."))
        }
        StateName::Stopping => Some(format!("job {id} is being stopped.")),
        StateName::Starting | StateName::Finished => None,
    }
}

/// The first Ctrl-C cancels, the second leaves.
pub async fn interrupts(session: &Session, id: JobId) -> Result<ExitCode, Failure> {
    let failed = |error| Failure::Other(format!("Cannot wait for Ctrl-C: {error}."));
    tokio::signal::ctrl_c().await.map_err(failed)?;
    note(&format!(
        "cancelling job {id}; Ctrl-C again leaves it to that."
    ));
    let cancel = async {
        if let Err(error) = session
            .berth
            .call(CancelJob {
                body: JobArg { id },
            })
            .await
        {
            note(&format!("{error} Cancel it with: berth cancel {id}"));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = cancel => {}
        again = tokio::signal::ctrl_c() => again.map_err(failed)?,
    }
    note(&format!(
        "left job {id}; `berth show {id}` says what became of it."
    ));
    Ok(ExitCode::from(INTERRUPTED))
}

/// The exit code of `berth run`, and a sentence. The job's own code if its command ended by
/// itself; 1 if something else ended it.
pub fn end(row: &JobRow) -> (u8, String) {
    let id = row.id;
    let ran = row
        .started_at
        .zip(row.finished_at)
        .map(|(from, to)| time::between(from, to));
    let after = ran
        .map(|ran| format!(" after {}", time::clock(ran)))
        .unwrap_or_default();
    match (row.outcome.as_deref(), row.exit_code) {
        (Some("Succeeded"), _) => (0, format!("job {id} succeeded{after}.")),
        (Some("Failed" | "OutOfMemory"), Some(code)) if code != 0 => {
            let what = if row.outcome.as_deref() == Some("OutOfMemory") {
                "ran out of memory"
            } else {
                "failed"
            };
            // Only what a shell can show: 1 for anything else.
            let shown = u8::try_from(code).unwrap_or(1);
            (
                shown,
                format!("job {id} {what} with exit code {code}{after}."),
            )
        }
        _ => {
            let text = row
                .outcome_text
                .as_deref()
                .unwrap_or("It ended, and how is not known");
            (
                1,
                format!(
                    "job {id}: {}.",
                    table::printable(text).trim_end_matches('.')
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(outcome: &str, text: &str, code: Option<i32>) -> JobRow {
        let mut row = table::tests::row(17, StateName::Finished);
        row.outcome = Some(outcome.into());
        row.outcome_text = Some(text.into());
        row.exit_code = code;
        row.started_at = Some("2026-11-24T12:00:00Z".parse().unwrap());
        row.finished_at = Some("2026-11-24T12:00:07Z".parse().unwrap());
        row
    }

    #[test]
    fn it_ends_as_the_job_ended() {
        let cases = [
            (
                finished("Succeeded", "Succeeded", Some(0)),
                0,
                "job 17 succeeded after 0:07.",
            ),
            (
                finished("Failed", "Failed", Some(3)),
                3,
                "job 17 failed with exit code 3 after 0:07.",
            ),
            (
                finished("Failed", "Failed", Some(139)),
                139,
                "job 17 failed with exit code 139 after 0:07.",
            ),
            (
                finished("OutOfMemory", "Ran out of memory", Some(137)),
                137,
                "job 17 ran out of memory with exit code 137 after 0:07.",
            ),
            (
                finished("TimedOut", "Passed its time limit", Some(143)),
                1,
                "job 17: Passed its time limit.",
            ),
            (
                finished("Cancelled", "Cancelled by ana", Some(0)),
                1,
                "job 17: Cancelled by ana.",
            ),
            (
                finished("LaunchFailed", "Could not be launched: no such file.", None),
                1,
                "job 17: Could not be launched: no such file.",
            ),
        ];
        for (row, code, sentence) in cases {
            assert_eq!(end(&row), (code, sentence.to_owned()));
        }
    }

    #[test]
    fn only_what_matters_is_said() {
        let mut row = table::tests::row(17, StateName::Queued);
        assert_eq!(standing(&row), None);
        row.reason_text = Some("Waits behind job 3.".into());
        assert_eq!(standing(&row).unwrap(), "job 17 waits. Waits behind job 3.");
        assert_eq!(standing(&table::tests::row(17, StateName::Starting)), None);
    }
}
