//! Uploaded folders: unpacked by the shim, where the command is to run.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use flate2::read::GzDecoder;

/// What unpacks to more than this is refused: it is no source code.
pub const UNPACKED_LIMIT: u64 = 10 * 1024 * 1024 * 1024;

/// Makes `folder` from the archive, unless it is there already. Ranks that do so at the same time
/// wait for each other; what was broken off is begun anew.
///
/// # Errors
/// A sentence that says why it cannot be made.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> Result<(), String> {
    let failed = |error: io::Error| {
        format!(
            "the uploaded folder cannot be unpacked to {}: {error}",
            folder.display()
        )
    };
    if folder.exists() {
        return Ok(());
    }
    let lock = File::create(folder.with_extension("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if folder.exists() {
        return Ok(());
    }
    let part = folder.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part).map_err(failed)?;
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&part)
        .map_err(failed)?;
    let packed = File::open(archive).map_err(|error| {
        format!(
            "the uploaded folder {} is gone: {error}. Upload it again",
            archive.display()
        )
    })?;
    let limited = Limited {
        inner: GzDecoder::new(packed),
        left: UNPACKED_LIMIT,
    };
    // Nothing of it gets outside: `unpack` refuses such paths and links.
    tar::Archive::new(limited).unpack(&part).map_err(failed)?;
    fs::rename(&part, folder).map_err(failed)
}

/// Fails, where `take` would end the archive in the middle.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("it is larger than 10 GiB")),
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(at: &Path, files: &[(&str, &str)]) {
        let packed = GzEncoder::new(File::create(at).unwrap(), Compression::fast());
        let mut builder = tar::Builder::new(packed);
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(text.len() as u64);
            header.set_mode(0o755);
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder
            .into_inner()
            .unwrap()
            .finish()
            .unwrap()
            .flush()
            .unwrap();
    }

    #[test]
    fn it_is_unpacked_once_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (packed, folder) = (dir.path().join("a.tar.gz"), dir.path().join("code"));
        archive(&packed, &[("train.py", "print(1)"), ("lib/a.py", "x")]);
        // What an earlier try left.
        fs::create_dir(dir.path().join("code.part")).unwrap();
        fs::write(dir.path().join("code.part/old"), "").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| unpack(&packed, &folder).unwrap());
            }
        });
        assert_eq!(fs::read_to_string(folder.join("lib/a.py")).unwrap(), "x");
        assert!(!folder.join("old").exists());
        fs::write(folder.join("train.py"), "changed").unwrap();
        unpack(&packed, &folder).unwrap();
        assert_eq!(
            fs::read_to_string(folder.join("train.py")).unwrap(),
            "changed"
        );
    }

    #[test]
    fn nothing_is_written_outside() {
        let dir = tempfile::tempdir().unwrap();
        let (packed, folder) = (dir.path().join("a.tar.gz"), dir.path().join("inner/code"));
        fs::create_dir(dir.path().join("inner")).unwrap();
        archive(&packed, &[("../../evil", "x"), ("good", "y")]);
        let _ = unpack(&packed, &folder);
        assert!(!dir.path().join("evil").exists());
    }

    #[test]
    fn what_is_missing_or_broken_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("code");
        let why = unpack(&dir.path().join("none"), &folder).unwrap_err();
        assert!(why.contains("is gone"), "{why}");
        fs::write(dir.path().join("bad"), "not gzip").unwrap();
        let why = unpack(&dir.path().join("bad"), &folder).unwrap_err();
        assert!(why.contains("cannot be unpacked"), "{why}");
        assert!(!folder.exists());
    }
}
