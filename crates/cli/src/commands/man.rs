//! `berth man`: a manual page for each verb.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  berth man ~/.local/share/man/man1
  man berth-submit";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A folder of your MANPATH.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Other(format!(
            "The pages cannot be written into {}: {error}.",
            args.folder.display()
        ))
    };
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)?;
    output::print(&format!(
        "The manual pages are in {}: man berth, man berth-submit and so on.",
        args.folder.display()
    ))
}
