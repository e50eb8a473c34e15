//! The errors that the driver tells of as they happen (Xid), heard by an event set on a thread of its
//! own.

use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use berth_domain::{Figure, GpuSample};
use nvml_wrapper::Device;
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::error::NvmlError;

use super::Library;
use super::lane::{Silence, lock};

/// How long the driver is waited for at a time, in milliseconds. How soon an error is heard does not
/// depend on it.
const WAIT_MS: u32 = 1000;
/// After a failure, before the next try.
const PAUSE: Duration = Duration::from_secs(5);
/// What nobody asked for; older ones are forgotten.
const KEPT: usize = 64;
/// What the driver says where it does not know the number.
const UNKNOWN: u32 = 999;

#[derive(Debug)]
pub(super) struct Errors {
    heard: Mutex<Heard>,
    patience: Duration,
}

#[derive(Debug)]
struct Heard {
    xids: Vec<u32>,
    /// Why nothing is heard.
    problem: Option<String>,
    /// When the driver last let the thread go.
    at: Instant,
}

impl Errors {
    /// Listens as long as the result is kept.
    pub(super) fn watch(
        nvml: Library,
        device: Arc<Device<'static>>,
        patience: Duration,
    ) -> Arc<Self> {
        let errors = Arc::new(Errors {
            heard: Mutex::new(Heard {
                xids: vec![],
                problem: None,
                at: Instant::now(),
            }),
            patience,
        });
        let own = Arc::downgrade(&errors);
        let started = std::thread::Builder::new()
            .name("berth-xid".to_owned())
            .spawn(move || listen(nvml, &device, &own));
        if let Err(error) = started {
            lock(&errors.heard).problem = Some(error.to_string());
        }
        errors
    }

    /// Adds what happened since the last time, or why that is not known.
    pub(super) fn tell(&self, sample: &mut GpuSample) {
        let mut heard = lock(&self.heard);
        sample.xids = std::mem::take(&mut heard.xids);
        let silent = heard.at.elapsed();
        let overdue = Duration::from_millis(WAIT_MS.into()) + 2 * self.patience;
        let why = match &heard.problem {
            Some(problem) => problem.clone(),
            None if silent > overdue => Silence::Hangs(silent).to_string(),
            None => return,
        };
        sample.why.insert(Figure::Xid, why);
    }
}

fn listen(nvml: Library, device: &Device<'static>, errors: &Weak<Errors>) {
    while let Err(error) = hear(nvml, device, errors) {
        let for_good = matches!(
            error,
            NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_)
        );
        let Some(errors) = errors.upgrade() else {
            return;
        };
        let mut heard = lock(&errors.heard);
        heard.problem = Some(Silence::Refused(error).to_string());
        heard.at = Instant::now();
        drop(heard);
        drop(errors);
        if for_good {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Returns when nobody wants to know any more.
fn hear(nvml: Library, device: &Device<'static>, errors: &Weak<Errors>) -> Result<(), NvmlError> {
    if let Err(error) = &nvml.lib().nvmlEventSetFree {
        // Letting go of the set would panic.
        return Err(NvmlError::FailedToLoadSymbol(error.to_string()));
    }
    let set = nvml.create_event_set()?;
    let set = device.register_events(EventTypes::CRITICAL_XID_ERROR, set);
    let set = set.map_err(|error| error.error)?;
    loop {
        let event = set.wait(WAIT_MS);
        let Some(errors) = errors.upgrade() else {
            return Ok(());
        };
        let mut heard = lock(&errors.heard);
        heard.at = Instant::now();
        heard.problem = None;
        match event {
            Ok(event) => heard.xids.extend(event.event_data.as_ref().map(number)),
            Err(NvmlError::Timeout) => {}
            Err(error) => return Err(error),
        }
        let surplus = heard.xids.len().saturating_sub(KEPT);
        heard.xids.drain(..surplus);
    }
}

fn number(xid: &XidError) -> u32 {
    match xid {
        XidError::Value(number) => u32::try_from(*number).unwrap_or(UNKNOWN),
        XidError::Unknown => UNKNOWN,
    }
}
