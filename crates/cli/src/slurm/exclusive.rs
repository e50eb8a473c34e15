//! `--exclusive`: a job that wants its nodes for itself.

use berth_api::cluster::GetCluster;

use super::translate::Translated;
use crate::failure::Failure;
use crate::session::Session;

/// Takes it where the job asks for all GPUs of its nodes, so that no other has room there.
pub async fn check(session: &Session, job: &Translated) -> Result<(), Failure> {
    if !job.exclusive {
        return Ok(());
    }
    let answer = session.repeat(|| session.berth.call(GetCluster {})).await?;
    let nodes = answer.cluster.nodes.iter();
    let most = nodes.map(|node| node.gpus.len()).max().unwrap_or(0);
    let asked = usize::try_from(job.size.gpus).unwrap_or(0);
    let each = match job.size.nodes {
        Some(_) => asked,
        None => asked.min(most),
    };
    if each >= most {
        return Ok(());
    }
    Err(Failure::Other(format!(
        "--exclusive: Berth gives GPUs, not nodes. For a node that nobody else is on ask for all of its \
         GPUs: --gres=gpu:{most}; or leave --exclusive out."
    )))
}
