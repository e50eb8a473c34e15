//! What the control loop shows to everybody else: an immutable picture, replaced as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use berth_domain::agent::Ahead;
use berth_domain::campaign::Unread;
use berth_domain::{
    Agents, Alert, Array, Campaign, Card, CardId, Cordons, Foreign, GpuSample, GpuUuid, Job, JobId,
    Node, PolicyChoice, Projects, Quotas, Reservation, Seq, State, StateName, Timestamp, UserName,
};
use berth_scheduler::{Forecast, FreeAt, Plan};

use crate::planning::Planning;

/// How many waiting jobs a view holds whole; lists page through the rest in the store.
pub const QUEUE_WINDOW: usize = 200;
/// How many waiting tasks of one array are among them.
const TASKS_SHOWN: usize = 10;
/// How many finished jobs a view holds whole.
pub const RECENT_WINDOW: usize = 30;

/// Picks out of waiting jobs, next one first, those that lists show.
#[derive(Debug, Default)]
pub struct FirstTasks {
    seen: HashMap<JobId, usize>,
}

impl FirstTasks {
    /// Whether the next job, of this array or none, is among the first of its array.
    pub fn take(&mut self, array: Option<JobId>) -> bool {
        array.is_none_or(|array| {
            let seen = self.seen.entry(array).or_default();
            *seen += 1;
            *seen <= TASKS_SHOWN
        })
    }
}

/// The last sample of each GPU.
pub type Samples = Arc<HashMap<GpuUuid, GpuSample>>;

#[derive(Clone, Debug, Default)]
pub struct View {
    pub seq: Seq,
    pub nodes: Vec<Node>,
    pub holders: HashMap<GpuUuid, JobId>,
    /// Jobs that hold a lease, by number.
    pub active: Vec<Job>,
    /// The first [`QUEUE_WINDOW`] waiting jobs, next one first; of an array no more than
    /// [`TASKS_SHOWN`].
    pub queue: Vec<Job>,
    /// The last finished jobs, newest first.
    pub recent: Vec<Job>,
    /// The arrays and sweeps to which any of these jobs belongs.
    pub arrays: BTreeMap<JobId, Array>,
    /// Why every waiting job waits, among other things.
    pub plan: Arc<Plan>,
    /// When each waiting job is expected to start. Made apart from the rest: a job that has just
    /// been submitted gets its forecast with the next view.
    pub forecasts: Arc<HashMap<JobId, Forecast>>,
    /// For whoever asks why, or what if.
    pub planning: Arc<Planning>,
    /// What gets no new job.
    pub cordons: Cordons,
    /// The policy as it was chosen.
    pub policy: PolicyChoice,
    /// Also those that are over; not those that were cancelled.
    pub reservations: Vec<Reservation>,
    pub quotas: Quotas,
    /// Those that were set up.
    pub projects: Projects,
    /// The processes that use GPUs outside every lease.
    pub foreign: Foreign,
    /// What is wrong now, by number.
    pub alerts: Vec<Alert>,
    pub agents: Agents,
    /// What is kept on the account of each agent.
    pub agents_ahead: BTreeMap<UserName, Ahead>,
    /// The cards of the ledger that wait for an answer, by number.
    pub cards: Vec<Card>,
    /// The number of the next card: it rises whenever something was decided.
    pub next_card: CardId,
    /// The campaigns that go on and the last that ended, by number.
    pub campaigns: Vec<Arc<Campaign>>,
    /// Trials whose job has ended and whose result is still to be read.
    pub unread_trials: Vec<Unread>,
    pub held: u32,
    pub queued: u32,
    pub free_at: Vec<FreeAt>,
    /// Why jobs cannot be launched at the moment.
    pub executor_down: Option<String>,
}

impl View {
    pub(crate) fn of(
        state: &State,
        plan: Arc<Plan>,
        planning: Arc<Planning>,
        forecasts: Arc<HashMap<JobId, Forecast>>,
        free_at: Vec<FreeAt>,
        executor_down: Option<String>,
        now: Timestamp,
    ) -> Self {
        let held = state
            .live()
            .filter(|job| job.name() == StateName::Held)
            .count();
        let active: Vec<Job> = state
            .live()
            .filter(|job| job.attempt().is_some())
            .cloned()
            .collect();
        let holders = active.iter().flat_map(|job| {
            let gpus = job
                .attempt()
                .into_iter()
                .flat_map(|attempt| attempt.lease.gpus());
            gpus.map(|(_, gpu)| (gpu.uuid.clone(), job.id))
        });
        let mut firsts = FirstTasks::default();
        let fits = |job: &&Job| firsts.take(job.spec.array.map(|task| task.array));
        let queue = plan.order.iter().filter_map(|id| state.live_job(*id));
        let queue: Vec<Job> = queue.filter(fits).take(QUEUE_WINDOW).cloned().collect();
        let recent: Vec<Job> = state.recent().take(RECENT_WINDOW).cloned().collect();
        let arrays = active.iter().chain(&queue).chain(&recent);
        let arrays = arrays.filter_map(|job| {
            let id = job.spec.array?.array;
            Some((id, state.array(id)?.clone()))
        });
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        View {
            seq: state.seq,
            nodes: state.nodes().cloned().collect(),
            holders: holders.collect(),
            arrays: arrays.collect(),
            queue,
            plan,
            recent,
            forecasts,
            planning,
            policy: state.policy().clone(),
            cordons: state.cordons().clone(),
            reservations: state
                .reservations()
                .filter(|one| one.cancelled.is_none())
                .cloned()
                .collect(),
            quotas: state.quotas().clone(),
            projects: state.projects().clone(),
            foreign: state.foreign().clone(),
            alerts: state.alerts().cloned().collect(),
            agents: state.agents().clone(),
            agents_ahead: state.agents_ahead(now),
            cards: state
                .cards()
                .filter(|card| card.is_open())
                .cloned()
                .collect(),
            next_card: state.next_card(),
            campaigns: state.campaigns().cloned().collect(),
            unread_trials: state.unread_trials(),
            held: count(held),
            queued: count(state.live_count() - held - active.len()),
            active,
            free_at,
            executor_down,
        }
    }
}
