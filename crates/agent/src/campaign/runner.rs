//! The task that keeps campaigns going: reads the results of trials whose jobs have ended, asks the
//! strategy what comes next, and sends it as commands of Berth. Where the strategy is a language model, that is
//! asked beside it, and its answer wakes the task.
//!
//! It remembers nothing that counts. What is to be done follows from the state alone, and each command is done
//! once however often it is sent: after a crash it goes on by looking.

mod proposing;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use berth_domain::campaign::{Campaign, CampaignChange, TrialEnd, Unread};
use berth_domain::submit::MAX_NAME_CHARS;
use berth_domain::{Actor, CampaignId, Command, JobId, Refusal, Seq, Timestamp};
use berth_models::Endpoints;
use berth_orchestrator::{Clock, CommandError, Handle, View};
use berth_store::Store;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::asking::{Answered, Asking};
use super::line::line;
use super::results;
use super::strategy::{self, Step};

/// What was refused is asked again when anything changed, but not more often than this …
const AGAIN: Duration = Duration::from_secs(1);
/// … and by then if nothing did: an hour may have begun in which it is allowed.
const AGAIN_AT_LAST: Duration = Duration::from_secs(30);
/// What could not be read or written is tried again.
pub(super) const RETRY: Duration = Duration::from_secs(5);
/// What cannot be read so often will not be.
const TRIES: u32 = 12;

/// Why campaigns that go on have no next trial at the moment, where something does not allow one, and how far
/// all is done. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    why: Arc<Mutex<BTreeMap<CampaignId, String>>>,
    done: watch::Sender<Seq>,
}

impl Waits {
    /// A sentence.
    #[must_use]
    pub fn of(&self, campaign: CampaignId) -> Option<String> {
        let waits = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        waits.get(&campaign).cloned()
    }

    /// Waits until everything is done that was to be done when the journal had come so far.
    pub async fn done(&self, by: Seq) {
        // It cannot end before we do: this is the sender too.
        let _ = self.done.subscribe().wait_for(|done| *done >= by).await;
    }

    fn set(&self, campaign: CampaignId, why: Option<String>) {
        let mut waits = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => waits.insert(campaign, why),
            None => waits.remove(&campaign),
        };
    }
}

/// Starts it; it ends with the control loop. Of the models, which may be none, campaigns ask for trials.
pub fn start(
    handle: Handle,
    store: Store,
    data_dir: PathBuf,
    clock: Clock,
    models: Endpoints,
) -> Waits {
    let waits = Waits::default();
    let (asking, answers) = Asking::new(models, handle.clone());
    let runner = Runner {
        handle,
        store,
        data_dir,
        clock,
        waits: waits.clone(),
        looked: HashMap::new(),
        unreadable: HashMap::new(),
        asking,
    };
    tokio::spawn(runner.run(answers));
    waits
}

struct Runner {
    handle: Handle,
    store: Store,
    data_dir: PathBuf,
    clock: Clock,
    waits: Waits,
    /// What was looked at last, to look only at what changed.
    looked: HashMap<CampaignId, Looked>,
    /// How often reading a job's result failed, and when it is tried again.
    unreadable: HashMap<JobId, (u32, Instant)>,
    asking: Asking,
}

/// A campaign as it was when the strategy was asked.
struct Looked {
    campaign: Arc<Campaign>,
    /// Something was refused, then, by the state as it was then.
    refused: Option<(Instant, Seq)>,
}

/// The control loop is gone, and so are we.
struct Gone;

impl Runner {
    async fn run(mut self, mut answers: mpsc::UnboundedReceiver<Answered>) {
        let mut views = self.handle.watch_view();
        loop {
            views.borrow_and_update();
            let Ok(again) = self.look().await else { return };
            let timer = async {
                match again {
                    Some(after) => tokio::time::sleep(after).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = views.changed() => if changed.is_err() { return },
                Some(answered) = answers.recv() => {
                    self.looked.remove(&answered.campaign);
                    self.asking.answered(answered);
                }
                () = timer => {}
            }
        }
    }

    /// Does everything that is to be done now; says when to look again although nothing changed.
    async fn look(&mut self) -> Result<Option<Duration>, Gone> {
        let mut again: Option<Duration> = None;
        let mut sooner = |after: Option<Duration>| {
            again = again.into_iter().chain(after).min();
        };
        let mut view = self.handle.current().await;
        let unread = view.unread_trials.clone();
        for one in &unread {
            sooner(self.read(&view, *one).await?);
        }
        if !unread.is_empty() {
            // The next trial depends on what was just read.
            view = self.handle.current().await;
        }
        let going = |campaign: &&Arc<Campaign>| campaign.ended_at().is_none();
        for campaign in view.campaigns.iter().filter(going) {
            sooner(self.go_on(&view, campaign).await?);
        }
        let known = |id: &CampaignId| {
            let mut campaigns = view.campaigns.iter().filter(going);
            campaigns.any(|campaign| campaign.id == *id)
        };
        for id in self.looked.keys().filter(|id| !known(id)) {
            self.waits.set(*id, None);
        }
        self.looked.retain(|id, _| known(id));
        self.asking.keep(known);
        self.waits.done.send_replace(view.seq);
        Ok(again)
    }

    /// Reads a result and says it.
    async fn read(&mut self, view: &View, unread: Unread) -> Result<Option<Duration>, Gone> {
        let campaign = view.campaigns.iter().find(|one| one.id == unread.campaign);
        let Some(campaign) = campaign else {
            return Ok(None);
        };
        if let Some((_, next)) = self.unreadable.get(&unread.job)
            && *next > Instant::now()
        {
            return Ok(Some(next.saturating_duration_since(Instant::now())));
        }
        let job = match self.store.job(unread.job).await {
            Ok(job) => job,
            Err(error) => {
                tracing::error!(%error, job = %unread.job, "cannot read a trial's job; trying again");
                return Ok(Some(RETRY));
            }
        };
        let end = match job {
            // It was queued again meanwhile.
            Some(job) if !job.is_finished() => return Ok(None),
            Some(job) => {
                let (folder, metric) = (self.data_dir.clone(), campaign.spec.metric.clone());
                let read = move || results::of(&folder, &job, &metric);
                match tokio::task::spawn_blocking(read).await {
                    Ok(Ok(end)) => end,
                    Ok(Err(end)) => {
                        let tries = self
                            .unreadable
                            .get(&unread.job)
                            .map_or(1, |tried| tried.0 + 1);
                        if tries < TRIES {
                            let next = (tries, Instant::now() + RETRY);
                            self.unreadable.insert(unread.job, next);
                            return Ok(Some(RETRY));
                        }
                        end
                    }
                    // The server is stopping: what was not read is read at its next start.
                    Err(error) if error.is_cancelled() => return Err(Gone),
                    Err(_) => TrialEnd::Failed {
                        why: "Reading its result failed.".to_owned(),
                    },
                }
            }
            None => TrialEnd::Failed {
                why: format!("Nothing is known of job {} any more.", unread.job),
            },
        };
        let command = Command::EndTrial {
            campaign: unread.campaign,
            trial: unread.trial,
            end,
        };
        self.unreadable.remove(&unread.job);
        self.send(command).await.map(|sent| match sent {
            Sent::Done | Sent::Refused(_) => None,
            Sent::Later => Some(RETRY),
        })
    }

    /// Asks the strategy what comes next, if that may be another than before, and does it.
    async fn go_on(
        &mut self,
        view: &View,
        campaign: &Arc<Campaign>,
    ) -> Result<Option<Duration>, Gone> {
        let id = campaign.id;
        if let Some(why) = stopped(view, campaign) {
            // It would be refused; who lets it go on changes the view.
            self.waits.set(id, Some(why));
            self.looked.remove(&id);
            self.asking.forget(id);
            return Ok(None);
        }
        if !campaign.is_running() || !campaign.spec.strategy.asks_model() {
            self.asking.forget(id);
        }
        let now = self.clock.now();
        let ends = campaign.spec.stop.until.filter(|_| campaign.is_running());
        if let Some(looked) = self.looked.get(&id)
            && Arc::ptr_eq(&looked.campaign, campaign)
            && ends.is_none_or(|at| now < at)
            && !looked.is_due(view.seq)
        {
            return Ok(looked
                .again(view.seq)
                .into_iter()
                .chain(until(ends, now))
                .min());
        }
        let mut refused = None;
        let mut waits = None;
        for step in strategy::next(campaign, now) {
            match self.take(view, campaign, step).await? {
                Went::On => {}
                Went::Asked(why) => waits = Some(why),
                Went::Refused(why) => {
                    refused = Some((Instant::now(), view.seq));
                    waits = Some(why);
                    break;
                }
                Went::Rests(why, after) => {
                    self.waits.set(id, Some(why));
                    self.looked.remove(&id);
                    return Ok(until(ends, now).into_iter().chain([after]).min());
                }
                Went::Later => {
                    self.looked.remove(&id);
                    return Ok(Some(RETRY));
                }
            }
        }
        let looked = Looked {
            campaign: campaign.clone(),
            refused,
        };
        self.waits.set(id, waits);
        let again = looked
            .again(view.seq)
            .into_iter()
            .chain(until(ends, now))
            .min();
        self.looked.insert(id, looked);
        Ok(again)
    }

    async fn take(
        &mut self,
        view: &View,
        campaign: &Arc<Campaign>,
        step: Step,
    ) -> Result<Went, Gone> {
        let command = match step {
            Step::Ask { trials } => return self.propose(view, campaign, trials).await,
            Step::Run(draft) => Command::RunTrial(campaign.id, Box::new(draft)),
            Step::Pause { why } => pause(campaign.id, &why),
            Step::End { why } => {
                let (why, jobs) = (label(&why), true);
                Command::ChangeCampaign(campaign.id, CampaignChange::End { why, jobs })
            }
        };
        self.send(command).await.map(Went::from)
    }

    async fn send(&self, command: Command) -> Result<Sent, Gone> {
        match self.handle.send(Actor::Berth, command).await {
            Ok(_) => Ok(Sent::Done),
            Err(CommandError::Refused(refusal)) => Ok(Sent::Refused(refusal)),
            Err(error @ CommandError::NotWritten(_)) => {
                tracing::error!(%error, "a campaign cannot go on; trying again");
                Ok(Sent::Later)
            }
            Err(CommandError::Stopped) => Err(Gone),
        }
    }
}

enum Sent {
    Done,
    Refused(Refusal),
    /// It could not be written.
    Later,
}

/// What became of a step.
enum Went {
    On,
    /// A model thinks about it; a sentence.
    Asked(String),
    /// Something does not allow it now; a sentence.
    Refused(String),
    /// So long nothing is tried; a sentence.
    Rests(String, Duration),
    /// It could not be written.
    Later,
}

impl From<Sent> for Went {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Done => Went::On,
            Sent::Refused(refusal) => Went::Refused(refusal.to_string()),
            Sent::Later => Went::Later,
        }
    }
}

impl Looked {
    /// Whether what was refused is asked again now.
    fn is_due(&self, seq: Seq) -> bool {
        self.again(seq).is_some_and(|after| after.is_zero())
    }

    fn again(&self, seq: Seq) -> Option<Duration> {
        let (at, by) = self.refused?;
        let after = if by == seq { AGAIN_AT_LAST } else { AGAIN };
        Some(after.saturating_sub(at.elapsed()))
    }
}

/// Why no trial of it begins, by the switch for all agents or that of the one that started it.
fn stopped(view: &View, campaign: &Campaign) -> Option<String> {
    let stopped = match &campaign.agent {
        Some(agent) => view.agents.stopped(agent),
        None => view.agents.stopped.as_ref(),
    };
    stopped.map(|stopped| format!("{} stopped it: {}", stopped.by, stopped.why))
}

fn until(at: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let left = at?.duration_since(now);
    Some(Duration::try_from(left).unwrap_or_default())
}

fn pause(campaign: CampaignId, why: &str) -> Command {
    let why = label(why);
    Command::ChangeCampaign(campaign, CampaignChange::Pause { why })
}

/// No longer than what is asked of people.
fn label(why: &str) -> String {
    line(why, MAX_NAME_CHARS)
}
