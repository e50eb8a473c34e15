//! `berth update`: change a job after it was submitted.

use berth_api::jobs::{UpdateArg, UpdateJob};
use berth_domain::JobId;
use jiff::Zoned;

use super::spec_args::{self, SpecArgs};
use crate::failure::Failure;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  berth update 17 -t 12h
  berth update 17 -p high -g 2
  berth update 17 --after none --begin none
  berth update 17 --nodelist none --deadline +8h";

/// What removes a list or a time.
const NONE: &str = "none";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[arg(value_name = "ID", value_parser = super::id::job)]
    id: JobId,
    #[command(flatten)]
    spec: SpecArgs,
    /// Whether it may be stopped and queued again when others need the GPUs.
    #[arg(long, value_name = "true|false")]
    preemptible: Option<bool>,
    /// Whether all its GPUs on a node must be from one NVLink island.
    #[arg(long, value_name = "true|false")]
    nvlink: Option<bool>,
    /// Whether one process of the command runs for each GPU.
    #[arg(long, value_name = "true|false")]
    per_gpu: Option<bool>,
}

impl Args {
    fn body(self, now: &Zoned) -> Result<UpdateArg, Failure> {
        let spec = self.spec;
        let time = |flag, text: Option<String>| match text {
            Some(text) if text == NONE => Ok(Some(String::new())),
            text => spec_args::time(flag, text, now),
        };
        let list =
            |list: Option<Vec<String>>| list.map(|all| if all == [NONE] { vec![] } else { all });
        let size = |text: String| if text == NONE { String::new() } else { text };
        let body = UpdateArg {
            name: spec.name,
            time_limit: spec.time_limit,
            class: spec.class,
            max_retries: spec.retries,
            preemptible: self.preemptible,
            nodes: spec.nodes,
            gpus: spec.gpus,
            after: list(spec.after),
            begin: time("--begin", spec.begin)?,
            deadline: time("--deadline", spec.deadline)?,
            gpu_model: list(spec.gpu_model),
            gpu_mem: spec.gpu_mem.map(size),
            nodelist: list(spec.nodelist),
            exclude: list(spec.exclude),
            nvlink: self.nvlink,
            signal: spec.signal,
            per_gpu: self.per_gpu,
            ..UpdateArg::of(self.id)
        };
        if body == UpdateArg::of(self.id) {
            return Err(Failure::Usage(format!(
                "Nothing to change was named: for example `berth update {} -t 12h`.",
                self.id
            )));
        }
        Ok(body)
    }
}

pub async fn run(session: &Session, args: Args) -> Result<(), Failure> {
    let body = args.body(&Zoned::now())?;
    let answer = session.once(session.berth.call(UpdateJob { body })).await?;
    session.show(&answer, |answer| format!("Updated job {}", answer.job.id))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Verb};

    fn body(line: &[&str]) -> Option<UpdateArg> {
        let cli = Cli::try_parse_from(["berth", "update", "17"].iter().chain(line)).ok()?;
        let Verb::Update(args) = cli.verb else {
            return None;
        };
        let now = "2026-11-24T12:00:00+00:00[UTC]".parse().ok()?;
        args.body(&now).ok()
    }

    #[test]
    fn what_is_not_named_stays() {
        let expected = UpdateArg {
            time_limit: Some("12h".into()),
            ..UpdateArg::of(JobId(17))
        };
        assert_eq!(body(&["-t", "12h"]), Some(expected));
        assert_eq!(body(&[]), None);
    }

    #[test]
    fn none_removes() {
        let expected = UpdateArg {
            after: Some(vec![]),
            begin: Some(String::new()),
            deadline: Some(String::new()),
            gpu_model: Some(vec![]),
            gpu_mem: Some(String::new()),
            nodelist: Some(vec![]),
            exclude: Some(vec![]),
            nvlink: Some(false),
            preemptible: Some(false),
            ..UpdateArg::of(JobId(17))
        };
        let line = [
            "--after",
            "none",
            "--begin",
            "none",
            "--deadline",
            "none",
            "--gpu-model",
            "none",
            "--gpu-mem",
            "none",
            "-w",
            "none",
            "-x",
            "none",
            "--nvlink",
            "false",
            "--preemptible",
            "false",
        ];
        assert_eq!(body(&line), Some(expected));
    }
}
