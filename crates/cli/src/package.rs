//! A folder as a package: what `.gitignore` and `.berthignore` leave of it, always in the same order
//! and without times, so that the same content is the same package.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use ignore::WalkBuilder;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// More than this is no source code, whatever the server's limit.
const LARGEST: u64 = 1024 * 1024 * 1024;

pub struct Package {
    pub sha256: String,
    pub bytes: Vec<u8>,
    pub files: usize,
}

/// Packs a folder.
///
/// # Errors
/// When it cannot be read, holds nothing, or holds too much: then also what is largest.
pub fn pack(folder: &Path) -> Result<Package, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Other(format!("{} cannot be packed: {error}.", folder.display()))
    };
    let mut files = Vec::new();
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .add_custom_ignore_filename(".berthignore")
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry.map_err(|error| failed(&error))?;
        let Ok(name) = entry.path().strip_prefix(folder) else {
            continue;
        };
        let kind = entry.file_type();
        let packed = kind.is_some_and(|kind| kind.is_file() || kind.is_symlink());
        if packed && !name.as_os_str().is_empty() {
            let meta = entry.metadata().map_err(|error| failed(&error))?;
            files.push((name.to_owned(), meta.len()));
        }
    }
    if files.is_empty() {
        return Err(failed(&"it holds no file that .gitignore leaves"));
    }
    let total: u64 = files.iter().map(|(_, size)| size).sum();
    if total > LARGEST {
        return Err(Failure::Other(too_large(folder, &files, total)));
    }
    files.sort();
    let count = files.len();
    let bytes = archive(folder, files).map_err(|error| failed(&error))?;
    Ok(Package {
        sha256: format!("{:x}", Sha256::digest(&bytes)),
        bytes,
        files: count,
    })
}

fn archive(folder: &Path, files: Vec<(PathBuf, u64)>) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, _) in files {
        let path = folder.join(&name);
        let meta = path.symlink_metadata()?;
        let mut header = tar::Header::new_gnu();
        header.set_mtime(0);
        if meta.is_symlink() {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            builder.append_link(&mut header, &name, path.read_link()?)?;
        } else {
            let executable = meta.permissions().mode() & 0o111 != 0;
            header.set_mode(if executable { 0o755 } else { 0o644 });
            header.set_size(meta.len());
            builder.append_data(&mut header, &name, File::open(&path)?)?;
        }
    }
    builder.into_inner()?.finish()
}

fn too_large(folder: &Path, files: &[(PathBuf, u64)], total: u64) -> String {
    let mut tops: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for (name, size) in files {
        let top = name
            .components()
            .next()
            .map(|top| top.as_os_str().to_string_lossy());
        *tops
            .entry(top.unwrap_or_default().into_owned())
            .or_default() += size;
    }
    let mut tops: Vec<_> = tops.into_iter().collect();
    tops.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let mib = |size: u64| format!("{} MiB", size / (1024 * 1024));
    let largest = tops.iter().take(3);
    let largest: Vec<String> = largest
        .map(|(name, size)| format!("{name} ({})", mib(*size)))
        .collect();
    format!(
        "{} holds {}, too much to upload; most of it is {}. Name what the job does not need in \
         .gitignore or .berthignore, or leave out --upload and work in a shared folder.",
        folder.display(),
        mib(total),
        largest.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use flate2::read::GzDecoder;

    use super::*;

    fn names(package: &Package) -> BTreeSet<String> {
        let mut archive = tar::Archive::new(GzDecoder::new(package.bytes.as_slice()));
        let entries = archive.entries().unwrap();
        let name =
            |entry: io::Result<tar::Entry<_>>| entry.unwrap().path().unwrap().display().to_string();
        entries.map(name).collect()
    }

    #[test]
    fn what_is_ignored_stays_here() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("train.py", "print(1)");
        write(".gitignore", "*.ckpt\n/data/\n");
        write(".berthignore", "notes.md\n");
        write("notes.md", "x");
        write("data/huge.bin", "x");
        write("lib/data/small.csv", "x");
        write("lib/old.ckpt", "x");
        write(".git/config", "x");
        write(".env.example", "x");
        std::os::unix::fs::symlink("train.py", dir.path().join("main.py")).unwrap();
        let package = pack(dir.path()).unwrap();
        let expected = [
            ".berthignore",
            ".env.example",
            ".gitignore",
            "lib/data/small.csv",
            "main.py",
            "train.py",
        ];
        assert_eq!(names(&package), expected.map(str::to_owned).into());
        assert_eq!(package.files, 6);
        // The same content is the same package, whenever it was written.
        write("train.py", "print(1)");
        assert_eq!(pack(dir.path()).unwrap().sha256, package.sha256);
        write("train.py", "print(2)");
        assert_ne!(pack(dir.path()).unwrap().sha256, package.sha256);
    }

    #[test]
    fn an_empty_folder_and_a_missing_one_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(pack(dir.path()).is_err() && pack(&dir.path().join("none")).is_err());
    }

    #[test]
    fn what_is_too_large_is_named() {
        let files = [("data/a", 3 << 30), ("data/b", 1 << 30), ("x.py", 10)];
        let files = files.map(|(name, size)| (PathBuf::from(name), size));
        let text = too_large(Path::new("/w"), &files, 4 << 30);
        assert!(
            text.contains("4096 MiB") && text.contains("data (4096 MiB)"),
            "{text}"
        );
    }
}
