//! The cluster page: nodes, their figures, taking them out of use, strangers, what Berth runs on.

use berth_domain::{ClusterKind, JobId, NodeName, UserName};

// the page
pub const NO_NODE_YET: &str =
    "No node has reported yet. What Berth looks for, and what it found, is below.";

// a node
pub const DRIVER: &str = "driver";
pub const RAY: &str = "Ray";
pub const ADDRESS_UNKNOWN: &str = "address unknown";
pub const LAST_SEEN: &str = " · last seen ";
pub const ANSWERS: &str = " · answers";
pub const NOT_REACHED: &str = " · not reached yet";
pub const DOES_NOT_ANSWER: &str =
    "It does not answer and gets no new jobs. What ran there is lost after the grace time.";
pub const GPUS_OF: &str = "GPUs of ";
pub const BUSY_MEMORY: &str = "Busy, memory";
pub const UUID: &str = "UUID";
pub const OUT_OF_USE: &str = "Out of use";

pub fn by(who: &UserName) -> String {
    format!("by {who}, ")
}

pub fn used_outside(gpus: &str) -> String {
    format!("{gpus} used outside the queue; as many less are leased here.")
}

// all figures of its GPUs
pub const ALL_FIGURES: &str = "All figures";

pub fn figures_of(node: &NodeName) -> String {
    format!("Figures of {node}")
}

pub const FIGURES_OF: &str = "Figures of ";
pub const OCCUPANCY: &str = "Occupancy";
pub const TENSOR: &str = "Tensor";
pub const TEMP: &str = "Temp";
pub const CLOCK: &str = "Clock";
pub const SLOWED_BY: &str = "Slowed by";
pub const PCIE: &str = "PCIe in, out";
pub const NVLINK: &str = "NVLink in, out";
pub const MEMORY_ERRORS: &str = "Memory errors";

pub fn watts_of(power: f32, limit: f32) -> String {
    format!("{power:.0} of {limit:.0} W")
}

pub const SLOWED_BY_NOTHING: &str = "nothing";

pub fn lost_and_mended(lost: u64, mended: u64) -> String {
    format!("{lost}, {mended} mended")
}

pub const USER_UNKNOWN: &str = "unknown";
pub const NO_PROCESS: &str = "none";

// strangers
pub fn left_behind(job: JobId) -> String {
    format!("left behind by job {job}")
}

pub const IGNORED: &str = "ignored: the GPU is leased all the same";
pub const NOT_LEASED: &str = "outside the queue: the GPU is not leased";

pub fn process_is_job(pid: u32, job: JobId) -> String {
    format!("Process {pid} is job {job} now.")
}

pub fn adopt_process(pid: u32) -> String {
    format!("Adopt process {pid} as a job")
}

pub const ADOPT: &str = "Adopt";

// out of use
pub const TAKE_OUT_OF_USE: &str = "Take out of use";

pub fn what_of(node: &NodeName) -> String {
    format!("What of {node}")
}

pub const ALL_OF_IT: &str = "All of it";
pub const WHY_FOR_WHOEVER_WAITS: &str = "Why, for whoever waits";
pub const REASON: &str = "Reason";
pub const CORDON_TOLD: &str = "No new jobs; what runs goes on";
pub const CORDON: &str = "Cordon";
pub const DRAIN_TOLD: &str = "No new jobs, and you wait for what runs to end";
pub const DRAIN: &str = "Drain";

pub fn uncordon_place(place: &str) -> String {
    format!("Uncordon {place}")
}

pub const UNCORDON: &str = "Uncordon";

pub fn gets_jobs_again(place: &str) -> String {
    format!("{place} gets jobs again.")
}

pub fn no_new_jobs(place: &str, drains: bool) -> String {
    let end = if drains { " to its end" } else { "" };
    format!("{place} gets no new jobs; what runs there goes on{end}.")
}

// what Berth runs on
pub const RUNS_ON: &str = "What Berth runs on";
pub const SIGNALS: &str = "Signals";

pub fn looked_for(absent: &str) -> String {
    format!("Looked for and not found: {absent}.")
}

pub fn speaks_for(per_cent: f64, kind: ClusterKind) -> String {
    format!("{per_cent:.0}% for {kind}")
}

pub fn speaks_against(per_cent: f64) -> String {
    format!("{per_cent:.0}% against")
}

pub fn would_choose(kind: ClusterKind, why: &str, per_cent: f64, same: bool) -> String {
    let anew = if same {
        ""
    } else {
        " It goes on with what it began with; restart the server to choose anew."
    };
    format!("It would choose now: {kind}, {why}, with {per_cent:.0}% confidence.{anew}")
}
