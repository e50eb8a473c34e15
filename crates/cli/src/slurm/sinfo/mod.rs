//! `sinfo`: the nodes as Slurm shows them.

mod fields;
pub mod nodes;

use std::process::ExitCode;
use std::time::Duration;

use berth_api::cluster::GetCluster;
use jiff::Zoned;

use self::fields::Field;
use self::nodes::Group;
use super::format::{self, Piece};
use super::{hostlist, submit};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;

const USUAL: &str = "%9P %.5a %.10l %.6D %.6t %N";
const BY_NODE: &str = "%N %.6D %.9P %6t";
const LONG: &str = "%9P %.5a %.10l %.10h %.6D %.11T %N";
const LONG_BY_NODE: &str = "%N %.6D %.9P %.11T %15G %20E";
const REASONS: &str = "%20E %9u %19H %N";
const SUMMARY: &str = "%9P %.5a %.10l %.16F %N";

/// List nodes, those in the same state together.
#[derive(Debug, clap::Parser)]
#[command(
    name = "sinfo",
    version,
    infer_long_args = true,
    args_override_self = true,
    disable_help_flag = true
)]
pub struct Args {
    /// A line for each node.
    #[arg(short = 'N', long)]
    node: bool,
    /// With states in full.
    #[arg(short, long)]
    long: bool,
    /// Without the first line.
    #[arg(short = 'h', long)]
    noheader: bool,
    /// Nodes that are out of use, and why.
    #[arg(short = 'R', long)]
    list_reasons: bool,
    /// One line for all.
    #[arg(short, long)]
    summarize: bool,
    /// Which fields: %n %t %G and so on.
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        conflicts_with = "long_format"
    )]
    format: Option<String>,
    /// Which fields, by name: nodelist,gres,gresused.
    #[arg(short = 'O', long = "Format", value_name = "FIELDS")]
    long_format: Option<String>,
    /// These nodes.
    #[arg(short, long, value_name = "NODES")]
    nodes: Option<String>,
    /// Nodes in these states: idle, mix, alloc, drain, down.
    #[arg(short = 't', long, value_name = "STATES", value_delimiter = ',')]
    states: Vec<String>,
    /// Again and again, with so many seconds between.
    #[arg(short, long, value_name = "SECONDS")]
    iterate: Option<u64>,
    /// As Berth's JSON; see docs/cli.md.
    #[arg(long, num_args = 0..=1, require_equals = true)]
    json: Option<Option<String>>,
    #[arg(short, long, hide = true)]
    partition: Option<String>,
    #[arg(short, long, hide = true)]
    exact: bool,
    #[arg(short, long, hide = true)]
    all: bool,
    #[arg(short = 'S', long, hide = true, allow_hyphen_values = true)]
    sort: Option<String>,
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub async fn run(session: &Session, words: Vec<String>) -> Result<ExitCode, Failure> {
    let args: Args = submit::parse("sinfo", &words);
    let pieces = pieces(&args).map_err(Failure::Usage)?;
    let only = args.nodes.as_deref().map(hostlist::expand).transpose();
    let only = only.map_err(|why| Failure::Usage(format!("--nodes: {why}.")))?;
    loop {
        if args.iterate.is_some() || args.long {
            output::print(&Zoned::now().strftime("%a %b %d %H:%M:%S %Y").to_string())?;
        }
        let mut answer = session.repeat(|| session.berth.call(GetCluster {})).await?;
        if let Some(only) = &only {
            answer
                .cluster
                .nodes
                .retain(|node| only.contains(&node.name.0));
        }
        if args.json.is_some() {
            output::json(&answer)?;
        } else {
            output::print(&text(
                &args,
                &pieces,
                &nodes::groups(&answer.cluster.nodes, each(&args)),
            ))?;
        }
        let Some(seconds) = args.iterate else {
            return Ok(ExitCode::SUCCESS);
        };
        output::print("\n")?;
        tokio::time::sleep(Duration::from_secs(seconds.max(1))).await;
    }
}

fn each(args: &Args) -> nodes::Each {
    match () {
        () if args.node || args.list_reasons => nodes::Each::Node,
        () if args.summarize => nodes::Each::All,
        () => nodes::Each::State,
    }
}

fn pieces(args: &Args) -> Result<Vec<Piece<Field>>, String> {
    if let Some(format) = &args.long_format {
        return format::named(format, fields::by_name);
    }
    let of_env = std::env::var("SINFO_FORMAT").ok();
    let usual = match (args.list_reasons, args.summarize, args.node, args.long) {
        (true, ..) => REASONS,
        (_, true, ..) => SUMMARY,
        (_, _, true, true) => LONG_BY_NODE,
        (_, _, true, false) => BY_NODE,
        (_, _, false, true) => LONG,
        _ => of_env.as_deref().unwrap_or(USUAL),
    };
    format::percent(args.format.as_deref().unwrap_or(usual), fields::by_letter)
}

fn text(args: &Args, pieces: &[Piece<Field>], groups: &[Group]) -> String {
    let first =
        (!args.noheader).then(|| format::line(pieces, |field| fields::header(*field).to_owned()));
    let shown = groups.iter().filter(|group| {
        (args.states.is_empty() || args.states.iter().any(|state| group.state.is(state)))
            && (!args.list_reasons || group.reason.is_some())
    });
    let mut lines: Vec<String> = shown
        .map(|group| format::line(pieces, |field| fields::value(*field, group)))
        .collect();
    // Groups that look the same are one, as in Slurm.
    lines.dedup();
    first
        .into_iter()
        .chain(lines)
        .map(|line| line + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use berth_api::views::{GpuView, JobRef, NodeState, NodeView};
    use berth_domain::{JobId, NodeSource, StateName, Versions};
    use clap::Parser;

    use super::*;

    fn node(name: &str, held: usize) -> NodeView {
        let gpu = |index: usize| GpuView {
            index: u32::try_from(index).unwrap(),
            model: "NVIDIA H100 80GB HBM3".into(),
            job: (index < held).then(|| JobRef {
                id: JobId(7),
                name: "train".into(),
                user: "ana".into(),
                state: StateName::Running,
            }),
            ..GpuView::default()
        };
        NodeView {
            name: name.into(),
            address: None,
            source: NodeSource::Simulated,
            present: true,
            state: NodeState::Up,
            cordon: None,
            foreign: 0,
            versions: Versions::default(),
            problems: vec![],
            last_seen: None,
            telemetry: None,
            gpus: (0..4).map(gpu).collect(),
        }
    }

    fn shown(line: &str) -> String {
        let words = ["sinfo"].into_iter().chain(line.split_whitespace());
        let args = Args::try_parse_from(words).unwrap();
        let mut drained = node("node-4", 0);
        drained.state = NodeState::Drained;
        drained.cordon = Some(berth_domain::Cordon {
            reason: "new fans".into(),
            by: "admin".into(),
            at: "2026-11-24T12:00:00Z".parse().unwrap(),
            drain: true,
        });
        let nodes = [
            node("node-1", 0),
            node("node-2", 0),
            node("node-3", 1),
            drained,
        ];
        text(
            &args,
            &pieces(&args).unwrap(),
            &nodes::groups(&nodes, each(&args)),
        )
    }

    #[test]
    fn it_looks_as_slurms_does() {
        assert_eq!(
            shown(""),
            "\
PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST
berth*       up 366-00:00:      1  drain node-4
berth*       up 366-00:00:      1    mix node-3
berth*       up 366-00:00:      2   idle node-[1-2]
"
        );
        assert_eq!(
            shown("-h -N -o %n|%t|%G|%D"),
            "\
node-1|idle|gpu:h100:4|1
node-2|idle|gpu:h100:4|1
node-3|mix|gpu:h100:4|1
node-4|drain|gpu:h100:4|1
"
        );
        assert_eq!(shown("-h -o %F"), "0/0/1/1\n1/0/0/1\n0/2/0/2\n");
    }

    #[test]
    fn reasons_states_and_sums() {
        let reasons = shown("-R -h");
        assert!(
            reasons.starts_with("new fans             admin "),
            "{reasons}"
        );
        assert!(reasons.trim_end().ends_with("node-4") && reasons.lines().count() == 1);
        assert_eq!(shown("-h -t idle,mix -o %N"), "node-3\nnode-[1-2]\n");
        assert_eq!(shown("-h -s -o %F|%N"), "1/2/1/4|node-[1-4]\n");
        assert_eq!(
            shown("-h -N -n x -O nodelist:8,gresused:22").lines().nth(2),
            Some("node-3  gpu:h100:1(IDX:0)")
        );
        assert!(pieces(&Args::try_parse_from(["sinfo", "-o", "%!"]).unwrap()).is_err());
    }
}
