//! The files of a run folder.

use crate::format;

pub const FILES: &str = "Files";
pub const FOLDERS: &str = "Folders";
pub const NOTHING_WRITTEN: &str =
    "The job wrote nothing into its run folder, which it finds as BERTH_RUN_DIR.";
pub const FOLDER_EMPTY: &str = "The folder is empty.";
pub const LEADS_OUT: &str = " (leads out of the run folder)";
pub const NO_FILE: &str = " (no file)";
pub const NO_TEXT: &str = "It is no text. Download it to open it.";
pub const FILE_EMPTY: &str = "The file is empty.";
pub const BEGINNING: &str = "This is the beginning. The download has all of it.";

pub fn download(name: &str) -> String {
    format!("Download {name}")
}

pub fn not_listed(names: u64) -> String {
    format!("{} more are not listed.", format::count(names, "name"))
}
