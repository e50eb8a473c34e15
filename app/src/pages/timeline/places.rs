//! Which GPUs of which nodes, in words.

use berth_api::views::LeasePart;

/// `node-1:0,1 node-2:0,1`, of at most so many nodes.
pub fn places(lease: &[LeasePart], most: usize) -> String {
    let parts = lease.iter().take(most).map(|part| {
        let indices: Vec<String> = part.gpus.iter().map(u32::to_string).collect();
        format!("{}:{}", part.node, indices.join(","))
    });
    let mut parts: Vec<String> = parts.collect();
    if lease.len() > most {
        parts.push("…".to_owned());
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_their_gpus() {
        let part = |node: &str, gpus: &[u32]| LeasePart {
            node: node.into(),
            gpus: gpus.to_vec(),
        };
        let lease = [part("node-1", &[0, 1]), part("node-2", &[7])];
        assert_eq!(places(&lease, 4), "node-1:0,1 node-2:7");
        assert_eq!(places(&lease, 1), "node-1:0,1 …");
    }
}
