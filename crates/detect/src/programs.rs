//! Which programs are here, and which run.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The first of the path's folders with this program. What `berth slurm links` made is our own CLI under
/// a name of Slurm's.
pub(crate) fn folder_of(program: &str, path: &OsStr) -> Option<PathBuf> {
    let executable = |folder: &PathBuf| {
        let file = folder.join(program);
        let found = fs::metadata(&file);
        let ours = fs::canonicalize(&file).is_ok_and(|file| file.ends_with("berth"));
        !ours && found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path).find(executable)
}

/// Which of these run on this host. `proc` is `/proc`.
pub(crate) fn running<'a>(names: &[&'a str], proc: &Path) -> Vec<&'a str> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let comm = entries.filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok());
    let running: Vec<String> = comm.map(|name| name.trim().to_owned()).collect();
    let runs = |name: &&&str| running.iter().any(|one| one == **name);
    names.iter().filter(runs).copied().collect()
}
