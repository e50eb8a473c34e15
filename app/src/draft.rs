//! The submit form as it is typed, and the request that it stands for.

use berth_domain::node::Capacity;
use berth_domain::submit::form::{CHECKS, TEXTS};
use berth_domain::{Refusal, SubmitRequest, commandline};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

/// What is typed. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Draft {
    texts: [RwSignal<String>; TEXTS.len()],
    checks: [RwSignal<bool>; CHECKS.len()],
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
            checks: CHECKS.map(on),
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
            ("command", command_text(&request.command)),
            ("gpus", number(request.gpus)),
            ("nodes", number(nodes)),
            ("time_limit", text(&request.time_limit)),
            ("name", text(&request.name)),
            ("project", text(&request.project)),
            ("class", text(&request.class)),
            ("workdir", text(&request.workdir)),
            ("package", text(&request.package)),
            ("env", env.collect::<String>().trim_end().to_owned()),
            ("after", request.after.join(" ")),
            ("begin", text(&request.begin)),
            ("deadline", text(&request.deadline)),
            ("gpu_model", request.gpu_model.join(", ")),
            ("gpu_mem", text(&request.gpu_mem)),
            ("nodelist", request.nodelist.join(" ")),
            ("exclude", request.exclude.join(" ")),
            ("array", text(&request.array)),
            ("signal", text(&request.signal)),
            (
                "max_retries",
                number(request.max_retries.filter(|n| *n != 0)),
            ),
        ];
        for (name, value) in values {
            self.text(name).set(value);
        }
        self.check("preemptible").set(request.preemptible);
        self.check("nvlink").set(request.nvlink);
        self.check("per_gpu").set(request.per_gpu);
    }

    /// The signal of a field named in [`TEXTS`].
    pub fn text(self, name: &str) -> RwSignal<String> {
        let place = TEXTS.iter().position(|known| *known == name);
        self.texts[place.unwrap_or_default()]
    }

    /// The signal of a field named in [`CHECKS`].
    pub fn check(self, name: &str) -> RwSignal<bool> {
        let place = CHECKS.iter().position(|known| *known == name);
        self.checks[place.unwrap_or_default()]
    }

    /// The program and arguments that the command line stands for.
    pub fn argv(self) -> Result<Vec<String>, String> {
        self.text("command").with(|text| commandline::parse(text))
    }

    /// The request, and what of the form cannot be read as one.
    pub fn request(self) -> (SubmitRequest, Vec<Problem>) {
        let texts: Vec<String> = self.texts.iter().map(|text| text.get()).collect();
        let texts = TEXTS.into_iter().zip(texts.iter().map(String::as_str));
        let on = |(name, on): (&'static str, RwSignal<bool>)| on.get().then_some((name, "on"));
        let checks = CHECKS.into_iter().zip(self.checks).filter_map(on);
        let (request, problems) = SubmitRequest::from_form(texts.chain(checks));
        (request, problems.into_iter().map(problem).collect())
    }

    /// Everything that is wrong: the checks that the server makes.
    pub fn problems(self, capacity: Capacity) -> Vec<Problem> {
        let (request, mut problems) = self.request();
        for found in request.problems(capacity).into_iter().map(problem) {
            if !problems.iter().any(|(known, _)| *known == found.0) {
                problems.push(found);
            }
        }
        problems
    }
}

fn problem(refusal: Refusal) -> Problem {
    let field = refusal.field().unwrap_or("command").to_owned();
    (field, refusal.to_string())
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
    option("-C", request.workdir.clone());
    option("--package", request.package.clone());
    for (name, value) in &request.env {
        option("-e", Some(format!("{name}={value}")));
    }
    for after in &request.after {
        option("--after", Some(after.clone()));
    }
    option("--begin", request.begin.clone());
    option("--deadline", request.deadline.clone());
    let list = |all: &[String]| (!all.is_empty()).then(|| all.join(","));
    option("--gpu-model", list(&request.gpu_model));
    option("--gpu-mem", request.gpu_mem.clone());
    option("-w", list(&request.nodelist));
    option("-x", list(&request.exclude));
    option("--signal", request.signal.clone());
    option("--array", request.array.clone());
    option(
        "--retries",
        request
            .max_retries
            .filter(|n| *n != 0)
            .map(|n| n.to_string()),
    );
    let flags = [
        ("--preemptible", request.preemptible),
        ("--nvlink", request.nvlink),
        ("--per-gpu", request.per_gpu),
        ("--hold", request.hold),
    ];
    let flags = flags.into_iter().filter(|(_, on)| *on);
    words.extend(flags.map(|(flag, _)| flag.to_owned()));
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
            workdir: Some("/home/ana".into()),
            gpu_model: words(&["H100 80GB", "A100"]),
            nodelist: words(&["node-1"]),
            nvlink: true,
            signal: Some("USR2@60".into()),
            per_gpu: true,
            ..SubmitRequest::default()
        };
        assert_eq!(
            as_cli(&request),
            "berth submit -g 4 -N 2 -t 6h -J 'my run' -C /home/ana --gpu-model 'H100 80GB,A100' -w \
             node-1 --signal USR2@60 --nvlink --per-gpu -- python train.py --lr 1e-4"
        );
    }
}
