//! The control loop. It wakes for a request, an executor's report, a time limit, a begin time or a
//! retry that is due, and to publish a view that is out of date or waited for; see [`Control::turn`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use berth_domain::decide::{Input, Report, Rules, decide};
use berth_domain::job::Illegal;
use berth_domain::{
    Actor, AttemptId, Command, Event, JobId, Node, Record, Refusal, State, StopCause,
};
use berth_executors::{ExecutorEvent, ExecutorHandle};
use berth_scheduler::{Learned, Plan, Policy, Snapshot, forecast, free_at, plan};
use berth_store::{Store, StoreError};
use berth_telemetry::GpuSampler;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::breakpoint::{Breakpoint, Breakpoints};
use crate::clock::Clock;
use crate::effects;
use crate::foretold::Unwritten;
use crate::handle::{CommandError, Done, Handle, LogGrew, Progress, Request};
use crate::memory;
use crate::planning::{Planning, resolve};
use crate::sampling;
use crate::view::View;

/// How many requests may wait for the loop before callers wait to send theirs.
const REQUEST_QUEUE: usize = 1024;
/// How many requests one turn answers before it plans again, so that a flood of submissions does
/// not keep free GPUs waiting.
const REQUESTS_PER_TURN: usize = 32;
/// Views are not published more often than this.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);
/// While jobs wait the view is renewed at least so often: forecasts change as time passes.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// The pause before a write that failed is tried again.
const WRITE_RETRY: Duration = Duration::from_secs(1);

/// What the loop needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub clock: Clock,
    pub rules: Rules,
    /// How many jobs without GPUs one node runs at once, unless the policy says otherwise.
    pub cpu_jobs_per_node: u32,
    /// Between SIGTERM and SIGKILL.
    pub grace: Grace,
    pub breakpoints: Breakpoints,
}

/// How long a job has to save and end.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    pub usual: Duration,
    /// When it makes room for another.
    pub preempted: Duration,
}

impl Grace {
    pub(crate) fn of(self, cause: &StopCause) -> Duration {
        match cause {
            StopCause::Preempted { .. } => self.preempted,
            _ => self.usual,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("failed to read the state: {0}")]
    Store(#[from] StoreError),
    #[error("the state does not accept the inventory: {0}")]
    Illegal(#[from] Illegal),
}

/// Loads the state, takes up what ran before, and starts the loop and the sampler.
///
/// The loop ends when every [`Handle`] is dropped.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn start(
    store: Store,
    settings: Settings,
    nodes: Vec<Node>,
    sampler: GpuSampler,
    (executor, reports): (ExecutorHandle, mpsc::UnboundedReceiver<ExecutorEvent>),
) -> Result<(Handle, JoinHandle<()>), StartError> {
    let state = store.load().await?;
    let learned = memory::of_journal(&store, &state, settings.clock.now()).await?;
    let (requests, inbox) = mpsc::channel(REQUEST_QUEUE);
    let (view, view_reader) = watch::channel(Arc::new(View::default()));
    let (samples, samples_reader) = watch::channel(Arc::default());
    let (logs, _) = broadcast::channel(1024);
    tokio::spawn(sampling::run(
        sampler,
        settings.clock.clone(),
        view_reader.clone(),
        samples,
    ));
    let policy = chosen(&state, settings.cpu_jobs_per_node);
    let progress = Arc::new(Progress::default());
    progress.applied.store(state.seq.0, Ordering::Release);
    let mut control = Control {
        state,
        store,
        settings,
        executor,
        logs: logs.clone(),
        view,
        progress: progress.clone(),
        policy,
        learned,
        foretold: Unwritten::default(),
        plan: Plan::default(),
        executor_down: None,
        plan_stale: true,
        publish_due: Some(Instant::now()),
        last_published: None,
    };
    control.take_up(nodes).await?;
    let handle = Handle {
        requests,
        view: view_reader,
        progress,
        samples: samples_reader,
        logs,
    };
    Ok((handle, tokio::spawn(control.run(inbox, reports))))
}

struct Control {
    state: State,
    store: Store,
    settings: Settings,
    executor: ExecutorHandle,
    logs: broadcast::Sender<LogGrew>,
    view: watch::Sender<Arc<View>>,
    progress: Arc<Progress>,
    policy: Policy,
    learned: Learned,
    foretold: Unwritten,
    plan: Plan,
    executor_down: Option<String>,
    /// Something happened since the plan was made.
    plan_stale: bool,
    /// When the view is to be published, if it is out of date.
    publish_due: Option<Instant>,
    last_published: Option<Instant>,
}

/// The policy in force. One that an older or newer server stored and this one does not know is
/// replaced by the default, and said.
fn chosen(state: &State, cpu_jobs_per_node: u32) -> Policy {
    resolve(state.policy(), cpu_jobs_per_node).unwrap_or_else(|error| {
        tracing::error!(%error, "the stored policy cannot be used; using the default");
        Policy {
            cpu_jobs_per_node,
            ..Policy::default()
        }
    })
}

#[derive(Debug, thiserror::Error)]
enum CommitError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

impl Control {
    /// What is done once, before the loop: the inventory is compared with what was known, what ran
    /// is taken up, and the first plan is made and shown.
    async fn take_up(&mut self, nodes: Vec<Node>) -> Result<(), StartError> {
        match self.decide(Actor::Berth, Input::Inventory(nodes)).await {
            Ok(()) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Illegal(error)) => return Err(error.into()),
        }
        for order in effects::of_restart(&self.state, self.settings.grace) {
            self.executor.send(order);
        }
        self.plan_and_start().await;
        self.publish();
        Ok(())
    }

    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Request>,
        mut reports: mpsc::UnboundedReceiver<ExecutorEvent>,
    ) {
        while self.turn(&mut inbox, &mut reports).await {}
    }

    /// One turn:
    /// 1. wait until there is something to do;
    /// 2. take what the executor reported, as one decision;
    /// 3. take some requests, one decision each, answered when it is committed;
    /// 4. end what passed its time limit;
    /// 5. plan, if anything changed, and start what the plan says;
    /// 6. publish the view, if it is due;
    /// 7. write forecasts that nothing else was written with.
    ///
    /// Returns whether to go on.
    async fn turn(
        &mut self,
        inbox: &mut mpsc::Receiver<Request>,
        reports: &mut mpsc::UnboundedReceiver<ExecutorEvent>,
    ) -> bool {
        let mut requests = Vec::new();
        let mut events = Vec::new();
        let timer = self.next_timer();
        tokio::select! {
            biased;
            count = reports.recv_many(&mut events, 1024) => if count == 0 { return false },
            count = inbox.recv_many(&mut requests, REQUESTS_PER_TURN) => {
                if count == 0 { return false }
            }
            () = self.progress.look.notified() => self.show_at_once(),
            () = sleep_until(timer) => {}
        }
        while requests.len() < REQUESTS_PER_TURN {
            let Ok(request) = inbox.try_recv() else { break };
            requests.push(request);
        }
        while let Ok(event) = reports.try_recv() {
            events.push(event);
        }
        self.take_events(events).await;
        for request in requests {
            self.answer(request).await;
        }
        self.certainly(Input::Clock).await;
        if self.plan_stale
            || self
                .plan
                .wake_at
                .is_some_and(|at| at <= self.settings.clock.now())
        {
            self.plan_and_start().await;
        }
        if self.publish_due.is_some_and(|due| due <= Instant::now()) {
            self.publish();
        }
        if self.foretold.due().is_some_and(|due| due <= Instant::now()) {
            self.keep_forecasts().await;
        }
        true
    }

    /// When to wake without being asked: the next time limit, the next time at which the plan
    /// could change, or the next view.
    fn next_timer(&self) -> Option<Instant> {
        let now = self.settings.clock.now();
        let deadlines = self.state.live().filter_map(berth_domain::Job::deadline);
        let next = deadlines.chain(self.plan.wake_at).min();
        let next = next.map(|at| {
            let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
            Instant::now() + wait
        });
        let due = [next, self.publish_due, self.foretold.due()];
        due.into_iter().flatten().min()
    }

    async fn take_events(&mut self, events: Vec<ExecutorEvent>) {
        let mut reports: BTreeMap<AttemptId, Report> = BTreeMap::new();
        for event in events {
            match event {
                // A later report of the same attempt says more than an earlier one.
                ExecutorEvent::Report { attempt, report } => {
                    reports.insert(attempt, report);
                }
                ExecutorEvent::LogGrew { attempt, rank } => {
                    // Nobody listening is no fault.
                    let _ = self.logs.send(LogGrew { attempt, rank });
                }
                ExecutorEvent::Health(health) => {
                    let down = health.err();
                    if down != self.executor_down {
                        self.executor_down = down;
                        self.changed();
                    }
                }
            }
        }
        if !reports.is_empty() {
            self.certainly(Input::Reports(reports)).await;
        }
    }

    async fn answer(&mut self, request: Request) {
        let Request {
            actor,
            command,
            reply,
        } = request;
        let result = self.command(actor, command).await;
        // Who asked may have gone; what was done is done.
        let _ = reply.send(result);
    }

    async fn command(&mut self, actor: Actor, command: Command) -> Result<Done, CommandError> {
        let now = self.settings.clock.now();
        if let Command::SetPolicy(choice) = &command {
            resolve(choice, self.settings.cpu_jobs_per_node)
                .map_err(|why| Refusal::invalid("policy", why))?;
        }
        let input = Input::Command {
            actor: actor.clone(),
            command,
        };
        let decision = decide(&self.state, &self.settings.rules, input, now)?;
        match self.commit(actor, decision.events).await {
            Ok(()) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Illegal(error)) => {
                tracing::error!(%error, "a command was decided against the state");
                return Err(CommandError::Stopped);
            }
        }
        let jobs = decision
            .jobs
            .iter()
            .filter_map(|id| self.state.job(*id).cloned())
            .collect();
        let repeated = decision.jobs.first().copied().filter(|_| decision.repeated);
        Ok(Done { jobs, repeated })
    }

    /// Decides and commits an input of Berth's own, which nothing refuses. A write that fails is
    /// tried again until it works: what an executor reported must not be lost.
    async fn certainly(&mut self, input: Input) {
        loop {
            match self.decide(Actor::Berth, input.clone()).await {
                Ok(()) => return,
                Err(CommitError::Illegal(error)) => {
                    tracing::error!(%error, "an input was decided against the state; ignored");
                    return;
                }
                Err(CommitError::Store(error)) => {
                    tracing::error!(%error, "cannot write; trying again");
                    tokio::time::sleep(WRITE_RETRY).await;
                }
            }
        }
    }

    async fn decide(&mut self, actor: Actor, input: Input) -> Result<(), CommitError> {
        let now = self.settings.clock.now();
        match decide(&self.state, &self.settings.rules, input, now) {
            Ok(decision) => self.commit(actor, decision.events).await,
            Err(refusal) => {
                tracing::error!(%refusal, "an input of our own was refused");
                Ok(())
            }
        }
    }

    /// Writes the events, then applies them, then asks the executor for what follows from them.
    async fn commit(&mut self, actor: Actor, events: Vec<Event>) -> Result<(), CommitError> {
        if events.is_empty() {
            return Ok(());
        }
        let at = self.settings.clock.now();
        let mut seq = self.state.seq;
        let records: Vec<Record> = events
            .into_iter()
            .map(|event| {
                seq = seq.next();
                Record {
                    seq,
                    at,
                    actor: actor.clone(),
                    event,
                }
            })
            .collect();
        let changes = self.state.project(&records)?;
        let breakpoints = self.settings.breakpoints.clone();
        breakpoints.reach(Breakpoint::BeforeCommit);
        let made = self.foretold.with(&records);
        self.store
            .commit(&records, &changes, changes.counters, &made)
            .await?;
        self.foretold.written(made.len());
        breakpoints.reach(Breakpoint::AfterCommit);
        for record in &records {
            self.state.apply(record)?;
            self.learned.apply(record, &self.state);
            if matches!(record.event, Event::PolicySet { .. }) {
                self.policy = chosen(&self.state, self.settings.cpu_jobs_per_node);
            }
        }
        self.progress
            .applied
            .store(self.state.seq.0, Ordering::Release);
        self.changed();
        for order in effects::of_events(&self.state, &records, self.settings.grace) {
            breakpoints.reach(Breakpoint::BeforeLaunch);
            self.executor.send(order);
            breakpoints.reach(Breakpoint::AfterLaunch);
        }
        Ok(())
    }

    /// What the planner looks at: the state, and what was learned from it.
    fn snapshot(&mut self) -> Snapshot {
        let mut snapshot = Snapshot {
            executor_down: self.executor_down.clone(),
            ..Snapshot::of(&self.state)
        };
        self.learned.annotate(&mut snapshot);
        snapshot
    }

    async fn plan_and_start(&mut self) {
        let snapshot = self.snapshot();
        let mut made = plan(&snapshot, &self.policy, self.settings.clock.now());
        let starts = std::mem::take(&mut made.starts);
        let stops: Vec<(JobId, JobId)> = std::mem::take(&mut made.preemptions)
            .into_iter()
            .map(|stop| (stop.job, stop.beneficiary))
            .collect();
        self.plan = made;
        if !starts.is_empty() {
            self.certainly(Input::Starts(starts)).await;
        }
        if !stops.is_empty() {
            self.certainly(Input::Preemptions(stops)).await;
        }
        // What the starts changed was planned for already.
        self.plan_stale = false;
    }

    async fn keep_forecasts(&mut self) {
        let made = self.foretold.with(&[]);
        match self.store.keep_forecasts(&made).await {
            Ok(()) => self.foretold.written(made.len()),
            Err(error) => {
                tracing::error!(%error, "cannot write forecasts; trying again");
                self.foretold.later(WRITE_RETRY);
            }
        }
    }

    fn changed(&mut self) {
        self.plan_stale = true;
        let due = self
            .last_published
            .map_or_else(Instant::now, |last| last + PUBLISH_EVERY);
        self.publish_due = Some(self.publish_due.map_or(due, |known| known.min(due)));
    }

    /// Somebody waits for the view.
    fn show_at_once(&mut self) {
        if let Some(due) = &mut self.publish_due {
            *due = Instant::now();
        }
    }

    fn publish(&mut self) {
        let now = self.settings.clock.now();
        // Forecasts are for people: made when they are shown, not with each start.
        let snapshot = self.snapshot();
        let forecasts = forecast(&snapshot, &self.policy, now, self.learned.experience());
        // The first forecast of each wait is kept, to be judged when the job starts.
        self.foretold.add(self.learned.keep(&forecasts, now), now);
        let free = free_at(&snapshot, now);
        let planning = Planning {
            snapshot,
            policy: self.policy.clone(),
            experience: self.learned.experience().clone(),
        };
        let view = View::of(
            &self.state,
            &self.plan,
            (forecasts, planning),
            free,
            self.executor_down.clone(),
        );
        self.view.send_replace(Arc::new(view));
        let now = Instant::now();
        let waits = !self.plan.order.is_empty();
        self.publish_due = waits.then(|| now + RENEW_EVERY);
        self.last_published = Some(now);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
