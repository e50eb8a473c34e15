//! The submit form as it is typed, and the request that it stands for. The server reads the plain
//! form by the same rules.

use std::collections::BTreeMap;

use berth_domain::node::Capacity;
use berth_domain::{SubmitRequest, commandline};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

/// The text fields, by the names that the form sends.
pub const TEXTS: [&str; 13] = [
    "command",
    "gpus",
    "nodes",
    "time_limit",
    "name",
    "project",
    "class",
    "workdir",
    "env",
    "after",
    "begin",
    "array",
    "max_retries",
];

/// What is typed. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Draft {
    texts: [RwSignal<String>; 13],
    pub preemptible: RwSignal<bool>,
    pub hold: RwSignal<bool>,
}

/// A field and the sentence that says what is wrong with it.
pub type Problem = (String, String);

impl Draft {
    /// From what a refused plain form sent back, or a link filled in.
    pub fn from_query(query: &ParamsMap) -> Self {
        let default = |name| match name {
            "gpus" => "1",
            "class" => "normal",
            _ => "",
        };
        let text = |name| {
            let given = query.get(name).unwrap_or_else(|| default(name).to_owned());
            RwSignal::new(given)
        };
        let on = |name| RwSignal::new(query.get_str(name).is_some_and(|value| !value.is_empty()));
        Draft {
            texts: TEXTS.map(text),
            preemptible: on("preemptible"),
            hold: on("hold"),
        }
    }

    /// Fills in what another job was submitted with.
    pub fn fill(self, request: &SubmitRequest) {
        let number = |value: Option<i64>| value.map(|n| n.to_string()).unwrap_or_default();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        // One node is what is meant when no number is given.
        let nodes = request.nodes.filter(|nodes| *nodes != 1);
        let env = request
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        let values = [
            command_text(&request.command),
            number(request.gpus),
            number(nodes),
            text(&request.time_limit),
            text(&request.name),
            text(&request.project),
            text(&request.class),
            text(&request.workdir),
            env.collect::<String>().trim_end().to_owned(),
            request.after.join(" "),
            text(&request.begin),
            text(&request.array),
            number(request.max_retries.filter(|n| *n != 0)),
        ];
        for (signal, value) in self.texts.into_iter().zip(values) {
            signal.set(value);
        }
        self.preemptible.set(request.preemptible);
    }

    /// The signal of a field named in [`TEXTS`].
    pub fn text(self, name: &str) -> RwSignal<String> {
        let place = TEXTS.iter().position(|known| *known == name);
        self.texts[place.unwrap_or_default()]
    }

    fn given(self, name: &str) -> Option<String> {
        self.text(name).with(|text| {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        })
    }

    /// The program and arguments that the command line stands for.
    pub fn argv(self) -> Result<Vec<String>, String> {
        self.text("command").with(|text| commandline::parse(text))
    }

    /// The request, and what of the form cannot be read as one.
    pub fn request(self) -> (SubmitRequest, Vec<Problem>) {
        let mut problems = vec![];
        let command = self.argv().unwrap_or_else(|why| {
            problems.push(("command".to_owned(), why));
            vec![]
        });
        let mut number = |name: &str| {
            let text = self.given(name)?;
            let value = text.parse::<i64>().ok();
            if value.is_none() {
                problems.push((name.to_owned(), format!("'{text}' is not a whole number.")));
            }
            value
        };
        let (gpus, nodes, max_retries) = (number("gpus"), number("nodes"), number("max_retries"));
        let env = self
            .text("env")
            .with(|text| variables(text))
            .unwrap_or_else(|line| {
                let why = format!("'{line}' is not NAME=VALUE; write one a line.");
                problems.push(("env".to_owned(), why));
                BTreeMap::new()
            });
        let after = self.given("after").unwrap_or_default();
        let after = after.split([',', ' ']).filter(|text| !text.is_empty());
        let request = SubmitRequest {
            command,
            name: self.given("name"),
            project: self.given("project"),
            workdir: self.given("workdir"),
            env,
            gpus,
            nodes,
            time_limit: self.given("time_limit"),
            class: self.given("class"),
            preemptible: self.preemptible.get(),
            max_retries,
            after: after.map(str::to_owned).collect(),
            begin: self.given("begin"),
            array: self.given("array"),
            hold: self.hold.get(),
            idempotency_key: None,
        };
        (request, problems)
    }

    /// Everything that is wrong: the checks that the server makes.
    pub fn problems(self, capacity: Capacity) -> Vec<Problem> {
        let (request, mut problems) = self.request();
        for refusal in request.problems(capacity) {
            let field = refusal.field().unwrap_or("command").to_owned();
            if !problems.iter().any(|(known, _)| *known == field) {
                problems.push((field, refusal.to_string()));
            }
        }
        problems
    }
}

/// A line of shell as it was typed, anything else quoted where it must be.
pub fn command_text(words: &[String]) -> String {
    match words {
        [sh, c, line] if sh == "sh" && c == "-c" => {
            // Only when it would be read as the same again.
            let same = commandline::parse(line).is_ok_and(|again| again == words);
            if same {
                line.clone()
            } else {
                commandline::format(words)
            }
        }
        _ => commandline::format(words),
    }
}

/// `NAME=VALUE` lines, or the first line that is none.
fn variables(text: &str) -> Result<BTreeMap<String, String>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parse = |line: &str| {
        let (name, value) = line.split_once('=').ok_or_else(|| line.to_owned())?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    lines.map(parse).collect()
}

/// The request as the command that would submit it.
pub fn as_cli(request: &SubmitRequest) -> String {
    let mut words = vec!["berth".to_owned(), "submit".to_owned()];
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([flag.to_owned(), value]);
        }
    };
    option("-g", request.gpus.map(|n| n.to_string()));
    option(
        "-N",
        request.nodes.filter(|n| *n != 1).map(|n| n.to_string()),
    );
    option("-t", request.time_limit.clone());
    option("-J", request.name.clone());
    option(
        "-p",
        request.class.clone().filter(|class| class != "normal"),
    );
    option("--project", request.project.clone());
    option("--workdir", request.workdir.clone());
    for (name, value) in &request.env {
        option("--env", Some(format!("{name}={value}")));
    }
    for after in &request.after {
        option("--after", Some(after.clone()));
    }
    option("--begin", request.begin.clone());
    option("--array", request.array.clone());
    option(
        "--retries",
        request
            .max_retries
            .filter(|n| *n != 0)
            .map(|n| n.to_string()),
    );
    if request.preemptible {
        words.push("--preemptible".to_owned());
    }
    words.push("--".to_owned());
    words.extend(request.command.iter().cloned());
    commandline::format(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[&str]) -> Vec<String> {
        text.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_is_shown_as_it_was_typed() {
        assert_eq!(
            command_text(&words(&["sh", "-c", "echo a | wc"])),
            "echo a | wc"
        );
        assert_eq!(command_text(&words(&["sh", "-c", "true"])), "sh -c true");
        assert_eq!(command_text(&words(&["echo", "a b"])), "echo 'a b'");
    }

    #[test]
    fn a_job_as_a_command_line() {
        let request = SubmitRequest {
            command: words(&["python", "train.py", "--lr", "1e-4"]),
            gpus: Some(4),
            nodes: Some(2),
            time_limit: Some("6h".into()),
            name: Some("my run".into()),
            class: Some("normal".into()),
            ..SubmitRequest::default()
        };
        assert_eq!(
            as_cli(&request),
            "berth submit -g 4 -N 2 -t 6h -J 'my run' -- python train.py --lr 1e-4"
        );
    }

    #[test]
    fn variables_are_lines() {
        let read = variables("A=1\n\n B = x=y ").expect("well formed");
        assert_eq!(read["A"], "1");
        assert_eq!(read["B"], " x=y");
        assert_eq!(variables("A=1\nnonsense"), Err("nonsense".to_owned()));
    }
}
