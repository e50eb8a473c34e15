//! Finds what a test's jobs left running.

use std::path::Path;

/// Processes whose environment names this folder's jobs, in whatever namespace they are.
pub fn left(dir: &Path) -> Vec<u32> {
    let mark = format!("BERTH_RUN={}", dir.display()).into_bytes();
    let marked = |pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.windows(mark.len()).any(|part| part == mark)
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(marked)
        .collect()
}
