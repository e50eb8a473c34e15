//! A copy of what a rank writes, in a file that its job named with `BERTH_OUTPUT`, as scripts written
//! for Slurm expect one. The log is kept as well.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use crate::record::Spec;

/// What names the file: a pattern as in Slurm's `--output`, with `>>` before it to append.
const WANTED: &str = "BERTH_OUTPUT";

pub(super) struct Copy {
    file: File,
    path: PathBuf,
}

impl Copy {
    /// Opens the file, if there is to be one. A try after the first one appends: what the others wrote
    /// is wanted then most of all.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(super) fn open(spec: &Spec) -> Result<Option<Self>, String> {
        let Some(wanted) = spec.env.get(WANTED).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let (pattern, append) = match wanted.strip_prefix(">>") {
            Some(pattern) => (pattern, true),
            None => (wanted.as_str(), spec.attempt.number > 1),
        };
        // An absolute one stays as it is.
        let path = spec.workdir.join(name(pattern, spec));
        let open = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            OpenOptions::new()
                .create(true)
                .write(true)
                .append(append)
                .truncate(!append)
                .open(&path)
        };
        match open() {
            Ok(file) => Ok(Some(Copy { file, path })),
            Err(error) => Err(sentence(&path, &error)),
        }
    }

    /// # Errors
    /// A sentence that says why the file has no more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.file
            .write_all(bytes)
            .map_err(|error| sentence(&self.path, &error))
    }
}

fn sentence(path: &std::path::Path, error: &io::Error) -> String {
    format!(
        "berth: {} cannot be written ({error}); this log has everything.\n",
        path.display()
    )
}

/// The file's name. Of several nodes each has its own: those after the first add `.1` and so on where
/// the pattern does not tell them apart.
fn name(pattern: &str, spec: &Spec) -> String {
    let of = |name: &str| spec.env.get(name).cloned().unwrap_or_default();
    let job = spec.attempt.job.to_string();
    let array = spec.env.get("BERTH_ARRAY_JOB_ID").unwrap_or(&job).clone();
    let index = spec.env.get("BERTH_ARRAY_TASK_ID");
    let index = index.cloned().unwrap_or_else(|| "0".to_owned());
    let mut told_apart = spec.rank == 0;
    let mut name = String::new();
    let mut chars = pattern.chars();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            name.push(ch);
            continue;
        }
        let rest = chars.as_str();
        let digits = rest.len()
            - rest
                .trim_start_matches(|ch: char| ch.is_ascii_digit())
                .len();
        let wide = rest[..digits].parse::<usize>().unwrap_or(0).min(10);
        let mut after = rest[digits..].chars();
        let letter = after.next();
        let value = match letter {
            Some('j' | 'J') => job.clone(),
            Some('A') => array.clone(),
            Some('a') => index.clone(),
            Some('x') => of("BERTH_JOB_NAME").replace('/', "_"),
            Some('u') => of("USER"),
            Some('N') => of("BERTH_NODE"),
            Some('n' | 't') => spec.rank.to_string(),
            Some('s') => "batch".to_owned(),
            Some('%') => "%".to_owned(),
            _ => {
                // Not one of Slurm's: it stands for itself.
                name.push('%');
                continue;
            }
        };
        told_apart |= matches!(letter, Some('N' | 'n' | 't'));
        let is_number = value.chars().all(|ch| ch.is_ascii_digit());
        if is_number {
            name.push_str(&format!("{value:0>wide$}"));
        } else {
            name.push_str(&value);
        }
        chars = after;
    }
    if !told_apart {
        name.push_str(&format!(".{}", spec.rank));
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use berth_domain::{AttemptId, JobId};

    use super::*;
    use crate::record::Under;

    fn spec(rank: u32, env: &[(&str, &str)]) -> Spec {
        let env = env.iter();
        let env: BTreeMap<String, String> = env
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Spec {
            attempt: AttemptId {
                job: JobId(17),
                number: 1,
            },
            rank,
            command: vec![],
            workdir: PathBuf::from("/work"),
            package: None,
            env,
            session: String::new(),
            data_dir: PathBuf::new(),
            log_limit_bytes: 0,
            leftover_grace_ms: 0,
            under: Under::Tmux,
            processes: None,
            gang_grace_ms: 0,
            terminal: false,
            followed: None,
        }
    }

    #[test]
    fn patterns_are_those_of_slurm() {
        let env = [
            ("BERTH_ARRAY_JOB_ID", "12"),
            ("BERTH_ARRAY_TASK_ID", "5"),
            ("BERTH_JOB_NAME", "a/b"),
            ("BERTH_NODE", "node-1"),
        ];
        for (pattern, expected) in [
            ("slurm-%j.out", "slurm-17.out"),
            ("%A_%3a.log", "12_005.log"),
            ("logs/%x-%N.txt", "logs/a_b-node-1.txt"),
            ("100%%", "100%"),
            ("%", "%"),
            ("%q", "%q"),
            ("%5x", "a_b"),
        ] {
            assert_eq!(name(pattern, &spec(0, &env)), expected, "{pattern}");
        }
        assert_eq!(name("%a", &spec(0, &[])), "0");
    }

    #[test]
    fn nodes_do_not_write_over_each_other() {
        assert_eq!(name("out", &spec(0, &[])), "out");
        assert_eq!(name("out", &spec(1, &[])), "out.1");
        assert_eq!(name("out-%n", &spec(1, &[])), "out-1");
    }

    #[test]
    fn a_second_try_goes_on_where_the_first_one_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/out");
        let mut spec = spec(0, &[(WANTED, path.to_str().unwrap())]);
        for (number, expected) in [(1, "a"), (1, "a"), (2, "aa")] {
            spec.attempt.number = number;
            Copy::open(&spec).unwrap().unwrap().write(b"a").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        }
        spec.attempt.number = 1;
        spec.env
            .insert(WANTED.to_owned(), format!(">>{}", path.display()));
        Copy::open(&spec).unwrap().unwrap().write(b"b").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "aab");
        spec.env.clear();
        assert!(Copy::open(&spec).unwrap().is_none());
    }
}
