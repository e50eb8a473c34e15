//! `berth campaign steer`: what of a campaign is to be otherwise from here on.

use std::collections::BTreeMap;

use berth_api::campaigns::GetCampaign;
use berth_domain::CampaignId;
use berth_domain::campaign::{BudgetPatch, Narrow, Steering, StopRule, Strategy};
use jiff::Zoned;

use crate::commands::spec_args;
use crate::failure::Failure;
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub struct Args {
    pub id: CampaignId,
    /// A note for whoever reads it later.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Search only a part of what was asked for: lr=1e-4..1e-2, or optimizer=adam,lion; once for each
    /// parameter.
    #[arg(long = "range", value_name = "NAME=PART", value_parser = range)]
    ranges: Vec<(String, Narrow)>,
    /// The whole budget.
    #[arg(long, value_name = "HOURS")]
    gpu_hours: Option<f64>,
    /// GPUs of all its trials that wait or run, together.
    #[arg(long, value_name = "N")]
    gpus_at_once: Option<u32>,
    /// Trials that wait or run.
    #[arg(long, value_name = "N")]
    at_once: Option<u32>,
    /// What language models may cost that propose its trials, in dollars, in all.
    #[arg(long, value_name = "DOLLARS")]
    model_budget: Option<f64>,
    /// How many trials it has; of asha, how many configurations begin.
    #[arg(long, value_name = "N")]
    trials: Option<u32>,
    /// A result as good as this is good enough.
    #[arg(long, value_name = "RESULT", allow_negative_numbers = true)]
    target: Option<f64>,
    /// End it after so many trials that brought nothing better.
    #[arg(long, value_name = "N")]
    patience: Option<u32>,
    /// End it at this time: +2h, 18:00, 2026-11-30T18:00.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// What the flags say.
pub async fn steering(session: &Session, args: &Args) -> Result<Steering, Failure> {
    let mut steering = said(args, &Zoned::now())?;
    if let Some(trials) = args.trials {
        let call = || session.berth.call(GetCampaign { id: args.id });
        let known = session.repeat(call).await?;
        steering.strategy = with_trials(known.row.strategy, trials);
        if steering.strategy.is_none() {
            steering.budget.trials = Some(trials);
        }
    }
    Ok(steering)
}

fn said(args: &Args, now: &Zoned) -> Result<Steering, Failure> {
    let until = spec_args::time("--until", args.until.clone(), now)?;
    let until = until.map(|text| text.parse()).transpose();
    let until = until.map_err(|error| Failure::Usage(format!("--until: {error}.")))?;
    Ok(Steering {
        note: args.note.clone(),
        space: args.ranges.iter().cloned().collect::<BTreeMap<_, _>>(),
        budget: BudgetPatch {
            gpu_seconds: whole("--gpu-hours", args.gpu_hours, 3600.0)?,
            gpus_at_once: args.gpus_at_once,
            at_once: args.at_once,
            trials: None,
            model_micros: whole("--model-budget", args.model_budget, 1e6)?,
        },
        stop: StopRule {
            target: args.target,
            patience: args.patience,
            until,
        },
        strategy: None,
    })
}

/// What a flag says, in so many smaller units.
fn whole(flag: &str, value: Option<f64>, units: f64) -> Result<Option<u64>, Failure> {
    let Some(value) = value else { return Ok(None) };
    let whole = (value * units).round();
    if !(0.0..1e15).contains(&whole) {
        return Err(Failure::Usage(format!("{flag} {value}: use 0 or more.")));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be neither negative nor too large"
    )]
    Ok(Some(whole as u64))
}

/// The same strategy for more or fewer trials; `None` where the strategy does not say how many.
fn with_trials(strategy: Strategy, trials: u32) -> Option<Strategy> {
    match strategy {
        Strategy::Grid { .. } => None,
        Strategy::Random { seed, .. } => Some(Strategy::Random { trials, seed }),
        Strategy::Asha(mut asha) => {
            asha.trials = trials;
            Some(Strategy::Asha(asha))
        }
        Strategy::Model { per_round, .. } => Some(Strategy::Model { trials, per_round }),
    }
}

fn range(text: &str) -> Result<(String, Narrow), String> {
    let refuse = || format!("'{text}' is no part: write lr=1e-4..1e-2 or optimizer=adam,lion");
    let (name, part) = text.split_once('=').ok_or_else(refuse)?;
    let (name, part) = (name.trim().to_owned(), part.trim());
    if name.is_empty() || part.is_empty() {
        return Err(refuse());
    }
    let ends = part.split_once("..").and_then(|(from, to)| {
        let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        Some(Narrow::Range { from, to })
    });
    let choices = || part.split(',').map(|one| one.trim().to_owned()).collect();
    Ok((name, ends.unwrap_or_else(|| Narrow::Choice(choices()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_range_or_some_choices() {
        let (from, to) = (1e-4, 1e-2);
        assert_eq!(
            range("lr=1e-4..1e-2"),
            Ok(("lr".to_owned(), Narrow::Range { from, to }))
        );
        let some = Narrow::Choice(vec!["adam".to_owned(), "lion".to_owned()]);
        assert_eq!(
            range("optimizer = adam, lion"),
            Ok(("optimizer".to_owned(), some))
        );
        let one = Narrow::Choice(vec!["0.1".to_owned()]);
        assert_eq!(range("dropout=0.1"), Ok(("dropout".to_owned(), one)));
        for wrong in ["lr", "=1..2", "lr="] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_said_stays() {
        let args = Args {
            id: CampaignId(3),
            note: None,
            ranges: vec![],
            gpu_hours: Some(1.5),
            gpus_at_once: None,
            at_once: None,
            model_budget: Some(0.5),
            trials: None,
            target: None,
            patience: None,
            until: Some("+2h".to_owned()),
        };
        let now = "2026-11-24T12:00:00+00:00[UTC]".parse().unwrap();
        let steering = said(&args, &now).unwrap();
        assert_eq!(steering.budget.gpu_seconds, Some(5400));
        assert_eq!(steering.budget.model_micros, Some(500_000));
        assert_eq!(
            steering.stop.until,
            Some("2026-11-24T14:00:00Z".parse().unwrap())
        );
        assert_eq!((steering.note, steering.strategy), (None, None));
        let random = Strategy::Random { trials: 3, seed: 7 };
        let more = Strategy::Random { trials: 9, seed: 7 };
        assert_eq!(with_trials(random, 9), Some(more));
        assert_eq!(with_trials(Strategy::Grid { points: 3 }, 9), None);
        let model = |trials| Strategy::Model {
            trials,
            per_round: 2,
        };
        assert_eq!(with_trials(model(3), 9), Some(model(9)));
    }
}
