//! Trials that a language model proposes: run one by one, and asked for when there are none left.

use std::sync::Arc;

use berth_domain::campaign::Campaign;
use berth_domain::{Command, Refusal, dollars};
use berth_orchestrator::View;

use super::{Gone, Runner, Sent, Went, pause};

/// What is refused about this is wrong with the trial, and not with the moment.
const TRIAL: &str = "trial";
const ASKED: &str = "A language model is asked which trials come next.";
const NOBODY: &str = "There is no language model to ask. Where the server is started, set BERTH_LLM_BASE_URL, or \
                      [[models]] in berth.toml: docs/models.md.";

impl Runner {
    /// Runs what a model has proposed, so many at most; where there is nothing left of it, asks for that.
    pub(super) async fn propose(
        &mut self,
        view: &View,
        campaign: &Arc<Campaign>,
        trials: u32,
    ) -> Result<Went, Gone> {
        let id = campaign.id;
        let first = campaign.next_trial();
        let mut number = first;
        while number < first + trials
            && let Some(draft) = self.asking.draft(campaign, number)
        {
            match self.send(Command::RunTrial(id, Box::new(draft))).await? {
                Sent::Done => {
                    self.asking.ran(id);
                    number += 1;
                }
                Sent::Refused(refusal) if refusal.field() == Some(TRIAL) => {
                    self.asking.refused(id, refusal.to_string());
                }
                other => return Ok(other.into()),
            }
        }
        if number > first {
            return Ok(Went::On);
        }
        if self.asking.is_pending(id) {
            return Ok(Went::Asked(ASKED.to_owned()));
        }
        let in_vain = self.asking.in_vain(id);
        if let Some(why) = in_vain.or_else(|| spent(campaign)) {
            let sent = self.send(pause(id, &why)).await?;
            if matches!(sent, Sent::Done) {
                // Who resumes it has it ask anew.
                self.asking.forget(id);
            }
            return Ok(sent.into());
        }
        if self.asking.has_nobody() {
            return Ok(Went::Refused(NOBODY.to_owned()));
        }
        if let Some((why, after)) = self.asking.rests(id) {
            let at = self.clock.now() + after;
            let (why, at) = (why.trim_end_matches('.'), at.strftime("%H:%M:%S UTC"));
            let why = format!("{why}. It is asked again at {at}.");
            return Ok(Went::Rests(why, after));
        }
        match may_cost(view, campaign) {
            Ok(left) => {
                self.asking.ask(campaign, trials, left);
                Ok(Went::Asked(ASKED.to_owned()))
            }
            Err(refusal) => Ok(Went::Refused(refusal.to_string())),
        }
    }
}

/// Why there is no money for a question.
fn spent(campaign: &Campaign) -> Option<String> {
    let spent = campaign.model_micros;
    // Where models cost nothing a budget of nothing is enough.
    if spent == 0 || campaign.model_left() > 0 {
        return None;
    }
    let of = campaign.spec.budget.model_micros.unwrap_or_default();
    Some(format!(
        "It has spent {} of the {} that it may spend on language models. `berth campaign steer {} \
         --model-budget DOLLARS` allows more",
        dollars(spent),
        dollars(of),
        campaign.id
    ))
}

/// What a question to a model may cost, in millionths of a dollar.
fn may_cost(view: &View, campaign: &Campaign) -> Result<u64, Refusal> {
    let left = campaign.model_left();
    let Some(agent) = &campaign.agent else {
        return Ok(left);
    };
    match view.agents.may_ask_model(agent) {
        Ok(of_agent) => Ok(of_agent.map_or(left, |of_agent| left.min(of_agent))),
        Err(bar) => Err(Refusal::Mandate {
            agent: agent.clone(),
            bar,
        }),
    }
}
