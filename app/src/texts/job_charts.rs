//! What the GPUs of a job did over its life.

pub const GPUS_OVER_ITS_LIFE: &str = "GPUs over its life";
pub const WHICH_GPUS: &str = "Which GPUs";

pub fn all(count: usize) -> String {
    format!("All {count}")
}

pub const NOTHING_OBSERVED: &str = "Nothing was observed of its GPUs.";

pub fn each_step(lasts: &str) -> String {
    format!(
        "Each step is {lasts}: a line for the mean, a band from the least to the most. Point at \
         it, or use the arrow keys, to read a step."
    )
}

pub const AS_A_TABLE: &str = "As a table";
pub const UNIT_GPUS: &str = " GPUs";
pub const TEMPERATURE: &str = "Temperature";

// one of them
pub fn least_to_most(least: &str, most: &str) -> String {
    format!(" {least} to {most}")
}

pub const NONE_OBSERVED: &str = "Nothing was observed";

pub fn over_the_life(name: &str) -> String {
    format!("{name} over the life of the job")
}

pub const NOT_REPORTED: &str = "Not known: its GPUs did not report it.";

pub fn band(mean: &str, unit: &str, least: &str, most: &str) -> String {
    format!("{mean}{unit} ({least} to {most})")
}

// as a table
pub const AS_A_TABLE_TOLD: &str = "GPUs over its life, as a table";
