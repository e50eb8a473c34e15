//! `srun` within a job: the tasks of this node. A job's script runs on each of its nodes, so each `srun`
//! starts what belongs to its own; together they are the step.

use std::fs::{File, OpenOptions};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::Duration;

use super::flags::JobFlags;
use super::srun::Args;
use super::{hostlist, size};
use crate::failure::Failure;
use crate::output::note;

/// Between two looks at tasks, and at GPUs that other steps use.
const LOOK: Duration = Duration::from_millis(50);

/// Where this process is in its job.
#[derive(Clone, Debug)]
struct Place {
    node: String,
    nodes: Vec<String>,
    /// Tasks of the job, in all and on a node, where its submission named them.
    tasks: Option<u32>,
    per_node: Option<u32>,
    /// Indices of the GPUs here.
    gpus: Vec<String>,
    folder: PathBuf,
}

/// What this node does of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    /// Its first task's `SLURM_PROCID`.
    first: u32,
    tasks: u32,
    all_tasks: u32,
    all_nodes: u32,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let place = Place::here();
    let share = share(&args.flags, &place).map_err(Failure::Usage)?;
    if share.tasks == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let each = gpus_each(&args.flags, &share, &place).map_err(Failure::Usage)?;
    let leases = match each {
        Some(wanted) if !args.overlap => take(&place, wanted.in_all)?,
        _ => vec![],
    };
    let mut children = vec![];
    for local in 0..share.tasks {
        let mut command = command(args, &share, local, &place)?;
        if let Some(wanted) = each {
            let own: Vec<&str> = if leases.is_empty() {
                place.gpus.iter().map(String::as_str).collect()
            } else {
                leases.iter().map(|lease| lease.index.as_str()).collect()
            };
            command.env("CUDA_VISIBLE_DEVICES", wanted.of(local, &own).join(","));
        }
        if share.tasks == 1 && leases.is_empty() {
            return Err(not_started(args, &command.exec()));
        }
        let child = command.spawn().map_err(|error| not_started(args, &error));
        children.push(child?);
    }
    wait(
        children,
        args.kill_on_bad_exit
            .as_deref()
            .is_some_and(|value| value != "0"),
    )
}

fn not_started(args: &Args, error: &std::io::Error) -> Failure {
    let program = args.command.first().map_or("", String::as_str);
    Failure::Other(format!("'{program}' cannot be started: {error}."))
}

impl Place {
    fn here() -> Self {
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let list = |name: &str| -> Vec<String> {
            let text = text(name);
            let parts = text.split(',').filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        };
        Place {
            node: text("BERTH_NODE"),
            nodes: list("BERTH_NODELIST"),
            tasks: text("SLURM_NTASKS").parse().ok(),
            per_node: text("SLURM_NTASKS_PER_NODE").parse().ok(),
            gpus: list("CUDA_VISIBLE_DEVICES"),
            folder: text("BERTH_RUN_DIR").into(),
        }
    }
}

/// Which tasks are this node's.
fn share(flags: &JobFlags, place: &Place) -> Result<Share, String> {
    let mut nodes = place.nodes.clone();
    if let Some(list) = &flags.nodelist {
        let wanted = hostlist::expand(list).map_err(|why| format!("--nodelist: {why}."))?;
        if let Some(other) = wanted.iter().find(|node| !nodes.contains(node)) {
            return Err(format!(
                "--nodelist: {other} is not one of this job's nodes, {}.",
                nodes.join(", ")
            ));
        }
        nodes.retain(|node| wanted.contains(node));
    }
    if let Some(list) = &flags.exclude {
        let without = hostlist::expand(list).map_err(|why| format!("--exclude: {why}."))?;
        nodes.retain(|node| !without.contains(node));
    }
    let count = |text: &String| {
        let least = text.split('-').next().unwrap_or(text);
        let refuse = || format!("--nodes={text}: write a number of nodes.");
        least.parse::<usize>().map_err(|_| refuse())
    };
    let wanted = flags.nodes.as_ref().map(count).transpose()?;
    if let Some(wanted) = wanted {
        if wanted > nodes.len() || wanted == 0 {
            return Err(format!(
                "--nodes={wanted}: there are {} nodes for this step.",
                nodes.len()
            ));
        }
        nodes.truncate(wanted);
    }
    let whole = nodes.len() == place.nodes.len();
    let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let per_node = flags.ntasks_per_node.or(place.per_node);
    let all = flags
        .ntasks
        .or(per_node.map(|each| each * many(nodes.len())))
        .or(place.tasks.filter(|_| whole && wanted.is_none()))
        .unwrap_or(many(nodes.len()));
    // Not more nodes than tasks.
    nodes.truncate(all.max(1) as usize);
    let all_nodes = many(nodes.len()).max(1);
    let Some(here) = nodes.iter().position(|node| *node == place.node) else {
        return Ok(Share {
            first: 0,
            tasks: 0,
            all_tasks: all,
            all_nodes,
        });
    };
    // As even as it can be, the first ones with one more.
    let of = |node: usize| all / all_nodes + u32::from(many(node) < all % all_nodes);
    Ok(Share {
        first: (0..here).map(of).sum(),
        tasks: of(here),
        all_tasks: all,
        all_nodes,
    })
}

/// GPUs of a step on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    in_all: usize,
    /// `None`: each task has all of them.
    per_task: Option<usize>,
}

impl Wanted {
    fn of<'a>(&self, local: u32, own: &[&'a str]) -> Vec<&'a str> {
        let per_task = self.per_task.unwrap_or(self.in_all);
        let from = self.per_task.map_or(0, |each| each * local as usize);
        own.iter().skip(from).take(per_task).copied().collect()
    }
}

/// What the step asks for; `None`: all that the job has.
fn gpus_each(flags: &JobFlags, share: &Share, place: &Place) -> Result<Option<Wanted>, String> {
    let named = flags.gres.is_some() || flags.gpus.is_some() || flags.gpus_per_node.is_some();
    if !named && flags.gpus_per_task.is_none() {
        return Ok(None);
    }
    let of_step = JobFlags {
        nodes: Some(share.all_nodes.to_string()),
        nodelist: None,
        ntasks: Some(share.all_tasks),
        ..flags.clone()
    };
    let whole = size::size(&of_step)?;
    let in_all = usize::try_from(whole.gpus).unwrap_or(0);
    let per_task = flags
        .gpus_per_task
        .as_ref()
        .map(|_| in_all / share.tasks.max(1) as usize);
    if in_all > place.gpus.len() {
        return Err(format!(
            "This step wants {in_all} GPUs on {}, and the job has {} there.",
            place.node,
            place.gpus.len()
        ));
    }
    Ok(Some(Wanted { in_all, per_task }))
}

/// A GPU that no other step of this job uses as long as the file is open.
struct Lease {
    index: String,
    _lock: File,
}

/// Waits until so many are free, and takes them.
fn take(place: &Place, count: usize) -> Result<Vec<Lease>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::Other(format!("Which GPUs other steps use is not known: {error}."))
    };
    let mut said = false;
    loop {
        let mut taken = vec![];
        for index in &place.gpus {
            if taken.len() == count {
                break;
            }
            let name = format!(".step-{}-{index}", place.node);
            let file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(false)
                .open(place.folder.join(name))
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) => taken.push(Lease {
                    index: index.clone(),
                    _lock: file,
                }),
                Err(std::fs::TryLockError::WouldBlock) => {}
                Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        if taken.len() == count {
            return Ok(taken);
        }
        // None is held while waiting, so that two steps do not wait for each other.
        drop(taken);
        if !said {
            note("the step waits for GPUs that other steps of this job use.");
            said = true;
        }
        std::thread::sleep(LOOK);
    }
}

fn command(args: &Args, share: &Share, local: u32, place: &Place) -> Result<Command, Failure> {
    let [program, arguments @ ..] = args.command.as_slice() else {
        return Err(Failure::Usage(
            "srun COMMAND: nothing to run was named.".to_owned(),
        ));
    };
    let rank = share.first + local;
    let mut command = Command::new(program);
    command.args(arguments).envs([
        ("SLURM_PROCID", rank.to_string()),
        ("SLURM_LOCALID", local.to_string()),
        ("SLURM_NTASKS", share.all_tasks.to_string()),
        ("SLURM_NPROCS", share.all_tasks.to_string()),
        ("SLURM_STEP_ID", "0".to_owned()),
        ("SLURM_STEP_NUM_TASKS", share.all_tasks.to_string()),
        ("SLURM_STEP_NUM_NODES", share.all_nodes.to_string()),
    ]);
    if let Some(count) = args.flags.dropped.cpus_per_task {
        command.env("SLURM_CPUS_PER_TASK", count.to_string());
    }
    if let Some(folder) = &args.flags.chdir {
        command.current_dir(folder);
    }
    let append = args
        .flags
        .open_mode
        .as_deref()
        .is_some_and(|mode| mode.starts_with('a'));
    let file = |pattern: &String| open(&file_name(pattern, rank, &place.node), append || local > 0);
    let output = args.flags.output.as_ref().map(file).transpose()?;
    let error = args.flags.error.as_ref().map(file).transpose()?;
    if let Some(output) = output {
        let copy = output
            .try_clone()
            .map_err(|error| Failure::Other(error.to_string()))?;
        command.stdout(output).stderr(copy);
    }
    if let Some(error) = error {
        command.stderr(error);
    }
    Ok(command)
}

fn open(path: &Path, append: bool) -> Result<File, Failure> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append)
        .open(path)
        .map_err(|error| Failure::Other(format!("{} cannot be written: {error}.", path.display())))
}

/// A step's file: `%j` the job, `%t` the task, `%N` the node, and what else Slurm has.
fn file_name(pattern: &str, rank: u32, node: &str) -> PathBuf {
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let values = [
        ("%j", of("SLURM_JOB_ID")),
        ("%J", format!("{}.0", of("SLURM_JOB_ID"))),
        ("%A", of("SLURM_ARRAY_JOB_ID")),
        ("%a", of("SLURM_ARRAY_TASK_ID")),
        ("%x", of("SLURM_JOB_NAME")),
        ("%u", of("USER")),
        ("%n", of("SLURM_NODEID")),
        ("%s", "0".to_owned()),
        ("%t", rank.to_string()),
        ("%N", node.to_owned()),
    ];
    let name = values.iter();
    name.fold(pattern.to_owned(), |name, (letter, value)| {
        name.replace(letter, value)
    })
    .into()
}

/// The code of the task that ended worst.
fn wait(mut children: Vec<Child>, together: bool) -> Result<ExitCode, Failure> {
    let mut worst = 0;
    while !children.is_empty() {
        let mut left = vec![];
        for mut child in children {
            let status = child.try_wait().map_err(|error| {
                Failure::Other(format!("A task cannot be waited for: {error}."))
            })?;
            match status {
                Some(status) => worst = worst.max(code(status)),
                None => left.push(child),
            }
        }
        if together && worst > 0 {
            for child in &mut left {
                // It may have ended just now.
                let _ = child.kill();
            }
        }
        children = left;
        if !children.is_empty() {
            std::thread::sleep(LOOK);
        }
    }
    Ok(ExitCode::from(worst))
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn place(node: &str) -> Place {
        Place {
            node: node.to_owned(),
            nodes: vec!["n1".to_owned(), "n2".to_owned()],
            tasks: Some(4),
            per_node: None,
            gpus: ["0", "1", "2", "3"].map(str::to_owned).to_vec(),
            folder: PathBuf::new(),
        }
    }

    fn flags(line: &str) -> JobFlags {
        let words = ["srun"]
            .into_iter()
            .chain(line.split_whitespace())
            .chain(["x"]);
        Args::try_parse_from(words).unwrap().flags
    }

    fn tasks(line: &str, node: &str) -> (u32, u32) {
        let share = share(&flags(line), &place(node)).unwrap();
        (share.first, share.tasks)
    }

    #[test]
    fn each_node_has_its_share() {
        for (line, first, second) in [
            ("", (0, 2), (2, 2)),
            ("-n 3", (0, 2), (2, 1)),
            ("-n 1", (0, 1), (0, 0)),
            ("-N 1 -n 1", (0, 1), (0, 0)),
            ("-N 1 -n 1 -w n2", (0, 0), (0, 1)),
            ("--ntasks-per-node=1", (0, 1), (1, 1)),
            ("-N 2", (0, 1), (1, 1)),
            ("-x n1", (0, 0), (0, 1)),
        ] {
            assert_eq!(tasks(line, "n1"), first, "{line}");
            assert_eq!(tasks(line, "n2"), second, "{line}");
        }
        assert!(share(&flags("-N 3"), &place("n1")).is_err());
        assert!(share(&flags("-w n9"), &place("n1")).is_err());
    }

    #[test]
    fn gpus_of_a_step() {
        let wanted = |line: &str| {
            let (flags, place) = (flags(line), place("n1"));
            let share = share(&flags, &place).unwrap();
            gpus_each(&flags, &share, &place)
        };
        assert_eq!(wanted("-n 4"), Ok(None));
        let two = Wanted {
            in_all: 2,
            per_task: Some(1),
        };
        assert_eq!(wanted("-n 4 --gpus-per-task=1"), Ok(Some(two)));
        assert_eq!(two.of(1, &["5", "7"]), ["7"]);
        let one = Wanted {
            in_all: 1,
            per_task: None,
        };
        assert_eq!(wanted("-N1 -n1 --gres=gpu:1"), Ok(Some(one)));
        assert!(wanted("-N1 -n1 --gres=gpu:5").is_err());
    }
}
