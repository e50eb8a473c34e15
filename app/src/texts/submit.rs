//! The submit form: its fields and what it says while it is typed.

pub const RUNS_IN_A_SHELL: &str = "Runs in a shell: ";
pub const RUNS: &str = "Runs: ";
pub const GPUS_AND_WHEN_FREE: &str = "GPUs, and when so many are free";

pub fn would_start(range: &str) -> String {
    format!("Would start {range}.")
}

pub const WOULD_START_NOW: &str = "Would start now.";
pub const TIME_LIMIT_HINT: &str =
    "Ended after this: 30m, 6h, 2d. Empty is 24 h. A shorter one may start sooner.";
pub const CLASS_LAST: &str = " (last)";
pub const CLASS_HIGH: &str = " (before normal)";
pub const CLASS_CRITICAL: &str = " (first; leads and admins only)";
pub const CLASS_HINT: &str = "A higher class starts before a lower one.";
pub const NAME_HINT: &str = "Empty is the program's name.";

// more
pub const MORE: &str = "More";
pub const NODES_HINT: &str = "Given, the GPUs above are on each node.";
pub const FOLDER_HINT: &str = "Absolute, on the nodes. Empty is the job's own run folder.";
pub const UPLOADED_FOLDER: &str = "Uploaded folder";
pub const UPLOADED_FOLDER_HINT: &str =
    "Instead of a folder there: the sha256 that berth submit --upload told.";
pub const ENVIRONMENT_HINT: &str = "One NAME=VALUE a line.";
pub const AFTER_HINT: &str = "Job numbers: 17 waits for its success, afterany:18 for its end.";
pub const NOT_BEFORE_HINT: &str = "A time with its zone.";
pub const DEADLINE_HINT: &str =
    "When it is to be done, with its zone. It rises in its class while it can make it.";
pub const GPU_MODEL: &str = "GPU model";
pub const GPU_MODEL_HINT: &str = "A word of its name; one of several with commas.";
pub const GPU_MEMORY: &str = "GPU memory";
pub const GPU_MEMORY_HINT: &str = "At least so much on each GPU: 80G, 40GiB.";
pub const ONLY_ON_NODES: &str = "Only on nodes";
pub const ONLY_ON_NODES_HINT: &str = "On these nodes and no others.";
pub const NOT_ON_NODES: &str = "Not on nodes";
pub const ONE_ISLAND: &str = "One NVLink island";
pub const ONE_ISLAND_HINT: &str = "All its GPUs on a node reach each other through NVLink.";
pub const ARRAY: &str = "Array";
pub const ARRAY_HINT: &str = "One task a number; %4 for four at once.";
pub const RETRIES_HINT: &str = "So often it is tried again when it fails.";
pub const PER_GPU: &str = "One process for each GPU";
pub const PER_GPU_HINT: &str = "The command runs once for each GPU, with RANK, LOCAL_RANK and \
    WORLD_SIZE. torchrun does that by itself.";
pub const SIGNAL: &str = "Signal to save";
pub const SIGNAL_HINT: &str = "Sent before it is stopped for its time limit or another job. @60 \
    is 60 seconds before the limit.";
pub const PREEMPTIBLE_HINT: &str =
    "May be told to save and stop so that others start sooner, and goes on later.";
pub const HOLD_HINT: &str = "Is submitted, but waits until you release it.";

// the button
pub const SUBMITTING: &str = "Submitting";
