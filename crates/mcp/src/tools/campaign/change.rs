//! Changes to a campaign, and what they would lead to: the checks that the server makes, made here on
//! what can be read.

use std::collections::BTreeMap;

use berth_api::ApiError;
use berth_api::campaigns::{CampaignView, GetCampaign};
use berth_api::cluster::GetWhoami;
use berth_domain::campaign::{CampaignState, Narrow, Space, Steering, TrialState};
use berth_domain::{
    Campaign, CampaignChange, CampaignId, CampaignSpec, Refusal, Right, Timestamp, dollars,
};
use rmcp::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

use super::args::{PatchArgs, StopArgs, StrategyArgs, Word, read};
use crate::Door;
use crate::seen::campaign::{hours, range, told};
use crate::seen::preview::ChangePreview;
use crate::seen::words::counted;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeArgs {
    /// The campaign's number.
    pub id: u64,
    /// pause: no further trial begins, those that run go on; resume: they begin again; end: it is
    /// over, and what of it waits or runs is cancelled; steer: it goes on otherwise.
    pub change: What,
    /// Why; needed to pause and to end it.
    pub why: Option<String>,
    /// With end: leave its jobs alone. Default: they are cancelled.
    #[serde(default)]
    pub keep_jobs: bool,
    /// With steer: for whoever reads it later.
    pub note: Option<String>,
    /// With steer: search only these parts of what was asked for, by name: some of the choices, or a
    /// range within the range. Trials outside are not promoted any more.
    #[serde(default)]
    pub space: BTreeMap<String, Part>,
    /// With steer: another budget; what is not said stays.
    pub budget: Option<PatchArgs>,
    /// With steer: another stop rule; what is not said stays.
    pub stop: Option<StopArgs>,
    /// With steer: another strategy. asha stays asha, with its eta and fidelity.
    pub strategy: Option<StrategyArgs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum What {
    Pause,
    Resume,
    End,
    Steer,
}

/// A part of what a parameter may be.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a part is a list of choices, or a range such as {\"from\": 1, \"to\": 2}"
)]
#[schemars(inline)]
pub enum Part {
    Choice(Vec<Word>),
    Range(Ends),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Ends {
    pub from: f64,
    pub to: f64,
}

impl What {
    fn verb(self) -> &'static str {
        match self {
            What::Pause => "pause",
            What::Resume => "resume",
            What::End => "end",
            What::Steer => "steer",
        }
    }

    /// What then was done.
    pub fn done(self) -> &'static str {
        match self {
            What::Pause => "paused",
            What::Resume => "resumed",
            What::End => "ended",
            What::Steer => "steered",
        }
    }
}

impl ChangeArgs {
    /// # Errors
    /// When an argument is missing, does not belong to the change or cannot be understood.
    pub fn change(&self) -> Result<CampaignChange, ApiError> {
        if let Some(argument) = self.stray() {
            let message = format!("{argument} does not belong to {}.", self.change.verb());
            return Err(ApiError::invalid(argument, message));
        }
        Ok(match self.change {
            What::Pause => CampaignChange::Pause { why: self.why()? },
            What::Resume => CampaignChange::Resume,
            What::End => CampaignChange::End {
                why: self.why()?,
                jobs: !self.keep_jobs,
            },
            What::Steer => CampaignChange::Steer(Box::new(self.steering()?)),
        })
    }

    /// An argument that is for another change.
    fn stray(&self) -> Option<&'static str> {
        let what = self.change;
        let explains = matches!(what, What::Pause | What::End);
        let steers = what == What::Steer;
        let given = [
            ("why", self.why.is_some(), explains),
            ("keep_jobs", self.keep_jobs, what == What::End),
            ("note", self.note.is_some(), steers),
            ("space", !self.space.is_empty(), steers),
            ("budget", self.budget.is_some(), steers),
            ("stop", self.stop.is_some(), steers),
            ("strategy", self.strategy.is_some(), steers),
        ];
        let stray = given.into_iter().find(|(_, given, fits)| *given && !*fits);
        stray.map(|(argument, ..)| argument)
    }

    fn why(&self) -> Result<String, ApiError> {
        let why = self.why.as_deref().map(str::trim);
        match why.filter(|why| !why.is_empty()) {
            Some(why) => Ok(why.to_owned()),
            None => Err(ApiError::invalid(
                "why",
                "Say why: whoever reads its report sees it.",
            )),
        }
    }

    fn steering(&self) -> Result<Steering, ApiError> {
        let budget = self.budget.as_ref().map(PatchArgs::patch);
        let stop = self.stop.as_ref().map(|stop| read("stop", stop));
        let strategy = self.strategy.as_ref().map(|one| read("strategy", one));
        Ok(Steering {
            note: self.note.clone(),
            space: read::<BTreeMap<String, Narrow>>("space", &self.space)?,
            budget: budget.transpose()?.unwrap_or_default(),
            stop: stop.transpose()?.unwrap_or_default(),
            strategy: strategy.transpose()?,
        })
    }
}

/// Calls nothing that changes anything.
pub(super) async fn preview<D: Door>(
    door: &D,
    args: &ChangeArgs,
) -> Result<ChangePreview, ApiError> {
    let id = CampaignId(args.id);
    let view = door.call(GetCampaign { id }).await?;
    let asks = door.call(GetWhoami {}).await?;
    let row = &view.row;
    let project = view.template.project.as_deref();
    if !asks.may(Right::ChangeCampaign, &row.user, project) {
        let refusal = Refusal::CampaignNotYours {
            campaign: id,
            owner: row.user.clone(),
            verb: args.change.verb().to_owned(),
        };
        return Ok(ChangePreview::refused(None, refusal));
    }
    let change = match args.change() {
        Ok(change) => change,
        Err(error) => return Ok(ChangePreview::refused(None, &error)),
    };
    let then = match (&change, row.state.as_str()) {
        (CampaignChange::End { .. }, "ended") => {
            vec!["It has ended already: nothing would change.".to_owned()]
        }
        (CampaignChange::Resume, "running") => {
            vec!["It goes on already: nothing would change.".to_owned()]
        }
        (_, "ended") => {
            let refusal = Refusal::CampaignState {
                campaign: id,
                state: "ended".to_owned(),
                done: args.change.done().to_owned(),
            };
            return Ok(ChangePreview::refused(None, refusal));
        }
        (CampaignChange::Pause { .. }, _) => vec![paused(&view)],
        (CampaignChange::Resume, _) => {
            vec!["Further trials would begin as soon as its budget has room for them.".to_owned()]
        }
        (CampaignChange::End { jobs, .. }, _) => ended(&view, *jobs),
        (CampaignChange::Steer(steering), _) => match steered(&view, steering) {
            Ok(then) => then,
            Err(refusal) => return Ok(ChangePreview::refused(None, refusal)),
        },
    };
    let first = told(row);
    let all = std::iter::once(first).chain(then).collect();
    Ok(ChangePreview::accepted(None, all))
}

fn paused(view: &CampaignView) -> String {
    let live = counted(view.row.counts.live, "trial");
    let first = if view.row.state == "paused" {
        "It is paused already: only the reason would change."
    } else {
        "No further trial would begin until it is resumed."
    };
    format!("{first} What waits or runs would go on: {live}.")
}

fn ended(view: &CampaignView, jobs: bool) -> Vec<String> {
    let mut all = vec!["It would be over for good: what has ended cannot be resumed.".to_owned()];
    let live = view.trials.iter();
    let live = live.filter(|trial| trial.state == TrialState::Submitted);
    let live: Vec<String> = live.map(|trial| trial.job.to_string()).collect();
    let live = live.join(", ");
    all.push(match (live.is_empty(), jobs) {
        (true, _) => "Nothing of it waits or runs.".to_owned(),
        (false, true) => format!(
            "Its jobs that wait or run would be cancelled: {live}. What they did not save would be lost."
        ),
        (false, false) => format!("Its jobs that wait or run would be left alone: {live}."),
    });
    all
}

fn steered(view: &CampaignView, steering: &Steering) -> Result<Vec<String>, Refusal> {
    let (spec, space) = known(view).steered(steering)?;
    // As the server's clock has it within seconds.
    steering.stop.check(Timestamp::now())?;
    if *steering == Steering::default() {
        return Err(Refusal::invalid(
            "note",
            "Say what is to change: a note, a range, the budget, or when to stop.",
        ));
    }
    let mut all = parts(&view.searched, &space);
    let (before, after) = (&view.budget, &spec.budget);
    if before != after {
        let most = |limit: Option<u32>| limit.map_or("none".to_owned(), |most| most.to_string());
        all.push(format!(
            "Its budget would be {}, now {}. Limits then: GPUs at once {}, trials at once {}, trials in all {}, \
             language models {}.",
            hours(after.gpu_seconds),
            hours(before.gpu_seconds),
            most(after.gpus_at_once),
            most(after.at_once),
            most(after.trials),
            after.model_micros.map_or("none".to_owned(), dollars)
        ));
    }
    if view.stop != spec.stop {
        all.push("It would end by another rule.".to_owned());
    }
    if view.row.strategy != spec.strategy {
        let kind = spec.strategy.as_str();
        all.push(format!("It would go on by another strategy: {kind}."));
    }
    if steering.note.is_some() {
        all.push("Its report would have the note.".to_owned());
    }
    if all.is_empty() {
        all.push("It is so already: nothing would change.".to_owned());
    }
    Ok(all)
}

/// What of the space would be searched otherwise.
fn parts(before: &Space, after: &Space) -> Vec<String> {
    let changed = after
        .iter()
        .filter(|(name, dimension)| before.get(*name) != Some(*dimension));
    let told = changed.map(|(name, dimension)| {
        let part = range(dimension);
        format!("{name} would be searched in {part}; trials outside would not be promoted.")
    });
    told.collect()
}

/// The campaign, as far as it matters for what can become of it.
fn known(view: &CampaignView) -> Campaign {
    let row = &view.row;
    Campaign {
        id: row.id,
        owner: row.user.clone(),
        agent: row.agent.clone(),
        spec: CampaignSpec {
            name: row.name.clone(),
            goal: view.goal.clone(),
            template: Box::new(view.template.clone()),
            space: view.space.clone(),
            metric: row.metric.clone(),
            strategy: row.strategy.clone(),
            budget: view.budget,
            stop: view.stop,
            idempotency_key: None,
        },
        space: view.searched.clone(),
        state: CampaignState::Running {
            since: row.started_at,
        },
        trials: vec![],
        gpu_seconds: row.spent.gpu_seconds,
        model_micros: row.spent.model_micros,
        notes: vec![],
        started_at: row.started_at,
    }
}
