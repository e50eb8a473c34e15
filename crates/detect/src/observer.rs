//! Looking: everything at once, each with a short time limit, so that a look takes two seconds at
//! most however much of it hangs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use berth_ray::{Ray, RayError, Token};
use berth_telemetry::{LocalGpus, Through};

use crate::observed::{ByHand, Gpus, Head, Observed, RayHead};
use crate::{programs, ssh_config};

/// What does not answer by then does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
const SLURM_DAEMONS: [&str; 3] = ["slurmctld", "slurmd", "slurmstepd"];
const KUBERNETES_DAEMONS: [&str; 2] = ["kubelet", "k3s-server"];

/// Where to look. [`here`](Self::here) is this process's.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub variables: BTreeMap<String, OsString>,
    pub proc: PathBuf,
    /// Where a Ray head of this host would be.
    pub ray: String,
}

impl Surroundings {
    #[must_use]
    pub fn here() -> Self {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Surroundings {
            variables: std::env::vars_os().filter_map(named).collect(),
            proc: PathBuf::from("/proc"),
            ray: "http://127.0.0.1:8265".to_owned(),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.to_str()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// Looks for signals. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Observer {
    around: Surroundings,
    by_hand: Option<ByHand>,
    gpus: LocalGpus,
}

impl Observer {
    #[must_use]
    pub fn new(around: Surroundings, by_hand: Option<ByHand>, gpus: LocalGpus) -> Self {
        Observer {
            around,
            by_hand,
            gpus: gpus.with_patience(PATIENCE),
        }
    }

    /// What there is now.
    pub async fn look(&self) -> Observed {
        let named = self.around.text("RAY_ADDRESS");
        let named = named.and_then(|text| Some((api_of(&text, &self.around.ray)?, text)));
        let of_address = async {
            let (address, text) = named?;
            Some((text, ray_head(address).await))
        };
        let usual = ray_head(self.around.ray.clone());
        let (ray_address, ray_head, gpus, files) =
            tokio::join!(of_address, usual, self.local_gpus(), self.files());
        let (ssh_hosts, slurm, kubernetes) = files;
        Observed {
            by_hand: self.by_hand.clone(),
            ray_address,
            ray_head: Some(ray_head),
            gpus,
            ssh_hosts,
            slurm,
            kubernetes,
        }
    }

    async fn local_gpus(&self) -> Gpus {
        match tokio::time::timeout(PATIENCE, self.gpus.look()).await {
            Ok(Ok(Some(found))) if !found.gpus.is_empty() => Gpus::Some {
                count: found.gpus.len(),
                model: found.gpus[0].model.clone(),
                through: match found.through {
                    Through::Library => "NVML",
                    Through::NvidiaSmi => "nvidia-smi",
                },
                driver: found.driver,
            },
            Ok(Ok(Some(found))) => Gpus::Broken(found.problems.join(" ")),
            Ok(Ok(None)) => Gpus::None,
            Ok(Err(error)) => Gpus::Broken(error.to_string()),
            Err(_) => Gpus::Broken("the driver does not answer".to_owned()),
        }
    }

    /// What files and processes tell. A home folder on a dead file server must not hold us up.
    async fn files(&self) -> (Vec<String>, Vec<String>, Vec<String>) {
        let around = self.around.clone();
        let look = tokio::task::spawn_blocking(move || {
            (ssh_hosts(&around), slurm(&around), kubernetes(&around))
        });
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(found)) => found,
            _ => Default::default(),
        }
    }
}

/// The address of the HTTP API for what people write into `RAY_ADDRESS`: `http://HEAD:8265`,
/// `ray://HEAD:10001` (Ray's client), `HEAD:6379` (its store), `auto`. `local` means no cluster.
fn api_of(text: &str, usual: &str) -> Option<String> {
    match text {
        "local" => return None,
        "auto" => return Some(usual.to_owned()),
        _ => {}
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Some(text.trim_end_matches('/').to_owned());
    }
    let host = text.strip_prefix("ray://").unwrap_or(text);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    Some(format!("http://{host}:8265"))
}

async fn ray_head(address: String) -> RayHead {
    let head = match tokio::time::timeout(PATIENCE, ask(&address)).await {
        Ok(Ok(head)) => head,
        Ok(Err(error @ (RayError::NoToken { .. } | RayError::WrongToken { .. }))) => {
            Head::Locked(error.to_string())
        }
        Ok(Err(RayError::Unreachable { .. })) => Head::Nobody,
        Ok(Err(error)) => Head::Strange(error.to_string()),
        Err(_) => Head::Strange(format!("nothing came within {} s", PATIENCE.as_secs())),
    };
    RayHead { address, head }
}

async fn ask(address: &str) -> Result<Head, RayError> {
    let token = Token::from_env().ok().flatten();
    let ray = Ray::new(address, token.as_ref())?;
    let version = ray.version().await?;
    // It may tell its version and not yet its nodes.
    let nodes = ray.nodes().await.unwrap_or_default();
    let alive = || nodes.iter().filter(|node| node.alive);
    Ok(Head::Answers {
        version,
        nodes: alive().count(),
        gpus: alive().map(|node| node.gpus).sum(),
    })
}

fn ssh_hosts(around: &Surroundings) -> Vec<String> {
    let home = around.variables.get("HOME").map(PathBuf::from);
    let text = home.and_then(|home| std::fs::read_to_string(home.join(".ssh/config")).ok());
    text.map(|text| ssh_config::hosts(&text))
        .unwrap_or_default()
}

fn slurm(around: &Surroundings) -> Vec<String> {
    let installed = ["sinfo", "slurmctld"].into_iter();
    let installed = installed.filter_map(|program| installed_in(program, around));
    let running = programs::running(&SLURM_DAEMONS, &around.proc);
    let running = running.into_iter().map(|name| format!("{name} runs"));
    let variable = around
        .variables
        .keys()
        .find(|name| name.starts_with("SLURM_"));
    let variable = variable.map(|name| format!("{name} is set"));
    installed.chain(running).chain(variable).collect()
}

fn kubernetes(around: &Surroundings) -> Vec<String> {
    let installed = installed_in("kubelet", around);
    let running = programs::running(&KUBERNETES_DAEMONS, &around.proc);
    let running = running.into_iter().map(|name| format!("{name} runs"));
    let variable = around.text("KUBERNETES_SERVICE_HOST");
    let variable = variable.map(|_| "KUBERNETES_SERVICE_HOST is set".to_owned());
    installed
        .into_iter()
        .chain(running)
        .chain(variable)
        .collect()
}

fn installed_in(program: &str, around: &Surroundings) -> Option<String> {
    let path = around.variables.get("PATH")?;
    let folder = programs::folder_of(program, path)?;
    Some(format!("{program} in {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_into_ray_address() {
        let api = |text| api_of(text, "http://127.0.0.1:8265");
        let head = Some("http://head:8265".to_owned());
        assert_eq!(api("http://head:8265"), head);
        assert_eq!(api("http://head:8265/"), head);
        assert_eq!(api("ray://head:10001"), head);
        assert_eq!(api("head:6379"), head);
        assert_eq!(api("auto"), Some("http://127.0.0.1:8265".to_owned()));
        assert_eq!(api("local"), None);
    }
}
