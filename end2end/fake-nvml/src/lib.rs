//! A made-up `libnvidia-ml.so` for tests, compiled when it is asked for. No mock: the product loads
//! it as it loads the driver's, and calls it. What it says is in a file, explained in
//! `fake_nvml.c`, that may change while it is loaded.

#![expect(
    clippy::expect_used,
    reason = "for tests, which end where something is wrong"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: [(&str, &str); 7] = [
    ("fake_nvml.c", include_str!("fake_nvml.c")),
    ("script.h", include_str!("script.h")),
    ("device.h", include_str!("device.h")),
    ("figures.h", include_str!("figures.h")),
    ("processes.h", include_str!("processes.h")),
    ("gpm.h", include_str!("gpm.h")),
    ("events.h", include_str!("events.h")),
];

/// A library of its own, however many are loaded.
#[derive(Debug)]
pub struct FakeNvml {
    library: PathBuf,
}

impl FakeNvml {
    /// Compiles it into `folder`, saying `lines`.
    ///
    /// # Panics
    /// Without a C compiler, or when the folder cannot be written.
    #[must_use]
    pub fn new(folder: &Path, lines: &str) -> Self {
        Self::without(folder, lines, &[])
    }

    /// The same, of an older driver that lacks these functions.
    ///
    /// # Panics
    /// As [`FakeNvml::new`].
    #[must_use]
    pub fn without(folder: &Path, lines: &str, functions: &[&str]) -> Self {
        for (name, source) in SOURCES {
            fs::write(folder.join(name), source).expect("the source is written");
        }
        let library = folder.join("libnvidia-ml.so.1");
        // Under another name nobody finds them.
        let absent = functions
            .iter()
            .map(|name| format!("-D{name}=absent_{name}"));
        let done = Command::new("cc")
            .args(["-std=gnu11", "-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .args(absent)
            .arg(folder.join("fake_nvml.c"))
            .status()
            .expect("there is a C compiler");
        assert!(done.success(), "the library does not compile");
        let fake = FakeNvml { library };
        fake.say(lines);
        fake
    }

    /// From now on it says this.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn say(&self, lines: &str) {
        let path = self.library.with_file_name("libnvidia-ml.so.1.conf");
        let new = path.with_extension("new");
        fs::write(&new, lines).expect("the file is written");
        fs::rename(&new, &path).expect("the file is replaced");
    }

    /// Where it is.
    #[must_use]
    pub fn library(&self) -> &Path {
        &self.library
    }
}
