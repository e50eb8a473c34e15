//! The files of a run folder, for looking at: what is under it and nothing else.
//!
//! The job owns the folder and may change it while it is read, so paths are not checked and then
//! used: each name is opened in the folder that was opened before it. Links are followed by reading
//! them, and only as far as they stay inside.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};

/// So many links in one path go in circles.
const MOST_LINKS: usize = 40;

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    File,
    Link,
    /// A pipe, a socket, a device: not to be read.
    Other,
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As text; bytes that are no UTF-8 are replaced.
    pub name: String,
    /// Of a link: of what it leads to, if that is inside.
    pub kind: Kind,
    pub bytes: u64,
    /// In seconds since 1970.
    pub modified_s: i64,
    /// Where a link leads.
    pub target: Option<String>,
}

/// What a path leads to.
#[derive(Debug)]
pub enum Opened {
    /// What is in it, folders first, then by name; and how many more there are.
    Folder(Vec<Entry>, usize),
    /// Open for reading, and its size in bytes.
    File(File, u64),
}

/// Why a path leads to nothing that can be shown.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("it leads out of the folder")]
    Outside,
    #[error("there is no such file")]
    Missing,
    #[error("it is neither a file nor a folder")]
    Odd,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Errno> for FilesError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG => FilesError::Missing,
            Errno::ELOOP => FilesError::Outside,
            other => FilesError::Io(other.into()),
        }
    }
}

/// Opens what a path inside `root` leads to; of a folder at most `most` entries are told.
///
/// # Errors
/// When it leads out, to nothing, or to what is not to be read.
pub fn look(root: &Path, path: &str, most: usize) -> Result<Opened, FilesError> {
    let (folder, name) = walk(root, path)?;
    let Some(name) = name else {
        return list(&folder, root, path, most);
    };
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    // Looked at before it is opened: opening a device may do something.
    if kind(&stat(&folder, &name)?) != Kind::File {
        return Err(FilesError::Odd);
    }
    let file = File::from(openat(&folder, name.as_os_str(), flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FilesError::Odd);
    }
    Ok(Opened::File(file, metadata.len()))
}

/// The folder that a path leads to, or the folder and the name in it of what is none.
fn walk(root: &Path, path: &str) -> Result<(OwnedFd, Option<OsString>), FilesError> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let inside = flags | OFlag::O_NOFOLLOW;
    let mut folders = vec![open(root, flags, Mode::empty())?];
    let mut left: VecDeque<OsString> = names(OsStr::new(path))?;
    let mut links = 0;
    while let Some(name) = left.pop_front() {
        let Some(here) = folders.last() else {
            return Err(FilesError::Outside);
        };
        if name == ".." {
            folders.pop();
            if folders.is_empty() {
                return Err(FilesError::Outside);
            }
            continue;
        }
        match kind(&stat(here, &name)?) {
            Kind::Folder => folders.push(openat(here, name.as_os_str(), inside, Mode::empty())?),
            Kind::Link => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(FilesError::Outside);
                }
                let target = readlinkat(here, name.as_os_str())?;
                for part in names(&target)?.into_iter().rev() {
                    left.push_front(part);
                }
            }
            Kind::File | Kind::Other if left.is_empty() => {
                let here = folders.pop().ok_or(FilesError::Outside)?;
                return Ok((here, Some(name)));
            }
            Kind::File | Kind::Other => return Err(FilesError::Missing),
        }
    }
    let here = folders.pop().ok_or(FilesError::Outside)?;
    Ok((here, None))
}

/// The names of a path one by one. One that begins at the top of the system leads out.
fn names(path: &OsStr) -> Result<VecDeque<OsString>, FilesError> {
    let bytes = path.as_bytes();
    if bytes.contains(&0) {
        return Err(FilesError::Missing);
    }
    if bytes.starts_with(b"/") {
        return Err(FilesError::Outside);
    }
    let parts = bytes.split(|byte| *byte == b'/');
    let named = parts.filter(|part| !part.is_empty() && *part != b".");
    Ok(named
        .map(|part| OsStr::from_bytes(part).to_owned())
        .collect())
}

fn stat(folder: impl AsFd, name: &OsStr) -> Result<FileStat, FilesError> {
    Ok(fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)?)
}

fn kind(stat: &FileStat) -> Kind {
    let format = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    match format {
        SFlag::S_IFDIR => Kind::Folder,
        SFlag::S_IFREG => Kind::File,
        SFlag::S_IFLNK => Kind::Link,
        _ => Kind::Other,
    }
}

fn list(folder: &OwnedFd, root: &Path, path: &str, most: usize) -> Result<Opened, FilesError> {
    // By the folder that is open, whatever its name leads to by now.
    let open = format!("/proc/self/fd/{}", folder.as_raw_fd());
    let mut entries: Vec<Entry> = Vec::new();
    let mut left_out = 0;
    for entry in std::fs::read_dir(open)? {
        let name = entry?.file_name();
        if entries.len() >= most {
            left_out += 1;
            continue;
        }
        // It may have gone in between.
        if let Ok(stat) = stat(folder, &name) {
            entries.push(told(folder, &name, &stat, (root, path)));
        }
    }
    let rank = |entry: &Entry| (entry.kind != Kind::Folder, entry.name.clone());
    entries.sort_by_cached_key(rank);
    Ok(Opened::Folder(entries, left_out))
}

fn told(folder: &OwnedFd, name: &OsStr, stat: &FileStat, (root, path): (&Path, &str)) -> Entry {
    let mut entry = Entry {
        name: name.to_string_lossy().into_owned(),
        kind: kind(stat),
        bytes: u64::try_from(stat.st_size).unwrap_or(0),
        modified_s: stat.st_mtime,
        target: None,
    };
    if entry.kind == Kind::Link {
        let target = readlinkat(folder, name).unwrap_or_default();
        entry.target = Some(target.to_string_lossy().into_owned());
        let whole = format!("{path}/{}", entry.name);
        if let Ok((inside, last)) = walk(root, whole.trim_start_matches('/')) {
            match last.map(|last| self::stat(&inside, &last)) {
                None => entry.kind = Kind::Folder,
                Some(Ok(stat)) if kind(&stat) == Kind::File => {
                    entry.kind = Kind::File;
                    entry.bytes = u64::try_from(stat.st_size).unwrap_or(0);
                }
                Some(_) => {}
            }
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    /// A folder with a secret beside it.
    fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("files");
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        fs::write(root.join("a.txt"), "inside").unwrap();
        fs::write(root.join("sub/b.txt"), "inside").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink(dir.path().join("secret"), root.join("far")).unwrap();
        symlink("sub", root.join("latest")).unwrap();
        symlink("../a.txt", root.join("sub/up")).unwrap();
        symlink("../../secret", root.join("sub/out")).unwrap();
        symlink("..", root.join("sub/deep/back")).unwrap();
        symlink("../..", root.join("parent")).unwrap();
        symlink("round", root.join("round")).unwrap();
        (dir, root)
    }

    fn text(root: &Path, path: &str) -> Result<String, FilesError> {
        match look(root, path, 100)? {
            Opened::File(mut file, _) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                Ok(text)
            }
            Opened::Folder(entries, _) => {
                Ok(entries.iter().map(|e| format!("{} ", e.name)).collect())
            }
        }
    }

    #[test]
    fn what_is_inside_is_read() {
        let (_dir, root) = folder();
        for path in [
            "a.txt",
            "./a.txt",
            "sub/../a.txt",
            "latest/b.txt",
            "sub/up",
            "sub/deep/back/b.txt",
        ] {
            assert_eq!(text(&root, path).unwrap(), "inside", "{path}");
        }
        assert_eq!(text(&root, "sub/deep").unwrap(), "back ");
        let Opened::Folder(entries, 0) = look(&root, "", 100).unwrap() else {
            panic!("a folder");
        };
        let kinds: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("latest", Kind::Folder),
                ("sub", Kind::Folder),
                ("a.txt", Kind::File),
                ("far", Kind::Link),
                ("out", Kind::Link),
                ("parent", Kind::Link),
                ("round", Kind::Link),
            ]
        );
        assert_eq!(entries[2].bytes, 6);
    }

    #[test]
    fn what_leads_out_is_not() {
        let (_dir, root) = folder();
        for path in [
            "..",
            "../secret",
            "/etc/passwd",
            "out",
            "far",
            "sub/out",
            "sub/../../secret",
            "parent",
            "parent/secret",
            "round",
        ] {
            let refused = text(&root, path);
            assert!(
                matches!(refused, Err(FilesError::Outside)),
                "{path}: {refused:?}"
            );
        }
        for path in ["nothing", "a.txt/b", "a\0b"] {
            let refused = text(&root, path);
            assert!(
                matches!(refused, Err(FilesError::Missing)),
                "{path}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let (_dir, root) = folder();
        nix::unistd::mkfifo(&root.join("pipe"), Mode::S_IRWXU).unwrap();
        assert!(matches!(text(&root, "pipe"), Err(FilesError::Odd)));
    }

    #[test]
    fn a_full_folder_is_cut() {
        let (_dir, root) = folder();
        let Opened::Folder(entries, left_out) = look(&root, "", 3).unwrap() else {
            panic!("a folder");
        };
        assert_eq!((entries.len(), left_out), (3, 4));
    }

    proptest! {
        /// Whatever path is made of these names, the secret is never read, and nothing panics.
        #[test]
        fn no_path_leads_out(parts in prop::collection::vec(
            prop::sample::select(vec!["..", ".", "", "sub", "deep", "back", "latest", "out", "far", "parent", "up", "a.txt", "secret", "files"]),
            0..8,
        )) {
            let (_dir, root) = folder();
            if let Ok(text) = text(&root, &parts.join("/")) {
                prop_assert!(text == "inside" || text.ends_with(' '), "{text}");
                prop_assert!(!text.split(' ').any(|name| name == "secret" || name == "files"), "{text}");
            }
        }
    }
}
