//! From Slurm's flags to a job of Berth. What Berth cannot honour is refused where it would change the
//! job, and said where it does not matter.

use std::ffi::OsString;
use std::path::PathBuf;

use berth_domain::{PriorityClass, SubmitRequest, walltime};
use jiff::Zoned;

use super::dependency::{self, After};
use super::flags::JobFlags;
use super::size::{self, Size};
use super::{dropped, export, hostlist, times};

/// Where and when a command line was written.
#[derive(Clone, Debug)]
pub struct Here {
    pub folder: PathBuf,
    pub host: String,
    pub now: Zoned,
    pub env: Vec<(OsString, OsString)>,
}

/// A job to submit.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// Complete but for its command and for what it waits for.
    pub request: SubmitRequest,
    pub after: Vec<After>,
    /// It wants no other job on its nodes.
    pub exclusive: bool,
    pub size: Size,
    /// What is not as in Slurm, a line each.
    pub notes: Vec<String>,
}

/// Reads the flags.
pub fn translate(flags: &JobFlags, here: &Here) -> Result<Translated, String> {
    flags.refused.check()?;
    let size = size::size(flags)?;
    let mut notes = dropped::notes(flags);
    let (mut env, functions) =
        export::variables(flags.export.as_deref(), here.env.iter().cloned())?;
    if functions > 0 {
        notes.push(format!(
            "{functions} exported shell functions stay here; a script that needs them begins with \
             #!/bin/bash -l."
        ));
    }
    let folder = match &flags.chdir {
        Some(folder) => here.folder.join(folder),
        None => here.folder.clone(),
    };
    let text = |path: &PathBuf| {
        let text = path.to_str().map(str::to_owned);
        text.ok_or_else(|| {
            format!(
                "The folder {} has a name that is not UTF-8.",
                path.display()
            )
        })
    };
    let workdir = text(&folder)?;
    env.extend(variables(flags, &size, here, text(&here.folder)?));
    let nodes = |flag: &str, list: Option<&String>| {
        let list = list.map(|list| hostlist::expand(list)).transpose();
        let list = list.map_err(|why| format!("{flag}: {why}."))?;
        Ok::<_, String>(list.unwrap_or_default())
    };
    let begin = flags
        .begin
        .as_deref()
        .map(|text| times::begin(text, &here.now));
    let begin = begin
        .transpose()
        .map_err(|why| format!("--begin: {why}."))?;
    let deadline = flags.deadline.as_deref();
    let deadline = deadline
        .map(|text| times::begin(text, &here.now))
        .transpose();
    let deadline = deadline.map_err(|why| format!("--deadline: {why}."))?;
    if deadline.is_some() {
        notes.push(
            "--deadline: the job goes up in the queue to meet it; it is not removed if it cannot."
                .to_owned(),
        );
    }
    if flags
        .nodes
        .as_ref()
        .is_some_and(|nodes| nodes.contains('-'))
    {
        let count = size.nodes.unwrap_or(1);
        notes.push(format!(
            "--nodes: the job gets {count}, the least that was asked for."
        ));
    }
    let (models, nvlink) = constraint(flags.constraint.as_deref(), &size.models)?;
    let after = flags.dependency.as_deref().map(dependency::read);
    let request = SubmitRequest {
        name: flags.job_name.clone(),
        project: flags.account.clone(),
        workdir: Some(workdir),
        env,
        gpus: Some(size.gpus),
        nodes: size.nodes,
        time_limit: flags.time.as_deref().map(limit).transpose()?,
        class: class(flags.qos.as_deref(), &mut notes),
        begin: begin.flatten(),
        deadline: deadline.flatten(),
        gpu_model: models,
        nodelist: nodes("--nodelist", flags.nodelist.as_ref())?,
        exclude: nodes("--exclude", flags.exclude.as_ref())?,
        nvlink,
        signal: flags.signal.as_deref().map(signal).transpose()?,
        hold: flags.hold,
        ..SubmitRequest::default()
    };
    Ok(Translated {
        request,
        after: after.transpose()?.unwrap_or_default(),
        exclusive: flags.exclusive.is_some(),
        size,
        notes,
    })
}

/// What a script finds beside what Berth knows itself when the job starts.
fn variables(flags: &JobFlags, size: &Size, here: &Here, folder: String) -> Vec<(String, String)> {
    let tasks = size.tasks;
    let all = tasks
        .all
        .or(tasks.per_node.map(|each| each * size.nodes.unwrap_or(1)));
    let per_node = tasks
        .per_node
        .or(all.filter(|_| size.nodes == Some(1)))
        .map(|each| match size.nodes {
            Some(nodes) if nodes > 1 => format!("{each}(x{nodes})"),
            _ => each.to_string(),
        });
    let number = |count: Option<i64>| count.map(|count| count.to_string());
    let output = flags
        .output
        .clone()
        .map(|file| match flags.open_mode.as_deref() {
            Some(mode) if mode.starts_with('a') => format!(">>{file}"),
            _ => file,
        });
    let in_all = size.nodes.unwrap_or(1) * size.gpus;
    let all = [
        ("BERTH_SLURM", Some("1".to_owned())),
        ("BERTH_OUTPUT", output),
        ("SLURM_SUBMIT_DIR", Some(folder)),
        ("SLURM_SUBMIT_HOST", Some(here.host.clone())),
        ("SLURM_NTASKS", number(all)),
        ("SLURM_NPROCS", number(all)),
        ("SLURM_NTASKS_PER_NODE", number(tasks.per_node)),
        ("SLURM_TASKS_PER_NODE", per_node),
        (
            "SLURM_CPUS_PER_TASK",
            number(flags.dropped.cpus_per_task.map(i64::from)),
        ),
        (
            "SLURM_GPUS",
            flags.gpus.as_ref().map(|_| in_all.to_string()),
        ),
        ("SLURM_GPUS_PER_NODE", flags.gpus_per_node.clone()),
        ("SLURM_GPUS_PER_TASK", flags.gpus_per_task.clone()),
        ("SLURM_JOB_ACCOUNT", flags.account.clone()),
        ("SLURM_JOB_QOS", flags.qos.clone()),
        ("SLURM_JOB_PARTITION", flags.dropped.partition.clone()),
    ];
    let all = all.into_iter();
    all.filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// A time limit as Slurm writes it.
pub fn limit(text: &str) -> Result<String, String> {
    let endless = ["0", "unlimited", "infinite", "-1"];
    if endless.contains(&text.trim().to_lowercase().as_str()) {
        return Err(format!(
            "--time={text}: a job without an end cannot be planned around; write a limit, such as \
             30-00:00:00 for 30 days."
        ));
    }
    walltime::parse(text).map_err(|why| format!("--time: {why}."))?;
    Ok(text.trim().to_owned())
}

/// A class by its name; others are somebody else's.
fn class(qos: Option<&str>, notes: &mut Vec<String>) -> Option<String> {
    let qos = qos?;
    let known = PriorityClass::ALL
        .into_iter()
        .find(|class| class.as_str() == qos);
    if known.is_none() {
        notes.push(format!(
            "--qos={qos}: not known here; the job's class is normal. There are low, normal, high and \
             critical."
        ));
    }
    known.map(|class| class.as_str().to_owned())
}

/// Slurm sends the signal a minute before the end unless it is told when.
fn signal(text: &str) -> Result<String, String> {
    if text.starts_with("R:") || text.starts_with("RB:") || text.starts_with("BR:") {
        return Err(
            "--signal=R: is for reservations that others run in; leave out the R.".to_owned(),
        );
    }
    Ok(if text.contains('@') {
        text.to_owned()
    } else {
        format!("{text}@60")
    })
}

/// Features are GPU models here: `h100`, `h100|a100`; and `nvlink`.
fn constraint(text: Option<&str>, models: &[String]) -> Result<(Vec<String>, bool), String> {
    let Some(text) = text else {
        return Ok((models.to_vec(), false));
    };
    let (mut found, mut nvlink) = (models.to_vec(), false);
    let plain = |word: &str| {
        let allowed = |ch: char| ch.is_ascii_alphanumeric() || "-_. ".contains(ch);
        !word.is_empty() && word.chars().all(allowed)
    };
    for part in text.split(['&', ',']).map(str::trim) {
        let part = part
            .strip_prefix('[')
            .and_then(|one| one.strip_suffix(']'))
            .unwrap_or(part);
        if part.eq_ignore_ascii_case("nvlink") {
            nvlink = true;
            continue;
        }
        let words: Vec<String> = part.split('|').map(|word| word.trim().to_owned()).collect();
        if !found.is_empty() || !words.iter().all(|word| plain(word)) {
            return Err(format!(
                "--constraint={text}: Berth knows GPU models and nvlink; write h100, 'h100|a100' or \
                 'h100&nvlink'."
            ));
        }
        found = words;
    }
    Ok((found, nvlink))
}

#[cfg(test)]
pub mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: JobFlags,
    }

    pub fn here() -> Here {
        Here {
            folder: PathBuf::from("/home/ana/work"),
            host: "login".into(),
            now: "2026-11-24T12:00:00+00:00[UTC]".parse().unwrap(),
            env: vec![("PATH".into(), "/bin".into())],
        }
    }

    fn of(line: &[&str]) -> Result<Translated, String> {
        let words = ["x"].iter().chain(line);
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        translate(&line.flags, &here())
    }

    #[test]
    fn everything_that_has_a_counterpart() {
        let line = [
            "-J",
            "big run",
            "-A",
            "llm",
            "--qos=high",
            "-t",
            "1-12",
            "--gres=gpu:h100:4",
            "-N2",
            "-w",
            "node-[1-2]",
            "-x",
            "node-3",
            "-b",
            "now+1hour",
            "-D",
            "runs",
            "--signal=B:USR1",
            "-H",
            "--ntasks-per-node=4",
            "-c8",
            "-o",
            "out/%j.txt",
            "--export=NONE",
            "-C",
            "nvlink",
            "--dependency=afterok:3:4",
            "--exclusive",
            "--open-mode=append",
        ];
        let done = of(&line).unwrap();
        let env = [
            ("BERTH_OUTPUT", ">>out/%j.txt"),
            ("BERTH_SLURM", "1"),
            ("SLURM_CPUS_PER_TASK", "8"),
            ("SLURM_JOB_ACCOUNT", "llm"),
            ("SLURM_JOB_QOS", "high"),
            ("SLURM_NPROCS", "8"),
            ("SLURM_NTASKS", "8"),
            ("SLURM_NTASKS_PER_NODE", "4"),
            ("SLURM_SUBMIT_DIR", "/home/ana/work"),
            ("SLURM_SUBMIT_HOST", "login"),
            ("SLURM_TASKS_PER_NODE", "4(x2)"),
        ];
        let expected = SubmitRequest {
            name: Some("big run".into()),
            project: Some("llm".into()),
            workdir: Some("/home/ana/work/runs".into()),
            env: env
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            gpus: Some(4),
            nodes: Some(2),
            time_limit: Some("1-12".into()),
            class: Some("high".into()),
            begin: Some("2026-11-24T13:00:00Z".into()),
            gpu_model: vec!["h100".into()],
            nodelist: vec!["node-1".into(), "node-2".into()],
            exclude: vec!["node-3".into()],
            nvlink: true,
            signal: Some("B:USR1@60".into()),
            hold: true,
            ..SubmitRequest::default()
        };
        assert_eq!(done.request, expected);
        assert_eq!((done.after.len(), done.exclusive), (2, true));
        assert_eq!(done.notes.len(), 1, "{:?}", done.notes);
    }

    #[test]
    fn a_bare_line_is_a_job_without_gpus_in_this_environment() {
        let done = of(&[]).unwrap();
        assert_eq!((done.request.gpus, done.request.nodes), (Some(0), Some(1)));
        assert_eq!(done.request.env["PATH"], "/bin");
        assert_eq!(done.request.env["SLURM_SUBMIT_DIR"], "/home/ana/work");
        assert!(done.notes.is_empty() && done.after.is_empty());
    }

    #[test]
    fn what_would_change_the_job_is_refused() {
        for (line, says) in [
            (&["-t", "UNLIMITED"][..], "cannot be planned around"),
            (&["-t", "0"], "cannot be planned around"),
            (&["-t", "soon"], "is not a time"),
            (&["-C", "h100*2"], "Berth knows GPU models"),
            (&["-C", "intel&gpu"], "Berth knows GPU models"),
            (&["--signal=R:USR1"], "leave out the R"),
            (&["-L", "matlab"], "no licenses"),
            (&["--gres=gpu:1,shard:2"], "GPUs and nothing else"),
            (&["-d", "singleton"], "one array with %1"),
            (&["-b", "whenever"], "is not a time"),
            (&["-w", "n[1"], "is not a list of nodes"),
        ] {
            let said = of(line).unwrap_err();
            assert!(said.contains(says), "{line:?}: {said}");
        }
    }

    #[test]
    fn what_does_not_matter_is_said() {
        let done = of(&[
            "--qos=long",
            "-N",
            "1-3",
            "--deadline=now+2days",
            "-p",
            "gpu",
        ])
        .unwrap();
        let notes = done.notes.join("\n");
        for says in [
            "--qos=long: not known here",
            "--nodes: the job gets 1",
            "it is not removed",
            "no partitions",
        ] {
            assert!(notes.contains(says), "{says} is not in {notes}");
        }
        assert_eq!(done.request.class, None);
        let models = |line: &[&str]| of(line).unwrap().request.gpu_model.join(" ");
        assert_eq!(models(&["-C", "[h100|a100]"]), "h100 a100");
        assert_eq!(models(&["-C", "h100&nvlink"]), "h100");
    }
}
