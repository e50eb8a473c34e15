//! `scontrol show`: jobs, nodes and the partition, as lines of `Name=value`.

use std::time::Duration;

use berth_api::cluster::GetCluster;
use berth_api::jobs::JobDetailAnswer;
use berth_api::views::{JobDetail, NodeView};
use berth_domain::commandline;

use super::super::rows::{self, Query};
use super::super::sinfo::nodes;
use super::super::{hostlist, ids, states};
use super::{Args, hostnames};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::table::printable;
use crate::time;

const MOST: usize = 1000;

pub async fn run(session: &Session, args: &Args, words: &[String]) -> Result<(), Failure> {
    let Some((what, rest)) = words.split_first() else {
        return Err(Failure::Usage(
            "scontrol show: say what: job, node, partition, hostnames or hostlist.".to_owned(),
        ));
    };
    // `show job=17`.
    let (what, named) = what.split_once('=').unwrap_or((what, ""));
    let mut rest = rest.to_vec();
    rest.extend(Some(named.to_owned()).filter(|name| !name.is_empty()));
    match what.to_lowercase().as_str() {
        "job" | "jobs" | "jobid" => show_jobs(session, args, &rest).await,
        "node" | "nodes" | "nodename" => show_nodes(session, args, &rest).await,
        "partition" | "partitions" | "part" => {
            let answer = session.repeat(|| session.berth.call(GetCluster {})).await?;
            output::print(&block(args, &partition(&answer.cluster.nodes)))
        }
        "hostnames" | "hostname" => output::print(&hostnames(&rest)?),
        "hostlist" | "hostlistsorted" => {
            let text = rest.join(",");
            let hosts = hostlist::expand(&text);
            let hosts = hosts.map_err(|why| Failure::Usage(format!("{why}.")))?;
            output::print(&hostlist::compress(hosts.iter().map(String::as_str)))
        }
        other => Err(Failure::Usage(format!(
            "scontrol show {other}: there are job, node, partition, hostnames and hostlist; reservations \
             are shown by `berth reserve list`."
        ))),
    }
}

async fn show_jobs(session: &Session, args: &Args, words: &[String]) -> Result<(), Failure> {
    let mut found = vec![];
    if words.is_empty() {
        let live = rows::fetch(session, &Query::live(None), MOST).await?;
        found.extend(live.into_iter().rev());
    } else {
        for word in words {
            for task in ids::list(word).map_err(Failure::Usage)? {
                found.extend(ids::rows(session, task).await?);
            }
        }
    }
    if found.is_empty() {
        return output::print("No jobs in the system");
    }
    for row in found {
        let job = session.job(row.id).await?.job;
        if args.json.is_some() {
            output::json(&JobDetailAnswer { job })?;
        } else {
            output::print(&(block(args, &job_lines(&job)) + "\n"))?;
        }
    }
    Ok(())
}

async fn show_nodes(session: &Session, args: &Args, words: &[String]) -> Result<(), Failure> {
    let mut answer = session.repeat(|| session.berth.call(GetCluster {})).await?;
    if !words.is_empty() {
        let wanted = hostlist::expand(&words.join(","));
        let wanted = wanted.map_err(|why| Failure::Usage(format!("{why}.")))?;
        let known = |name: &&String| {
            let mut nodes = answer.cluster.nodes.iter();
            !nodes.any(|node| node.name.as_str() == name.as_str())
        };
        if let Some(name) = wanted.iter().find(known) {
            let nodes = answer.cluster.nodes.iter().map(|node| node.name.as_str());
            let meant = crate::suggest::sentence(name, nodes);
            return Err(Failure::Other(format!("Node {name} not found.{meant}")));
        }
        answer
            .cluster
            .nodes
            .retain(|node| wanted.contains(&node.name.0));
    }
    if args.json.is_some() {
        return output::json(&answer);
    }
    for node in &answer.cluster.nodes {
        output::print(&(block(args, &node_lines(node)) + "\n"))?;
    }
    Ok(())
}

/// Lines, the later ones indented; or all in one.
fn block(args: &Args, lines: &[String]) -> String {
    if args.oneliner {
        lines.join(" ")
    } else {
        lines.join("\n   ") + "\n"
    }
}

fn job_lines(job: &JobDetail) -> Vec<String> {
    let row = &job.row;
    let or = |value: Option<String>, other: &str| value.unwrap_or_else(|| other.to_owned());
    let moment = |at| states::moment(at).unwrap_or_else(|| "Unknown".to_owned());
    let now = berth_domain::Timestamp::now();
    let ran = row
        .started_at
        .map(|from| time::between(from, row.finished_at.unwrap_or(now)))
        .unwrap_or_default();
    let limit = Duration::from_secs(row.time_limit_s);
    let end = row.started_at.and_then(|from| from.checked_add(limit).ok());
    let lease: Vec<&str> = row
        .lease
        .iter()
        .flatten()
        .map(|part| part.node.as_str())
        .collect();
    let list = |names: &[berth_domain::NodeName]| {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        or(
            (!names.is_empty()).then(|| hostlist::compress(names)),
            "(null)",
        )
    };
    let tres = super::super::sacct::tres(row);
    let array = row
        .array
        .map(|place| format!(" ArrayJobId={} ArrayTaskId={}", place.array, place.index));
    let after = (!job.after.is_empty()).then(|| job.after.join(","));
    let restarts = job.attempts.len().saturating_sub(1);
    let mut lines = vec![
        format!(
            "JobId={}{} JobName={}",
            row.id,
            array.unwrap_or_default(),
            printable(&row.name)
        ),
        format!("UserId={}(N/A) GroupId=N/A", row.user),
        format!(
            "Account={} QOS={}",
            or(row.project.clone(), "(null)"),
            row.class.as_str()
        ),
        format!(
            "JobState={} Reason={} Dependency={}",
            states::long(row),
            states::reason(row),
            or(after, "(null)")
        ),
        format!(
            "Requeue={} Restarts={restarts} BatchFlag={} ExitCode={}",
            u8::from(job.max_retries > 0),
            u8::from(!job.interactive),
            states::exit_code(row)
        ),
        format!(
            "RunTime={} TimeLimit={}",
            states::length(ran),
            states::length(limit)
        ),
        format!(
            "SubmitTime={} EligibleTime={}",
            moment(Some(row.submitted_at)),
            moment(job.begin.or(Some(row.submitted_at)))
        ),
        format!(
            "StartTime={} EndTime={} Deadline={}",
            moment(row.started_at.or(row.start_p50)),
            moment(row.finished_at.or(end)),
            or(states::moment(job.deadline), "N/A")
        ),
        "Partition=berth".to_owned(),
        format!(
            "ReqNodeList={} ExcNodeList={}",
            list(&job.constraints.nodes),
            list(&job.constraints.exclude)
        ),
        format!(
            "NodeList={}",
            or(
                (!lease.is_empty()).then(|| hostlist::compress(lease.clone())),
                "(null)"
            )
        ),
    ];
    lines.extend(lease.first().map(|host| format!("BatchHost={host}")));
    lines.extend([
        format!("NumNodes={} NumTasks={}", row.nodes, tasks(job)),
        format!("ReqTRES={tres}"),
        format!(
            "AllocTRES={}",
            if lease.is_empty() { "(null)" } else { &tres }
        ),
        format!("TresPerNode=gres/gpu:{}", row.gpus_per_node),
        format!("Command={}", printable(&commandline::format(&job.command))),
        format!(
            "WorkDir={}",
            job.workdir.clone().unwrap_or_else(|| job.run_dir.clone())
        ),
        format!("StdIn=/dev/null StdOut={}", stdout(job)),
    ]);
    lines.extend(
        row.reason_text
            .as_ref()
            .filter(|_| row.is_waiting())
            .map(|text| format!("Comment={}", printable(text))),
    );
    lines
}

fn tasks(job: &JobDetail) -> String {
    let of_env = job.env.get("SLURM_NTASKS").cloned();
    of_env.unwrap_or_else(|| job.row.nodes.to_string())
}

fn stdout(job: &JobDetail) -> String {
    let named = job.env.get("BERTH_OUTPUT");
    let named = named.map(|name| name.trim_start_matches(">>").to_owned());
    named.unwrap_or_else(|| format!("(berth logs {})", job.row.id))
}

fn node_lines(node: &NodeView) -> Vec<String> {
    let state = nodes::State::of(node);
    let held = node.gpus.iter().filter(|gpu| gpu.job.is_some()).count();
    let mut lines = vec![
        format!("NodeName={}", node.name),
        format!("Gres={}", nodes::gres(node)),
        format!(
            "NodeAddr={} NodeHostName={} Version={}",
            node.address.as_deref().unwrap_or(node.name.as_str()),
            node.name,
            node.versions.berth.as_deref().unwrap_or("N/A")
        ),
        format!("State={}", state.long().to_uppercase()),
        "Partitions=berth".to_owned(),
        format!("CfgTRES=gres/gpu={}", node.gpus.len()),
        format!("AllocTRES=gres/gpu={held}"),
    ];
    lines.extend(node.cordon.as_ref().map(|cordon| {
        let at = states::moment(Some(cordon.at)).unwrap_or_default();
        format!("Reason={} [{}@{at}]", printable(&cordon.reason), cordon.by)
    }));
    lines
}

fn partition(all: &[NodeView]) -> Vec<String> {
    let gpus: usize = all.iter().map(|node| node.gpus.len()).sum();
    vec![
        "PartitionName=berth".to_owned(),
        "AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL".to_owned(),
        "Default=YES DefaultTime=1-00:00:00 MaxTime=366-00:00:00".to_owned(),
        format!(
            "Nodes={}",
            hostlist::compress(all.iter().map(|node| node.name.as_str()))
        ),
        format!("State=UP TotalNodes={}", all.len()),
        format!("TRES=gres/gpu={gpus},node={}", all.len()),
    ]
}
