//! Taking nodes and GPUs out of use, and back.

use berth_domain::{Command, Place};

use super::{Context, command_error};
use crate::ApiError;
use crate::cluster::{ClusterAnswer, CordonArg, PlaceArg};

impl Context {
    /// # Errors
    /// When the place is unknown or already out of use, or the caller is no admin.
    pub async fn cordon(&self, arg: CordonArg) -> Result<ClusterAnswer, ApiError> {
        let command = Command::Cordon {
            place: place(&arg.place)?,
            reason: arg.reason,
            drain: arg.drain,
        };
        self.on_cluster(command).await
    }

    /// # Errors
    /// When the place is unknown, or the caller is no admin.
    pub async fn uncordon(&self, arg: PlaceArg) -> Result<ClusterAnswer, ApiError> {
        self.on_cluster(Command::Uncordon(place(&arg.place)?)).await
    }

    async fn on_cluster(&self, command: Command) -> Result<ClusterAnswer, ApiError> {
        let sent = self.send(command).await;
        sent.map_err(command_error)?;
        Ok(self.cluster().await)
    }
}

fn place(text: &str) -> Result<Place, ApiError> {
    text.parse().map_err(|why| ApiError::invalid("place", why))
}
