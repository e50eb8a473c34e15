//! The NVIDIA driver's library (NVML), asked on a thread of its own: a call that hangs, as they do
//! on a GPU that fell off the bus, holds up that thread and nobody else.

mod read;

use std::ffi::OsString;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use berth_domain::GpuSample;
use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;
use tokio::sync::oneshot;

use self::read::Reader;
use crate::inventory::InventoryError;
use crate::local::Hardware;

/// What takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// What drivers install. Without the 1 it is only there with the developers' package.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// Asks the driver. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    library: OsString,
    patience: Duration,
    /// Held by who asks: others wait behind, within their own patience.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// To the thread; `None` before the first question, and after the library could not be loaded.
    thread: Arc<Mutex<Thread>>,
}

type Thread = Option<SyncSender<Question>>;

#[derive(Debug)]
enum Question {
    Hardware(Reply<Hardware>),
    Samples(Reply<Vec<GpuSample>>),
}

type Reply<T> = oneshot::Sender<Result<T, InventoryError>>;

impl Driver {
    /// `library`: another file than the one that drivers install.
    pub(crate) fn new(library: Option<OsString>) -> Self {
        Driver {
            library: library.unwrap_or_else(|| LIBRARY.into()),
            patience: PATIENCE,
            turn: Arc::default(),
            thread: Arc::default(),
        }
    }

    /// The same, but giving up earlier.
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Driver { patience, ..self }
    }

    pub(crate) async fn hardware(&self) -> Result<Hardware, InventoryError> {
        self.ask(Question::Hardware).await
    }

    /// One sample of each GPU.
    pub(crate) async fn samples(&self) -> Result<Vec<GpuSample>, InventoryError> {
        self.ask(Question::Samples).await
    }

    async fn ask<T>(&self, question: impl Fn(Reply<T>) -> Question) -> Result<T, InventoryError> {
        let hangs = || InventoryError::DriverHangs(self.patience.as_secs_f32());
        let asked = async {
            let _turn = self.turn.lock().await;
            let (reply, answer) = oneshot::channel();
            self.send(question(reply)).ok_or_else(hangs)??;
            // It fails when the thread ended in the middle of it.
            answer
                .await
                .unwrap_or_else(|_| Err(InventoryError::Driver("it ended".to_owned())))
        };
        tokio::time::timeout(self.patience, asked)
            .await
            .unwrap_or_else(|_| Err(hangs()))
    }

    /// Hands the question to the thread, starting one if there is none. `None`: it still is at an
    /// earlier question.
    fn send(&self, mut question: Question) -> Option<Result<(), InventoryError>> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(questions) = &*thread {
            match questions.try_send(question) {
                Ok(()) => return Some(Ok(())),
                Err(TrySendError::Full(_)) => return None,
                Err(TrySendError::Disconnected(back)) => question = back,
            }
        }
        let (questions, inbox) = sync_channel(1);
        let library = self.library.clone();
        let own = Arc::downgrade(&self.thread);
        let started = std::thread::Builder::new()
            .name("berth-nvml".to_owned())
            .spawn(move || run(&library, &inbox, &own));
        if let Err(error) = started {
            return Some(Err(InventoryError::Driver(error.to_string())));
        }
        // It has room for one.
        let _ = questions.try_send(question);
        *thread = Some(questions);
        Some(Ok(()))
    }
}

/// The thread: loads the library and answers until nobody asks any more. It ends at once if the
/// library cannot be used, and the next question starts another.
fn run(library: &OsString, questions: &Receiver<Question>, own: &Weak<Mutex<Thread>>) {
    let nvml = match Nvml::builder().lib_path(library).init() {
        Ok(nvml) => nvml,
        Err(error) => {
            if let Some(own) = own.upgrade() {
                *own.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            // No more come now.
            while let Ok(question) = questions.recv() {
                question.fail(unusable(library, &error));
            }
            return;
        }
    };
    let mut reader = Reader::new(&nvml);
    while let Ok(question) = questions.recv() {
        // Nobody waits any more when it took too long.
        match question {
            Question::Hardware(reply) => {
                let _ = reply.send(reader.hardware().map_err(refused));
            }
            Question::Samples(reply) => {
                let _ = reply.send(reader.samples().map_err(refused));
            }
        }
    }
}

impl Question {
    fn fail(self, error: InventoryError) {
        match self {
            Question::Hardware(reply) => drop(reply.send(Err(error))),
            Question::Samples(reply) => drop(reply.send(Err(error))),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn refused(error: NvmlError) -> InventoryError {
    InventoryError::Driver(error.to_string())
}

fn unusable(library: &OsString, error: &NvmlError) -> InventoryError {
    match error {
        NvmlError::LibloadingError(_) => {
            InventoryError::NoDriver(library.to_string_lossy().into_owned())
        }
        other => InventoryError::Driver(other.to_string()),
    }
}
