//! The control loop. It wakes for a request, an executor's report, a change of nodes, a time limit
//! that passes or is near, a begin time or a retry that is due, a reservation that begins, is
//! released or ends, what the watch saw, and to publish a view that is out of date or waited for; see
//! [`Control::turn`].

mod show;
mod start;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use berth_domain::agent::{Act, CardBy};
use berth_domain::audit::{Entry, Origin};
use berth_domain::decide::{Input, Report, Seen, decide, refuse};
use berth_domain::line::may_pass_those;
use berth_domain::{
    Actor, AttemptId, Command, Event, InLine, Job, JobId, MoveTo, Node, Record, Refusal, Right,
    Role, State, Thing,
};
use berth_executors::{ExecutorEvent, ExecutorHandle};
use berth_scheduler::{Forecast, Learned, Plan, Policy};
use berth_store::Store;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;

pub use self::start::{Grace, Settings, StartError, start};
use self::write::CommitError;
use crate::effects;
use crate::forecaster::Forecasts;
use crate::foretold::Unwritten;
use crate::handle::{CommandError, Done, LogGrew, Progress, Request};
use crate::planning::{Planning, resolve};
use crate::view::View;

/// How many requests one turn answers before it plans again, so that a flood of submissions does
/// not keep free GPUs waiting.
const REQUESTS_PER_TURN: usize = 32;

struct Control {
    state: State,
    store: Store,
    settings: Settings,
    executor: ExecutorHandle,
    /// For those who keep what GPUs did for whom: everything that was committed.
    committed: mpsc::UnboundedSender<Vec<Record>>,
    logs: broadcast::Sender<LogGrew>,
    view: watch::Sender<Arc<View>>,
    to_forecast: watch::Sender<Arc<Planning>>,
    progress: Arc<Progress>,
    policy: Policy,
    learned: Learned,
    foretold: Unwritten,
    plan: Arc<Plan>,
    planning: Arc<Planning>,
    forecasts: Arc<HashMap<JobId, Forecast>>,
    executor_down: Option<String>,
    /// Something happened since the plan was made.
    plan_stale: bool,
    /// Something happened since the state was looked at for planning.
    planning_stale: bool,
    /// When the view is to be published, if it is out of date.
    publish_due: Option<Instant>,
    last_published: Option<Instant>,
}

/// What the loop listens to.
struct Inbox {
    requests: mpsc::Receiver<Request>,
    reports: mpsc::UnboundedReceiver<ExecutorEvent>,
    forecasts: mpsc::Receiver<Forecasts>,
    seen: mpsc::Receiver<Seen>,
    /// The inventory; `None` when it changes no more.
    nodes: Option<watch::Receiver<Option<Vec<Node>>>>,
}

impl Control {
    /// What is done once, before the loop: the inventory is compared with what was known, what ran
    /// is taken up, and the first plan is made and shown.
    async fn take_up(&mut self, nodes: Option<Vec<Node>>) -> Result<(), StartError> {
        let compared = match nodes {
            Some(nodes) => self.decide(Actor::Berth, Input::Inventory(nodes)).await,
            None => Ok(()),
        };
        match compared {
            Ok(()) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Illegal(error)) => return Err(error.into()),
        }
        let now = self.settings.clock.now();
        for order in effects::of_restart(&self.state, self.settings.grace, now) {
            self.executor.send(order);
        }
        self.plan_and_start().await;
        self.publish();
        Ok(())
    }

    async fn run(mut self, mut inbox: Inbox) {
        while self.turn(&mut inbox).await {}
    }

    /// One turn:
    /// 1. wait until there is something to do;
    /// 2. take what the executor reported, as one decision;
    /// 3. take some requests, one decision each, answered when it is committed;
    /// 4. end what passed its time limit, tell what is near it, and end reservations that are over;
    /// 5. plan, if anything changed, and start what the plan says;
    /// 6. publish the view, if it is due; forecasts of it are made apart and come back to 1;
    /// 7. write forecasts that nothing else was written with.
    ///
    /// Returns whether to go on.
    async fn turn(&mut self, inbox: &mut Inbox) -> bool {
        let mut requests = Vec::new();
        let mut events = Vec::new();
        let timer = self.next_timer();
        tokio::select! {
            biased;
            count = inbox.reports.recv_many(&mut events, 1024) => if count == 0 { return false },
            count = inbox.requests.recv_many(&mut requests, REQUESTS_PER_TURN) => {
                if count == 0 { return false }
            }
            Some(made) = inbox.forecasts.recv() => self.take_forecasts(made),
            Some(seen) = inbox.seen.recv() => self.certainly(Input::Seen(seen)).await,
            changed = changed(&mut inbox.nodes) => match changed {
                Some(found) => self.certainly(Input::Inventory(found)).await,
                None => inbox.nodes = None,
            },
            () = self.progress.look.notified() => self.show_at_once(),
            () = sleep_until(timer) => {}
        }
        while requests.len() < REQUESTS_PER_TURN {
            let Ok(request) = inbox.requests.try_recv() else {
                break;
            };
            requests.push(request);
        }
        while let Ok(event) = inbox.reports.try_recv() {
            events.push(event);
        }
        self.take_events(events).await;
        for request in requests {
            self.answer(request).await;
        }
        self.certainly(Input::Clock).await;
        let now = self.settings.clock.now();
        let due = self.plan.wake_at.is_some_and(|at| at <= now);
        if due {
            // Reservations that were too far ahead when it was last looked may be near now.
            self.planning_stale = true;
        }
        if self.plan_stale || due {
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
        let tells = self.state.live().filter_map(berth_domain::Job::tell_at);
        let next = deadlines.chain(tells).chain(self.plan.wake_at).min();
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

    /// What the planner knows and the state does not tell: which policies there are, and who stands
    /// before whom.
    fn check_plan(&self, actor: &Actor, command: &Command) -> Result<(), Refusal> {
        match (command, actor) {
            (Command::SetPolicy(choice), _) => resolve(choice, self.settings.cpu_jobs_per_node)
                .map(|_| ())
                .map_err(|why| Refusal::invalid("policy", why)),
            (Command::Move(job, to), Actor::User { .. } | Actor::Agent { .. }) => {
                self.check_move(actor, *job, *to)
            }
            // What an agent asked for is done with its person's rights, whoever approves it.
            (
                Command::AnswerCard {
                    card,
                    approve: true,
                },
                _,
            ) => {
                let card = self.state.card(*card).filter(|card| card.is_open());
                let Some(card) = card else { return Ok(()) };
                match (&card.by, &card.asks, &card.act) {
                    (CardBy::Agent { .. }, Some(name), Some(Act::Move { job, to })) => {
                        let person = Actor::user(name.as_str(), Role::Member);
                        self.check_move(&person, *job, *to)
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether somebody's job would pass another's.
    fn check_move(&self, actor: &Actor, job: JobId, to: MoveTo) -> Result<(), Refusal> {
        let may = |right, job: &Job| self.state.projects().may(actor, right, Thing::job(job));
        // Whether it may be moved at all is told by the state.
        let own = |job: &&Job| job.is_waiting() && may(Right::ChangeJob, job);
        let Some(moved) = self.state.live_job(job).filter(own).map(in_line) else {
            return Ok(());
        };
        may_pass_those(&self.line(), moved, to, |other| {
            let other = self.state.live_job(other.id);
            other.is_some_and(|other| may(Right::PassJobs, other))
        })
    }

    /// What waits, in the order in which it is planned.
    fn line(&self) -> Vec<InLine<'_>> {
        let jobs = self.plan.order.iter();
        let jobs = jobs.filter_map(|id| self.state.live_job(*id));
        jobs.map(in_line).collect()
    }

    async fn answer(&mut self, request: Request) {
        let Request {
            actor,
            origin,
            command,
            reply,
        } = request;
        let result = self.command(origin, actor, command).await;
        // Who asked may have gone; what was done is done.
        let _ = reply.send(result);
    }

    async fn command(
        &mut self,
        origin: Origin,
        actor: Actor,
        command: Command,
    ) -> Result<Done, CommandError> {
        let now = self.settings.clock.now();
        let mut entry = command.act().map(|act| Entry {
            subject: command.subject(),
            ..Entry::new(now, &actor, origin, act)
        });
        let decision = match self.check_plan(&actor, &command) {
            Ok(()) => {
                let input = Input::Command {
                    actor: actor.clone(),
                    command,
                };
                decide(&self.state, &self.settings.rules, input, now)?
            }
            Err(refusal) => refuse(&self.state, &actor, &command, refusal, now)?,
        };
        let reservation = decision.events.iter().find_map(Event::reservation);
        // Whoever brought the command writes down what was refused.
        entry = entry.filter(|_| decision.refused.is_none());
        if let Some(entry) = &mut entry {
            let job = decision.jobs.first().map(|job| format!("job {job}"));
            let made = job.or_else(|| Some(format!("reservation {}", reservation?)));
            let made = made.or_else(|| Some(format!("campaign {}", decision.campaign?)));
            entry.subject = entry.subject.take().or(made);
        }
        match self.commit_for(entry, actor, decision.events).await {
            Ok(()) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Illegal(error)) => {
                tracing::error!(%error, "a command was decided against the state");
                return Err(CommandError::Stopped);
            }
        }
        if let Some(refusal) = decision.refused {
            return Err(refusal.into());
        }
        let jobs = decision
            .jobs
            .iter()
            .filter_map(|id| self.state.job(*id).cloned())
            .collect();
        let repeated = decision.jobs.first().copied().filter(|_| decision.repeated);
        Ok(Done {
            jobs,
            repeated,
            reservation,
            campaign: decision.campaign,
        })
    }
}

fn in_line(job: &Job) -> InLine<'_> {
    InLine {
        id: job.id,
        owner: &job.owner,
        class: job.spec.class,
    }
}

/// The next inventory; `None` when there will be none.
async fn changed(nodes: &mut Option<watch::Receiver<Option<Vec<Node>>>>) -> Option<Vec<Node>> {
    let Some(nodes) = nodes else {
        return std::future::pending().await;
    };
    nodes.changed().await.ok()?;
    nodes.borrow_and_update().clone()
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
