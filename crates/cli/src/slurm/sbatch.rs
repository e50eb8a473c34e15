//! `sbatch`: queue a script.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use berth_api::jobs::GetJob;
use berth_api::planner::{AsksArg, ForecastStart};
use berth_domain::{JobId, SubmitRequest, Timestamp};

use super::directives::{self, Script};
use super::flags::JobFlags;
use super::{indices, submit};
use crate::commands::job_args;
use crate::commands::run::end;
use crate::failure::Failure;
use crate::follow;
use crate::output::{self, note};
use crate::session::Session;
use crate::time;

/// Between two looks at a job that is waited for.
const LOOK: Duration = Duration::from_millis(500);
/// The most that is read of a script; the server takes less.
const LARGEST: u64 = 1024 * 1024;

/// Options that the environment gives, between those of the script and those of the line.
const FROM_ENV: [(&str, &str); 9] = [
    ("SBATCH_ACCOUNT", "--account"),
    ("SBATCH_CONSTRAINT", "--constraint"),
    ("SBATCH_EXPORT", "--export"),
    ("SBATCH_GPUS", "--gpus"),
    ("SBATCH_JOB_NAME", "--job-name"),
    ("SBATCH_OUTPUT", "--output"),
    ("SBATCH_PARTITION", "--partition"),
    ("SBATCH_QOS", "--qos"),
    ("SBATCH_TIMELIMIT", "--time"),
];

/// Queue a script, with options on the line or on #SBATCH lines in it.
#[derive(Debug, clap::Parser)]
#[command(
    name = "sbatch",
    version,
    infer_long_args = true,
    args_override_self = true
)]
pub struct Args {
    #[command(flatten)]
    flags: JobFlags,
    /// One job for each number: 0-9, 1,3,5, 0-9:2; with %4 at most four at once.
    #[arg(short = 'a', long, value_name = "LIST")]
    array: Option<String>,
    /// Run this line of shell instead of a script.
    #[arg(long, value_name = "COMMAND")]
    wrap: Option<String>,
    /// Print the job's number and nothing else.
    #[arg(long)]
    parsable: bool,
    /// Wait for the job's end, and end with its code.
    #[arg(short = 'W', long)]
    wait: bool,
    /// Say when it would start, and submit nothing.
    #[arg(long)]
    test_only: bool,
    #[arg(long, hide = true)]
    ignore_pbs: bool,
    /// The script and its arguments. Default: what is read from stdin.
    #[arg(trailing_var_arg = true, value_name = "SCRIPT")]
    script: Vec<String>,
}

/// What is to be queued.
struct Batch {
    text: String,
    script: Script,
    name: String,
    /// For `$0`.
    path: String,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let first: Args = submit::parse("sbatch", &words);
    let batch = batch(&first)?;
    for line in batch.script.late.iter().filter(|_| !first.flags.quiet) {
        note(&format!(
            "line {line}: an #SBATCH line after the first command is not read, as in Slurm."
        ));
    }
    let options = &words[..words.len() - first.script.len()];
    let options = options.strip_suffix(&["--".to_owned()]).unwrap_or(options);
    let args = merged(&batch.script.words, options);
    let (request, _) = submit::request(session, &flags(&args)).await?;
    let mut request = SubmitRequest {
        name: request.name.clone().or(Some(batch.name)),
        command: directives::command(
            &batch.script,
            &batch.text,
            &batch.path,
            first.script.get(1..).unwrap_or_default(),
        ),
        array: args.array.clone(),
        ..request
    };
    if let Some(array) = &args.array {
        request.env.extend(indices::variables(array));
    }
    if args.test_only {
        return when(session, &request).await;
    }
    let answer = job_args::submit(session, &request).await?;
    let id = answer.job.id;
    if args.parsable {
        output::print(&id.to_string())?;
    } else if !args.flags.quiet {
        output::print(&format!("Submitted batch job {id}"))?;
    }
    if answer.job.nodes > 1 && !args.flags.quiet {
        note(&format!(
            "the script runs on each of its {} nodes, and srun in it starts the tasks of that node; \
             what is to be done once stands behind: test \"$SLURM_NODEID\" = 0.",
            answer.job.nodes
        ));
    }
    if !args.wait {
        return Ok(ExitCode::SUCCESS);
    }
    let all = if answer.tasks.is_empty() {
        vec![id]
    } else {
        answer.tasks
    };
    wait(session, &all).await
}

/// The options of a script's lines, of the environment and of the line; the later ones count.
fn merged(directives: &[String], options: &[String]) -> Args {
    let from_env = FROM_ENV.iter().filter_map(|(variable, flag)| {
        let value = std::env::var(variable).ok()?;
        Some(format!("{flag}={value}"))
    });
    let words = directives.iter().cloned().chain(from_env);
    let words: Vec<String> = words.chain(options.iter().cloned()).collect();
    submit::parse("sbatch", &words)
}

/// Slurm writes into `slurm-17.out` unless it is told otherwise.
fn flags(args: &Args) -> JobFlags {
    let usual = if args.array.is_some() {
        "slurm-%A_%a.out"
    } else {
        "slurm-%j.out"
    };
    let output = args.flags.output.clone();
    JobFlags {
        output: output.or(Some(usual.to_owned())),
        ..args.flags.clone()
    }
}

fn batch(args: &Args) -> Result<Batch, Failure> {
    if let Some(line) = &args.wrap {
        if !args.script.is_empty() {
            return Err(Failure::Usage(
                "A script and --wrap together: leave out one of the two.".to_owned(),
            ));
        }
        return Ok(Batch {
            text: line.clone(),
            script: Script {
                interpreter: vec!["/bin/sh".to_owned()],
                ..Script::default()
            },
            name: "wrap".to_owned(),
            path: "wrap".to_owned(),
        });
    }
    let (text, path) = match args.script.first() {
        Some(path) => (file(path)?, path.clone()),
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::Usage(
                "Nothing to run was named: sbatch SCRIPT, or sbatch --wrap='COMMAND'.".to_owned(),
            ));
        }
        None => (stdin()?, "sbatch".to_owned()),
    };
    let script = directives::read(&text).map_err(Failure::Other)?;
    let name = Path::new(&path).file_name();
    let name = name.map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
    // What a script finds its neighbours by.
    let path = std::path::absolute(&path)
        .ok()
        .filter(|_| !args.script.is_empty())
        .map_or(path, |path| path.display().to_string());
    Ok(Batch {
        text,
        script,
        name,
        path,
    })
}

fn file(path: &str) -> Result<String, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::Other(format!("The script {path} cannot be read: {why}."))
    };
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(failed(&"it is a folder"));
    }
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| failed(&error))?;
    Ok(text)
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| {
            Failure::Other(format!("The script cannot be read from stdin: {error}."))
        })?;
    Ok(text)
}

/// When such a job would start.
async fn when(session: &Session, request: &SubmitRequest) -> Result<ExitCode, Failure> {
    let call = || ForecastStart {
        gpus: request.gpus,
        nodes: request.nodes,
        time_limit: request.time_limit.clone(),
        class: request.class.clone(),
        asks: AsksArg {
            gpu_model: request.gpu_model.join(","),
            gpu_mem: String::new(),
            nodelist: request.nodelist.join(","),
            exclude: request.exclude.join(","),
            nvlink: request.nvlink,
        },
    };
    let answer = session.repeat(|| session.berth.call(call())).await?;
    let at = if answer.starts_now {
        Some(Timestamp::now())
    } else {
        answer.start_p50
    };
    let Some(at) = at else {
        return Err(Failure::Other(
            "Such a job could never start on this cluster.".to_owned(),
        ));
    };
    let likely = answer.start_p90.filter(|_| !answer.starts_now);
    let likely = likely.map(|at| format!(", nine times of ten by {}", time::local(at)));
    note(&format!(
        "the job would start at {}{}.",
        time::local(at),
        likely.unwrap_or_default()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Waits for all of them. The code is the highest that any ended with.
async fn wait(session: &Session, ids: &[JobId]) -> Result<ExitCode, Failure> {
    let mut highest = 0;
    for id in ids {
        let row = loop {
            let answer =
                follow::patient(session, || session.berth.call(GetJob { id: *id })).await?;
            if !answer.job.row.is_live() {
                break answer.job.row;
            }
            tokio::time::sleep(LOOK).await;
        };
        let (code, sentence) = end(&row);
        if code != 0 {
            note(&sentence);
        }
        highest = highest.max(code);
    }
    Ok(ExitCode::from(highest))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_line_stands_above_the_script() {
        let args = merged(
            &words("--gres=gpu:4 -t 10 -J script --mem=4G --array=0-3"),
            &words("-J line --time=20 --parsable"),
        );
        assert_eq!(args.flags.job_name.as_deref(), Some("line"));
        assert_eq!(args.flags.time.as_deref(), Some("20"));
        assert_eq!(args.flags.gres.as_deref(), Some("gpu:4"));
        assert_eq!(args.array.as_deref(), Some("0-3"));
        assert!(args.parsable);
    }

    #[test]
    fn what_follows_the_script_is_the_scripts() {
        let line = words("sbatch -N1 --part gpu train.sh --lr 3 -N 7");
        let args = Args::try_parse_from(line).unwrap();
        assert_eq!(args.script, ["train.sh", "--lr", "3", "-N", "7"]);
        assert_eq!(args.flags.nodes.as_deref(), Some("1"));
        // A flag may be written short, as getopt has it.
        assert_eq!(args.flags.dropped.partition.as_deref(), Some("gpu"));
        assert!(Args::try_parse_from(words("sbatch --no-such-flag x")).is_err());
    }

    #[test]
    fn the_output_has_slurms_name() {
        let output = |line: &str| {
            let args = Args::try_parse_from(words(line)).unwrap();
            flags(&args).output.unwrap()
        };
        assert_eq!(output("sbatch x"), "slurm-%j.out");
        assert_eq!(output("sbatch -a 0-3 x"), "slurm-%A_%a.out");
        assert_eq!(output("sbatch -o y x"), "y");
    }
}
