//! A mandate on the command line: what is said changes, the rest stays.

use std::collections::BTreeSet;

use berth_domain::agent::{Action, Hours, Mandate, Template};
use clap::Args;

#[derive(Debug, Args)]
pub struct Flags {
    /// GPU-hours in all; 0 for no limit.
    #[arg(long, value_name = "HOURS")]
    gpu_hours: Option<f64>,
    /// GPUs of all its jobs that wait or run; 0 for no limit.
    #[arg(long, value_name = "GPUS")]
    gpus: Option<u32>,
    #[arg(long, value_name = "JOBS")]
    jobs_per_hour: Option<u32>,
    /// For language models, in dollars.
    #[arg(long, value_name = "DOLLARS")]
    model_budget: Option<f64>,
    /// When it may act, in UTC: 22:00-06:00. `always` for any time.
    #[arg(long, value_name = "FROM-TO")]
    hours: Option<String>,
    /// What it may do; may be given several times, and replaces what was.
    #[arg(long = "may", value_name = "ACTION")]
    actions: Vec<Action>,
    /// It may change all your jobs, not only its own.
    #[arg(long)]
    all_jobs: Option<bool>,
    /// Its jobs may take GPUs from others.
    #[arg(long)]
    may_preempt: Option<bool>,
    /// Only in this project; may be given several times, and replaces what was.
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// Only this command, with places for values ({int}, {float}, {word}); may be given several times, and
    /// replaces what was.
    #[arg(long = "command", value_name = "COMMAND")]
    commands: Vec<String>,
    /// Where these commands run, and nowhere else. Default: in each job's own folder.
    #[arg(long, value_name = "FOLDER", requires = "commands")]
    workdir: Option<String>,
    /// Ask you first for what could use more GPU-hours than this; 0 asks for everything that uses any.
    #[arg(long, value_name = "HOURS")]
    approve_above: Option<f64>,
    /// Ask you first each time; may be given several times, and replaces what was.
    #[arg(long = "approve", value_name = "ACTION")]
    approve: Vec<Action>,
}

impl Flags {
    /// What was said, on top of this.
    pub fn on(&self, mut mandate: Mandate) -> Result<Mandate, String> {
        if let Some(hours) = self.gpu_hours {
            mandate.gpu_seconds = Some(seconds("--gpu-hours", hours)?).filter(|s| *s > 0);
        }
        if let Some(gpus) = self.gpus {
            mandate.gpus_at_once = Some(gpus).filter(|gpus| *gpus > 0);
        }
        if let Some(jobs) = self.jobs_per_hour {
            mandate.jobs_per_hour = jobs;
        }
        if let Some(dollars) = self.model_budget {
            mandate.model_micros = Some(whole("--model-budget", dollars, 1e6)?);
        }
        match self.hours.as_deref() {
            None => {}
            Some("always") => mandate.hours = None,
            Some(text) => mandate.hours = Some(text.parse::<Hours>()?),
        }
        mandate.all_jobs = self.all_jobs.unwrap_or(mandate.all_jobs);
        mandate.may_preempt = self.may_preempt.unwrap_or(mandate.may_preempt);
        if !self.actions.is_empty() {
            mandate.actions = self.actions.iter().copied().collect();
        }
        if !self.projects.is_empty() {
            mandate.projects = self.projects.iter().cloned().collect();
        }
        if !self.commands.is_empty() {
            let template = |command: &String| Template {
                command: command.clone(),
                workdir: self.workdir.clone(),
                ..Template::default()
            };
            mandate.commands = self.commands.iter().map(template).collect();
        }
        if let Some(hours) = self.approve_above {
            mandate.approval.above_gpu_seconds = Some(seconds("--approve-above", hours)?);
        }
        if !self.approve.is_empty() {
            mandate.approval.actions = self.approve.iter().copied().collect::<BTreeSet<_>>();
        }
        Ok(mandate)
    }
}

fn seconds(flag: &str, hours: f64) -> Result<u64, String> {
    whole(flag, hours, 3600.0)
}

fn whole(flag: &str, value: f64, unit: f64) -> Result<u64, String> {
    if !(0.0..1e9).contains(&value) {
        return Err(format!(
            "{flag}: '{value}' is not a number from 0 to a billion."
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is in range"
    )]
    let whole = (value * unit).round() as u64;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn what_is_said_changes_and_the_rest_stays() {
        let line = [
            "x",
            "--gpu-hours",
            "1.5",
            "--gpus",
            "0",
            "--may",
            "submit",
            "--hours",
            "22:00-06:00",
            "--command",
            "python train.py --lr {float}",
            "--approve-above",
            "0",
        ];
        let flags = Line::try_parse_from(line).unwrap().flags;
        let before = Mandate {
            jobs_per_hour: 7,
            ..Mandate::default()
        };
        let mandate = flags.on(before).unwrap();
        assert_eq!(mandate.gpu_seconds, Some(5400));
        assert_eq!(mandate.gpus_at_once, None);
        assert_eq!(mandate.jobs_per_hour, 7);
        assert_eq!(mandate.actions, [Action::Submit].into());
        assert_eq!(mandate.approval.above_gpu_seconds, Some(0));
        assert_eq!(mandate.commands.len(), 1);
        let flags = Line::try_parse_from(["x", "--gpu-hours", "nan"])
            .unwrap()
            .flags;
        assert!(
            flags
                .on(Mandate::default())
                .unwrap_err()
                .contains("--gpu-hours")
        );
    }
}
