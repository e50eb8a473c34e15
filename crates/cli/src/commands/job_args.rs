//! What `submit`, `run` and `shell` have in common: a job on the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use berth_api::jobs::{JobAnswer, SubmitJob};
use berth_domain::SubmitRequest;
use jiff::Zoned;

use super::spec_args::{self, SpecArgs};
use crate::failure::Failure;
use crate::package;
use crate::session::Session;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct JobArgs {
    #[command(flatten)]
    setting: SettingArgs,
    /// Run one process of the command for each GPU, with RANK, LOCAL_RANK and WORLD_SIZE.
    #[arg(long)]
    per_gpu: bool,
    /// The command and its arguments. It runs without a shell; for a line of shell: sh -c '…'.
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    command: Vec<String>,
}

/// A job but for its command.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SettingArgs {
    #[command(flatten)]
    spec: SpecArgs,
    /// The project that it counts for.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Where the command runs. Default: the current folder.
    #[arg(short = 'C', long, value_name = "DIR")]
    chdir: Option<PathBuf>,
    /// Upload that folder, without what .gitignore and .berthignore name, and run in a copy of it:
    /// for nodes that do not share it.
    #[arg(long)]
    upload: bool,
    /// Run in a copy of what was uploaded before, by its sha256.
    #[arg(long, value_name = "SHA256", conflicts_with_all = ["upload", "chdir"])]
    package: Option<String>,
    /// A variable for the job: KEY=VALUE, or KEY with the value that it has here. May be repeated.
    #[arg(short = 'e', long = "env", value_name = "KEY=VALUE")]
    env: Vec<String>,
    /// May be stopped and queued again when others need the GPUs.
    #[arg(long)]
    preemptible: bool,
    /// All its GPUs on a node from one NVLink island.
    #[arg(long)]
    nvlink: bool,
    /// The same key returns the same job, however often it is submitted.
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
}

impl JobArgs {
    #[cfg(test)]
    pub fn request(self, here: &Path, now: &Zoned) -> Result<SubmitRequest, Failure> {
        self.setting
            .clone()
            .request(here, now)
            .map(|request| self.complete(request))
    }

    fn complete(self, request: SubmitRequest) -> SubmitRequest {
        SubmitRequest {
            command: self.command,
            per_gpu: self.per_gpu,
            ..request
        }
    }
}

impl SettingArgs {
    /// The request, except for what is left to the server.
    fn request(self, here: &Path, now: &Zoned) -> Result<SubmitRequest, Failure> {
        let folder = match self.chdir {
            // `join` takes an absolute one as it is.
            Some(folder) => here.join(folder),
            None => here.to_owned(),
        };
        let workdir = folder.into_os_string().into_string().map_err(|folder| {
            Failure::Usage(format!(
                "The folder {} has a name that is not UTF-8; choose another with -C.",
                folder.display()
            ))
        })?;
        let spec = self.spec;
        Ok(SubmitRequest {
            command: vec![],
            name: spec.name,
            project: self.project,
            workdir: self.package.is_none().then_some(workdir),
            package: self.package,
            env: variables(&self.env, |name| std::env::var(name).ok())?,
            gpus: spec.gpus,
            nodes: spec.nodes,
            time_limit: spec.time_limit,
            class: spec.class,
            preemptible: self.preemptible,
            max_retries: spec.retries,
            after: spec.after.unwrap_or_default(),
            begin: spec_args::time("--begin", spec.begin, now)?,
            deadline: spec_args::time("--deadline", spec.deadline, now)?,
            gpu_model: spec.gpu_model.unwrap_or_default(),
            gpu_mem: spec.gpu_mem,
            nodelist: spec.nodelist.unwrap_or_default(),
            exclude: spec.exclude.unwrap_or_default(),
            nvlink: self.nvlink,
            signal: spec.signal,
            per_gpu: false,
            interactive: false,
            array: None,
            sweep: vec![],
            at_once: None,
            hold: false,
            idempotency_key: Some(self.key.unwrap_or_else(new_key)),
        })
    }
}

/// Each submission has a key, so that one whose answer got lost can be sent again.
pub fn new_key() -> String {
    format!("cli-{:032x}", rand::random::<u128>())
}

fn variables(
    texts: &[String],
    here: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => here(text)
            .map(|value| (text.clone(), value))
            .ok_or_else(|| {
                Failure::Usage(format!(
                    "-e {text}: {text} is not set here; write {text}=VALUE."
                ))
            }),
    };
    texts.iter().map(pair).collect()
}

/// The request for a job on this machine, now; its folder is uploaded if that was asked for.
pub async fn request(session: &Session, args: JobArgs) -> Result<SubmitRequest, Failure> {
    let setting = setting(session, args.setting.clone()).await?;
    Ok(args.complete(setting))
}

/// The same for one that has no command yet.
pub async fn setting(session: &Session, args: SettingArgs) -> Result<SubmitRequest, Failure> {
    let upload = args.upload;
    let mut request = here(args)?;
    if let Some(folder) = request.workdir.clone().filter(|_| upload) {
        let folder = PathBuf::from(folder);
        let packed = tokio::task::spawn_blocking(move || package::pack(&folder));
        let packed = packed
            .await
            .map_err(|error| Failure::Other(error.to_string()))??;
        let (sha256, files, size) = (packed.sha256, packed.files, packed.bytes.len());
        if session
            .once(session.berth.upload(&sha256, packed.bytes))
            .await?
        {
            eprintln!("Uploaded {files} files, {} KiB", size.div_ceil(1024));
        }
        request.workdir = None;
        request.package = Some(sha256);
    }
    Ok(request)
}

fn here(args: SettingArgs) -> Result<SubmitRequest, Failure> {
    let here = std::env::current_dir().map_err(|error| {
        Failure::Other(format!(
            "The current folder is gone ({error}); choose one with -C."
        ))
    });
    // With an absolute -C the current folder does not matter.
    let here = match (&args.chdir, here) {
        (Some(folder), Err(_)) if folder.is_absolute() => PathBuf::from("/"),
        (_, here) => here?,
    };
    args.request(&here, &Zoned::now())
}

/// Submits it; a lost answer is asked for again with the same key.
pub async fn submit(session: &Session, request: &SubmitRequest) -> Result<JobAnswer, Failure> {
    session
        .repeat(|| {
            session.berth.call(SubmitJob {
                body: request.clone(),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Verb};

    fn parse(line: &[&str]) -> Result<SubmitRequest, String> {
        let words = ["berth", "submit"].iter().chain(line);
        let cli = Cli::try_parse_from(words).map_err(|error| error.kind().to_string())?;
        let Verb::Submit(args) = cli.verb else {
            return Err("another verb".into());
        };
        let now = "2026-11-24T12:00:00+00:00[UTC]".parse().unwrap();
        args.request(Path::new("/home/ana/work"), &now)
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn everything_that_can_be_said_of_a_job() {
        let line = "-g 4 -N 2 -t 1-12 -J big -p high --project llm --after 3,afterany:5 --after 9 \
                    --begin +1h --array 0-9%2 -C runs -e A=1=2 -e B= --retries 3 --preemptible \
                    --deadline +2d --gpu-model H100,A100 --gpu-mem 80G -w n1,n2 -x n3 --nvlink --signal TERM@60 --per-gpu --hold --key k -- python train.py -g 7 -- --lr=1";
        let words: Vec<&str> = line.split_whitespace().collect();
        let env = [("A", "1=2"), ("B", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let command = ["python", "train.py", "-g", "7", "--", "--lr=1"];
        let expected = SubmitRequest {
            command: command.map(str::to_owned).to_vec(),
            name: Some("big".into()),
            project: Some("llm".into()),
            workdir: Some("/home/ana/work/runs".into()),
            package: None,
            env: env.into(),
            gpus: Some(4),
            nodes: Some(2),
            time_limit: Some("1-12".into()),
            class: Some("high".into()),
            preemptible: true,
            max_retries: Some(3),
            after: ["3", "afterany:5", "9"].map(str::to_owned).to_vec(),
            begin: Some("2026-11-24T13:00:00Z".into()),
            deadline: Some("2026-11-26T12:00:00Z".into()),
            gpu_model: ["H100", "A100"].map(str::to_owned).to_vec(),
            gpu_mem: Some("80G".into()),
            nodelist: ["n1", "n2"].map(str::to_owned).to_vec(),
            exclude: vec!["n3".into()],
            nvlink: true,
            signal: Some("TERM@60".into()),
            per_gpu: true,
            interactive: false,
            array: Some("0-9%2".into()),
            sweep: vec![],
            at_once: None,
            hold: true,
            idempotency_key: Some("k".into()),
        };
        assert_eq!(parse(&words).unwrap(), expected);
    }

    #[test]
    fn a_bare_command_runs_here_with_a_key_of_its_own() {
        let request = parse(&["true"]).unwrap();
        let key = request.idempotency_key.clone().unwrap();
        assert!(key.starts_with("cli-") && key.len() == 36, "{key}");
        let expected = SubmitRequest {
            command: vec!["true".into()],
            workdir: Some("/home/ana/work".into()),
            idempotency_key: Some(key.clone()),
            ..SubmitRequest::default()
        };
        assert_eq!(request, expected);
        assert_ne!(parse(&["true"]).unwrap().idempotency_key, Some(key));
    }

    #[test]
    fn flags_after_the_command_are_the_commands() {
        let request = parse(&["-g", "2", "python", "-g", "3", "--json"]).unwrap();
        assert_eq!(request.gpus, Some(2));
        assert_eq!(request.command, ["python", "-g", "3", "--json"]);
    }

    #[test]
    fn wrong_numbers_reach_the_server_which_says_why() {
        let request = parse(&[
            "-g",
            "-1",
            "-N",
            "-2",
            "-t",
            "-5",
            "--retries",
            "-1",
            "--",
            "x",
        ])
        .unwrap();
        assert_eq!(
            (request.gpus, request.nodes, request.max_retries),
            (Some(-1), Some(-2), Some(-1))
        );
        assert_eq!(request.time_limit.as_deref(), Some("-5"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            &[][..],
            &["-g", "two", "x"],
            &["--gpu", "2", "--", "x"],
            &["-g", "2"],
        ] {
            assert!(parse(line).is_err(), "{line:?}");
        }
        assert!(
            parse(&["--begin", "soon", "x"])
                .unwrap_err()
                .contains("--begin")
        );
        assert!(
            parse(&["-e", "BERTH_TEST_NOT_SET", "x"])
                .unwrap_err()
                .contains("is not set")
        );
    }
}
