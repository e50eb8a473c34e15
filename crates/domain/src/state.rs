//! The state of the cluster and its queue: nothing but the journal's events, applied in order.
//!
//! Live jobs are kept whole. Of finished ones the last [`RECENT`] are kept whole too, and of all
//! others only what dependencies need; the store has the rest.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::agent::{Agents, CARDS, Card, CardBy, CardId, CardState, Cards};
use crate::alert::{Alert, AlertId};
use crate::array::{Array, Counted, Tasks, common_name};
use crate::audit;
use crate::campaign::{self, Campaign, CampaignId, Campaigns, Unread};
use crate::cordon::Cordons;
use crate::event::{Event, Record};
use crate::foreign::{Foreign, ForeignProcess};
use crate::ids::{AttemptId, GpuUuid, JobId, NodeName, ReservationId, Seq, UserName};
use crate::job::{Illegal, Job};
use crate::node::{Capacity, Node};
use crate::policy::PolicyChoice;
use crate::project::Projects;
use crate::quota::Quotas;
use crate::rank::Rank;
use crate::reservation::Reservation;

/// How many finished jobs are kept whole.
pub const RECENT: usize = 1000;

/// What is remembered of every finished job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub owner: UserName,
    pub succeeded: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The last event applied.
    pub seq: Seq,
    nodes: BTreeMap<NodeName, Node>,
    live: BTreeMap<JobId, Job>,
    /// Oldest first.
    recent: VecDeque<Job>,
    verdicts: BTreeMap<JobId, Verdict>,
    arrays: BTreeMap<JobId, Array>,
    keys: HashMap<(UserName, String), JobId>,
    leased: HashMap<GpuUuid, AttemptId>,
    counters: Counters,
    policy: PolicyChoice,
    /// Also those that are over or cancelled: fair share remembers them.
    reservations: BTreeMap<ReservationId, Reservation>,
    quotas: Quotas,
    projects: Projects,
    cordons: Cordons,
    foreign: Foreign,
    /// Those that are not resolved.
    alerts: BTreeMap<AlertId, Alert>,
    last_alert: AlertId,
    agents: Agents,
    /// Those that are open, and the last [`CARDS`] numbers.
    cards: Cards,
    last_card: CardId,
    /// Those that go on, and the last [`campaign::ENDED`] that ended.
    campaigns: Campaigns,
    last_campaign: CampaignId,
}

/// What [`State::project`] found that a batch of events changes: what the store writes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub jobs: Vec<Job>,
    pub nodes: Vec<Node>,
    pub policy: Option<PolicyChoice>,
    pub reservations: Vec<Reservation>,
    pub quotas: Option<Quotas>,
    pub projects: Option<Projects>,
    pub cordons: Option<Cordons>,
    pub foreign: Option<Foreign>,
    pub alerts: Vec<Alert>,
    pub agents: Option<Agents>,
    pub cards: Vec<Card>,
    pub campaigns: Vec<Arc<Campaign>>,
    /// Which of their trials are others than before.
    pub trials: Vec<(CampaignId, u32)>,
    /// The last numbers given out, afterwards.
    pub counters: Counters,
    /// What is written down of who wanted it.
    pub audit: Option<audit::Entry>,
}

/// What the store keeps of a state.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    pub seq: Seq,
    pub nodes: Vec<Node>,
    pub live: Vec<Job>,
    /// The last [`RECENT`] finished jobs by the time they ended, oldest first.
    pub recent: Vec<Job>,
    /// Every finished job's verdict.
    pub finished: Vec<(JobId, Verdict)>,
    pub arrays: Vec<(JobId, Array)>,
    pub keys: Vec<((UserName, String), JobId)>,
    pub counters: Counters,
    pub policy: PolicyChoice,
    pub reservations: Vec<Reservation>,
    pub quotas: Quotas,
    pub projects: Projects,
    pub cordons: Cordons,
    pub foreign: Foreign,
    /// Those that are not resolved.
    pub alerts: Vec<Alert>,
    /// The last number given out.
    pub last_alert: AlertId,
    pub agents: Agents,
    /// Those that are open, and the last [`CARDS`].
    pub cards: Vec<Card>,
    /// The last number given out.
    pub last_card: CardId,
    /// Those that go on, and the last [`campaign::ENDED`] that ended, with their trials.
    pub campaigns: Vec<Campaign>,
    /// The last number given out.
    pub last_campaign: CampaignId,
}

impl State {
    /// Builds a state from what the store keeps; the counterpart of replaying the whole journal.
    #[must_use]
    pub fn restore(saved: Saved) -> Self {
        let mut state = State {
            seq: saved.seq,
            nodes: saved
                .nodes
                .into_iter()
                .map(|node| (node.name.clone(), node))
                .collect(),
            recent: saved.recent.into(),
            verdicts: saved.finished.into_iter().collect(),
            arrays: saved.arrays.into_iter().collect(),
            keys: saved.keys.into_iter().collect(),
            counters: saved.counters,
            policy: saved.policy,
            reservations: saved
                .reservations
                .into_iter()
                .map(|reservation| (reservation.id, reservation))
                .collect(),
            quotas: saved.quotas,
            projects: saved.projects,
            cordons: saved.cordons,
            foreign: saved.foreign,
            alerts: saved
                .alerts
                .into_iter()
                .map(|alert| (alert.id, alert))
                .collect(),
            last_alert: saved.last_alert,
            agents: saved.agents,
            cards: saved
                .cards
                .into_iter()
                .map(|card| (card.id, card))
                .collect(),
            last_card: saved.last_card,
            campaigns: saved
                .campaigns
                .into_iter()
                .map(|campaign| (campaign.id, Arc::new(campaign)))
                .collect(),
            last_campaign: saved.last_campaign,
            ..State::default()
        };
        for job in saved.live {
            state.lease_of(&job);
            state.live.insert(job.id, job);
        }
        state
    }

    /// Replays a journal.
    ///
    /// # Errors
    /// When an event does not fit: the journal was not written by this state machine.
    pub fn replay<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Self, Illegal> {
        let mut state = State::default();
        for record in records {
            state.apply(record)?;
        }
        Ok(state)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &Node> + Clone {
        self.nodes.values()
    }

    #[must_use]
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.nodes.get(name)
    }

    #[must_use]
    pub fn capacity(&self) -> Capacity {
        Capacity::of(self.nodes.values())
    }

    /// Jobs that are not finished, by number.
    pub fn live(&self) -> impl Iterator<Item = &Job> {
        self.live.values()
    }

    #[must_use]
    pub fn live_count(&self) -> usize {
        self.live.len()
    }

    /// The last finished jobs, newest first.
    pub fn recent(&self) -> impl Iterator<Item = &Job> {
        self.recent.iter().rev()
    }

    /// A job that is live or finished not long ago.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.live
            .get(&id)
            .or_else(|| self.recent.iter().rev().find(|job| job.id == id))
    }

    #[must_use]
    pub fn live_job(&self, id: JobId) -> Option<&Job> {
        self.live.get(&id)
    }

    /// How a finished job ended, however long ago.
    #[must_use]
    pub fn verdict(&self, id: JobId) -> Option<&Verdict> {
        self.verdicts.get(&id)
    }

    /// An array or a sweep by the number of its first task, however long ago.
    #[must_use]
    pub fn array(&self, id: JobId) -> Option<&Array> {
        self.arrays.get(&id)
    }

    /// All arrays and sweeps by number.
    pub fn arrays(&self) -> impl Iterator<Item = (JobId, &Array)> {
        self.arrays.iter().map(|(id, array)| (*id, array))
    }

    /// The tasks of an array that are live or finished not long ago, by number.
    #[must_use]
    pub fn tasks(&self, array: JobId) -> Vec<&Job> {
        let of_it = |job: &&Job| job.spec.array.is_some_and(|task| task.array == array);
        let mut tasks: Vec<&Job> = self.live().chain(&self.recent).filter(of_it).collect();
        tasks.sort_by_key(|job| job.id);
        tasks
    }

    #[must_use]
    pub fn exists(&self, id: JobId) -> bool {
        self.live.contains_key(&id) || self.verdicts.contains_key(&id)
    }

    /// The job that this user submitted with this key.
    #[must_use]
    pub fn by_key(&self, user: &UserName, key: &str) -> Option<JobId> {
        self.keys.get(&(user.clone(), key.to_owned())).copied()
    }

    /// Who holds a GPU.
    #[must_use]
    pub fn holder(&self, gpu: &GpuUuid) -> Option<AttemptId> {
        self.leased.get(gpu).copied()
    }

    #[must_use]
    pub fn leased_count(&self) -> usize {
        self.leased.len()
    }

    #[must_use]
    pub fn next_job(&self) -> JobId {
        JobId(self.counters.last_job + 1)
    }

    /// A rank after all others.
    #[must_use]
    pub fn next_rank(&self) -> Rank {
        Rank::ordinal(self.counters.last_ordinal + 1)
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// What the planner follows.
    #[must_use]
    pub fn policy(&self) -> &PolicyChoice {
        &self.policy
    }

    /// Reservations by number, also those that are over or cancelled.
    pub fn reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations.values()
    }

    #[must_use]
    pub fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.reservations.get(&id)
    }

    /// When a reservation next begins, is released or ends.
    #[must_use]
    pub fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let turns = self.reservations.values();
        turns.filter_map(|one| one.next_turn(now)).min()
    }

    /// The places that get no new job.
    #[must_use]
    pub fn cordons(&self) -> &Cordons {
        &self.cordons
    }

    /// The processes that use GPUs outside every lease.
    #[must_use]
    pub fn foreign(&self) -> &Foreign {
        &self.foreign
    }

    /// Whether somebody uses this GPU outside the queue, so that it cannot be leased.
    #[must_use]
    pub fn used_outside(&self, gpu: &GpuUuid) -> Option<&ForeignProcess> {
        let processes = self.foreign.get(gpu)?;
        processes.iter().find(|process| !process.ignored)
    }

    /// What is wrong now, by number.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    #[must_use]
    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    #[must_use]
    pub fn next_alert(&self) -> AlertId {
        AlertId(self.last_alert.0 + 1)
    }

    /// Agents, the rules that Berth follows by itself, and what is stopped.
    #[must_use]
    pub fn agents(&self) -> &Agents {
        &self.agents
    }

    /// The ledger's last cards, by number, and all that are open.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        self.cards.values()
    }

    #[must_use]
    pub fn card(&self, id: CardId) -> Option<&Card> {
        self.cards.get(&id)
    }

    #[must_use]
    pub fn next_card(&self) -> CardId {
        CardId(self.last_card.0 + 1)
    }

    /// The campaigns that go on and the last that ended, by number.
    pub fn campaigns(&self) -> impl DoubleEndedIterator<Item = &Arc<Campaign>> {
        self.campaigns.values()
    }

    #[must_use]
    pub fn campaign(&self, id: CampaignId) -> Option<&Arc<Campaign>> {
        self.campaigns.get(&id)
    }

    #[must_use]
    pub fn next_campaign(&self) -> CampaignId {
        CampaignId(self.last_campaign.0 + 1)
    }

    /// Trials whose job has ended and whose result is still to be read.
    #[must_use]
    pub fn unread_trials(&self) -> Vec<Unread> {
        let unread = self.campaigns.values().flat_map(|campaign| {
            let over = campaign
                .live()
                .filter(|trial| self.live_job(trial.job).is_none());
            over.map(|trial| Unread {
                campaign: campaign.id,
                trial: trial.number,
                job: trial.job,
            })
        });
        unread.collect()
    }

    #[must_use]
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Those that were set up.
    #[must_use]
    pub fn projects(&self) -> &Projects {
        &self.projects
    }

    /// What the records would change, without changing it: what is written before it is applied.
    ///
    /// # Errors
    /// When an event does not fit the state.
    pub fn project(&self, records: &[Record]) -> Result<Changes, Illegal> {
        let mut jobs: BTreeMap<JobId, Job> = BTreeMap::new();
        let mut reservations: BTreeMap<ReservationId, Reservation> = BTreeMap::new();
        let mut alerts: BTreeMap<AlertId, Alert> = BTreeMap::new();
        let mut cards = Cards::new();
        let mut campaigns = Campaigns::new();
        let mut changes = Changes {
            counters: self.counters,
            ..Changes::default()
        };
        for record in records {
            changes.counters.count(&record.event);
            match (&record.event, record.event.job()) {
                (Event::JobSubmitted { job, .. }, _) => {
                    if self.exists(*job) || jobs.contains_key(job) {
                        return Err(unknown(*job, &record.event));
                    }
                    jobs.extend(Job::submitted(record).map(|new| (*job, new)));
                    if concerns_agents(&record.event) {
                        let all = changes.agents.get_or_insert_with(|| self.agents.clone());
                        take_agents(all, &record.event, record.at);
                    }
                }
                (event, Some(id)) => {
                    let job = match jobs.entry(id) {
                        std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                        std::collections::btree_map::Entry::Vacant(entry) => {
                            let job = self.job(id).ok_or_else(|| unknown(id, event))?;
                            entry.insert(job.clone())
                        }
                    };
                    if let Some(used) = used(job, event, record.at) {
                        for (by, part) in job.charged(used) {
                            let all = changes.agents.get_or_insert_with(|| self.agents.clone());
                            all.used(by, part);
                        }
                        if let Some(id) = job.campaign {
                            self.known_campaign(&mut campaigns, id);
                            campaign::use_up(&mut campaigns, id, used);
                        }
                    }
                    job.apply(event, record.at)?;
                }
                (event, None) if concerns_agents(event) => {
                    if let Some(known) = event.card().and_then(|id| self.cards.get(&id)) {
                        cards.entry(known.id).or_insert_with(|| known.clone());
                    }
                    take_card(&mut cards, event, record.at);
                    let all = changes.agents.get_or_insert_with(|| self.agents.clone());
                    take_agents(all, event, record.at);
                }
                (event, None) if event.campaign().is_some() => {
                    if let Some(id) = event.campaign() {
                        self.known_campaign(&mut campaigns, id);
                        if let Event::TrialSet { trial, .. } = event {
                            changes.trials.push((id, trial.number));
                        }
                    }
                    campaign::take(&mut campaigns, event, record.at);
                }
                (Event::NodeSeen { node }, None) => changes.nodes.push(node.clone()),
                (Event::PolicySet { policy }, None) => changes.policy = Some(policy.clone()),
                (Event::QuotasSet { quotas }, None) => changes.quotas = Some((**quotas).clone()),
                (Event::ProjectSet { project, to }, None) => {
                    let all = changes
                        .projects
                        .get_or_insert_with(|| self.projects.clone());
                    all.set(project, to.as_deref());
                }
                (Event::Cordoned { place, cordon }, None) => {
                    let all = changes.cordons.get_or_insert_with(|| self.cordons.clone());
                    all.insert(place.clone(), cordon.clone());
                }
                (Event::Uncordoned { place }, None) => {
                    let all = changes.cordons.get_or_insert_with(|| self.cordons.clone());
                    all.remove(place);
                }
                (Event::ForeignSet { gpu, processes }, None) => {
                    let all = changes.foreign.get_or_insert_with(|| self.foreign.clone());
                    set_foreign(all, gpu, processes);
                }
                (event, None) if event.alert().is_some() => {
                    let touched = event.alert().and_then(|id| self.alerts.get(&id));
                    if let Some(known) = touched {
                        alerts.entry(known.id).or_insert_with(|| known.clone());
                    }
                    take_alert(&mut alerts, event, record.at);
                }
                (Event::NodeGone { node }, None) => {
                    if let Some(known) = self.nodes.get(node) {
                        changes.nodes.push(known.gone(record.at));
                    }
                }
                (event, None) => {
                    let touched = event.reservation();
                    if let Some(id) = touched.filter(|id| !reservations.contains_key(id)) {
                        let known = self.reservation(id).cloned();
                        reservations.extend(known.map(|known| (id, known)));
                    }
                    if let Some((by, idle)) = left_idle(&reservations, event) {
                        let all = changes.agents.get_or_insert_with(|| self.agents.clone());
                        all.used(by, idle);
                    }
                    reserve(&mut reservations, event, record.at);
                }
            }
        }
        changes.agents = changes.agents.filter(|agents| *agents != self.agents);
        changes.cards = cards.into_values().collect();
        changes.campaigns = campaigns.into_values().collect();
        changes.alerts = alerts.into_values().collect();
        changes.reservations = reservations.into_values().collect();
        changes.jobs = jobs.into_values().collect();
        Ok(changes)
    }

    /// Takes one step. The only place where the state changes.
    ///
    /// # Errors
    /// When the event does not fit the state; the state is unchanged.
    pub fn apply(&mut self, record: &Record) -> Result<(), Illegal> {
        match (&record.event, record.event.job()) {
            (
                Event::JobSubmitted {
                    job: id,
                    owner,
                    key,
                    ..
                },
                _,
            ) => {
                if self.exists(*id) {
                    return Err(unknown(*id, &record.event));
                }
                if let Some(job) = Job::submitted(record) {
                    count(&mut self.arrays, None, &job);
                    self.live.insert(*id, job);
                }
                take_agents(&mut self.agents, &record.event, record.at);
                if let Some(key) = key {
                    self.keys.entry((owner.clone(), key.clone())).or_insert(*id);
                }
            }
            (event, Some(id)) => self.apply_to_job(id, event, record)?,
            (Event::PolicySet { policy }, None) => self.policy = policy.clone(),
            (Event::QuotasSet { quotas }, None) => self.quotas = (**quotas).clone(),
            (Event::ProjectSet { project, to }, None) => self.projects.set(project, to.as_deref()),
            (Event::Cordoned { place, cordon }, None) => {
                self.cordons.insert(place.clone(), cordon.clone());
            }
            (Event::Uncordoned { place }, None) => {
                self.cordons.remove(place);
            }
            (Event::ForeignSet { gpu, processes }, None) => {
                set_foreign(&mut self.foreign, gpu, processes);
            }
            // A number is given once: one that is opened again is not.
            (Event::AlertOpened { alert }, None) if alert.id <= self.last_alert => {}
            (event, None) if event.alert().is_some() => {
                take_alert(&mut self.alerts, event, record.at);
                self.last_alert = self.last_alert.max(event.alert().unwrap_or_default());
                self.alerts.retain(|_, alert| alert.resolved_at.is_none());
            }
            // A number is given once.
            (Event::CardMade { card }, None) if card.id <= self.last_card => {}
            (event, None) if concerns_agents(event) => {
                take_card(&mut self.cards, event, record.at);
                self.last_card = self.last_card.max(event.card().unwrap_or_default());
                let last = self.last_card.0;
                self.cards
                    .retain(|id, card| id.0 + CARDS as u64 > last || card.is_open());
                take_agents(&mut self.agents, event, record.at);
            }
            // A number is given once.
            (Event::CampaignStarted { campaign, .. }, None) if *campaign <= self.last_campaign => {}
            (event, None) if event.campaign().is_some() => {
                campaign::take(&mut self.campaigns, event, record.at);
                let id = event.campaign().unwrap_or_default();
                self.last_campaign = self.last_campaign.max(id);
                campaign::forget(&mut self.campaigns);
            }
            (Event::NodeSeen { node }, None) => {
                self.nodes.insert(node.name.clone(), node.clone());
            }
            (Event::NodeGone { node }, None) => {
                if let Some(known) = self.nodes.get_mut(node) {
                    *known = known.gone(record.at);
                }
            }
            (event, None) => {
                if let Some((by, idle)) = left_idle(&self.reservations, event) {
                    self.agents.used(by, idle);
                }
                reserve(&mut self.reservations, event, record.at);
            }
        }
        self.seq = record.seq;
        self.counters.count(&record.event);
        Ok(())
    }

    fn apply_to_job(&mut self, id: JobId, event: &Event, record: &Record) -> Result<(), Illegal> {
        if let Event::AttemptStarting { attempt, lease } = event {
            for (_, gpu) in lease.gpus() {
                if let Some(holder) = self.leased.get(&gpu.uuid) {
                    let event = format!("a lease on {} that attempt {holder} holds", gpu.uuid);
                    return Err(Illegal {
                        job: attempt.job,
                        state: None,
                        event,
                    });
                }
            }
        }
        // A finished job that is queued again comes back from the recent ones.
        if !self.live.contains_key(&id)
            && let Some(place) = self.recent.iter().position(|job| job.id == id)
        {
            let mut job = self.recent[place].clone();
            let before = Counted::of(&job);
            job.apply(event, record.at)?;
            count(&mut self.arrays, before, &job);
            self.recent.remove(place);
            self.verdicts.remove(&id);
            self.live.insert(id, job);
            return Ok(());
        }
        let job = self.live.get_mut(&id).ok_or_else(|| unknown(id, event))?;
        let before = Counted::of(job);
        let used = used(job, event, record.at);
        let charged: Vec<(UserName, u64)> = used.map_or_else(Vec::new, |used| {
            let charged = job.charged(used);
            charged.map(|(by, part)| (by.clone(), part)).collect()
        });
        job.apply(event, record.at)?;
        count(&mut self.arrays, before, job);
        for (by, part) in charged {
            self.agents.used(&by, part);
        }
        if let (Some(used), Some(campaign)) = (used, job.campaign) {
            campaign::use_up(&mut self.campaigns, campaign, used);
        }
        match event {
            Event::AttemptStarting { attempt, lease } => {
                self.leased
                    .extend(lease.gpus().map(|(_, gpu)| (gpu.uuid.clone(), *attempt)));
            }
            Event::AttemptExited { attempt, .. } => {
                self.leased.retain(|_, holder| holder != attempt);
            }
            _ => {}
        }
        if self.live.get(&id).is_some_and(Job::is_finished)
            && let Some(job) = self.live.remove(&id)
        {
            let succeeded = job.outcome().is_some_and(crate::Outcome::succeeded);
            self.verdicts.insert(
                id,
                Verdict {
                    owner: job.owner.clone(),
                    succeeded,
                },
            );
            self.recent.push_back(job);
            if self.recent.len() > RECENT {
                self.recent.pop_front();
            }
        }
        Ok(())
    }

    /// Puts a campaign beside others, as it is before they change.
    fn known_campaign(&self, campaigns: &mut Campaigns, id: CampaignId) {
        if let (false, Some(known)) = (campaigns.contains_key(&id), self.campaign(id)) {
            campaigns.insert(id, known.clone());
        }
    }

    fn lease_of(&mut self, job: &Job) {
        if let (Some(id), Some(attempt)) = (job.attempt_id(), job.attempt()) {
            self.leased
                .extend(attempt.lease.gpus().map(|(_, gpu)| (gpu.uuid.clone(), id)));
        }
    }
}

/// Counts a task where it is now, and no longer where it was before.
fn count(arrays: &mut BTreeMap<JobId, Array>, before: Option<Counted>, job: &Job) {
    let Some(now) = Counted::of(job) else { return };
    let array = arrays.entry(now.array).or_insert_with(|| Array {
        owner: job.owner.clone(),
        name: String::new(),
        tasks: Tasks::default(),
    });
    if job.id == now.array {
        array.name = common_name(&job.spec.name);
    }
    if let Some(before) = before {
        *before.place(&mut array.tasks) -= 1;
    }
    *now.place(&mut array.tasks) += 1;
}

fn set_foreign(foreign: &mut Foreign, gpu: &GpuUuid, processes: &[ForeignProcess]) {
    if processes.is_empty() {
        foreign.remove(gpu);
    } else {
        foreign.insert(gpu.clone(), processes.to_vec());
    }
}

/// Takes an event about an alert; any other changes none.
fn take_alert(alerts: &mut BTreeMap<AlertId, Alert>, event: &Event, at: Timestamp) {
    if let Event::AlertOpened { alert } = event {
        alerts.insert(alert.id, (**alert).clone());
    } else if let Some(alert) = event.alert().and_then(|id| alerts.get_mut(&id)) {
        alert.apply(event, at);
    }
}

/// Takes an event about a card; any other changes none.
fn take_card(cards: &mut Cards, event: &Event, at: Timestamp) {
    if let Event::CardMade { card } = event {
        cards.insert(card.id, (**card).clone());
    } else if let Some(card) = event.card().and_then(|id| cards.get_mut(&id)) {
        card.apply(event, at);
    }
}

/// Whether an event changes what is known of agents, or the ledger.
fn concerns_agents(event: &Event) -> bool {
    matches!(
        event,
        Event::JobSubmitted { agent: Some(_), .. }
            | Event::AgentSet { .. }
            | Event::AgentRemoved { .. }
            | Event::AgentsStopped { .. }
            | Event::AgentsResumed { .. }
            | Event::AgentRuleSet { .. }
            | Event::CardMade { .. }
            | Event::CardSettled { .. }
            | Event::CardMeasured { .. }
            | Event::ModelUsed { .. }
    )
}

/// Takes an event about agents; any other changes none.
fn take_agents(agents: &mut Agents, event: &Event, at: Timestamp) {
    match event {
        Event::JobSubmitted {
            agent: Some(by), ..
        } => agents.submitted(by, at),
        Event::AgentSet { agent } => {
            agents.all.insert(agent.name.clone(), (**agent).clone());
        }
        Event::AgentRemoved { agent } => {
            agents.all.remove(agent);
        }
        Event::AgentsStopped { agent, stopped } => agents.stop(agent.as_ref(), stopped),
        Event::AgentsResumed { agent } => agents.resume(agent.as_ref()),
        Event::AgentRuleSet {
            rule,
            project,
            mode,
        } => agents.rules = agents.rules.with(*rule, project.as_deref(), *mode),
        Event::ModelUsed { agent, micros } => agents.used_model(agent, *micros),
        Event::CardMade { card } => {
            if let (CardState::Refused, CardBy::Agent { agent }) = (card.state, &card.by) {
                agents.refused(agent, at);
            }
        }
        _ => {}
    }
}

/// What an attempt that ends used, in GPU seconds; `None` for any other event.
fn used(job: &Job, event: &Event, at: Timestamp) -> Option<u64> {
    let attempt = job
        .attempt()
        .filter(|_| matches!(event, Event::AttemptExited { .. }))?;
    Some(attempt.gpu_seconds(at))
}

/// Of a time that an agent reserved and that is over: by whom, and the GPU seconds that nobody used.
fn left_idle<'a>(
    reservations: &'a BTreeMap<ReservationId, Reservation>,
    event: &Event,
) -> Option<(&'a UserName, u64)> {
    let Event::ReservationOver {
        reservation, over, ..
    } = event
    else {
        return None;
    };
    let by = reservations.get(reservation)?.agent.as_ref()?;
    Some((by, over.idle_gpu_seconds))
}

/// Takes an event about a reservation; any other changes none.
fn reserve(reservations: &mut BTreeMap<ReservationId, Reservation>, event: &Event, at: Timestamp) {
    if let Event::ReservationSet { reservation } = event {
        reservations.insert(reservation.id, (**reservation).clone());
    } else if let Some(id) = event.reservation()
        && let Some(reservation) = reservations.get_mut(&id)
    {
        reservation.apply(event, at);
    }
}

/// The last numbers given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub last_job: u64,
    /// The rank of the last submission; see [`Rank::ordinal`].
    pub last_ordinal: u64,
}

impl Counters {
    fn count(&mut self, event: &Event) {
        match event {
            Event::JobSubmitted { job, .. } => {
                self.last_job = self.last_job.max(job.0);
                self.last_ordinal += 1;
            }
            Event::JobRequeued { .. } => self.last_ordinal += 1,
            // Moved to the very end.
            Event::JobMoved { rank, .. } if *rank == Rank::ordinal(self.last_ordinal + 1) => {
                self.last_ordinal += 1;
            }
            _ => {}
        }
    }
}

fn unknown(job: JobId, event: &Event) -> Illegal {
    Illegal {
        job,
        state: None,
        event: format!("{event:?}"),
    }
}
