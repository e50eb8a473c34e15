//! `berth-server node --join URL`: the daemon of this host.

use std::fs;
use std::path::Path;

use berth_api::{Berth, ErrorCode};
use berth_domain::{GpuSample, NodeName};
use berth_telemetry::daemon::{self, Host, Limits, NotConnected, Settings};
use berth_telemetry::{Hardware, LocalGpus};

use crate::AnyError;
use crate::clock;
use crate::identity::guard::NODES_DOOR;
use crate::serve::stop_signal;

/// Where to, and as whom.
#[derive(Debug)]
pub struct Join {
    pub url: String,
    pub token: String,
    pub name: NodeName,
}

/// Runs until SIGTERM or Ctrl-C.
///
/// # Errors
/// When the server does not want this daemon, or URL or token cannot be one.
pub async fn run(join: Join, gpus: LocalGpus) -> Result<(), AnyError> {
    let berth = Berth::new(&join.url, &join.token)?;
    let settings = Settings {
        name: join.name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        limits: Limits::default(),
        now: clock::now,
    };
    let connect = || async {
        berth.websocket(NODES_DOOR).await.map_err(|error| {
            let why = error.to_string();
            match error.code() {
                ErrorCode::Unauthenticated | ErrorCode::Forbidden => NotConnected::Refused(why),
                _ => NotConnected::Away(why),
            }
        })
    };
    let tally = daemon::run(settings, ThisHost(gpus), connect, stop_signal()).await?;
    let left = tally.taken - tally.dropped - tally.on_disk;
    if left + tally.dropped > 0 {
        tracing::warn!(
            undelivered = left,
            dropped = tally.dropped,
            "some looks did not reach the server"
        );
    }
    Ok(())
}

struct ThisHost(LocalGpus);

impl Host for ThisHost {
    async fn look(&mut self) -> Result<Hardware, String> {
        let found = self.0.look().await.map_err(|error| error.to_string())?;
        found.ok_or_else(|| "there is no NVIDIA GPU here".to_owned())
    }

    async fn sample(&mut self) -> Vec<GpuSample> {
        self.0.samples().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "no samples");
            vec![]
        })
    }
}

/// The token in a file, which nobody but its owner may read.
///
/// # Errors
/// When it cannot be read, or others can.
pub fn token_in(path: &Path) -> Result<String, AnyError> {
    use std::os::unix::fs::PermissionsExt;
    let unusable = |why: &dyn std::fmt::Display| {
        format!("the token in {} cannot be used: {why}", path.display())
    };
    let mode = fs::metadata(path)
        .map_err(|error| unusable(&error))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(unusable(&"others may read it; chmod 600 it").into());
    }
    let text = fs::read_to_string(path).map_err(|error| unusable(&error))?;
    Ok(text.trim().to_owned())
}
