//! `berth slurm links`: Slurm's names for this program.

use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::ExitCode;

use super::Name;
use crate::failure::Failure;
use crate::output;

pub fn run(folder: &Path, force: bool) -> Result<ExitCode, Failure> {
    let failed = |what: &Path, error: io::Error| {
        Failure::Other(format!("{} cannot be made: {error}.", what.display()))
    };
    let program = std::env::current_exe()
        .map_err(|error| Failure::Other(format!("Where this program is is not known: {error}.")))?;
    if let Some(other) = slurm_here(&program).filter(|_| !force) {
        return Err(Failure::Other(format!(
            "Slurm is installed here ({}); links would hide one of the two. --force makes them all the \
             same; `berth slurm squeue` works without.",
            other.display()
        )));
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for name in Name::ALL {
        let link = folder.join(name.as_str());
        if link.read_link().is_ok_and(|target| target == program) {
            continue;
        }
        // Another Berth's link is replaced, anything else is somebody's.
        if link
            .read_link()
            .is_ok_and(|target| target.ends_with("berth"))
        {
            std::fs::remove_file(&link).map_err(|error| failed(&link, error))?;
        }
        symlink(&program, &link).map_err(|error| failed(&link, error))?;
    }
    output::print(&format!(
        "{} in {} are {}.\n",
        Name::ALL.map(Name::as_str).join(", "),
        folder.display(),
        program.display()
    ))?;
    if !on_path(folder) {
        output::note(&format!("{} is not on your PATH.", folder.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// A command of Slurm that is not this program.
fn slurm_here(program: &Path) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join("sbatch"));
    let mut found = found.filter(|file| file.is_file());
    found.find(|file| {
        let real = std::fs::canonicalize(file);
        real.is_ok_and(|real| real != program && !real.ends_with("berth"))
    })
}

fn on_path(folder: &Path) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = |folder: &Path| std::fs::canonicalize(folder).ok();
    std::env::split_paths(&path).any(|one| real(&one) == real(folder))
}
