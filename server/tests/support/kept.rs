//! What a server wrote of its GPUs, read from its disk as it lies there.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::Timestamp;
use berth_store::Store;
use berth_telemetry::rollup::{Closed, Keeper, Metric, SeriesId, Tier};

use super::Server;

/// By GPU and second, a figure.
pub type Seconds = BTreeMap<String, BTreeMap<i64, f32>>;

/// The blocks of seconds that are on disk.
pub struct Kept {
    keeper: Keeper,
    /// Their starts.
    pub blocks: BTreeSet<i64>,
    gpus: Vec<(SeriesId, String)>,
}

impl Kept {
    pub async fn read(server: &Server) -> Self {
        let store = Store::open(&server.data().join("berth.db")).await.unwrap();
        let tier = Tier::Second.number();
        let closed = store.all_buckets(tier, 0, i64::MAX).await.unwrap();
        let open = store.open_blocks().await.unwrap();
        let blocks: BTreeSet<i64> = open
            .into_iter()
            .chain(closed.iter().map(|one| one.start_s))
            .collect();
        let mut keeper = Keeper::default();
        for start in &blocks {
            let on_disk = closed.iter().filter(|one| one.start_s == *start);
            let on_disk: Vec<_> = on_disk
                .map(|one| (SeriesId(one.series), one.blob.clone()))
                .collect();
            let entries = store.block_entries(*start).await.unwrap();
            let opened = keeper.open(*start, &on_disk, &entries, Timestamp::now());
            opened.unwrap();
        }
        let names = store.telemetry_names().await.unwrap().into_iter();
        let gpus = names.filter(|name| name.kind == "gpu");
        let gpus = gpus.map(|name| (SeriesId(name.id), name.name)).collect();
        Kept {
            keeper,
            blocks,
            gpus,
        }
    }

    pub fn seconds(&self, metric: Metric) -> Seconds {
        let of = |id: SeriesId| {
            let rows = self.keeper.open_rows(id, Tier::Second, (0, i64::MAX));
            let rows = rows.into_iter().flat_map(|(_, rows)| rows);
            let known = rows.map(|row| (row.start_s, row.metrics[metric.index()]));
            let known = known.filter(|(_, bucket)| bucket.count > 0);
            known
                .map(|(second, bucket)| (second, bucket.last))
                .collect()
        };
        let gpus = self.gpus.iter();
        gpus.map(|(id, uuid)| (uuid.clone(), of(*id))).collect()
    }

    /// What a block will be written as for good.
    pub fn close(&self, block: i64) -> Closed {
        self.keeper.close(block, &[]).unwrap()
    }
}
