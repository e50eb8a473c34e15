//! GPUs and nodes as they are drawn: what a colour means, what a tile says.

use berth_domain::{JobId, NodeName, UserName};

// the switch of the colours
pub const USER: &str = "User";
pub const JOB: &str = "Job";
pub const PROJECT: &str = "Project";
pub const BUSY: &str = "Busy";
pub const HEAT: &str = "Heat";
pub const IDLE: &str = "Idle";
pub const USER_LEGEND: &str = "A colour for each user.";
pub const JOB_LEGEND: &str = "A colour for each job.";
pub const PROJECT_LEGEND: &str = "A colour for each project; jobs without one have none.";
pub const BUSY_LEGEND: &str = "The stronger the colour, the busier: from 0 to 100%.";
pub const HEAT_LEGEND: &str = "The stronger the colour, the warmer: from 30 to 90 °C.";
pub const IDLE_LEGEND: &str = "Marked: GPUs that are held and at most 5% busy.";
pub const IDLE_TILE: &str = "idle";
pub const COLOUR_BY: &str = "Colour GPUs by";

// a node
pub const SIMULATED: &str = "simulated";

pub fn by(who: &UserName) -> String {
    format!("by {who}")
}

pub const DOES_NOT_ANSWER: &str = "does not answer; gets no new jobs";
pub const USED_OUTSIDE: &str = " used outside the queue";
pub const COUNT_ALLOCATED: &str = " allocated";
pub const SEVERAL_MODELS: &str = "several models";

// a tile
pub fn cordoned(reason: &str) -> String {
    format!("Cordoned: {reason}")
}

pub const ON_SEVERAL_NODES: &str = "Runs on several nodes";
pub const CORDONED: &str = "cordoned";
pub const FREE: &str = "free";

pub fn foreign_of(user: &str) -> String {
    format!("foreign: {user}")
}

pub const FOREIGN: &str = "foreign";
pub const NOT_REPORTED: &str = "not reported";

// all of a GPU, for a hover
pub fn held_by(id: JobId, name: &str, user: &UserName) -> String {
    format!("job {id} {name} of {user}")
}

pub const NO_JOB: &str = "no job";

pub fn cordoned_by(by: &UserName, reason: &str) -> String {
    format!("\ncordoned by {by}: {reason}")
}

pub const BUSY_UNKNOWN: &str = "busy unknown";

pub fn busy(v: f32) -> String {
    format!("{v:.0}% busy")
}

pub fn working(v: f32) -> String {
    format!(" ({v:.0}% working)")
}

pub fn outside_the_queue(process: &str) -> String {
    format!("\noutside the queue: {process}")
}

pub const MEMORY_UNKNOWN: &str = "memory unknown";

pub fn memory(used: &str, total: &str) -> String {
    format!("{used} of {total} GiB")
}

pub fn gpu(index: u32) -> String {
    format!("GPU {index}")
}

// how many a job asks for
pub const NO_GPU: &str = "no GPU";

pub fn gpus_on_nodes(n: u32, nodes: u32) -> String {
    format!("{n} GPUs on {nodes} nodes")
}

pub const HELD: &str = " held";

pub fn gpus_of(node: &NodeName) -> String {
    format!("GPUs of {node}")
}
