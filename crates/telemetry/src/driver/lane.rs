//! A thread that makes calls into the driver's library, one after another. One that does not come
//! back, as they do on a GPU that fell off the bus, is left alone with its thread: another takes its
//! place, and goes without that call until it has come back. So a thread is lost at most once for
//! each function.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nvml_wrapper::error::NvmlError;
use tokio::sync::oneshot;

/// As the library names it.
pub(super) type Function = &'static str;

/// More than there are functions that a job calls.
const TRIES: usize = 64;

/// Why a call said nothing.
#[derive(Debug)]
pub(super) enum Silence {
    Refused(NvmlError),
    /// An earlier call is still away, for so long.
    Hangs(Duration),
    /// It came back after its thread was given up: nobody wants to know any more.
    GivenUp,
    /// It was not called, because of this.
    NotAsked(&'static str),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It says so with the library's path and the linker's words.
            Silence::Refused(NvmlError::FailedToLoadSymbol(_)) => {
                f.write_str("the installed driver does not offer it")
            }
            Silence::Refused(error) => error.fmt(f),
            Silence::Hangs(since) => {
                write!(
                    f,
                    "the driver has not answered for {} s",
                    since.as_secs().max(1)
                )
            }
            Silence::GivenUp => f.write_str("the driver answered too late"),
            Silence::NotAsked(why) => f.write_str(why),
        }
    }
}

type Job = Box<dyn FnOnce(&Desk) + Send>;

#[derive(Debug)]
pub(super) struct Lane {
    patience: Duration,
    /// One job at a time.
    turn: tokio::sync::Mutex<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// To the thread that works now, and how many there were.
    jobs: Option<Sender<Job>>,
    worker: u64,
    /// What it is at, and since when.
    at: Option<(Function, Instant)>,
    /// What has not come back.
    away: BTreeMap<Function, Instant>,
}

impl Lane {
    /// `patience`: a call that takes longer hangs.
    pub(super) fn new(patience: Duration) -> Self {
        Lane {
            patience,
            turn: tokio::sync::Mutex::default(),
            state: Arc::default(),
        }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Does the job, again without the calls that hang if there are any. `None` only where no thread
    /// can be had.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl Fn(&Desk) -> T + Clone + Send + 'static,
    ) -> Option<T> {
        let _turn = self.turn.lock().await;
        for _ in 0..TRIES {
            let found = self.once(job.clone()).await;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// `None`: a call in it did not come back, and is left out from now on.
    async fn once<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Desk) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, mut answer) = oneshot::channel();
        self.send(Box::new(move |desk| drop(reply.send(job(desk)))));
        loop {
            match tokio::time::timeout(self.patience / 8, &mut answer).await {
                Ok(answer) => return answer.ok(),
                Err(_) if self.give_up() => return None,
                Err(_) => {}
            }
        }
    }

    /// To the thread, or a new one where there is none. Where none can be had the job is dropped,
    /// which its asker sees.
    fn send(&self, job: Job) {
        let mut state = lock(&self.state);
        let job = match &state.jobs {
            Some(jobs) => match jobs.send(job) {
                Ok(()) => return,
                Err(SendError(job)) => job,
            },
            None => job,
        };
        state.worker += 1;
        state.at = None;
        let desk = Desk {
            worker: state.worker,
            state: self.state.clone(),
        };
        let (jobs, inbox) = channel();
        // There is room for any number.
        let _ = jobs.send(job);
        state.jobs = Some(jobs);
        let started = std::thread::Builder::new()
            .name("berth-nvml".to_owned())
            .spawn(move || desk.work(&inbox));
        if let Err(error) = started {
            tracing::warn!(%error, "no thread for the NVIDIA driver");
            state.jobs = None;
        }
    }

    /// Leaves the thread alone if its call is overdue.
    fn give_up(&self) -> bool {
        let mut state = lock(&self.state);
        let Some((function, since)) = state.at else {
            return false;
        };
        // One that hangs is seldom the only one.
        let patience = match state.away.len() {
            0 => self.patience,
            _ => self.patience / 8,
        };
        if since.elapsed() < patience {
            return false;
        }
        state.away.insert(function, since);
        state.at = None;
        state.worker += 1;
        state.jobs = None;
        true
    }
}

impl Drop for Lane {
    /// Lets the thread end.
    fn drop(&mut self) {
        lock(&self.state).jobs = None;
    }
}

/// Where a thread makes its calls.
#[derive(Debug)]
pub(super) struct Desk {
    worker: u64,
    state: Arc<Mutex<State>>,
}

impl Desk {
    /// Makes this call, unless an earlier one of the function is still away.
    pub(super) fn call<T>(
        &self,
        function: Function,
        call: impl FnOnce() -> Result<T, NvmlError>,
    ) -> Result<T, Silence> {
        {
            let mut state = lock(&self.state);
            if state.worker != self.worker {
                return Err(Silence::GivenUp);
            }
            if let Some(since) = state.away.get(function) {
                return Err(Silence::Hangs(since.elapsed()));
            }
            state.at = Some((function, Instant::now()));
        }
        let answer = call();
        // Taken after, hence let go before the answer is dropped, which may call the library again.
        let mut state = lock(&self.state);
        if state.worker != self.worker {
            state.away.remove(function);
            return Err(Silence::GivenUp);
        }
        state.at = None;
        answer.map_err(Silence::Refused)
    }

    /// Refuses as [`call`](Self::call) would where this function is away.
    pub(super) fn is_away(&self, function: Function) -> Result<(), Silence> {
        match lock(&self.state).away.get(function) {
            Some(since) => Err(Silence::Hangs(since.elapsed())),
            None => Ok(()),
        }
    }

    /// Whether another thread has taken over.
    pub(super) fn is_given_up(&self) -> bool {
        lock(&self.state).worker != self.worker
    }

    fn work(self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            job(&self);
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
