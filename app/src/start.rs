//! What every page starts with: the live picture, who looks, and what time it is. Asked once on
//! the server and carried in the page; the browser does not ask again.

use berth_api::live::Picture;
use berth_api::views::Whoami;
use berth_api::{ApiError, ErrorCode, cluster};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, wall_seconds};
use crate::live::Live;
use crate::texts::frame as t;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub picture: Picture,
    pub who: Whoami,
    /// The server's clock, in seconds since 1970.
    pub now: i64,
}

/// The resource that holds it, as a context.
#[derive(Clone, Copy, Debug)]
struct Source(Resource<Result<Start, ApiError>>);

async fn ask() -> Result<Start, ApiError> {
    Ok(Start {
        who: cluster::whoami().await?,
        picture: cluster::picture().await?,
        now: wall_seconds(),
    })
}

pub fn provide() {
    provide_context(Source(Resource::new_blocking(|| (), |()| ask())));
}

/// What a page needs to wait for the start. Taken before waiting, while the contexts are there.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    source: Source,
    live: Live,
    clock: Clock,
}

impl Waiting {
    pub fn here() -> Self {
        Waiting {
            source: expect_context(),
            live: Live::here(),
            clock: Clock::here(),
        }
    }

    /// Waits for the start and puts it into the live store, the first time.
    pub async fn ready(self) -> Result<(), ApiError> {
        let start = self.source.0.await?;
        // Whoever asked for the page may have gone while it was made.
        if self.live.is_gone() {
            return Err(ApiError::new(ErrorCode::Unreachable, t::PAGE_WAS_LEFT));
        }
        self.clock.stand_at(start.now);
        self.live.start(start);
        Ok(())
    }
}
