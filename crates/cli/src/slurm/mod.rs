//! Slurm's commands: what their flags and scripts mean to Berth, and its answers as Slurm writes them.
//! They are there as `berth slurm sbatch …`, and under their own names where `berth` is called by one.

mod args;
mod change;
mod dependency;
mod directives;
mod dropped;
mod exclusive;
mod export;
mod flags;
mod format;
mod hostlist;
mod ids;
mod indices;
mod links;
mod rows;
mod sacct;
mod salloc;
mod sbatch;
mod scancel;
mod scontrol;
mod sinfo;
mod size;
mod squeue;
mod srun;
mod sshare;
mod states;
mod step;
mod submit;
mod times;
mod translate;

pub use self::args::{Args, run};
use std::ffi::OsStr;
use std::path::Path;

/// Slurm's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Sbatch,
    Srun,
    Salloc,
    Squeue,
    Scancel,
    Sinfo,
    Sacct,
    Scontrol,
    Sshare,
}

impl Name {
    pub const ALL: [Name; 9] = [
        Name::Sbatch,
        Name::Srun,
        Name::Salloc,
        Name::Squeue,
        Name::Scancel,
        Name::Sinfo,
        Name::Sacct,
        Name::Scontrol,
        Name::Sshare,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Name::Sbatch => "sbatch",
            Name::Srun => "srun",
            Name::Salloc => "salloc",
            Name::Squeue => "squeue",
            Name::Scancel => "scancel",
            Name::Sinfo => "sinfo",
            Name::Sacct => "sacct",
            Name::Scontrol => "scontrol",
            Name::Sshare => "sshare",
        }
    }
}

/// Slurm's command that this program was called as.
pub fn called_as(program: &OsStr) -> Option<Name> {
    let name = Path::new(program).file_name()?;
    Name::ALL.into_iter().find(|known| *name == *known.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_flags_of_a_command_are_the_same() {
        use clap::CommandFactory;
        sbatch::Args::command().debug_assert();
        srun::Args::command().debug_assert();
        salloc::Args::command().debug_assert();
        squeue::Args::command().debug_assert();
        scancel::Args::command().debug_assert();
        sinfo::Args::command().debug_assert();
        sacct::Args::command().debug_assert();
        scontrol::Args::command().debug_assert();
        sshare::Args::command().debug_assert();
    }

    #[test]
    fn a_link_is_known_by_its_name() {
        assert_eq!(
            called_as("/home/ana/bin/sbatch".as_ref()),
            Some(Name::Sbatch)
        );
        assert_eq!(called_as("srun".as_ref()), Some(Name::Srun));
        assert_eq!(called_as("/usr/bin/berth".as_ref()), None);
        assert_eq!(called_as("".as_ref()), None);
    }
}
