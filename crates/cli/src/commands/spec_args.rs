//! What `submit`, `run` and `update` can say of a job alike.

use jiff::Zoned;

use crate::failure::Failure;
use crate::time;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecArgs {
    /// GPUs: in all, or with -N on each node; 0 for a job that needs none. A new job gets 1.
    #[arg(short = 'g', long, value_name = "N", allow_negative_numbers = true)]
    pub gpus: Option<i64>,
    /// Nodes; each runs the command once. A new job gets as few as hold the GPUs.
    #[arg(short = 'N', long, value_name = "N", allow_negative_numbers = true)]
    pub nodes: Option<i64>,
    /// Time limit: 90s, 30m, 6h, 2d, 1-12:00:00, or a number of minutes. A new job gets 24h.
    #[arg(
        short = 't',
        long = "time",
        value_name = "TIME",
        allow_hyphen_values = true
    )]
    pub time_limit: Option<String>,
    /// The job's name. A new job gets the program's.
    #[arg(short = 'J', long, value_name = "NAME")]
    pub name: Option<String>,
    /// Priority class: low, normal, high, critical. A higher class goes first.
    #[arg(
        short = 'p',
        long = "priority",
        visible_alias = "class",
        value_name = "CLASS"
    )]
    pub class: Option<String>,
    /// Start only after these jobs succeeded: 17, or afterany:17, afternotok:17; several with commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub after: Option<Vec<String>>,
    /// Not before this time: +2h, 18:00, 2026-11-30T18:00 (local), 2026-11-30T18:00:00Z.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub begin: Option<String>,
    /// To be done by this time, written as for --begin. It rises in its class while it can make it.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub deadline: Option<String>,
    /// Only on GPUs of this model, by a word of its name such as H100; one of several with commas.
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    pub gpu_model: Option<Vec<String>>,
    /// Only on GPUs with at least this much memory: 80G, 40GiB.
    #[arg(long, value_name = "SIZE")]
    pub gpu_mem: Option<String>,
    /// Only on these nodes, with commas; not, as in Slurm, on each of them.
    #[arg(short = 'w', long, value_name = "NODES", value_delimiter = ',')]
    pub nodelist: Option<Vec<String>>,
    /// Not on these nodes, with commas.
    #[arg(short = 'x', long, value_name = "NODES", value_delimiter = ',')]
    pub exclude: Option<Vec<String>>,
    /// The signal that tells it to save before it is stopped, for its time limit or for another job:
    /// USR1 (default), TERM; with @60 sixty seconds before the limit. See docs/jobs.md.
    #[arg(long, value_name = "SIG[@SECONDS]")]
    pub signal: Option<String>,
    /// Tries after a failed first one. A new job gets 0.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub retries: Option<i64>,
}

/// A time of a flag as the API wants it.
pub fn time(flag: &str, text: Option<String>, now: &Zoned) -> Result<Option<String>, Failure> {
    let read = |text: String| {
        time::moment(&text, now).map_err(|why| Failure::Usage(format!("{flag}: {why}.")))
    };
    text.map(read).transpose()
}
