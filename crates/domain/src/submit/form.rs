//! The request that a form stands for: the page reads it as it is typed, the server as it is sent.

use std::collections::BTreeMap;

use super::SubmitRequest;
use crate::commandline;
use crate::refusal::Refusal;

/// The text fields of the form. The first seven are always shown.
pub const TEXTS: [&str; 20] = [
    "command",
    "gpus",
    "nodes",
    "time_limit",
    "name",
    "project",
    "class",
    "workdir",
    "package",
    "env",
    "after",
    "begin",
    "deadline",
    "gpu_model",
    "gpu_mem",
    "nodelist",
    "exclude",
    "array",
    "max_retries",
    "signal",
];

/// Those that are on when they hold anything.
pub const CHECKS: [&str; 4] = ["preemptible", "hold", "nvlink", "per_gpu"];

impl SubmitRequest {
    /// Reads a form, and says what of it cannot be read. What is empty was left out; what is no
    /// field of the form is ignored.
    pub fn from_form<'a>(
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<Refusal>) {
        let fields: BTreeMap<&str, &str> = fields.into_iter().collect();
        let text = |name: &str| fields.get(name).copied().unwrap_or_default().trim();
        let given = |name: &str| Some(text(name).to_owned()).filter(|text| !text.is_empty());
        let list = |name: &str, between: &[char]| -> Vec<String> {
            let parts = text(name).split(between).map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let mut problems = Vec::new();
        let command = commandline::parse(text("command")).unwrap_or_else(|why| {
            problems.push(Refusal::invalid("command", why));
            vec![]
        });
        let env = variables(text("env")).unwrap_or_else(|problem| {
            problems.push(problem);
            BTreeMap::new()
        });
        let mut number = |name: &str| {
            let text = given(name)?;
            let value = text.parse::<i64>().ok();
            if value.is_none() {
                let why = format!("'{text}' is not a whole number.");
                problems.push(Refusal::invalid(name, why));
            }
            value
        };
        let request = SubmitRequest {
            gpus: number("gpus"),
            nodes: number("nodes"),
            max_retries: number("max_retries"),
            command,
            name: given("name"),
            project: given("project"),
            workdir: given("workdir"),
            package: given("package"),
            env,
            time_limit: given("time_limit"),
            class: given("class"),
            preemptible: !text("preemptible").is_empty(),
            after: list("after", &[',', ' ']),
            begin: given("begin"),
            deadline: given("deadline"),
            // A model may be several words.
            gpu_model: list("gpu_model", &[',']),
            gpu_mem: given("gpu_mem"),
            nodelist: list("nodelist", &[',', ' ']),
            exclude: list("exclude", &[',', ' ']),
            nvlink: !text("nvlink").is_empty(),
            signal: given("signal"),
            per_gpu: !text("per_gpu").is_empty(),
            interactive: false,
            array: given("array"),
            sweep: vec![],
            at_once: None,
            hold: !text("hold").is_empty(),
            idempotency_key: None,
        };
        (request, problems)
    }
}

/// `NAME=VALUE` lines.
fn variables(text: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parse = |line: &str| {
        let (name, value) = line.split_once('=').ok_or_else(|| {
            Refusal::invalid(
                "env",
                format!("'{line}' is not NAME=VALUE; write one a line."),
            )
        })?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    lines.map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_lines() {
        let read = variables("A=1\n\n B = x=y ").unwrap();
        assert_eq!(read["A"], "1");
        assert_eq!(read["B"], " x=y");
        let why = variables("A=1\nnonsense").unwrap_err().to_string();
        assert_eq!(why, "'nonsense' is not NAME=VALUE; write one a line.");
    }

    #[test]
    fn what_is_empty_was_left_out() {
        let (request, problems) = SubmitRequest::from_form([
            ("command", "true"),
            ("gpus", " "),
            ("gpu_model", "H100 80GB, A100"),
            ("nodelist", "node-1 node-2,"),
            ("nvlink", "on"),
            ("hold", ""),
            ("theme", "dark"),
        ]);
        assert_eq!(problems, []);
        let words = |all: &[&str]| -> Vec<String> { all.iter().map(ToString::to_string).collect() };
        assert_eq!(
            request,
            SubmitRequest {
                command: words(&["true"]),
                gpu_model: words(&["H100 80GB", "A100"]),
                nodelist: words(&["node-1", "node-2"]),
                nvlink: true,
                ..SubmitRequest::default()
            }
        );
    }

    #[test]
    fn everything_that_cannot_be_read_is_said() {
        let (_, problems) =
            SubmitRequest::from_form([("command", "echo '"), ("gpus", "two"), ("env", "A")]);
        let fields: Vec<_> = problems.iter().filter_map(Refusal::field).collect();
        assert_eq!(fields, ["command", "env", "gpus"]);
    }
}
