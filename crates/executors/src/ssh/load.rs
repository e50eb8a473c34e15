//! What is carried to a host: our own binary and uploaded folders, each known by its hash, so that
//! what is there is what is here.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::layout;

/// Where it is kept on a host, below the home folder, each version in a folder of its own.
const CACHE: &str = ".cache/berth";
/// What nobody carried for so many days is removed.
const KEPT_DAYS: u32 = 30;

#[derive(Clone, Debug)]
pub(super) struct Binary {
    path: PathBuf,
    /// SHA-256 in hexadecimal digits.
    hash: String,
}

impl Binary {
    /// # Errors
    /// A sentence.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let hash = || {
            let mut hash = Sha256::new();
            io::copy(&mut File::open(path)?, &mut hash)?;
            let digits = hash.finalize().into_iter();
            io::Result::Ok(digits.map(|byte| format!("{byte:02x}")).collect())
        };
        Ok(Binary {
            path: path.to_owned(),
            hash: hash().map_err(|error| format!("{} cannot be read: {error}", path.display()))?,
        })
    }

    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// Where it is on a host, for a shell there.
    pub(super) fn place(&self) -> String {
        format!("$HOME/{CACHE}/{}/berth-server", self.hash)
    }

    /// For `sh`: says what the host is and what it has. One line, since not every login shell passes
    /// on several.
    pub(super) fn look(&self) -> String {
        format!(
            "f={}; echo system=$(uname -sm); echo tmux=$(command -v tmux); \
             echo sha256sum=$(command -v sha256sum); \
             if [ -e \"$f\" ]; then echo hash=$(sha256sum < \"$f\" | cut -c1-64); fi",
            self.place()
        )
    }

    /// As it is carried. Versions of long ago make room.
    pub(super) fn load(&self) -> Load {
        Load {
            what: "Berth's binary",
            from: self.path.clone(),
            hash: self.hash.clone(),
            folder: format!("$HOME/{CACHE}/{}", self.hash),
            name: "berth-server".to_owned(),
            then: format!(
                "find \"$HOME/{CACHE}\" -mindepth 1 -maxdepth 1 -type d -mtime +{KEPT_DAYS} -exec rm -rf {{}} +"
            ),
        }
    }
}

/// A file on its way to a host.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// What it is, in a sentence.
    pub what: &'static str,
    pub from: PathBuf,
    pub hash: String,
    /// Where to, for a shell there.
    folder: String,
    name: String,
    /// What is done there afterwards.
    then: String,
}

impl Load {
    /// An uploaded folder's archive, to our folder on the host.
    pub(super) fn package(data: &Path, hash: &str, folder: &str) -> Self {
        let folder = format!("{folder}/packages");
        Load {
            what: "the uploaded folder",
            from: layout::package(data, hash),
            hash: hash.to_owned(),
            name: format!("{hash}.tar.gz"),
            then: format!("find \"{folder}\" -type f -mtime +{KEPT_DAYS} -exec rm -f {{}} +"),
            folder,
        }
    }

    /// For `sh`: takes it from standard input, says the hash of what arrived, and keeps it only if
    /// that is right.
    pub(super) fn receive(&self) -> String {
        let Load {
            hash,
            folder,
            name,
            then,
            ..
        } = self;
        format!(
            "umask 077; d=\"{folder}\"; mkdir -p \"$d\" && t=\"$d/new.$(uname -n).$$\" && \
             cat > \"$t\" && chmod 700 \"$t\" && h=$(sha256sum < \"$t\" | cut -c1-64) && \
             echo hash=$h && if [ \"$h\" = {hash} ]; then mv \"$t\" \"$d/{name}\"; \
             else rm -f \"$t\"; fi; {then}"
        )
    }
}

/// What [`Binary::look`] found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub system: String,
    pub tmux: String,
    pub sha256sum: String,
    /// `None`: it is not there.
    pub hash: Option<String>,
}

impl Seen {
    /// Reads the lines, between which a login shell may have said something of its own.
    pub(super) fn parse(text: &str) -> Self {
        let mut seen = Seen::default();
        for line in text.lines() {
            match line.split_once('=') {
                Some(("system", value)) => value.trim().clone_into(&mut seen.system),
                Some(("tmux", value)) => value.trim().clone_into(&mut seen.tmux),
                Some(("sha256sum", value)) => value.trim().clone_into(&mut seen.sha256sum),
                Some(("hash", value)) => seen.hash = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        seen
    }
}
