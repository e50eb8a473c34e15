//! `berth show`: everything about a job.

use berth_api::history::JobUse;
use berth_api::jobs::{EventList, JobDetailAnswer, JobEvents};
use berth_api::views::{AttemptView, EventView, JobDetail};
use berth_domain::commandline::{self, quote};
use berth_domain::{JobId, Notice, Timestamp, walltime};

use super::usage;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;
use crate::watch::Watch;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "ID", value_parser = super::id::job)]
    id: JobId,
    #[command(flatten)]
    watch: Watch,
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    let shown = async || {
        let JobDetailAnswer { job } = session.job(args.id).await?;
        if session.json {
            return output::line(&JobDetailAnswer { job });
        }
        let events = events(session, args.id).await?;
        Ok(text(&job, &events, Timestamp::now(), Width::here()))
    };
    args.watch.show(shown).await
}

async fn events(session: &Session, id: JobId) -> Result<Vec<EventView>, Failure> {
    let mut all = vec![];
    let mut after = None;
    loop {
        let page: EventList = session
            .repeat(|| session.berth.call(JobEvents { id, after }))
            .await?;
        all.extend(page.events);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

fn text(job: &JobDetail, events: &[EventView], now: Timestamp, width: Width) -> String {
    let mut text = table::fields(&facts(job, now));
    if !job.attempts.is_empty() {
        text += "\n";
        let header = ["ATTEMPT", "STARTED", "TIME", "ON", "END"];
        let rows = job
            .attempts
            .iter()
            .map(|attempt| attempt_cells(attempt, now))
            .collect();
        text += &table::plain(&header, &[0, 2], rows, width);
    }
    if !events.is_empty() {
        text += "\n";
        let rows = events.iter().map(event_cells).collect();
        text += &table::plain(&["WHEN", "WHO", "WHAT"], &[], rows, width);
    }
    text
}

fn facts(job: &JobDetail, now: Timestamp) -> Vec<(&'static str, String)> {
    let row = &job.row;
    let at = |at: Timestamp| format!("{} ({})", time::local(at), time::age(at, now));
    let mut facts = vec![
        ("Job", format!("{} {}", row.id, row.name)),
        ("State", state(job)),
    ];
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name, value));
        }
    };
    add("Waits", row.reason_text.clone());
    add("User", Some(row.user.to_string()));
    add("Project", row.project.clone());
    add("Command", Some(commandline::format(&job.command)));
    add("Folder", job.workdir.clone());
    add("Upload", job.request.package.clone());
    let env = job
        .env
        .iter()
        .map(|(name, value)| quote(&format!("{name}={value}")));
    add("Environment", Some(env.collect::<Vec<_>>().join(" ")));
    add("Size", Some(size(row.nodes, row.gpus_per_node)));
    add(
        "Holds",
        row.lease
            .as_deref()
            .map(table::lease)
            .filter(|_| row.is_active()),
    );
    add(
        "Time limit",
        Some(walltime::format(std::time::Duration::from_secs(
            row.time_limit_s,
        ))),
    );
    let notice = (!job.notice.is_default()).then(|| notice(job.notice));
    add("Told to save", notice);
    add(
        "Processes",
        job.per_gpu.then(|| "one for each GPU".to_owned()),
    );
    add("Class", Some(row.class.as_str().to_owned()));
    add(
        "Retries",
        (job.max_retries > 0).then(|| job.max_retries.to_string()),
    );
    add("Preemptible", job.preemptible.then(|| "yes".to_owned()));
    add("After", Some(job.after.join(", ")));
    add(
        "Array",
        row.array
            .map(|place| format!("task {} of job {}", place.index, place.array)),
    );
    add("Asks for", Some(job.constraints.phrase()));
    add("Begin", job.begin.map(at));
    add("Deadline", job.deadline.map(time::local));
    add("Submitted", Some(at(row.submitted_at)));
    add("Started", row.started_at.map(at));
    add("Finished", row.finished_at.map(at));
    add("Use", job.usage.as_ref().map(used));
    add("Terminal", job.attach.clone());
    add("Run folder", Some(job.run_dir.clone()));
    facts
}

/// `held 4 GPUs for 6h: 24.0 GPU-hours, 61% busy, 48% working`; what is not known is left out.
fn used(one: &JobUse) -> String {
    let held = std::time::Duration::try_from_secs_f64(one.held_s.round()).unwrap_or_default();
    let gpus = match one.gpus {
        1 => "1 GPU".to_owned(),
        gpus => format!("{gpus} GPUs"),
    };
    let mut parts = vec![format!(
        "held {gpus} for {}: {} GPU-hours",
        walltime::format(held),
        usage::hours(one.gpu_hours_allocated)
    )];
    let mut add = |value: Option<f64>, what: &str| {
        parts.extend(value.map(|value| format!("{value:.0}% {what}")));
    };
    add(one.busy_pct, "busy");
    add(one.working_pct, "working");
    if one.gpu_hours_allocated > 0.0 {
        let unobserved = 100.0 * one.gpu_hours_unobserved / one.gpu_hours_allocated;
        add(
            Some(unobserved).filter(|part| *part >= 5.0),
            "of it unobserved",
        );
    }
    let energy = one.energy_kwh.map(usage::hours);
    parts.extend(energy.map(|energy| format!("{energy} kWh")));
    parts.join(", ")
}

fn state(job: &JobDetail) -> String {
    let row = &job.row;
    match (&row.outcome_text, row.exit_code, &job.held_by) {
        (Some(outcome), Some(code), _) => format!("Finished: {outcome}, exit code {code}"),
        (Some(outcome), None, _) => format!("Finished: {outcome}"),
        (None, _, Some(by)) => format!("{} by {by}", row.state.as_str()),
        _ => row.state.as_str().to_owned(),
    }
}

/// When and how it is told that it will be stopped.
fn notice(notice: Notice) -> String {
    let signal = notice.signal.as_str();
    match notice.ahead {
        Some(ahead) => format!("SIG{signal}, {} s before its end", ahead.as_secs()),
        None => format!("SIG{signal}"),
    }
}

fn size(nodes: u32, gpus_per_node: u32) -> String {
    let plural =
        |count: u32, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match nodes {
        1 => plural(gpus_per_node, "GPU"),
        _ => format!("{} on each of {nodes} nodes", plural(gpus_per_node, "GPU")),
    }
}

fn attempt_cells(attempt: &AttemptView, now: Timestamp) -> Vec<String> {
    let ran = attempt
        .started_at
        .map(|from| time::between(from, attempt.ended_at.unwrap_or(now)));
    vec![
        attempt.number.to_string(),
        attempt.started_at.map(time::local).unwrap_or_default(),
        time::clock(ran.unwrap_or_default()),
        table::lease(&attempt.lease),
        table::printable(attempt.end.as_deref().unwrap_or("running")),
    ]
}

fn event_cells(event: &EventView) -> Vec<String> {
    vec![
        time::local(event.at),
        event.actor.clone(),
        table::printable(&event.text),
    ]
}

#[cfg(test)]
mod tests {
    use berth_api::views::LeasePart;
    use berth_domain::{StateName, SubmitRequest};

    use super::*;

    #[test]
    fn a_finished_job_tells_its_story() {
        let mut row = table::tests::row(17, StateName::Finished);
        row.outcome = Some("Failed".into());
        row.outcome_text = Some("Failed".into());
        row.exit_code = Some(3);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let attempt = AttemptView {
            number: 1,
            lease: vec![LeasePart {
                node: "node-1".into(),
                gpus: vec![0, 1, 2, 3],
            }],
            granted_at: at("2026-11-24T12:00:00Z"),
            started_at: Some(at("2026-11-24T12:00:00Z")),
            ended_at: Some(at("2026-11-24T12:00:09Z")),
            exit_code: Some(3),
            end: Some("exit code 3".into()),
            usage: None,
        };
        let job = JobDetail {
            row,
            command: ["sh", "-c", "echo $X; exit 3"].map(str::to_owned).to_vec(),
            workdir: Some("/home/ana".into()),
            env: [("X".to_owned(), "it's".to_owned())].into(),
            preemptible: false,
            max_retries: 0,
            after: vec![],
            begin: None,
            deadline: None,
            constraints: berth_domain::Constraints::default(),
            notice: Notice::default(),
            per_gpu: false,
            interactive: false,
            held_by: None,
            attempts: vec![attempt],
            attach: None,
            terminals: vec![],
            run_dir: "/data/jobs/17".into(),
            request: SubmitRequest::default(),
            usage: Some(JobUse {
                gpus: 4,
                held_s: 21_600.0,
                gpu_hours_allocated: 24.0,
                gpu_hours_unobserved: 0.1,
                busy_pct: Some(61.2),
                working_pct: Some(47.9),
                ..JobUse::default()
            }),
        };
        let text = text(&job, &[], at("2026-11-24T12:05:00Z"), Width::Whole);
        for line in [
            "Job          17 train\n",
            "State        Finished: Failed, exit code 3\n",
            "Command      sh -c 'echo $X; exit 3'\n",
            r"Environment  'X=it'\''s'",
            "Size         4 GPUs\n",
            "node-1[0-3]  exit code 3\n",
            "(5m ago)\n",
            "Use          held 4 GPUs for 6h: 24.0 GPU-hours, 61% busy, 48% working\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(
            !text.contains("Waits") && !text.contains("Project"),
            "{text}"
        );
    }
}
