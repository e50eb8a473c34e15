//! `srun`: run a command on GPUs, show what it writes, and end with its code. Inside a job it starts the
//! tasks of this node instead.

use std::process::ExitCode;

use berth_domain::SubmitRequest;

use super::flags::JobFlags;
use super::size::Size;
use super::{salloc, step, submit};
use crate::commands::run::submit_and_follow;
use crate::failure::Failure;
use crate::output::note;
use crate::session::Session;

/// Run a command on GPUs: as a job, or within the job that calls it.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "srun",
    version,
    infer_long_args = true,
    args_override_self = true
)]
pub struct Args {
    #[command(flatten)]
    pub flags: JobFlags,
    /// In a terminal, to work in.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    pub pty: Option<String>,
    /// End all tasks when one fails.
    #[arg(short = 'K', long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    pub kill_on_bad_exit: Option<String>,
    /// Within a job: on GPUs that other steps use too.
    #[arg(long)]
    pub overlap: bool,
    #[arg(short = 'l', long, hide = true)]
    pub label: bool,
    #[arg(short = 'u', long, hide = true)]
    pub unbuffered: bool,
    #[arg(long, hide = true)]
    pub exact: bool,
    #[arg(long, hide = true, value_name = "TYPE")]
    pub mpi: Option<String>,
    #[arg(short = 'W', long, hide = true, value_name = "SECONDS")]
    pub wait: Option<String>,
    #[arg(short = 'X', long, hide = true)]
    pub disable_status: bool,
    #[arg(long, hide = true)]
    pub multi_prog: bool,
    #[arg(short = 'r', long, hide = true, value_name = "N")]
    pub relative: Option<u32>,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("srun", &words);
    if args.multi_prog {
        return Err(Failure::Usage(
            "--multi-prog: all tasks of a job run one command; look at SLURM_PROCID in a script."
                .to_owned(),
        ));
    }
    if args.label && !args.flags.quiet {
        note("--label: not used; with one process for each GPU, lines begin with [rank N] anyway.");
    }
    if std::env::var_os("BERTH_JOB_ID").is_some() {
        return step::run(&args);
    }
    if args.relative.is_some() {
        return Err(Failure::Usage(
            "--relative: only within a job; name the nodes with --nodelist.".to_owned(),
        ));
    }
    let (request, job) = submit::request(session, &args.flags).await?;
    if args.pty.is_some() {
        return salloc::open(session, request, args.command).await;
    }
    let request = with_tasks(request, &job.size, args.command);
    // Slurm writes either there or here.
    let show = args.flags.output.is_none();
    submit_and_follow(session, &request, show).await
}

/// As many processes on each node as tasks were asked for.
fn with_tasks(request: SubmitRequest, size: &Size, command: Vec<String>) -> SubmitRequest {
    let nodes = size.nodes.unwrap_or(1).max(1);
    let all = size.tasks.all.map(|all| (all + nodes - 1) / nodes);
    let tasks = size.tasks.per_node.or(all).unwrap_or(1);
    let per_gpu = tasks > 1 && tasks == size.gpus;
    let command = if per_gpu || tasks <= 1 {
        command
    } else {
        let words = ["sh", "-c", SEVERAL, "srun"].map(str::to_owned).into_iter();
        words.chain([tasks.to_string()]).chain(command).collect()
    };
    SubmitRequest {
        command,
        per_gpu,
        ..request
    }
}

/// So many processes of a command; the code is that of one that failed.
const SEVERAL: &str = "n=$1; shift; i=0; code=0; all=; while [ $i -lt $n ]; do SLURM_LOCALID=$i \
                       SLURM_PROCID=$((NODE_RANK * n + i)) \"$@\" & all=\"$all $!\"; i=$((i + 1)); \
                       done; for one in $all; do wait $one || code=$?; done; exit $code";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::size::Tasks;

    #[test]
    fn tasks_are_processes() {
        let of = |gpus, all, per_node| {
            let size = Size {
                nodes: Some(1),
                gpus,
                models: vec![],
                tasks: Tasks { all, per_node },
            };
            let made = with_tasks(SubmitRequest::default(), &size, vec!["true".to_owned()]);
            (made.per_gpu, made.command.len())
        };
        assert_eq!(of(1, None, None), (false, 1));
        assert_eq!(of(4, Some(4), None), (true, 1));
        assert_eq!(of(4, None, Some(4)), (true, 1));
        assert_eq!(of(0, Some(3), None), (false, 6));
    }
}
