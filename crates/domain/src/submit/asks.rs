//! What is asked of nodes and GPUs, and by when: see [`Constraints`].

use jiff::Timestamp;

pub use super::turn::time;
use super::{SubmitRequest, label};
use crate::constraints::{Constraint, Constraints, names_a_model};
use crate::ids::NodeName;
use crate::memory;
use crate::refusal::Refusal;

/// As many models or nodes as one job may name.
const MAX_NAMED: usize = 1024;

/// Everything that a request asks of nodes and GPUs.
pub(super) fn constraints(request: &SubmitRequest) -> Result<Constraints, Refusal> {
    Ok(Constraints {
        gpu_models: gpu_models(&request.gpu_model)?,
        min_gpu_mem_bytes: request.gpu_mem.as_deref().map(gpu_mem).transpose()?,
        nodes: nodes(Constraint::Nodelist, &request.nodelist)?,
        exclude: nodes(Constraint::Exclude, &request.exclude)?,
        nvlink: request.nvlink,
    })
}

/// Models as words to match names with.
///
/// # Errors
/// When one is no word.
pub fn gpu_models(texts: &[String]) -> Result<Vec<String>, Refusal> {
    let field = Constraint::GpuModel.field();
    few(field, texts)?;
    let read = |text: &String| {
        let text = text.trim();
        label(field, text)?;
        if !names_a_model(text) {
            return Err(Refusal::invalid(
                field,
                format!("'{text}' is not a GPU model: write a word of its name, such as H100."),
            ));
        }
        Ok(text.to_owned())
    };
    texts.iter().map(read).collect()
}

/// An amount of memory in bytes.
///
/// # Errors
/// When it is none.
pub fn gpu_mem(text: &str) -> Result<u64, Refusal> {
    memory::parse(text)
        .map_err(|error| Refusal::invalid(Constraint::GpuMem.field(), format!("{error}.")))
}

/// A list of nodes. Whether they exist is not looked at.
///
/// # Errors
/// When a name is empty or too long.
pub fn nodes(list: Constraint, texts: &[String]) -> Result<Vec<NodeName>, Refusal> {
    few(list.field(), texts)?;
    let read = |text: &String| {
        label(list.field(), text)?;
        Ok(NodeName::from(text.trim()))
    };
    texts.iter().map(read).collect()
}

/// The time by which a job is to be done.
///
/// # Errors
/// When it is no time.
pub fn deadline(text: &str) -> Result<Timestamp, Refusal> {
    time("deadline", text)
}

fn few(field: &str, texts: &[String]) -> Result<(), Refusal> {
    if texts.len() > MAX_NAMED {
        return Err(Refusal::invalid(
            field,
            format!("{} names; at most {MAX_NAMED} are accepted.", texts.len()),
        ));
    }
    Ok(())
}
