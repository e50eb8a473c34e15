//! The last value of a field in a file of JSON objects, one a line, read from its end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use berth_executors::files::{self, FilesError, Opened};

use super::Nothing;

/// So much of the end of the file is looked through.
const LOOKED_AT: u64 = 4 * 1024 * 1024;

/// The number that the last line with this field has there. The path leads nowhere but inside `run_folder`, also
/// by links: see [`files`].
pub(super) fn last(run_folder: &Path, path: &str, field: &str) -> Result<f64, Nothing> {
    if !run_folder.is_dir() {
        let why = "its run folder is not on the server: have it say the metric in its log";
        return Err(Nothing::Told(why.to_owned()));
    }
    let shown = path.escape_debug();
    let unreadable = || Nothing::Unreadable(format!("{shown} cannot be read"));
    let opened = files::look(run_folder, path, 1).map_err(|error| match error {
        FilesError::Io(_) => unreadable(),
        other => Nothing::Told(format!("{shown} is not read: {other}")),
    })?;
    let Opened::File(file, bytes) = opened else {
        return Err(Nothing::Told(format!("{shown} is a folder")));
    };
    let end = end_of(file, bytes).map_err(|_| unreadable())?;
    let mut lines = end.rsplit(|byte| *byte == b'\n');
    let number = lines.find_map(|line| value(line, field));
    number.ok_or_else(|| {
        let field = field.escape_debug();
        Nothing::Told(format!("no line of {shown} has a number as {field}"))
    })
}

fn end_of(mut file: File, bytes: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(bytes.saturating_sub(LOOKED_AT)))?;
    let mut end = Vec::new();
    // It may grow meanwhile.
    file.take(LOOKED_AT).read_to_end(&mut end)?;
    Ok(end)
}

/// A line that was cut is no JSON, and none that counts.
fn value(line: &[u8], field: &str) -> Option<f64> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    let number = object.get(field)?.as_f64()?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_last_line_with_the_field_counts() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let lines = [
            r#"{"loss": 3}"#,
            r#"{"loss": 2.5, "x": {"loss": 9}}"#,
            r#"{"acc": 1}"#,
            "no json",
            r#"{"loss": "1"}"#,
            r#"{"loss": null}"#,
            r#"{"loss": 1"#,
        ];
        fs::write(root.join("m.jsonl"), lines.join("\n")).unwrap();
        assert_eq!(last(root, "m.jsonl", "loss"), Ok(2.5));
        assert_eq!(last(root, "m.jsonl", "acc"), Ok(1.0));
        let why = |path: &str, field: &str| last(root, path, field).unwrap_err();
        assert!(why("m.jsonl", "f1").why().contains("has a number as f1"));
        assert!(why("n.jsonl", "loss").why().contains("no such file"));
        let gone = last(&root.join("gone"), "m.jsonl", "loss");
        assert!(gone.unwrap_err().why().contains("in its log"));
        // Far in front of what is looked at.
        let mut long = b"{\"loss\": 1}\n".to_vec();
        long.resize(usize::try_from(LOOKED_AT).unwrap() + 100, b'x');
        fs::write(root.join("long"), long).unwrap();
        assert!(last(root, "long", "loss").is_err());
    }

    #[test]
    fn no_path_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("files");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(dir.path().join("secret"), "{\"loss\": 1}\n").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink(dir.path().join("secret"), root.join("far")).unwrap();
        fs::write(root.join("in"), "{\"loss\": 1}\n").unwrap();
        symlink("in", root.join("link")).unwrap();
        for path in [
            "../secret",
            "out",
            "far",
            "sub/../../secret",
            "/etc/passwd",
            "sub",
        ] {
            assert!(last(&root, path, "loss").is_err(), "{path}");
        }
        assert_eq!(last(&root, "link", "loss"), Ok(1.0));
    }
}
