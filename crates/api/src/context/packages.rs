//! Uploaded folders, by the sha256 of their archive.

use std::fs::File;
use std::path::PathBuf;
use std::time::SystemTime;

use berth_domain::submit::is_package;
use berth_executors::layout;

use super::Context;
use crate::ApiError;

impl Context {
    /// Where the package is, or is to be.
    ///
    /// # Errors
    /// When that is not a sha256.
    pub fn package(&self, sha256: &str) -> Result<PathBuf, ApiError> {
        if !is_package(sha256) {
            let why = "A package is named by its sha256: 64 digits of 0-9 and a-f.";
            return Err(ApiError::invalid("package", why));
        }
        Ok(layout::package(&self.state.data_dir, sha256))
    }

    /// Whether a job's package was uploaded; a wrong name is refused elsewhere.
    pub(crate) fn package_is_here(&self, sha256: Option<&str>) -> Result<(), ApiError> {
        let Some(Ok(path)) = sha256.map(|sha256| self.package(sha256)) else {
            return Ok(());
        };
        if let Ok(file) = File::options().append(true).open(path) {
            // It is kept for as long as jobs name it now and then.
            let now = SystemTime::from(self.state.clock.now());
            let _ = file.set_modified(now);
            return Ok(());
        }
        let why =
            "There is no such package on the server: upload it first (berth submit --upload).";
        Err(ApiError::invalid("package", why))
    }
}
