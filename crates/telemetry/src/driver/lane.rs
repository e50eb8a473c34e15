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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A call that does not come back before the other end is dropped, and how often it was made.
    #[derive(Clone, Debug)]
    struct Slow {
        held: Arc<Mutex<Receiver<()>>>,
        made: Arc<AtomicU32>,
    }

    impl Slow {
        fn new() -> (Sender<()>, Self) {
            let (release, held) = channel();
            let slow = Slow {
                held: Arc::new(Mutex::new(held)),
                made: Arc::default(),
            };
            (release, slow)
        }

        async fn ask(&self, lane: &Lane) -> (Result<u32, Silence>, Result<u32, Silence>) {
            let slow = self.clone();
            let job = move |desk: &Desk| {
                let call = || {
                    let made = slow.made.fetch_add(1, Ordering::SeqCst) + 1;
                    let _ = lock(&slow.held).recv();
                    Ok(made)
                };
                (desk.call("slow", call), desk.call("quick", || Ok(7)))
            };
            lane.ask(job).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_call_that_hangs_is_made_once_until_it_comes_back() {
        let lane = Lane::new(Duration::from_millis(40));
        let (release, slow) = Slow::new();
        for _ in 0..5 {
            let found = slow.ask(&lane).await;
            assert!(
                matches!(found, (Err(Silence::Hangs(_)), Ok(7))),
                "{found:?}"
            );
        }
        assert_eq!(slow.made.load(Ordering::SeqCst), 1);
        drop(release);
        // What it said is not wanted any more; it is asked again.
        while slow.ask(&lane).await.0.is_err() {}
        assert!(slow.made.load(Ordering::SeqCst) >= 2);
    }

    #[tokio::test]
    async fn a_job_whose_asker_went_away_holds_up_the_next_for_as_long_as_a_call_may_take() {
        let lane = Lane::new(Duration::from_millis(40));
        let (release, slow) = Slow::new();
        let gone = tokio::time::timeout(Duration::from_millis(1), slow.ask(&lane)).await;
        assert!(gone.is_err());
        let quick = |desk: &Desk| desk.call("quick", || Ok(8));
        assert!(matches!(lane.ask(quick).await, Some(Ok(8))));
        drop(release);
    }

    #[tokio::test]
    async fn a_thread_that_ended_is_replaced() {
        let lane = Lane::new(Duration::from_secs(60));
        let times = Arc::new(AtomicU32::new(0));
        let job = move |_: &Desk| {
            let time = times.fetch_add(1, Ordering::SeqCst);
            assert!(time > 0, "the first time it ends");
            time
        };
        assert_eq!(lane.ask(job).await, Some(1));
    }

    #[test]
    fn reasons_are_words_for_people() {
        let hangs = |seconds| Silence::Hangs(Duration::from_millis(seconds)).to_string();
        assert_eq!(hangs(200), "the driver has not answered for 1 s");
        assert_eq!(hangs(31_900), "the driver has not answered for 31 s");
        let lacks = NvmlError::FailedToLoadSymbol("/lib: undefined symbol".to_owned());
        let lacks = Silence::Refused(lacks).to_string();
        assert_eq!(lacks, "the installed driver does not offer it");
    }
}
