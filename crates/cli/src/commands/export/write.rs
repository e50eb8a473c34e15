//! Rows into a file or stdout, as they come.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::Format;
use crate::failure::Failure;

/// Where rows go. A file has its name only when it is whole.
pub(super) struct Sink {
    rows: Rows,
    count: usize,
    /// While it is written, and afterwards.
    paths: Option<(PathBuf, PathBuf)>,
    columns: &'static [&'static str],
}

enum Rows {
    Csv(Box<csv::Writer<Box<dyn Write>>>),
    Jsonl(Box<dyn Write>),
}

pub(super) struct Written {
    /// None of stdout.
    pub path: Option<String>,
    pub rows: usize,
}

fn cannot(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::Other(format!("Cannot write the output: {error}.")),
    }
}

impl Sink {
    pub fn stdout(format: Format, columns: &'static [&'static str]) -> Self {
        Sink::to(Box::new(BufWriter::new(io::stdout())), format, columns)
    }

    pub fn file(
        folder: &str,
        name: &str,
        format: Format,
        columns: &'static [&'static str],
    ) -> Result<Self, Failure> {
        let suffix = match format {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
        };
        let folder = PathBuf::from(folder);
        let path = folder.join(format!("{name}.{suffix}"));
        let part = folder.join(format!("{name}.{suffix}.part"));
        let file = fs::create_dir_all(&folder).and_then(|()| File::create(&part));
        let file = file.map_err(|error| {
            Failure::Other(format!("Cannot write {}: {error}.", part.display()))
        })?;
        let mut sink = Sink::to(Box::new(BufWriter::new(file)), format, columns);
        sink.paths = Some((part, path));
        Ok(sink)
    }

    fn to(out: Box<dyn Write>, format: Format, columns: &'static [&'static str]) -> Self {
        let rows = match format {
            Format::Csv => Rows::Csv(Box::new(csv::Writer::from_writer(out))),
            Format::Jsonl => Rows::Jsonl(out),
        };
        Sink {
            rows,
            count: 0,
            paths: None,
            columns,
        }
    }

    pub fn row(&mut self, row: &Value) -> Result<(), Failure> {
        if self.count == 0 {
            self.head()?;
        }
        self.count += 1;
        let done = match &mut self.rows {
            Rows::Jsonl(out) => writeln!(out, "{row}"),
            Rows::Csv(out) => {
                let cells = self.columns.iter().map(|name| cell(&row[*name]));
                out.write_record(cells).map_err(io::Error::from)
            }
        };
        done.map_err(|error| cannot(&error))
    }

    fn head(&mut self) -> Result<(), Failure> {
        match &mut self.rows {
            Rows::Jsonl(_) => Ok(()),
            Rows::Csv(out) => {
                let done = out.write_record(self.columns).map_err(io::Error::from);
                done.map_err(|error| cannot(&error))
            }
        }
    }

    /// What was begun is no export.
    pub fn drop_file(self) {
        let Some((part, _)) = &self.paths else { return };
        let part = part.clone();
        drop(self.rows);
        let _ = fs::remove_file(part);
    }

    pub fn finish(mut self) -> Result<Written, Failure> {
        if self.count == 0 {
            self.head()?;
        }
        let done = match &mut self.rows {
            Rows::Csv(out) => out.flush(),
            Rows::Jsonl(out) => out.flush(),
        };
        done.map_err(|error| cannot(&error))?;
        drop(self.rows);
        let path = match &self.paths {
            None => None,
            Some((part, path)) => {
                fs::rename(part, path).map_err(|error| cannot(&error))?;
                Some(path.display().to_string())
            }
        };
        Ok(Written {
            path,
            rows: self.count,
        })
    }
}

/// A value in a cell. What a spreadsheet would take for a formula is marked as text.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_hold_one_value_or_json_and_no_formula() {
        for (value, text) in [
            (json!(null), ""),
            (json!("eval"), "eval"),
            (json!("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")"),
            (json!(-1.5), "-1.5"),
            (json!([]), ""),
            (json!(["a", "b"]), "[\"a\",\"b\"]"),
        ] {
            assert_eq!(cell(&value), text);
        }
    }

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("out");
        let at = to.display().to_string();
        let mut sink = Sink::file(&at, "jobs", Format::Csv, &["id", "name"]).unwrap();
        sink.row(&json!({"id": 1, "name": "a,b", "env": "left out"}))
            .unwrap();
        assert!(!to.join("jobs.csv").exists());
        assert_eq!(sink.finish().unwrap().rows, 1);
        let text = fs::read_to_string(to.join("jobs.csv")).unwrap();
        assert_eq!(text, "id,name\n1,\"a,b\"\n");
        let sink = Sink::file(&at, "none", Format::Csv, &["id"]).unwrap();
        sink.finish().unwrap();
        assert_eq!(fs::read_to_string(to.join("none.csv")).unwrap(), "id\n");
        let sink = Sink::file(&at, "bad", Format::Jsonl, &["id"]).unwrap();
        sink.drop_file();
        assert!(!to.join("bad.jsonl.part").exists());
    }
}
