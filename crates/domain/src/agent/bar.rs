//! Why a mandate does not allow something: one sentence each.

use serde::{Deserialize, Serialize};

use super::act::Action;
use super::card::CardId;
use super::mandate::Hours;
use crate::campaign::CampaignId;
use crate::ids::{JobId, UserName};
use crate::sentence::{dollars, gpu_hours};
use crate::spec::PriorityClass;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "bar", rename_all = "snake_case")]
pub enum Bar {
    #[error("{by} stopped it: {why}. `berth agent resume` lets it go on")]
    Stopped { by: UserName, why: String },
    #[error("there is no such agent any more")]
    Unknown,
    #[error("its mandate does not allow to {action}")]
    Action { action: Action },
    #[error("no agent may do this; a person can")]
    Never,
    #[error("job {job} was not submitted by it, and its mandate is for its own jobs")]
    OthersJob { job: JobId },
    #[error("campaign {campaign} was not started by it, and its mandate is for its own")]
    OthersCampaign { campaign: CampaignId },
    #[error(
        "it would need {} and has {} left of {}",
        gpu_hours(*wanted_s),
        gpu_hours(*left_s),
        gpu_hours(*of_s)
    )]
    Budget {
        wanted_s: u64,
        left_s: u64,
        of_s: u64,
    },
    #[error(
        "it has spent {} of the {} that it may spend on language models. `berth agent create NAME \
         --model-budget DOLLARS` allows more",
        dollars(*used_micros),
        dollars(*of_micros)
    )]
    ModelBudget { used_micros: u64, of_micros: u64 },
    #[error(
        "its jobs would ask for {wanted} GPUs together, and it may have {most} at once. Wait until one \
         of them ends"
    )]
    AtOnce { wanted: u32, most: u32 },
    #[error("it has had {most} trials, and may have no more")]
    Trials { most: u32 },
    #[error("{most} of its trials wait or run, and it may have no more at once")]
    TrialsAtOnce { most: u32 },
    #[error("{by} paused it: {why}. `berth campaign resume` lets it go on")]
    Paused { by: UserName, why: String },
    #[error(
        "it submitted {done} jobs within the last hour, and {wanted} more would be above {most}"
    )]
    PerHour { done: u32, wanted: u32, most: u32 },
    #[error("it may act from {hours}, and it is not that time")]
    Hours { hours: Hours },
    #[error("class {class} can take GPUs from others' jobs, and it may not preempt")]
    Preempts { class: PriorityClass },
    #[error("it may submit to {}, not to {}", .allowed.join(", "), project.as_deref().unwrap_or("no project"))]
    Project {
        project: Option<String>,
        allowed: Vec<String>,
    },
    #[error("the command `{command}` is none of those that it may run")]
    Command { command: String },
    #[error("it may not set the variable {name} of this command")]
    Env { name: String },
    #[error("this command runs in {}, nowhere else", workdir.as_deref().unwrap_or("the job's own folder"))]
    Workdir { workdir: Option<String> },
    #[error("it may not bring its own files: they are part of the command")]
    Files,
    #[error(
        "a person has to approve it first: card {card} waits for {asks}. `berth agent approve {card}`"
    )]
    Approval { card: CardId, asks: UserName },
    #[error("it was refused {times} times within an hour, so it was stopped")]
    TooManyRefusals { times: u32 },
}
