//! Small pieces of sentences.

use std::time::Duration;

use berth_domain::Job;

/// `job 17 (train, ana)`.
pub(crate) fn job(job: &Job) -> String {
    format!("job {} ({}, {})", job.id, job.spec.name, job.owner)
}

/// `22 min`, `3 h`.
pub(crate) fn span(lasts: Duration) -> String {
    let minutes = lasts.as_secs() / 60;
    match minutes {
        0 => format!("{} s", lasts.as_secs()),
        1..120 => format!("{minutes} min"),
        _ => format!("{} h", minutes / 60),
    }
}

/// `1 GPU`, `all 8 GPUs`, `2 of 8 GPUs`.
pub(crate) fn of_gpus(some: usize, all: usize) -> String {
    match (some, all) {
        (1, 1) => "1 GPU".to_owned(),
        _ if some == all => format!("all {all} GPUs"),
        _ => format!("{some} of {all} GPUs"),
    }
}

/// With a capital.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
