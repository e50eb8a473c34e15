//! `berth policy`: which policy the planner follows, what another would do, and changing it.

use std::collections::BTreeMap;

use berth_api::past::{ForecastScore, ForecastScoreAnswer, ScoreView};
use berth_api::planner::{
    ChangeView, GetPolicy, PolicyAnswer, PolicyArg, PreviewPolicy, SetPolicy,
};
use berth_domain::Timestamp;
use clap::Subcommand;

use crate::failure::Failure;
use crate::session::Session;
use crate::table::{self, Width};
use crate::time;

const EXAMPLES: &str = "\
Examples:
  berth policy show
  berth policy preview slurm
  berth policy set berth --set preemption=on
  berth policy score";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The policy in force and its knobs.
    Show,
    /// Follow another policy from now on (admins only).
    Set(Choice),
    /// Whose start another policy would change; changes nothing.
    Preview(Choice),
    /// How well starts were foretold in the last weeks.
    Score,
}

#[derive(Debug, clap::Args)]
struct Choice {
    /// `fifo`, `easy`, `priority`, `fair`, `sjf`, `slurm` or `berth`.
    name: String,
    /// A knob that differs from it; may be given several times.
    #[arg(long = "set", value_name = "KNOB=VALUE", value_parser = knob)]
    knobs: Vec<(String, String)>,
}

fn knob(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' is not KNOB=VALUE"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl Choice {
    fn body(&self) -> PolicyArg {
        PolicyArg {
            name: self.name.clone(),
            knobs: self.knobs.iter().cloned().collect::<BTreeMap<_, _>>(),
        }
    }
}

pub async fn run(session: &Session, args: &Args) -> Result<(), Failure> {
    match &args.verb {
        Verb::Show => {
            let answer = session.repeat(|| session.berth.call(GetPolicy {})).await?;
            session.show(&answer, shown)
        }
        Verb::Set(choice) => {
            let call = || {
                session.berth.call(SetPolicy {
                    body: choice.body(),
                })
            };
            let answer = session.repeat(call).await?;
            session.show(&answer, |answer| {
                format!("The planner follows {} from now on.", named(answer))
            })
        }
        Verb::Preview(choice) => {
            let call = || {
                session.berth.call(PreviewPolicy {
                    body: choice.body(),
                })
            };
            let answer = session.repeat(call).await?;
            session.show(&answer, |answer| {
                changes(&answer.changes, answer.waiting, Timestamp::now())
            })
        }
        Verb::Score => {
            let call = || session.berth.call(ForecastScore {});
            let answer = session.repeat(call).await?;
            session.show(&answer, score)
        }
    }
}

fn score(answer: &ForecastScoreAnswer) -> String {
    let lines = answer.windows.iter().map(|window| match window {
        ScoreView { jobs: 0, days, .. } => {
            format!("Last {days} days: no job with a forecast has started.")
        }
        ScoreView { days, jobs, .. } => format!(
            "Last {days} days: {jobs} jobs that waited. {:.0} % started by their p50, {:.0} % by \
             their p90 (50 and 90 would be right). Half of the p50 were off by less than {:.1} minutes.",
            window.p50_pct,
            window.p90_pct,
            window.median_error_min
        ),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `berth with preemption=on`.
fn named(answer: &PolicyAnswer) -> String {
    let knobs = answer.policy.knobs.iter();
    let knobs: Vec<String> = knobs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if knobs.is_empty() {
        answer.policy.name.clone()
    } else {
        format!("{} with {}", answer.policy.name, knobs.join(", "))
    }
}

fn shown(answer: &PolicyAnswer) -> String {
    let row = |knob: &berth_api::planner::KnobView| {
        let changed = if knob.changed { "*" } else { "" };
        vec![
            format!("{}{changed}", knob.name),
            knob.value.clone(),
            knob.meaning.clone(),
        ]
    };
    let rows = answer.knobs.iter().map(row).collect();
    let knobs = table::plain(&["KNOB", "VALUE", "MEANING"], &[], rows, Width::here());
    format!("Policy: {}\n\n{}", named(answer), knobs.trim_end())
}

/// Whose start changes, of so many that wait.
pub fn changes(changes: &[ChangeView], waiting: usize, now: Timestamp) -> String {
    if changes.is_empty() {
        return format!("None of the {waiting} waiting jobs would start at another time.");
    }
    let row = |change: &ChangeView| {
        let earlier = change.after_p50 < change.before_p50;
        vec![
            change.job.to_string(),
            table::printable(&change.name),
            change.user.to_string(),
            time::short(change.before_p50, now),
            time::short(change.after_p50, now),
            if earlier { "earlier" } else { "later" }.to_owned(),
        ]
    };
    let header = ["JOBID", "NAME", "USER", "NOW STARTS", "WOULD START", ""];
    let rows = changes.iter().map(row).collect();
    let table = table::plain(&header, &[0], rows, Width::here());
    let changed = changes.len();
    format!("{table}{changed} of {waiting} waiting jobs would start at another time.")
}
