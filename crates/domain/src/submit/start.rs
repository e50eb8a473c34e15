//! How it is started and how it is told to end: the signal, processes for GPUs, a terminal.

use std::time::Duration;

use super::{SubmitRequest, size};
use crate::node::Capacity;
use crate::notice::Notice;
use crate::refusal::Refusal;

pub(super) fn notice(text: Option<&str>) -> Result<Notice, Refusal> {
    text.map_or(Ok(Notice::default()), |text| {
        text.parse()
            .map_err(|why: String| Refusal::invalid("signal", format!("{why}.")))
    })
}

/// Whether the signal comes while the job runs.
pub(crate) fn check_notice(notice: Notice, limit: Duration) -> Result<(), Refusal> {
    match notice.ahead {
        Some(ahead) if ahead >= limit => Err(Refusal::invalid(
            "signal",
            format!(
                "The signal would come {} s before the end of a job that may run {} s: use less, \
                 or a longer time limit.",
                ahead.as_secs(),
                limit.as_secs()
            ),
        )),
        _ => Ok(()),
    }
}

/// What fits together only with other fields. What is wrong with those is said there.
pub(super) fn start(request: &SubmitRequest, cluster: Capacity) -> Result<(), Refusal> {
    let notice = notice(request.signal.as_deref())?;
    if let Ok(limit) = request.limit() {
        check_notice(notice, limit)?;
    }
    if !request.interactive {
        return Ok(());
    }
    let refuse = |message: &str| Err(Refusal::invalid("interactive", message));
    if size(request.nodes, request.gpus, cluster).is_ok_and(|(nodes, _)| nodes > 1) {
        return refuse(
            "An interactive job has one terminal on one node: ask for one node, or submit the \
             command as a job.",
        );
    }
    if request.per_gpu {
        return refuse(
            "An interactive job has one terminal: it cannot be started once for each GPU.",
        );
    }
    if request.array.is_some() || !request.sweep.is_empty() {
        return refuse(
            "An interactive job has one terminal: submit an array or a sweep without it.",
        );
    }
    Ok(())
}
