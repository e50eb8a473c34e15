//! Campaigns: starting, showing and changing them.

use std::collections::BTreeMap;
use std::sync::Arc;

use berth_agent::campaign::{results, strategy};
use berth_domain::campaign::{
    Campaign, CampaignChange, CampaignState, Strategy, Trial, TrialState,
};
use berth_domain::node::Capacity;
use berth_domain::{CampaignId, CampaignSpec, Command, Job, JobId, Refusal, Right, Thing, dollars};
use berth_orchestrator::View;

use super::{Context, command_error, store_error};
use crate::campaigns::{
    BestView, CampaignList, CampaignPreview, CampaignRow, CampaignView, ChangeCampaignArg,
    CountsView, SpentView, TrialView,
};
use crate::{ApiError, ErrorCode};

const NO_MODEL: &str = "Strategy model asks a language model, and there is none. Where the server is started, set \
                        BERTH_LLM_BASE_URL and BERTH_LLM_MODEL (and BERTH_LLM_API_KEY if it wants one), or \
                        [[models]] in berth.toml: docs/models.md.";

impl Context {
    /// # Errors
    /// Why it is refused.
    pub async fn start_campaign(&self, spec: CampaignSpec) -> Result<CampaignView, ApiError> {
        readable(&spec)?;
        self.package_is_here(spec.template.package.as_deref())?;
        self.can_ask(&spec.strategy)?;
        let command = Command::StartCampaign(Box::new(spec));
        self.of_campaign(command).await
    }

    /// # Errors
    /// Why it is refused.
    pub async fn change_campaign(&self, arg: ChangeCampaignArg) -> Result<CampaignView, ApiError> {
        if let CampaignChange::Steer(steering) = &arg.change
            && let Some(strategy) = &steering.strategy
        {
            self.can_ask(strategy)?;
        }
        let command = Command::ChangeCampaign(arg.id, arg.change);
        self.of_campaign(command).await
    }

    async fn of_campaign(&self, command: Command) -> Result<CampaignView, ApiError> {
        let done = self.send(command).await;
        let id = done.map_err(command_error)?.campaign;
        let id = id.ok_or_else(|| ApiError::new(ErrorCode::Internal, "No campaign was named."))?;
        self.campaign(id).await
    }

    /// What a campaign would come to.
    ///
    /// # Errors
    /// Why it would be refused.
    pub async fn preview_campaign(&self, spec: CampaignSpec) -> Result<CampaignPreview, ApiError> {
        readable(&spec)?;
        self.package_is_here(spec.template.package.as_deref())?;
        self.can_ask(&spec.strategy)?;
        let view = self.state.handle.current().await;
        spec.check(Capacity::of(view.nodes.iter()), self.state.clock.now())?;
        let least = spec.strategy.fidelity().map(|fidelity| fidelity.min);
        let first = self.forecast(&spec.request(least)).await?;
        let expected = strategy::expected(&spec);
        Ok(CampaignPreview {
            trials: expected.trials,
            most_gpu_seconds: expected.most_gpu_seconds,
            cut: expected.cut,
            starts_now: first.starts_now,
            start_p50: first.start_p50,
            start_p90: first.start_p90,
            notes: unsaid(&spec).into_iter().chain(self.asked(&spec)).collect(),
        })
    }

    /// Whether there is a language model, where one is asked.
    fn can_ask(&self, strategy: &Strategy) -> Result<(), ApiError> {
        if strategy.asks_model() && self.state.model.is_none() {
            return Err(ApiError::invalid("strategy", NO_MODEL));
        }
        Ok(())
    }

    /// Which model is asked, and what that may cost.
    fn asked(&self, spec: &CampaignSpec) -> Option<String> {
        let model = self.state.model.as_ref();
        let model = model.filter(|_| spec.strategy.asks_model())?;
        let most = dollars(spec.budget.model_micros?);
        Some(format!(
            "The language model {model} proposes its trials, for {most} at most."
        ))
    }

    /// Those that go on, newest first; with `all` also the last that ended.
    pub async fn list_campaigns(&self, all: bool) -> CampaignList {
        let view = self.state.handle.current().await;
        let shown = view.campaigns.iter().rev();
        let shown = shown.filter(|campaign| all || campaign.ended_at().is_none());
        CampaignList {
            campaigns: shown.map(|campaign| self.campaign_row(campaign)).collect(),
        }
    }

    /// # Errors
    /// When there is none with this number.
    pub async fn campaign(&self, id: CampaignId) -> Result<CampaignView, ApiError> {
        let view = self.state.handle.current().await;
        let known = view.campaigns.iter().find(|campaign| campaign.id == id);
        let campaign = match known {
            Some(known) => known.clone(),
            None => {
                let kept = self.state.store.campaign(id).await.map_err(store_error)?;
                Arc::new(kept.ok_or(Refusal::NoSuchCampaign { campaign: id })?)
            }
        };
        let current = self.current(&campaign, &view).await;
        let best = campaign.best().map(|trial| trial.number);
        let trials = campaign.trials.iter().map(|trial| TrialView {
            number: trial.number,
            parent: trial.parent,
            values: trial.values.clone(),
            rung: trial.rung,
            fidelity: trial.fidelity,
            job: trial.job,
            state: trial.state,
            result: trial.result,
            current: current.get(&trial.job).copied(),
            best: best == Some(trial.number),
            why: trial.why.clone(),
            problem: trial.problem.clone(),
            submitted_at: trial.submitted_at,
            ended_at: trial.ended_at,
        });
        let mut template = (*campaign.spec.template).clone();
        if !self.may_see_secrets_of(&campaign) {
            for value in template.env.values_mut() {
                "(hidden)".clone_into(value);
            }
        }
        Ok(CampaignView {
            row: self.campaign_row(&campaign),
            goal: campaign.spec.goal.clone(),
            template,
            space: campaign.spec.space.clone(),
            searched: campaign.space.clone(),
            budget: campaign.spec.budget,
            stop: campaign.spec.stop,
            notes: campaign.notes.clone(),
            trials: trials.collect(),
        })
    }

    fn may_see_secrets_of(&self, campaign: &Campaign) -> bool {
        let thing = Thing::of(&campaign.owner).within(campaign.spec.template.project.as_deref());
        self.may(&self.view(), Right::SeeSecrets, thing)
    }

    fn campaign_row(&self, campaign: &Campaign) -> CampaignRow {
        let spec = &campaign.spec;
        let of = |state| {
            let trials = campaign.trials.iter();
            trials.filter(|trial| trial.state == state).count()
        };
        CampaignRow {
            id: campaign.id,
            name: spec.name.clone(),
            user: campaign.owner.clone(),
            agent: campaign.agent.clone(),
            state: campaign.state.as_str().to_owned(),
            why: match &campaign.state {
                CampaignState::Running { .. } => None,
                CampaignState::Paused { by, why, .. } | CampaignState::Ended { by, why, .. } => {
                    Some(format!("{by}: {why}"))
                }
            },
            waits: self
                .state
                .campaigns
                .of(campaign.id)
                .filter(|_| campaign.is_running()),
            strategy: spec.strategy.clone(),
            metric: spec.metric.clone(),
            best: campaign.best().and_then(|trial| best(campaign, trial)),
            counts: CountsView {
                all: campaign.trials.len(),
                live: of(TrialState::Submitted),
                done: of(TrialState::Done),
                failed: of(TrialState::Failed),
                stopped: of(TrialState::Stopped),
            },
            spent: SpentView {
                gpu_seconds: campaign.gpu_seconds,
                kept_gpu_seconds: campaign.kept().gpu_seconds,
                of_gpu_seconds: spec.budget.gpu_seconds,
                model_micros: campaign.model_micros,
                of_model_micros: spec.budget.model_micros,
            },
            started_at: campaign.started_at,
            ended_at: campaign.ended_at(),
        }
    }

    /// What trials that run have told last.
    async fn current(&self, campaign: &Campaign, view: &View) -> BTreeMap<JobId, f64> {
        let running = |trial: &Trial| view.active.iter().find(|job| job.id == trial.job);
        let jobs: Vec<Job> = campaign.live().filter_map(running).cloned().collect();
        if jobs.is_empty() {
            return BTreeMap::new();
        }
        let folder = self.state.data_dir.clone();
        let metric = campaign.spec.metric.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = jobs.iter().filter_map(|job| {
                let told = results::read(&folder, job, &metric).ok()?;
                Some((job.id, told))
            });
            read.collect()
        });
        read.await.unwrap_or_default()
    }
}

fn best(campaign: &Campaign, trial: &Trial) -> Option<BestView> {
    let fidelity = campaign.spec.strategy.fidelity().zip(trial.fidelity);
    let fidelity = fidelity.map(|(of, value)| (of.param.clone(), value.to_string()));
    Some(BestView {
        trial: trial.number,
        job: trial.job,
        result: trial.result?,
        values: trial.values.clone().into_iter().chain(fidelity).collect(),
    })
}

/// Whether its metric can be read.
fn readable(spec: &CampaignSpec) -> Result<(), ApiError> {
    results::check(&spec.metric).map_err(|why| ApiError::invalid("metric", why))
}

/// The parameters of which the template says nothing.
fn unsaid(spec: &CampaignSpec) -> Vec<String> {
    let template = &spec.template;
    let texts = template.command.iter().chain(template.env.values());
    let texts: Vec<&String> = texts
        .chain(&template.workdir)
        .chain(&template.name)
        .collect();
    let fidelity = spec.strategy.fidelity().map(|fidelity| &fidelity.param);
    let names = spec.space.keys().chain(fidelity);
    let notes = names.filter_map(|name| {
        let place = format!("{{{name}}}");
        let variable = format!("BERTH_PARAM_{}", name.to_ascii_uppercase());
        let said = |text: &&String| text.contains(&place) || text.contains(&variable);
        (!texts.iter().any(said)).then(|| {
            format!("The command does not say {place}: its program has to read ${variable}.")
        })
    });
    notes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_nothing_says_is_told() {
        let spec = r#"{
            "name": "n", "metric": {"name": "loss", "better": "lower"}, "budget": {"gpu_hours": 1},
            "template": {"command": ["train", "--lr={lr}"], "env": {"B": "$BERTH_PARAM_B"}},
            "space": {"lr": [1], "b": [2], "c": [3]},
            "strategy": {"kind": "asha", "trials": 3, "fidelity": {"param": "epochs", "min": 1, "max": 3}}
        }"#;
        let notes = unsaid(&serde_json::from_str(spec).unwrap());
        assert_eq!(notes.len(), 2);
        assert!(notes[0].contains("{c}") && notes[1].contains("$BERTH_PARAM_EPOCHS"));
    }
}
