//! Asking a language model for trials: one question of a campaign at a time, each in a task of its own, so that
//! nothing else waits for it.
//!
//! What is remembered here is what was answered and not run yet. Nothing of it counts: a server that was
//! killed asks again.

mod ideas;
mod question;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use berth_domain::campaign::{Campaign, TrialDraft};
use berth_domain::{Actor, CampaignId, Command};
use berth_models::{Bill, Endpoints, NotProposed, propose};
use berth_orchestrator::{CommandError, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use self::ideas::Idea;
use self::question::Question;
use super::runner::RETRY;

/// Answers after each other of which nothing could be run.
const MOST_IN_VAIN: u32 = 3;
/// A model that may answer later is asked again after `RETRY`, after twice as long, and so on up to this.
const LONGEST_REST: Duration = Duration::from_secs(30 * 60);

/// A question was answered.
pub(super) struct Answered {
    pub campaign: CampaignId,
    number: u64,
    ideas: Result<Vec<Idea>, NotProposed>,
}

pub(super) struct Asking {
    models: Endpoints,
    handle: Handle,
    answers: mpsc::UnboundedSender<Answered>,
    /// How many questions there were.
    asked: u64,
    of: HashMap<CampaignId, OfOne>,
}

/// A model that does not answer is left alone.
struct Rest {
    until: Instant,
    /// A sentence.
    why: String,
}

/// What is known of a campaign's questions.
struct OfOne {
    /// The question under way. Without its other half it is given up.
    pending: Option<(u64, oneshot::Sender<()>)>,
    /// What was proposed and not run yet.
    ideas: VecDeque<Idea>,
    /// What of the last answer could not be run, and why.
    refused: Vec<String>,
    /// Why there was no answer, and will be none.
    failed: Option<String>,
    rest: Option<Rest>,
    rests: ExponentialBackoff,
    in_vain: u32,
}

impl Default for OfOne {
    fn default() -> Self {
        OfOne {
            pending: None,
            ideas: VecDeque::new(),
            refused: Vec::new(),
            failed: None,
            rest: None,
            rests: rests(),
            in_vain: 0,
        }
    }
}

fn rests() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(RETRY)
        .with_max_delay(LONGEST_REST)
        .without_max_times()
        .build()
}

impl Asking {
    pub fn new(models: Endpoints, handle: Handle) -> (Self, mpsc::UnboundedReceiver<Answered>) {
        let (answers, answered) = mpsc::unbounded_channel();
        let asking = Asking {
            models,
            handle,
            answers,
            asked: 0,
            of: HashMap::new(),
        };
        (asking, answered)
    }

    /// The next trial of a campaign that was proposed.
    pub fn draft(&self, campaign: &Campaign, number: u32) -> Option<TrialDraft> {
        let idea = self.of.get(&campaign.id)?.ideas.front()?;
        Some(idea.draft(number))
    }

    /// The next one runs.
    pub fn ran(&mut self, campaign: CampaignId) {
        let one = self.of.entry(campaign).or_default();
        one.ideas.pop_front();
        one.in_vain = 0;
    }

    /// The next one cannot be run; the model is told why.
    pub fn refused(&mut self, campaign: CampaignId, why: String) {
        let one = self.of.entry(campaign).or_default();
        one.ideas.pop_front();
        one.refused.push(why);
    }

    /// Why it is of no use to ask again.
    pub fn in_vain(&self, campaign: CampaignId) -> Option<String> {
        let one = self.of.get(&campaign)?;
        let why = match &one.failed {
            Some(why) => why.clone(),
            None => {
                let last = one.refused.last();
                let last = last.filter(|_| one.in_vain >= MOST_IN_VAIN)?;
                format!("The last {MOST_IN_VAIN} answers were of no use. {last}")
            }
        };
        Some(format!(
            "No trial was proposed; resume it to ask again. {why}"
        ))
    }

    /// Why and for how long nothing is asked, where a model did not answer that may answer later.
    pub fn rests(&self, campaign: CampaignId) -> Option<(&str, Duration)> {
        let rest = self.of.get(&campaign)?.rest.as_ref()?;
        let left = rest.until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some((rest.why.as_str(), left))
    }

    /// Whether a question is under way.
    pub fn is_pending(&self, campaign: CampaignId) -> bool {
        let one = self.of.get(&campaign);
        one.is_some_and(|one| one.pending.is_some())
    }

    /// Whether there is nobody to ask.
    pub fn has_nobody(&self) -> bool {
        self.models.is_empty()
    }

    /// Asks for so many trials at most. What was asked before is given up. `left` is what it may cost, in
    /// millionths of a dollar.
    pub fn ask(&mut self, campaign: &Arc<Campaign>, trials: u32, left: u64) {
        let one = self.of.entry(campaign.id).or_default();
        let question = Question::new(campaign, trials, &one.refused);
        let (give_up, given_up) = oneshot::channel();
        self.asked += 1;
        let number = self.asked;
        one.pending = Some((number, give_up));
        let (models, handle) = (self.models.clone(), self.handle.clone());
        let (campaign, answers) = (campaign.clone(), self.answers.clone());
        tokio::spawn(async move {
            let mut bill = Bill::default();
            let asked = (question.system.as_str(), question.prompt.as_str());
            let asked = propose(&models, asked, &question.schema, Some(left), &mut bill);
            let answer = tokio::select! {
                answer = asked => Some(answer),
                // Whatever was said until then has to be paid.
                _ = given_up => None,
            };
            pay(&handle, campaign.id, bill.take().micros).await;
            let Some(answer) = answer else { return };
            let read = |answer| ideas::read(answer, &campaign.space, trials);
            let ideas = answer.and_then(|answer| read(answer).map_err(NotProposed::Useless));
            let answered = Answered {
                campaign: campaign.id,
                number,
                ideas,
            };
            // Without a runner nobody waits for it.
            let _ = answers.send(answered);
        });
    }

    /// Takes an answer, unless its question was given up.
    pub fn answered(&mut self, answered: Answered) {
        let Some(one) = self.of.get_mut(&answered.campaign) else {
            return;
        };
        let asked = one.pending.as_ref().map(|(number, _)| *number);
        if asked != Some(answered.number) {
            return;
        }
        one.pending = None;
        match answered.ideas {
            Ok(ideas) => {
                one.in_vain += 1;
                one.ideas = ideas.into();
                one.refused.clear();
                (one.rest, one.rests) = (None, rests());
            }
            Err(error) if error.may_heal() => {
                let after = one.rests.next().unwrap_or(LONGEST_REST);
                one.rest = Some(Rest {
                    until: Instant::now() + after,
                    why: error.to_string(),
                });
            }
            Err(error) => one.failed = Some(error.to_string()),
        }
    }

    /// Gives up what is asked for a campaign, and forgets what was proposed.
    pub fn forget(&mut self, campaign: CampaignId) {
        self.of.remove(&campaign);
    }

    /// Of all but these.
    pub fn keep(&mut self, campaigns: impl Fn(&CampaignId) -> bool) {
        self.of.retain(|id, _| campaigns(id));
    }
}

/// Counts what a question cost. Until that is written nothing else is asked for the campaign.
async fn pay(handle: &Handle, campaign: CampaignId, micros: u64) {
    if micros == 0 {
        return;
    }
    let command = Command::AskedFor { campaign, micros };
    while let Err(CommandError::NotWritten(error)) =
        handle.send(Actor::Berth, command.clone()).await
    {
        tracing::error!(%error, "what a model cost cannot be counted; trying again");
        tokio::time::sleep(RETRY).await;
    }
}
