//! Nodes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Ray;
use crate::error::RayError;
use crate::jobs::SUPERVISOR;

/// A node that is or was part of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RayNode {
    /// New whenever the node joins.
    pub id: String,
    pub ip: String,
    pub alive: bool,
    /// Why it is not, as Ray says.
    pub message: Option<String>,
    pub gpus: u32,
    pub started_ms: u64,
}

/// A GPU as the driver of its node tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RayGpu {
    pub index: u32,
    pub uuid: String,
    pub model: String,
    pub mem_total_bytes: u64,
}

/// What a node's agent of Ray saw of a GPU at its last look.
#[derive(Clone, Debug, PartialEq)]
pub struct RayGpuStatistics {
    pub uuid: String,
    /// 0 to 100.
    pub busy_pct: Option<f32>,
    pub mem_used_bytes: Option<u64>,
    pub power_w: Option<f32>,
    pub temp_c: Option<f32>,
}

/// How many GPUs Ray counts as taken on a node, and how many of these are ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuUse {
    pub used: u32,
    pub ours: u32,
}

impl Ray {
    /// The version of Ray, the same on all nodes.
    ///
    /// # Errors
    /// When Ray cannot be asked, or what answers is not Ray.
    pub async fn version(&self) -> Result<String, RayError> {
        let answer: VersionAnswer = self.get("api/version").await?;
        Ok(answer.ray_version)
    }

    /// All nodes that the head knows, dead ones too.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn nodes(&self) -> Result<Vec<RayNode>, RayError> {
        let rows: Vec<NodeRow> = self.rows("api/v0/nodes?detail=true&limit=10000").await?;
        Ok(rows.into_iter().map(RayNode::from).collect())
    }

    /// A node's host name and what its driver says of its GPUs, which may be nothing.
    ///
    /// # Errors
    /// When Ray cannot be asked, or does not know this yet: a node tells it some seconds after it
    /// joined.
    pub async fn hardware(&self, node_id: &str) -> Result<(String, Vec<RayGpu>), RayError> {
        let answer: Value = self.get(&format!("nodes/{node_id}")).await?;
        let detail = &answer["data"]["detail"];
        let name = detail["hostname"].as_str().unwrap_or_default();
        if name.is_empty() {
            let why = format!("nothing is known of node {node_id} yet");
            return Err(RayError::Answer(why));
        }
        let gpus = detail["gpus"].as_array().into_iter().flatten();
        Ok((name.to_owned(), gpus.filter_map(gpu).collect()))
    }

    /// What all nodes' agents saw of their GPUs, up to some seconds ago.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn gpu_statistics(&self) -> Result<Vec<RayGpuStatistics>, RayError> {
        Ok(statistics(&self.get("nodes?view=summary").await?))
    }

    /// Ray's count of GPUs in use, by node id. Jobs whose id begins with `prefix` are ours. Ray's
    /// figures are up to some seconds old.
    ///
    /// # Errors
    /// When Ray cannot be asked.
    pub async fn gpus_in_use(&self, prefix: &str) -> Result<BTreeMap<String, GpuUse>, RayError> {
        let status: Value = self.get("api/cluster_status").await?;
        let by_node = &status["data"]["clusterStatus"]["loadMetricsReport"]["usageByNode"];
        let mut found: BTreeMap<String, GpuUse> = BTreeMap::new();
        for (node, usage) in by_node.as_object().into_iter().flatten() {
            let used = usage["GPU"][0].as_f64().unwrap_or(0.0);
            found.entry(node.clone()).or_default().used = whole(used);
        }
        let alive = "filter_keys=state&filter_predicates=%3D&filter_values=ALIVE";
        let path = format!("api/v0/actors?detail=true&limit=10000&{alive}");
        let actors: Vec<ActorRow> = self.rows(&path).await?;
        let supervisor = format!("{SUPERVISOR}{prefix}");
        for actor in actors {
            if actor.name.is_some_and(|name| name.starts_with(&supervisor)) {
                let gpus = actor.required_resources.get("GPU");
                let node = actor.node_id.unwrap_or_default();
                found.entry(node).or_default().ours += whole(gpus.copied().unwrap_or(0.0));
            }
        }
        Ok(found)
    }

    pub(crate) async fn rows<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, RayError> {
        let answer: StateAnswer<T> = self.get(path).await?;
        Ok(answer.data.result.result)
    }
}

#[derive(Deserialize)]
struct VersionAnswer {
    ray_version: String,
}

#[derive(Deserialize)]
struct StateAnswer<T> {
    data: StateData<T>,
}

#[derive(Deserialize)]
struct StateData<T> {
    result: StateRows<T>,
}

#[derive(Deserialize)]
struct StateRows<T> {
    result: Vec<T>,
}

#[derive(Deserialize)]
struct NodeRow {
    node_id: String,
    node_ip: String,
    state: String,
    #[serde(default)]
    state_message: Option<String>,
    #[serde(default)]
    resources_total: BTreeMap<String, f64>,
    #[serde(default)]
    start_time_ms: u64,
}

#[derive(Deserialize)]
struct ActorRow {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    node_id: Option<String>,
    #[serde(default)]
    required_resources: BTreeMap<String, f64>,
}

impl From<NodeRow> for RayNode {
    fn from(row: NodeRow) -> Self {
        let gpus = row.resources_total.get("GPU").copied().unwrap_or(0.0);
        RayNode {
            id: row.node_id,
            ip: row.node_ip,
            alive: row.state == "ALIVE",
            message: row.state_message.filter(|text| !text.is_empty()),
            gpus: whole(gpus),
            started_ms: row.start_time_ms,
        }
    }
}

fn gpu(value: &Value) -> Option<RayGpu> {
    let mebibytes = value["memoryTotal"].as_u64().unwrap_or(0);
    Some(RayGpu {
        index: u32::try_from(value["index"].as_u64()?).ok()?,
        uuid: value["uuid"].as_str()?.to_owned(),
        model: value["name"].as_str().unwrap_or("GPU").to_owned(),
        mem_total_bytes: mebibytes.saturating_mul(1024 * 1024),
    })
}

/// Ray writes its field names in camel case here. Older ones tell no power and temperature.
fn statistics(answer: &Value) -> Vec<RayGpuStatistics> {
    let nodes = answer["data"]["summary"].as_array().into_iter().flatten();
    let gpus = nodes.flat_map(|node| node["gpus"].as_array().into_iter().flatten());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "percent, watts and degrees"
    )]
    let number = |value: &Value| value.as_f64().map(|number| number as f32);
    let gpu = |gpu: &Value| {
        Some(RayGpuStatistics {
            uuid: gpu["uuid"].as_str()?.to_owned(),
            busy_pct: number(&gpu["utilizationGpu"]),
            mem_used_bytes: gpu["memoryUsed"]
                .as_u64()
                .map(|mebibytes| mebibytes.saturating_mul(1024 * 1024)),
            power_w: number(&gpu["powerMw"]).map(|milliwatts| milliwatts / 1000.0),
            temp_c: number(&gpu["temperatureC"]),
        })
    };
    gpus.filter_map(gpu).collect()
}

/// A part of a GPU takes all of it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of GPUs, held between 0 and 65535"
)]
fn whole(count: f64) -> u32 {
    count.ceil().clamp(0.0, 65_535.0) as u32
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As Ray's `reporter_agent.py` writes it (`GpuUtilizationInfo`), with nothing of a GPU that does
    /// not answer.
    #[test]
    fn statistics_are_read_as_far_as_they_go() {
        let told = json!({
            "index": 0, "name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-1", "utilizationGpu": 97,
            "memoryUsed": 1024, "memoryTotal": 81559, "processesPids": [],
            "powerMw": 412_550, "temperatureC": 61,
        });
        let silent = json!({ "index": 1, "uuid": "GPU-2", "utilizationGpu": null });
        let answer = json!({ "data": { "summary": [
            { "hostname": "a", "gpus": [told, silent] },
            { "hostname": "b", "gpus": [] },
            { "hostname": "c" },
        ] } });
        let found = statistics(&answer);
        let first = RayGpuStatistics {
            uuid: "GPU-1".to_owned(),
            busy_pct: Some(97.0),
            mem_used_bytes: Some(1 << 30),
            power_w: Some(412.55),
            temp_c: Some(61.0),
        };
        let second = RayGpuStatistics {
            uuid: "GPU-2".to_owned(),
            busy_pct: None,
            mem_used_bytes: None,
            power_w: None,
            temp_c: None,
        };
        assert_eq!(found, [first, second]);
        assert_eq!(statistics(&json!({})), []);
    }
}
