//! Launching an attempt on Ray: its run folders, and one job for each rank.

use std::collections::BTreeMap;

use berth_domain::{AttemptId, Ended, Exit};
use berth_ray::{Nodes, RayError, Submission, Submitted};
use futures::future::join_all;

use super::RayConfig;
use crate::launch::Place;
use crate::layout;
use crate::order::LaunchOrder;
use crate::prepare::{self, Setting};
use crate::record::{self, RayRecord, Under};

/// Between Ray's SIGTERM and its SIGKILL, should Ray have to end a job: longer than the shim takes
/// without any grace, and than the grace it gives when it was not told another.
const RAY_STOP_WAIT_S: &str = "20";

/// What became of a launch.
#[derive(Debug)]
pub(super) enum Launched {
    /// Of each rank whether its job was there before.
    Submitted(Vec<Submitted>),
    /// Ray cannot be asked at the moment; nobody knows what arrived, and it may be asked again.
    Later(RayError),
    /// It has a node that is not in the list, which may be older than the lease.
    NoNode(String),
    Failed(Exit),
}

/// What a rank's job is called in Ray when it is submitted for the first time, or again because
/// Ray has a job by the other name that will never begin. Whichever begins first runs: the shim
/// sees to that.
pub(super) fn job_id(prefix: &str, attempt: AttemptId, rank: u32, submission: u32) -> String {
    let id = format!("{prefix}{}-{}-{rank}", attempt.job, attempt.number);
    match submission {
        1 => id,
        again => format!("{id}-again{again}"),
    }
}

/// Submits every rank under its name; those that were submitted before are found to be known.
pub(super) async fn launch(
    config: RayConfig,
    names: Vec<String>,
    order: Box<LaunchOrder>,
    nodes: Nodes,
) -> Launched {
    let mut ids = Vec::new();
    for part in &order.lease.0 {
        match nodes.named(part.node.as_str()) {
            Some(node) => ids.push(node.node.id.clone()),
            None => {
                let node = &part.node;
                return Launched::NoNode(format!("node {node} is not part of the Ray cluster now"));
            }
        }
    }
    let first = order.lease.0.first();
    let master = first.and_then(|part| nodes.named(part.node.as_str()));
    let master = master.map_or_else(String::new, |node| node.node.ip.clone());
    let run = config.run.clone();
    let prepared = {
        let (order, ids) = (order.clone(), ids.clone());
        tokio::task::spawn_blocking(move || prepare(&run, &order, &master, &ids)).await
    };
    let places = match prepared {
        Ok(Ok(places)) => places,
        Ok(Err(error)) => return failed(format!("the run folder cannot be written: {error}")),
        Err(error) => return failed(format!("the run folder was not written: {error}")),
    };
    let jobs = places.iter().zip(&order.lease.0).zip(ids).zip(names);
    let jobs: Vec<Submission> = jobs
        .map(|(((place, part), node_id), id)| Submission {
            id,
            entrypoint: entrypoint(&config, place),
            node_id,
            gpus: u32::try_from(part.gpus.len()).unwrap_or(u32::MAX),
            env: strings([
                ("RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES", "1"),
                ("RAY_JOB_STOP_WAIT_TIME_S", RAY_STOP_WAIT_S),
            ]),
            metadata: strings([
                ("berth_attempt", &place.attempt.to_string()),
                ("berth_rank", &place.rank.to_string()),
                ("berth_folder", &place.folder.display().to_string()),
            ]),
        })
        .collect();
    let answers = join_all(jobs.iter().map(|job| config.ray.submit(job))).await;
    let submitted = answers.iter().filter_map(|answer| answer.as_ref().ok());
    let submitted = submitted.copied().collect();
    let errors = || answers.iter().filter_map(|answer| answer.as_ref().err());
    // One that is refused decides; the others are stopped.
    let error = errors().find(|error| !error.is_down()).or(errors().next());
    match error {
        None => Launched::Submitted(submitted),
        Some(error) if error.is_down() => Launched::Later(error.clone()),
        Some(error) => failed(format!("Ray does not take the job: {error}")),
    }
}

fn prepare(
    run: &prepare::RunConfig,
    order: &LaunchOrder,
    master: &str,
    node_ids: &[String],
) -> std::io::Result<Vec<Place>> {
    let setting = Setting {
        under: Under::Ray,
        base: BTreeMap::new(),
        master,
        node: None,
        // There is nothing to attach to.
        session: |_, _| String::new(),
    };
    let places = prepare::prepare(run, &setting, order)?;
    for (place, node_id) in places.iter().zip(node_ids) {
        let node_id = node_id.clone();
        record::write(&place.folder, layout::RAY, &RayRecord { node_id })?;
    }
    Ok(places)
}

fn failed(why: String) -> Launched {
    Launched::Failed(Exit {
        ended: Ended::NotLaunched { why },
        out_of_memory: false,
    })
}

/// Ray shows it to everybody and prints it into its log: nothing but two paths.
fn entrypoint(config: &RayConfig, place: &Place) -> String {
    let shim = quoted(&config.run.shim.display().to_string());
    let folder = quoted(&place.folder.display().to_string());
    format!("exec {shim} shim {folder}")
}

/// For a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn strings<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    BTreeMap::from(owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        let path = "/data/it's $HOME \"here\"/x";
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {}", quoted(path))])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), path);
    }
}
