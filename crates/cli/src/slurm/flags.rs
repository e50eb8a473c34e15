//! The flags that `sbatch`, `srun` and `salloc` have in common.

/// What they say of a job. Values are kept as they were written; `translate` says what they mean.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct JobFlags {
    /// GPUs on each node: gpu:2, gpu:h100:2.
    #[arg(long, value_name = "LIST")]
    pub gres: Option<String>,
    /// GPUs in all: 4, h100:4.
    #[arg(short = 'G', long, value_name = "N")]
    pub gpus: Option<String>,
    /// GPUs on each node.
    #[arg(long, value_name = "N")]
    pub gpus_per_node: Option<String>,
    /// GPUs for each task.
    #[arg(long, value_name = "N")]
    pub gpus_per_task: Option<String>,
    /// Nodes.
    #[arg(short = 'N', long, value_name = "N")]
    pub nodes: Option<String>,
    /// Tasks in all.
    #[arg(short = 'n', long, value_name = "N")]
    pub ntasks: Option<u32>,
    /// Tasks on each node.
    #[arg(long, visible_alias = "tasks-per-node", value_name = "N")]
    pub ntasks_per_node: Option<u32>,
    /// Tasks for each GPU.
    #[arg(long, value_name = "N")]
    pub ntasks_per_gpu: Option<u32>,
    /// Time limit: minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS.
    #[arg(short = 't', long, value_name = "TIME")]
    pub time: Option<String>,
    /// The job's name.
    #[arg(short = 'J', long, value_name = "NAME")]
    pub job_name: Option<String>,
    /// The project that it counts for.
    #[arg(short = 'A', long, value_name = "NAME")]
    pub account: Option<String>,
    /// Priority class: low, normal, high, critical.
    #[arg(short = 'q', long, value_name = "NAME")]
    pub qos: Option<String>,
    /// GPU models: h100, or h100|a100.
    #[arg(short = 'C', long, value_name = "LIST")]
    pub constraint: Option<String>,
    /// On these nodes.
    #[arg(short = 'w', long, value_name = "LIST")]
    pub nodelist: Option<String>,
    /// Not on these nodes.
    #[arg(short = 'x', long, value_name = "LIST")]
    pub exclude: Option<String>,
    /// Whole nodes.
    #[arg(long, value_name = "user|mcs", num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    pub exclusive: Option<String>,
    /// Start after other jobs: afterok:17, afterany:17:18, afternotok:17.
    #[arg(short = 'd', long, value_name = "LIST")]
    pub dependency: Option<String>,
    /// Not before this time: now+1hour, 16:00, 2026-11-30T18:00.
    #[arg(short = 'b', long, value_name = "TIME")]
    pub begin: Option<String>,
    /// To be done by this time.
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<String>,
    /// Keep it from starting until it is released.
    #[arg(short = 'H', long)]
    pub hold: bool,
    /// Where it runs.
    #[arg(short = 'D', long, alias = "workdir", value_name = "DIR")]
    pub chdir: Option<String>,
    /// Which variables it gets: ALL, NONE, NAME, NAME=VALUE.
    #[arg(long, value_name = "LIST")]
    pub export: Option<String>,
    /// The signal before its end: USR1, B:USR1@60.
    #[arg(long, value_name = "SIG[@SECONDS]")]
    pub signal: Option<String>,
    /// What it writes goes here as well; %j is its number.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<String>,
    /// Errors stand in the same file.
    #[arg(short = 'e', long, value_name = "FILE")]
    pub error: Option<String>,
    /// append or truncate.
    #[arg(long, value_name = "MODE")]
    pub open_mode: Option<String>,
    /// Say nothing.
    #[arg(short = 'Q', long)]
    pub quiet: bool,
    #[command(flatten)]
    pub dropped: Dropped,
    #[command(flatten)]
    pub refused: Refused,
}

/// Flags that change nothing of what a job does with Berth; `dropped` says why.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Accepted and not used")]
pub struct Dropped {
    #[arg(short = 'c', long, value_name = "N")]
    pub cpus_per_task: Option<u32>,
    #[arg(long, value_name = "N")]
    pub cpus_per_gpu: Option<String>,
    #[arg(long, value_name = "N")]
    pub mincpus: Option<String>,
    #[arg(long, value_name = "SIZE")]
    pub mem: Option<String>,
    #[arg(long, value_name = "SIZE")]
    pub mem_per_cpu: Option<String>,
    #[arg(long, value_name = "SIZE")]
    pub mem_per_gpu: Option<String>,
    #[arg(long, value_name = "SIZE")]
    pub tmp: Option<String>,
    #[arg(long, value_name = "N")]
    pub threads_per_core: Option<String>,
    #[arg(long, value_name = "N")]
    pub cores_per_socket: Option<String>,
    #[arg(long, value_name = "N")]
    pub sockets_per_node: Option<String>,
    #[arg(long, value_name = "N")]
    pub ntasks_per_socket: Option<String>,
    #[arg(long, value_name = "N")]
    pub ntasks_per_core: Option<String>,
    #[arg(short = 'B', long, value_name = "S:C:T")]
    pub extra_node_info: Option<String>,
    #[arg(short = 'S', long, value_name = "N")]
    pub core_spec: Option<String>,
    #[arg(long, value_name = "TYPE")]
    pub hint: Option<String>,
    #[arg(short = 'p', long, value_name = "NAME")]
    pub partition: Option<String>,
    #[arg(long, value_name = "LIST")]
    pub mail_type: Option<String>,
    #[arg(long, value_name = "USER")]
    pub mail_user: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub reservation: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "100", allow_negative_numbers = true)]
    pub nice: Option<String>,
    #[arg(long, value_name = "N")]
    pub priority: Option<String>,
    #[arg(long)]
    pub requeue: bool,
    #[arg(long)]
    pub no_requeue: bool,
    #[arg(short = 's', long, alias = "share")]
    pub oversubscribe: bool,
    #[arg(short = 'O', long)]
    pub overcommit: bool,
    #[arg(short = 'k', long, num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    pub no_kill: Option<String>,
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    pub get_user_env: Option<String>,
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "ALL")]
    pub propagate: Option<String>,
    #[arg(long, value_name = "TIME")]
    pub time_min: Option<String>,
    #[arg(long, value_name = "TYPE")]
    pub gpu_bind: Option<String>,
    #[arg(long, value_name = "FREQ")]
    pub gpu_freq: Option<String>,
    #[arg(long, value_name = "FREQ")]
    pub cpu_freq: Option<String>,
    #[arg(long, value_name = "TYPE")]
    pub gres_flags: Option<String>,
    #[arg(long, value_name = "TYPE", alias = "cpu_bind")]
    pub cpu_bind: Option<String>,
    #[arg(long, value_name = "TYPE", alias = "mem_bind")]
    pub mem_bind: Option<String>,
    #[arg(short = 'm', long, value_name = "TYPE")]
    pub distribution: Option<String>,
    #[arg(long, value_name = "N")]
    pub switches: Option<String>,
    #[arg(long)]
    pub contiguous: bool,
    #[arg(long)]
    pub use_min_nodes: bool,
    #[arg(long)]
    pub spread_job: bool,
    #[arg(long, value_name = "TYPE", num_args = 0..=1, require_equals = true, default_missing_value = "energy")]
    pub profile: Option<String>,
    #[arg(long, value_name = "LIST")]
    pub acctg_freq: Option<String>,
    #[arg(long, value_name = "KEY")]
    pub wckey: Option<String>,
    #[arg(long, value_name = "N")]
    pub wait_all_nodes: Option<String>,
    #[arg(short = 'v', long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Flags without which a job would be another one; they are read in order to say so.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Refused")]
pub struct Refused {
    #[arg(long, value_name = "N")]
    pub gpus_per_socket: Option<String>,
    #[arg(short = 'L', long, value_name = "LIST")]
    pub licenses: Option<String>,
    #[arg(short = 'M', long, value_name = "LIST")]
    pub clusters: Option<String>,
    #[arg(long, value_name = "SPEC")]
    pub bb: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub bbf: Option<String>,
    #[arg(long, value_name = "DIR")]
    pub container: Option<String>,
    #[arg(short = 'F', long, value_name = "FILE")]
    pub nodefile: Option<String>,
    #[arg(long, value_name = "USER")]
    pub uid: Option<String>,
    #[arg(long, value_name = "GROUP")]
    pub gid: Option<String>,
    #[arg(short = 'I', long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    pub immediate: Option<String>,
    #[arg(long, value_name = "JOB")]
    pub jobid: Option<String>,
    #[arg(short = 'i', long, value_name = "FILE")]
    pub input: Option<String>,
}

impl Refused {
    /// Why a job with these flags is not taken.
    pub fn check(&self) -> Result<(), String> {
        let no = |flag: &str, why: &str| Err(format!("{flag}: {why}."));
        let ahead = "Berth gives GPUs by node: write --gres=gpu:N or --gpus=N";
        if self.gpus_per_socket.is_some() {
            return no("--gpus-per-socket", ahead);
        }
        if self.licenses.is_some() {
            return no(
                "--licenses",
                "Berth counts no licenses, so it could not keep them",
            );
        }
        if self.clusters.as_deref().is_some_and(|name| name != "berth") {
            return no(
                "--clusters",
                "one Berth server has one cluster; choose another with BERTH_URL",
            );
        }
        if self.bb.is_some() || self.bbf.is_some() {
            return no("--bb", "there is no burst buffer");
        }
        if self.container.is_some() {
            return no(
                "--container",
                "Berth starts no containers; start yours in the command (docker, apptainer)",
            );
        }
        if self.nodefile.is_some() {
            return no("--nodefile", "name the nodes with --nodelist");
        }
        if self.uid.is_some() || self.gid.is_some() {
            return no("--uid and --gid", "a job runs as the server's jobs run");
        }
        if self.immediate.is_some() {
            return no(
                "--immediate",
                "a job waits its turn; `berth why ID` says for how long",
            );
        }
        if self.jobid.is_some() {
            return no(
                "--jobid",
                "a running job takes no steps from outside; `berth attach ID` shows its terminal",
            );
        }
        match self.input.as_deref() {
            None | Some("none" | "/dev/null") => Ok(()),
            Some(_) => no(
                "--input",
                "a job reads nothing; write `< FILE` in its script",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_change_a_job_is_refused_with_what_to_do() {
        let one = Refused {
            gpus_per_socket: Some("2".into()),
            ..Refused::default()
        };
        assert_eq!(
            one.check().unwrap_err(),
            "--gpus-per-socket: Berth gives GPUs by node: write --gres=gpu:N or --gpus=N."
        );
        let none = Refused {
            input: Some("/dev/null".into()),
            clusters: Some("berth".into()),
            ..Refused::default()
        };
        assert_eq!(none.check(), Ok(()));
    }
}
