//! The server is away, and comes back.

use berth_api::Berth;
use berth_domain::{Gpu, GpuSample, Timestamp};
use berth_telemetry::daemon::{self, Host, Limits, NotConnected, Settings, Tally};
use berth_telemetry::rollup::Metric;
use berth_telemetry::{Hardware, Through};
use tokio::sync::{oneshot, watch};

use super::{gpus, node, picture};
use crate::support::kept::Kept;
use crate::support::{PATIENCE, Server, until};

/// A host whose looks are counted.
struct Counted {
    looks: watch::Sender<u64>,
}

impl Host for Counted {
    async fn look(&mut self) -> Result<Hardware, String> {
        Ok(Hardware {
            gpus: gpus(),
            driver: None,
            problems: vec![],
            through: Through::Library,
        })
    }

    /// The number of the look is the power of its GPUs.
    async fn sample(&mut self) -> Vec<GpuSample> {
        self.looks.send_modify(|looks| *looks += 1);
        let look = u16::try_from(*self.looks.borrow()).unwrap();
        let sample = |gpu: Gpu| GpuSample {
            power_w: Some(f32::from(look)),
            ..GpuSample::of(gpu.uuid)
        };
        gpus().into_iter().map(sample).collect()
    }
}

/// The daemon of `node-1` in this process.
struct InHere {
    looks: watch::Receiver<u64>,
    stop: oneshot::Sender<()>,
    ends: tokio::task::JoinHandle<Tally>,
}

impl InHere {
    fn start(server: &Server, limits: Limits) -> Self {
        let berth = Berth::new(&server.url, &server.node_token("node-1")).unwrap();
        let (looks, counted) = watch::channel(0);
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = Settings {
            name: "node-1".into(),
            version: "0.1.0".to_owned(),
            limits,
            now: Timestamp::now,
        };
        let ends = tokio::spawn(async move {
            let connect = || async {
                let socket = berth.websocket("/api/node").await;
                socket.map_err(|error| NotConnected::Away(error.to_string()))
            };
            let stop = async { drop(stopped.await) };
            let run = daemon::run(settings, Counted { looks }, connect, stop);
            run.await.unwrap()
        });
        InHere {
            looks: counted,
            stop,
            ends,
        }
    }

    async fn until_looked(&mut self, more: u64) {
        let now = *self.looks.borrow();
        let looked = self.looks.wait_for(|looks| *looks >= now + more);
        tokio::time::timeout(PATIENCE, looked)
            .await
            .unwrap()
            .unwrap();
    }

    async fn end(self) -> Tally {
        self.stop.send(()).unwrap();
        self.ends.await.unwrap()
    }
}

async fn until_connected(berth: &Berth, is_connected: bool) {
    until(berth, async |berth: &Berth| {
        let cluster = picture(berth).await;
        let telemetry = node(&cluster, "node-1").telemetry.clone();
        telemetry.is_some_and(|telemetry| telemetry.connected == is_connected)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_while_the_server_was_killed_arrives() {
    let mut server = Server::start();
    server.keep_address();
    let mut daemon = InHere::start(&server, Limits::default());
    until_connected(&server.client(), true).await;
    daemon.until_looked(2).await;
    server.kill();
    daemon.until_looked(3).await;
    server.boot(&[]);
    until_connected(&server.client(), true).await;
    daemon.until_looked(1).await;
    let tally = daemon.end().await;
    assert!(tally.taken >= 6, "{tally:?}");
    assert_eq!((tally.dropped, tally.on_disk), (0, tally.taken));
    // On disk each look is there, in order. One that came late stands for a second more.
    server.kill();
    let seconds = Kept::read(&server).await.seconds(Metric::Power);
    for gpu in gpus() {
        let mut powers: Vec<f32> = seconds[gpu.uuid.as_str()].values().copied().collect();
        powers.dedup();
        let looks = (1..=tally.taken).map(|look| f32::from(u16::try_from(look).unwrap()));
        // Before the daemon came the cluster's own source was kept.
        let own = powers.iter().take_while(|power| **power > 60.0).count();
        assert_eq!(powers[own..], looks.collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_counted_and_told() {
    let mut server = Server::start();
    server.keep_address();
    let limits = Limits {
        batches: 2,
        ..Limits::default()
    };
    let mut daemon = InHere::start(&server, limits);
    until_connected(&server.client(), true).await;
    server.kill();
    daemon.until_looked(5).await;
    server.boot(&[]);
    let berth = server.client();
    until(&berth, async |berth: &Berth| {
        let cluster = picture(berth).await;
        let telemetry = node(&cluster, "node-1").telemetry.clone();
        telemetry.is_some_and(|telemetry| telemetry.dropped >= 3)
    })
    .await;
    let tally = daemon.end().await;
    assert!(tally.dropped >= 3, "{tally:?}");
    assert_eq!(tally.on_disk + tally.dropped, tally.taken, "{tally:?}");
}
